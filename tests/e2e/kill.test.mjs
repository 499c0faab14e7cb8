// kill -9 at random instants under acknowledged load: acknowledged <= counted <= sent, always; nobody is counted twice.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Clock, Luotd, build, until } from './lib/luotd.mjs';
import { missing } from './lib/redis.mjs';

const KILLS = Number(process.env.KILLS ?? 30); // all of them, with SQLite here and with Redis in kill_redis
const REDIS = process.env.STORE === 'redis';
const SAVE_CALLS = REDIS ? 24 : 32; // of the saver in its first three saves or so
const START_CALLS = 250; // of the main thread until it serves
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
let state = seed;
const random = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * n);
};
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\ntimezone = Asia/Ho_Chi_Minh\n';
const MIDNIGHT = Date.UTC(2026, 10, 22, 17) / 1000; // 2026-11-23 00:00 in Ho Chi Minh City

/** Clients that post one view after the other until told to stop; what is answered 204 is acknowledged. */
class Load {
  constructor(luotd, { visitor, pause }) {
    Object.assign(this, { luotd, visitor, pause, sent: 0, acked: 0, running: true });
    this.done = Promise.all(Array.from({ length: 8 }, () => this.client()));
  }
  async client() {
    while (this.running) {
      this.sent++;
      try {
        const r = await this.luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': this.visitor() }, body: 's=demo&p=/' });
        if (r.status === 204) this.acked++;
        if (this.pause) await shortly(this.pause);
      } catch {
        return; // killed
      }
    }
  }
}

/** luotd that dies by itself: kill -9 at the n-th system call of one of its threads. */
class Doomed extends Luotd {
  command(extra) {
    const program = super.command(extra);
    if (!this.doom) return program;
    const { thread, call } = this.doom;
    return ['env', `LD_PRELOAD=${path.join(build, 'tests/killat.so')}`, `KILLAT_THREAD=${thread}`, `KILLAT_CALL=${call}`,
      'ASAN_OPTIONS=verify_asan_link_order=0', ...program];
  }
  /** Starts; false when it was killed before it served. */
  async rises(doom) {
    this.doom = doom;
    try {
      await this.spawn();
      return true;
    } catch (error) {
      assert.equal((await this.exited).signal, 'SIGKILL', error.message);
      this.deaths = (this.deaths ?? 0) + 1;
      return false;
    } finally {
      this.doom = null;
    }
  }
  /** Starts, and is killed so many ms later, whether it serves by then or not. */
  async falls(ms) {
    await this.startStore(); // its server takes longer to start than we are patient
    const up = this.spawn().then(() => true, () => false);
    await shortly(ms);
    await this.kill9();
    if (!(await up)) this.deaths = (this.deaths ?? 0) + 1;
  }
}

const shortly = (ms) => new Promise((done) => (ms > 1000 ? setTimeout(done, ms).unref() : setTimeout(done, ms)));
/** Some moments of load, while time does what the mode says. */
const moments = (move) => async (luotd, clock) => {
  const end = Date.now() + 30 + random(150);
  for (let i = 0; Date.now() < end; i++) {
    move?.(clock, i);
    await shortly(3);
  }
};
const few = (net) => () => `10.0.${net}.${random(200)}`;

// live: until it is killed; rise: how it comes back, which may take more than one try.
const modes = {
  'any instant': { visitor: few(0), live: moments() },
  'the growth of a table': { visitor: () => `10.${random(256)}.${random(256)}.${random(256)}`, live: moments() },
  'the roll of a quarter-hour': { visitor: few(1), live: moments((clock) => clock.set(clock.seconds + 300)) },
  midnight: { visitor: few(2), live: moments((clock, i) => clock.set(MIDNIGHT + (i % 2 ? 1 : -1))) },
  'the middle of a save': {
    visitor: few(3),
    pause: 5,
    // The saver's own call kills it: some are in the first save after a start, some in the second, some in the third.
    live: async (luotd) => void (await Promise.race([luotd.exited, shortly(20000)])),
    rise: async (luotd) => {
      while (!(await luotd.rises({ thread: 'saver', call: 1 + random(SAVE_CALLS) })));
    },
  },
  'the adoption': {
    visitor: few(4),
    live: moments(),
    rise: async (luotd) => {
      for (let times = 1 + random(3); times > 0; times--)
        if (random(2)) await luotd.falls(1 + random(15));
        else if (await luotd.rises({ thread: 'luotd', call: 1 + random(START_CALLS) })) await luotd.kill9();
      await luotd.spawn();
    },
  },
};
const ROUNDS = Math.max(1, Math.round((KILLS * (REDIS ? 0.4 : 0.6)) / Object.keys(modes).length));

/** What the store has of the site, as its page tells to ask it. */
async function stored(luotd) {
  if (REDIS) return luotd.redis.views();
  const out = execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', path.join(luotd.state, 'luot.db'), 'SELECT sum(views) FROM total']);
  return Number(out.toString());
}

for (const [where, mode] of Object.entries(modes)) {
  describe(`kill -9 at ${where}, its store in ${REDIS ? 'Redis' : 'SQLite'} (seed ${seed})`, { skip: REDIS && missing }, () => {
    let luotd, clock;
    before(async () => {
      clock = new Clock(MIDNIGHT - 3600);
      luotd = new Doomed({ config: CONFIG, clock });
      await (mode.rise ?? ((l) => l.spawn()))(luotd);
    });
    after(() => {
      luotd?.remove();
      clock?.close();
    });

    test(`${ROUNDS} kills lose nothing that was acknowledged`, async () => {
      let total = 0, died = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const load = new Load(luotd, mode);
        await mode.live(luotd, clock);
        died += luotd.child.signalCode === 'SIGKILL';
        load.running = random(4) !== 0; // one in four is killed when the clients have just stopped
        await luotd.kill9();
        load.running = false;
        await load.done;
        await (mode.rise ?? ((l) => l.spawn()))(luotd);
        assert.match(luotd.log, /event=sites adopted=1 .*arena=adopted/);
        assert.match(luotd.log, /event=ready adoptions=\d+ start_ms=\d+/);
        assert.doesNotMatch(luotd.log, /event=(arena_replaced|arena_damaged|store) /);
        const views = await counted(luotd, mode);
        const gained = views - total;
        assert.ok(load.acked <= gained && gained <= load.sent,
          `round ${round}: ${load.acked} acknowledged <= ${gained} counted <= ${load.sent} sent`);
        total = views;
      }
      await luotd.kill9();
      await luotd.spawn();
      assert.equal((await luotd.request('POST', '/b', { body: 's=demo&p=/' })).status, 204);
      await until('all of it in the store', async () => (await stored(luotd)) === total + 1);
      console.log(`  ${total} views through ${ROUNDS} kills${died ? `, ${died} of them at a call of its own` : ''}${luotd.deaths ? `, and ${luotd.deaths} before it served` : ''}`);
    });
  });
}

/** Views of all time; it may die of its own while it is asked. */
async function counted(luotd, mode) {
  for (;;) {
    try {
      const { total, today } = (await luotd.snapshot()).periods;
      // A clock that goes back over midnight leaves views in the day after it, and brings their visitors back with it.
      assert.ok(today.visitors <= (mode === modes.midnight ? total : today).views);
      return total.views;
    } catch (error) {
      if (error.code === 'ERR_ASSERTION' || !mode.rise) throw error;
      await Promise.race([luotd.exited, shortly(20000)]);
      if (luotd.child.signalCode !== 'SIGKILL') throw error;
      await mode.rise(luotd);
    }
  }
}

describe('a restart that is asked for', () => {
  test('ends with 0 and keeps every number, online too', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let i = 0; i < 7; i++)
        assert.equal((await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.1.0.${i % 3}` }, body: 's=demo&p=/' })).status, 204);
      const was = await luotd.widget();
      const { code } = await luotd.term();
      assert.equal(code, 0);
      await luotd.spawn();
      const is = await luotd.widget();
      for (const k of ['online', 'today', 'week', 'month', 'total']) assert.equal(is[k], was[k], k);
      assert.equal(is.online, 3);
    } finally {
      await luotd.stop();
    }
  });
});
