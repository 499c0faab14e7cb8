// Redis goes away in every way it can; counting does not notice, and the totals are the truth when it is back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Luotd, until } from './lib/luotd.mjs';
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

  for (const [what, leave, come] of [
    ['killed, and restarted empty', (r) => r.kill(), (r) => r.spawn()],
    ['stopped (SIGSTOP), and continued', async (r) => r.freeze(), async (r) => r.thaw()],
    ['emptied (FLUSHALL)', (r) => r.cli('FLUSHALL'), async () => {}],
  ])
    test(`${what}: counting goes on and the total is the truth`, () =>
      run(what, {}, async (redis, luotd) => {
        await views(luotd, 0, 10);
        await arrives(redis, 10);
        await leave(redis);
        const lines = saysOf(luotd, 'event=save_').length;
        for (let i = 0; i < 10; i++) {
          await view(luotd, 100 + i);
          await new Promise((done) => setTimeout(done, 300));
        }
        assert.equal((await luotd.snapshot()).periods.total.views, 20);
        await come(redis);
        if (what.startsWith('emptied')) await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal'); // as a failover would
        await arrives(redis, 20);
        await until('durable', async () => (await luotd.widget()).durable);
        const said = saysOf(luotd, 'event=save_').slice(lines);
        assert.ok(said.length <= 4, said.join('\n'));
      }));

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
});
