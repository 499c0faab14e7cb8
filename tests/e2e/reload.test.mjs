// Reload is atomic: the old configuration or the new one, never a mixture, and no beacon is lost in between.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';

const STORM = Number(process.env.HANGUPS ?? 300);
const STORM_MS = 10 * STORM;

const site = (key, lines = '') => `[site ${key}]\npublic = yes\n${lines}\n`;

/** Replaces the file whole, as an editor does. */
function write(luotd, text) {
  const file = path.join(luotd.run, 'luotd.conf');
  fs.writeFileSync(file + '.new', text);
  fs.renameSync(file + '.new', file);
}
async function reload(luotd, text) {
  write(luotd, text);
  assert.equal((await luotd.ask('reload')).startsWith('ERR'), false);
}
const descriptors = (luotd) => fs.readdirSync(`/proc/${luotd.pid}/fd`).length;
const residentKb = (luotd) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${luotd.pid}/status`, 'latin1'))[1]);

describe('a site’s settings change by reload', () => {
  const NOON = Date.UTC(2026, 10, 20, 5) / 1000; // 12:00 in Ho Chi Minh City, 05:00 in UTC

  test('timezone: the days are the new zone’s, and no view is lost', async () => {
    const clock = new Clock(NOON - 6 * 3600); // 23:00 UTC on the 19th: the 20th in Ho Chi Minh City
    const luotd = await Luotd.start({ config: site('a', 'hosts = a.vn\ntimezone = Asia/Ho_Chi_Minh'), clock });
    try {
      await luotd.udp('s=a&i=10.0.0.1\ns=a&i=10.0.0.2');
      await luotd.received(2);
      await luotd.advance(NOON);
      await luotd.udp('s=a&i=10.0.0.3');
      await luotd.received(3);
      assert.equal((await luotd.snapshot('a')).periods.today.views, 3);
      await reload(luotd, site('a', 'hosts = a.vn\ntimezone = UTC'));
      const utc = await until('the new zone', async () => {
        const s = await luotd.snapshot('a');
        return s.tz === 'UTC' && s;
      });
      assert.equal(utc.periods.total.views, 3);
      assert.equal(utc.periods.today.views, 1);
      assert.equal(utc.periods.yesterday.views, 2);
      await reload(luotd, site('a', 'hosts = a.vn\ntimezone = Asia/Ho_Chi_Minh'));
      const back = await until('the old zone', async () => {
        const s = await luotd.snapshot('a');
        return s.tz === 'Asia/Ho_Chi_Minh' && s;
      });
      assert.equal(back.periods.total.views, 3);
      assert.equal(back.periods.today.views, 3);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('online_window: what is online is judged by the new one', async () => {
    const clock = new Clock(NOON);
    const luotd = await Luotd.start({ config: site('a', 'hosts = a.vn\nonline_window = 5min'), clock });
    try {
      await luotd.udp('s=a&i=10.0.0.1');
      await luotd.received(1);
      await luotd.advance(NOON + 600);
      await luotd.udp('s=a&i=10.0.0.2');
      await luotd.received(2);
      await until('5 minutes', async () => (await luotd.snapshot('a')).online.visitors === 1);
      await reload(luotd, site('a', 'hosts = a.vn\nonline_window = 15min'));
      await until('15 minutes', async () => {
        const { online } = await luotd.snapshot('a');
        return online.visitors === 2 && online.window_s === 900;
      });
      await reload(luotd, site('a', 'hosts = a.vn\nonline_window = 1min'));
      await until('1 minute', async () => {
        const { online } = await luotd.snapshot('a');
        return online.visitors === 1 && online.window_s === 60;
      });
      assert.equal((await luotd.snapshot('a')).periods.total.views, 2);
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('metric and hosts: the box shows the other number, beacons find the site by its new name only', async () => {
    const luotd = await Luotd.start({ config: site('a', 'hosts = a.vn\nmetric = visits') });
    const post = (host) => luotd.request('POST', '/b', { headers: { Origin: `https://${host}` }, body: 'p=/' });
    try {
      for (let i = 0; i < 3; i++) assert.equal((await post('a.vn')).status, 204);
      assert.equal((await luotd.widget('a')).total, 1);
      await reload(luotd, site('a', 'hosts = b.vn\nmetric = views'));
      await until('views', async () => (await luotd.widget('a')).total === 3);
      assert.equal((await luotd.widget('a')).metric, 'views');
      assert.equal((await post('b.vn')).status, 204);
      assert.notEqual((await post('a.vn')).status, 204);
      await until('the fourth', async () => (await luotd.widget('a')).total === 4);
    } finally {
      await luotd.stop();
    }
  });

  test('what only a restart changes is said, and the rest is taken', async () => {
    const luotd = await Luotd.start({ config: 'connections = 100\n' + site('a', 'hosts = a.vn') });
    try {
      await reload(luotd, 'connections = 200\n' + site('a', 'hosts = a.vn') + site('b', 'hosts = b.vn'));
      await until('b', async () => (await luotd.request('GET', '/v1/b/widget.json')).status === 200);
      assert.match(luotd.log, /event=reload_partial .*next=restart_luotd/);
    } finally {
      await luotd.stop();
    }
  });
});

describe('SIGHUP', () => {
  test(`${STORM} in ${STORM_MS / 1000} s, good and bad files alternating: nothing is lost, the last good one is in force, nothing leaks`, async () => {
    const good = (i) => site('a', `hosts = a.vn\ntimezone = ${i % 4 ? 'UTC' : 'Asia/Ho_Chi_Minh'}\nonline_window = ${1 + (i % 50)}min`);
    const bad = ['nonsense = 1\n', '[site a]\ntimezone = Mars/Base\n', '[site a]\n[site a]\n', '[site', 'workers = many\n'];
    const luotd = await Luotd.start({ config: good(0) });
    try {
      let sent = 0, acked = 0, running = true;
      const clients = Promise.all(
        Array.from({ length: 4 }, async (_, i) => {
          while (running) {
            sent++;
            if ((await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.0.0.${i}` }, body: 's=a&p=/' })).status === 204) acked++;
            await new Promise((done) => setTimeout(done, 2));
          }
        }),
      );
      let last = 0;
      const hangups = async (count) => {
        const began = Date.now();
        for (let i = 0; i < count; i++) {
          write(luotd, i % 2 ? bad[i % bad.length] : good((last = i)));
          luotd.child.kill('SIGHUP');
          await new Promise((done) => setTimeout(done, Math.max(0, began + (i + 1) * 10 - Date.now())));
        }
      };
      await hangups(600); // 6 s: what is used for the first time is used, and as many replaced lists wait for their end as ever will
      const before = { fds: descriptors(luotd), kb: residentKb(luotd) };
      await hangups(STORM);
      const after = { fds: descriptors(luotd), kb: residentKb(luotd) };
      write(luotd, bad[0]); // whichever file the storm's reloads met: this one they meet for sure
      luotd.child.kill('SIGHUP');
      await until('a bad one', async () => /event=reload_failed error="[^"]*luotd\.conf:\d+: /.test(luotd.log));
      write(luotd, good(++last));
      luotd.child.kill('SIGHUP');
      await until('the last good one', async () => (await luotd.snapshot('a')).online.window_s === 60 * (1 + (last % 50)));
      running = false;
      await clients;
      console.log(`  ${acked} views; descriptors ${before.fds} -> ${after.fds}, resident ${before.kb} -> ${after.kb} kB`);
      assert.equal(acked, sent);
      assert.equal((await luotd.snapshot('a')).periods.total.views, sent);
      assert.ok(after.fds <= before.fds + 2, 'descriptors');
      if (!process.env.BUILD?.includes('address')) assert.ok(after.kb - before.kb < 1024, `${after.kb - before.kb} kB more`);
    } finally {
      await luotd.stop();
    }
  });

  test('one that comes while another is obeyed is not forgotten', async () => {
    const luotd = await Luotd.start({ config: site('a', 'hosts = a.vn') });
    try {
      for (let i = 0; i < 5; i++) {
        write(luotd, site('a', `hosts = a.vn\nonline_window = ${i + 2}min`));
        luotd.child.kill('SIGHUP');
      }
      await until('the last', async () => (await luotd.snapshot('a')).online.window_s === 360);
    } finally {
      await luotd.stop();
    }
  });
});
