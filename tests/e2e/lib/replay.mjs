// A log sent as live syslog datagrams on a stepped clock: lines of up to ten minutes at once, in the order of their time.
import { until } from './luotd.mjs';

const SPAN_S = 600; // so late a line comes at most

// What nginx, a nameless nginx, logger and a relay put in front of a line; nginx lets no '-' into a tag.
const envelopes = [
  (tag) => `<190>Nov 23 00:30:00 vm ${tag.replace('-', '_')}: `,
  (tag) => `<157>Nov  3 00:30:00 ${tag.replace('-', '_')}[77]: `,
  (tag) => `<182>1 2026-11-23T00:30:00.1+00:00 vm ${tag} - - [timeQuality tzKnown="1"] `,
  (tag) => `<182>1 - - ${tag} - - - \ufeff`,
  (tag) => `Nov 23 00:30:00 vm ${tag}: `,
];
export const framed = (line, tag, n) => Buffer.concat([Buffer.from(envelopes[n % envelopes.length](tag)), Buffer.from(line, 'latin1')]);

/** Lines in the order of their time, in groups of SPAN_S; a line without a time goes with the one before it. */
export function groups(lines) {
  const sorted = [];
  let last = lines.find((l) => l.t != null)?.t ?? 1.5e9;
  for (const l of lines) sorted.push({ t: (last = l.t ?? last), text: l.text });
  sorted.sort((a, b) => a.t - b.t);
  const list = [];
  for (const l of sorted) {
    const end = (Math.floor(l.t / SPAN_S) + 1) * SPAN_S - 1;
    if (list.at(-1)?.end !== end) list.push({ end, lines: [] });
    list.at(-1).lines.push(l.text);
  }
  return list;
}

/** As time does, but that hours in which nothing comes pass at once. Before them is time for a save, and after them for some ticks, as there
 * always is: the tables of days that went by are given back, and new ones made. */
export async function pass(luotd, clock, seconds) {
  if (seconds - clock.seconds > 7200) {
    const saved = clock.seconds + 120;
    await luotd.advance(saved);
    await until('a save', async () => (await luotd.stats()).store.durable_since >= Math.floor(saved));
    for (let tick = 0; tick < 4; tick++) {
      clock.set(seconds - 2700 + 12 * tick);
      await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s >= Math.floor(clock.seconds));
    }
  }
  await luotd.advance(seconds);
}

/** The instant before the first line. */
export const beginning = (list) => list[0].end - SPAN_S - 60;
