// Beacons over UDP: luotd, and a sink that receives the same datagrams and only counts them.
import { check, drained, field, measured, sinceThen, summary, wholePipeline } from './lib/measure.mjs';
import { inTurn, say } from './lib/run.mjs';
import { load, Luotd, Sink } from './lib/servers.mjs';
import { ratios, spread } from './lib/statistics.mjs';
import { udpPort } from './lib/system.mjs';

const WARM_UP = 200000; // beacons: visitors have their words before anything is measured

/** A row each: beacons of `visitors`, as `load` sends them. */
const WAYS = {
  'GSO, 32 a call': { count: 4000000, segments: 32, visitors: 10000 },
  'GSO, 32 a call, a million visitors': { count: 4000000, segments: 32, visitors: 1000000 },
  'one a datagram, flood': { count: 400000, visitors: 10000 },
  'ten a datagram, flood': { count: 2000000, lines: 10, visitors: 10000 },
  'one by one, 50,000 /s': { count: 75000, batch: 1, rate: 50000, visitors: 10000 },
  'one by one, 200,000 /s': { count: 200000, batch: 1, rate: 200000, visitors: 10000 },
};

const LOSS_FREE = ['GSO, 32 a call', 'one a datagram, flood', 'ten a datagram, flood'];
const HALVINGS = 6;
const LOSS_FREE_SECONDS = 0.6;
const BURST_SHARE = 0.9;

async function flood(server, way, input) {
  const before = udpPort(server.port);
  const result = await measured(
    () => server.cpu(),
    async () => {
      const sent = await load(server.port, way.count, { ...way, input });
      await drained(server.port);
      return sent;
    },
  );
  return { ...result, dropped: (udpPort(server.port).drops - before.drops) * (way.lines ?? 1) };
}

/** Every datagram that was sent was received, or the kernel says that it had no room for it. */
function checkReceived(who, way, run, received) {
  const segments = way.segments ?? 1; // the kernel counts one drop for all segments of a system call
  const rest = run.sent - received;
  check(run.dropped <= rest && rest <= run.dropped * segments, `${who}: sent ${run.sent}, received ${received}, dropped ${run.dropped} by the kernel`);
}

const ofRun = (run, received) => ({ ns_each: run.ns / received, received, sent: run.sent, lost: 1 - received / run.sent, rate: run.rate, others: run.others });

async function floodLuotd(luotd, name, way, input) {
  const before = await luotd.quiet();
  const run = await flood(luotd, way, input);
  const { received, robots } = sinceThen(`udp, ${name}`, before, await luotd.quiet());
  checkReceived(`udp, ${name}`, way, run, received);
  return { ...ofRun(run, received), robots };
}

async function floodSink(name, way, input) {
  const sink = await Sink.start(way.segments > 0);
  const run = await flood(sink, way, input);
  const received = (await sink.stop()) * (way.lines ?? 1);
  checkReceived(`sink, ${name}`, way, run, received);
  return ofRun(run, received);
}

/** luotd, and who its beacons come from already known to it. */
async function started(input) {
  const luotd = await Luotd.start();
  await load(luotd.port, WARM_UP, { lines: 10, rate: 200000, input });
  await drained(luotd.port);
  return luotd;
}

async function floods(pairs, inputs, figures) {
  for (const visitors of [...new Set(Object.values(WAYS).map((way) => way.visitors))]) {
    const input = inputs.beacons[visitors].file;
    const luotd = await started(input);
    for (const [name, way] of Object.entries(WAYS).filter(([, w]) => w.visitors === visitors)) {
      const [ours, theirs] = await inTurn(`udp, ${name}`, pairs, [() => floodLuotd(luotd, name, way, input), () => floodSink(name, way, input)]);
      const names = ['ns_each', 'lost', 'rate', 'others'];
      figures.ways[name] = {
        luot: { ...summary(ours, names), sent: ours.map((r) => r.sent), received: ours.map((r) => r.received), robots: ours.map((r) => r.robots) },
        sink: summary(theirs, names),
        ratio: ratios(field(ours, 'ns_each'), field(theirs, 'ns_each')),
        above_ns: spread(ours.map((r, i) => r.ns_each - theirs[i].ns_each)),
      };
    }
    figures.pipeline[visitors] = await wholePipeline(`udp, ${visitors} visitors`, luotd);
    await luotd.stop();
  }
}

// --- The highest rate without loss ---

/** Sends at a rate for a while; the rate that was reached, and how many were lost. */
async function attempt(port, received, way, input, rate) {
  const before = await received();
  const run = await load(port, 1e9, { ...way, rate, input, seconds: LOSS_FREE_SECONDS });
  await drained(port);
  return { rate: run.rate, lost: run.sent - ((await received()) - before) };
}

/** Halves the way between a rate without loss and one with it. `limit` is what the sender could send at most: where even that was all
 * received, the figure is the sender's and the server's is higher. */
async function lossFree(port, received, way, input) {
  const most = await attempt(port, received, way, input, 0);
  if (most.lost === 0) return { rate: most.rate, limit: most.rate };
  let [low, high] = [0, most.rate];
  for (let i = 0; i < HALVINGS; i++) {
    const now = await attempt(port, received, way, input, (low + high) / 2);
    if (now.lost === 0) low = Math.max(low, now.rate);
    else high = Math.min(high, now.rate);
  }
  return { rate: low, limit: most.rate };
}

async function rates(pairs, inputs, figures) {
  const input = inputs.beacons[10000].file;
  const luotd = await started(input);
  const received = async () => (await luotd.quiet()).received;
  for (const name of LOSS_FREE) {
    const runs = [];
    for (let i = 0; i < Math.min(pairs, 3); i++) {
      say(`udp, ${name}: the highest rate without loss, ${i + 1}`);
      runs.push(await lossFree(luotd.port, received, { ...WAYS[name], rate: undefined }, input));
    }
    figures.loss_free[name] = summary(runs, ['rate', 'limit']);
  }
  await luotd.stop();
}

// --- A burst ---

/** How many beacons the socket's buffer takes while luotd is stopped. */
async function roomOf(luotd, way, input) {
  const before = (await luotd.quiet()).received;
  process.kill(luotd.pid, 'SIGSTOP');
  await load(luotd.port, way.room, { ...way, input });
  process.kill(luotd.pid, 'SIGCONT');
  await drained(luotd.port);
  return (await luotd.quiet()).received - before;
}

/** 50,000 a second one by one, so that luotd naps between them as it does in real life, and then a burst as fast as it can be sent. */
async function burst(luotd, way, input, room) {
  const before = (await luotd.quiet()).received;
  const steady = load(luotd.port, 25000, { batch: 1, rate: 50000, input });
  await new Promise((done) => setTimeout(done, 250)); // it is under way
  const sent = await load(luotd.port, BURST_SHARE * room, { ...way, input });
  const more = await steady;
  await drained(luotd.port);
  return { room, sent: sent.sent, lost: sent.sent + more.sent - ((await luotd.quiet()).received - before) };
}

async function bursts(pairs, inputs, figures) {
  const input = inputs.beacons[10000].file;
  const luotd = await started(input);
  for (const [name, way] of Object.entries({ 'GSO, 32 a call': { segments: 32, room: 400000 }, 'one a datagram': { room: 60000 } })) {
    const runs = [];
    for (let i = 0; i < pairs; i++) {
      say(`udp, a burst, ${name}: ${i + 1} of ${pairs}`);
      runs.push(await burst(luotd, way, input, await roomOf(luotd, way, input)));
    }
    figures.burst[name] = summary(runs, ['room', 'sent', 'lost']);
  }
  await luotd.stop();
}

export async function udp(pairs, inputs) {
  const figures = { ways: {}, pipeline: {}, loss_free: {}, burst: {} };
  await floods(pairs, inputs, figures);
  await rates(pairs, inputs, figures);
  await bursts(pairs, inputs, figures);
  return figures;
}
