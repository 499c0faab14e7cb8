// Real logs as live syslog datagrams on a stepped clock: every line ends in its word, and the days are the truth's exactly, because a line's
// own time picks its slot; robots by the truth's own list are none of them; importing the file then adds nothing. Sites in two zones, envelopes in turn.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ctlJson } from './lib/ctl.mjs';
import { Clock, Luotd, sums } from './lib/luotd.mjs';
import { daysOf, logs, onlineAt, pageViews, peopleOf, readLines, readLog, readTruth, skipped, writeRobots } from './lib/log.mjs';
import { beginning, framed, groups, pass } from './lib/replay.mjs';

const NAMES = ['elastic_apache_2015-05-17_18', 'yahi_home_nginx_2012', 'twiki_clf_2004', 'advertools_combined_with_errors', 'advertools_nginx_custom_date', 'awstats_testglobal'];
const ZONES = { utc: ['UTC', 0], vn: ['Asia/Ho_Chi_Minh', 25200] };
const CONFIG = Object.entries(ZONES).map(([k, [zone]]) => `[site portal-${k}]\nsource = logs\nlog_rule = pv1\npublic = yes\ntimezone = ${zone}\n`).join('');

async function days(luotd) {
  const reports = {};
  for (const k of Object.keys(ZONES)) reports[k] = (await luotd.json(`report portal-${k} by=day from=2000-01-01 to=2020-01-01`)).rows.filter((r) => r.views > 0);
  return reports;
}

async function replay(name, truth, robots) {
  const lines = readLines(readLog(name));
  const list = groups(lines);
  const clock = new Clock(beginning(list));
  const luotd = await Luotd.start({ config: `bot_list = ${robots}\n${CONFIG}`, clock });
  const people = peopleOf(pageViews(readLog(name)), truth);
  let sent = 0;
  try {
    for (const group of list) {
      await pass(luotd, clock, group.end);
      for (const text of group.lines)
        for (const zone of Object.keys(ZONES)) await luotd.udp(framed(text, `portal-${zone}`, sent++));
      await luotd.received(sent);
      const seen = people.filter((v) => v.t <= group.end);
      assert.equal((await luotd.widget('portal-utc')).online, onlineAt(seen, group.end, 300), `online at ${group.end}`);
    }
    const reports = await days(luotd);
    const imported = await Promise.all(Object.keys(ZONES).map((k) => ctlJson(luotd, ['import', '--site', `portal-${k}`, '--rule', 'pv1', path.join(logs, name + '.log')])));
    assert.deepEqual(await days(luotd), reports, 'the file of the same lines adds nothing');
    const stats = await luotd.stats();
    return { lines, sent, views: people, reports, imported: imported.flat(), stats };
  } finally {
    await luotd.stop();
    clock.close();
  }
}

describe('a real log, live over syslog, is its truth', { skip: skipped, concurrency: 3 }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-robots-'));
  const list = path.join(dir, 'bots.list');
  before(() => writeRobots(list));
  after(() => fs.rmSync(dir, { recursive: true }));
  for (const name of NAMES)
    test(name, async () => {
      const truth = readTruth(name);
      const pv = truth.pv?.records ?? 0;
      const { lines, sent, views, reports, imported, stats } = await replay(name, truth, list);
      const robots = Boolean(truth.bots);
      assert.equal(lines.length, truth.lines);
      assert.equal(sent, 2 * truth.lines);
      assert.equal(stats.received, sent);
      for (const i of imported) assert.equal(i.views, 0);
      assert.equal(stats.rejected.malformed, 2 * truth.malformed);
      assert.equal(stats.counted.view, 2 * (robots ? truth.human_pv.records : pv));
      assert.equal(stats.counted.view + stats.suppressed.bot, 2 * pv);
      assert.equal(stats.suppressed.not_page, 2 * (truth.parsed - pv));
      const { counted: c, suppressed, rejected } = sums(stats);
      assert.deepEqual([c + suppressed, rejected], [2 * truth.parsed, 2 * truth.malformed]);
      for (const [k, [, east]] of Object.entries(ZONES)) {
        const row = (d) => (robots ? [d.human_pv, d.distinct_ip_ua_human_pv] : [d.pv, d.distinct_ip_ua_pv]);
        const expected = Object.entries(truth.by_day?.[k] ?? {}).map(([day, d]) => [day, ...row(d)]).filter(([, views]) => views > 0);
        assert.deepEqual(reports[k].map((r) => [r.day, r.views, r.visitors]), expected, k);
        const mine = daysOf(views, east);
        for (const r of reports[k]) assert.equal(r.visits, mine.get(r.day).visits, `visits of ${r.day}, ${k}`);
      }
    });
});
