// `luotctl check`: one line for each thing that is not well, what to do, and the exit status.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { luotctl } from './lib/ctl.mjs';

const CONFIG = '[site demo]\nany_host = yes\n[site second]\n';
const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const view = (luotd, site) => luotd.request('POST', '/b', { body: `s=${site}&p=/` });
const bad = (r) => r.out.split('\n').filter((l) => l.startsWith('BAD'));
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
