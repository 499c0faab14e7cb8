// Bounces and pages a visit, day by day: what visits did, through kills, the loss of the arena, dumps, and nodes that share a store.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\ntimezone = UTC\n';
const NOON = Date.UTC(2026, 10, 23, 12) / 1000;
const FIRST = '2026-11-23', SECOND = '2026-11-24';

const view = async (luotd, n, { headers = {}, kind = '' } = {}) => {
  const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.3.0.${n}`, ...headers }, body: `s=demo&p=/${kind}` });
  assert.equal(r.status, 204);
};
const report = (luotd, by = 'day', from = FIRST, to = '2026-12-01') => ctlJson(luotd, ['report', 'demo', '--by', by, '--from', from, '--to', to]);
/** Of a day: views, visits, pages a visit, bounce rate. */
async function day(luotd, which = FIRST) {
  const row = (await report(luotd)).rows.find((r) => r.day === which);
  return [row.views, row.visits, row.pages_per_visit, row.bounce_rate];
}
/** Ten visits: six of one view, one of them with a ping and an event; four of three views. */
async function tenVisits(luotd, from = 0) {
  for (let n = from; n < from + 10; n++) await view(luotd, n);
  for (let i = 0; i < 2; i++) for (let n = from; n < from + 4; n++) await view(luotd, n);
  await view(luotd, from + 9, { kind: '&k=ping' });
  await view(luotd, from + 9, { kind: '&e=download' });
}
const saved = async (luotd) => {
  await luotd.term();
  await luotd.spawn();
};

describe('bounces', () => {
  test('a visit of one view is one, until its second view', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    await tenVisits(luotd);
    assert.deepEqual(await day(luotd), [18, 10, 1.8, 0.6]);
    await view(luotd, 5);
    assert.deepEqual(await day(luotd), [19, 10, 1.9, 0.5]);
    await luotd.kill9();
    await luotd.spawn();
    assert.deepEqual(await day(luotd), [19, 10, 1.9, 0.5], 'nothing is lost by kill -9');
    await view(luotd, 6);
    await view(luotd, 5);
    assert.deepEqual(await day(luotd), [21, 10, 2.1, 0.4], 'and each visit knows where it was');
    await luotd.advance(NOON + 3600);
    await view(luotd, 5);
    assert.deepEqual(await day(luotd), [22, 11, 2, 0.4545], 'an hour later it is another visit');
    const text = await luotd.ask(`report demo day ${FIRST} ${SECOND}`);
    assert.match(text, /pages\/visit +bounce\n/);
    assert.match(text, /2026-11-23 +22 +11 +10 +2\.00 +45\.5 %\n/);
    assert.match((await luotctl(luotd, ['report', 'demo', '--by', 'day', '--from', FIRST, '--to', SECOND])).out, /bounce rate\n.* 0,455\n/);
    await luotd.stop();
    clock.close();
  });

  test('those who asked not to be known are in no rate', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    for (let n = 0; n < 4; n++) await view(luotd, 1, { headers: { DNT: '1' } });
    assert.deepEqual(await day(luotd), [4, 4, 1, null]);
    await view(luotd, 2);
    await view(luotd, 2);
    await view(luotd, 3);
    assert.deepEqual(await day(luotd), [7, 6, 1.17, 0.5]);
    await luotd.stop();
    clock.close();
  });

  test('are kept: after the arena has gone, in a dump, and unknown where only a log tells of a day', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    const log = Array.from({ length: 6 }, (_, i) => `192.0.2.${i % 2} - - [22/Nov/2026:10:00:0${i} +0000] "GET / HTTP/1.1" 200 12\n`).join('');
    assert.equal((await luotctl(luotd, ['import', '--site', 'demo', '-'], { input: log })).code, 0);
    await tenVisits(luotd);
    await luotd.advance(NOON + 86400);
    await view(luotd, 1);
    await luotd.term();
    fs.rmSync(path.join(luotd.run, 'arena'));
    await luotd.spawn();
    const rows = (await report(luotd, 'day', '2026-11-22')).rows.map((r) => [r.day, r.visits, r.pages_per_visit, r.bounce_rate]);
    assert.deepEqual(rows, [['2026-11-22', 2, 3, null], [FIRST, 10, 1.8, 0.6], [SECOND, 1, 1, 1]]);
    await tenVisits(luotd, 20);
    assert.deepEqual(await day(luotd, SECOND), [19, 11, 1.73, 0.6364], 'two lives of the counters');
    const month = (await report(luotd, 'month', '2026-11-01')).rows[0];
    assert.deepEqual([month.visits, month.pages_per_visit, month.bounce_rate], [23, 1.87, null], 'a month in which a day is not known');
    const hour = (await report(luotd, 'hour', SECOND, '2026-11-25')).rows.at(-1);
    assert.equal(hour.bounce_rate, null);
    const week = (await report(luotd, 'week', FIRST)).rows[0];
    assert.deepEqual([week.visits, week.bounce_rate], [21, 0.619]);
    await saved(luotd);

    const file = path.join(luotd.state, 'all.luot');
    assert.equal((await luotctl(luotd, ['dump', '--all', file])).code, 0);
    assert.match(fs.readFileSync(file, 'utf8'), /^engaged 2026-11-23 engaged=4 visits=10 node=\S+ run=[0-9a-f]{16}$/m);
    const other = await Luotd.start({ config: CONFIG, clock });
    for (let i = 0; i < 2; i++) assert.equal((await luotctl(other, ['load', file])).code, 0);
    assert.deepEqual((await report(other)).rows.map((r) => [r.day, r.pages_per_visit, r.bounce_rate]), [[FIRST, 1.8, 0.6], [SECOND, 1.73, 0.6364]]);
    await other.stop();
    await luotd.stop();
    clock.close();
  });

  test('of nodes that share a Redis are one rate', { skip: missing }, async () => {
    const redis = await Redis.start();
    const nodes = [];
    try {
      const clock = new Clock(NOON);
      for (const n of [1, 2]) nodes.push(await Luotd.start({ config: CONFIG, clock, args: [`--store=sqlite,${redis.where}`, `--node=n${n}`] }));
      await tenVisits(nodes[0]);
      for (let n = 100; n < 110; n++) await view(nodes[1], n);
      for (const node of nodes) await until('the sum', async () => (await day(node)).join() === '28,20,1.4,0.8');
      assert.deepEqual([...(await redis.hash(`luot:{demo}:engaged:${FIRST}`)).values()].sort(), ['0 10', '4 10']);
      // A disk that was lost has it again from the other nodes.
      await nodes[1].term();
      fs.rmSync(nodes[1].run, { recursive: true });
      fs.rmSync(nodes[1].state, { recursive: true });
      fs.mkdirSync(nodes[1].run);
      fs.mkdirSync(nodes[1].state);
      await nodes[1].spawn();
      await until('the sum again', async () => (await day(nodes[1])).join() === '28,20,1.4,0.8');
      for (const node of nodes) await node.stop();
      nodes.length = 0;
      clock.close();
    } finally {
      for (const node of nodes) node.remove();
      await redis.stop();
    }
  });
});
