// A start asks Redis for many sites at once: journeys are counted, and the numbers are what they were. SITES=1000
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';
import { manners, Proxy } from './lib/redis_proxy.mjs';

const SITES = Number(process.env.SITES ?? 300);
const JOURNEYS = 10; // a hundred sites
const BESIDES = 40; // of the start itself, and what its threads begin with
const LATE_MS = 25;
const START = Date.UTC(2026, 10, 20, 3, 0) / 1000;
const BIG = 16; // sites, each with a megabyte of pages

const key = (i) => `s${String(i).padStart(4, '0')}`;
const sites = (n) => Array.from({ length: n }, (_, i) => `[site ${key(i)}]\nhosts = ${key(i)}.example\npublic = yes\n`).join('');

async function scene({ prepare, ...options }, body) {
  const redis = await Redis.start();
  const proxy = await Proxy.start(redis.socket);
  let luotd;
  try {
    await prepare?.(redis);
    luotd = await Luotd.start({ ...options, args: ['--node=n1', `--store=redis://127.0.0.1:${proxy.port}/0`, '--sites_max=2100'] });
    await body({ redis, proxy, luotd });
    await luotd.stop();
    luotd = null;
  } finally {
    luotd?.remove();
    proxy.stop();
    await redis.stop();
  }
}

/** Two visitors of each site, the second of them on two pages. */
async function visit(luotd, n) {
  const lines = [];
  for (let i = 0; i < n; i++) for (const [who, page] of [[1, '/'], [2, '/'], [2, '/a']]) lines.push(`s=${key(i)}&p=${page}&i=203.0.113.${who}&u=Firefox`);
  const { received } = await luotd.stats();
  for (let i = 0; i < lines.length; i += 60) {
    const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': '203.0.113.9' }, body: lines.slice(i, i + 60).join('\n') });
    assert.equal(r.status, 204);
  }
  return luotd.received(received + lines.length);
}

const saved = (redis, n, views) => until('all in Redis', async () => Number(await redis.cli('EVAL', SUM, '0', String(n))) === n * views);
const NO_SHEETS = `for _, key in ipairs(redis.call('KEYS', 'luot:*')) do
    if string.find(key, '}:now:', 1, true) or string.find(key, 'luot:sheets:', 1, true) then redis.call('DEL', key) end
  end`;
const SUM = `local sum = 0
  for s = 0, tonumber(ARGV[1]) - 1 do
    for _, v in ipairs(redis.call('HVALS', string.format('luot:{s%04d}:total', s))) do sum = sum + tonumber(string.match(v, '%d+')) end
  end
  return sum`;

/** Starts again, each answer late; the journeys of the connection that said most by then. */
async function restart({ luotd, proxy }) {
  proxy.manner = manners.counted(LATE_MS);
  proxy.tallies.length = 0;
  await luotd.spawn();
  const most = proxy.tallies.reduce((a, b) => (b.commands > a.commands ? b : a));
  proxy.manner = manners.faithful;
  return { commands: most.commands, journeys: most.journeys };
}

/** What people say and bring: a seed, an adjustment, a past log, one site that becomes part of another. */
async function change(luotd) {
  const ok = async (...args) => {
    const r = await luotctl(luotd, args);
    assert.equal(r.code, 0, `${args.join(' ')}: ${r.err}`);
  };
  const log = path.join(luotd.run, 'old.log');
  const line = (day, page) => `198.51.100.7 - - [${day}/Nov/2026:10:00:00 +0000] "GET ${page} HTTP/1.1" 200 5 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"\n`;

  fs.writeFileSync(log, line('02', '/') + line('02', '/old') + line('09', '/'));
  await ok('seed', key(0), '--metric', 'views', '--total', '100', '--week', '50');
  await ok('adjust', key(0), '--metric', 'views', '--day', '2026-11-18', '--by', '7');
  await ok('seed', key(1), '--page', '/b', '1234');
  await ok('import', '--site', key(1), log);
  await ok('site', 'merge', key(2), key(0));
}

/** All that a store has to say of the sites. */
async function shot(luotd) {
  const all = [];
  for (const i of [0, 1, 3]) {
    const { periods, seed, adjusted } = await luotd.json(`snapshot ${key(i)}`);
    for (const sliding of ['last_hour', 'last_24h', 'last_7d']) delete periods[sliding]; // of visitors only a run knows them
    const read = async (what) => (await luotd.get(`/v1/${key(i)}/${what}`));
    const { since } = await read('widget.json');
    const days = (await read('series.json?metric=visits&step=day&from=2026-11-01&to=2026-11-26')).points;
    const quarters = (await read('series.json?metric=views&step=hour&from=2026-11-19&to=2026-11-23')).points;
    const tops = (await read('tops.json?of=pages&from=2026-11-20&to=2026-11-23')).rows;
    const page = (await read('page.json?p=/b')).views;
    all.push({ periods, seed, adjusted, since, days, quarters, tops, page });
  }
  return all;
}

async function comesTo(luotd, expected) {
  let last;
  await until('the same', async () => isDeepStrictEqual((last = await shot(luotd)), expected)).catch(() => assert.deepEqual(last, expected));
}

/** Another run's pages, some 17 MB of them. */
const fill = (redis) =>
  redis.cli(
    'EVAL',
    `for s = 0, tonumber(ARGV[1]) - 1 do
       local at = string.format('luot:{s%04d}:', s)
       redis.call('HSET', at .. 'total', 'n9:00000000000000aa', '777 777')
       redis.call('ZADD', at .. 'page-runs', 0, 'n9:00000000000000aa')
       for p = 1, 4999 do redis.call('HSET', at .. 'pages:n9:00000000000000aa', '/' .. string.rep('x', 200) .. '/' .. p, p) end
     end
     return 0`,
    '0',
    String(BIG),
  );

const total = async (luotd, i) => (await luotd.json(`snapshot ${key(i)}`)).periods.total.views;

describe('a start with Redis', { skip: missing }, () => {
  test(`asks about ${SITES} sites in ${JOURNEYS} journeys a hundred, whatever they have`, (t) =>
    scene({ config: sites(SITES) }, async (place) => {
      const { redis, luotd } = place;
      const bound = (SITES / 100) * JOURNEYS + BESIDES;

      await visit(luotd, SITES);
      await saved(redis, SITES, 3);
      for (const [round, lost] of [false, true, false].entries()) {
        await luotd.kill9();
        if (lost) fs.rmSync(path.join(luotd.run, 'arena')); // as a reboot: all days and quarters, of another run
        const { commands, journeys } = await restart(place);
        t.diagnostic(`round ${round}, arena ${lost ? 'lost' : 'kept'}: ${commands} commands, ${journeys} journeys`);
        assert.ok(commands > 10 * SITES, `${commands} commands: did it ask at all?`);
        assert.ok(journeys <= bound, `${journeys} journeys, more than ${bound}`);
        for (const i of [0, SITES >> 1, SITES - 1]) assert.equal(await total(luotd, i), 3, key(i));
        assert.doesNotMatch(luotd.log, /event=history /);
      }
    }));

  test('has what a database has, of several runs and days, with seeds, imports, pages and a site that was merged', async () => {
    const clock = new Clock(START);
    await scene({ config: sites(4), clock }, async ({ redis, luotd }) => {
      for (let day = 0; day < 3; day++) {
        clock.set(START + day * 86400);
        await visit(luotd, 4);
        await saved(redis, 4, 3 * (day + 1));
        if (day === 0) await change(luotd);
        await luotd.term(); // tops and pages are saved at its end
        fs.rmSync(path.join(luotd.run, 'arena'));
        await redis.cli('EVAL', NO_SHEETS, '0'); // Redis' clock stands still: they would be gone after a day
        await luotd.spawn();
      }
      await until('all pages and visitors', async () => (await luotd.get(`/v1/${key(1)}/page.json?p=/a`)).views === 3 && (await luotd.json(`snapshot ${key(0)}`)).periods.month.visitors === 2 + 1 + 1);
      const before = await shot(luotd);
      assert.equal(before[0].periods.total.views, 100 + 3 * 3 + 2 * 3 + 7, 'a seed, what came after it, a merged site, an adjustment');

      await luotd.kill9(); // with its arena: other runs' numbers from Redis, its own from memory
      await luotd.spawn();
      await comesTo(luotd, before);

      const dump = (await luotctl(luotd, ['dump', '--all'])).out;
      const other = await Luotd.start({ config: sites(4), clock, args: ['--node=n1', '--store=sqlite'] });
      try {
        assert.equal((await luotctl(other, ['load'], { input: dump })).code, 0);
        await other.kill9();
        fs.rmSync(path.join(other.run, 'arena'));
        await other.spawn();
        await comesTo(other, before);
        await other.stop();
      } finally {
        other.remove();
      }
    });
    clock.close();
  });

  test('and what has no room in its memory is asked for alone', () =>
    scene({ config: sites(BIG), prepare: fill }, async ({ proxy, luotd }) => {
      for (const i of [0, BIG >> 1, BIG - 1]) {
        await until('all pages', async () => (await luotd.get(`/v1/${key(i)}/page.json?p=/${'x'.repeat(200)}/4999`)).views === 4999);
        assert.equal(await total(luotd, i), 777);
      }
      assert.equal(proxy.connections > 0, true);
      assert.doesNotMatch(luotd.log, /event=history /);
    }));
});
