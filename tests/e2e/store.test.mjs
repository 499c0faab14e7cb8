// What is kept, and what is done when it cannot be: the database survives the arena, and each fault is named and costs no count.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const OF_SQLITE = { skip: process.env.STORE === 'redis' && 'about SQLite' };
const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const view = (luotd, n) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.3.0.${n}` }, body: 's=demo&p=/' });
const durable = (luotd) => until('durable', async () => (await luotd.widget()).durable);
const saved = async (luotd) => {
  const before = (await luotd.stats()).store.saves;
  await until('two saves', async () => (await luotd.stats()).store.saves >= before + 2);
};

async function counted(luotd) {
  const p = (await luotd.snapshot()).periods;
  return { total: p.total.views, visits: p.total.visits, today: p.today.views, day: p.last_24h.views };
}

describe('the store', () => {
  test('gives back everything when the arena is lost, as after a reboot', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let n = 0; n < 20; n++) await view(luotd, n % 5);
      await saved(luotd);
      const was = await counted(luotd);
      assert.equal(was.total, 20);
      for (let round = 1; round <= 3; round++) {
        await luotd.kill9();
        fs.rmSync(path.join(luotd.run, 'arena'));
        await luotd.spawn();
        assert.deepEqual({ ...(await counted(luotd)), visits: 0, day: 0 }, { ...was, visits: 0, day: 0, total: was.total + round - 1, today: was.today + round - 1 });
        await view(luotd, 77);
        await saved(luotd);
      }
      assert.ok((await luotd.snapshot()).identity_since > 0);
    } finally {
      await luotd.stop();
    }
  });

  test('can be read by anyone with sqlite3', OF_SQLITE, async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let n = 0; n < 3; n++) await view(luotd, n);
      await saved(luotd);
      const out = execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), 'SELECT site, views, visits, visitors FROM days']).toString();
      assert.equal(out.trim(), 'demo|3|3|3');
    } finally {
      await luotd.stop();
    }
  });

  test('goes on being written to while others open it, who may write too', OF_SQLITE, async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      const db = path.join(luotd.state, 'luot.db');
      await durable(luotd);
      for (let n = 0; n < 3; n++) {
        execFileSync('sqlite3', ['-cmd', '.timeout 5000', db, 'UPDATE growth SET bytes = bytes + 1']);
        // Who comes last takes the log away: that must not be them.
        assert.ok(fs.existsSync(db + '-wal'), 'luotd holds no lock on its database');
      }
      await view(luotd, 1);
      await saved(luotd);
      assert.equal(execFileSync('sqlite3', [db, 'SELECT views FROM days']).toString().trim(), '1');
    } finally {
      await luotd.stop();
    }
  });

  test('a damaged database is kept aside by name, and counting goes on from the arena', OF_SQLITE, async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let n = 0; n < 9; n++) await view(luotd, n);
      await saved(luotd);
      const was = await counted(luotd);
      assert.equal((await luotd.term()).code, 0);
      const db = path.join(luotd.state, 'luot.db');
      const bytes = fs.readFileSync(db);
      bytes.fill(0xa5, 4096 + 100, Math.min(bytes.length, 60000));
      fs.writeFileSync(db, bytes);
      await luotd.spawn();
      assert.deepEqual(await counted(luotd), was);
      const aside = fs.readdirSync(luotd.state).filter((f) => f.startsWith('luot.db.bad-'));
      assert.ok(aside.length >= 1, fs.readdirSync(luotd.state).join());
      assert.deepEqual(fs.readFileSync(path.join(luotd.state, aside.sort()[0])), bytes);
      assert.match(luotd.log, /luot\.db\.bad-/);
      await durable(luotd);
    } finally {
      await luotd.stop();
    }
  });

  test('an arena of another build is kept aside by name, and the store takes over', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    try {
      for (let n = 0; n < 4; n++) await view(luotd, n);
      await saved(luotd);
      assert.equal((await luotd.term()).code, 0);
      const fd = fs.openSync(path.join(luotd.run, 'arena'), 'r+');
      fs.writeSync(fd, Buffer.alloc(64, 0x5a), 0, 64, 8);
      fs.closeSync(fd);
      await luotd.spawn();
      assert.equal((await counted(luotd)).total, 4);
      assert.equal(fs.readdirSync(luotd.run).filter((f) => f.startsWith('arena.bad-')).length, 1);
      assert.match(luotd.log, /arena\.bad-/);
    } finally {
      await luotd.stop();
    }
  });

  test('series says null, never 0, for the time luotd did not run', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    try {
      await view(luotd, 1);
      clock.set(NOON + 300);
      await view(luotd, 1);
      await saved(luotd);
      assert.equal((await luotd.term()).code, 0);
      clock.set(NOON + 300 + 1800);
      await luotd.spawn();
      await view(luotd, 1);
      clock.set(NOON + 300 + 1800 + 120);
      const s = await luotd.get(`/v1/demo/series.json?metric=views&step=minute&from=${NOON}&to=${NOON + 2100 + 60}`);
      const at = new Map(s.points);
      assert.equal(at.get(NOON), 1);
      assert.equal(at.get(NOON + 60), 0);
      assert.equal(at.get(NOON + 300), 1);
      assert.equal(at.get(NOON + 900), null);
      assert.equal(at.get(NOON + 2100), 1);
      assert.ok(s.gaps.length >= 1);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });
});
