// What all sections have in common: the CPU of a server while it works, and whether a run can be believed.
import { spread } from './statistics.mjs';
import { busyNs, SERVER_CPU, udpPort, until } from './system.mjs';

export const wrong = []; // sentences: runs that cannot be believed
export const check = (right, sentence) => right || wrong.push(sentence);

export const field = (list, name) => list.map((r) => r[name]);
export const summary = (list, names) => Object.fromEntries(names.map((n) => [n, spread(field(list, n))]));

/** Runs `work` and says what the server's CPU was for, and what else ran on its core meanwhile (0 to 1). */
export async function measured(cpu, work) {
  const before = { cpu: cpu(), busy: busyNs(SERVER_CPU), at: process.hrtime.bigint() };
  const result = await work();
  const ns = cpu() - before.cpu;
  const took = Number(process.hrtime.bigint() - before.at);
  return { ...result, ns, others: Math.max(0, (busyNs(SERVER_CPU) - before.busy - ns) / took) };
}

export const drained = (port) => until('the queue', () => udpPort(port).waiting === 0);

/** Every line since `before` became a view or a robot's: { received, views, robots }. */
export function sinceThen(what, before, after) {
  const [received, views, robots, rest] = ['received', 'views', 'robots', 'rest'].map((n) => after[n] - before[n]);
  check(rest === 0, `${what}: received ${received}, counted ${views} views and ${robots} of robots; what became of ${rest} was something else`);
  return { received, views, robots };
}

const TOPS = ['pages', 'referrer_classes', 'countries', 'browsers', 'systems', 'devices'];

/** That nothing of the pipeline was left out: each view is in every top of the day, and each robot's line in theirs. Says what was found. */
export async function wholePipeline(what, luotd, { countries = true } = {}) {
  const { views, robots } = await luotd.quiet();
  const whole = (s) => s.periods.today.views === views && TOPS.every((of) => s.tops[of]?.total === views) && s.bots.today === robots;
  let last;
  await until('the day\'s tops', async () => whole((last = await luotd.ask('snapshot demo'))), 50).catch(() => {});
  const totals = Object.fromEntries(TOPS.map((of) => [of, last.tops[of]?.total ?? null]));
  check(whole(last), `${what}: ${views} views and ${robots} of robots, but today has ${last.periods.today.views} and ${last.bots.today}, and its tops ${JSON.stringify(totals)}`);
  check(!countries || last.tops.countries?.rows.length >= 10, `${what}: views of ${last.tops.countries?.rows.length} countries only`);
  check(robots > 0, `${what}: no robot was told`);
  const { visitors, exact } = last.periods.today;
  return { views, robots, visitors, visitors_exact: exact, visits: last.periods.today.visits, countries: last.tops.countries?.rows.length, tops: totals };
}
