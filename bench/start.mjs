// From spawn to the line `ready`, with a thousand sites; and what the program is made of.
import fs from 'node:fs';
import path from 'node:path';
import { check } from './lib/measure.mjs';
import { say } from './lib/run.mjs';
import { build, Luotd } from './lib/servers.mjs';
import { spread } from './lib/statistics.mjs';
import { folder, forget, isHere, run, CLIENT_CPU, until } from './lib/system.mjs';
import { sitesConfig, visitEachSite } from './memory.mjs';

const SITES = 1000;

async function once(times, inside) {
  const luotd = await Luotd.start(sitesConfig(SITES));
  times['first start'].push(luotd.readyMs);
  await visitEachSite(luotd, SITES);
  await luotd.end('SIGKILL');
  times['after kill -9'].push(await luotd.spawn());
  const sites = await until('sites', async () => (await luotd.stats()).sites);
  check(sites >= SITES, `start: ${sites} sites after kill -9`);
  await luotd.end();
  times['after SIGTERM'].push(await luotd.spawn());
  inside.push(luotd.startMs());
  await luotd.stop();
}

/** Bytes of luotd as it is built, and as a package has it: without what only a debugger reads. */
async function program() {
  const file = path.join(build, 'luotd');
  const sizes = { bytes: fs.statSync(file).size };
  if (isHere('strip')) {
    const dir = folder('strip');
    await run(CLIENT_CPU, 'strip', ['-o', path.join(dir, 'luotd'), file]);
    sizes.stripped = fs.statSync(path.join(dir, 'luotd')).size;
    forget(dir);
  }
  return sizes;
}

/** It has nothing beside it; five times are enough. */
export async function startUp(pairs) {
  const most = Math.min(pairs, 5);
  const times = { 'first start': [], 'after SIGTERM': [], 'after kill -9': [] };
  const inside = [];
  for (let i = 0; i < most; i++) {
    say(`start: ${i + 1} of ${most}`);
    await once(times, inside);
  }
  say('');
  return { sites: SITES, ms: Object.fromEntries(Object.entries(times).map(([k, v]) => [k, spread(v)])), inside_ms: spread(inside), program: await program() };
}
