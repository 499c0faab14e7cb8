// What do those cost who follow live numbers? See README.md in this folder.
//
//   node bench/bench_live.mjs [--listeners N] [--seconds S] [--pairs P] [--json FILE]
//
// luotd with one worker on a core of its own gets beacons at a steady rate, so that every second has something new, first
// without and then with N listeners of one site. CPU is the difference; memory what luotd's own grew by; latency that of beacons over
// HTTP, one after the other. Then UDP beacons come, FLOOD a second: what each of them costs is the CPU that is more than without the
// flood. Exit 1 when a listener was lost or missed events, a beacon was not counted, or a promise is not kept:
// less than 30 % of a core and at most 8 KiB a listener for 5,000.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { begin, head, inTurn, n, percent, range, table } from './lib/run.mjs';
import { build, load, Luotd } from './lib/servers.mjs';
import { drained } from './lib/measure.mjs';
import { sorted, spread } from './lib/statistics.mjs';
import { busyNs, CLIENT_CPU, leaveTheServersCore, memoryOf, SERVER_CPU, start } from './lib/system.mjs';

const RATE = 50; // beacons a second over HTTP
const FLOOD = 20000; // and over UDP, one a datagram
const options = { listeners: 5000, seconds: 15, pairs: 3, json: null };
for (let i = 2; i < process.argv.length; i += 2) {
  const [name, value] = [process.argv[i].slice(2), process.argv[i + 1]];
  if (!(name in options) || !value) {
    console.error('usage: bench_live.mjs [--listeners N] [--seconds S] [--pairs P] [--json FILE]');
    process.exit(64);
  }
  options[name] = name === 'json' ? value : Number(value);
}
const wrong = [];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** One view over HTTP; how long it took, in ms. */
function view(agent, port, i) {
  const began = performance.now();
  return new Promise((done, fail) => {
    http
      .get({ host: '127.0.0.1', port, agent, path: `/p.gif?s=demo&p=/${i % 50}`, headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'X-Forwarded-For': `10.9.${(i >> 8) % 256}.${i % 256}` } }, (res) => {
        res.resume();
        res.on('end', () => done(performance.now() - began));
      })
      .on('error', fail);
  });
}

/** luotd's CPU, the latency of beacons, and how many were sent, in so many seconds. */
async function measure(luotd, from) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const before = { cpu: luotd.cpu(), busy: busyNs(SERVER_CPU), at: performance.now() };
  const latency = [];
  let sent = 0;
  while (performance.now() - before.at < options.seconds * 1000) {
    latency.push(await view(agent, luotd.port, from + sent++));
    await sleep(Math.max(0, before.at + (sent * 1000) / RATE - performance.now()));
  }
  const seconds = (performance.now() - before.at) / 1000;
  agent.destroy();
  const all = sorted(latency), cpu = luotd.cpu() - before.cpu;
  return { sent, seconds, cpu: cpu / 1e9 / seconds, others: (busyNs(SERVER_CPU) - before.busy - cpu) / 1e9 / seconds, p50: all[all.length >> 1], p99: all[Math.floor(all.length * 0.99)] };
}

/** What a UDP beacon costs in ns, of luotd's CPU: more than `steady`, which is of a core. Those that it counts and those that were sent. */
async function flood(luotd, steady) {
  const { received } = await luotd.quiet();
  const before = { cpu: luotd.cpu(), at: performance.now() };
  const { sent } = await load(luotd.port, FLOOD * options.seconds / 2, { rate: FLOOD });
  await drained(luotd.port);
  const seconds = (performance.now() - before.at) / 1000, cpu = luotd.cpu() - before.cpu;
  const counted = (await luotd.quiet()).received - received;
  if (counted !== sent) wrong.push(`${sent} UDP beacons were sent and ${counted} arrived`);
  return { sent, seconds, ns: (cpu - steady * seconds * 1e9) / sent };
}

async function once() {
  const many = options.listeners;
  const luotd = await Luotd.start('[site demo]\nany_host = yes\npublic = yes\n', { args: [`--connections=${2 * many + 100}`, `--live_listeners=${many}`, '--store=none'] });
  await load(luotd.port, FLOOD, { rate: FLOOD }); // everybody has been here
  const past = await luotd.quiet();
  const without = await measure(luotd, 0);
  without.flood = await flood(luotd, without.cpu);
  const empty = memoryOf(luotd.pid).own;
  const crowd = start(CLIENT_CPU, path.join(build, 'bench/listeners'), [String(luotd.port), '/v1/demo/live', String(many)], { stdio: ['pipe', 'pipe', 'pipe'] });
  while (!crowd.out.includes('listening')) {
    if (crowd.exitCode !== null) throw new Error(`listeners: ${crowd.err}`);
    await sleep(10);
  }
  const withThem = await measure(luotd, without.sent);
  const full = memoryOf(luotd.pid).own;
  withThem.flood = await flood(luotd, withThem.cpu);
  crowd.stdin.end();
  await crowd.ended;
  const [, listening, events, bytes, closed] = /^(\d+) listeners, (\d+) events, (\d+) bytes, (\d+) closed$/m.exec(crowd.out).map(Number);
  const { received, rest } = await luotd.quiet();
  const all = [without, withThem].reduce((sum, m) => sum + m.sent + m.flood.sent, 0);
  if (received - past.received !== all || rest !== 0) wrong.push(`${all} views were sent, ${received - past.received} came, and ${rest} did not count`);
  if (listening !== many || closed !== 0) wrong.push(`${listening} of ${many} listened, ${closed} were closed`);
  const each = events / listening / (withThem.seconds + withThem.flood.seconds); // a turn of the second may be a little longer than a second
  if (each < 0.5 || each > 1.1) // on a busy machine a second of turns is longer
     wrong.push(`${each.toFixed(2)} events a second and listener`);
  await luotd.stop();
  return { without, withThem, core: withThem.cpu - without.cpu, each, bytes: bytes / events, kib: (full - empty) / listening / 1024 };
}

leaveTheServersCore();
const result = begin(options.pairs);
console.log(head(result));
console.log(`${n(options.listeners)} listeners of one site, ${RATE} views a second over HTTP; then ${n(FLOOD)} over UDP.\n`);
const [runs] = await inTurn('live', options.pairs, [once]);
const of = (pick) => spread(runs.map(pick));
result.live = { listeners: options.listeners, core: of((r) => r.core), kib: of((r) => r.kib), each: of((r) => r.each), bytes: of((r) => r.bytes), runs };
const percents = (s) => `${percent(s.median)} (${percent(s.min)}..${percent(s.max)})`;
console.log(table(
  ['what', 'without', 'with', 'difference'],
  [
    ["of luotd's core", percents(of((r) => r.without.cpu)), percents(of((r) => r.withThem.cpu)), percents(result.live.core)],
    ['a beacon over HTTP, median, ms', range(of((r) => r.without.p50), 2), range(of((r) => r.withThem.p50), 2), range(of((r) => r.withThem.p50 - r.without.p50), 2)],
    ['99 of 100, ms', range(of((r) => r.without.p99), 2), range(of((r) => r.withThem.p99), 2), range(of((r) => r.withThem.p99 - r.without.p99), 2)],
    ["of luotd's CPU a UDP beacon, ns", range(of((r) => r.without.flood.ns)), range(of((r) => r.withThem.flood.ns)), range(of((r) => r.withThem.flood.ns - r.without.flood.ns))],
    ['memory of luotd a listener, KiB', '', '', range(result.live.kib, 2)],
    ['events a second and listener', '', range(result.live.each, 2), ''],
    ['bytes an event', '', range(result.live.bytes), ''],
    ['others on that core', percents(of((r) => r.without.others)), percents(of((r) => r.withThem.others)), ''],
  ],
));
const scale = options.listeners / 5000;
if (result.live.core.median > 0.3 * Math.max(1, scale)) wrong.push(`listeners take ${percent(result.live.core.median)} of a core`);
if (scale >= 1 && result.live.kib.median > 8) wrong.push(`a listener takes ${n(result.live.kib.median, 1)} KiB`);
result.wrong = wrong;
if (options.json) fs.writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
