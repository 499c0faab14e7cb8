// A disk that is full, read-only or broken, files that are damaged, foreign or of another version, two luotd on one state: right numbers or the next best
// ones, a sentence that names the file and what to do, sysexits' codes; no crash, and no wrong total that nobody speaks of.
// FULL=1: each call of a start fails once; ROUNDS=500: that many damages through the real luotd.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Luotd, build, until } from './lib/luotd.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const OF_SQLITE = { skip: process.env.STORE === 'redis' && 'about SQLite' };
const ROUNDS = Number(process.env.ROUNDS ?? 24);
const EXITS = new Set([71, 73, 74]); // what a start may end with when its disk says no
const ERRORS = { ENOSPC: 28, EIO: 5, EROFS: 30 };
const view = (luotd, n) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.0.${n}` }, body: 's=demo&p=/' });
const total = async (luotd) => (await luotd.snapshot()).periods.total.views;
const saved = async (luotd) => {
  const before = (await luotd.stats()).store.saves;
  await until('two saves', async () => (await luotd.stats()).store.saves >= before + 2);
};
const kept = (luotd) => Number(execFileSync('sqlite3', [path.join(luotd.state, 'luot.db'), 'SELECT coalesce(sum(views), 0) FROM days']).toString());

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

/** A luotd with FAULTS_* of lib/faults.c. */
class OnBadDisk extends Luotd {
  command(extra) {
    if (!this.faults) return super.command(extra);
    const set = Object.entries({ FAULTS_DIR: this.state, ...this.faults }).map(([k, v]) => `FAULTS_${k}`.replace('FAULTS_FAULTS_', 'FAULTS_') + `=${v}`);
    return ['env', `LD_PRELOAD=${path.join(build, 'tests/faults.so')}`, `ASAN_OPTIONS=verify_asan_link_order=0`, ...set, ...super.command(extra)];
  }

  /** A start that may fail: null, or its exit. */
  async tries() {
    try {
      await this.spawn();
      return null;
    } catch (error) {
      if (this.child.exitCode === null && this.child.signalCode === null) throw error;
      return { code: this.child.exitCode, signal: this.child.signalCode };
    }
  }
}

async function counted(options = {}) {
  const luotd = await OnBadDisk.start({ config: CONFIG, ...options });
  for (let n = 0; n < 7; n++) await view(luotd, n);
  await saved(luotd);
  return luotd;
}

function assertNamed(luotd, exit) {
  assert.equal(exit.signal, null, luotd.log);
  assert.ok(EXITS.has(exit.code), `exit ${exit.code}: ${luotd.log}`);
  assert.match(luotd.log, /error event=\S+ error="[^"]+" next=exit_/);
}

describe('one state', OF_SQLITE, () => {
  test('has one luotd: the second says which and ends, sqlite3 beside it reads on', async () => {
    const first = await counted();
    const second = new Luotd({ config: CONFIG });
    fs.rmdirSync(second.state);
    second.state = first.state;
    try {
      await assert.rejects(second.spawn(), /luotd ended/);
      assert.equal(second.child.exitCode, 73);
      assert.match(second.log, new RegExp(`luot\\.db is held by process ${first.pid}: stop that luotd, or give this one another state_dir`));
      assert.equal(kept(first), 7);
      await view(first, 1);
      await saved(first);
      assert.equal(kept(first), 8);
      await first.kill9(); // the kernel gives the lock back
      await second.spawn();
      assert.equal(await total(second), 8);
    } finally {
      first.remove();
      await second.stop();
    }
  });

  test('of a newer version is left as it is', async () => {
    const luotd = await counted();
    try {
      assert.equal((await luotd.term()).code, 0);
      const db = path.join(luotd.state, 'luot.db');
      execFileSync('sqlite3', [db, 'PRAGMA user_version = 99; UPDATE luot SET version = 99; PRAGMA wal_checkpoint(TRUNCATE)']);
      const bytes = fs.readFileSync(db);
      assert.deepEqual(await luotd.tries(), { code: 78, signal: null });
      assert.match(luotd.log, /luot\.db: a newer luotd made this database; start that version, or move the database away/);
      assert.deepEqual(fs.readFileSync(db), bytes);
    } finally {
      luotd.remove();
    }
  });
});

describe('a disk', OF_SQLITE, () => {
  for (const [name, error] of Object.entries(ERRORS))
    test(`that says ${name} for a while costs no count`, async () => {
      const luotd = new OnBadDisk({ config: CONFIG });
      const flag = path.join(luotd.run, 'bad-disk');
      luotd.faults = { CALL: 'write', ERRNO: error, WHILE: flag };
      try {
        await luotd.spawn();
        for (let n = 0; n < 5; n++) await view(luotd, n);
        await saved(luotd);
        fs.writeFileSync(flag, '');
        for (let n = 0; n < 5; n++) await view(luotd, n);
        await until('not durable', async () => !(await luotd.widget()).durable || (await luotd.stats()).store.failures > 0);
        assert.equal(await total(luotd), 10);
        await until('a sentence', () => /error event=store|warn event=store|event=save/.test(luotd.log));
        fs.rmSync(flag);
        await until('all is kept', () => kept(luotd) === 10);
        assert.equal(await total(luotd), 10);
      } finally {
        await luotd.stop();
      }
    });

  test('that fails once, at any call of a start, ends in a sentence or is survived', async () => {
    const luotd = await counted();
    const calls = ['state write', 'state sync', 'state open', 'state map', 'state read', 'state rename', 'run open', 'run truncate', 'run map', 'run rename', 'run fallocate'];
    const most = process.env.FULL ? 200 : 2;
    let failed = 0;
    try {
      assert.equal((await luotd.term()).code, 0);
      for (const [place, call] of calls.map((c) => c.split(' ')))
        for (let at = 1; at <= most; at++) {
          // Half of the starts find no arena, so that the store is what they have.
          const lost = at % 2 === 0;
          if (lost) fs.rmSync(path.join(luotd.run, 'arena'), { force: true });
          luotd.faults = { DIR: luotd[place], CALL: call, AT: at, ERRNO: Object.values(ERRORS)[at % 3] };
          const exit = await luotd.tries();
          if (exit) assertNamed(luotd, exit);
          else await luotd.kill9();
          failed += exit ? 1 : 0;
          luotd.faults = null;
          luotd.log = '';
          await luotd.spawn();
          assert.equal(await total(luotd), 7, `after ${place} ${call} ${at}: ${luotd.log}`);
          assert.deepEqual(fs.readdirSync(luotd.state).filter((f) => f.includes('.bad-')), [], `${place} ${call} ${at} is no damage`);
          await luotd.kill9();
        }
      console.log(`# ${failed} starts ended with a sentence`);
    } finally {
      luotd.remove();
    }
  });

  const inside = (luotd, mount) => spawnSync('timeout', ['20', 'unshare', '-m', 'sh', '-c', `${mount} || exit 99; exec "$@"`, 'sh', path.join(build, 'luotd'), ...luotd.args()], { encoding: 'utf8' });
  test('with a full tmpfs for the arena: exit 73, and what to do', (t) => {
    const luotd = new Luotd({ args: [] });
    try {
      const r = inside(luotd, `mount -t tmpfs -o size=64k luot ${luotd.run} 2>/dev/null`);
      if (r.status === 99 || r.status === 1) return t.skip('no mounts are permitted here');
      assert.equal(r.status, 73, r.stderr);
      assert.match(r.stderr, /no room in \S+ \(tmpfs\) for the \d+ KiB that the arena begins with: free some/);
    } finally {
      luotd.remove();
    }
  });

  test('that is mounted read-only: exit 73, and what to do', (t) => {
    const luotd = new Luotd({ args: [] });
    try {
      const r = inside(luotd, `mount -t tmpfs -o ro luot ${luotd.state} 2>/dev/null`);
      if (r.status === 99 || r.status === 1) return t.skip('no mounts are permitted here');
      assert.equal(r.status, 73, r.stderr);
      assert.match(r.stderr, /next=exit_73/);
      assert.match(r.stderr, new RegExp(luotd.state));
    } finally {
      luotd.remove();
    }
  });
});

/** Where the last saves begin in a database's log: frames of a page and 24 bytes, of which a save's last says how long the database is. */
function lastSave(log, saves = 1) {
  const commits = [32];
  for (let at = 32; at + 4120 < log.length; at += 4120) if (log.readUInt32BE(at + 4) !== 0) commits.push(at + 4120);
  return commits.at(-saves);
}

describe('a damaged file', OF_SQLITE, () => {
  test('that lacks the last saves alone: after a kill the arena knows that they were confirmed', async () => {
    const luotd = await counted();
    const check = () => spawnSync(path.join(build, 'luotctl'), ['--socket', luotd.socket, 'check'], { encoding: 'utf8' });
    try {
      await luotd.kill9();
      await luotd.spawn();
      assert.doesNotMatch(luotd.log, /event=store_lacks_saves/, 'a kill loses nothing');
      await view(luotd, 20);
      for (let i = 0; i < 2; i++) await saved(luotd);
      await luotd.kill9();
      const log = path.join(luotd.state, 'luot.db-wal');
      fs.truncateSync(log, lastSave(fs.readFileSync(log), 2));
      await luotd.spawn();
      assert.match(luotd.log, /event=store_lacks_saves store=sqlite:\S+luot\.db seconds=[1-9]\d* next=what_was_counted_is_saved_again/);
      assert.equal(await total(luotd), 8);
      const said = check();
      assert.equal(said.status, 1);
      assert.match(said.stdout, /^BAD damage +sqlite:\S+luot\.db lacked the last \d+ s that it had confirmed/m);
      await until('it is there again', () => kept(luotd) === 8);
      await saved(luotd);
      luotd.log = '';
      assert.equal((await luotd.term()).code, 0);
      await luotd.spawn();
      assert.doesNotMatch(luotd.log, /event=store_lacks_saves/, 'once');
    } finally {
      await luotd.stop();
    }
  });

  test('of any kind, at any place: the right total, or the damage is said', async () => {
    const luotd = await counted();
    const pick = random(Number(process.env.SEED ?? 1));
    const rights = { same: 0, said: 0 };
    try {
      await luotd.kill9(); // the database's log is still there
      const copy = fs.mkdtempSync(path.join(luotd.state, '../luot-copy-'));
      fs.cpSync(luotd.state, path.join(copy, 'state'), { recursive: true });
      copyArena(path.join(luotd.run, 'arena'), path.join(copy, 'arena'));
      for (let round = 0; round < ROUNDS; round++) {
        fs.rmSync(luotd.state, { recursive: true });
        fs.cpSync(path.join(copy, 'state'), luotd.state, { recursive: true });
        for (const f of fs.readdirSync(luotd.run).filter((f) => f.startsWith('arena'))) fs.rmSync(path.join(luotd.run, f));
        if (round % 2) copyArena(path.join(copy, 'arena'), path.join(luotd.run, 'arena'));
        const what = ['luot.db', 'luot.db-wal', 'luot.db-shm', 'luot.db.lock'][pick(round % 2 ? 4 : 2)];
        const file = path.join(luotd.state, what);
        const bytes = fs.readFileSync(file);
        const at = pick(2) ? pick(Math.min(bytes.length, 4096)) : pick(bytes.length);
        const cut = pick(3) === 0;
        if (cut) fs.truncateSync(file, at - (at % 512));
        else {
          bytes[at] ^= 1 << pick(8);
          fs.writeFileSync(file, bytes);
        }
        luotd.log = '';
        const exit = await luotd.tries();
        const where = `round ${round}, ${what} at ${at}, arena ${round % 2 ? 'there' : 'lost'}: ${luotd.log}`;
        assert.equal(exit, null, where);
        const is = await total(luotd);
        // The arena has the truth; without it the database has, and its damage is named.
        if (round % 2) assert.equal(is, 7, where);
        const aside = fs.readdirSync(luotd.state).some((f) => f.startsWith('luot.db.bad-'));
        if (is === 7) rights.same++;
        else if (aside || /event=store sentence="\S+luot\.db-wal was damaged, so at least the last \d+ saves/.test(luotd.log)) rights.said++;
        else assert.ok(what === 'luot.db-wal' && (cut || at >= lastSave(bytes)), where); // as after a power cut: nothing tells
        if (aside) assert.match(luotd.log, /event=store sentence="\S+luot\.db was damaged and is now/);
        await luotd.kill9();
      }
      fs.rmSync(copy, { recursive: true });
      console.log(`# ${JSON.stringify(rights)}`);
    } finally {
      luotd.remove();
    }
  });
});
