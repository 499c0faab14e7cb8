// Midnights, weeks and months as visitors of a real daemon meet them, in zones with and without summer time.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Clock, Luotd } from './lib/luotd.mjs';

const ZONES = ['Asia/Ho_Chi_Minh', 'UTC', 'Europe/Berlin', 'America/Sao_Paulo'];
const name = (zone) => zone.toLowerCase().replace(/[^a-z]/g, '-');
const CONFIG = ZONES.map((z) => `[site ${name(z)}]\nany_host = yes\npublic = yes\ntimezone = ${z}\n`).join('');

/** The unix second of a wall clock time in a zone, found by asking Intl, not luot. */
function at(zone, text) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  let t = Date.parse(text.replace(' ', 'T') + 'Z');
  for (let i = 0; i < 4; i++) t -= Date.parse(format.format(t).replace(' ', 'T') + 'Z') - Date.parse(text.replace(' ', 'T') + 'Z');
  return t / 1000;
}

// Each: where, and the wall clock times between which a day, a week or a month turns.
const TURNS = [
  ['Asia/Ho_Chi_Minh', '2026-11-21 23:50:00', '2026-11-22 00:10:00', ['day']],
  ['Asia/Ho_Chi_Minh', '2026-11-22 23:50:00', '2026-11-23 00:10:00', ['day', 'week']],
  ['UTC', '2026-11-30 23:50:00', '2026-12-01 00:10:00', ['day', 'month']],
  ['Europe/Berlin', '2026-03-28 23:50:00', '2026-03-29 00:10:00', ['day']], // into the day of 23 hours
  ['Europe/Berlin', '2026-03-29 23:50:00', '2026-03-30 00:10:00', ['day', 'week']], // and out of it
  ['Europe/Berlin', '2026-10-25 23:50:00', '2026-10-26 00:10:00', ['day', 'week']], // out of the day of 25
  ['America/Sao_Paulo', '2017-10-14 23:50:00', '2017-10-15 01:10:00', ['day']], // midnight is missing
];

for (const [zone, beforeText, afterText, turns] of TURNS)
  describe(`${zone}: ${beforeText} to ${afterText}`, () => {
    let luotd, clock;
    const site = name(zone);
    const view = (n) => luotd.request('POST', '/b?reply=1', { headers: { 'X-Forwarded-For': `10.2.0.${n}` }, body: `s=${site}&p=/` }).then((r) => JSON.parse(r.text));
    const visitors = async (period) => (await luotd.snapshot(site)).periods[period].visitors;
    before(async () => {
      clock = new Clock(at(zone, beforeText));
      luotd = await Luotd.start({ config: CONFIG, clock });
    });
    after(async () => {
      await luotd?.stop();
      clock?.close();
    });

    test(`turns ${turns.join(' and ')}, ends the visit, and keeps yesterday's visitors when they return`, async () => {
      for (const n of [1, 2, 3]) await view(n);
      let w = await view(1);
      assert.deepEqual([w.today, w.week, w.month, w.total, w.online], [3, 3, 3, 3, 3]);

      await luotd.advance(at(zone, afterText));
      w = await view(1); // 20 minutes later, the visit would go on but for the midnight
      assert.equal(w.yesterday, 3);
      assert.equal(w.today, 1);
      assert.equal(w.total, 4);
      assert.equal(w.week, turns.includes('week') ? 1 : 4);
      assert.equal(w.month, turns.includes('month') ? 1 : 4);
      await view(2);
      await view(3);
      assert.equal(await visitors('yesterday'), 3);
      assert.equal(await visitors('today'), 3);
      assert.equal(await visitors(turns.includes('week') ? 'last_week' : 'week'), 3);
      assert.equal(await visitors(turns.includes('month') ? 'last_month' : 'month'), 3);

      await luotd.advance(clock.seconds + 2 * 3600); // the quarters close, the day is folded: nothing moves
      w = await luotd.widget(site);
      assert.deepEqual([w.yesterday, w.today, w.total, w.online], [3, 3, 6, 0]);
      assert.equal(await visitors('yesterday'), 3);
    });
  });
