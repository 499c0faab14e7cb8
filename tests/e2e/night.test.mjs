// An hour of night on the stepped clock: Redis is away for 20 minutes, the disk full for 5, luotd killed eleven times and stopped for 4.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Clock, Luotd, sums, until } from './lib/luotd.mjs';
import { missing, Redis } from './lib/redis.mjs';
import { Ledger, randomOf, Traffic } from './lib/traffic.mjs';

// `make soak` sends the 100 beacons a second; the faults are the same ones.
const RATE = Number(process.env.RATE ?? 8);
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const BACK_MS = 60000; // the longest back-off to Redis, and then two flushes
const STEP_S = 4;
const ZONE = 'Asia/Ho_Chi_Minh';
const START = Date.UTC(2026, 10, 22, 16, 30) / 1000; // half an hour before midnight there
const CONFIG = `[site demo]\nany_host = yes\npublic = yes\ntimezone = ${ZONE}\n`;
// Seconds into the hour, [from, until).
const REDIS_AWAY = [420, 1620];
const DISK_FULL = [1800, 2100];
const STOPPED = [2430, 2670];
const KILLS = [60, 300, 600, 1000, 1500, 1752, 1900, 2160, 2300, 2900, 3300];

const within = (t, [from, to]) => t >= from && t < to;
const says = (log, word) => log.split('\n').filter((l) => l.includes(`event=${word} `) || l.endsWith(`event=${word}`));

class Night extends Luotd {
  constructor(options) {
    super(options);
    this.full = path.join(this.run, 'the-disk-is-full');
  }
  command(extra) {
    const shim = path.join(build, 'tests/diskfull.so');
    assert.ok(fs.existsSync(shim), `${shim} is missing: make ${path.relative(process.cwd(), shim)}`);
    return ['env', `DISKFULL_DIR=${this.state}`, `DISKFULL_WHILE=${this.full}`, `LD_PRELOAD=${shim}`, 'ASAN_OPTIONS=verify_asan_link_order=0', ...super.command(extra)];
  }
}

/** The hour's parts, each with its own piece of the log, so that a line can be told to belong to a fault. */
class Hour {
  constructor(redis, luotd, clock) {
    this.random = randomOf(SEED);
    this.ledger = new Ledger(ZONE);
    Object.assign(this, { redis, luotd, clock, traffic: new Traffic(luotd, { demo: this.ledger }), t: 0, kills: 0, killedAway: 0, killedFull: 0 });
  }

  /** Traffic until `to` seconds into the hour; a kill where one is due. */
  async until(to) {
    while (this.t < to) {
      this.t += STEP_S;
      this.clock.set(START + this.t);
      const views = Array.from({ length: RATE * STEP_S }, () => ({ site: 'demo', visitor: this.random(900) }));
      await this.traffic.send(this.clock.seconds, views, this.random);
      await until('the keeper', async () => (await this.luotd.stats()).keeper_as_of_s >= Math.floor(this.clock.seconds));
      if (KILLS[this.kills] <= this.t) await this.kill();
    }
  }

  async kill() {
    const stats = await this.luotd.stats();
    assert.equal(stats.received, this.traffic.inProcess);
    assert.deepEqual(sums(stats), { counted: this.traffic.inProcess, suppressed: 0, rejected: 0 });
    this.killedAway += within(this.t, REDIS_AWAY);
    this.killedFull += within(this.t, DISK_FULL);
    this.kills++;
    await this.luotd.kill9();
    await this.luotd.spawn();
    this.traffic.restarted();
    await this.check();
  }

  /** What is counted is what was acknowledged, to the unit. */
  async check() {
    const { total } = (await this.luotd.snapshot()).periods;
    assert.deepEqual([total.views, total.visits], [this.ledger.views, this.ledger.visits], `${this.t} s into the hour, seed ${SEED}`);
  }

  /** Each luotd that met the fault says it once, and the last of them says once that it is over. */
  async fault(what, store, [from, to], begin, end, said, restarts) {
    const where = `store=${['sqlite', 'redis'][store]}`;
    const durable = async () => (await this.luotd.stats()).stores[store].durable;
    await this.until(from);
    const before = this.luotd.log.length;
    await begin();
    await this.until(from + STEP_S); // so that there is something to save
    await until(`${what}: its line`, () => says(this.luotd.log.slice(before), 'save_failed').some((l) => said.test(l)), BACK_MS);
    await this.until(to);
    assert.equal(await durable(), false, what);
    await this.check();
    await end();
    await until(`${what}: it is over`, () => says(this.luotd.log.slice(before), 'save_works_again').length > 0, BACK_MS);
    await until('durable', durable);
    const log = this.luotd.log.slice(before);
    assert.equal(says(log, 'save_failed').length, 1 + restarts(), `${what}:\n${log}`);
    assert.ok(says(log, 'save_failed').every((l) => said.test(l) && l.includes(where)), log);
    assert.equal(says(log, 'save_works_again').length, 1, log);
    assert.ok(says(log, 'save_works_again')[0].includes(where), log);
  }

  /** Stopped, as an operator stops it, and started later. */
  async stop([from, to]) {
    await this.until(from);
    const before = this.luotd.log.length;
    const stopped = this.clock.seconds;
    assert.equal((await this.luotd.term()).code, 0);
    assert.equal(says(this.luotd.log.slice(before), 'stopping').length, 1);
    this.t = to;
    this.clock.set(START + to);
    await this.luotd.spawn();
    this.traffic.restarted();
    assert.equal(says(this.luotd.log.slice(before), 'ready').length, 1);
    this.gap = [stopped, this.clock.seconds];
  }
}

async function compareSeries(hour) {
  const { luotd, ledger, gap } = hour;
  const end = hour.clock.seconds;
  const minutes = (await luotd.get(`/v1/demo/series.json?metric=views&step=minute&from=${START}&to=${START + 3600}`)).points;
  assert.equal(minutes.length, 60);
  let nulls = 0;
  for (const [at, n] of minutes) {
    const stopped = at >= gap[0] && at + 60 <= gap[1];
    const truth = ledger.minutes.get(at / 60) ?? 0;
    nulls += n === null;
    if (at + 60 <= end) assert.equal(n, stopped ? null : truth, `minute ${(at - START) / 60}`);
    if (!stopped && at + 60 <= end) assert.ok(truth > 0, 'a minute without traffic proves nothing');
  }
  assert.equal(nulls, 3, 'of four minutes that begin within a minute, three are whole');

  const series = await luotd.get(`/v1/demo/series.json?metric=views&step=quarter&from=${START}&to=${START + 3600}`);
  const quarter = (q) => [...ledger.minutes].filter(([m]) => Math.floor(m / 15) === q).reduce((a, [, n]) => a + n, 0);
  assert.deepEqual(series.points, Array.from({ length: 4 }, (_, i) => [START + i * 900, quarter(START / 900 + i)]));
  assert.equal(JSON.stringify(series.gaps), JSON.stringify([gap]), 'one gap: the stop, and no kill');
}

describe(`an hour of night, ${RATE} beacons a second (seed ${SEED})`, { skip: missing }, () => {
  test('the total is what was acknowledged, each fault is said twice, and the stop is null', async () => {
    const clock = new Clock(START);
    const redis = await Redis.start();
    let luotd;
    try {
      luotd = await Night.start({ config: CONFIG, clock, args: ['--node=n1', `--store=sqlite,${redis.where}`] });
      const hour = new Hour(redis, luotd, clock);
      await hour.fault('Redis away', 1, REDIS_AWAY, () => redis.kill(), () => redis.spawn(), /redis/i, () => hour.killedAway);
      await hour.fault('the disk full', 0, DISK_FULL, () => fs.writeFileSync(luotd.full, ''), () => fs.rmSync(luotd.full), /no space|free some space/, () => hour.killedFull);
      await hour.stop(STOPPED);
      await hour.until(3600);
      assert.equal(hour.kills, KILLS.length);
      await hour.check();
      await compareSeries(hour);

      const { ledger, traffic } = hour;
      const report = await luotd.json('report demo by=day from=2026-11-22 to=2026-11-24');
      assert.deepEqual(report.rows.map((r) => [r.day, r.views, r.visits, r.visitors]), ledger.rows());
      await until('all of it in Redis', async () => (await redis.views()) === ledger.views, BACK_MS);
      assert.equal((await luotd.term()).code, 0);
      const rows = execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), 'SELECT sum(views), sum(visits) FROM days']).toString().trim();
      assert.equal(rows, `${ledger.views}|${ledger.visits}`);
      console.log(`  ${ledger.views} views (${JSON.stringify(traffic.over)}), ${ledger.visits} visits, ${KILLS.length} kills`);
    } finally {
      luotd?.remove();
      redis.remove();
      clock.close();
    }
  });
});
