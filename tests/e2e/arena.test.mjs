// The arena of a luotd that was killed, changed by somebody else: the right total, or the damage is said, in the log and by `luotctl check`; once.
// What was lost for good is had again from what was saved. FULL=1: each page; SEED chooses the junk. In process, bit by bit: stress_sweep.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { SITE, arena, loseQuarter, patch, ranges } from './lib/arena.mjs';
import { Clock, Luotd, build, until } from './lib/luotd.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const OF_SQLITE = { skip: process.env.STORE === 'redis' && 'about SQLite' };
const PAGE = 4096;
const BEGAN = 1715680800; // a quarter-hour begins
const view = (luotd, n) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.0.${n}` }, body: 's=demo&p=/' });
const total = async (luotd) => (await luotd.snapshot()).periods.total.views;
const kept = (luotd) => Number(execFileSync('sqlite3', [path.join(luotd.state, 'luot.db'), 'SELECT coalesce(sum(views), 0) FROM days']).toString());
const saved = async (luotd) => {
  const before = (await luotd.stats()).store.saves;
  await until('two saves', async () => (await luotd.stats()).store.saves >= before + 2);
};

/** Holes stay holes: it is long and nearly empty. */
const copyArena = (from, to) => execFileSync('cp', ['-p', '--sparse=always', from, to]);

/** Each round the same: a failure can be had again. */
function random(seed) {
  let x = seed;
  return (n) => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return Math.floor((x / 2 ** 32) * n);
  };
}

describe('a damaged arena', OF_SQLITE, () => {
  const check = (luotd) => spawnSync(path.join(build, 'luotctl'), ['--socket', luotd.socket, 'check'], { encoding: 'utf8' });

  /** A luotd of which a quarter-hour with seven views is closed and saved. */
  async function closed() {
    const clock = new Clock(BEGAN);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    for (let n = 0; n < 7; n++) await view(luotd, n);
    await saved(luotd);
    clock.set(clock.seconds + 3600);
    for (let n = 0; n < 2; n++) await view(luotd, n);
    await until('it is closed and saved', () => kept(luotd) === 9);
    await saved(luotd);
    return { luotd, clock };
  }

  test('whose every page in turn is junk: the right total, or the damage is said', async () => {
    const { luotd, clock } = await closed();
    const pick = random(Number(process.env.SEED ?? 1));
    const came = { right: 0, said: 0 };
    try {
      await luotd.kill9();
      const copy = fs.mkdtempSync(path.join(luotd.state, '../luot-copy-'));
      fs.cpSync(luotd.state, path.join(copy, 'state'), { recursive: true });
      copyArena(arena(luotd), path.join(copy, 'arena'));
      for (let at = 0; at < SITE; at += PAGE * (process.env.FULL ? 1 : 3)) {
        fs.rmSync(luotd.state, { recursive: true });
        fs.cpSync(path.join(copy, 'state'), luotd.state, { recursive: true });
        fs.rmSync(arena(luotd));
        copyArena(path.join(copy, 'arena'), arena(luotd));
        patch(luotd, ranges(luotd) + at, Buffer.from({ length: PAGE }, () => pick(256)));
        luotd.log = '';
        await luotd.spawn();
        const damaged = (await luotd.stats()).arena_damaged;
        const is = await total(luotd);
        if (is === 9) came.right++;
        else came.said++;
        if (is !== 9 || damaged > 0) {
          assert.ok(damaged > 0, `page at ${at}: ${is} views, and no word: ${luotd.log}`);
          assert.match(luotd.log, new RegExp(`event=arena_damaged file=${arena(luotd)} site=\\S+ mended=\\d+ lost=\\d+ day=\\S+ next=check_memory`));
          const said = check(luotd);
          assert.equal(said.status, 1);
          assert.match(said.stdout, new RegExp(`damage.*numbers in ${arena(luotd)} failed their check`));
        }
        await luotd.kill9();
        luotd.log = '';
        await luotd.spawn();
        assert.equal((await luotd.stats()).arena_damaged, 0, `page at ${at}: said again: ${luotd.log}`);
        await luotd.kill9();
      }
      fs.rmSync(copy, { recursive: true });
      console.log(`# ${JSON.stringify(came)}`);
    } finally {
      luotd.remove();
      clock.close();
    }
  });

  test('whose head was changed: it is said once, and nothing is lost', async () => {
    const { luotd, clock } = await closed();
    try {
      await luotd.kill9();
      const made = Buffer.alloc(4);
      made.writeUInt32LE(0xeb7dd7be); // count/site.h: COUNT_HEAD_MADE, once for each site
      const bytes = Buffer.alloc(ranges(luotd));
      const fd = fs.openSync(arena(luotd), 'r');
      fs.readSync(fd, bytes, 0, bytes.length, 0);
      fs.closeSync(fd);
      const at = bytes.indexOf(made);
      assert.ok(at > 0, 'the word of a site');
      patch(luotd, at, Buffer.from([0]));
      luotd.log = '';
      await luotd.spawn();
      assert.match(luotd.log, /event=arena_damaged \S+ site=- mended=1 lost=0/);
      assert.equal(check(luotd).status, 1);
      assert.equal(await total(luotd), 9);
      await luotd.kill9();
      luotd.log = '';
      await luotd.spawn();
      assert.doesNotMatch(luotd.log, /event=arena_damaged/);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('that has lost a quarter-hour for good has it again from what was saved', async () => {
    const { luotd, clock } = await closed();
    try {
      await luotd.kill9();
      loseQuarter(luotd, BEGAN, 7);
      luotd.log = '';
      await luotd.spawn();
      assert.match(luotd.log, /event=arena_damaged \S+ site=demo mended=\d+ lost=[1-9]\d* day=2024-05-14/);
      assert.match(luotd.log, /event=arena_mended site=demo numbers=[1-9]\d* next=they_are_what_was_saved_last/);
      assert.equal(await total(luotd), 9);
      await saved(luotd);
      assert.equal(kept(luotd), 9);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });
});
