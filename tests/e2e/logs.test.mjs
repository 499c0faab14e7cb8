// Real logs as live syslog datagrams on a stepped clock: every line ends in its word, and the days are the truth's exactly, because a line's
// own time picks its slot; importing the file then adds nothing. Sites in two zones, envelopes in turn.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ctlJson } from './lib/ctl.mjs';
import { Clock, Luotd, sums, until } from './lib/luotd.mjs';
import { daysOf, logs, onlineAt, pageViews, readLines, readLog, readTruth, skipped } from './lib/log.mjs';

const NAMES = ['elastic_apache_2015-05-17_18', 'yahi_home_nginx_2012', 'twiki_clf_2004', 'advertools_combined_with_errors', 'advertools_nginx_custom_date', 'awstats_testglobal'];
const ZONES = { utc: ['UTC', 0], vn: ['Asia/Ho_Chi_Minh', 25200] };
const CONFIG = Object.entries(ZONES).map(([k, [zone]]) => `[site portal-${k}]\nsource = logs\nlog_rule = pv1\npublic = yes\ntimezone = ${zone}\n`).join('');
const SPAN_S = 600; // lines come up to so late

// What nginx, a nameless nginx, logger and a relay put in front of a line; nginx lets no '-' into a tag.
const envelopes = [
  (tag) => `<190>Nov 23 00:30:00 vm ${tag.replace('-', '_')}: `,
  (tag) => `<157>Nov  3 00:30:00 ${tag.replace('-', '_')}[77]: `,
  (tag) => `<182>1 2026-11-23T00:30:00.1+00:00 vm ${tag} - - [timeQuality tzKnown="1"] `,
  (tag) => `<182>1 - - ${tag} - - - \ufeff`,
  (tag) => `Nov 23 00:30:00 vm ${tag}: `,
];
const framed = (line, tag, n) => Buffer.concat([Buffer.from(envelopes[n % envelopes.length](tag)), Buffer.from(line, 'latin1')]);

/** Lines in the order of their time, in groups of SPAN_S; a line without a time goes with the one before it. */
function groups(lines) {
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

/** As time does, but that hours in which nothing comes pass at once. */
async function pass(luotd, clock, seconds) {
  if (seconds - clock.seconds > 7200) {
    clock.set(seconds - 2700);
    await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s >= Math.floor(clock.seconds));
  }
  await luotd.advance(seconds);
}

async function days(luotd) {
  const reports = {};
  for (const k of Object.keys(ZONES)) reports[k] = (await luotd.json(`report portal-${k} by=day from=2000-01-01 to=2020-01-01`)).rows.filter((r) => r.views > 0);
  return reports;
}

async function replay(name) {
  const lines = readLines(readLog(name));
  const list = groups(lines);
  const clock = new Clock(list[0].end - SPAN_S - 60);
  const luotd = await Luotd.start({ config: CONFIG, clock });
  const views = pageViews(readLog(name));
  let sent = 0;
  try {
    for (const group of list) {
      await pass(luotd, clock, group.end);
      for (const text of group.lines)
        for (const zone of Object.keys(ZONES)) await luotd.udp(framed(text, `portal-${zone}`, sent++));
      await luotd.received(sent);
      await luotd.advance(group.end + 12); // who came late is online until the next look, a slot later
      const seen = views.filter((v) => v.t <= group.end);
      assert.equal((await luotd.widget('portal-utc')).online, onlineAt(seen, clock.seconds, 300), `online at ${clock.seconds}`);
    }
    const reports = await days(luotd);
    const imported = await Promise.all(Object.keys(ZONES).map((k) => ctlJson(luotd, ['import', '--site', `portal-${k}`, '--rule', 'pv1', path.join(logs, name + '.log')])));
    assert.deepEqual(await days(luotd), reports, 'the file of the same lines adds nothing');
    return { lines, sent, views, reports, imported: imported.flat(), stats: await luotd.stats() };
  } finally {
    await luotd.stop();
    clock.close();
  }
}

describe('a real log, live over syslog, is its truth', { skip: skipped, concurrency: 3 }, () => {
  for (const name of NAMES)
    test(name, async () => {
      const truth = readTruth(name);
      const pv = truth.pv?.records ?? 0;
      const { lines, sent, views, reports, imported, stats } = await replay(name);
      assert.equal(lines.length, truth.lines);
      assert.equal(sent, 2 * truth.lines);
      assert.equal(stats.received, sent);
      for (const i of imported) assert.equal(i.views, 0);
      assert.equal(stats.rejected.malformed, 2 * truth.malformed);
      assert.equal(stats.counted.view, 2 * pv);
      assert.equal(stats.suppressed.not_page, 2 * (truth.parsed - pv));
      assert.deepEqual(sums(stats), { counted: 2 * pv, suppressed: 2 * (truth.parsed - pv), rejected: 2 * truth.malformed });
      for (const [k, [, east]] of Object.entries(ZONES)) {
        const days = Object.entries(truth.by_day?.[k] ?? {}).filter(([, d]) => d.pv > 0);
        assert.deepEqual(reports[k].map((r) => [r.day, r.views, r.visitors]), days.map(([day, d]) => [day, d.pv, d.distinct_ip_ua_pv]), k);
        const mine = daysOf(views, east);
        for (const r of reports[k]) assert.equal(r.visits, mine.get(r.day).visits, `visits of ${r.day}, ${k}`);
      }
    });
});
