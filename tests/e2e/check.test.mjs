// `luotctl check`: one line for each thing that is not well, what to do, and the exit status.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { luotctl } from './lib/ctl.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\n[site second]\n';
const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const view = (luotd, site) => luotd.request('POST', '/b', { body: `s=${site}&p=/` });
const bad = (r) => r.out.split('\n').filter((l) => l.startsWith('BAD'));
/** Beside this: a test's clock is not Redis' clock, and that is said. */
const bad_else = (r) => bad(r).filter((l) => !/^BAD nodes   the clock of \S+ differs from Redis' by -?\d+ ms: /.test(l));
const saved = (luotd) => until('durable', async () => (await luotd.json('stats')).store.durable);

describe('luotctl check', () => {
  test('says that all is well, then which site is silent, and ends with 0 and 1', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    try {
      await view(luotd, 'demo');
      await saved(luotd);
      let r = await luotctl(luotd, ['check']);
      assert.deepEqual([r.code, bad(r)], [0, []], r.out);
      assert.match(r.out, /^ok {2}whole .*luot\.db is whole$/m);
      assert.match(r.out, /^ok {2}room .* of \d+ sites are taken$/m);
      await luotd.advance(NOON + 90000);
      await view(luotd, 'demo');
      await saved(luotd);
      r = await luotctl(luotd, ['check']);
      assert.equal(r.code, 1, r.out + r.err);
      assert.equal(bad(r).length, 1, r.out);
      assert.match(bad(r)[0], /^BAD silent {2}second had no view yet: is the tag in its pages\?$/);
      await luotd.advance(clock.seconds + 7200);
      r = await luotctl(luotd, ['check', '--quiet', '1h']);
      assert.match(bad(r)[0], /^BAD silent {2}demo had no view since 2026-11-24T13:00\+07:00: /);
      assert.equal(bad(r).length, 2);
      assert.equal((await luotctl(luotd, ['check', '--quiet=2d'])).code, 0);
      assert.equal((await luotctl(luotd, ['check', '--quiet=soon'])).code, 1);
      assert.equal((await luotd.json('check')).ok, false);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('says when the disk will be full, from how the database grew', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      await saved(luotd);
      const db = path.join(luotd.state, 'luot.db');
      assert.match((await luotctl(luotd, ['check'])).out, /how it grows is known in a day/);
      const sql = (text) => execFileSync('sqlite3', ['-cmd', '.timeout 5000', db, text]);
      const day = Math.floor(Date.now() / 86400000);
      sql(`INSERT OR REPLACE INTO growth VALUES(${day - 10}, 1000), (${day}, 10001000)`);
      assert.match((await luotctl(luotd, ['check'])).out, /^ok {2}disk .*grows by 1\.0 MB a day; .* are free: full in \d+ days$/m);
      sql(`UPDATE growth SET bytes = 1000000000000000 WHERE day = ${day}`);
      const r = await luotctl(luotd, ['check']);
      assert.equal(r.code, 1, r.out + r.err);
      assert.match(bad(r)[0], /full in 0 days; free some space there, or move the store to a larger disk$/);
    } finally {
      await luotd.stop();
    }
  });

  test('says that nothing is kept without a store, and that there is no room for more sites', async () => {
    const luotd = await Luotd.start({ config: 'store = none\nsites_max = 2\n' + CONFIG });
    try {
      const r = await luotctl(luotd, ['check']);
      assert.equal(r.code, 1, r.out + r.err);
      assert.match(r.out, /^BAD store .*set `store` in luotd\.conf/m);
      assert.match(r.out, /^BAD room .*raise sites_max and restart luotd$/m);
      assert.equal(bad(r).length, 2, r.out);
    } finally {
      await luotd.stop();
    }
  });

  test('finds a page of the database that is damaged', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let n = 0; n < 5; n++) await view(luotd, 'demo');
      await saved(luotd);
      assert.equal((await luotd.term()).code, 0);
      const db = path.join(luotd.state, 'luot.db');
      await luotd.spawn();
      await saved(luotd);
      // Under the running daemon, as a disk does it: every page but the first, and the log taken in before.
      execFileSync('sqlite3', ['-cmd', '.timeout 5000', db, 'PRAGMA wal_checkpoint(TRUNCATE)']);
      const fd = fs.openSync(db, 'r+');
      fs.writeSync(fd, Buffer.alloc(fs.fstatSync(fd).size - 8192, 0xa5), 0, undefined, 8192);
      fs.closeSync(fd);
      const r = await until('damage', async () => {
        const said = await luotctl(luotd, ['check']);
        return /^BAD whole/m.test(said.out) ? said : null;
      });
      assert.equal(r.code, 1, r.out + r.err);
      assert.match(r.out, /^BAD whole .*luot\.db is damaged \(.*luotctl load FILE/m);
    } finally {
      luotd.remove();
    }
  });
});

describe('luotctl check, with a Redis server beside the database', { skip: missing }, () => {
  const SITES = '[site demo]\nany_host = yes\n[site second]\n[site third]\n';
  /** luotd with both stores, whose views are old enough to have to be in Redis. */
  async function start() {
    const clock = new Clock(NOON);
    const redis = await Redis.start();
    const luotd = await Luotd.start({ config: SITES, clock, args: [`--store=sqlite,${redis.where}`] });
    for (const site of ['demo', 'demo', 'demo', 'second', 'third']) await view(luotd, site);
    for (const site of ['demo', 'second', 'third']) await until('views in Redis', async () => (await redis.views(site)) > 0);
    await luotd.advance(NOON + 60);
    await saved(luotd);
    const stop = async () => {
      await luotd.stop();
      await redis.stop();
      clock.close();
    };
    return { clock, redis, luotd, stop };
  }

  test('names the sites that differ, and the stores that cannot be asked', async () => {
    const { redis, luotd, stop } = await start();
    try {
      let r = await luotctl(luotd, ['check']);
      assert.deepEqual([r.code, bad(r).length, bad_else(r)], [1, 1, []], r.out);
      assert.match(r.out, /^ok {2}holds {3}redis\+unix:\S+ has of each of 3 sites what luotd has$/m);
      assert.equal(r.out.match(/^ok {2}store .*: all that was counted is saved$/gm).length, 2, r.out);

      const [run] = (await redis.hash('luot:{demo}:total')).keys();
      await redis.cli('HDEL', 'luot:{demo}:total', run);
      await redis.cli('HSET', 'luot:{second}:day:2026-11-23', run, '77 1 1 0');
      r = await luotctl(luotd, ['check']);
      assert.equal(r.code, 1, r.out + r.err);
      assert.equal(bad_else(r).length, 2, r.out);
      assert.match(bad_else(r)[0], /^BAD differs demo: redis\+unix:\S+ has 0 views of this run and 3 of today, luotd has 3 and 3: all is written again within ten minutes/);
      assert.match(bad_else(r)[1], /^BAD differs second: redis\+unix:\S+ has 1 views of this run and 77 of today, luotd has 1 and 1: /);
      const json = await luotd.json('check');
      assert.equal(json.ok, false);
      assert.deepEqual(json.checks.filter((c) => !c.ok).map((c) => c.what), ['differs', 'differs', 'nodes']);
    } finally {
      await stop();
    }
  });

  test('says when Redis is away, answers all the same, and is content when it is back and has everything', async () => {
    const { redis, luotd, stop } = await start();
    try {
      await redis.kill();
      await view(luotd, 'demo');
      let r = await until('one that is away', async () => {
        const said = await luotctl(luotd, ['check']);
        return /^BAD store/m.test(said.out) ? said : null;
      });
      assert.equal(r.code, 1, r.out);
      assert.match(r.out, /^BAD store {3}redis\+unix:.*: nothing is saved since 2026-11-23 .*; counting goes on: put that right, and all of it is saved then$/m);
      assert.match(r.out, /^BAD holds {3}what redis\+unix:\S+ has cannot be asked \(.*\); counting goes on, and all of it is saved when it is back$/m);
      assert.match(r.out, /^ok {2}store {3}sqlite/m);

      await redis.spawn(); // empty
      await luotd.advance(luotd.options.clock.seconds + 60);
      r = await until('all is well', async () => {
        const said = await luotctl(luotd, ['check']);
        return bad_else(said).length === 0 ? said : null;
      }, 60000);
      assert.match(r.out, /^ok {2}holds /m);
      assert.equal(await redis.views(), 4);
    } finally {
      await stop();
    }
  });

  test('asks one that never answers for a second, and who else asks luotd waits no longer', async () => {
    const { redis, luotd, stop } = await start();
    try {
      redis.freeze();
      const asked = luotctl(luotd, ['check']);
      assert.equal((await view(luotd, 'demo')).status, 204);
      const r = await asked;
      assert.equal(r.code, 1, r.out);
      assert.match(r.out, /^BAD holds {3}what redis\+unix:\S+ has cannot be asked/m);
    } finally {
      redis.thaw();
      await stop();
    }
  });
});
