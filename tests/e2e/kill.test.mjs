// kill -9 at random instants under acknowledged load: acknowledged <= counted <= sent, always; nobody is counted twice.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Clock, Luotd } from './lib/luotd.mjs';

const ROUNDS = Number(process.env.KILLS ?? 5);
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
  constructor(luotd, visitor) {
    Object.assign(this, { luotd, visitor, sent: 0, acked: 0, running: true });
    this.done = Promise.all(Array.from({ length: 8 }, () => this.client()));
  }
  async client() {
    while (this.running) {
      this.sent++;
      try {
        const r = await this.luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': this.visitor() }, body: 's=demo&p=/' });
        if (r.status === 204) this.acked++;
      } catch {
        return; // killed
      }
    }
  }
}

const modes = {
  'any instant': { visitor: () => `10.0.0.${random(200)}`, move: () => {} },
  'the growth of a table': { visitor: () => `10.${random(256)}.${random(256)}.${random(256)}`, move: () => {} },
  'the roll of a quarter-hour': { visitor: () => `10.0.1.${random(200)}`, move: (clock) => clock.set(clock.seconds + 300) },
  midnight: { visitor: () => `10.0.2.${random(200)}`, move: (clock, i) => clock.set(MIDNIGHT + (i % 2 ? 1 : -1)) },
};

for (const [where, mode] of Object.entries(modes)) {
  describe(`kill -9 at ${where} (seed ${seed})`, () => {
    let luotd, clock;
    before(async () => {
      clock = new Clock(MIDNIGHT - 3600);
      luotd = await Luotd.start({ config: CONFIG, clock });
    });
    after(() => {
      luotd?.remove();
      clock?.close();
    });

    test(`${ROUNDS} kills lose nothing that was acknowledged`, async () => {
      let total = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const load = new Load(luotd, mode.visitor);
        const end = Date.now() + 30 + random(150);
        for (let i = 0; Date.now() < end; i++) {
          mode.move(clock, i);
          await new Promise((done) => setTimeout(done, 3));
        }
        load.running = random(4) !== 0; // one in four is killed when the clients have just stopped
        await luotd.kill9();
        load.running = false;
        await load.done;
        await luotd.spawn();
        assert.match(luotd.log, /event=sites adopted=1 .*arena=adopted/);
        assert.match(luotd.log, /event=ready adoptions=\d+ start_ms=\d+/);
        const snapshot = await luotd.snapshot();
        const counted = snapshot.periods.total.views - total;
        assert.ok(load.acked <= counted && counted <= load.sent,
          `round ${round}: ${load.acked} acknowledged <= ${counted} counted <= ${load.sent} sent`);
        total = snapshot.periods.total.views;
        assert.ok(snapshot.periods.today.visitors <= snapshot.periods.today.views);
      }
      assert.ok(total > 0);
      console.log(`  ${total} views through ${ROUNDS} kills`);
    });
  });
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
