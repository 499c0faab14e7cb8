// A province with a past: sites whose days, quarter-hours and tops of two years are loaded as a dump, as an operator would.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { luotctl } from '../../e2e/lib/ctl.mjs';
import { Clock, Luotd } from '../../e2e/lib/luotd.mjs';

const EAST_S = 25200;
export const DAY_S = 86400;
/** Thursday, 26 November 2026, 15:07 in Viet Nam. */
export const NOW = Date.UTC(2026, 10, 26, 8, 7) / 1000;
export const TODAY = '2026-11-26';
export const SITES = [
  ['cong-tinh', 'Cổng thông tin điện tử tỉnh', 'Tỉnh', 5200], ['so-y-te', 'Sở Y tế', 'Sở, ngành', 1800],
  ['so-gd-dt', 'Sở Giáo dục và Đào tạo', 'Sở, ngành', 2600], ['so-tai-chinh', 'Sở Tài chính', 'Sở, ngành', 700],
  ['so-noi-vu', 'Sở Nội vụ', 'Sở, ngành', 460], ['so-xay-dung', 'Sở Xây dựng', 'Sở, ngành', 390],
  ['so-nn-mt', 'Sở Nông nghiệp và Môi trường', 'Sở, ngành', 830], ['vinh-long', 'Phường Vĩnh Long', 'Xã, phường', 310],
  ['cai-be', 'Xã Cái Bè', 'Xã, phường', 120], ['tan-an', 'Phường Tân An', 'Xã, phường', 260],
  ['ha-tien', 'Phường Hà Tiên', 'Xã, phường', 190], ['tra-cu', 'Xã Trà Cú', 'Xã, phường', 84],
];
const PAGES = ['/', '/tin-tuc', '/thu-tuc-hanh-chinh', '/tin-tuc/lich-cat-dien-thang-11', '/van-ban', '/lien-he', '/tuyen-dung', '/dich-vu-cong/dang-ky-ket-hon', '/gioi-thieu', '/lich-tiep-cong-dan', '/hoi-dap', '/ban-do'];
export const TOPS = {
  pages: PAGES, entry_pages: PAGES.slice(0, 6), referrers: ['www.google.com', 'www.facebook.com', 'dichvucong.gov.vn', 'coccoc.com', 'zalo.me', 'www.bing.com', 'chatgpt.com'],
  referrer_classes: ['direct', 'search', 'internal', 'social', 'other', 'ai', 'mail'], countries: ['VN', 'US', 'KH', 'JP', 'KR', 'TW', 'SG', 'AU', 'ZZ'],
  regions: ['Vĩnh Long', 'Thành phố Hồ Chí Minh', 'Cần Thơ', 'Hà Nội'], networks: ['Trong nước', 'Nước ngoài', 'Nội bộ'], languages: ['vi', 'en', 'km', 'zh'],
  browsers: ['Chrome 141', 'Safari 18', 'Cốc Cốc 132', 'Edge 141', 'Zalo 25', 'Firefox 144'], systems: ['Android 15', 'Windows 10', 'iOS 18', 'macOS', 'Linux'],
  devices: ['mobile', 'desktop', 'tablet', 'tv'], screens: ['<576', '1200-1599', '768-991', '>=1600'], campaigns: ['chuyen-doi-so', 'bhyt-2026'],
  events: ['dang-ky', 'xem-video'], downloads: ['/files/mau-don-01.pdf', '/files/bao-cao-q3.pdf'], not_found: ['/old/index.aspx', '/wp-login.php'], bots: ['Googlebot', 'bingbot', 'curl', 'GPTBot', 'AhrefsBot'],
};
// Rows stand by their day and where their dimension is in luot's list.
const WORDS = ',pages,entry_pages,referrers,referrer_classes,countries,regions,networks,browsers,systems,devices,languages,screens,campaigns,events,not_found,downloads,bots,';
const PEOPLE = new Set(['pages', 'referrers', 'referrer_classes', 'countries', 'regions', 'networks', 'languages', 'browsers', 'systems', 'devices', 'screens', 'campaigns']);
const HOURS = [1, 1, 1, 1, 1, 2, 4, 8, 13, 15, 14, 11, 9, 11, 14, 14, 13, 10, 8, 8, 8, 7, 5, 2]; // of a working day
const HOURS_SUM = HOURS.reduce((a, b) => a + b, 0);

const day_text = (n) => new Date(n * DAY_S * 1000).toISOString().slice(0, 10);
const wave = (n) => 0.5 + 0.5 * Math.abs(Math.sin(n * 12.9898)); // 0.5 to 1, the same each time

/** What a site of `size` visits a working day had on the day numbered n. */
export function day_of(size, n) {
  const weekend = (n + 3) % 7 >= 5;
  const growth = 1 + (n - 20000) / 1500;
  const visits = Math.round(size * (weekend ? 0.38 : 1) * (0.75 + 0.5 * wave(n)) * growth);
  return { visits, views: Math.round(visits * (2.1 + wave(n + 7))), visitors: Math.round(visits * 0.81) };
}

function* lines_of([key, , , size], first, last, { extra }) {
  const run = `node=vm run=${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
  const begin = first * DAY_S - EAST_S;
  yield `site ${key} host= created=${begin} first_live=${begin} last_view=${NOW - DAY_S}`;
  let views = 0, visits = 0;
  const months = new Map(), weeks = new Map();
  const days = [];
  for (let n = first; n <= last; n++) {
    const d = day_of(size, n);
    const date = day_text(n);
    const month = (Number(date.slice(0, 4)) - 1970) * 12 + Number(date.slice(5, 7)) - 1;
    const week = Math.floor((n + 3) / 7);
    views += d.views;
    visits += d.visits;
    months.set(month, (months.get(month) ?? 0) + Math.round(d.visitors * 0.6));
    weeks.set(week, (weeks.get(week) ?? 0) + Math.round(d.visitors * 0.8));
    days.push([n, date, d]);
  }
  yield `total ${views} visits=${visits} ${run}`;
  for (const [, date, d] of days) yield `day ${date} views=${d.views} visits=${d.visits} visitors=${d.visitors} exact=1 ${run}`;
  for (const [n, , d] of days) {
    if (n < last - 35) continue;
    for (let q = 0; q < 96; q++) {
      const part = HOURS[q >> 2] / HOURS_SUM / 4 * (0.7 + 0.6 * wave(n * 96 + q));
      yield `quarter ${(n * DAY_S - EAST_S) / 900 + q} views=${Math.round(d.views * part)} visits=${Math.round(d.visits * part)} ${run}`;
    }
  }
  for (const [w, n] of weeks) yield `week ${w} visitors=${n} exact=1 ${run}`;
  for (const [m, n] of months) yield `month ${m} visitors=${n} exact=1 ${run}`;
  for (const [n, date, d] of days) {
    if (n < last - 70) continue;
    for (const [of, keys] of Object.entries(extra ?? TOPS)) {
      const whole = of === 'events' || of === 'downloads' || of === 'not_found' ? d.views / 20 : of === 'bots' ? d.views / 4 : d.views;
      const parts = keys.map((_, i) => Math.max(1, Math.round(whole * 0.42 * 0.62 ** i)));
      const sum = parts.reduce((a, b) => a + b, 0);
      for (const [i, key] of keys.entries())
        yield `top ${n * 256 + WORDS.indexOf(`,${of},`) + 1} day=${date} of=${of} key=${encodeURIComponent(key)} views=${parts[i]} visitors=${PEOPLE.has(of) ? Math.max(1, Math.round(parts[i] / 2.4)) : 0} lacks=0 sum=${sum} ${run}`;
    }
  }
}

/** The dump's text. `days` of history end yesterday; `extra`: other tops. */
export function dump(sites, { days = 760, ...how } = {}) {
  const last = Math.floor((NOW + EAST_S) / DAY_S) - 1;
  const lines = [...sites].sort((a, b) => (a[0] < b[0] ? -1 : 1)).flatMap((s) => [...lines_of(s, last - days + 1, last, how)]);
  const head = `luot-dump 1 version=0.1.0 node=vm at=${NOW}\n` + lines.join('\n') + '\n';
  const sha256 = createHash('sha256').update(head).digest('hex');
  return head + `end sites=${sites.length} rows=${lines.length} sha256=${sha256}\n`;
}

export const configuration = (sites, { hidden = [] } = {}) => sites
  .map(([key, title, group]) => `[site ${key}]\ntitle = ${title}\ngroup = ${group}\nany_host = yes\npublic = ${hidden.includes(key) ? 'no' : 'yes'}\ntimezone = Asia/Ho_Chi_Minh\n`).join('');

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'];
const FROM = ['', '', 'https://www.google.com/', 'https://www.facebook.com/', 'https://zalo.me/', 'https://dichvucong.gov.vn/'];

/** A luotd of that province. `views`: how many a site has at each hour of today up to now, ({ size, hour, key }) => n, sent as real beacons
 * while its clock goes; a number is that many now. */
export async function province({ sites = SITES, views = 40, days, extra, hidden, config = '', args = [], clock = true } = {}) {
  const midnight = NOW - (NOW + EAST_S) % DAY_S;
  const slow = typeof views === 'function';
  const at = clock ? new Clock(slow ? midnight : NOW) : null;
  const luotd = await Luotd.start({ config: config + configuration(sites, { hidden }), clock: at ?? undefined, args, workers: 1 });
  luotd.url = `http://${luotd.host}:${luotd.port}`;
  luotd.end = async () => { await luotd.stop(); at?.close(); };
  if (days !== 0) {
    const file = path.join(luotd.state, 'past.luot');
    fs.writeFileSync(file, dump(sites, { days, extra }));
    const { code, err } = await luotctl(luotd, ['load', file]);
    if (code !== 0) throw new Error(`luotctl load: ${err}`);
  }
  let sent = (await luotd.stats()).received, nth = 0;
  const send = async (of) => {
    const lines = sites.flatMap(([key, , , size]) => Array.from({ length: of({ size, key }) }, () => beacon(key, nth++)));
    for (let i = 0; i < lines.length; i += 32) await luotd.udp(lines.slice(i, i + 32).join('\n'));
    sent += lines.length;
    await luotd.received(sent);
  };
  for (let t = midnight; slow && t < NOW; t += 900) {
    await luotd.advance(t);
    await send((site) => views({ ...site, hour: Math.floor((t - midnight) / 3600) }));
  }
  if (slow) await luotd.advance(NOW);
  await send((site) => (slow ? views({ ...site, hour: 15 }) : views));
  return luotd;
}

/** As many views in a quarter-hour as a day of that size has at this hour, divided by `less`. */
export const as_usual = (less) => ({ size, hour }) => Math.round((size * 3.2 * HOURS[hour]) / HOURS_SUM / 4 / less);

function beacon(key, i) {
  const who = Math.floor(i / 3);
  const line = { s: key, p: PAGES[Math.floor(Math.abs(Math.sin(i) * Math.cos(i * 3.7)) * PAGES.length)], i: `203.${who >> 16 & 255}.${who >> 8 & 255}.${who & 255}`, u: AGENTS[(who * 7 + (who >> 3)) % AGENTS.length], w: [390, 1366, 820, 412][who % 4], l: who % 9 ? 'vi' : 'en', r: i % 3 ? '' : FROM[(who * 5 + (who >> 2)) % FROM.length] };
  if (i % 29 === 7) return new URLSearchParams({ ...line, e: 'download', p: `/files/mau-don-0${(i % 3) + 1}.pdf` }).toString();
  if (i % 17 === 3) line.u = ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'curl/8.5.0', 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)'][i % 3];
  return new URLSearchParams(line).toString();
}

