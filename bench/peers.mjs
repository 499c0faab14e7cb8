// What portals could count with instead: statsd daemons over UDP, and Redis with a script. They count far less of a view.
import { check, drained, field, measured, summary } from './lib/measure.mjs';
import { inTurn } from './lib/run.mjs';
import { load, Luotd } from './lib/servers.mjs';
import { Collectd, dropsOf, Netdata, RedisViews } from './lib/peers.mjs';
import { ratios } from './lib/statistics.mjs';

const STATSD = { collectd: Collectd, netdata: Netdata };
const WAYS = { 'one a datagram': { count: 200000, rate: 200000 }, 'ten a datagram': { count: 1000000, lines: 10, rate: 1000000 } };
const VIEWS = { 'one at once': { count: 60000, depth: 1 }, '16 pipelined': { count: 150000, depth: 16 } };

async function receive(server, way, input, received) {
  const before = await received();
  const run = await measured(
    () => server.cpu(),
    async () => {
      const sent = await load(server.port, way.count, { ...way, input });
      await drained(server.port);
      return sent;
    },
  );
  const got = (await received(run.sent, way)) - before;
  check(got > 0, `${server.constructor.name}: nothing was received`);
  return { ns_each: run.ns / got, lost: 1 - got / run.sent, others: run.others };
}

/** The same number of datagrams to each of them, in turn: to luotd beacons, to the others a counter's name and `:1|c`. */
async function statsd(pairs, inputs) {
  const here = Object.entries(STATSD).filter(([, peer]) => peer.isHere());
  const luotd = await Luotd.start();
  const peers = [];
  for (const [name, peer] of here) peers.push([name, await peer.start()]);
  const figures = { skipped: Object.keys(STATSD).filter((name) => !here.some(([n]) => n === name)), ways: {} };
  for (const [name, way] of Object.entries(WAYS)) {
    const ofLuotd = () => receive(luotd, way, inputs.beacons[10000].file, async () => (await luotd.quiet()).received);
    const ofPeer = (peer) => () => receive(peer, way, inputs.statsd.file, async (sent = 0) => sent - dropsOf(peer.port) * (way.lines ?? 1));
    const [ours, ...theirs] = await inTurn(`statsd, ${name}`, pairs, [ofLuotd, ...peers.map(([, peer]) => ofPeer(peer))]);
    const names = ['ns_each', 'lost', 'others'];
    figures.ways[name] = { luot: summary(ours, names) };
    peers.forEach(([peer], i) => {
      figures.ways[name][peer] = { ...summary(theirs[i], names), ratio: ratios(field(ours, 'ns_each'), field(theirs[i], 'ns_each')) };
    });
  }
  for (const server of [luotd, ...peers.map(([, peer]) => peer)]) await server.stop();
  return figures;
}

async function redis(pairs) {
  if (!RedisViews.isHere()) return { skipped: true };
  const server = await RedisViews.start();
  const figures = {};
  for (const [name, { count, depth }] of Object.entries(VIEWS)) {
    const [runs] = await inTurn(`redis, ${name}`, pairs, [
      async () => {
        const run = await measured(() => server.cpu(), async () => ({ counted: await server.views(count, depth) }));
        check(run.counted >= count, `redis, ${name}: sent ${count} views, counted ${run.counted}`);
        return { us_each: run.ns / run.counted / 1000, others: run.others };
      },
    ]);
    figures[name] = summary(runs, ['us_each', 'others']);
  }
  await server.stop();
  return figures;
}

export async function peers(pairs, inputs) {
  return { statsd: await statsd(pairs, inputs), redis: await redis(pairs) };
}
