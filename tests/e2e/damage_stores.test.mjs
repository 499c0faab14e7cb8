// A damaged arena, SQLite and Redis, and one of them never answers: what was lost is had again from the other, which is saved to at once.
import assert from 'node:assert/strict';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { loseQuarter } from './lib/arena.mjs';
import { luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, build, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const BEGAN = 1715680800; // a quarter-hour begins
const EIO = 5;
const view = (luotd, n) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.0.${n}` }, body: 's=demo&p=/' });
const total = async (luotd) => (await luotd.snapshot()).periods.total.views;
const onDisk = (luotd) => Number(execFileSync('sqlite3', ['-cmd', '.timeout 5000', path.join(luotd.state, 'luot.db'), 'SELECT coalesce(sum(views), 0) FROM total']).toString());

/** A luotd whose database cannot be opened when `broken`. */
class Broken extends Luotd {
  command(extra) {
    const command = super.command(extra);
    if (!this.broken) return command;
    return ['env', `LD_PRELOAD=${path.join(build, 'tests/faults.so')}`, 'ASAN_OPTIONS=verify_asan_link_order=0', `FAULTS_DIR=${this.state}`, 'FAULTS_CALL=any', `FAULTS_ERRNO=${EIO}`, `FAULTS_WHILE=${this.run}`, ...command];
  }
}

/** Nine views in both stores, seven of them in a quarter-hour that is closed; then it is killed, and that quarter-hour is lost. */
async function lost(body) {
  const clock = new Clock(BEGAN);
  const redis = await Redis.start();
  const luotd = new Broken({ config: CONFIG, clock, args: [`--store=sqlite,${redis.where}`, '--node=n1'] });
  const everywhere = (n) => until(`${n} views in both`, async () => onDisk(luotd) === n && (await redis.views()) === n);
  try {
    await luotd.spawn();
    for (let n = 0; n < 7; n++) await view(luotd, n);
    await everywhere(7);
    clock.set(BEGAN + 3600);
    for (let n = 0; n < 2; n++) await view(luotd, n);
    await everywhere(9);
    await luotd.kill9();
    loseQuarter(luotd, BEGAN, 7);
    luotd.log = '';
    await body(luotd, redis);
    await luotd.term();
  } finally {
    luotd.remove();
    await redis.stop();
    clock.close();
  }
}

describe('a damaged arena and two stores', { skip: missing }, () => {
  test('of which the disk never answers: Redis has what was lost, and is saved to', () =>
    lost(async (luotd, redis) => {
      luotd.broken = true;
      await luotd.spawn();
      assert.match(luotd.log, /event=store_away/);
      assert.match(luotd.log, /event=arena_mended site=demo numbers=[1-9]/);
      assert.match(luotd.log, /event=arena_unread site=demo store=sqlite:\S+luot\.db next=/);
      assert.equal(await total(luotd), 9);
      for (let n = 20; n < 23; n++) await view(luotd, n);
      await until('12 views in Redis', async () => (await redis.views()) === 12);
      const said = await luotctl(luotd, ['check']);
      assert.equal(said.code, 1);
      assert.match(said.out, /^BAD damage +demo lost numbers, and sqlite:\S+luot\.db could not be read/m);
      await luotd.kill9();
      luotd.broken = false;
      luotd.log = '';
      await luotd.spawn(); // the disk is back: it has all of it too
      assert.equal(await total(luotd), 12);
      await until('12 views on disk', () => onDisk(luotd) === 12);
      assert.doesNotMatch(luotd.log, /event=arena_/);
    }));

  test('of which Redis never answers: the disk has what was lost, and is saved to', () =>
    lost(async (luotd, redis) => {
      redis.hide();
      await luotd.spawn();
      assert.match(luotd.log, /event=arena_mended site=demo numbers=[1-9]/);
      assert.match(luotd.log, /event=arena_unread site=demo store=redis\S+ next=/);
      for (let n = 20; n < 23; n++) await view(luotd, n);
      await until('12 views on disk', () => onDisk(luotd) === 12);
      assert.equal(await total(luotd), 12);
      redis.show();
      await until('12 views in Redis', async () => (await redis.views()) === 12, 60000);
    }));
});
