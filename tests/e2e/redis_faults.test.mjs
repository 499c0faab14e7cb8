// Every way in which a Redis can fail: counting goes on in the memory there is, one line says that it begins and one that it is over, and
// then the totals are the truth, which they were never above.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, build, sums, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';
import { Proxy, manners } from './lib/redis_proxy.mjs';
import { freePort, redisAt } from './lib/sentinel.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const BACK_MS = 60000; // the longest back-off, and then two flushes
const GROWS_KB = 1024;
const sanitized = /address|thread/.test(build); // whose memory is not the program's

const store = async (luotd) => (await luotd.stats()).stores[0];
const counted = async (luotd) => sums(await luotd.stats()).counted;
const resident = (luotd) => Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${luotd.pid}/status`, 'utf8'))[1]);
const views = async (luotd, from, n) => {
  const before = await counted(luotd);
  for (let i = from; i < from + n; i++) {
    const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.6.${i >> 8}.${i & 255}` }, body: 's=demo&p=/' });
    assert.equal(r.status, 204);
  }
  assert.equal((await counted(luotd)) - before, n);
};
/** What a Redis says, never above the truth on the way to it. */
const arrives = (redis, truth) =>
  until(`${truth} views in Redis`, async () => {
    const n = await redis.views().catch(() => -1);
    assert.ok(n <= truth, `${n} in Redis, but ${truth} were counted`);
    return n === truth;
  }, BACK_MS);
const durable = (luotd) => until('durable', async () => (await luotd.widget()).durable, BACK_MS);
const today = async (redis) => (await redis.cli('ZREVRANGE', 'luot:{demo}:days', '0', '0')).trim();
/** Rounds that failed: each is a second. */
const fails = async (luotd, n) => {
  const before = (await store(luotd)).failures;
  await until(`${n} saves that fail`, async () => (await store(luotd)).failures >= before + n);
};

/** A luotd whose Redis is behind a proxy. */
async function scene(options, body) {
  const redis = await Redis.start(options.redis);
  const proxy = await Proxy.start(redis.socket);
  let luotd;
  try {
    await options.prepare?.(redis);
    const where = options.direct ? redis.where : `redis://${options.login ?? ''}127.0.0.1:${proxy.port}`;
    luotd = await Luotd.start({ config: `store = ${where}\n${CONFIG}`, args: ['--node=n1', ...(options.args ?? [])], clock: options.clock });
    await body(redis, proxy, luotd);
    await luotd.stop();
    luotd = null;
  } finally {
    luotd?.remove();
    proxy.stop();
    await redis.stop();
  }
}

/** The whole course of a fault; `says` is what the log and the stats say of it. */
const suffers = (what, { says, begin, end, options = {} }) =>
  test(what, () =>
    scene(options, async (redis, proxy, luotd) => {
      await views(luotd, 0, 50);
      await arrives(redis, 50);
      await durable(luotd);
      await views(luotd, 100, 50);
      await arrives(redis, 100);
      const before = resident(luotd);

      await begin(redis, proxy);
      await views(luotd, 1000, 20);
      await until(`${says} in the stats`, async () => says.test((await store(luotd)).error ?? ''));
      await fails(luotd, 2);
      await views(luotd, 2000, 20);
      assert.equal((await luotd.widget()).durable, false);
      assert.equal((await luotd.snapshot()).periods.total.views, 140);
      const grown = resident(luotd) - before;
      assert.ok(sanitized || grown < GROWS_KB, `${grown} KiB more`);

      await end(redis, proxy);
      await arrives(redis, 140);
      await durable(luotd);
      assert.equal((await store(luotd)).error, null);
      assert.deepEqual([...(await redis.hash(`luot:{demo}:day:${await today(redis)}`)).values()], ['140 140 140 0']);
      const began = luotd.log.split('\n').filter((l) => l.includes('event=save_failed'));
      assert.equal(began.length, 1, luotd.log);
      assert.match(began[0], says);
      assert.equal(luotd.log.split('event=save_works_again').length, 2, luotd.log);
    }));

const config = (name, bad, good) => ({
  begin: (redis) => redis.cli('CONFIG', 'SET', name, bad),
  end: (redis) => redis.cli('CONFIG', 'SET', name, good),
});
const mannered = (manner) => ({
  begin: async (_, proxy) => (proxy.manner = manner),
  end: async (_, proxy) => (proxy.manner = manners.faithful),
});
const hostile = (says, manner) => ({ says, ...mannered(manner) });
/** The server hangs up on everybody, between two flushes. */
const hangUp = (redis) => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

describe('a Redis that fails', { skip: missing, concurrency: 8 }, () => {
  suffers('killed, and restarted empty', {
    says: /closed the connection|Connection (refused|reset)/,
    begin: (redis) => redis.kill(),
    end: (redis) => redis.spawn(),
  });
  suffers('stopped (SIGSTOP), and continued', {
    says: /no answer in time/,
    begin: async (redis) => redis.freeze(),
    end: async (redis) => redis.thaw(),
  });
  suffers('a byte a second', { says: /no answer in time/, ...mannered(manners.drip(1000)) });

  test('each answer half a second late is no fault', () =>
    scene({}, async (redis, proxy, luotd) => {
      await views(luotd, 0, 20);
      await arrives(redis, 20);
      proxy.manner = manners.late(500);
      await views(luotd, 100, 20);
      await arrives(redis, 40);
      proxy.cut(); // so that it also connects that slowly
      await views(luotd, 200, 20);
      await arrives(redis, 60);
      await durable(luotd);
      proxy.manner = manners.faithful;
      assert.ok(luotd.log.split('event=save_failed').length <= 2, luotd.log);
    }));

  // --- Refusing ---
  suffers('OOM', { says: /OOM.*maxmemory/, ...config('maxmemory', '1', '0') });
  suffers('NOREPLICAS', { says: /NOREPLICAS/, ...config('min-replicas-to-write', '1', '0') });
  suffers('READONLY', {
    says: /READONLY.*name the master/,
    begin: (redis) => redis.cli('REPLICAOF', '127.0.0.1', '1'),
    end: (redis) => redis.cli('REPLICAOF', 'NO', 'ONE'),
  });
  suffers('NOPERM', {
    says: /NOPERM.*ACL/,
    begin: (redis) => redis.cli('ACL', 'SETUSER', 'default', '-@scripting'),
    end: (redis) => redis.cli('ACL', 'SETUSER', 'default', '+@all'),
  });
  suffers('WRONGTYPE', {
    says: /WRONGTYPE.*DEL it/,
    async begin(redis) {
      redis.key = `luot:{demo}:day:${await today(redis)}`;
      await redis.cli('DEL', redis.key);
      await redis.cli('SET', redis.key, 'mine');
    },
    end: (redis) => redis.cli('DEL', redis.key),
  });
  suffers('NOAUTH', {
    says: /NOAUTH.*password/,
    async begin(redis) {
      await redis.cli('CONFIG', 'SET', 'requirepass', 'secret');
      redis.login = ['-a', 'secret'];
      await hangUp(redis);
    },
    end: (redis) => redis.cli('CONFIG', 'SET', 'requirepass', ''),
  });
  suffers('WRONGPASS', {
    says: /WRONGPASS.*password/,
    options: {
      login: ':secret@',
      async prepare(redis) {
        await redis.cli('CONFIG', 'SET', 'requirepass', 'secret');
        redis.login = ['-a', 'secret'];
      },
    },
    async begin(redis) {
      await redis.cli('CONFIG', 'SET', 'requirepass', 'another');
      redis.login = ['-a', 'another'];
      await hangUp(redis);
    },
    async end(redis) {
      await redis.cli('CONFIG', 'SET', 'requirepass', 'secret');
      redis.login = ['-a', 'secret'];
    },
  });
  suffers('BUSY', {
    says: /BUSY.*SCRIPT KILL/,
    async begin(redis) {
      await redis.cli('CONFIG', 'SET', 'busy-reply-threshold', '50');
      redis.cli('EVAL', 'while true do end', '0').catch(() => {});
    },
    end: (redis) => redis.cli('SCRIPT', 'KILL'),
  });
  suffers('MISCONF', {
    says: /MISCONF.*disk/,
    options: { redis: ['--save', '3600', '1', '--dbfilename', 'taken'] },
    async begin(redis) {
      fs.mkdirSync(path.join(redis.dir, 'taken'));
      await redis.cli('BGSAVE');
      await until('a save that failed', async () => (await redis.cli('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'));
    },
    async end(redis) {
      fs.rmdirSync(path.join(redis.dir, 'taken'));
      await redis.cli('BGSAVE');
    },
  });
  suffers('max number of clients', {
    says: /max number of clients.*maxclients/,
    options: { direct: true },
    async begin(redis) {
      redis.held = net.connect(redis.socket);
      redis.held.on('error', () => {});
      redis.held.write('CONFIG SET maxclients 1\r\n');
      await new Promise((done) => redis.held.once('data', done));
      redis.held.write('CLIENT KILL TYPE normal SKIPME yes\r\n');
    },
    async end(redis) {
      redis.held.end('CONFIG SET maxclients 10000\r\n');
    },
  });
  suffers('LOADING', { says: /LOADING.*wait/, ...mannered(manners.says('-LOADING Redis is loading the dataset in memory\r\n')) });

  // --- Hostile ---
  suffers('a giant text', hostile(/no answer in time|no reply/, manners.says('$9223372036854775806\r\n')));
  suffers('a giant array', hostile(/no reply/, manners.says('*1000000000\r\n')));
  suffers('a text without end', hostile(/more than 64 KiB/, manners.floods('$9000000\r\nabcdefghijklmnopqrstuvwxyz')));
  suffers('an array without end', hostile(/more than 64 KiB|no reply/, manners.floods('*8000\r\n:1\r\n')));
  suffers('answers that nobody asked for', hostile(/nobody asked for/, manners.says(':1\r\n:1\r\n')));
  suffers('answers nested in answers', hostile(/no reply/, manners.says('*1\r\n'.repeat(12) + ':1\r\n')));
  suffers('garbage', hostile(/no reply/, manners.says('\x00\xff HTTP/1.1 400 Bad Request\r\n\r\n')));
  suffers('a connection that is half closed', hostile(/closed the connection/, manners.halfCloses));

  // --- Failing over ---
  test('to a replica that is 30 s behind', async () => {
    const clock = new Clock(1764000000);
    const replica = await redisAt(await freePort());
    try {
      await scene({ clock, redis: ['--port', String(await freePort()), '--repl-diskless-sync-delay', '0'] }, async (redis, proxy, luotd) => {
        const port = (await redis.cli('CONFIG', 'GET', 'port')).split('\n')[1];
        await replica.cli('REPLICAOF', '127.0.0.1', port);
        await views(luotd, 0, 50);
        await arrives(redis, 50);
        await arrives(replica, 50);
        const before = resident(luotd);
        await replica.cli('REPLICAOF', 'NO', 'ONE'); // it hears no more
        for (let i = 1; i <= 3; i++) {
          await luotd.advance(clock.seconds + 10);
          await views(luotd, 100 * i, 10);
          await arrives(redis, 50 + 10 * i);
        }
        assert.equal(await replica.views(), 50);
        await redis.kill();
        proxy.target = replica.socket;
        await arrives(replica, 80);
        await durable(luotd);
        assert.deepEqual([...(await replica.hash(`luot:{demo}:day:${await today(replica)}`)).values()], ['80 80 80 0']);
        const grown = resident(luotd) - before;
        assert.ok(sanitized || grown < GROWS_KB, `${grown} KiB more`);
        const began = luotd.log.split('event=save_failed').length - 1;
        assert.ok(began <= 1, luotd.log);
        assert.equal(luotd.log.split('event=save_works_again').length - 1, began, luotd.log);
      });
    } finally {
      await replica.stop();
      clock.close();
    }
  });
});
