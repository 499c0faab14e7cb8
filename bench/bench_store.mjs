// Does the receive path notice the store? See README.md in this folder.
//
//   node bench/bench_store.mjs [--pairs N] [--json FILE]
//
// The same beacons to luotd with each store in turn. Instructions: luotd under callgrind, those of its one worker alone.
// Turns: luotd with lib/turns.c preloaded, at a steady rate. Exit 1 when a line was not
// counted, when instructions differ by more than 1 % or a turn is more than 20 ms longer than without a store.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { callgrind, ofWorker } from './lib/callgrind.mjs';
import { begin, head, inTurn, percent, range, table } from './lib/run.mjs';
import { build, load, Luotd, Redis } from './lib/servers.mjs';
import { spread } from './lib/statistics.mjs';
import { folder, forget, isHere, leaveTheServersCore, udpPort, until } from './lib/system.mjs';

const COUNTED = { count: 6400, lines: 20, batch: 1, rate: 3000 }; // under callgrind, which is slow: a datagram is a turn
const WARM = 4; // passes: what a worker knows by heart has settled
const PASSES = 5; // are measured: one alone differs by some percent with when the keeper works
const PACED = { count: 60000, lines: 1, rate: 15000 }; // four seconds, so four saves
const SLOW_MS = 500;

const options = { pairs: 3, json: null };
for (let i = 2; i < process.argv.length; i += 2) {
  const [name, value] = process.argv.slice(i, i + 2);
  if (name === '--pairs' && value > 0) options.pairs = Number(value);
  else if (name === '--json' && value) options.json = value;
  else {
    console.error('usage: bench_store.mjs [--pairs N] [--json FILE]');
    process.exit(64);
  }
}
if (!isHere('redis-server') || !isHere('valgrind')) {
  console.error('bench_store: redis-server and valgrind are needed: conf/needs bench installs them');
  process.exit(69);
}
const wrong = [];

// --- Stores ---

/** Redis whose every answer comes SLOW_MS later, once luotd is there: it asks for its past before. */
async function slowRedis() {
  const inner = await Redis.start();
  let delay = 0;
  const server = net.createServer((client) => {
    const to = net.connect(inner.socket);
    client.pipe(to);
    to.on('data', (bytes) => setTimeout(() => client.writable && client.write(bytes), delay));
    for (const s of [client, to]) s.on('error', () => {}).on('close', () => (client.destroy(), to.destroy()));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    where: `redis://127.0.0.1:${server.address().port}/0`,
    started: () => (delay = SLOW_MS),
    stop: async () => {
      server.close();
      await inner.stop();
    },
  };
}

const STORES = {
  none: async () => ({ where: 'none' }),
  'none, once more': async () => ({ where: 'none' }), // what two of the same differ by
  SQLite: async () => ({ where: 'sqlite' }),
  [`SQLite, a sync takes ${SLOW_MS} ms`]: async () => ({ where: 'sqlite', env: { SYNC_MS: String(SLOW_MS) } }),
  Redis: () => Redis.start(),
  'Redis, stopped': async () => {
    const redis = await Redis.start();
    return { where: redis.where, started: () => redis.freeze(), stop: () => redis.stop() };
  },
  [`Redis, ${SLOW_MS} ms an answer`]: slowRedis,
};

// --- luotd ---

/** luotd on a store, under `before`; what the preload measures is in the file `turns` of `dir`. */
async function startOn(store, dir, before, env = {}) {
  fs.writeFileSync(path.join(dir, 'turns'), Buffer.alloc(64 * 32));
  const preload = { TURNS_FILE: path.join(dir, 'turns'), LD_PRELOAD: path.join(build, 'bench/turns.so'), ...store.env, ...env };
  const under = ['env', ...Object.entries(preload).map(([k, v]) => `${k}=${v}`), ...before];
  const luotd = await Luotd.start(undefined, { under, args: [`--store=${store.where}`] });
  store.started?.();
  return luotd;
}

/** Every line that was sent is a view; the kernel dropped none. */
async function all(luotd, what, sent) {
  await until('the queue', () => udpPort(luotd.port).waiting === 0);
  const { received, views, robots, rest } = await luotd.quiet();
  if (received !== sent || rest !== 0) wrong.push(`${what}: sent ${sent}, received ${received}, counted ${views} views and ${robots} of robots`);
}

/** The worker's longest turn; of the threads that wait in a loop, it had by far the most. */
async function longestTurn(name) {
  const dir = folder('turns', true);
  const file = path.join(dir, 'turns');
  const store = await STORES[name]();
  const luotd = await startOn(store, dir, []);
  await load(luotd.port, PACED.count, PACED); // every visitor has its word, and the store has been met
  fs.writeFileSync(file, Buffer.concat(rowsOf(file).map((r) => r.cleared)), { flag: 'r+' });
  await load(luotd.port, PACED.count, PACED);
  await all(luotd, name, 2 * PACED.count);
  const worker = rowsOf(file).sort((a, b) => b.turns - a.turns)[0];
  await luotd.stop();
  await store.stop?.();
  forget(dir);
  return { wall_ms: worker.wall / 1e6, cpu_ms: worker.cpu / 1e6, turns: worker.turns };
}

function rowsOf(file) {
  const bytes = fs.readFileSync(file);
  return Array.from({ length: 64 }, (_, i) => {
    const [thread, turns, wall, cpu] = [0, 8, 16, 24].map((at) => Number(bytes.readBigUInt64LE(i * 32 + at)));
    const cleared = Buffer.alloc(32);
    cleared.writeBigUInt64LE(BigInt(thread), 0);
    return { thread, turns, wall, cpu, cleared };
  });
}

/** Instructions a beacon of the one worker, and how many of them a turn had: what a turn costs is shared by its beacons. */
async function instructions(name, pair) {
  const dir = folder('calls');
  const store = await STORES[name]();
  const luotd = await startOn(store, dir, callgrind(dir), { SEED: String(pair + 1) });
  let sent = 0;
  const passes = async (n) => {
    for (let i = 0; i < n; i++) {
      await load(luotd.port, COUNTED.count, COUNTED);
      await all(luotd, name, (sent += COUNTED.count));
    }
  };
  await passes(WARM);
  const turns = () => Math.max(...rowsOf(path.join(dir, 'turns')).map((r) => r.turns));
  const before = turns();
  const instructions = await ofWorker(luotd, dir, () => passes(PASSES));
  const beacons = COUNTED.count * PASSES;
  const measured = { instructions: instructions / beacons, a_turn: beacons / (turns() - before) };
  await store.stop?.();
  forget(dir);
  return measured;
}

leaveTheServersCore();
const result = begin(options.pairs);
console.log(head(result));
console.log();
const names = Object.keys(STORES);
const inTurnOver = (what, measure) => inTurn(what, options.pairs, names.map((name) => (pair) => measure(name, pair)));
const counted = await inTurnOver('instructions', instructions);
const turns = await inTurnOver('turns', longestTurn);
const field = (list, name) => list.map((r) => r[name]);
result.stores = Object.fromEntries(
  names.map((name, i) => [
    name,
    {
      instructions: spread(field(counted[i], 'instructions')),
      more: spread(counted[i].map((c, pair) => c.instructions / counted[0][pair].instructions - 1)),
      a_turn: spread(field(counted[i], 'a_turn')),
      wall_ms: spread(field(turns[i], 'wall_ms')),
      longer_ms: spread(turns[i].map((t, pair) => t.wall_ms - turns[0][pair].wall_ms)),
      cpu_ms: spread(field(turns[i], 'cpu_ms')),
    },
  ]),
);
const percents = ({ median, min, max }) => `${percent(median, 2)} (${percent(min, 2)}..${percent(max, 2)})`;
console.log(table(
  ['store', 'instructions a beacon', 'more than none', 'beacons a turn', 'longest turn, ms', 'longer than none, ms', "of the worker's own CPU, ms"],
  Object.entries(result.stores).map(([name, f]) => [name, range(f.instructions), percents(f.more), range(f.a_turn, 1), range(f.wall_ms, 1), range(f.longer_ms, 1), range(f.cpu_ms, 2)]),
));
for (const [name, f] of Object.entries(result.stores)) {
  if (Math.abs(f.more.median) > 0.01) wrong.push(`${name}: the worker's instructions differ by more than 1 %`);
  if (f.longer_ms.median > 20) wrong.push(`${name}: the longest turn is more than 20 ms longer`);
}
result.wrong = wrong;
if (options.json) fs.writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
