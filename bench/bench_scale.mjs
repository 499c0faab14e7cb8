// How luotd's figures grow: with sites, visitors, connections and workers. See README.md in this folder.
//
//   node bench/bench_scale.mjs [--pairs N] [--only sites,visitors,connections,workers] [--json FILE]
//
// Medians of N runs (3). Exit 1 when a line was not counted.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { makeInputs } from './lib/input.mjs';
import { check, drained, measured, sinceThen, wrong } from './lib/measure.mjs';
import { begin, head, mib, n, percent, range, say, table } from './lib/run.mjs';
import { load, Luotd, siteConfig, wrk } from './lib/servers.mjs';
import { spread } from './lib/statistics.mjs';
import { backedBytes, leaveTheServersCore, memoryOf } from './lib/system.mjs';
import { workers } from './workers.mjs';

const SITES = [1, 10, 100, 1000, 2000];
const VISITORS = [1, 1000, 10000, 100000, 1000000, 10000000];
const CONNECTIONS = [1, 64, 1000, 5000, 20000];
const WORKERS = [2, 4, 8, 16];
const BEACONS = 1000000;
const SETTLED_S = 10, IDLE_S = 10; // nobody has come for so long, and how long it is looked at
/** wrk has all of them before it asks for anything. */
const secondsFor = (connections) => 4 + Math.ceil(connections / 2000);

const times = async (pairs, what, once) => {
  const all = [];
  for (let i = 0; i < pairs; i++) {
    say(`${what}: ${i + 1} of ${pairs}`);
    all.push(await once());
  }
  say('');
  return spread(all);
};

/** bench/pool.h has the same. */
const key = (i) => (i === 0 ? 'demo' : `s${i.toString(36).padStart(3, '0')}`);
const config = (sites) => Array.from({ length: sites }, (_, i) => siteConfig(key(i))).join('');

/** A flood of ten beacons a datagram; ns of CPU for each that was received. */
async function flood(luotd, what, how) {
  const before = await luotd.quiet();
  const run = await measured(() => luotd.cpu(), async () => {
    await load(luotd.port, BEACONS, { lines: 10, ...how });
    await drained(luotd.port);
    return {};
  });
  const { received } = sinceThen(what, before, await luotd.quiet());
  return run.ns / received;
}

/** CPU of one answer on luotd's socket, which nothing caches. */
async function answer(luotd, command) {
  const times = 50;
  const { ns } = await measured(() => luotd.cpu(), async () => {
    for (let i = 0; i < times; i++) await luotd.ask(command);
    return {};
  });
  return ns / times / 1e6;
}

/** The share of a core that luotd takes while nobody comes. */
async function idle(luotd) {
  await new Promise((done) => setTimeout(done, SETTLED_S * 1000));
  const { ns } = await measured(() => luotd.cpu(), async () => {
    await new Promise((done) => setTimeout(done, IDLE_S * 1000));
    return {};
  });
  return ns / IDLE_S / 1e9;
}

async function ofSites(pairs, inputs) {
  const input = inputs.beacons[10000].file;
  const figures = {};
  for (const sites of SITES) {
    const luotd = await Luotd.start(config(sites));
    const first_ms = luotd.readyMs;
    await load(luotd.port, BEACONS, { lines: 10, rate: 100000, sites, input }); // every site has its tables
    await drained(luotd.port);
    const ns_each = await times(pairs, `${sites} sites`, () => flood(luotd, `${sites} sites`, { sites, input }));
    figures[sites] = {
      ns_each,
      idle: await idle(luotd),
      snapshot_ms: await answer(luotd, 'snapshot demo'),
      sites_ms: await answer(luotd, 'sites'),
      own: memoryOf(luotd.pid).own,
      arena: backedBytes(luotd.arena),
      first_ms,
    };
    await luotd.end();
    figures[sites].again_ms = await luotd.spawn();
    await luotd.stop();
  }
  return figures;
}

async function ofVisitors(pairs, inputs) {
  const input = inputs.beacons[10000].file;
  const figures = {};
  for (const visitors of VISITORS) {
    // One address alone reaches any limit that there is.
    const luotd = await Luotd.start(undefined, { args: visitors < 100 ? ['--rate_limit=off'] : [] });
    await load(luotd.port, Math.max(visitors, 10000), { lines: 10, rate: 800000, each: visitors, input }); // they have their words
    await drained(luotd.port);
    const ns_each = await times(pairs, `${visitors} visitors`, () => flood(luotd, `${visitors} visitors`, { each: visitors, input }));
    const { today } = (await luotd.ask('snapshot demo')).periods;
    check(today.views > 0, `${visitors} visitors: no view is in today's`);
    figures[visitors] = { ns_each, counted: today.visitors, exact: today.exact, arena: backedBytes(luotd.arena), snapshot_ms: await answer(luotd, 'snapshot demo') };
    await luotd.stop();
  }
  return figures;
}

/** As many connections as are wanted, or as this shell may open. */
function connectionsHere() {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString()) - 500;
  return [...new Set(CONNECTIONS.map((c) => Math.min(c, limit)))];
}

async function ofConnections(pairs, inputs) {
  const { file } = inputs.requests.pixel;
  const figures = {};
  for (const connections of connectionsHere()) {
    const luotd = await Luotd.start(undefined, { args: [`--connections=${Math.max(16, connections + 100)}`] });
    await wrk(luotd.port, 1, 1, file, 1); // what it remembers of visitors is there
    const before = memoryOf(luotd.pid).own;
    let most = before;
    const us_each = await times(pairs, `${connections} connections`, async () => {
      const counted = await luotd.quiet();
      const timer = setInterval(() => (most = Math.max(most, memoryOf(luotd.pid).own)), 500);
      const run = await measured(() => luotd.cpu(), () => wrk(luotd.port, secondsFor(connections), 1, file, connections));
      clearInterval(timer);
      const { received } = sinceThen(`${connections} connections`, counted, await luotd.quiet());
      // wrk says nothing on any of 19,500 for some eight seconds, and luotd closes who has asked for nothing for so long: they come again.
      check(!run.wrong || /connect 0, read \d+, write 0, timeout 0/.test(run.wrong), `${connections} connections: ${run.wrong}`);
      return run.ns / received / 1000;
    });
    figures[connections] = { us_each, kib_each: (most - before) / connections / 1024 };
    await luotd.stop();
  }
  return figures;
}

const shown = {
  sites: (f) =>
    table(
      ['sites', 'ns of CPU a beacon', 'idle, of a core', '`snapshot`, ms', '`sites`, ms', 'own, MiB', 'arena, MiB', 'first start, ms', 'started again, ms'],
      Object.entries(f).map(([sites, s]) => [n(Number(sites)), range(s.ns_each), percent(s.idle, 2), n(s.snapshot_ms, 2), n(s.sites_ms, 2), mib(s.own), mib(s.arena), n(s.first_ms), n(s.again_ms)]),
    ),
  visitors: (f) =>
    table(
      ['visitors', 'ns of CPU a beacon', 'counted', 'exact', 'arena, MiB', '`snapshot`, ms'],
      Object.entries(f).map(([visitors, v]) => [n(Number(visitors)), range(v.ns_each), n(v.counted), v.exact ? 'yes' : 'no', mib(v.arena), n(v.snapshot_ms, 2)]),
    ),
  connections: (f) =>
    table(
      ['connections', 'us of CPU a pixel', "KiB of luotd's own for each"],
      Object.entries(f).map(([connections, c]) => [n(Number(connections)), range(c.us_each, 2), n(c.kib_each, 1)]),
    ),
  workers: (f) =>
    table(
      ['workers, all on one site', 'ns of CPU a beacon', 'one alone', 'as much as how many'],
      Object.entries(f).map(([count, w]) => [count, range(w.each_ns), range(w.one_ns), range(w.ratio, 2)]),
    ),
};
const SECTIONS = { sites: ofSites, visitors: ofVisitors, connections: ofConnections, workers: (pairs, inputs) => workers(pairs, inputs, WORKERS) };

const options = { pairs: 3, only: Object.keys(SECTIONS), json: null };
for (let i = 2; i < process.argv.length; i += 2) {
  const [name, value] = process.argv.slice(i, i + 2);
  if (name === '--pairs' && value > 0) options.pairs = Number(value);
  else if (name === '--json' && value) options.json = value;
  else if (name === '--only' && value?.split(',').every((s) => s in SECTIONS)) options.only = value.split(',');
  else {
    console.error(`usage: bench_scale.mjs [--pairs N] [--only ${Object.keys(SECTIONS).join(',')}] [--json FILE]`);
    process.exit(64);
  }
}

leaveTheServersCore();
const result = begin(options.pairs);
console.log(head(result), '\n');
result.inputs = makeInputs([10000]);
for (const section of options.only) {
  result[section] = await SECTIONS[section](options.pairs, result.inputs);
  console.log(shown[section](result[section]));
}
result.wrong = wrong;
if (options.json) fs.writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
process.exit(wrong.length > 0 ? 1 : 0);
