// A view over HTTP, 64 connections: luotd, and the PHP modules that portals count with today.
import { askLuotd, IN_FLIGHT } from './http.mjs';
import { check, field, measured, summary } from './lib/measure.mjs';
import { PhpPortal } from './lib/php.mjs';
import { inTurn } from './lib/run.mjs';
import { Luotd, wrk } from './lib/servers.mjs';
import { ratios } from './lib/statistics.mjs';

const SECONDS = 1;
const PIXEL = { depth: 1, lines: 1 };

async function askPortal(portal, name, file) {
  const before = await portal.counted();
  const run = await measured(() => portal.cpu(), () => wrk(portal.port, SECONDS, PIXEL.depth, file));
  const views = (await portal.counted()) - before;
  check(!run.wrong, `${name}: ${run.wrong}`);
  check(views >= run.requests && views <= run.requests + IN_FLIGHT, `${name}: counted ${views}, wrk had ${run.requests} answers`);
  return { ...run, us_each: run.ns / views / 1000 };
}

export async function portals(pairs, inputs) {
  const { file } = inputs.requests.pixel;
  const figures = {};
  const luotd = await Luotd.start();
  await wrk(luotd.port, 1, PIXEL.depth, file); // its visitors have their words
  for (const name of PhpPortal.names) {
    if (!(await PhpPortal.isHere(name))) {
      figures[name] = { skipped: true };
      continue;
    }
    const portal = await PhpPortal.start(name);
    const what = `PHP and ${name}`;
    const [ours, theirs] = await inTurn(what, pairs, [() => askLuotd(luotd, what, PIXEL, file), () => askPortal(portal, what, file)]);
    const names = ['us_each', 'rate', 'p50_us', 'p99_us', 'others'];
    figures[name] = { luot: summary(ours, names), portal: summary(theirs, names), ratio: ratios(field(theirs, 'us_each'), field(ours, 'us_each')) };
    await portal.stop();
  }
  await luotd.stop();
  return figures;
}
