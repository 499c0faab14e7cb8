// What real logs are counted by, live over syslog under pv1, with the truth's own list of robots: robots apart, and the truth's countries,
// first 20 pages and first 20 referrers, exactly or within the error that the answer names.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import os from 'node:os';
import { after, before, describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { logs, readLines, readLog, readTruth, skipped, writeRobots } from './lib/log.mjs';
import { Clock, Luotd, corpus } from './lib/luotd.mjs';
import { beginning, framed, groups, pass } from './lib/replay.mjs';

const NAMES = ['elastic_apache_2015-05-17_18', 'yahi_home_nginx_2012', 'twiki_clf_2004', 'advertools_combined_with_errors', 'awstats_testglobal'];
const countries = path.join(corpus, 'mmdb/iptoasn-country.mmdb');
const config = (truth, robots) => `geo_db = ${countries}\nbot_list = ${robots}\n[site portal]\nsource = logs\nlog_rule = pv1\npublic = yes\ntimezone = UTC\n` +
  (truth.own_hosts.some((h) => /[a-z]/.test(h)) ? `hosts = ${truth.own_hosts.join(', ')}\n` : '');

/** Rows of a dimension over all days of the log, as [key, views], the most first. */
async function top(luotd, of, truth) {
  const day = (s) => new Date(s * 1000).toISOString().slice(0, 10);
  const t = await luotd.json(`top portal of=${of} from=${day(truth.first_epoch)} to=${day(truth.last_epoch + 86400)}`);
  return { total: t.total, error: t.error, rows: t.rows.map((r) => [r.key, r.views]).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)) };
}

/** The same rows; or, where days of the range are stored as their first 100, none wrong by more than is said. */
function hasTruth(top, truth) {
  if (top.error === 0) return assert.deepEqual(top.rows.slice(0, truth.length), truth);
  assert.ok(top.error < 10, `an error of ${top.error}`);
  for (const [key, views] of truth) {
    const told = top.rows.find((r) => r[0] === key)?.[1] ?? 0;
    assert.ok(told <= views && told + top.error >= views, `${key}: ${told} of ${views}, error ${top.error}`);
  }
}

async function replay(name, truth, robots) {
  const list = groups(readLines(readLog(name)));
  const clock = new Clock(beginning(list));
  const luotd = await Luotd.start({ config: config(truth, robots), clock });
  let sent = 0;
  try {
    for (const group of list) {
      await pass(luotd, clock, group.end);
      for (const text of group.lines) await luotd.udp(framed(text, 'portal', sent++));
      await luotd.received(sent);
    }
    const stats = await luotd.stats();
    const tops = {};
    for (const of of ['pages', 'referrers', 'countries']) tops[of] = await top(luotd, of, truth);
    return { stats, tops };
  } finally {
    await luotd.stop();
    clock.close();
  }
}

/** The same log as a file, on the day after it ended. */
async function imported(name, truth, robots) {
  const clock = new Clock(truth.last_epoch + 86400);
  const luotd = await Luotd.start({ config: config(truth, robots), clock });
  try {
    const file = path.join(logs, name + '.log');
    const r = await luotctl(luotd, ['import', '--site', 'portal', '--rule', 'pv1', file]);
    assert.equal(r.code, 0, r.err);
    const tops = {};
    for (const of of ['pages', 'referrers', 'countries', 'bots', 'browsers']) tops[of] = await top(luotd, of, truth);
    const again = await luotctl(luotd, ['import', '--site', 'portal', '--rule', 'pv1', file]);
    assert.match(again.out, /already imported/);
    assert.deepEqual(await top(luotd, 'pages', truth), tops.pages, 'nothing was added');
    return tops;
  } finally {
    await luotd.stop();
    clock.close();
  }
}

function isTruth(t, tops, truth) {
  const people = truth.human_pv.records;
  assert.equal(tops.pages.total, people);
  hasTruth(tops.pages, truth.top_paths_human_pv);
  hasTruth(tops.referrers, truth.top_referrer_hosts_human_pv);
  if (!fs.existsSync(countries)) return t.diagnostic('skipped: the database of countries is not here');
  const expected = Object.entries(truth.country.iptoasn.human_pv).filter(([c]) => c !== 'ZZ' && c !== 'INVALID');
  assert.deepEqual(Object.fromEntries(tops.countries.rows.filter(([c]) => /^[A-Z]{2}$/.test(c) && c !== 'ZZ')), Object.fromEntries(expected));
}

describe('a real log’s robots, pages, referrers and countries are its truth', { skip: skipped, concurrency: 3 }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-robots-'));
  const robots = path.join(dir, 'bots.list');
  before(() => writeRobots(robots));
  after(() => fs.rmSync(dir, { recursive: true }));
  for (const name of NAMES)
    test(name, async (t) => {
      const truth = readTruth(name);
      const { stats, tops } = await replay(name, truth, robots);
      const people = truth.human_pv.records;
      assert.equal(stats.counted.view, people);
      assert.equal(stats.suppressed.bot, truth.pv.records - people);
      isTruth(t, tops, truth);
    });
  for (const name of NAMES)
    test(`${name}, imported`, async (t) => {
      const truth = readTruth(name);
      const tops = await imported(name, truth, robots);
      isTruth(t, tops, truth);
      assert.equal(tops.bots.total, truth.pv.records - truth.human_pv.records, 'robots are a top of their own');
    });
});
