// What `luotctl classify agents` makes of the corpus's User-Agents, beside what their sources say of them.
//
// Sources name one thing in many ways ("Chrome Webview", "Android WebView"), so names are compared by the tables below: words of one row
// are one thing. A browser that no row names is compared by its letters alone. Where sources contradict each other on one string,
// neither answer is an error, and the string is left out. Nothing here looks at a string of the corpus itself.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build, corpus } from '../e2e/lib/luotd.mjs';

const SOURCES = ['browscap', 'crawler-user-agents', 'device-detector', 'device-detector-client', 'isbot', 'uap-core'];
// isbot's "browser" is a heading of its file, and crawler-user-agents' is the robot's pattern.
const NAMES_BROWSERS = new Set(['browscap', 'device-detector', 'device-detector-client', 'uap-core']);

const BROWSERS = [
  ['Chrome', 'Chrome Mobile', 'Chrome Mobile iOS', 'Chromium', 'Google Chrome'],
  ['Android', 'Android Browser', 'Dalvik'],
  ['Chrome Mobile WebView', 'Chrome Webview', 'Android WebView', 'Samsung WebView'],
  ['Safari', 'Mobile Safari', 'MobileSafari', 'Mobile Safari UIWebView', 'Mobile Safari UI/WKWebView', 'Apple WebKit'],
  ['Firefox', 'Firefox Mobile', 'Firefox iOS', 'Firefox for iOS', 'Firefox (Minefield)', 'Firefox (Shiretoko)', 'Firefox (Namoroka)', 'Firefox (Lorentz)', 'Firefox Beta', 'Firefox Alpha', 'Bon Echo', 'BonEcho', 'GranParadiso', 'Phoenix', 'Fennec', 'Firebird', 'Nightly'],
  ['IE', 'Internet Explorer', 'IE Mobile', 'IEMobile', 'IE Large Screen', 'Pocket Internet Explorer'],
  ['Edge', 'Microsoft Edge', 'Edge Mobile', 'Edge WebView'],
  ['Opera', 'Opera Mobile', 'Opera Devices', 'Opera Tablet', 'Opera Next', 'Opera GX', 'Opera TV Store', 'Opera Neon'],
  ['Opera Mini', 'Opera Mini iOS'],
  ['Coast', 'Opera Coast'],
  ['UC Browser', 'UC Browser Mini', 'UC Browser HD', 'UCBrowserHD', 'UCMini', 'UC Browser Turbo'],
  ['Facebook', 'Facebook App', 'Facebook Lite', 'Facebook Groups'],
  ['Facebook Messenger', 'Facebook Messenger Lite'],
  ['Instagram', 'Instagram App'],
  ['LINE', 'Line', 'Line App'],
  ['WeChat', 'WeChat App', 'WeChat Browser', 'MicroMessenger', 'WeCom'],
  ['TikTok', 'TikTok Lite'],
  ['Snapchat', 'Snapchat Agent'],
  ['Twitter', 'Twitter App', 'TwitterAndroid'],
  ['Pinterest', 'Pinterest App'],
  ['Google', 'Google App', 'Google Search App'],
  ['Microsoft Bing', 'Bing Search App', 'Bing iPad', 'Bing App', 'Bing', 'Sapphire'],
  ['Yandex Browser', 'Yandex Browser Lite', 'YaApp', 'YandexSearch', 'Yandex Browser Corp', 'YaBrowser', 'Yandex'],
  ['Cốc Cốc', 'Coc Coc', 'Coc Coc Browser', 'Cốc Cốc Bot', 'coccoc', 'Coccoc Bot'],
  ['Samsung Internet', 'Samsung Browser', 'Samsung Browser Lite', 'Samsung CrossApp'],
  ['Huawei Browser', 'HuaweiBrowser', 'Huawei Browser Mobile'],
  ['MiuiBrowser', 'Mi Browser', 'Miui Browser', 'Mint Browser', 'MintBrowser'],
  ['QQ Browser', 'QQBrowser', 'QQ Browser Mobile', 'QQ Browser Mini', 'QQ Browser Lite'],
  ['QQ', 'QQ-App', 'QQMail'],
  ['Baidu Box App', 'Baidu Box App Lite', 'Baidu Searchbox'],
  ['Sogou Mobile Browser', 'Sogou Search App', 'Sogou Explorer', 'Sogou Mobile', 'Sogou'],
  ['Amazon Silk', 'Silk', 'Mobile Silk'],
  ['BlackBerry', 'BlackBerry WebKit', 'BlackBerry Browser'],
  ['Nokia', 'Nokia Browser', 'Nokia OSS Browser', 'Nokia Services (WAP) Browser', 'Nokia Proxy Browser', 'Ovi Browser', 'NokiaBrowser', 'Nokia Ovi Browser', 'Nokia OSS'],
  ['UP.Browser', 'Openwave Mobile Browser', 'Openwave'],
  ['SEMC-Browser', 'SEMC'],
  ['Netscape', 'Navigator', 'Netscape Navigator', 'Netscape6'],
  ['Dragon', 'Comodo Dragon', 'Comodo_Dragon', 'IceDragon'],
  ['PaleMoon', 'Pale Moon'],
  ['Puffin', 'Puffin Web Browser', 'Puffin Secure Browser', 'Puffin Cloud Browser', 'Puffin Incognito Browser'],
  ['Seznam Browser', 'Seznam prohlížeč'],
  ['AOL', 'AOL Desktop', 'AOL Shield', 'AOL Shield Pro', 'AOL App', 'AOL Explorer'],
  ['Maxthon', 'Maxthon Nitro', 'MyIE2'],
  ['360 Browser', '360 Secure Browser', '360 Speed Browser', '360 Alitephone Browser', '360 Phone Browser', 'Qiyu Browser', '360 Explorer'],
  ['DuckDuckGo', 'DuckDuckGo Browser', 'DuckDuckGo Mobile', 'DuckDuckGo Privacy Browser', 'DuckDuck App'],
  ['NetFront', 'NetFront NX', 'NetFront Life', 'Nintendo Browser', 'Playstation Browser'],
  ['LG Browser', 'LGBrowser'],
  ['Apple Mail', 'QuickLook', 'Sparrow'],
  ['Microsoft Outlook', 'Outlook', 'Microsoft Office Outlook', 'Office', 'Microsoft Office'],
  ['Elements Browser', 'Elements'],
  ['Acoo Browser', 'AcooBrowser'],
  ['Naver', 'NAVER App'],
  ['Vivaldi', 'Vivaldi on Wheels'],
  ['Obigo', 'ObigoInternetBrowser', 'Motorola Internet Browser', 'MIB'],
  ['Avast Secure Browser', 'Avast SafeZone', 'AVG Secure Browser'],
  ['Tizen Browser', 'Samsung Tizen'],
  ['Atomic Browser', 'AtomicBrowser', 'Atomic Web Browser'],
  // An app and its helpers, and one product under its maker's long name, its token's name and its later name.
  ['Steam', 'Steam Overlay', 'Steam BigPicture', 'Steam Big Picture', 'Valve Steam GameOverlay'],
  ['1Password', '1PasswordThumbs'],
  ['GOG Galaxy', 'GOGGalaxyClient'],
  ['Overwolf', 'OverwolfClient'],
  ['Smart Viera', 'Viera'],
  ['Smart Lenovo Browser', 'SLBrowser'],
  ['AdBlock Browser', 'ABB'],
  ['Phoenix Browser', 'PHX'],
  ['Meizu Browser', 'MZBrowser'],
  ['Espial TV Browser', 'Espial', 'EspialTV'],
  ['Windows Media Player', 'NSPlayer', 'WMPlayer'],
  ['VLC Media Player', 'VLC'],
  ['Kodi Media Center', 'Kodi'],
  ['Apple iMessage', 'Messages', 'MessagesViewService', 'Messages Share Extension'],
  ['Apple Podcasts', 'Podcasts'],
  ['WordPress', 'wp'],
  ['Yahoo! Japan', 'Yahoo! Japan Browser', 'Yahoo! App', 'YJTop'],
  ['Google Mail', 'GoogleImageProxy', 'GmailImageProxy'],
  ['Podbean', 'podbean.com'],
  ['Daum', 'DaumApps'],
  ['omgili', 'omgilibot'],
  ['Catchpoint', 'Catchpoint bot'],
  ['Rackspace Monitoring', 'RackspaceBot'],
  ['monitis', 'monitis - premium monitoring service'],
  ['grub', 'grub.org', 'grub-client'],
  ['IP-Web-Crawler', 'ip-web-crawler.com'],
  ['LOOQ', 'LOOQ Crawler'],
  ['envolk', 'envolkspider'],
  ['got', 'sindresorhus/got'],
  ['Nutch', 'NutchCVS', 'NutchOSUOSL'],
  ['Ecosia', 'Ecosia iOS', 'Ecosia Android'],
  ['Chesscom', 'Chesscom-Android'],
  ['Free Download Manager', 'FDM'],
  ['Aloha Browser', 'AlohaBrowser', 'AlohaBrowserApp'],
  ['Luminary', 'luminary.next'],
  ['Mimir', 'Mimir-macOS'],
  ['Yelp', 'YelpWebView', 'Yelp Mobile'],
  ['JioSaavn', 'Saavn Player'],
  ['Treble.fm', 'TREBLE'],
  ['Audiobooks', 'IOSAudiobooks'],
  ['AllYouCanBooks', 'AllYouCanBooksAppAndroid'],
  ['Aplix', 'Aplix_SANYO_browser'],
  ['Capsule.fm', 'capsule'],
  ['Delfi EE', 'DelfiEEwww'],
  ['Arachne', 'xChaos_Arachne'],
  ['Vision Mobile Browser', 'Vision-Browser'],
  ['WebDAV', 'Microsoft-WebDAV-MiniRedir'],
  ['Twitch Studio', 'twitch'],
  ['Microsoft Store', 'WindowsStoreSDK'],
  ['OpenVAS', 'OpenVAS-VT', 'OpenVAS Scanner'],
  ['Speedy', 'Speedy Spider'],
  ['Fluid', 'Fluid App'],
  ['Airr', 'Airr Beta'],
  ['Podhero', 'Podhero Alpha'],
  ['Stitcher', 'Stitcher Demo'],
  ['MixerBox', 'MixerBox Pro'],
  ['Himalaya', 'Himalaya_test'],
  ['iVoox', 'ivooxNew'],
  ['Radioline', 'Radioline 2'],
  ['Instacast', 'InstacastHD'],
  ['Podkicker', 'Podkicker Pro', 'Podkicker Classic'],
  ['Player FM', 'Alpha PlayerFM'],
  ['myTuner', 'myTuner Radio', 'myTuneriOS Free'],
  ['Adori', 'Adori-Listen'],
  ['NPR', 'NPR One', 'NPROneAndroid'],
  ['Ancestry', 'AncestryAndroid'],
  ['Acast', 'Acast Podcast'],
  ['Banshee', 'Banshee Media Player'],
  ['Winamp', 'WinampMPEG'],
  ['FFmpeg', 'Lavf'],
  ['uTorrent', 'BTWebClient'],
  ['Bullhorn', 'Bullhorn FM'],
  ['Kidspod', 'KidspodMobileClient'],
  ['Amazon Shopping', 'Amazon.com'],
  ['Amazon Prime Video', 'PrimeVideo'],
  ['Alexa', 'AlexaMediaPlayer', 'Echo'],
  ['Perfect Browser', 'PerfectBrowserPro'],
  ['JioSphere', 'JioBrowser', 'JioPages', 'Jio Browser'],
  ['Lenovo Browser', 'LeBrowser', 'MobileLenovoBrowser'],
  ['Hawk Turbo Browser', 'TurboBrowser'],
  ['VMware AirWatch', 'AirWatch Browser', 'AirWatchBrowser', 'VmWare Browser'],
  ['Skype for Business', 'iPhoneLync'],
  ['MSN', 'NewsSapphire'],
  ['Google Lens', 'SearchWithLens'],
  ['Adobe Creative Cloud', 'CreativeCloud'],
  ['Adobe NGL', 'NGL Client'],
  ['Visual Studio Code', 'VSCode'],
  ['Windows CryptoAPI', 'Microsoft-CryptoAPI'],
  ['Yandex Music', 'Ya.Music'],
  ['Keeper', 'Callpod Keeper', 'Keeper Password Manager'],
  ['Zeit Online', 'ZONApp'],
  ['Doubao', 'SamanthaDoubao'],
  ['Avira Secure Browser', 'AviraScout'],
  ['Deledao', 'DeledaoPersonal'],
  ['Keplr', 'KeplrWallet', 'KeplrWalletM'],
  ['Tuya Smart Life', 'TuyaSmart'],
  ['Shopee', 'ShopeeVN'],
  ['DeepSeek', 'DeepSeek Chat'],
  ['Macrium Reflect', 'Reflect'],
  ['Samsung Magician', 'Magician'],
  ['Hotels.com', 'HCom'],
  ['Fiddler', 'Fiddler Classic'],
  ['GoNative', 'GoNativeIOS'],
  ['True Location Browser', 'IOSTrueLocationBrowser'],
  ['Super Fast Browser', 'SFBrowser', 'SFB'],
  ['START Internet Browser', 'Start'],
  ['Artis', 'ArtisReader'],
  ['Opal Travel', 'Opal'],
  ['Pandora', 'Pandora Audio'],
  ['Heart Focus Education', 'HFEducation'],
  ['SFive', 'SFive_Android'],
  ['Ghostery', 'Ghostery Privacy Browser'],
  ['DolphinHDCN', 'Dolphin', 'Dolphin Browser'],
  ['Bilibili', 'BiliApp'],
  ['NetEase Music', 'CloudMusic', 'NeteaseMusic'],
  ['Teleca', 'TelecaBrowser', 'Teleca-Obigo', 'Teleca/Obigo'],
  ['2345 Browser', '2345Explorer', '2345 Explorer', '2345chrome', 'Mb2345Browser'],
  ['MicroB', 'Maemo Browser'],
  ['Vanden Borre My Security', 'VandenBorre'],
  ['Microsoft Office SyncProc', 'OfficeSyncProc'],
  ['Origin', 'Origin In-Game Overlay'],
  ['wget', 'Wget2'],
  ['Baiduspider', 'Baiduspider-cpro', 'Baiduspider-testbranch'],
  ['msnbot', 'msnbot-media'],
  ['Slurp', 'Yahoo! Slurp', 'Yahoo! Slurp China'],
  ['TinEye', 'TinEye-bot', 'TinEye Bot'],
  ['aiohttp', 'Python aiohttp', 'Python/aiohttp'],
  ['APT-HTTP', 'Debian APT-HTTP'],
  ['Seraphic Sraf', 'SRAF'],
  ['Tesla Car Browser', 'QtCarBrowser'],
  ['Binance', 'BNC'],
  ['ShopKeep', 'Shopkeep-Pocket'],
  ['MAUI WAP Browser', 'MAUI', 'Maui Browser'],
  ['Microsoft Office Word', 'Word'],
  ['Microsoft Office PowerPoint', 'PowerPoint'],
  ['Microsoft Office Access', 'Access'],
  ['Microsoft Office Visio', 'Visio'],
  ['Microsoft Office OneNote', 'OneNote'],
  ['Microsoft OneDrive', 'OneDrive'],
  ['Citrix Workspace', 'CitrixReceiver', 'CitrixReceiver WTOS', 'Citrix Receiver'],
  ['Apple App Store', 'Apple AppStore App'],
  ['Rocket Chat', 'Rocket.Chat', 'Rocket.Chat+'],
  ['Slack Desktop Client', 'Slack', 'Slack_SSB'],
  ['FeeddlerRSS', 'Feeddler RSS Reader'],
  ['TuneIn Radio', 'TuneIn'],
  ['GoodReader', 'GoodReader4'],
  ['Amiga Voyager', 'Voyager', 'AmigaVoyager'],
  ['FlyFlow', 'Baidu Browser', 'Baidu Browser HD', 'Baidu Explorer', 'Baidu Spark'],
];

const SYSTEMS = [
  [/^android|^fire ?os|^cyanogenmod|^mocordroid|^wear os|^miui|^yunos|^lineage|^google ?tv|^chromecast android|^meta horizon|^pico|^flyme|^coloros|^emui|^smartisan|^remix|^harmony/i, 'Android'],
  [/^(ios|ipados|tvos|watchos|atv os x|iphone)/i, 'iOS'],
  [/^(mac ?os|mac$|macosx|macppc|macintosh|mac68k|darwin)/i, 'macOS'],
  [/^win(dows)? ?(phone|mobile)|^winmobile/i, 'Windows Phone'],
  [/^win/i, 'Windows'],
  [/^symb|^series ?60|^s60/i, 'Symbian'],
  [/^series ?[34]0|^nokia series|^java|^j2me|^brew|^mtk|^s40|^maui/i, 'feature phone'],
  [/^(rim|blackberry)/i, 'BlackBerry OS'],
  [/^(gnu\/)?linux|ubuntu|debian|fedora|gentoo|suse|mint|centos|slackware|red ?hat|mandriva|arch|tivo|opera tv|vidaa|chromecast|maemo|meego|sailfish|mageia|knoppix|xubuntu|kubuntu|lubuntu|pclinuxos|whale os|webtv|ordissimo|vizios|thinos|puppy|backtrack/i, 'Linux'],
  [/^(chrome ?os|cros)/i, 'Chrome OS'],
  [/^(firefox ?os|kaios)/i, 'KaiOS'],
  [/^web ?os|^web0s|^hpwos|^palm/i, 'webOS'],
  [/^(sunos|solaris)/i, 'Solaris'],
  [/^(amiga|morphos|aros)/i, 'AmigaOS'],
  [/^(beos|haiku)/i, 'BeOS'],
  [/^(playstation|cellos|orbis|nintendo|wii|xbox)/i, 'console'],
  [/^(hp-?ux)/i, 'HP-UX'],
  [/^irix/i, 'IRIX'],
];

const DEVICES = { desktop: 'desktop', mobile: 'mobile', tablet: 'tablet', tv: 'tv', console: 'console', car: 'car', wearable: 'wearable', smartspeaker: 'speaker' };

// An agent of a browser's engine and nothing else. One source names hundreds of apps by such agents: it reads the app's name from another
// header (`X-Requested-With`, client hints), which is not in the corpus and of which the string says nothing.
const BARE = /^Mozilla\/5\.0 \([^)]*\) AppleWebKit\/[\d.]+ \(KHTML, ?like Gecko\)(?: (?:Version|Chrome|CriOS|Safari|Mobile)\/[\w.]+| Mobile)*$/;
const ENGINES = new Set(['Chrome', 'Safari', 'Android', 'Chrome Mobile WebView']);
const saidElsewhere = (r) => r.src.startsWith('device-detector') && BARE.test(r.ua) && !ENGINES.has(browser(r.browser));

const letters = (name) => name.toLowerCase().normalize('NFD').replace(/đ/g, 'd').replace(/[^a-z0-9]/g, '').replace(/(browser|app|mobile)$/, '') || name;
const browserOf = new Map(BROWSERS.flatMap((row) => row.map((word) => [letters(word), row[0]])));
// As it is written first: "QQ" and "QQ Browser" are two.
const written = new Map(BROWSERS.flatMap((row) => row.map((word) => [word, row[0]])));
const browser = (name) => written.get(name) ?? browserOf.get(letters(name)) ?? letters(name);
const system = (name) => SYSTEMS.find(([pattern]) => pattern.test(name))?.[1] ?? name.toLowerCase().replace(/[^a-z]/g, '');
/** "Chrome 126" without its version. */
const family = (text) => (text ?? '').replace(/ [\d.]+$/, '');

export const corpusIsThere = () => fs.existsSync(path.join(corpus, 'ua'));

function read(name) {
  const text = fs.readFileSync(path.join(corpus, 'ua', `${name}.jsonl`), 'utf8');
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

export function classify(agents) {
  const { stdout, status, stderr } = spawnSync(path.join(build, 'luotctl'), ['classify', 'agents'], { input: agents.map((a) => a.replace(/[\r\n]+/g, ' ') + '\n').join(''), maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`luotctl classify: ${stderr}`);
  return stdout.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** One question asked of all rows: what a source says (undefined: nothing), and what luot says. */
function compare(rows, said, told) {
  const answers = new Map(); // of one string, over all sources
  for (const r of rows) {
    const s = said(r);
    if (s !== undefined) answers.set(r.ua, (answers.get(r.ua) ?? new Set()).add(s));
  }
  const result = { labelled: 0, contradicted: 0, right: 0, wrong: new Map() };
  for (const r of rows) {
    const s = said(r);
    if (s === undefined) continue;
    if (answers.get(r.ua).size > 1) {
      result.contradicted++;
      continue;
    }
    const t = told(r);
    result.labelled++;
    if (s === t) result.right++;
    else result.wrong.set(`${s} -> ${t}`, (result.wrong.get(`${s} -> ${t}`) ?? []).concat(r.ua));
  }
  return result;
}

/** Strings that one source calls a robot's and another a person's. */
function contradictions(rows) {
  const said = new Map();
  for (const r of rows) if (r.bot !== null) said.set(r.ua, (said.get(r.ua) ?? new Set()).add(r.bot));
  return new Set([...said].filter(([, answers]) => answers.size > 1).map(([ua]) => ua));
}

/** All figures, each {labelled, contradicted, right, wrong}. */
export function measure() {
  const rows = SOURCES.flatMap(read);
  classify(rows.map((r) => r.ua)).forEach((told, i) => (rows[i].told = told));
  const isBot = (r) => r.bot ?? undefined;
  const saidBot = (r) => 'bot' in r.told;
  const contradicting = contradictions(rows);
  const bots = (bot) => compare(rows.filter((r) => r.bot === bot && !contradicting.has(r.ua)), isBot, saidBot);
  const people = rows.filter((r) => r.bot !== true);
  return {
    bots: bots(true),
    people: bots(false),
    vietnam_wrong: vietnam(rows),
    bots_contradicted: rows.filter((r) => r.bot !== null && contradicting.has(r.ua)).length,
    // Of the names that the table above knows, and of all: a thousand apps and forks are named once or twice.
    browser: compare(people, (r) => (r.browser && NAMES_BROWSERS.has(r.src) ? (written.get(r.browser) ?? browserOf.get(letters(r.browser))) : undefined), (r) => browser(r.told.bot ?? family(r.told.browser))),
    every_browser: compare(people, (r) => (r.browser && NAMES_BROWSERS.has(r.src) ? browser(r.browser) : undefined), (r) => browser(r.told.bot ?? family(r.told.browser))),
    written_browser: compare(people, (r) => (r.browser && NAMES_BROWSERS.has(r.src) && !saidElsewhere(r) ? browser(r.browser) : undefined), (r) => browser(r.told.bot ?? family(r.told.browser))),
    system: compare(people, (r) => (r.os ? system(r.os) : undefined), (r) => system(family(r.told.system))),
    device: compare(people, (r) => DEVICES[r.device], (r) => ('bot' in r.told ? 'bot' : r.told.device)),
  };
}

/** Strings in which Zalo, Cốc Cốc (once CoRom) or its robot names itself: what is wrong about them. One source names some by another
 * header than the User-Agent; those are no strings of this kind. */
function vietnam(rows) {
  const wrong = [];
  for (const r of rows) {
    const named = /coc_?coc|corom/i.test(r.ua) ? letters(r.browser ?? '') : '';
    const bot = r.bot === true && /^coccoc/.test(named);
    const expected = bot ? 'Cốc Cốc Bot' : /^coccoc/.test(named) ? 'Cốc Cốc' : / Zalo[ /]/.test(r.ua) ? 'Zalo' : null;
    if (expected !== null && expected !== (r.told.bot ?? family(r.told.browser))) wrong.push(`${r.ua}: ${JSON.stringify(r.told)}`);
  }
  return wrong;
}

const ratio = (r) => r.right / r.labelled;

/** As ratios, by name. */
export function figures(m = measure()) {
  return {
    bots_found: ratio(m.bots),
    people_called_bots: 1 - ratio(m.people),
    browser: ratio(m.browser),
    every_browser: ratio(m.every_browser),
    written_browser: ratio(m.written_browser),
    system: ratio(m.system),
    device: ratio(m.device),
    vietnam_wrong: m.vietnam_wrong,
  };
}
