// What a Redis keeps, loses and gives back; how it can fail is redis_faults.test.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { loseQuarter } from './lib/arena.mjs';
import { dayOf } from './lib/days.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const BACK_MS = 60000; // the longest back-off, and then two flushes

const view = async (luotd, n) => {
  const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.${n >> 8}.${n & 255}` }, body: 's=demo&p=/' });
  assert.equal(r.status, 204);
};
const views = async (luotd, from, n) => {
  for (let i = 0; i < n; i++) await view(luotd, from + i);
};
const store = async (luotd, i = 0) => (await luotd.stats()).stores[i];
const saysOf = (luotd, word) => luotd.log.split('\n').filter((l) => l.includes(word));
/** What Redis says, never above the truth on the way to it. */
const arrives = (redis, truth) =>
  until(`${truth} views in Redis`, async () => {
    const n = await redis.views().catch(() => -1);
    assert.ok(n <= truth, `${n} in Redis, but ${truth} were counted`);
    return n === truth;
  }, BACK_MS);

async function run(what, { redis: redisArgs, luotd: options = {} }, body) {
  const redis = await Redis.start(redisArgs);
  let luotd;
  try {
    luotd = await Luotd.start({ config: CONFIG, ...options, args: [`--store=${options.where?.(redis) ?? redis.where}`, '--node=n1', ...(options.args ?? [])] });
    await body(redis, luotd);
    await luotd.stop();
    luotd = null;
  } finally {
    luotd?.remove();
    await redis.stop();
  }
}

describe('a store in Redis', { skip: missing, concurrency: 2 }, () => {
  test('gives back everything when the arena is lost, as after a reboot', () =>
    run('reboot', {}, async (redis, luotd) => {
      await views(luotd, 0, 20);
      await arrives(redis, 20);
      for (let round = 1; round <= 2; round++) {
        await luotd.kill9();
        fs.rmSync(path.join(luotd.run, 'arena'));
        await luotd.spawn();
        const p = (await luotd.snapshot()).periods;
        assert.equal(p.total.views, 20 + round - 1);
        assert.equal(p.today.views, 20 + round - 1);
        assert.equal(p.last_24h.views >= 0, true);
        await view(luotd, 900 + round);
        await arrives(redis, 20 + round);
      }
    }));

  test('emptied (FLUSHALL): counting goes on and the total is the truth', () =>
    run('emptied', {}, async (redis, luotd) => {
      await views(luotd, 0, 10);
      await arrives(redis, 10);
      await redis.cli('FLUSHALL');
      await views(luotd, 100, 10);
      assert.equal((await luotd.snapshot()).periods.total.views, 20);
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal'); // as a failover would
      await arrives(redis, 20);
      await until('durable', async () => (await luotd.widget()).durable);
      const said = saysOf(luotd, 'event=save_');
      assert.ok(said.length <= 2, said.join('\n'));
    }));

  const today = async (redis) => (await redis.cli('ZREVRANGE', 'luot:{demo}:days', '0', '0')).trim();
  test('a wrong password is said as it is, never with the password', async () => {
    const redis = await Redis.start();
    let luotd;
    try {
      await redis.cli('CONFIG', 'SET', 'requirepass', 'right-secret');
      redis.login = ['-a', 'right-secret'];
      const where = (pass) => `redis+unix://:${pass}@${redis.socket}`;
      luotd = await Luotd.start({ config: `store = ${where('wrong-secret')}\n${CONFIG}` });
      await views(luotd, 0, 3);
      await until('WRONGPASS', async () => (await store(luotd)).error?.includes('WRONGPASS'));
      const told = JSON.stringify(await luotd.stats()) + luotd.log + luotd.out + (await luotd.ask('stats'));
      assert.ok(!told.includes('wrong-secret'), told);
      assert.match(told, /\*\*\*@/);
      await redis.cli('CONFIG', 'SET', 'requirepass', 'wrong-secret');
      redis.login = ['-a', 'wrong-secret'];
      await arrives(redis, 3);
      await luotd.stop();
      luotd = null;
    } finally {
      luotd?.remove();
      await redis.stop();
    }
  });

  test('a save that arrives again, or late, changes nothing', () =>
    run('late', {}, async (redis, luotd) => {
      const monitor = spawn('redis-cli', ['-s', redis.socket, 'MONITOR']);
      let heard = '';
      monitor.stdout.on('data', (d) => (heard += d));
      await until('the monitor', () => heard.startsWith('OK'));
      await views(luotd, 0, 10);
      await arrives(redis, 10);
      monitor.kill();
      const saves = heard.split('\n').filter((l) => /"evalsha"/i.test(l) && !l.includes('\\')).map((l) => [...l.matchAll(/"([^"]*)"/g)].map((m) => m[1]));
      assert.ok(saves.length > 3, heard);
      await views(luotd, 100, 10);
      await arrives(redis, 20);
      for (const words of [...saves, ...saves.reverse()]) await redis.cli(...words);
      assert.equal(await redis.views(), 20);
      const day = await redis.hash(`luot:{demo}:day:${await today(redis)}`);
      assert.deepEqual([...day.values()], ['20 20 20 0']);
    }));

  test('failing over to a server that is behind: what it has not seen is written again', () =>
    run('failover', {}, async (redis, luotd) => {
      await views(luotd, 0, 10);
      await arrives(redis, 10);
      await redis.cli('SAVE'); // what the replica had when the master died
      await views(luotd, 100, 10);
      await arrives(redis, 20);
      await redis.kill();
      await redis.spawn();
      assert.ok((await redis.views()) <= 20);
      await arrives(redis, 20);
      const rows = (kind) => redis.cli('ZRANGE', `luot:{demo}:${kind}`, '0', '-1').then((t) => t.split('\n'));
      for (const [kind, hash] of [['days', 'day'], ['quarters', 'quarters']])
        await until(`the ${kind}`, async () => {
          let sum = 0;
          for (const label of await rows(kind)) for (const v of (await redis.hash(`luot:{demo}:${hash}:${label}`)).values()) sum += Number(v.split(' ')[0]);
          assert.ok(sum <= 20);
          return sum === 20;
        });
    }));

  test('a clock that is years ahead for a while takes nothing of now out of what is there', async () => {
    const clock = new Clock(Math.floor(Date.now() / 1000));
    const days = async (redis, kind) => new Set((await redis.cli('ZRANGE', `luot:{demo}:${kind}`, '0', '-1')).split('\n').map((l) => l.slice(0, 10)));
    try {
      await run('ahead', { luotd: { clock, config: `${CONFIG}timezone = UTC\n` } }, async (redis, luotd) => {
        const seen = [];
        for (const years of [0, 1, 5]) {
          clock.set(clock.seconds + years * 365 * 86400);
          await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s >= clock.seconds);
          await until("the new day's tops", async () => { // count/site_tops: some ticks after a clock that jumped
            await view(luotd, 0);
            return (await luotd.json('top demo of=pages')).total > 0;
          });
          seen.push(dayOf(clock.seconds));
          assert.equal((await luotd.term()).code, 0); // all is saved: tops too
          await luotd.spawn();
        }
        for (const kind of ['days', 'quarters', 'tops']) {
          const there = await days(redis, kind);
          for (const d of seen) assert.ok(there.has(d), `${d} is not in ${kind}: ${[...there]}`);
        }
      });
    } finally {
      clock.close();
    }
  });

  test('away at the start: counting begins, and what was kept before is added when it comes', () =>
    run('late', {}, async (redis, luotd) => {
      await views(luotd, 0, 5);
      await arrives(redis, 5);
      redis.freeze();
      await luotd.kill9();
      fs.rmSync(path.join(luotd.run, 'arena'));
      await luotd.spawn();
      await views(luotd, 50, 2);
      assert.equal((await luotd.widget()).durable, false);
      redis.thaw();
      await arrives(redis, 7);
      await until('history', async () => (await luotd.snapshot()).periods.total.views === 7);
    }));

  for (const [what, leave, come] of [
    ['stopped', (redis) => redis.freeze(), (redis) => redis.thaw()],
    ['not reached', (redis) => redis.hide(), (redis) => redis.show()],
  ])
    test(`${what} when a damaged arena is adopted: what was lost is had again when it comes, beside what was counted meanwhile`, async () => {
      const began = 1715680800; // a quarter-hour
      const clock = new Clock(began);
      try {
        await run('damaged', { luotd: { clock } }, async (redis, luotd) => {
          const total = async () => (await luotd.snapshot()).periods.total.views;
          await views(luotd, 0, 7);
          await arrives(redis, 7);
          clock.set(began + 3600);
          await views(luotd, 20, 2);
          await arrives(redis, 9);
          await luotd.kill9();
          await leave(redis);
          loseQuarter(luotd, began, 7);
          await luotd.spawn();
          assert.match(luotd.log, /event=arena_damaged \S+ site=demo mended=\d+ lost=[1-9]/);
          assert.match(luotd.log, /event=arena_not_mended site=demo .*next=what_was_lost_is_had_again_when_the_store_answers/);
          const left = await total();
          assert.ok(left < 9, `${left}: nothing was lost`);
          await views(luotd, 40, 3);
          assert.equal((await luotd.widget()).durable, false);
          await luotd.kill9(); // it waits on
          luotd.log = '';
          await luotd.spawn();
          assert.doesNotMatch(luotd.log, /event=arena_damaged/);
          await views(luotd, 60, 2);
          assert.equal(await total(), left + 5);
          await come(redis);
          await arrives(redis, 14);
          assert.equal(await total(), 14);
          await until('it is said', () => /event=arena_mended site=demo numbers=[1-9]/.test(luotd.log));
          await until('durable', async () => (await luotd.widget()).durable);
          await luotd.kill9();
          await luotd.spawn();
          assert.equal(await total(), 14);
          assert.equal(saysOf(luotd, 'event=arena_mended').length, 1, luotd.log);
          await view(luotd, 80);
          await arrives(redis, 15);
          const series = await luotd.get(`/v1/demo/series.json?metric=views&step=quarter&from=${began}&to=${began + 900}`);
          assert.deepEqual(series.points, [[began, 7]]);
        });
      } finally {
        clock.close();
      }
    });
});
