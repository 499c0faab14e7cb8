// Who was here is found nowhere once the key has gone: an attacker who reads all memory and all files looks for the addresses,
// the agents and the keys of visitors that came in by every way. Before that he finds the key by trying every place in the arena,
// so the attack is a real one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ctlJson } from './lib/ctl.mjs';
import { build, Clock, Luotd, SITE, until } from './lib/luotd.mjs';
import { eachFile, eachPart, eachPiece, Search } from './lib/memory.mjs';
import { sign, token } from './lib/signed.mjs';
import { siphash } from './lib/siphash.mjs';

const BEGIN = Date.UTC(2026, 10, 30, 3, 0, 0) / 1000; // 30 November, 10:00 in Hồ Chí Minh
const DAY = 86400;
const SITES = ['thang', 'ngay'];
const SECRET = 'what the back end and luotd have in common';
const BURST = 20; // as many views as an address may have; the test's time stands still
const config = (dir) => `
sites_max = 4
rate_limit = 1/s burst ${BURST}
writers = cms:${path.join(dir, 'cms.key')}
referrer_deny = ${path.join(dir, 'deny')}
[site thang]
any_host = yes
identity = month
[site ngay]
any_host = yes
identity = day
[site nhieu]
hosts = nhieu.example.vn
[site nhatky]
source = logs
`;

/** An address in the sixteen bytes that luotd hashes. */
function sixteen(address) {
  if (!address.includes(':')) return Buffer.from([...Array(10).fill(0), 255, 255, ...address.split('.').map(Number)]);
  const words = address.split(':').map((w) => parseInt(w, 16)); // written whole
  return Buffer.from(words.slice(0, 4).flatMap((w) => [w >> 8, w & 255]).concat(Array(8).fill(0)));
}

const people = {
  forwarded: { address: '198.51.100.211', agent: 'Mozilla/5.0 qzforwarded1847' },
  forwarded6: { address: '2001:db8:9f3c:71e5:a1b2:c3d4:e5f6:1718', agent: 'Mozilla/5.0 qzforwardedsix2958' },
  posted: { address: '203.0.113.187', agent: 'Mozilla/5.0 qzposted3069' },
  named: { address: '192.0.2.163', agent: 'Mozilla/5.0 qznamed4170' },
  named6: { address: '2001:db8:c8d7:5b16:9988:7766:5544:3322', agent: 'Mozilla/5.0 qznamedsix5281' },
  anonymous: { address: '198.51.100.157', agent: 'Mozilla/5.0 qzanonymous6392' },
  refused: { address: '203.0.113.241', agent: 'Mozilla/5.0 qzrefused7403' },
  logged: { address: '192.0.2.229', agent: 'Mozilla/5.0 qzlogged8514' },
  halfway: { address: '198.51.100.73', agent: 'Mozilla/5.0 qzhalfway9625' },
  // Agents that take the slow way: many patterns may match, and what is captured lies beside the word that is looked for.
  phone: { address: '198.51.100.91', agent: 'Mozilla/5.0 (Linux; Android 14; SM-S911B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.122 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/468.0.0.55.76;qzphone1046]' },
  tablet: { address: '203.0.113.101', agent: 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1 (qztablet2157)' },
  strange: { address: '203.0.113.111', agent: 'Mozilla/5.0 (qzstrange3268; of a kind that no list knows) Strange Words Only' },
  robot: { address: '203.0.113.121', agent: 'Mozilla/5.0 (compatible; Googlebot/2.1; qzrobot4379; +http://www.google.com/bot.html)' },
  limited: { address: '203.0.113.131', agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0; qzlimited5480) Gecko/20100101 Firefox/128.0' },
  denied: { address: '203.0.113.141', agent: 'Mozilla/5.0 qzdenied6591' },
  elsewhere: { address: '203.0.113.151', agent: 'Mozilla/5.0 qzelsewhere7602' },
  shown: { address: '203.0.113.161', agent: 'Mozilla/5.0 qzshown8713' },
  mistaken: { address: '203.0.113.171', agent: 'Mozilla/5.0 qzmistaken9824' },
  signed: { address: '203.0.113.181', agent: 'Mozilla/5.0 qzsigned0935' },
  forged: { address: '203.0.113.191', agent: 'Mozilla/5.0 qzforged1046' },
  combined: { address: '198.51.100.201', agent: 'Mozilla/5.0 (Windows NT 10.0; qzcombined2157) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36' },
  json: { address: '198.51.100.221', agent: 'Mozilla/5.0 \u1ea3 qzjson3268' },
  private: { address: '198.51.100.231', agent: 'Mozilla/5.0 qzprivate4379' },
  asked: { address: '198.51.100.251', agent: 'Mozilla/5.0 qzasked6591' },
  asset: { address: '198.51.100.241', agent: 'Mozilla/5.0 qzasset5480' },
};
const PAGE = '/trang?email=qzemail6591%40example.vn', FROM = 'https://qzfrom.example/qzpath7602?q=qzquery8713';

/** What must be nowhere. The last six or eight of an address's bytes: no others look so by chance. */
const traces = { 'what a page was asked for': Buffer.from('qzemail6591'), 'the path it came from': Buffer.from('qzpath7602'), 'the words searched for': Buffer.from('qzquery8713') };
for (const [name, { address, agent }] of Object.entries(people)) {
  const bytes = sixteen(address);
  traces[`agent of ${name}`] = Buffer.from(/qz\w+/.exec(agent)[0]);
  traces[`address of ${name}`] = Buffer.from(address);
  traces[`bytes of ${name}`] = address.includes(':') ? bytes.subarray(0, 8) : bytes.subarray(10);
}

/** A view of each site by each of them; what was sent, in lines. */
async function visit(luotd) {
  const headers = (who) => ({ 'X-Forwarded-For': who.address, 'User-Agent': who.agent });
  const named = (site, who) => `s=${site}&p=/x&i=${encodeURIComponent(who.address)}&u=${encodeURIComponent(who.agent)}`;
  let sent = 0;
  for (const site of SITES) {
    for (const who of [people.forwarded, people.forwarded6])
      await luotd.request('GET', `/p.gif?s=${site}&p=/x`, { headers: headers(who) });
    await luotd.request('POST', '/b?reply=1', { headers: headers(people.posted), body: `s=${site}&p=/a\ns=${site}&p=/b` });
    await luotd.request('GET', `/p.gif?s=${site}`, { headers: { ...headers(people.anonymous), DNT: '1' } });
    await luotd.request('POST', '/b', { headers: { ...headers(people.anonymous), 'Sec-GPC': '1' }, body: `s=${site}&p=/gpc` });
    await luotd.udp(`${named(site, people.named)}\n${named(site, people.named6)}`);
    sent += 8;
  }
  await luotd.request('GET', '/no/such/page', { headers: headers(people.refused) });
  await luotd.request('GET', '/p.gif?s=nobody', { headers: headers(people.refused) });
  await luotd.udp(`s=nobody&i=${people.refused.address}&u=${encodeURIComponent(people.refused.agent)}`);
  await luotd.udp(`<190>Nov 30 10:00:00 web nginx: ${people.logged.address} - - [30/Nov/2026:10:00:00 +0700] "GET /x HTTP/1.1" 200 5 "-" "${people.logged.agent}"`);
  await luotd.received(sent + 4); // with the halfway one
}

const logLine = (who, request, status = 200) => `${who.address} - - [30/Nov/2026:10:00:00 +0700] "GET ${request} HTTP/1.1" ${status} 5 "${FROM}" "${who.agent}"`;
const jsonLine = (who, more) => JSON.stringify({ time: '2026-11-30T10:00:00+07:00', remote_addr: '127.0.0.1', x_forwarded_for: who.address, request: `GET ${PAGE} HTTP/1.1`, status: 200, http_referer: FROM, http_user_agent: who.agent, ...more });

/** One or more views by each of those whom something keeps for a while: caches, limits, windows, tops; how many ended in which word. */
async function visitAgain(luotd, before) {
  const said = (who, site = 'nhieu', more = '') => `s=${site}&p=${encodeURIComponent(PAGE)}&r=${encodeURIComponent(FROM)}&i=${who.address}&u=${encodeURIComponent(who.agent)}${more}`;
  const post = (who, { more = '', origin, ...headers } = {}) =>
    luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': who.address, 'User-Agent': who.agent, ...(origin && { Origin: origin }), ...headers }, body: `s=nhieu&p=${encodeURIComponent(PAGE)}&r=${encodeURIComponent(FROM)}${more}` });
  const signed = (who, seq, secret = SECRET) => sign({ id: 'cms', secret, seq, ms: luotd.options.clock.seconds * 1000, lines: [said(who)] });

  for (const who of [people.phone, people.tablet, people.strange, people.phone, people.robot]) {
    await post(who, { origin: 'https://nhieu.example.vn' }); // 4 views, 1 bot
    await luotd.udp(said(who)); // and again
  }
  for (let i = 0; i < BURST + 5; i++) await post(people.limited); // 5 suspects
  await post(people.limited, { more: '&e=download' }); // 6
  await luotd.udp(said(people.denied).replace('qzfrom.', 'qzsub.denied.')); // 7
  assert.equal((await post(people.elsewhere, { origin: 'https://elsewhere.example' })).status, 403);
  await luotd.request('POST', '/b', { headers: { Authorization: `Bearer ${token(SECRET)}`, 'User-Agent': 'cms' }, body: said(people.shown) });
  assert.equal((await luotd.request('POST', '/b', { headers: { Authorization: 'Bearer wrong', 'User-Agent': 'cms' }, body: said(people.mistaken) })).status, 403);
  for (const seq of [1, 2, 2]) await luotd.udp(signed(people.signed, seq)); // the third is a replay
  await luotd.udp(signed(people.forged, 3, 'another secret'));
  await luotd.udp(`<190>Nov 30 10:00:00 web nhatky: ${logLine(people.combined, PAGE)}`);
  await luotd.udp(`<190>1 2026-11-30T10:00:00+07:00 web nhatky 1 - - ${jsonLine(people.json)}`);
  await luotd.udp(`<190>Nov 30 10:00:00 web nhatky: ${jsonLine(people.private, { http_dnt: '1' })}`);
  await luotd.udp(`<190>Nov 30 10:00:00 web nhatky: ${logLine(people.asset, '/x.css?v=qzemail6591')}`);
  await luotd.udp(`<190>Nov 30 10:00:00 web thang: ${logLine(people.combined, PAGE)}`); // which counts beacons
  assert.match(await luotd.ask(`where ${people.asked.address}`), /address +198\.51\.100\.251/); // whom an operator asks for
  const lines = 10 + BURST + 5 + 1 + 1 + 3 + 3 + 1 + 5;
  const after = await luotd.received(before.received + lines);
  const more = (kind) => Object.fromEntries(Object.entries(after[kind]).map(([word, n]) => [word, n - (before[kind][word] ?? 0)]).filter(([, n]) => n > 0));
  return { counted: more('counted'), suppressed: more('suppressed'), rejected: more('rejected') };
}

/** Half a request on a connection that stays open; the other half comes when the returned function is called. */
async function halfway(luotd) {
  const socket = net.connect(luotd.port, luotd.host);
  await new Promise((done) => socket.on('connect', done));
  socket.write(`GET /p.gif?s=thang HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${people.halfway.address}\r\nUser-Agent: ${people.halfway.agent}\r\n`);
  return async () => {
    const answered = new Promise((done) => socket.once('data', done));
    socket.write('\r\n');
    await answered;
    return socket;
  };
}

const arenaOf = (luotd) => path.join(luotd.run, fs.readdirSync(luotd.run).find((f) => fs.statSync(path.join(luotd.run, f)).size > 1 << 24));

function searchAll(luotd, needles) {
  const search = new Search(needles);
  eachPiece(luotd.pid, arenaOf(luotd), search.see); // the arena is read as a file, below
  eachFile(luotd.run, search.see);
  eachFile(luotd.state, search.see);
  search.see(Buffer.from(luotd.log + luotd.out), 'its log');
  return search;
}

/** Nowhere, within the second or two that a buffer may take to be forgotten. */
async function isNowhere(luotd, needles, when) {
  let search;
  await until(`nowhere ${when}`, () => {
    search = searchAll(luotd, needles);
    return search.found.length === 0;
  }).catch(() => assert.deepEqual(search.found, [], when));
  assert.ok(search.bytes > 1 << 24, `${search.bytes} bytes were looked at`);
  return search.bytes;
}

/** Every key in the arena under which one of `known` has a mark, found by trying all of its places. */
function attack(luotd, site, known) {
  const arena = fs.readFileSync(arenaOf(luotd));
  const marks = new Set();
  const places = [];
  for (let at = 0; at + 16 <= arena.length; at += 8) {
    if (at % 4096 === 0 && arena.compare(Buffer.alloc(4096), 0, 4096, at, at + 4096) === 0) {
      at += 4096 - 8;
      continue;
    }
    const low = arena.readBigUInt64LE(at);
    if (low !== 0n) marks.add(low >> 20n);
    if (low !== 0n && arena.readBigUInt64LE(at + 8) !== 0n) places.push(at);
  }
  const message = Buffer.concat([Buffer.from(`${site}\0`), sixteen(known.address), Buffer.from(known.agent)]);
  const keys = new Set();
  for (const at of places) {
    const key = arena.subarray(at, at + 16);
    if (marks.has(siphash(key, message) & 0xfffffffffffn)) keys.add(key.toString('hex'));
  }
  return [...keys];
}

test('SipHash here is SipHash: the vectors of its paper', () => {
  const bytes = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
  assert.equal(siphash(bytes, bytes.subarray(0, 15)), 0xa129ca6149be45e5n);
  assert.equal(siphash(bytes, Buffer.alloc(0)), 0x726fdb47dd0e0e31n);
});

async function answers(luotd) {
  const said = [(await luotd.request('GET', '/metrics')).text, await luotd.ask('metrics'), await luotd.ask('stats'), await luotd.ask('json stats')];
  for (const site of SITES) said.push(await luotd.ask(`json snapshot ${site}`), await luotd.ask(`site ${site}`), await luotd.ask(`audit ${site}`));
  return Buffer.from(said.join('\n'));
}

/** In steps that a keeper takes up one by one; not by quarter-hours, as nobody comes meanwhile. */
async function sleepUntil(luotd, seconds) {
  const clock = luotd.options.clock;
  while (clock.seconds < seconds) {
    clock.set(Math.min(seconds, clock.seconds + 6 * 3600));
    await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s >= clock.seconds);
  }
}

test('addresses, agents and keys are found nowhere after rotation', async (t) => {
  const clock = new Clock(BEGIN);
  const luotd = new Luotd({ clock, limits: true });
  fs.writeFileSync(path.join(luotd.run, 'cms.key'), SECRET + '\n', { mode: 0o400 });
  fs.writeFileSync(path.join(luotd.run, 'deny'), 'denied.example\n');
  luotd.options.config = config(luotd.run);
  try {
    await luotd.spawn();
    const finish = await halfway(luotd);
    const agent = { agent: traces['agent of halfway'] };
    await until('the half request is in memory, so the search finds what is there', () => searchAll(luotd, agent).found.length > 0);
    const open = await finish();
    await visit(luotd);
    assert.deepEqual(await visitAgain(luotd, await luotd.stats()), {
      counted: { view: 8 + BURST + 1 + 2 + 3 },
      suppressed: { bot: 2, not_page: 1, other_source: 1, suspect: 7 },
      rejected: { mac: 1, origin: 1, replay: 1, untrusted: 1 },
    });

    await t.test('of whoever was counted neither address nor agent is kept, not for the key\'s life, nor in an open connection\'s buffer', async (t) => {
      const bytes = await isNowhere(luotd, traces, 'while the key lives');
      t.diagnostic(`${bytes} bytes searched`);
      const said = new Search(traces);
      said.see(await answers(luotd), 'its answers');
      assert.deepEqual(said.found, []);
    });

    const keys = {};
    await t.test('while a key lives, who reads the arena can tell by it who was here: that is what is erased', async () => {
      for (const site of SITES) {
        const [key, ...more] = attack(luotd, site, people.named);
        assert.ok(key && more.length === 0, `${site}: one key, not ${more.length + (key ? 1 : 0)}`);
        assert.deepEqual(attack(luotd, site, people.forwarded6), [key]);
        assert.deepEqual(attack(luotd, site, people.anonymous), [], 'who asked not to be tracked has no mark');
        keys[site] = key;
      }
    });

    // When a bucket of count/rate is full: the address that had its burst, and any that brought one newcomer (1,000 a day).
    const moment = (seconds) => Buffer.from(BigInt.asUintN(48, BigInt(Math.round(seconds * 1e6))).toString(16).padStart(12, '0'), 'hex').reverse();
    const passing = { 'the limit of an address': moment(BEGIN + BURST), 'the limit of its newcomers': moment(BEGIN + 86.4), 'a host that was denied': Buffer.from('qzsub.denied') };
    await t.test('limits hold, and hosts are remembered, so they are in memory: the search finds them', () => {
      for (const [name, bytes] of Object.entries(passing)) assert.notDeepEqual(searchAll(luotd, { [name]: bytes }).found, [], name);
    });

    await t.test('a core dump has no address, agent or key, even while the key lives', (t) => {
      assert.match(fs.readFileSync(`/proc/${luotd.pid}/limits`, 'utf8'), /^Max core file size +[01] /m);
      const core = path.join(luotd.state, 'core');
      if (build.endsWith('address')) return t.skip('the core of a sanitized program is terabytes');
      const made = spawnSync('gcore', ['-o', core, String(luotd.pid)], { encoding: 'utf8' });
      if (made.status !== 0) return t.skip('no gcore here, or it may not look');
      const search = new Search({ ...traces, 'monthly key': Buffer.from(keys.thang, 'hex'), 'daily key': Buffer.from(keys.ngay, 'hex') });
      eachPart(`${core}.${luotd.pid}`, search.see);
      fs.rmSync(`${core}.${luotd.pid}`);
      assert.deepEqual(search.found, []);
    });

    const of = (site) => ({ ...traces, [`key of ${site}`]: Buffer.from(keys[site], 'hex') });
    await t.test('a daily key is gone when the next day is over, and with it every mark', async () => {
      await sleepUntil(luotd, BEGIN + DAY);
      await isNowhere(luotd, passing, 'a day later, by when no limit holds');
      assert.deepEqual(attack(luotd, 'ngay', people.named), [keys.ngay], 'it goes on for a day');
      await sleepUntil(luotd, BEGIN + 2 * DAY);
      await isNowhere(luotd, of('ngay'), 'after a day and its overlap');
      assert.deepEqual(attack(luotd, 'ngay', people.named), []);
      assert.deepEqual(attack(luotd, 'thang', people.named), [keys.thang], 'the monthly one lives');
    });

    await t.test('a monthly key is gone seven days after its month', async () => {
      await sleepUntil(luotd, BEGIN + 6 * DAY);
      assert.deepEqual(attack(luotd, 'thang', people.named), [keys.thang], 'it goes on for seven days');
      await sleepUntil(luotd, BEGIN + 9 * DAY);
      await isNowhere(luotd, { ...of('ngay'), ...of('thang') }, 'after the month and its overlap');
      assert.deepEqual(attack(luotd, 'thang', people.named), []);
      // The numbers stay.
      const total = async (site) => (await luotd.snapshot(site)).periods.total.views;
      assert.equal(await total('thang'), 9);
      assert.equal(await total('ngay'), 8);
      assert.equal(await total('nhieu'), 8 + BURST + 1 + 2);
    });
    open.destroy();
  } finally {
    await luotd.stop();
    clock.close();
  }
});

test('who asks not to be tracked is a view, by every way in, and never a visitor', async () => {
  const luotd = await Luotd.start({ config: SITE });
  try {
    const ways = [
      (headers) => luotd.request('GET', '/p.gif?s=demo&p=/a', { headers }),
      (headers) => luotd.request('POST', '/b', { headers, body: 's=demo&p=/a' }),
      (headers) => luotd.request('POST', '/b?reply=1', { headers, body: 's=demo&p=/a' }),
      (headers) => luotd.request('POST', '/b', { headers, body: 's=demo&p=/a&r=https://elsewhere.example/\ns=demo&p=/b&r=https://portal.example/a' }),
      (headers) => luotd.request('POST', '/b', { headers, body: 's=demo&k=ping' }),
      (headers) => luotd.request('POST', '/b', { headers, body: 's=demo&e=download&p=/x.pdf' }),
    ];
    const from = { Origin: 'https://portal.example', Referer: 'https://portal.example/a', 'User-Agent': 'Mozilla/5.0 Firefox/140.0' };
    const asks = [{ DNT: '1' }, { 'Sec-GPC': '1' }, { DNT: '1', 'Sec-GPC': '1' }, { DNT: '0', 'Sec-GPC': '1' }];
    for (const [i, ask] of asks.entries())
      for (const way of ways) assert.ok((await way({ ...from, ...ask, 'X-Forwarded-For': `203.0.113.${i + 1}` })).status < 300);
    const { counted } = await luotd.received(asks.length * 7);
    assert.deepEqual(counted, { view: asks.length * 5, event: asks.length, ping: asks.length });
    const { today, total } = (await luotd.snapshot()).periods;
    assert.equal(today.views, asks.length * 5);
    // Three views that name no other page came from elsewhere as far as is known, and one says so; the fifth came from a page of the portal.
    assert.equal(today.visits, asks.length * 4);
    assert.equal(today.visitors, 0);
    assert.equal(total.visitors, 0);
    assert.equal((await luotd.snapshot()).online.visitors, 0);
    // In lists too: as many views more, and nobody.
    const { tops } = await luotd.snapshot();
    for (const of of ['pages', 'browsers', 'systems', 'devices', 'referrer_classes']) {
      const sum = (what) => tops[of].rows.reduce((n, row) => n + row[what], 0);
      const views = of === 'browsers' ? tops[of].other : sum('views'); // a browser without visitors has too few to be named
      assert.deepEqual([views, sum('visitors')], [asks.length * 5, 0], `${of}: ${JSON.stringify(tops[of])}`);
    }

    await ways[0]({ ...from, DNT: '0', 'Sec-GPC': '0', 'X-Forwarded-For': '203.0.113.9' });
    await luotd.received(asks.length * 7 + 1);
    assert.equal((await luotd.snapshot()).periods.today.visitors, 1, '0 asks for nothing');
  } finally {
    await luotd.stop();
  }
});

test('the page says what this installation keeps, from its settings and its state', async () => {
  const clock = new Clock(BEGIN);
  const config = `sites_max = 4\ngeo_db = none\nrate_limit = off\nnew_visitors_per_address = 1/min burst 20\nprivacy_contact = vanphong@example.gov.vn\n[site thang]\npublic = yes\nmin_visitors = 12\ntitle = Sở <Y tế>\n[site ngay]\nidentity = day\n`;
  const luotd = await Luotd.start({ config, clock, limits: true });
  try {
    const page = async (lang, headers = {}) => {
      const r = await luotd.request('GET', `/privacy${lang ? `?lang=${lang}` : ''}`, { headers });
      assert.equal(r.status, 200);
      assert.match(r.headers['content-security-policy'], /default-src 'none'/);
      return r.text;
    };
    const vi = await page('vi');
    assert.match(vi, /<html lang="vi">/);
    assert.ok(vi.includes('Sở &lt;Y tế&gt;') && !vi.includes('ngay'), 'sites that are not public have no names here');
    assert.ok(vi.includes('<td>08/12/2026 00:00</td>'), 'November\'s key goes seven days after it');
    assert.ok(vi.includes('href="mailto:vanphong@example.gov.vn"'));
    assert.match(await page('', { 'Accept-Language': 'km,en;q=0.5' }), /<html lang="km">/);
    assert.match(await page('en', { 'Accept-Language': 'km' }), /<td>2026-12-08 00:00<\/td>/);

    const said = await luotd.json('privacy');
    assert.deepEqual(said.identity, { month: 1, day: 1 });
    const ends = Object.fromEntries(said.sites.map((s) => [s.site, new Date(s.marks_until * 1000).toISOString()]));
    assert.deepEqual(ends, { thang: '2026-12-07T17:00:00.000Z', ngay: '2026-12-01T17:00:00.000Z' });
    assert.ok(said.sites.every((s) => s.identity_since === BEGIN), JSON.stringify(said.sites));
    const ids = said.rows.map((r) => r.id);
    const redis = said.stores.includes('redis');
    assert.deepEqual(said.stores, [redis ? 'redis' : 'sqlite']);
    assert.equal(ids.includes('redis'), redis);
    assert.equal(ids.includes('sqlite'), !redis);
    assert.ok(ids.includes(said.arena_fs === 'tmpfs' ? 'memory' : 'disk'));
    assert.equal(ids.includes('nowhere') || ids.includes('shared_key'), false);
    // What tops, limits, signatures, logs and countries keep: each as it is set up here.
    const row = (id) => said.rows.find((r) => r.id === id);
    assert.equal(said.limits_kept_s, 20 * 60 + 8);
    assert.match(row('limits').how_long, /at most 21 minutes/);
    assert.match(row('tops').how_long, redis ? /^25 months$/ : /^by day 26 months, then by month for ever$/);
    assert.match(row('min_visitors').text, /fewer than 5–12 visitors/);
    assert.deepEqual(Object.fromEntries(said.sites.map((s) => [s.site, s.min_visitors])), { thang: 12, ngay: 5 });
    for (const id of ['pages', 'tops', 'limits', 'caches', 'refused', 'marks', 'dnt_gpc', 'off', 'referrer_path']) assert.ok(ids.includes(id), id);
    for (const id of ['not_yet', 'countries', 'networks', 'signed', 'log_lines']) assert.ok(!ids.includes(id), id);
    assert.match(vi, /chỉ trong bộ nhớ, lâu nhất 21 phút/);
    assert.match(await page('km'), /យ៉ាងយូរ 21 នាទី/);
    assert.ok(vi.includes('<td>08/12/2026 00:00</td><td>12</td>'));
    const text = await luotd.ask('privacy --lang=vi');
    assert.match(text, /ngay: một ngày, thêm một ngày; 02\/12\/2026 00:00/);
    assert.match(await luotd.ask('privacy --lang=fr'), /^ERR usage /);

    // Another setting, another page.
    fs.writeFileSync(path.join(luotd.run, 'cms.key'), SECRET + '\n', { mode: 0o400 });
    fs.writeFileSync(
      path.join(luotd.run, 'luotd.conf'),
      config.replace('vanphong@example.gov.vn', '"ask <us>"').replace('identity = day', 'identity = month\nsource = logs\nmin_visitors = 0').replace('geo_db = none', `writers = cms:${path.join(luotd.run, 'cms.key')}\nnetwork Trong nước = 203.0.113.0/24`).replace('1/min burst 20', 'off'),
    );
    await luotd.ask('reload');
    await until('reloaded', async () => (await luotd.json('privacy')).identity.month === 2);
    assert.match(await page('en'), /<p>ask &lt;us&gt;<\/p>/);
    const now = (await luotd.json('privacy')).rows.map((r) => r.id);
    for (const id of ['networks', 'signed', 'log_lines', 'min_visitors', 'min_visitors_off']) assert.ok(now.includes(id), id);
    assert.ok(!now.includes('limits'));
  } finally {
    await luotd.stop();
    clock.close();
  }
});

test('every change is audited with its user: of sites, and of luotd itself', async () => {
  const clock = new Clock(BEGIN);
  const luotd = await Luotd.start({ config: `auto_sites = *.gov.vn\n${SITE}\n[site cu]\n`, clock });
  try {
    const me = os.userInfo();
    // Who adds a command says here whether it changes something; then it is done, below.
    const reads = ['help', 'stats', 'metrics', 'sites', 'snapshot', 'snippet', 'series', 'report', 'top', 'dump', 'source', 'import-key', 'audit', 'privacy', 'check', 'nodes', 'where', 'reader'];
    const changes = ['site', 'seed', 'adjust', 'load', 'reload', 'loglevel'];
    assert.deepEqual((await luotd.json('help')).commands.map((c) => c.name).sort(), [...reads, ...changes].sort());
    await luotd.request('POST', '/b', { headers: { Origin: 'https://x.gov.vn' }, body: 'p=/' }); // opens it
    const wrong = (await luotd.ask('loglevel loud')).trim();
    assert.match(wrong, /^ERR usage/);
    const done = [
      ['demo', 'seed demo --metric visits --total 100', /^seed metric=visits total=100/],
      ['demo', 'seed demo --page /gioi-thieu 55 --note "the old counter"', /^seed page=\/gioi-thieu views=55 counted=0 note=the old counter/],
      ['demo', 'adjust demo --metric visits --day 2026-11-01 --by 3 --note "forged by hand"', /^adjust metric=visits .*by=\+3 note=forged by hand/],
      [null, 'loglevel debug', /^loglevel old=info new=debug node=\S+$/],
      [null, 'reload', /^reload node=\S+$/],
      ['demo', 'site rename demo trang', /^site rename demo trang/],
      ['demo', 'site merge cu trang', /^site merge cu trang/],
      ['x-gov-vn', 'site archive x-gov-vn', /^site archive x-gov-vn/],
      ['x-gov-vn', 'site restore x-gov-vn', /^site restore x-gov-vn/],
    ];
    for (const [, line] of done) {
      clock.set(clock.seconds + 1); // what is done in one second has no order over several trails
      assert.doesNotMatch(await luotd.ask(line), /^ERR/, line);
    }
    await luotd.ask('loglevel'); // asks, and changes nothing
    const { site, rows } = await luotd.json('audit');
    assert.equal(site, null);
    assert.deepEqual(rows.map((r) => [r.site, r.uid, r.user]), done.map(([s]) => [s === 'demo' ? 'trang' : s, me.uid, me.username]), JSON.stringify(rows));
    for (const [i, [, , what]] of done.entries()) assert.match(rows[i].what, what);

    const text = (await luotd.ask('audit')).trim().split('\n');
    assert.equal(text.length, done.length);
    assert.match(text[3], new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d\\S+ - ${me.username} uid=${me.uid} loglevel`));
    assert.equal((await luotd.ask('audit trang')).trim().split('\n').length, done.length - 4, 'a site has its own only');
    for (const command of ['seed', 'adjust', 'loglevel', 'reload', '"site rename demo trang"', '"site merge cu trang"', '"site archive x-gov-vn"', '"site restore x-gov-vn"'])
      assert.match(luotd.log, new RegExp(`event=audit command=${command} (site=\\S+ )?uid=${me.uid}`));

    // What `luotctl import` brings is one line too.
    const file = path.join(luotd.state, 'access.log');
    fs.writeFileSync(file, '198.51.100.7 - - [01/Nov/2025:10:00:00 +0700] "GET /x HTTP/1.1" 200 5 "-" "Mozilla/5.0 Firefox/140.0"\n');
    clock.set(clock.seconds + 1);
    assert.equal((await ctlJson(luotd, ['import', '--site', 'trang', file])).views, 1);
    done.push(['demo', 'import']);
    assert.match((await luotd.json('audit')).rows.at(-1).what, /^(import|load) .*views=1/);

    // It outlives the process, and a dump loaded elsewhere is in the trail of its sites there.
    const dump = await luotd.ask('dump trang');
    clock.set(clock.seconds + 1);
    await luotd.kill9();
    await luotd.spawn();
    assert.equal((await luotd.json('audit')).rows.length, done.length);
    assert.doesNotMatch(await luotd.ask('load', dump), /^ERR/);
    assert.match((await luotd.json('audit')).rows.at(-1).what, /^load luot-dump/);
  } finally {
    await luotd.stop();
    clock.close();
  }
});
