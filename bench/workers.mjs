// Several workers beside one, in one process and without sockets (bench_cores.c).
import os from 'node:os';
import path from 'node:path';
import { say } from './lib/run.mjs';
import { build, countries } from './lib/servers.mjs';
import { spread } from './lib/statistics.mjs';
import { runOnAll } from './lib/system.mjs';

/** Each count of workers that has cores here, up to 16. */
export async function workers(pairs, inputs, counts = [2]) {
  const figures = {};
  for (const count of counts.filter((c) => c <= os.cpus().length)) {
    say(`${count} workers`);
    const said = await runOnAll(path.join(build, 'bench/bench_cores'), [inputs.beacons[10000].file, countries, String(count)], 180);
    const rows = said.split('\n').slice(1).filter(Boolean).map((line) => line.trim().split(/\s+/).map(Number));
    const column = (i) => spread(rows.map((r) => r[i]));
    figures[count] = { one_ns: column(0), each_ns: column(1), ratio: column(2) };
  }
  say('');
  return figures;
}
