// What the page views of past logs were: pages, referrers, countries, browsers; piece by piece, once, and as live lines would have them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { mmdb } from './lib/mmdb.mjs';

const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const SITES = `[site demo]
any_host = yes
hosts = portal.gov.vn
page_query = id
source = logs
internal = 10.9.0.0/16
[site live]
any_host = yes
hosts = portal.gov.vn
page_query = id
source = logs
internal = 10.9.0.0/16
`;
const line = (day, address, target, { referrer = '-', agent = FIREFOX, time = '09:00:00' } = {}) => `${address} - - [${day}:${time} +0700] "GET ${target} HTTP/1.1" 200 10 "${referrer}" "${agent}"\n`;
const OF = ['pages', 'referrers', 'referrer_classes', 'countries', 'networks', 'browsers', 'systems', 'devices', 'campaigns', 'bots'];

async function start(more = {}) {
  const clock = new Clock(more.now ?? NOON);
  const luotd = new Luotd({ clock });
  fs.writeFileSync(path.join(luotd.run, 'country.mmdb'), mmdb([['10.0.0.0/8', 'VN'], ['11.0.0.0/8', 'KH']]));
  fs.writeFileSync(path.join(luotd.run, 'deny'), 'spam.example\n');
  luotd.options.config = `geo_db = ${luotd.run}/country.mmdb\nreferrer_deny = ${luotd.run}/deny\nlog_site = live\nnetwork Nội bộ = 10.1.0.0/16\n${SITES}`;
  await luotd.spawn();
  return { luotd, clock };
}
async function load(luotd, text, site = 'demo') {
  const file = path.join(luotd.run, 'access.log');
  fs.writeFileSync(file, text);
  const r = await luotctl(luotd, ['import', '--site', site, file]);
  assert.equal(r.code, 0, r.err);
  return r.out;
}
/** All rows of some days, by dimension. */
async function tops(luotd, site, from, to) {
  const all = {};
  for (const of of OF) {
    const t = await luotd.json(`top ${site} of=${of} from=${from} to=${to}`);
    all[of] = { error: t.error, total: t.total, other: t.other, rows: Object.fromEntries(t.rows.map((r) => [r.key, [r.views, r.visitors]])) };
  }
  return all;
}
const end = async ({ luotd, clock }) => {
  await luotd.stop();
  clock.close();
};

/** A morning in which everything happens that a key can say. */
const morning = (day) =>
  [
    line(day, '10.1.0.1', '/tin-t%E1%BB%A9c/?id=7&x=1', { referrer: 'https://www.google.com/search?q=a' }),
    line(day, '10.1.0.1', '/index.html', { referrer: 'https://portal.gov.vn/tin' }),
    line(day, '11.0.0.2', '/?utm_source=zalo&utm_medium=oa', { referrer: 'https://l.facebook.com/l.php?u=x' }),
    line(day, '203.0.113.9', '/\\x22a', { agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1' }),
    line(day, '11.0.0.3', '/', { agent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }),
  ].join('');

describe('the tops of past logs', () => {
  test('are those of the same lines counted live', async () => {
    const at = await start();
    const text = morning('23/Nov/2026').replaceAll('09:00:00 +0700', '04:50:00 +0000');
    for (const [i, l] of text.trimEnd().split('\n').entries()) {
      await at.luotd.udp(`<190>Nov 23 12:00:00 web live: ${l}`);
      await at.luotd.received(i + 1); // one after the other, whichever worker takes them
    }
    await load(at.luotd, text);
    const live = await tops(at.luotd, 'live', '2026-11-23', '2026-11-24');
    const past = await tops(at.luotd, 'demo', '2026-11-23', '2026-11-24');
    assert.deepEqual(past, live);
    const day = async (site) => (await at.luotd.json(`report ${site} by=day from=2026-11-23 to=2026-11-24`)).rows.map((r) => [r.views, r.visits, r.visitors]);
    assert.deepEqual(await day('demo'), await day('live'));
    assert.deepEqual((await day('live'))[0][0], 4, 'the robot is none of them');
    assert.equal(live.pages.total, 4);
    assert.deepEqual(Object.keys(past.bots.rows), ['Googlebot']);
    assert.deepEqual(past.countries.rows, { KH: [1, 1], VN: [2, 1], ZZ: [1, 1] });
    assert.ok(past.referrers.rows['google.com'] && past.pages.rows['/tin-tức?id=7'], JSON.stringify(past));
    await end(at);
  });

  test('leave out who is internal and what comes from a host that is denied, and so do its days', async () => {
    const at = await start();
    const out = await load(at.luotd, line('20/Nov/2026', '10.9.0.1', '/a') + line('20/Nov/2026', '11.0.0.1', '/b', { referrer: 'http://spam.example/' }) + line('20/Nov/2026', '11.0.0.1', '/c'));
    const { pages } = await tops(at.luotd, 'demo', '2026-11-20', '2026-11-21');
    const { rows } = await at.luotd.json('report demo by=day from=2026-11-20 to=2026-11-21');
    assert.deepEqual([pages.rows, rows[0].views, rows[0].visitors], [{ '/c': [1, 1] }, 1, 1]);
    assert.match(out, /1 +page views of who is `internal`, not counted\n *1 +page views from hosts in `referrer_deny`, not counted/);
    await end(at);
  });

  test('grow with the file, once, and survive kill -9 and the loss of the arena', async () => {
    const at = await start();
    let text = '';
    for (let i = 0; i < 60; i++) text += line('20/Nov/2026', `10.2.0.${i % 7}`, `/p${i % 5}`);
    await load(at.luotd, text);
    const grown = text + line('20/Nov/2026', '10.2.0.1', '/p0') + line('21/Nov/2026', '10.2.0.1', '/p0');
    await load(at.luotd, grown);
    assert.match(await load(at.luotd, grown), /already imported/);
    const is = async () => (await tops(at.luotd, 'demo', '2026-11-20', '2026-11-22')).pages;
    const was = await is();
    assert.deepEqual([was.total, was.rows['/p0'][0], was.error], [62, 14, 0]);
    await at.luotd.kill9();
    fs.rmSync(`${at.luotd.run}/arena`);
    await at.luotd.spawn();
    assert.deepEqual(await is(), was);
    await end(at);
  });

  test('of a day with more pages than a list has: rows and the rest add up, within the error that is said', async () => {
    const at = await start();
    let text = '';
    for (let i = 0; i < 3000; i++) text += line('20/Nov/2026', `10.2.${i >> 8}.${i & 255}`, i % 3 ? `/x/${i}` : '/often');
    await load(at.luotd, text);
    const { pages } = await tops(at.luotd, 'demo', '2026-11-20', '2026-11-21');
    assert.deepEqual([pages.total, pages.rows['/often'][0], pages.error], [3000, 1000, 1]);
    assert.equal(pages.other + Object.values(pages.rows).reduce((n, r) => n + r[0], 0), 3000);
    for (let i = 3000; i < 6000; i++) text += line('20/Nov/2026', `10.2.${i >> 8}.${i & 255}`, i % 3 ? `/x/${i}` : '/often');
    await load(at.luotd, text);
    const grown = (await tops(at.luotd, 'demo', '2026-11-20', '2026-11-21')).pages;
    assert.deepEqual([grown.total, grown.rows['/often'][0]], [6000, 2000]);
    assert.ok(grown.error >= 1 && grown.error <= 3, `${grown.error}`); // of each piece, and of what the second pushed out
    assert.equal(grown.other + Object.values(grown.rows).reduce((n, r) => n + r[0], 0), 6000);
    await end(at);
  });

  test('of a document with more rows than luotctl writes: none is lost', async () => {
    const at = await start();
    const { key_id } = await at.luotd.json('import-key demo');
    const s = Date.UTC(2026, 10, 20, 2) / 1000, n = 300;
    const rows = Array.from({ length: n }, (_, i) => `top 2026-11-20 pages ${i + 1} 1 0 /p${i}\n`).join('');
    const views = (n * (n + 1)) / 2;
    const answer = await at.luotd.ask('load', `luot-load 1\nsite demo\nkey_id ${key_id}\nsource 00000000000000aa bytes=9 lines=${views} parsed=${views} malformed=0 views=${views} skipped=0 from=${s} to=${s} name=x\nfrom_byte 0\nday 2026-11-20 views=${views}\nhour ${s / 3600} views=${views}\n${rows}end\n`);
    assert.doesNotMatch(answer, /^ERR/);
    const { pages } = await tops(at.luotd, 'demo', '2026-11-20', '2026-11-21');
    assert.deepEqual([pages.total, pages.rows['/p299'][0], pages.rows['/p250'][0]], [views, 300, 251]);
    await end(at);
  });

  test('of years ago are months; and all of them are in a dump', async () => {
    const at = await start();
    let text = '';
    for (const day of ['03', '04', '29']) text += line(`${day}/Mar/2020`, '10.2.0.1', '/old') + line(`${day}/Mar/2020`, '10.2.0.2', `/${day}`);
    for (let d = 1; d <= 28; d++) for (const m of ['Sep', 'Oct']) text += line(`${String(d).padStart(2, '0')}/${m}/2026`, '10.2.0.1', '/new');
    await load(at.luotd, text);
    const march = await tops(at.luotd, 'demo', '2020-03-01', '2020-04-01');
    assert.deepEqual([march.pages.rows['/old'], march.pages.total, march.pages.error], [[3, 3], 6, 0]);
    const autumn = await tops(at.luotd, 'demo', '2026-09-01', '2026-11-01');
    assert.deepEqual([autumn.pages.rows['/new'][0], autumn.countries.rows.VN[0]], [56, 56]);
    const report = await luotctl(at.luotd, ['report', 'demo', '--month', '2026-10', '--format', 'json']);
    assert.deepEqual([JSON.parse(report.out).rows[0].top_page, JSON.parse(report.out).rows[0].top_page_views], ['/new', 28]);
    const file = path.join(at.luotd.run, 'dump.luot');
    assert.equal((await luotctl(at.luotd, ['dump', '--all', file])).code, 0);
    const other = await start();
    for (let i = 0; i < 2; i++) assert.equal((await luotctl(other.luotd, ['load', file])).code, 0);
    assert.deepEqual(await tops(other.luotd, 'demo', '2020-03-01', '2020-04-01'), march);
    assert.deepEqual(await tops(other.luotd, 'demo', '2026-09-01', '2026-11-01'), autumn);
    await end(other);
    await end(at);
  });
});
