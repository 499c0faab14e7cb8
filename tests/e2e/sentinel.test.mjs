// Sentinels say who the master is: luotd finds it, follows a failover, and the totals in the new master are the truth.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Luotd, until } from './lib/luotd.mjs';
import { missing } from './lib/redis.mjs';
import { Sentinel, freePort, redisAt } from './lib/sentinel.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const BACK_MS = 60000; // the longest back-off, and then two flushes

const views = async (luotd, from, n) => {
  for (let i = from; i < from + n; i++) {
    const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.5.${i >> 8}.${i & 255}` }, body: 's=demo&p=/' });
    assert.equal(r.status, 204);
  }
};
const store = async (luotd) => (await luotd.stats()).stores[0];
const saysOf = (luotd, word) => luotd.log.split('\n').filter((l) => l.includes(word));
/** What a Redis says, never above the truth on the way to it. */
const arrives = (redis, truth) =>
  until(`${truth} views in Redis`, async () => {
    const n = await redis.views().catch(() => -1);
    assert.ok(n <= truth, `${n} in Redis, but ${truth} were counted`);
    return n === truth;
  }, BACK_MS);
const durable = (luotd) => until('durable', async () => (await luotd.widget()).durable, BACK_MS);

/** Whatever `body` puts into `all` is stopped at the end, the last first. */
async function scene(body) {
  const all = [];
  const add = async (thing) => {
    const started = await thing;
    all.unshift(started);
    return started;
  };
  try {
    await body(add);
  } finally {
    for (const thing of all) await (thing instanceof Luotd ? thing.remove() : thing.stop());
  }
}
const start = (where, args = []) => Luotd.start({ config: `store = ${where}\n${CONFIG}`, args: ['--node=n1', ...args] });

describe('a master that sentinels know', { skip: missing, concurrency: 3 }, () => {
  test('is found; a failover is followed, and the old master that comes back as a replica changes nothing', () =>
    scene(async (add) => {
      const old = await add(redisAt(await freePort()));
      const replica = await add(redisAt(await freePort(), { master: old }));
      const sentinel = await add(Sentinel.start(await freePort(), old));
      await sentinel.knowsReplicas(1);
      const luotd = await add(start(`redis+sentinel://127.0.0.1:${sentinel.port}/main`));
      await views(luotd, 0, 20);
      await arrives(old, 20);
      await durable(luotd);
      assert.equal(luotd.log.includes('save_failed'), false, luotd.log);

      await old.kill();
      await views(luotd, 100, 10);
      await until('the trouble', async () => (await store(luotd)).error);
      await until('a new master', async () => (await replica.role()) === 'master');
      await views(luotd, 200, 10);
      await arrives(replica, 40);
      await durable(luotd);
      assert.equal((await luotd.snapshot()).periods.total.views, 40);
      assert.equal(saysOf(luotd, 'event=save_failed').length, 1, luotd.log);
      assert.match(saysOf(luotd, 'event=save_failed')[0], /main at 127\.0\.0\.1:\d+/);
      assert.equal(saysOf(luotd, 'event=save_works_again').length, 1, luotd.log);

      assert.equal(await sentinel.master(), replica.port);
      await old.spawn(['--replicaof', '127.0.0.1', String(replica.port)]);
      await views(luotd, 300, 10);
      await arrives(replica, 50);
      await arrives(old, 50);
      assert.equal(await old.role(), 'slave');
      assert.equal(saysOf(luotd, 'event=save_failed').length, 1, luotd.log);
      await luotd.stop();
    }));

  test('is followed when it is demoted and goes on running: a replica is never written to', () =>
    scene(async (add) => {
      const old = await add(redisAt(await freePort()));
      const replica = await add(redisAt(await freePort(), { master: old }));
      const sentinel = await add(Sentinel.start(await freePort(), old));
      await sentinel.knowsReplicas(1);
      const luotd = await add(start(`sqlite, redis+sentinel://127.0.0.1:${sentinel.port}/main/0`));
      await views(luotd, 0, 10);
      await arrives(old, 10);
      await sentinel.cli('SENTINEL', 'failover', 'main');
      await views(luotd, 100, 10);
      await until('a new master', async () => (await replica.role()) === 'master');
      await arrives(replica, 20);
      await until('the old one is a replica', async () => (await old.role()) === 'slave', BACK_MS);
      await views(luotd, 200, 10);
      await arrives(replica, 30);
      await arrives(old, 30);
      await durable(luotd);
      await luotd.stop();
    }));

  test('is followed when it hangs; when it goes on, still sure that it is the master, it changes nothing', () =>
    scene(async (add) => {
      const old = await add(redisAt(await freePort()));
      const replica = await add(redisAt(await freePort(), { master: old }));
      const sentinel = await add(Sentinel.start(await freePort(), old));
      await sentinel.knowsReplicas(1);
      const luotd = await add(start(`redis+sentinel://127.0.0.1:${sentinel.port}/main`));
      await views(luotd, 0, 10);
      await arrives(old, 10);
      old.freeze();
      await views(luotd, 100, 10);
      await until('a new master', async () => (await replica.role()) === 'master');
      await arrives(replica, 20);
      await durable(luotd);
      old.thaw();
      await views(luotd, 200, 10);
      await arrives(replica, 30);
      await durable(luotd);
      assert.equal(saysOf(luotd, 'event=save_failed').length, 1, luotd.log);
      assert.equal(saysOf(luotd, 'event=save_works_again').length, 1, luotd.log);
      await luotd.stop();
    }));

  test('is found when its sentinels come later than luotd, with passwords that nobody sees', () =>
    scene(async (add) => {
      const redis = await add(redisAt(await freePort(), { pass: 'master-secret' }));
      const ports = [await freePort(), await freePort()];
      // As conf/redis.md says.
      const acl = '~luot:* +@read +@write +@scripting +@transaction +ping +select +auth +time -@dangerous +role';
      await redis.cli('ACL', 'SETUSER', 'luot', 'on', '>user-secret', ...acl.split(' '));
      const where = `redis+sentinel://luot:user-secret@127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}/main?sentinel=:sentinel-secret`;
      const luotd = await add(start(where));
      await views(luotd, 0, 5);
      await until('the trouble', async () => /the sentinel 127\.0\.0\.1:\d+: Connection refused/.test((await store(luotd)).error ?? ''));
      assert.equal((await luotd.widget()).durable, false);
      await add(Sentinel.start(ports[1], redis, { pass: 'sentinel-secret', masterPass: 'master-secret' }));
      await views(luotd, 50, 5);
      await arrives(redis, 10);
      await durable(luotd);
      assert.equal(saysOf(luotd, 'event=save_failed').length, 1, luotd.log);
      assert.equal(saysOf(luotd, 'event=save_works_again').length, 1, luotd.log);
      const told = JSON.stringify(await luotd.stats()) + luotd.log + luotd.out + (await luotd.ask('stats'));
      assert.ok(!/user-secret|sentinel-secret/.test(told), told);
      assert.match(told, /luot:\*\*\*@127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\/main\?sentinel=:\*\*\*/);
      await luotd.stop();
    }));

  test('is found by the other sentinels when one is away, one says nothing, and one has died', () =>
    scene(async (add) => {
      const redis = await add(redisAt(await freePort()));
      const nobody = await freePort();
      const mute = await add(Sentinel.start(await freePort(), redis));
      const first = await add(Sentinel.start(await freePort(), redis));
      const second = await add(Sentinel.start(await freePort(), redis));
      mute.child.kill('SIGSTOP');
      const luotd = await add(start(`redis+sentinel://${[nobody, mute.port, first.port, second.port].map((p) => `127.0.0.1:${p}`)}/main`));
      await views(luotd, 0, 10);
      await arrives(redis, 10);
      await first.kill();
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
      await views(luotd, 100, 10);
      await arrives(redis, 20);
      await durable(luotd);
      assert.ok(saysOf(luotd, 'event=save_failed').length <= 1, luotd.log);
      await luotd.stop();
    }));

  test('is told apart from one of another name, in a sentence that says what to do', () =>
    scene(async (add) => {
      const redis = await add(redisAt(await freePort()));
      const sentinel = await add(Sentinel.start(await freePort(), redis));
      const luotd = await add(start(`redis+sentinel://127.0.0.1:${sentinel.port}/mine`));
      await views(luotd, 0, 3);
      const said = await until('the trouble', async () => (await store(luotd)).error);
      assert.match(said, /it knows no master named mine; see its `sentinel monitor`, and the name in `store`/);
      await sentinel.cli('SENTINEL', 'MONITOR', 'mine', '127.0.0.1', String(redis.port), '1');
      await arrives(redis, 3);
      await luotd.stop();
    }));
});
