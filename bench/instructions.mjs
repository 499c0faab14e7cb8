// Instructions a beacon, by callgrind: of luotd's worker with everything that it does, and of parsing and counting alone.
import path from 'node:path';
import { callgrind, ofWorker } from './lib/callgrind.mjs';
import { drained, sinceThen } from './lib/measure.mjs';
import { say } from './lib/run.mjs';
import { build, load, Luotd } from './lib/servers.mjs';
import { CLIENT_CPU, folder, forget, isHere, run } from './lib/system.mjs';

const BEACONS = 20000; // of bench_pipeline
const WAYS = { 'one a datagram': { count: 16000, lines: 1, rate: 3000 }, 'ten a datagram': { count: 16000, lines: 10, rate: 3000 } };

/** bench_pipeline has its own beacons, and no socket. */
async function ofPipeline(what, lines) {
  say(`instructions: ${what}, ${lines} a datagram`);
  const said = await run(CLIENT_CPU, 'sh', ['-c', 'exec valgrind "$@" 2>&1', 'sh', '--tool=callgrind', '--callgrind-out-file=/dev/null', '--toggle-collect=measured', path.join(build, 'bench/bench_pipeline'), what, String(lines), String(BEACONS / lines)], 180);
  return Math.round(Number(/Collected : (\d+)/.exec(said)[1]) / BEACONS);
}

/** The second time that luotd sees the same beacons: visitors have their words, agents and countries are remembered. */
async function ofLuotd(name, way, input) {
  say(`instructions: luotd, ${name}`);
  const dir = folder('calls');
  const luotd = await Luotd.start(undefined, { under: callgrind(dir), args: ['--store=none'] });
  const once = async () => {
    await load(luotd.port, way.count, { ...way, input });
    await drained(luotd.port);
  };
  await once();
  const before = await luotd.quiet();
  let received;
  const instructions = await ofWorker(luotd, dir, async () => {
    await once();
    ({ received } = sinceThen(`instructions, ${name}`, before, await luotd.quiet()));
  });
  forget(dir);
  return Math.round(instructions / received);
}

export async function instructions(pairs, inputs) {
  if (!isHere('valgrind')) return { skipped: true };
  const figures = { luotd: {}, pipeline: {} };
  for (const [name, way] of Object.entries(WAYS)) {
    figures.luotd[name] = await ofLuotd(name, way, inputs.beacons[10000].file);
    figures.pipeline[name] = { parse: await ofPipeline('parse', way.lines), 'parse and count': await ofPipeline('count', way.lines) };
  }
  say('');
  return figures;
}
