// What is aimed at, beside what was measured: the rows of the one table that `make bench` prints.
import { mib, n, percent, range } from './run.mjs';

const ratio = (s) => range(s, 2);
const ns = (s) => `${range(s)} ns`;
const us = (s) => `${range(s, 2)} us`;

/** `value` is judged against must and stretch, at most or (`more`) at least; the rest is text. */
const row = (work, luot, beside, how, value, must, stretch, { more = false, say = (x) => n(x, 2) } = {}) => ({ work, luot, beside, how, value, must, stretch, more, say });
const plainRow = (work, luot, beside = '', how = '') => row(work, luot, beside, how);

const of1e6 = (x) => `${n(x / 1e6, 2)} M/s`;

function udpRow(f, name, text, must, stretch) {
  const way = f.ways[name];
  return row(`UDP, ${text}`, ns(way.luot.ns_each), `sink ${ns(way.sink.ns_each)}`, ratio(way.ratio), must.of === 'ns' ? way.luot.ns_each.median : way.ratio.median, must.at, stretch, {
    say: (x) => (must.of === 'ns' ? `${n(x)} ns` : `${n(x, 2)} x`),
  });
}

const nsAt = (at) => ({ of: 'ns', at });
const sinkAt = (at) => ({ of: 'ratio', at });

function lossFreeRow(f, name, text, must, stretch) {
  const { rate, limit } = f.loss_free[name];
  const least = rate.median >= limit.median ? 'at least ' : '';
  return row(`UDP, ${text}: most without loss`, `${least}${of1e6(rate.median)}`, `sender's limit ${of1e6(limit.median)}`, '', rate.median, must, stretch, { more: true, say: of1e6 });
}

function udpRows(f) {
  const rows = [
    udpRow(f, 'GSO, 32 a call', 'GSO, 32 a call', nsAt(300), 180),
    lossFreeRow(f, 'GSO, 32 a call', 'GSO, 32 a call', 3e6, 5e6),
    udpRow(f, 'GSO, 32 a call, a million visitors', 'the same, a million visitors', nsAt(undefined)),
    udpRow(f, 'one a datagram, flood', 'one a datagram, flood', sinkAt(1.5), 1.3),
    lossFreeRow(f, 'one a datagram, flood', 'one a datagram'),
    udpRow(f, 'ten a datagram, flood', 'ten a datagram, flood', nsAt(280), 170),
    lossFreeRow(f, 'ten a datagram, flood', 'ten a datagram'),
    udpRow(f, 'one by one, 50,000 /s', 'one by one, 50,000 /s', sinkAt(0.35), 0.3),
    udpRow(f, 'one by one, 200,000 /s', 'one by one, 200,000 /s', sinkAt(0.5), 0.4),
  ];
  for (const [name, b] of Object.entries(f.burst))
    rows.push(row(`UDP, a burst of 90 % of the buffer, ${name}`, `lost ${n(b.lost.max)} of ${n(b.sent.median)} at most`, `room ${n(b.room.median)}`, '', b.lost.max, 0, undefined, { say: (x) => `${n(x)} lost` }));
  return rows;
}

function besideRow(f, name, peer, must, stretch) {
  const { luot, beside } = f.rows[name];
  return row(name, us(luot.us_each), `${peer} ${us(beside[peer].us_each)}`, ratio(beside[peer].ratio), beside[peer].ratio.median, must, stretch, { say: (x) => `${n(x, 2)} x` });
}

function lineRow(f, name, must, stretch) {
  const { luot, beside } = f.rows[name];
  const [peer, other] = Object.entries(beside)[0] ?? [];
  return row(`${name}, a beacon`, us(luot.us_line), peer ? `${peer} ${us(other.us_each)}` : '', peer ? ratio(other.ratio) : '', luot.us_line.median, must, stretch, { say: (x) => `${n(x, 1)} us` });
}

const httpRows = (f) => [
  besideRow(f, 'pixel, keep-alive', 'nginx', 1.05, 0.92),
  besideRow(f, 'pixel, keep-alive', 'nginx, access log', 0.9, 0.75),
  lineRow(f, 'pixel, 16 pipelined', 1.5, 1),
  lineRow(f, 'POST /b, ten lines', 1.5, 1),
  besideRow(f, 'pixel, a connection a request', 'nginx', 1.05, 1),
  besideRow(f, 'widget.json', 'nginx', 1.05),
];

function peerRows(f, { http }) {
  const rows = [];
  for (const [name, way] of Object.entries(f.statsd.ways))
    for (const peer of Object.keys(way).filter((p) => p !== 'luot'))
      rows.push(plainRow(`UDP, ${name}, beside ${peer}`, ns(way.luot.ns_each), `${ns(way[peer].ns_each)}, lost ${percent(way[peer].lost.median)}`, ratio(way[peer].ratio)));
  for (const peer of f.statsd.skipped) rows.push(plainRow(`beside ${peer}`, '', 'skipped: not installed'));
  if (f.redis.skipped) return [...rows, plainRow('beside redis-server', '', 'skipped: not installed')];
  for (const [name, s] of Object.entries(f.redis)) {
    const ours = http?.rows[name === 'one at once' ? 'pixel, keep-alive' : 'pixel, 16 pipelined'].luot.us_line;
    const times = ours && s.us_each.median / ours.median;
    rows.push(row(`a view over TCP, ${name}, beside a script in Redis`, ours ? us(ours) : '', us(s.us_each), times ? `1 / ${n(times, 2)}` : '', times, name === 'one at once' ? 1.3 : undefined, undefined, { more: true, say: (x) => `${n(x, 1)} x cheaper` }));
  }
  return rows;
}

// The reference measured 923 us with MariaDB and 300 us with Redis; a view here must be so many times cheaper.
const CHEAPER = { MariaDB: 100, Redis: 30 };

const portalRows = (f) =>
  Object.entries(f).map(([name, p]) => {
    const work = `a view over HTTP, beside PHP and ${name}`;
    if (p.skipped) return plainRow(work, '', 'skipped: not installed');
    return row(work, us(p.luot.us_each), us(p.portal.us_each), `1 / ${range(p.ratio, 0)}`, p.ratio.median, CHEAPER[name], undefined, { more: true, say: (x) => `${n(x)} x cheaper` });
  });

function memoryRows(f) {
  const megabytes = { say: (x) => `${mib(x)} MiB` };
  return [
    row('memory, one site', `${mib(f.sites[1].together)} MiB`, `of it the arena ${mib(f.sites[1].arena)}`, '', f.sites[1].together, 16 * 2 ** 20, undefined, megabytes),
    row('memory, 1,000 quiet sites', `${mib(f.sites[1000].together)} MiB`, `of it the arena ${mib(f.sites[1000].arena)}`, '', f.sites[1000].together, 96 * 2 ** 20, undefined, megabytes),
    row('arena, a visitor while exact, beyond 4,000', `${n(f.exact.bytes_each, 1)} bytes`, `${n(f.exact.visitors)} visitors`, '', f.exact.bytes_each, 26, undefined, { say: (x) => `${n(x)} bytes` }),
    row('arena, a site with ten million visitors', `${mib(f.millions.arena)} MiB`, `${n(f.millions.visitors)} counted, ±${percent(f.millions.error)}`, '', f.millions.arena, 12 * 2 ** 20, undefined, megabytes),
  ];
}

const startRows = (f) => [
  ...Object.entries(f.ms).map(([name, s]) =>
    row(`spawn to ready, ${n(f.sites)} sites, ${name}`, `${range(s)} ms`, name === 'after SIGTERM' ? `its own clock ${range(f.inside_ms)} ms` : '', '', s.median, name === 'first start' ? undefined : 100, undefined, { say: (x) => `${n(x)} ms` })),
  plainRow('the program', `${mib(f.program.stripped ?? f.program.bytes)} MiB`, f.program.stripped ? 'stripped' : 'with debug information'),
];

const instructionRows = (f) =>
  f.skipped
    ? [plainRow('instructions a beacon', '', 'skipped: no valgrind')]
    : Object.keys(f.luotd).map((name) => plainRow(`instructions a beacon, ${name}`, n(f.luotd[name]), `bench_pipeline: parse ${n(f.pipeline[name].parse)}, parse and count ${n(f.pipeline[name]['parse and count'])}`));

const workersRows = (f) =>
  Object.entries(f).map(([count, w]) =>
    row(`${count} workers : one, all on one site`, `${range(w.each_ns)} ns each`, `one ${range(w.one_ns)} ns`, ratio(w.ratio), w.ratio.median, count === '2' ? 1.8 : undefined, 1.95, { more: true, say: (x) => `${n(x, 2)} x` }));

const SECTIONS = { udp: udpRows, http: httpRows, peers: peerRows, portals: portalRows, workers: workersRows, memory: memoryRows, start: startRows, instructions: instructionRows };

function judged({ value, must, stretch, more }) {
  if (must === undefined || value === undefined || value === null || Number.isNaN(value)) return '';
  const holds = (limit) => limit !== undefined && (more ? value >= limit : value <= limit);
  if (holds(stretch)) return 'stretch';
  return holds(must) ? 'yes' : 'NO';
}

/** The rows of what was measured, each with `reached`: 'stretch', 'yes', 'NO', or '' where nothing is aimed at. */
export function rowsOf(result) {
  return Object.entries(SECTIONS)
    .filter(([section]) => result[section])
    .flatMap(([section, rows]) => rows(result[section], result))
    .map((r) => {
      const limit = (x) => (x === undefined || r.must === undefined ? '' : `${r.more ? '≥' : '≤'} ${r.say(x)}`);
      return { work: r.work, luot: r.luot, beside: r.beside, ratio: r.how, must: limit(r.must), stretch: limit(r.stretch), reached: judged(r) };
    });
}
