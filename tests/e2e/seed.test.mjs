// 50.510 / 84 / 2 on cut-over day, then last month's log: the box is unchanged and the history is there.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Clock, Luotd } from './lib/luotd.mjs';

const WEDNESDAY = Date.UTC(2026, 10, 25, 3) / 1000; // 10:00 in Ho Chi Minh City
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';

describe('a seed', () => {
  let luotd, clock;
  const visit = (n) => luotd.request('POST', '/b?reply=1', { headers: { 'X-Forwarded-For': `10.9.0.${n}` }, body: 's=demo&p=/' }).then((r) => JSON.parse(r.text));
  const box = async () => {
    const w = await luotd.widget();
    return [w.total, w.week, w.today];
  };
  before(async () => {
    clock = new Clock(WEDNESDAY);
    luotd = await Luotd.start({ config: CONFIG, clock });
  });
  after(async () => {
    await luotd?.stop();
    clock?.close();
  });

  test('sets the numbers, and setting them again changes nothing', async () => {
    for (let i = 0; i < 2; i++) {
      const r = await luotctl(luotd, ['seed', 'demo', '--metric', 'visits', '--total', '50510', '--week', '84', '--today', '2', '--note', 'the old counter']);
      assert.equal(r.code, 0, r.err);
      assert.deepEqual(await box(), [50510, 84, 2]);
      assert.match(r.out, /is 50510; today 2, week 84, month 84\n$/, 'a month of which nothing is said has at least its week');
      assert.equal((await luotd.widget()).month, 84);
    }
  });

  test('visits are added to it, in the answer to the view itself', async () => {
    const w = await visit(1);
    assert.deepEqual([w.total, w.week, w.today, w.online], [50511, 85, 3, 1]);
    await visit(2);
    const last = await visit(3);
    assert.deepEqual([last.total, last.week, last.today, last.online], [50513, 87, 5, 3]);
  });

  test('last month’s log fills history and changes no seeded number', async () => {
    const was = await box();
    const log = path.join(luotd.run, 'october.log');
    fs.writeFileSync(log, Array.from({ length: 31 }, (_, d) => `10.0.0.${d} - - [${String(d + 1).padStart(2, '0')}/Oct/2026:12:00:00 +0700] "GET /p HTTP/1.1" 200 5 "-" "Mozilla/5.0 Firefox/128.0"\n`).join(''));
    const r = await ctlJson(luotd, ['import', '--site', 'demo', log]);
    assert.equal((Array.isArray(r) ? r[0] : r).views, 31);
    assert.deepEqual(await box(), was);
    const rows = (await luotd.json('report demo by=day from=2026-10-01 to=2026-11-01')).rows;
    assert.deepEqual(rows.filter((x) => x.views === 1).length, 31);
    assert.equal((await luotd.snapshot()).periods.last_month.views, 31);
  });

  test('its parts end with their periods; the total stays', async () => {
    await luotd.advance(WEDNESDAY + 86400);
    assert.equal((await visit(4)).today, 1);
    await luotd.advance(WEDNESDAY + 6 * 86400); // Tuesday of the next week
    const w = await visit(5);
    assert.deepEqual([w.total, w.week, w.today, w.yesterday], [50515, 1, 1, 0]);
  });

  test('survives kill -9, and the loss of the arena', async () => {
    const was = await box();
    await luotd.kill9();
    await luotd.spawn();
    assert.deepEqual(await box(), was);
    assert.equal((await luotd.term()).code, 0);
    fs.rmSync(path.join(luotd.run, 'arena'));
    await luotd.spawn();
    assert.deepEqual(await box(), was);
    assert.ok((await luotd.snapshot()).identity_since > 0);
  });

  test('an adjustment is one more line, audited', async () => {
    const [total] = await box();
    const r = await luotctl(luotd, ['adjust', 'demo', '--metric', 'visits', '--day', '2026-11-26', '--by', '-1', '--note', 'forged']);
    assert.equal(r.code, 0, r.err);
    assert.equal((await box())[0], total - 1);
    assert.match(await luotd.ask('audit demo'), /forged/);
    assert.match(await luotd.ask('audit demo'), /the old counter/);
  });
});
