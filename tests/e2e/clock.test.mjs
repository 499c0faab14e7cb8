// The machine's clock is set, jumps, or stands still in a suspend; and summer time comes and goes. What was counted stays the sum.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dayOf, daysInDatabase, daysInRedis } from './lib/days.mjs';
import { build, Clock, Luotd, until } from './lib/luotd.mjs';
import { missing, Redis } from './lib/redis.mjs';
import { Ledger, randomOf, Traffic } from './lib/traffic.mjs';

const BACK_MS = 60000;
const HOUR = 3600, DAY = 86400, YEAR = 365 * DAY;

/** A luotd that sees the machine's clocks through tests/e2e/lib/clocks.c. */
class Shifted extends Luotd {
  constructor(options) {
    super(options);
    this.clocks = path.join(this.run, 'clocks');
    fs.writeFileSync(this.clocks, Buffer.alloc(16));
    this.shift({ wall: options.wall, boot: 0 });
  }
  command(extra) {
    const shim = path.join(build, 'tests/clocks.so');
    assert.ok(fs.existsSync(shim), `${shim} is missing: make ${path.relative(process.cwd(), shim)}`);
    return ['env', `CLOCKS_FILE=${this.clocks}`, `LD_PRELOAD=${shim}`, 'ASAN_OPTIONS=verify_asan_link_order=0', ...super.command(extra)];
  }
  /** Seconds away from the machine's own clocks. */
  shift({ wall = this.wall, boot = this.boot }) {
    Object.assign(this, { wall, boot });
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(BigInt(wall) * 1000000000n, 0);
    bytes.writeBigInt64LE(BigInt(boot) * 1000000000n, 8);
    const fd = fs.openSync(this.clocks, 'r+');
    fs.writeSync(fd, bytes, 0, 16, 0);
    fs.closeSync(fd);
  }
  /** The keeper has taken it, and has closed what the new time leaves behind. */
  follows() {
    return until(`the clock ${this.wall} s on`, async () => Math.abs((await this.stats()).keeper_as_of_s - (Date.now() / 1000 + this.wall)) < 5);
  }
}

const now = () => Math.floor(Date.now() / 1000);
const steps = (luotd) => [...luotd.log.matchAll(/event=clock_step step_ms=(-?\d+)/g)].map((m) => Number(m[1]));
const inTotals = (luotd) => Number(execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), "SELECT total(views) FROM total"]).toString());

// Where the clock is put, and whether it comes back: seconds from now at the time of the test. Wherever it is, a view is
// counted on the day that it said (daemon/count/site_aside.h); `hours`: and hours add up too, which stay 36 days.
const MOVES = {
  'an hour on, and back': { wall: () => HOUR, back: true, hours: true },
  'an hour back, and on again': { wall: () => -HOUR, back: true, hours: true },
  'a day back, and on again': { wall: () => -DAY, back: true, hours: true },
  '26 hours on, and back': { wall: () => 26 * HOUR, back: true, hours: true },
  'a year on, and back': { wall: () => YEAR + 1000, back: true },
  'to 1970, and back': { wall: () => 1000 - now(), back: true },
  'over a suspend of 8 hours': { wall: () => 8 * HOUR + 1000, boot: 8 * HOUR + 1000 },
};
const BEFORE = -3 * HOUR - 1000; // where luotd begins, so that an hour back is within what it knows

describe('the wall clock', { skip: missing, concurrency: 4 }, () => {
  for (const [what, move] of Object.entries(MOVES))
    test(`is moved ${what}: the sums are what was counted, in luotd, database and Redis`, async () => {
      const redis = await Redis.start();
      let luotd, views = 0;
      const view = async (n) => {
        for (let i = 0; i < n; i++, views++) {
          const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.6.0.${views % 40}` }, body: 's=demo&p=/' });
          assert.equal(r.status, 204);
        }
      };
      const total = async () => (await luotd.snapshot()).periods.total.views;
      const inSteps = async (step, ...ranges) => {
        let sum = 0;
        for (const [from, to] of ranges)
          for (const [, n] of (await luotd.get(`/v1/demo/series.json?metric=views&step=${step}&from=${dayOf(from)}&to=${dayOf(to)}`)).points) sum += n ?? 0;
        return sum;
      };
      const inSeries = async () =>
        (await inSteps('day', [0, 10 * DAY], [now() - 500 * DAY, now() + 500 * DAY])) === views &&
        (!move.hours || (await inSteps('hour', [now() - 5 * DAY, now() + 5 * DAY])) === views);
      const arrives = () =>
        until(`${views} everywhere`, async () => {
          const inRedis = await redis.views();
          assert.ok(inRedis <= views, `${inRedis} in Redis of ${views}`);
          const inDays = (await daysInRedis(redis)).reduce((a, [, n]) => a + n, 0);
          const inDatabase = daysInDatabase(luotd).reduce((a, [, n]) => a + n, 0);
          assert.ok(inDays <= views && inDatabase <= views, `${inDays} in Redis' days, ${inDatabase} in the database's, of ${views}`);
          return inRedis === views && inTotals(luotd) === views && inDays === views && inDatabase === views && (await inSeries());
        }, BACK_MS).catch(async (e) => {
          throw new Error(`${e.message}: Redis ${await redis.views()} ${JSON.stringify(await daysInRedis(redis))}, database ${JSON.stringify(daysInDatabase(luotd))}\n${luotd.log}`);
        });
      try {
        luotd = await Shifted.start({ wall: BEFORE, config: '[site demo]\nany_host = yes\npublic = yes\ntimezone = UTC\n', args: ['--node=n1', `--store=sqlite,${redis.where}`] });
        await view(10);
        await arrives();
        luotd.shift({ wall: 0 });
        await luotd.follows();
        await view(10);
        await arrives();
        luotd.shift({ wall: move.wall(), boot: move.boot ?? 0 });
        await luotd.follows();
        const alarms = move.boot ? 1 : 2; // a suspend is no step: the machine knows how long it slept
        await until(`${alarms} alarms in the log`, () => steps(luotd).length === alarms);
        assert.equal((await luotd.stats()).clock_steps, alarms);
        assert.equal(await total(), views);
        await until('who comes now is online', async () => {
          await view(10); // who came in the tick of the jump itself is counted, but may not be online
          return (await luotd.snapshot()).online.visitors >= 10;
        });
        await arrives();
        luotd.shift({ wall: move.wall() + 600, boot: (move.boot ?? 0) + 600 });
        await luotd.follows();
        await until('nobody online ten minutes later', async () => (await luotd.snapshot()).online.visitors === 0).catch(async (e) => {
          throw new Error(`${e.message}: ${JSON.stringify(await luotd.snapshot())}`);
        });
        assert.equal((await luotd.term()).code, 0);
        await luotd.spawn();
        await view(5);
        await luotd.kill9();
        await luotd.spawn();
        assert.equal(await total(), views);
        await view(5);
        await arrives();
        if (move.back) {
          luotd.shift({ wall: 0 });
          await luotd.follows();
          assert.equal(await total(), views);
          await view(10);
          await arrives();
          await luotd.kill9();
          fs.rmSync(path.join(luotd.run, 'arena')); // a reboot: the store knows it all
          await luotd.spawn();
          assert.equal(await total(), views);
          await view(5);
          await arrives();
        }
        const today = dayOf(now() + luotd.wall);
        const late = (await daysInRedis(redis)).filter(([day]) => day > today);
        console.log(`  ${what}: ${views} views; days ${JSON.stringify(await daysInRedis(redis))}${late.length ? ', some are still to come' : ''}`);
        if (late.length > 0) assert.match(luotd.log, new RegExp(`event=days_ahead sites=1 views=20 from=${late[0][0]} to=${late.at(-1)[0]} `));
        const report = await luotd.json(`report demo by=day from=${dayOf(now() - 2 * DAY)} to=${dayOf(now() + 2 * DAY)}`);
        assert.ok(report.rows.every((r) => r.views <= views));
        const p = (await luotd.snapshot()).periods;
        for (const [name, period] of Object.entries(p)) assert.ok(period.views >= 0 && period.views <= views, `${name}: ${JSON.stringify(period)}`);
        assert.equal((await luotd.term()).code, 0);
      } finally {
        luotd?.remove();
        redis.remove();
      }
    });
});

// Midnight to midnight and on, in the zone; the hour of the switch is gone, or is there twice.
const SWITCHES = {
  'begins: a day of 23 hours': { first: '2026-03-28T23:00:00Z', hours: 23, at: '2026-03-29T01:00:00Z' },
  'ends: a day of 25 hours': { first: '2026-10-24T22:00:00Z', hours: 25, at: '2026-10-25T01:00:00Z' },
};

describe('summer time', { skip: missing, concurrency: 2 }, () => {
  for (const [what, { first, hours, at }] of Object.entries(SWITCHES))
    test(`${what}: days and hours are exact, through a kill at the switch and a lost arena`, async () => {
      const start = Date.parse(first) / 1000, change = Date.parse(at) / 1000;
      const clock = new Clock(start - 2 * HOUR);
      const redis = await Redis.start();
      const random = randomOf(7);
      let luotd;
      try {
        luotd = await Luotd.start({ clock, config: '[site demo]\nany_host = yes\npublic = yes\ntimezone = Europe/Berlin\n', args: ['--node=n1', `--store=sqlite,${redis.where}`] });
        const ledger = new Ledger('Europe/Berlin');
        const traffic = new Traffic(luotd, { demo: ledger });
        for (let t = start - 2 * HOUR; t < start + (hours + 2) * HOUR; t += 600) {
          await luotd.advance(t);
          if (t === change) {
            // Killed at the instant of the switch: the arena knows it all.
            await luotd.kill9();
            await luotd.spawn();
            traffic.restarted();
          }
          await traffic.send(t, Array.from({ length: 6 }, () => ({ site: 'demo', visitor: random(60) })), random);
        }
        const from = ledger.dayOf(start - HOUR), days = ledger.rows();
        assert.equal(days.length, 3);
        const to = new Date(Date.parse(days[2][0]) + 86400000).toISOString().slice(0, 10);
        const compare = async () =>
          assert.deepEqual((await luotd.json(`report demo by=day from=${from} to=${to}`)).rows.map((r) => [r.day, r.views, r.visits, r.visitors]), days);
        await compare();
        const hour = (await luotd.get(`/v1/demo/series.json?metric=views&step=hour&from=${start}&to=${start + hours * HOUR}`)).points;
        assert.deepEqual(hour.map(([, n]) => n), Array.from({ length: hours }, () => 36));
        const p = await luotd.get(`/v1/demo/series.json?metric=views&step=day&from=${days[1][0]}&to=${days[2][0]}`);
        assert.deepEqual(p.points.map(([, n]) => n), [hours * 36]);

        for (const inStore of [() => redis.views(), () => Number(execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), 'SELECT total(views) FROM days']).toString())])
          await until('all of it saved', async () => (await inStore()) === ledger.views, BACK_MS);
        assert.equal((await luotd.term()).code, 0);
        fs.rmSync(path.join(luotd.run, 'arena'));
        await luotd.spawn();
        await compare();
        const { total } = (await luotd.snapshot()).periods;
        assert.deepEqual([total.views, total.visits], [ledger.views, ledger.visits]);
        assert.equal((await luotd.term()).code, 0);
      } finally {
        luotd?.remove();
        redis.remove();
        clock.close();
      }
    });
});
