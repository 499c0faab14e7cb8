// luot's figures, measured beside their baselines in one run. What each means: README.md in this folder.
//
//   node bench/figures.mjs [--pairs N] [--only udp,http,memory,start,instructions] [--json FILE]
//
// BUILD is the build folder (default build). Loopback only; every run is bounded in count or time; exit 1 when a
// run did not count every line that it received.
import dgram from 'node:dgram';
import fs from 'node:fs';
import path from 'node:path';
import { begin, inTurn, mib, n, percent, range, say, table } from './lib/run.mjs';
import { build, document, load, Luotd, Nginx, Sink, status, wrk } from './lib/servers.mjs';
import { ratios, spread } from './lib/statistics.mjs';
import { backedBytes, busyNs, CLIENT_CPU, isHere, leaveTheServersCore, memoryOf, run, SERVER_CPU, udpPort, until } from './lib/system.mjs';

const SECTIONS = ['udp', 'http', 'memory', 'start', 'instructions'];
const WRK_SECONDS = 2;
const WARM_UP = 100000; // beacons: every visitor has its word before anything is measured
const SITES = [1, 100, 1000];

const options = { pairs: 7, only: SECTIONS, json: null };
for (let i = 2; i < process.argv.length; i += 2) {
  const [name, value] = process.argv.slice(i, i + 2);
  if (name === '--pairs' && value > 0) options.pairs = Number(value);
  else if (name === '--json' && value) options.json = value;
  else if (name === '--only' && value?.split(',').every((s) => SECTIONS.includes(s))) options.only = value.split(',');
  else {
    console.error(`usage: figures.mjs [--pairs N] [--only ${SECTIONS.join(',')}] [--json FILE]`);
    process.exit(64);
  }
}

const wrong = []; // sentences: runs that cannot be believed
const check = (right, sentence) => right || wrong.push(sentence);

const field = (list, name) => list.map((r) => r[name]);
const summary = (list, names) => Object.fromEntries(names.map((n) => [n, spread(field(list, n))]));

/** Runs `work` and says what the server's CPU was for, and what else ran on its core meanwhile (0 to 1). */
async function measured(cpu, work) {
  const before = { cpu: cpu(), busy: busyNs(SERVER_CPU), at: process.hrtime.bigint() };
  const result = await work();
  const ns = cpu() - before.cpu;
  const took = Number(process.hrtime.bigint() - before.at);
  return { ...result, ns, others: Math.max(0, (busyNs(SERVER_CPU) - before.busy - ns) / took) };
}

// --- UDP ---

const WAYS = {
  'one a datagram': { count: 400000, lines: 1 },
  'ten a datagram': { count: 4000000, lines: 10 },
  'GSO, 32 segments': { count: 10000000, lines: 1, segments: 32 },
  'ten a datagram, 250,000 /s': { count: 250000, lines: 10, rate: 250000 },
  'one by one, 50,000 /s': { count: 100000, lines: 1, rate: 50000, at_once: 1 },
  'one by one, 200,000 /s': { count: 300000, lines: 1, rate: 200000, at_once: 1 },
};

const drained = (port) => until('the queue', () => udpPort(port).waiting === 0);

async function flood(server, way) {
  const before = udpPort(server.port);
  const result = await measured(
    () => server.cpu(),
    async () => {
      const sent = await load(server.port, way.count, way);
      await drained(server.port);
      return sent;
    },
  );
  return { ...result, dropped: (udpPort(server.port).drops - before.drops) * way.lines };
}

/** Every datagram that was sent was received, or the kernel says that it had no room for it. */
function checkReceived(who, way, run, received) {
  const segments = way.segments ?? 1; // the kernel counts one drop for all segments of a system call
  const rest = run.sent - received;
  check(run.dropped <= rest && rest <= run.dropped * segments, `${who}: sent ${run.sent}, received ${received}, dropped ${run.dropped} by the kernel`);
}

const each = (run, received) => ({ ns_each: run.ns / received, received, lost: 1 - received / run.sent, rate: run.rate, others: run.others });

async function floodLuotd(luotd, name, way) {
  const before = await luotd.quiet();
  const run = await flood(luotd, way);
  const after = await luotd.quiet();
  const received = after.received - before.received;
  check(after.views - before.views === received, `udp, ${name}: received ${received}, counted ${after.views - before.views} views`);
  checkReceived(`udp, ${name}`, way, run, received);
  return each(run, received);
}

async function floodSink(name, way) {
  const sink = await Sink.start(way.segments > 0);
  const run = await flood(sink, way);
  const received = (await sink.stop()) * way.lines;
  checkReceived(`sink, ${name}`, way, run, received);
  return each(run, received);
}

async function udp() {
  const luotd = await Luotd.start();
  const figures = {};
  await load(luotd.port, WARM_UP, { lines: 10, rate: 200000 });
  await drained(luotd.port);
  for (const [name, way] of Object.entries(WAYS)) {
    const [ours, theirs] = await inTurn(`udp, ${name}`, options.pairs, [() => floodLuotd(luotd, name, way), () => floodSink(name, way)]);
    const names = ['ns_each', 'lost', 'rate', 'others'];
    figures[name] = {
      luot: summary(ours, names),
      sink: summary(theirs, names),
      ratio: ratios(field(ours, 'ns_each'), field(theirs, 'ns_each')),
      above_ns: spread(ours.map((r, i) => r.ns_each - theirs[i].ns_each)),
    };
  }
  await luotd.stop();
  return figures;
}

// --- HTTP ---

// `what` is pixel.lua's; `lines`: beacons of a request; `alone`: nginx has nothing to put beside it.
const ASKED = {
  'keep-alive': { what: 'pixel', lines: 1 },
  'pipelined 16': { what: 'pixel', lines: 1, depth: 16 },
  'a connection a request': { what: 'close', lines: 1 },
  'POST /b, a beacon of ten': { what: 'lines', lines: 10, alone: true },
  'widget.json': { what: 'widget', lines: 0 },
};

async function ask(server, name, { what, lines, depth = 1 }, received) {
  const before = await received();
  const run = await measured(() => server.cpu(), () => wrk(server.port, WRK_SECONDS, depth, what));
  const after = await received();
  check(!run.wrong, `${name}: ${run.wrong}`);
  if (!after) return { ...run, us_each: run.ns / run.requests / 1000 };
  const beacons = after.received - before.received;
  check(after.views - before.views === beacons, `${name}: received ${beacons}, counted ${after.views - before.views} views`);
  // What was on its way when wrk closed its connections was counted and not answered.
  const answered = run.requests * lines;
  check(beacons >= answered && beacons <= answered + 65 * depth * lines, `${name}: received ${beacons}, wrk had ${run.requests} answers`);
  return { ...run, us_each: run.ns / (beacons || run.requests) / 1000 };
}

async function pixels() {
  const luotd = await Luotd.start();
  const widget = await document(luotd.port, '/v1/demo/widget.json'); // a file of that size for nginx
  const peers = { nginx: await Nginx.start(false, widget), 'nginx, access log': await Nginx.start(true, widget) };
  const figures = {};
  check((await status(luotd.port, '/p.gif?s=demo&p=/')) === 200, 'http: luotd does not answer the pixel with 200');
  for (const [name, way] of Object.entries(ASKED)) {
    const runs = [() => ask(luotd, `luotd, ${name}`, way, () => luotd.quiet())];
    for (const [peer, nginx] of way.alone ? [] : Object.entries(peers))
      runs.push(async () => {
        const run = await ask(nginx, `${peer}, ${name}`, way, async () => undefined);
        nginx.emptyLog();
        return run;
      });
    await wrk(luotd.port, 1, way.depth ?? 1, way.what); // its visitors have their words
    const [ours, ...theirs] = await inTurn(`http, ${name}`, options.pairs, runs);
    const names = ['us_each', 'rate', 'p50_us', 'p99_us', 'others'];
    figures[name] = { request_bytes: ours[0].bytes, luot: summary(ours, names) };
    theirs.forEach((runs, i) => {
      figures[name][Object.keys(peers)[i]] = { ...summary(runs, names), ratio: ratios(field(ours, 'us_each'), field(runs, 'us_each')) };
    });
  }
  for (const server of [luotd, ...Object.values(peers)]) await server.stop();
  return figures;
}

// --- Memory ---

const siteKey = (i) => `site${String(i).padStart(4, '0')}`;
const sitesConfig = (n) => Array.from({ length: n }, (_, i) => `[site ${siteKey(i)}]\nany_host = yes\n`).join('');

async function visitEachSite(luotd, n) {
  const socket = dgram.createSocket('udp4');
  const lines = Array.from({ length: n }, (_, i) => `s=${siteKey(i)}&p=/&i=10.1.${i >> 8}.${i & 255}&u=Firefox`);
  for (let at = 0; at < n; at += 50)
    await new Promise((done, fail) => socket.send(lines.slice(at, at + 50).join('\n'), luotd.port, '127.0.0.1', (e) => (e ? fail(e) : done())));
  socket.close();
  const counts = await until('all sites visited', async () => {
    const c = await luotd.counts();
    return c.received >= n && c;
  });
  check(counts.received === n && counts.views === n, `${n} sites: received ${counts.received}, counted ${counts.views} views`);
}

/** Until the keeper has looked at every site and the saver has kept what changed. */
async function settle(luotd) {
  const saves = async () => (await luotd.stats()).store.saves;
  const before = await saves();
  await until('two more saves, or quiet', async () => (await saves()) >= before + 2 || (await luotd.stats()).uptime_s >= 4, 100);
}

async function memory() {
  const figures = {};
  for (const n of SITES) {
    say(`memory: ${n} sites`);
    const luotd = await Luotd.start(sitesConfig(n));
    await visitEachSite(luotd, n);
    await settle(luotd);
    const { rss, pss, own } = memoryOf(luotd.pid);
    const arena = backedBytes(luotd.arena);
    figures[n] = { rss, pss, own, arena, together: own + arena };
    await luotd.stop();
  }
  say('');
  return figures;
}

// --- Start ---

async function startUp() {
  const n = SITES.at(-1);
  const times = { 'first start': [], 'after SIGTERM': [], 'after kill -9': [] };
  const inside = [];
  for (let i = 0; i < options.pairs; i++) {
    say(`start: ${i + 1} of ${options.pairs}`);
    const luotd = await Luotd.start(sitesConfig(n));
    times['first start'].push(luotd.readyMs);
    await visitEachSite(luotd, n);
    await luotd.end('SIGKILL');
    times['after kill -9'].push(await luotd.spawn());
    const total = await until('views', async () => (await luotd.stats()).sites);
    check(total >= n, `start: ${total} sites after kill -9`);
    await luotd.end();
    times['after SIGTERM'].push(await luotd.spawn());
    inside.push(luotd.startMs());
    await luotd.stop();
  }
  say('');
  return { sites: n, ms: Object.fromEntries(Object.entries(times).map(([k, v]) => [k, spread(v)])), inside_ms: spread(inside) };
}

// --- Instructions ---

const BEACONS = 20000;

async function instructions() {
  const figures = {};
  if (!isHere('valgrind')) return figures;
  for (const lines of [1, 10])
    for (const what of ['parse', 'count']) {
      say(`instructions: ${what}, ${lines} a datagram`);
      const child = await run(CLIENT_CPU, 'sh', ['-c', 'exec valgrind "$@" 2>&1', 'sh', '--tool=callgrind', '--callgrind-out-file=/dev/null', '--toggle-collect=measured', path.join(build, 'bench/bench_pipeline'), what, String(lines), String(BEACONS / lines)]);
      figures[`${what} ${lines}`] = Math.round(Number(/Collected : (\d+)/.exec(child)[1]) / BEACONS);
    }
  say('');
  return figures;
}

// --- What is printed ---

function printUdp(figures) {
  table(
    ['UDP: ns of CPU a beacon', 'luot', 'sink', 'luot - sink', 'luot / sink', 'lost: luot', 'sink', 'sent /s: luot', 'sink', 'others'],
    Object.entries(figures).map(([name, f]) => [
      name, range(f.luot.ns_each), range(f.sink.ns_each), n(f.above_ns.median), range(f.ratio, 2),
      percent(f.luot.lost.median), percent(f.sink.lost.median), n(f.luot.rate.median), n(f.sink.rate.median), percent(Math.max(f.luot.others.median, f.sink.others.median)),
    ]),
  );
}

function printHttp(figures) {
  const rows = [];
  for (const [name, { request_bytes, ...servers }] of Object.entries(figures))
    for (const [server, f] of Object.entries(servers))
      rows.push([`${name}, ${request_bytes} B: ${server}`, range(f.us_each, 2), f.ratio ? range(f.ratio, 2) : '', n(f.rate.median), n(f.p50_us.median), n(f.p99_us.median), percent(f.others.median)]);
  table(['HTTP, 64 connections', 'us of CPU', 'luot / this', 'requests /s', 'p50 us', 'p99 us', 'others'], rows);
}

function printMemory(figures) {
  table(
    ['memory, MiB; a visitor a site', 'RSS', 'PSS', 'own', 'arena', 'own + arena'],
    Object.entries(figures).map(([sites, f]) => [`${n(Number(sites))} site${sites === '1' ? '' : 's'}`, mib(f.rss), mib(f.pss), mib(f.own), mib(f.arena), mib(f.together)]),
  );
}

function printStart(figures) {
  table(
    [`spawn to ready, ${n(figures.sites)} sites`, 'ms'],
    [...Object.entries(figures.ms).map(([k, s]) => [k, range(s)]), ['its own clock to ready, after SIGTERM', range(figures.inside_ms)]],
  );
}

function printInstructions(figures) {
  if (Object.keys(figures).length === 0) return console.log('instructions: valgrind is not here, not measured\n');
  return table(
    ['instructions a beacon', 'parse', 'parse and count'],
    [1, 10].map((lines) => [lines === 1 ? 'one a datagram' : 'ten a datagram', n(figures[`parse ${lines}`]), n(figures[`count ${lines}`])]),
  );
}

const measures = {
  udp: [udp, printUdp],
  http: [pixels, printHttp],
  memory: [memory, printMemory],
  start: [startUp, printStart],
  instructions: [instructions, printInstructions],
};

process.on('uncaughtException', (error) => {
  console.error(`\nfigures: ${error.message}`);
  process.exit(1);
});
leaveTheServersCore();
const result = begin(options.pairs);
console.log(`others: what else ran on the server's core meanwhile.\n`);
for (const section of options.only) {
  const [measure, print] = measures[section];
  result[section] = await measure();
  print(result[section]);
}
result.wrong = wrong;
if (options.json) fs.writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
process.exit(wrong.length > 0 ? 1 : 0);
