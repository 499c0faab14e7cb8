// The document of all sites: its hours outlive the arena, and it is made once a second, however many ask.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { describe, test } from 'node:test';
import { Clock, Luotd } from './lib/luotd.mjs';

const NOON = Date.UTC(2026, 10, 25, 5, 2) / 1000;
const HOUR = 3600;
const CONFIG = '[site demo]\npublic = yes\n';
const hours = async (luotd) => (await luotd.get('/v1/sites.json')).sites[0].hours;

describe('sites.json', () => {
  test('has the hours of the last day also after the arena is gone', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: CONFIG, clock });
    try {
      let sent = 0;
      for (const [h, views] of [[0, 3], [1, 0], [2, 5]]) {
        await luotd.advance(NOON + h * HOUR);
        for (let i = 0; i < views; i++) {
          await luotd.udp(`s=demo&p=/&i=10.0.0.${i}&u=Firefox`);
          sent++;
        }
        await luotd.received(sent);
      }
      await luotd.advance(NOON + 3 * HOUR);
      const was = await hours(luotd);
      await luotd.term();
      fs.rmSync(`${luotd.run}/arena`);
      await luotd.spawn();
      const is = await hours(luotd);
      assert.deepEqual(is, was);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('is never older than what was counted, however often it is asked for', async () => {
    const sites = Array.from({ length: 40 }, (_, i) => `[site s${i}]\npublic = yes\ntitle = Đơn vị ${i}\n`).join('');
    const luotd = await Luotd.start({ config: `${sites}[site hidden]\npublic = no\n` });
    try {
      for (let i = 1; i <= 60; i++) {
        await luotd.udp(`s=s7&p=/&i=10.0.0.${i}&u=Firefox`);
        await luotd.received(i);
        const [a, b] = await Promise.all([luotd.get('/v1/sites.json'), luotd.request('GET', '/v1/sites.json', { headers: { 'Accept-Encoding': 'gzip' } })]);
        const packed = JSON.parse(zlib.gunzipSync(b.bytes));
        for (const d of [a, packed]) {
          assert.equal(d.sites.length, 40, 'what is private is not in it');
          assert.deepEqual([d.sites[0].site, d.sites[0].periods.today.views], ['s7', i]);
        }
      }
      const etags = new Set();
      for (let i = 0; i < 20; i++) etags.add((await luotd.request('GET', '/v1/sites.json')).headers.etag);
      assert.ok(etags.size <= 3, 'one a second');
    } finally {
      await luotd.stop();
    }
  });
});
