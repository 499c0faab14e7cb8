// luotctl import of every real log: the truth file's lines, malformed lines, page views, and views and visitors a local day, exactly; of
// everybody, and of people alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Luotd } from './lib/luotd.mjs';
import { daysOf, logs, pageViews, peopleOf, readLog, readTruth, skipped, writeRobots } from './lib/log.mjs';

const NAMES = ['elastic_apache_2015-05-17_18', 'yahi_home_nginx_2012', 'twiki_clf_2004', 'advertools_combined_with_errors', 'advertools_nginx_custom_date', 'awstats_testglobal'];
const key = (name, zone) => name.replace(/[^a-z0-9]/g, '-').slice(0, 50) + '-' + zone;
const ZONES = { utc: ['UTC', 0], vn: ['Asia/Ho_Chi_Minh', 25200] };
// What the truth counts by default is everybody's.
const CONFIG = NAMES.flatMap((n) => Object.entries(ZONES).map(([z, [zone]]) => `[site ${key(n, z)}]\npublic = yes\nbots = counted\ntimezone = ${zone}\n`)).join('') +
  ['whole', 'halves', 'grown', 'odd', 'gz', 'page'].map((k) => `[site ${k}]\npublic = yes\nbots = counted\ntimezone = UTC\n`).join('') +
  '[site api]\nbots = counted\nnot_pages = /api/\n';
const file = (name) => path.join(logs, name + '.log');

describe('luotctl import', { skip: skipped }, () => {
  let luotd, dir;
  before(async () => {
    luotd = await Luotd.start({ config: CONFIG });
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-import-'));
  });
  after(async () => {
    await luotd?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  const importLog = (site, file, ...more) => ctlJson(luotd, ['import', '--site', site, '--rule', 'pv1', ...more, file]).then((r) => (Array.isArray(r) ? r[0] : r));
  const days = async (site) => (await luotd.json(`report ${site} by=day from=2000-01-01 to=2016-01-01`)).rows.filter((r) => r.views > 0);

  for (const name of NAMES)
    for (const [zone, [, east]] of Object.entries(ZONES))
      test(`${name} in ${zone} is its truth`, async () => {
        const truth = readTruth(name);
        const site = key(name, zone);
        const result = await importLog(site, file(name));
        assert.equal(result.lines, truth.lines);
        assert.equal(result.parsed, truth.parsed);
        assert.equal(result.malformed, truth.malformed);
        assert.equal(result.views, truth.pv?.records ?? 0);
        assert.equal(result.already_imported, false);
        const rows = await days(site);
        const expected = Object.entries(truth.by_day?.[zone] ?? {}).filter(([, d]) => d.pv > 0);
        assert.deepEqual(rows.map((r) => [r.day, r.views, r.visitors]), expected.map(([day, d]) => [day, d.pv, d.distinct_ip_ua_pv]));
        const mine = daysOf(pageViews(readLog(name)), east);
        for (const r of rows) assert.equal(r.visits, mine.get(r.day).visits, `visits of ${r.day}`);

        const again = await importLog(site, file(name));
        assert.equal(again.already_imported, true);
        assert.deepEqual(await days(site), rows);
      });

  test('a log cut in two and imported half by half equals the whole', async () => {
    const name = NAMES[0];
    const lines = readLog(name).split('\n');
    const cut = lines.length >> 1;
    fs.writeFileSync(path.join(dir, 'a.log'), lines.slice(0, cut).join('\n') + '\n', 'latin1');
    fs.writeFileSync(path.join(dir, 'b.log'), lines.slice(cut).join('\n'), 'latin1');
    await importLog('whole', file(name));
    await importLog('halves', path.join(dir, 'b.log'));
    await importLog('halves', path.join(dir, 'a.log'));
    assert.deepEqual(await days('halves'), await days('whole'));
  });

  test('every other line in one file and the rest in another equal the whole too', async () => {
    const lines = readLog(NAMES[0]).split('\n').filter((l) => l !== '');
    fs.writeFileSync(path.join(dir, 'even.log'), lines.filter((_, i) => i % 2 === 0).join('\n') + '\n', 'latin1');
    fs.writeFileSync(path.join(dir, 'odd.log'), lines.filter((_, i) => i % 2 === 1).join('\n') + '\n', 'latin1');
    await importLog('odd', path.join(dir, 'even.log'));
    await importLog('odd', path.join(dir, 'odd.log'));
    assert.deepEqual(await days('odd'), await days('whole'));
  });

  test('a log that grew goes on where it ended', async () => {
    const text = fs.readFileSync(file(NAMES[0]));
    const grown = path.join(dir, 'grown.log');
    fs.writeFileSync(grown, text.subarray(0, text.indexOf('\n', text.length / 3) + 1));
    await importLog('grown', grown);
    fs.writeFileSync(grown, text);
    const rest = await importLog('grown', grown);
    assert.ok(rest.lines < readTruth(NAMES[0]).lines);
    assert.deepEqual(await days('grown'), await days('whole'));
    assert.equal((await importLog('grown', grown)).already_imported, true);
  });

  test('gzip is the same log', async () => {
    const gz = path.join(dir, 'access.log.gz');
    fs.writeFileSync(gz, zlib.gzipSync(fs.readFileSync(file(NAMES[0]))));
    await importLog('gz', gz);
    assert.deepEqual(await days('gz'), await days('whole'));
  });

  test('the default rule counts what the truth calls pv_get2xx304', async () => {
    const r = await ctlJson(luotd, ['import', '--site', 'page', file(NAMES[0])]);
    assert.equal((Array.isArray(r) ? r[0] : r).views, readTruth(NAMES[0]).pv_get2xx304.records);
  });

  test('paths that are no pages of the site are none in its past either', async () => {
    const log = path.join(dir, 'api.log');
    fs.writeFileSync(log, ['/', '/api/x', '/apix', '/tin/api/'].map((p) => `10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET ${p} HTTP/1.1" 200 5 "-" "x"\n`).join(''));
    const r = await ctlJson(luotd, ['import', '--site', 'api', log]).then((x) => (Array.isArray(x) ? x[0] : x));
    assert.equal(r.parsed, 4);
    assert.equal(r.views, 3);
  });

  test('says the first ten malformed lines, and reads like a table without --json', async () => {
    const r = await luotctl(luotd, ['import', '--dry-run', '--site', 'page', '--rule', 'pv1', file('awstats_testglobal')]);
    assert.equal(r.code, 0);
    const shown = (r.out + r.err).match(/line \d+/g) ?? [];
    assert.equal(shown.length, 10);
  });

  test('lines at or after the first live view are skipped and counted', async () => {
    const live = path.join(dir, 'live.log');
    const at = (d) => d.toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, (_, a, b, c, t) => `${a.padStart(2, '0')}/${b}/${c}:${t} +0000`);
    await luotd.udp('s=page&p=/');
    await luotd.received(1);
    const future = new Date(Date.now() + 3600e3), past = new Date(Date.now() - 40 * 86400e3);
    fs.writeFileSync(live, [past, future].map((d) => `10.0.0.1 - - [${at(d)}] "GET / HTTP/1.1" 200 5 "-" "x"\n`).join(''));
    const r = await ctlJson(luotd, ['import', '--site', 'page', live]).then((x) => (Array.isArray(x) ? x[0] : x));
    assert.equal(r.views, 1);
    assert.equal(r.skipped, 1);
  });
});

describe('luotctl import of robots', { skip: skipped }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-import-robots-'));
  const robots = path.join(dir, 'bots.list');
  let luotd;
  before(async () => {
    writeRobots(robots);
    const sites = NAMES.flatMap((n) => Object.entries(ZONES).map(([z, [zone]]) => `[site ${key(n, z)}]\ntimezone = ${zone}\n`));
    luotd = await Luotd.start({ config: `bot_list = ${robots}\n${sites.join('')}[site staff]\ninternal = 10.9.0.0/16\n` });
  });
  after(async () => {
    await luotd?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  for (const name of NAMES)
    for (const [zone, [, east]] of Object.entries(ZONES))
      test(`${name} in ${zone}: people are its truth, and robots are counted apart, by name`, async () => {
        const truth = readTruth(name);
        const site = key(name, zone);
        const people = peopleOf(pageViews(readLog(name)), truth);
        const pv = truth.pv?.records ?? 0;
        const human = truth.bots ? truth.human_pv.records : pv;
        const result = await ctlJson(luotd, ['import', '--site', site, '--rule', 'pv1', file(name)]).then((x) => (Array.isArray(x) ? x[0] : x));
        assert.deepEqual([result.lines, result.parsed, result.malformed], [truth.lines, truth.parsed, truth.malformed]);
        assert.deepEqual([result.views, result.robots], [human, pv - human]);
        if (human > 0 && truth.bots) assert.equal(result.visitors, truth.human_pv.distinct_ip_ua);
        const rows = (await luotd.json(`report ${site} by=day from=2000-01-01 to=2016-01-01`)).rows.filter((r) => r.views > 0);
        const row = (d) => (truth.bots ? [d.human_pv, d.distinct_ip_ua_human_pv] : [d.pv, d.distinct_ip_ua_pv]);
        const expected = Object.entries(truth.by_day?.[zone] ?? {}).map(([day, d]) => [day, ...row(d)]).filter(([, views]) => views > 0);
        assert.deepEqual(rows.map((r) => [r.day, r.views, r.visitors]), expected);
        const mine = daysOf(people, east);
        for (const r of rows) assert.equal(r.visits, mine.get(r.day).visits, `visits of ${r.day}`);
        const bots = await luotd.json(`top ${site} of=bots from=2000-01-01 to=2016-01-01`);
        assert.equal(bots.total, pv - human);
        assert.equal((await luotd.json(`top ${site} of=pages from=2000-01-01 to=2016-01-01`)).total, human);
      });

  test('a log of robots and staff alone leaves days without views, and says so', async () => {
    const log = path.join(dir, 'apart.log');
    const line = (address, agent) => `${address} - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "${agent}"\n`;
    fs.writeFileSync(log, line('11.0.0.1', 'Googlebot/2.1') + line('11.0.0.1', '-') + line('10.9.0.1', 'Mozilla/5.0 Firefox/128.0'));
    const { out, err } = await luotctl(luotd, ['import', '--site', 'staff', log]);
    assert.equal(err, '');
    assert.match(out, /^ *2 +page views of robots, not counted$/m);
    assert.match(out, /^ *1 +page views of who is `internal`, not counted$/m);
    assert.match(out, /^ *0 +page views$/m);
    const report = await luotd.json('report staff by=day from=2015-05-17 to=2015-05-18');
    assert.deepEqual(report.rows.filter((r) => r.views > 0 || r.visits > 0 || r.visitors > 0), []);
    assert.equal((await luotd.json('top staff of=bots from=2015-05-01 to=2015-06-01')).total, 2);
    assert.match((await luotctl(luotd, ['import', '--site', 'staff', log])).out, /already imported/);
  });
});
