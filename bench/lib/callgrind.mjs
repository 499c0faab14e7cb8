// Instructions: the only figure that is the same on a busy machine.
import fs from 'node:fs';
import path from 'node:path';
import { CLIENT_CPU, run } from './system.mjs';

/** What luotd is to run under, for `ofWorker`. */
export const callgrind = (dir) => ['valgrind', '-q', '--tool=callgrind', '--separate-threads=yes', `--callgrind-out-file=${dir}/calls`];

/** Instructions of luotd's one worker during `work`: of callgrind's threads, the one that calls recvmmsg. Stops luotd. */
export async function ofWorker(luotd, dir, work) {
  await run(CLIENT_CPU, 'callgrind_control', ['-z', String(luotd.pid)]);
  await work();
  await luotd.stop();
  const calls = fs.readdirSync(dir).filter((f) => /^calls-\d+$/.test(f)).map((f) => fs.readFileSync(path.join(dir, f), 'utf8'));
  const worker = calls.filter((text) => / recvmmsg(@|$)/m.test(text));
  if (worker.length !== 1) throw new Error(`${worker.length} threads received datagrams`);
  return Number(/^(?:totals|summary): (\d+)/m.exec(worker[0])[1]);
}
