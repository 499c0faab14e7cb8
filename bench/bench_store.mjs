// Does the receive path notice the store? See README.md in this folder.
//
//   node bench/bench_store.mjs [--pairs N] [--json FILE]
//
// The same beacons to luotd with each store in turn. Instructions: luotd under callgrind, those of its one worker alone.
// Turns: luotd with lib/turns.c preloaded, at a steady rate. Exit 1 when a line was not counted.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build } from './lib/servers.mjs';
import { ratios, spread } from './lib/statistics.mjs';
import { CLIENT_CPU, folder, forget, isHere, leaveTheServersCore, machine, run, SERVER_CPU, start, stop, udpPort, until } from './lib/system.mjs';

const COUNTED = { count: 38400, lines: 30 }; // under callgrind; load sends 960 at a time
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
if (!isHere('redis-server')) {
  console.error('bench_store: there is no redis-server here: apt-get install redis-server');
  process.exit(69);
}
const wrong = [];

// --- Stores ---

/** A redis-server on a socket of its own. */
async function redis() {
  const dir = folder('redis');
  const socket = path.join(dir, 'redis.sock');
  const child = start(CLIENT_CPU, 'redis-server', ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'no']);
  await until('redis-server', () => fs.existsSync(socket));
  return {
    socket,
    where: `redis+unix://${socket}`,
    freeze: () => child.kill('SIGSTOP'),
    stop: async () => {
      child.kill('SIGCONT');
      await stop(child);
      forget(dir);
    },
  };
}

/** Redis whose every answer comes SLOW_MS later, once luotd is there: it asks for its past before. */
async function slowRedis() {
  const inner = await redis();
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
  SQLite: async () => ({ where: 'sqlite' }),
  [`SQLite, a sync takes ${SLOW_MS} ms`]: async () => ({ where: 'sqlite', env: { SYNC_MS: String(SLOW_MS) } }),
  Redis: redis,
  'Redis, stopped': async () => {
    const r = await redis();
    return { ...r, started: r.freeze };
  },
  [`Redis, ${SLOW_MS} ms an answer`]: slowRedis,
};

// --- luotd ---

class Luotd {
  static async start(store, before, env) {
    const luotd = new Luotd();
    luotd.folders = [folder('run', true), folder('state')];
    luotd.turns = path.join(luotd.folders[0], 'turns');
    fs.writeFileSync(luotd.turns, Buffer.alloc(64 * 32));
    const file = path.join(luotd.folders[0], 'luotd.conf');
    fs.writeFileSync(file, '[site demo]\nany_host = yes\n');
    const args = ['-c', file, `--run_dir=${luotd.folders[0]}`, `--state_dir=${luotd.folders[1]}`, '--workers=1', '--listen=127.0.0.1:0', `--store=${store.where}`];
    const preload = [`TURNS_FILE=${luotd.turns}`, `LD_PRELOAD=${path.resolve(build, 'bench/turns.so')}`, ...Object.entries(store.env ?? {}).map(([k, v]) => `${k}=${v}`)];
    luotd.child = start(SERVER_CPU, ...before(luotd, preload, [path.join(build, 'luotd'), ...args]));
    const ready = await until('ready', () => /^ready http=\S+:(\d+) udp=\S+ socket=(\S+) pid=(\d+)$/m.exec(luotd.child.out));
    [luotd.port, luotd.socket, luotd.pid] = [Number(ready[1]), ready[2], Number(ready[3])];
    store.started?.();
    return luotd;
  }
  stats() {
    return new Promise((done, fail) => {
      const socket = net.connect(this.socket, () => socket.write('json stats\n'));
      let text = '';
      socket.on('error', fail);
      socket.on('data', (d) => {
        text += d;
        if (!text.endsWith('\n.\n')) return;
        socket.destroy();
        done(JSON.parse(text.slice(0, -2)));
      });
    });
  }
  /** Every line that was sent is a view; the kernel dropped none. */
  async all(what, sent) {
    await until('the queue', () => udpPort(this.port).waiting === 0);
    await until('the lines', async () => (await this.stats()).received >= sent).catch(() => {});
    const { received, counted } = await this.stats();
    if (received !== sent || counted.view !== sent) wrong.push(`${what}: sent ${sent}, received ${received}, counted ${counted.view} views`);
  }
  async stop() {
    await stop(this.child);
    this.folders.forEach(forget);
  }
}

const load = (port, { count, lines, rate = 0 }) => run(CLIENT_CPU, path.join(build, 'bench/load'), [port, count, lines, 0, 10000, rate].map(String), 120);

/** Nanoseconds of the worker's longest turn; of the threads that wait in a loop, it had by far the most. */
async function longestTurn(name) {
  const store = await STORES[name]();
  const luotd = await Luotd.start(store, (_, preload, command) => ['env', [...preload, ...command]]);
  await load(luotd.port, PACED); // every visitor has its word, and the store has been met
  fs.writeFileSync(luotd.turns, Buffer.concat(rowsOf(luotd.turns).map((r) => r.cleared)), { flag: 'r+' });
  await load(luotd.port, PACED);
  await luotd.all(name, 2 * PACED.count);
  const worker = rowsOf(luotd.turns).sort((a, b) => b.turns - a.turns)[0];
  await luotd.stop();
  await store.stop?.();
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

/** Instructions a beacon of the one worker: of callgrind's threads, the one that calls udp_receive. */
async function instructions(name) {
  const store = await STORES[name]();
  const luotd = await Luotd.start(store, (l, preload, command) => {
    const sync = preload.filter((p) => p.startsWith('SYNC_MS='));
    return ['env', [...preload.slice(0, 2), ...sync, 'valgrind', '--tool=callgrind', '--separate-threads=yes', `--callgrind-out-file=${l.folders[0]}/calls`, ...command]];
  });
  await load(luotd.port, { ...COUNTED, rate: 9600 });
  await luotd.all(name, COUNTED.count); // every visitor has its word, and its table is backed
  await run(CLIENT_CPU, 'callgrind_control', ['-z', String(luotd.pid)]);
  await load(luotd.port, { ...COUNTED, rate: 9600 });
  await luotd.all(name, 2 * COUNTED.count);
  const dir = luotd.folders[0];
  await stop(luotd.child);
  const worker = fs.readdirSync(dir).filter((f) => /^calls-\d+$/.test(f)).map((f) => fs.readFileSync(path.join(dir, f), 'utf8')).filter((t) => / udp_receive$/m.test(t));
  if (worker.length !== 1) throw new Error(`${worker.length} threads received datagrams`);
  luotd.folders.forEach(forget);
  await store.stop?.();
  return Number(/^(?:totals|summary): (\d+)/m.exec(worker[0])[1]) / COUNTED.count;
}

async function inTurn(what, measure) {
  const results = Object.fromEntries(Object.keys(STORES).map((s) => [s, []]));
  for (let pair = 0; pair < options.pairs; pair++) {
    const order = Object.keys(STORES);
    if (pair % 2) order.reverse();
    for (const store of order) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}, ${store}: ${pair + 1} of ${options.pairs}`);
      results[store].push(await measure(store));
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return results;
}

const of = ({ median, min, max }, digits, factor = 1) => `${(median * factor).toFixed(digits)} (${(min * factor).toFixed(digits)}..${(max * factor).toFixed(digits)})`;

leaveTheServersCore();
const counted = isHere('valgrind') ? await inTurn('instructions', instructions) : null;
const turns = await inTurn('turns', longestTurn);
const rows = Object.keys(STORES).map((s) => ({
  store: s,
  wall_ms: spread(turns[s].map((t) => t.wall_ms)),
  longer_ms: spread(turns[s].map((t, i) => t.wall_ms - turns.none[i].wall_ms)),
  cpu_ms: spread(turns[s].map((t) => t.cpu_ms)),
  instructions: counted && spread(counted[s]),
  ratio: counted && ratios(counted[s], counted.none),
}));
console.log('| store | instructions a beacon | than none | longest turn, ms | longer than none, ms | of the worker\'s own CPU, ms |');
console.log('|---|---:|---:|---:|---:|---:|');
for (const r of rows)
  console.log(`| ${r.store} | ${counted ? of(r.instructions, 0) : '-'} | ${counted ? of({ median: r.ratio.median - 1, min: r.ratio.min - 1, max: r.ratio.max - 1 }, 2, 100) + ' %' : '-'} | ` +
    `${of(r.wall_ms, 1)} | ${of(r.longer_ms, 1)} | ${of(r.cpu_ms, 2)} |`);
if (!counted) console.log('valgrind is not here: instructions are not measured');
if (options.json) fs.writeFileSync(options.json, JSON.stringify({ machine: machine(), pairs: options.pairs, rows }, null, 2) + '\n');
for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
