// A real log, robots and all, replayed as live beacons on a stepped clock, over each way in: the days and the online numbers must be its truth exactly.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Clock, Luotd, sums } from './lib/luotd.mjs';
import { daysOf, onlineAt, pageViews, readLog, readTruth, skipped } from './lib/log.mjs';

const NAME = 'elastic_apache_2015-05-17_18';
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\nbots = counted\ntimezone = UTC\n';
const bytes = (s) => encodeURIComponent(Buffer.from(s, 'latin1').toString('utf8'));

const ways = {
  udp: (luotd, group) => luotd.udp(group.map((v) => `s=demo&p=${bytes(v.path)}&i=${v.ip}&u=${bytes(v.ua)}`).join('\n')),
  pixel: (luotd, group) => Promise.all(group.map((v) => luotd.request('GET', `/p.gif?s=demo&p=${bytes(v.path)}`, { headers: from(v) }))),
  post: (luotd, group) => Promise.all(group.map((v) => luotd.request('POST', '/b', { headers: from(v), body: `s=demo&p=${bytes(v.path)}` }))),
};
const from = (v) => ({ 'X-Forwarded-For': v.ip, 'User-Agent': v.ua });

/** Views of one second, at most 32 a step; instants at which online is asked, in between. */
function steps(views, instants) {
  const list = [];
  const sorted = [...views].sort((a, b) => a.t - b.t);
  for (const v of sorted) {
    const last = list.at(-1);
    if (last && last.t === v.t && last.group.length < 32) last.group.push(v);
    else list.push({ t: v.t, group: [v] });
  }
  for (const t of instants) list.push({ t, ask: true });
  return list.sort((a, b) => a.t - b.t || (a.ask ? 1 : 0) - (b.ask ? 1 : 0));
}

for (const [way, send] of Object.entries(ways)) {
  describe(`the elastic log as live beacons over ${way}`, { skip: skipped }, () => {
    let luotd, clock, views, truth;
    before(async () => {
      views = pageViews(readLog(NAME));
      truth = readTruth(NAME);
      clock = new Clock(truth.first_epoch - 60);
      luotd = await Luotd.start({ config: CONFIG, clock });
    });
    after(async () => {
      await luotd?.stop();
      clock?.close();
    });

    test('has the truth’s days, and its online numbers at 24 instants', async () => {
      let sent = 0;
      for (const step of steps(views, truth.online.map((o) => o.t))) {
        await luotd.advance(step.t);
        if (step.ask) {
          const expected = onlineAt(views, step.t, 300);
          const seconds = truth.online.find((o) => o.t === step.t).w300;
          assert.equal((await luotd.widget()).online, expected, `online at ${step.t}`);
          console.log(`  online at ${step.t}: ${expected} by slots (the log's people by seconds: ${seconds})`);
          continue;
        }
        await send(luotd, step.group);
        sent += step.group.length;
        await luotd.received(sent);
      }
      const stats = await luotd.stats();
      assert.equal(stats.received, sent);
      assert.equal(stats.counted.view, views.length);
      assert.deepEqual(sums(stats), { counted: views.length, suppressed: 0, rejected: 0 });

      const report = await luotd.json('report demo by=day from=2015-05-17 to=2015-05-21');
      const mine = daysOf(views, 0);
      for (const [day, day_truth] of Object.entries(truth.by_day.utc)) {
        const row = report.rows.find((r) => r.day === day);
        assert.equal(row.views, day_truth.pv, `views of ${day}`);
        assert.equal(row.visitors, day_truth.distinct_ip_ua_pv, `visitors of ${day}`);
        assert.equal(row.visits, mine.get(day).visits, `visits of ${day}`);
      }
      const widget = await luotd.widget();
      assert.equal(widget.total, [...mine.values()].reduce((n, d) => n + d.visits, 0));
    });
  });
}
