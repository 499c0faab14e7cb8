// Power loss: what luotd does to its disk is traced under acknowledged load; then, ROUNDS times, the trace is cut at a random place,
// what was not synced is lost by chance, the arena is gone, and luotd starts on what is left: whole, with all but the last second.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Luotd, build } from './lib/luotd.mjs';
import { Disk, Marks, randomOf, readTrace } from './lib/power.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const random = randomOf(seed);
const LONG = ROUNDS > 20; // so long that sketches come of their own, once a minute
const PHASE_MS = LONG ? [5000, 80000] : [2500, 2500];
const PAUSE_MS = LONG ? [25, 100] : [4, 10]; // between a client's views, and an operator's adjustments
const SITES = 24; // the odd ones get a new visitor with each view
const CONFIG = Array.from({ length: SITES }, (_, i) => `[site s${i}]\nhosts = s${i}.example\npublic = yes\n`).join('');
const SENT = 0, ACKED = 1, ADJUSTING = 2, ADJUSTED = 3;

/** luotd as it is, but that what it does to its disk is written down. */
class Traced extends Luotd {
  constructor(options) {
    super(options);
    this.disk = fs.realpathSync(this.state);
    this.state = path.join(this.disk, 'state'); // luotd makes it
    this.trace = path.join(this.run, 'trace');
  }
  command(extra) {
    const env = [`POWERLOG_DIR=${this.disk}`, `POWERLOG_TRACE=${this.trace}`, `LD_PRELOAD=${path.join(build, 'tests/powerlog.so')}`,
      'ASAN_OPTIONS=verify_asan_link_order=0'];
    return ['env', ...env, ...super.command(extra)];
  }
  remove() {
    super.remove();
    fs.rmSync(this.disk, { recursive: true, force: true });
  }
}

/** Views and adjustments, each marked in the trace before it is sent and after it is answered. */
async function load(luotd, marks, ms, views) {
  const end = Date.now() + ms;
  const client = async (n) => {
    for (let i = n; Date.now() < end; i++) {
      const site = (i * 7 + n) % (i % 3 ? 4 : SITES); // some busy ones
      const visitor = site % 2 ? views.next++ : views.next++ % 50;
      marks.add(SENT, site);
      const r = await luotd.request('POST', '/b?reply=1', { headers: { 'X-Forwarded-For': `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}` }, body: `s=s${site}&p=/` });
      assert.equal(r.status, 200, r.text);
      marks.add(ACKED, site);
      await new Promise((done) => setTimeout(done, PAUSE_MS[0])); // the trace is read ROUNDS times
    }
  };
  const operator = async () => {
    while (Date.now() < end) {
      const site = views.adjusted++ % SITES;
      marks.add(ADJUSTING, site);
      await luotd.json(`adjust s${site} metric=views day=2026-01-02 by=1`);
      marks.add(ADJUSTED, site);
      await new Promise((done) => setTimeout(done, PAUSE_MS[1])); // so that the log is full and taken in on the way
    }
  };
  await Promise.all([client(0), client(1), client(2), client(3), operator()]);
}

/** What was known when the power went: marks of each site, and where the saver's commits were. */
function known(records, cut) {
  const files = new Map();
  const at = { [SENT]: [], [ACKED]: [], [ADJUSTING]: [], [ADJUSTED]: [] };
  const commits = [];
  let frames = false;
  for (let i = 0; i < cut; i++) {
    const r = records[i];
    if (r.kind === 'open') files.set(r.fd, r.data.toString());
    else if (r.kind === 'mark') (at[r.mark][r.fd] ??= []).push(i);
    else if (r.saver && /-wal$/.test(files.get(r.fd) ?? '')) {
      if (r.kind === 'write' && r.offset >= 32) frames = true;
      if (r.kind === 'sync' && frames) {
        commits.push(i);
        frames = false;
      }
    }
  }
  return { at, commits, count: (kind, site, before = cut) => (at[kind][site] ?? []).filter((i) => i < before).length };
}

/** How often the database itself was synced. */
function checkpoints(records) {
  const files = new Map();
  let n = 0;
  for (const r of records) {
    if (r.kind === 'open') files.set(r.fd, r.data.toString());
    n += r.kind === 'sync' && /\.db$/.test(files.get(r.fd));
  }
  return n;
}

/** Visitors of a sketch as Redis keeps it, by its empty registers: good to some 2 % for the few thousand that a test has. */
function sketched(hex) {
  const b = Buffer.from(hex, 'hex');
  assert.equal(b.subarray(0, 4).toString(), 'HYLL');
  let empty = 0, seen = 0;
  if (b[4] === 0)
    for (; seen < 16384; seen++) {
      const at = 16 + ((seen * 6) >> 3);
      empty += (((b[at] | ((b[at + 1] ?? 0) << 8)) >> ((seen * 6) & 7)) & 63) === 0;
    }
  else
    for (let i = 16; i < b.length; i++) {
      const n = b[i] & 0x80 ? (b[i] & 3) + 1 : b[i] & 0x40 ? (((b[i] & 63) << 8) | b[i + 1]) + 1 : (b[i] & 63) + 1;
      if (!(b[i] & 0x80)) empty += n;
      if ((b[i] & 0xc0) === 0x40) i++;
      seen += n;
    }
  return { empty, seen };
}

const sql = (db, text) => execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', db, text]).toString().trim().split('\n').filter(Boolean).map((l) => l.split('|'));

describe(`the power goes (seed ${seed})`, () => {
  let traced, records, restarted;

  before(async () => {
    if (process.env.TRACE) return void ((records = readTrace(process.env.TRACE)), (restarted = Number(process.env.RESTARTED)));
    const views = { next: 0, adjusted: 0 };
    traced = new Traced({ config: CONFIG });
    const marks = new Marks(traced.trace);
    await traced.spawn();
    await load(traced, marks, PHASE_MS[0], views);
    assert.equal((await traced.term()).code, 0, traced.log);
    restarted = readTrace(traced.trace).length;
    fs.cpSync(traced.disk, path.join(traced.run, 'stopped'), { recursive: true });
    await traced.spawn();
    await load(traced, marks, PHASE_MS[1], views);
    await traced.kill9();
    marks.close();
    records = readTrace(traced.trace);
  });
  after(() => traced?.remove());

  test('the trace is whole: what it makes is what is there', { skip: process.env.TRACE !== undefined }, () => {
    const disk = new Disk();
    for (const r of records.slice(0, restarted)) disk.take(r);
    const made = path.join(traced.run, 'made');
    fs.mkdirSync(made);
    disk.cut(made, random, 'nothing', 4096);
    const there = path.join(traced.run, 'stopped');
    const list = (dir) => fs.readdirSync(dir, { recursive: true }).sort();
    assert.deepEqual(list(made), list(there));
    for (const name of list(made).filter((f) => fs.statSync(path.join(made, f)).isFile()))
      assert.ok(fs.readFileSync(path.join(made, name)).equals(fs.readFileSync(path.join(there, name))), name);
  });

  test(`${ROUNDS} times, and at most the last second is gone`, async () => {
    console.log(`  ${records.length} records, ${records.filter((r) => r.kind === 'sync').length} syncs, the log taken in ${checkpoints(records)} times`);
    const steps = [...records.keys()].filter((i) => records[i].kind !== 'mark'); // few, and where it is hard
    let worst = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const cut = 1 + (random(2) ? random(records.length) : steps[random(steps.length)]);
      const loss = ['all', 'nothing', 'some', 'some'][random(4)];
      const piece = random(2) ? 4096 : 512;
      const about = `seed ${seed} round ${round}: cut at ${cut}, ${loss} of ${piece}`;
      const luotd = new Luotd({ config: CONFIG });
      const place = luotd.state;
      try {
        const disk = new Disk();
        for (const r of records.slice(0, cut)) disk.take(r);
        disk.cut(place, random, loss, piece);
        luotd.state = path.join(place, 'state');
        await luotd.spawn().catch((e) => assert.fail(`${about}: ${e.message}`));
        worst = Math.max(worst, await look(luotd, known(records, cut), cut, about));
      } catch (error) {
        if (!traced) throw error;
        const kept = path.join(os.tmpdir(), `luot-power-${seed}.trace`);
        fs.copyFileSync(traced.trace, kept);
        throw new Error(`${about}; again with SEED=${seed} TRACE=${kept} RESTARTED=${restarted}`, { cause: error });
      } finally {
        luotd.remove();
        fs.rmSync(place, { recursive: true, force: true });
      }
    }
    console.log(`  the oldest view that was lost was ${worst.toFixed(0)} ms old`);
    assert.ok(worst < 10000, 'one second, and ten times that on a busy machine');
  });

  async function look(luotd, was, cut, about) {
    const db = path.join(luotd.state, 'luot.db');
    assert.deepEqual(fs.readdirSync(luotd.state).filter((f) => f.includes('.bad-')), [], about);
    assert.doesNotMatch(luotd.log, /damaged/, about);
    assert.deepEqual(sql(db, 'PRAGMA integrity_check'), [['ok']], about);
    const totals = new Map(sql(db, 'SELECT key, sum(views) FROM total JOIN site ON site.id = site GROUP BY 1').map(([k, n]) => [k, Number(n)]));
    const visitors = new Map(sql(db, 'SELECT key, sum(visitors) FROM day JOIN site ON site.id = site GROUP BY 1').map(([k, n]) => [k, Number(n)]));
    const adjusted = new Map(sql(db, 'SELECT key, sum(change) FROM adjust JOIN site ON site.id = site GROUP BY 1').map(([k, n]) => [k, Number(n)]));
    // A save looks after the one before it was confirmed: what was answered by then is in it.
    const safe = was.commits.length > 1 ? was.commits[was.commits.length - 2] : 0;
    let oldest = 0;
    for (let site = 0; site < SITES; site++) {
      const key = `s${site}`, views = totals.get(key) ?? 0;
      const least = was.count(ACKED, site, safe), most = was.count(SENT, site);
      assert.ok(least <= views && views <= most, `${about}: ${key}: ${least} answered <= ${views} kept <= ${most} sent`);
      const lost = (was.at[ACKED][site] ?? [])[views];
      if (lost !== undefined) oldest = Math.max(oldest, (records[Math.min(cut, records.length - 1)].ns - records[lost].ns) / 1e6);
      const by = adjusted.get(key) ?? 0;
      assert.ok(was.count(ADJUSTED, site) <= by && by <= was.count(ADJUSTING, site), `${about}: ${key}: adjusted by ${by}`);
      if (site % 2) {
        const people = visitors.get(key) ?? 0;
        assert.ok(least <= people && people <= most, `${about}: ${key}: ${least} <= ${people} visitors <= ${most}`);
      }
    }
    await checkSketches(db, was, cut, about);
    const site = random(SITES), key = `s${site}`;
    const periods = (await luotd.snapshot(key)).periods;
    assert.equal(periods.total.views, (totals.get(key) ?? 0) + (adjusted.get(key) ?? 0), about);
    assert.equal((await luotd.request('POST', '/b?reply=1', { body: `s=${key}&p=/` })).status, 200, about);
    assert.equal((await luotd.snapshot(key)).periods.total.views, periods.total.views + 1, about);
    if (random(5) === 0) assert.equal((await luotd.term()).code, 0, about);
    return oldest;
  }

  // A stop saves every sketch; else each is saved once a minute, by the first save that begins then or later.
  async function checkSketches(db, was, cut, about) {
    const ns = (i) => records[Math.min(i, records.length - 1)].ns;
    const gap = Math.max(0, ...was.commits.map((at, i) => (i ? ns(at) - ns(was.commits[i - 1]) : 0)));
    const minute = was.commits.filter((at) => ns(at) <= ns(cut) - 60e9 - 3 * gap).at(-1) ?? 0;
    const safe = Math.max(minute, cut > restarted ? restarted : 0);
    const counts = new Map();
    for (const [key, hex] of sql(db, 'SELECT key, hex(visitors) FROM sketch JOIN site ON site.id = site')) {
      const site = Number(key.slice(1)), { empty, seen } = sketched(hex);
      assert.equal(seen, 16384, `${about}: ${key}`);
      const people = 16384 * Math.log(16384 / empty);
      const most = site % 2 ? was.count(SENT, site) : Math.min(50, was.count(SENT, site));
      assert.ok(people <= most * 1.05 + 3, `${about}: ${key}: about ${people.toFixed(0)} of ${most} visitors`);
      const least = was.count(ACKED, site, safe);
      if (site % 2) assert.ok(people >= least * 0.95 - 3, `${about}: ${key}: about ${people.toFixed(0)} of at least ${least} visitors`);
      counts.set(key, people);
    }
    for (let site = 0; site < SITES; site++) assert.ok(counts.has(`s${site}`) || was.count(ACKED, site, safe) === 0, `${about}: s${site} has no sketch`);
  }
});
