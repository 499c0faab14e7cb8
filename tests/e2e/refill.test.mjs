// SQLite and Redis together: whichever lost everything gets it back from the other, and a node answers for all nodes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = 'auto_sites = *.example.gov.vn\n[site demo]\nany_host = yes\npublic = yes\n[site second]\npublic = yes\n';
const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const BACK_MS = 60000; // the longest back-off, and then a round

const view = async (luotd, n, site = 'demo') => {
  const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.6.${n >> 8}.${n & 255}` }, body: `s=${site}&p=/` });
  assert.equal(r.status, 204);
};
const views = async (luotd, from, n, site) => {
  for (let i = 0; i < n; i++) await view(luotd, from + i, site);
};
async function ok(luotd, args, options) {
  const r = await luotctl(luotd, args, options);
  assert.equal(r.code, 0, `luotctl ${args.join(' ')}: ${r.err}`);
  return r.out;
}
const log = (day, n) => Array.from({ length: n }, (_, i) => `192.0.2.${i % 9} - - [${day}/Oct/2026:10:00:0${i % 10} +0000] "GET /p${i % 3} HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n`).join('');

const CALENDAR = ['today', 'yesterday', 'week', 'month', 'last_month', 'total'];
/** What must be as it was: the calendar's numbers, the seed, and every day. */
async function numbers(luotd, site = 'demo') {
  const snapshot = await luotd.snapshot(site);
  const periods = Object.fromEntries(CALENDAR.map((p) => [p, { views: snapshot.periods[p].views, visits: snapshot.periods[p].visits, visitors: snapshot.periods[p].visitors }]));
  const report = await luotd.json(`report ${site} day 2026-10-01 2026-12-01`);
  return { periods, seed: snapshot.seed, days: report.rows.map((r) => [r.day, r.views, r.visits, r.visitors]) };
}
/** Until the numbers are those; then what they are. */
async function become(luotd, site, expected, ms = BACK_MS) {
  let last;
  const same = async () => {
    last = await numbers(luotd, site);
    assert.ok(last.periods.total.views <= expected.periods.total.views, 'more than was counted');
    return JSON.stringify(last) === JSON.stringify(expected);
  };
  await until('the numbers', same, ms).catch(() => {});
  assert.deepEqual(last, expected);
}

// Sketches of Redis are unions of runs; what else a dump has must be equal, line by line.
const lines = (dump) => dump.split('\n').filter((l) => l && !/^(luot-dump|end|sketch|gap)/.test(l)).sort();
/** Both stores have it: what Redis says of a site is what the disk says. */
async function level(luotd, redis, site = 'demo') {
  const alone = await Luotd.start({ config: CONFIG, clock: luotd.options.clock, args: [`--store=${redis.where}`, '--node=looker'] });
  try {
    let disk, there;
    const same = async () => {
      disk = lines(await ok(luotd, ['dump', site]));
      there = lines(await ok(alone, ['dump', site]));
      return JSON.stringify(disk) === JSON.stringify(there);
    };
    await until('both stores', same, BACK_MS).catch(() => {});
    assert.deepEqual(there, disk);
  } finally {
    await alone.stop();
  }
}

/** Days, an import, seeds and adjustments, and two lives of the counters. */
async function fill(luotd, clock, folder) {
  fs.writeFileSync(path.join(folder, 'old.log'), log('05', 30) + log('06', 12));
  await ok(luotd, ['import', '--site', 'demo', path.join(folder, 'old.log')]);
  await views(luotd, 0, 12);
  await views(luotd, 0, 4, 'second');
  await luotd.advance(clock.seconds + 86400);
  await views(luotd, 40, 7);
  for (const by of ['3', '3', '-1']) await ok(luotd, ['adjust', 'demo', '--metric', 'visits', '--day', '2026-11-23', '--by', by]);
  await ok(luotd, ['seed', 'demo', '--metric', 'visits', '--total', '50510', '--week', '84', '--note', 'bộ đếm cũ']);
  await ok(luotd, ['adjust', 'demo', '--metric', 'visits', '--day', '2026-11-23', '--by', '-1']);
  const saves = (await luotd.stats()).store.saves;
  await until('two saves', async () => (await luotd.stats()).store.saves >= saves + 2);
  await luotd.kill9();
  fs.rmSync(path.join(luotd.run, 'arena')); // as after a reboot: another run
  await luotd.spawn();
  await views(luotd, 80, 5);
}

async function place(body, { nodes = 1 } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-refill-'));
  const redis = await Redis.start();
  const clock = new Clock(NOON);
  const luotds = [];
  try {
    for (let i = 0; i < nodes; i++) luotds.push(await Luotd.start({ config: CONFIG, clock, args: [`--store=sqlite,${redis.where}`, `--node=n${i + 1}`] }));
    await body({ folder, redis, clock, luotds, luotd: luotds[0] });
    while (luotds.length > 0) await luotds.pop().stop();
  } finally {
    for (const l of luotds) l.remove();
    await redis.stop();
    clock.close();
    fs.rmSync(folder, { recursive: true });
  }
}

describe('SQLite and Redis together', { skip: missing, concurrency: 4 }, () => {
  for (const [what, lose] of [
    ['is emptied', (redis) => redis.cli('FLUSHALL')],
    ['comes back empty', async (redis) => { await redis.kill(); await redis.spawn(); }],
  ])
    test(`Redis ${what}: it gets everything back, old days and other runs, seeds and imports`, () =>
      place(async ({ folder, redis, clock, luotd }) => {
        await fill(luotd, clock, folder);
        await level(luotd, redis);
        const before = await numbers(luotd);
        assert.equal(before.periods.total.visits, 50510 - 1 + 5);
        const said = luotd.log.length;
        await lose(redis);
        await until('the mark', async () => (await redis.cli('HEXISTS', 'luot:{second}:copies', 'n1').catch(() => '0')) === '1', BACK_MS);
        await level(luotd, redis);
        await level(luotd, redis, 'second');
        assert.deepEqual(await numbers(luotd), before);
        // One line when it began, one when it ended.
        await until('the line', () => luotd.log.slice(said).includes('event=refill_ends'));
        const news = luotd.log.slice(said).match(/event=refill_\w+/g);
        assert.deepEqual(news, ['event=refill_begins', 'event=refill_ends']);
      }));

  test('a node that lost its disk and its memory gets everything back, its own sites too', () =>
    place(async ({ folder, redis, clock, luotd }) => {
      await fill(luotd, clock, folder);
      const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': '10.6.9.9', Origin: 'https://so-y-te.example.gov.vn' }, body: 'p=/' });
      assert.equal(r.status, 204);
      await level(luotd, redis);
      const auto = await until('its site', async () => [...(await redis.hash('luot:sites')).keys()].find((k) => k !== 'demo' && k !== 'second'));
      await level(luotd, redis, auto);
      const before = [await numbers(luotd), await numbers(luotd, 'second'), await numbers(luotd, auto)];
      await luotd.kill9();
      for (const d of [luotd.run, luotd.state]) for (const f of fs.readdirSync(d)) fs.rmSync(path.join(d, f), { recursive: true });
      await luotd.spawn();
      // At once: its history was there before it answered.
      assert.deepEqual([await numbers(luotd), await numbers(luotd, 'second'), await numbers(luotd, auto)], before);
      await level(luotd, redis);
      await views(luotd, 200, 3);
      assert.equal((await numbers(luotd)).periods.total.views, before[0].periods.total.views + 3);
      assert.match(luotd.log, /event=refill_begins what=the_disk_has_nothing sites=3/);
      // The log that was read is known: nothing of it counts again.
      assert.equal((await ctlJson(luotd, ['import', '--site', 'demo', path.join(folder, 'old.log')])).views, 0);
    }));

  test('a node that lost its disk while Redis was away gets it back when Redis is', () =>
    place(async ({ folder, redis, clock, luotd }) => {
      await fill(luotd, clock, folder);
      await level(luotd, redis);
      const before = await numbers(luotd);
      await luotd.kill9();
      redis.freeze();
      for (const d of [luotd.run, luotd.state]) for (const f of fs.readdirSync(d)) fs.rmSync(path.join(d, f), { recursive: true });
      await luotd.spawn();
      assert.equal((await numbers(luotd)).periods.total.views, 0);
      redis.thaw();
      await become(luotd, 'demo', before);
    }));

  test('each of two nodes has the days of the other, also while Redis is away', () =>
    place(async ({ redis, clock, luotds: [a, b] }) => {
      await views(a, 0, 6);
      await views(b, 100, 9);
      await a.advance(clock.seconds + 86400);
      await until('b too', async () => (await b.stats()).keeper_as_of_s >= Math.floor(clock.seconds));
      await views(b, 200, 4);
      const day = async (l, d) => (await l.json('report demo day 2026-11-20 2026-11-30')).rows.find((r) => r.day === d)?.views;
      const both = async (l) => (await day(l, '2026-11-23')) === 15 && (await day(l, '2026-11-24')) === 4;
      await until('a has the days of b', () => both(a));
      await until('b has the days of a', () => both(b));
      await redis.kill();
      assert.ok(await both(a));
      assert.ok(await both(b));
      const points = (await a.json('series demo views day 2026-11-23 2026-11-25')).points;
      assert.deepEqual(points.map((p) => p[1]), [15, 4]);
      await a.kill9();
      fs.rmSync(path.join(a.run, 'arena'));
      await a.spawn();
      assert.ok(await both(a));
      assert.equal((await a.snapshot()).periods.total.views, 19);
      await redis.spawn();
      await until('all of it', async () => (await redis.views().catch(() => 0)) === 19, BACK_MS);
    }, { nodes: 2 }));

  test('a seed that was set while Redis was away reaches Redis, and the other node', () =>
    place(async ({ redis, luotds: [a, b] }) => {
      await views(a, 0, 3);
      await until('three views', async () => (await redis.views()) === 3);
      redis.freeze();
      await ok(a, ['seed', 'demo', '--metric', 'views', '--total', '1000']);
      await ok(a, ['adjust', 'demo', '--metric', 'views', '--day', '2026-11-22', '--by', '5']);
      redis.thaw();
      await until('the seed in Redis', async () => (await redis.cli('HGET', 'luot:{demo}:seed:views', 'total').catch(() => '')) === '1000', BACK_MS);
      await until('the seed at b', async () => (await b.snapshot()).periods.total.views === 1005, BACK_MS);
      assert.equal((await a.snapshot()).periods.total.views, 1005);
      const audit = await until('the audit trail at b', async () => { const t = await ok(b, ['audit', 'demo']); return t.includes('adjust') && t; });
      assert.equal(audit.split('seed metric=views').length, 2);
      await level(a, redis);
      await level(b, redis);
    }, { nodes: 2 }));

  test('a dump of Redis is loaded into SQLite and back: totals and lines are equal', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-refill-'));
    const clock = new Clock(NOON);
    const redis = [await Redis.start(), await Redis.start()];
    const start = (store) => Luotd.start({ config: CONFIG, clock, args: [`--store=${store}`] });
    const from = await start(redis[0].where), disk = await start('sqlite'), back = await start(redis[1].where);
    try {
      await fill(from, clock, folder);
      await until('saved', async () => (await redis[0].views()) === 24);
      const was = [await numbers(from), await numbers(from, 'second')];
      const dump = await ok(from, ['dump', '--all']);
      for (let twice = 0; twice < 2; twice++) {
        await ok(disk, ['load'], { input: dump });
        assert.deepEqual([await numbers(disk), await numbers(disk, 'second')], was);
      }
      const again = await ok(disk, ['dump', '--all']);
      await ok(back, ['load'], { input: again });
      assert.deepEqual([await numbers(back), await numbers(back, 'second')], was);
      const rows = (t) => lines(t).filter((l) => !l.includes('what=load'));
      assert.deepEqual(rows(again), rows(dump));
      assert.deepEqual(rows(await ok(back, ['dump', '--all'])), rows(dump));
      // What was cut is refused before anything of it is taken, although Redis takes row by row.
      const cut = (await back.ask('dump demo')).replace(/end sites[^]*$/, '') + 'day 2026-11-01 views=7 vis';
      assert.match(await disk.ask('load', cut.replaceAll('views=12', 'views=13') + '\n'), /^ERR /);
      assert.match(await back.ask('load', cut.replaceAll('views=12', 'views=13') + '\n'), /^ERR /);
      assert.deepEqual([await numbers(back), await numbers(disk)], [was[0], was[0]]);
    } finally {
      for (const l of [from, disk, back]) await l.stop();
      for (const r of redis) await r.stop();
      clock.close();
      fs.rmSync(folder, { recursive: true });
    }
  });
});
