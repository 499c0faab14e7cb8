// Dumps: from one luotd into another, whole or not at all, and nothing counts twice.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { ctlJson, luotctl } from './lib/ctl.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n[site second]\npublic = yes\n';
const NOON = Date.UTC(2026, 10, 23, 5) / 1000;
const view = (luotd, n, site = 'demo') => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.3.${n >> 8}.${n & 255}` }, body: `s=${site}&p=/` });
const temporary = () => fs.mkdtempSync(path.join(os.tmpdir(), 'luot-dump-'));

async function ok(luotd, args, options) {
  const r = await luotctl(luotd, args, options);
  assert.equal(r.code, 0, `luotctl ${args.join(' ')}: ${r.err}`);
  return r.out;
}

const CALENDAR = ['today', 'yesterday', 'week', 'month', 'last_month', 'total'];
/** What must be equal on both sides: the calendar's numbers and every day. */
async function numbers(luotd, site) {
  const snapshot = await luotd.snapshot(site);
  const periods = Object.fromEntries(CALENDAR.map((p) => [p, { views: snapshot.periods[p].views, visits: snapshot.periods[p].visits, visitors: snapshot.periods[p].visitors }]));
  const report = await luotd.json(`report ${site} day 2026-10-01 2026-12-01`);
  return { periods, seed: snapshot.seed, days: report.rows.map((r) => [r.day, r.views, r.visits, r.visitors, r.pages_per_visit, r.bounce_rate]) };
}

const log = (day, n) => Array.from({ length: n }, (_, i) => `192.0.2.${i % 9} - - [${day}/Oct/2026:10:00:0${i % 10} +0000] "GET /p${i % 3} HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n`).join('');

async function counted(clock, folder) {
  const luotd = await Luotd.start({ config: CONFIG, clock });
  fs.writeFileSync(path.join(folder, 'old.log'), log('05', 30) + log('06', 12));
  await ok(luotd, ['import', '--site', 'demo', path.join(folder, 'old.log')]);
  for (let n = 0; n < 25; n++) await view(luotd, n % 7);
  for (let n = 0; n < 4; n++) await view(luotd, n, 'second');
  await luotd.advance(clock.seconds + 86400);
  for (let n = 0; n < 10; n++) await view(luotd, n % 3);
  await ok(luotd, ['adjust', 'demo', '--metric', 'visits', '--day', '2026-11-23', '--by', '3']);
  await ok(luotd, ['seed', 'demo', '--metric', 'visits', '--total', '50510', '--week', '84', '--note', 'bộ đếm cũ']);
  await ok(luotd, ['adjust', 'demo', '--metric', 'visits', '--day', '2026-11-23', '--by', '-1']);
  for (let n = 0; n < 5; n++) await view(luotd, 100 + n);
  return luotd;
}

describe('dump and load', () => {
  test('totals, days and seeds are equal in another luotd, and loading twice changes nothing', async () => {
    const folder = temporary();
    const clock = new Clock(NOON);
    const from = await counted(clock, folder);
    const into = await Luotd.start({ config: CONFIG, clock });
    const file = path.join(folder, 'all.luot');
    try {
      await ok(from, ['dump', '--all', file]);
      const bytes = fs.readFileSync(file);
      const last = bytes.subarray(0, -1).lastIndexOf('\n') + 1;
      assert.match(bytes.subarray(last).toString(), new RegExp(`sha256=${createHash('sha256').update(bytes.subarray(0, last)).digest('hex')}\n$`));
      const was = { demo: await numbers(from, 'demo'), second: await numbers(from, 'second') };
      assert.equal(was.demo.periods.total.visits, 50510 - 1 + 5);
      for (let twice = 0; twice < 2; twice++) {
        await ok(into, ['load', file]);
        assert.deepEqual(await numbers(into, 'demo'), was.demo);
        assert.deepEqual(await numbers(into, 'second'), was.second);
      }
      // Standard input and output are as good as files, and what was loaded is dumped again as it was.
      const again = await ok(into, ['dump', 'demo']);
      const rows = (t) => t.split('\n').filter((l) => /^(day|total|week|month|seed|adjust|source|imported|sketch)/.test(l)).sort();
      const demo = bytes.toString().replace(/\nsite second[^]*$/, '');
      assert.deepEqual(rows(again), rows(demo));
      assert.match(await ok(into, ['load'], { input: again }), /rows of 1 sites are in/);
      assert.deepEqual(await numbers(into, 'demo'), was.demo);
      // What is counted here is counted beside it, and the log that grew goes on where it ended.
      for (let n = 0; n < 6; n++) await view(into, n);
      fs.appendFileSync(path.join(folder, 'old.log'), log('07', 8));
      const imported = await ctlJson(into, ['import', '--site', 'demo', path.join(folder, 'old.log')]);
      assert.equal(imported.views, 8);
      const now = await numbers(into, 'demo');
      assert.equal(now.periods.total.views, was.demo.periods.total.views + 6 + 8);
      // After a restart, and after a reboot, they are still there.
      await until('saved', async () => (await into.widget()).durable);
      const saves = (await into.stats()).store.saves;
      await until('two saves', async () => (await into.stats()).store.saves >= saves + 2);
      await into.kill9();
      fs.rmSync(path.join(into.run, 'arena'));
      await into.spawn();
      assert.deepEqual(await numbers(into, 'demo'), now);
    } finally {
      await from.stop();
      await into.stop();
      clock.close();
      fs.rmSync(folder, { recursive: true });
    }
  });

  test('a file that was cut, or changed, is refused by name and nothing of it is taken', async () => {
    const folder = temporary();
    const clock = new Clock(NOON);
    const from = await counted(clock, folder);
    const into = await Luotd.start({ config: CONFIG, clock });
    const file = path.join(folder, 'all.luot'), bad = path.join(folder, 'bad.luot');
    try {
      await ok(from, ['dump', '--all', file]);
      const bytes = fs.readFileSync(file);
      const nothing = await numbers(into, 'demo');
      for (const cut of [1, 60, bytes.length >> 1, bytes.length - 80, bytes.length - 1]) {
        fs.writeFileSync(bad, bytes.subarray(0, cut));
        const r = await luotctl(into, ['load', bad]);
        assert.notEqual(r.code, 0);
        if (cut > 60) assert.match(r.err, /bad\.luot: the dump was cut off after line \d+/);
        // The socket itself is as strict, for whoever does without luotctl.
        if (cut > 60 && cut < bytes.length - 1) assert.match(await into.ask('load', bytes.subarray(0, cut).toString() + '\n'), /^ERR malformed /);
      }
      const flipped = Buffer.from(bytes);
      flipped[bytes.indexOf('day 2026') + 22] ^= 1;
      fs.writeFileSync(bad, flipped);
      assert.match((await luotctl(into, ['load', bad])).err, /bad\.luot: line \d+: /);
      assert.deepEqual(await numbers(into, 'demo'), nothing);
      assert.equal((await luotctl(from, ['dump', 'nobody'])).code, 1);
      assert.equal((await luotctl(from, ['dump'])).code, 64);
      assert.equal((await luotctl(from, ['dump', '--all', path.join(folder, 'no', 'such')])).code, 73);
      assert.deepEqual(fs.readdirSync(folder).filter((f) => f.endsWith('.part')), []);
    } finally {
      await from.stop();
      await into.stop();
      clock.close();
      fs.rmSync(folder, { recursive: true });
    }
  });

  test('a site that is not configured is kept, and shown when it is', async () => {
    const from = await Luotd.start({ config: CONFIG });
    const into = await Luotd.start({ config: '[site demo]\nany_host = yes\n' });
    try {
      for (let n = 0; n < 9; n++) await view(from, n, 'second');
      const dump = await ok(from, ['dump', '--all']);
      assert.match(await ok(into, ['load'], { input: dump }), /second is kept but not shown.*\[site second\]/);
      fs.writeFileSync(path.join(into.run, 'luotd.conf'), CONFIG);
      await ok(into, ['reload']);
      await until('the site', async () => (await into.ask('json snapshot second')).includes('"total":{"views":9,'));
    } finally {
      await from.stop();
      await into.stop();
    }
  });
});
