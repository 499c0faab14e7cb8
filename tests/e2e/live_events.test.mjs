// Numbers as they change: Server-Sent Events of one site and of all, their pace, their limits, and who is too slow for them.
// SLOW=1000: so many who read nothing are closed at their deadline of 30 s, and beacons notice nothing (some 60 s).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { describe, test } from 'node:test';
import { Events } from './lib/events.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Nginx, missing } from './lib/nginx.mjs';

const SLOW = Number(process.env.SLOW ?? 0);
const SITES = '[site demo]\npublic = yes\nany_host = yes\n[site other]\npublic = yes\nany_host = yes\n';

async function view(luotd, n = 1, line = 's=demo&p=/') {
  const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.5.${n >> 8}.${n & 255}` }, body: line });
  assert.equal(r.status, 204, r.text);
}
const metric = async (luotd, name) => Number(new RegExp(`^luot_${name}(?:_total)? (\\d+)$`, 'm').exec(await luotd.ask('metrics'))[1]);
/** At most one event a second: so many in so long, with one for the first moment. */
function paced(events, every) {
  const seconds = (events.at(-1).at - events[0].at) / 1000;
  assert.ok(events.length <= seconds / every + 2, `${events.length} events in ${seconds} s`);
}

describe('one site', { concurrency: true }, () => {
  test('a snapshot at once, another when something changed, a comment when nothing did', async () => {
    const luotd = await Luotd.start({ config: SITES });
    try {
      const e = await Events.open(luotd, '/v1/demo/live');
      assert.equal(e.status, 200);
      const { 'content-type': type, 'cache-control': cache, 'x-accel-buffering': buffering, connection, 'access-control-allow-origin': origin } = e.headers;
      assert.deepEqual([type, cache, buffering, connection, origin], ['text/event-stream', 'no-store', 'no', 'close', '*']);
      await e.seen('the first snapshot', (d) => d.periods.today.views === 0);
      assert.equal(e.retry, 3000);
      for (let n = 1; n <= 3; n++) await view(luotd, n);
      const three = await e.seen('three views', (d) => d.periods.today.views === 3);
      assert.deepEqual([three.event, three.id, three.data.online.visitors], ['snapshot', String(three.data.as_of), 3]);
      // What snapshot.json says, without tops; of another second it may be a little other.
      await until('the same as snapshot.json', async () => {
        const { tops, bots, as_of, ...numbers } = await luotd.get('/v1/demo/snapshot.json');
        const { bots: liveBots, as_of: liveAsOf, ...live } = e.last().data;
        assert.deepEqual(Object.keys(live), Object.keys(numbers));
        assert.deepEqual(Object.keys(liveBots), ['today', 'yesterday', 'total']);
        return JSON.stringify(live) === JSON.stringify(numbers);
      });
      const count = e.events.length;
      await until('a comment', () => e.comments > 0);
      assert.equal(e.events.length, count, 'nothing changed, and nothing was said');
      paced(e.events, 1);
      e.close();
      await until('it is gone', async () => (await metric(luotd, 'http_streams')) === 0);
    } finally {
      await luotd.stop();
    }
  });

  test('what falls with time alone is an event too', async () => {
    const clock = new Clock(Date.UTC(2026, 10, 23, 12) / 1000);
    const luotd = await Luotd.start({ config: SITES, clock });
    try {
      await view(luotd);
      const e = await Events.open(luotd, '/v1/demo/live');
      await e.seen('online', (d) => d.online.visitors === 1);
      await luotd.advance(clock.seconds + 600);
      await e.seen('offline', (d) => d.online.visitors === 0 && d.periods.today.views === 1);
      e.close();
    } finally {
      await luotd.stop();
      clock.close();
    }
  });

  test('hundreds get the same events at one pace, and HEAD and other methods get none', async () => {
    const MANY = 200;
    const luotd = await Luotd.start({ config: SITES, args: ['--connections=1024', '--connections_per_address=1024'] });
    try {
      assert.equal((await luotd.request('HEAD', '/v1/demo/live')).status, 200);
      assert.equal((await luotd.request('POST', '/v1/demo/live', { body: 'x' })).status, 405);
      assert.equal((await luotd.request('GET', '/v1/nowhere/live')).status, 404);
      const all = await Promise.all(Array.from({ length: MANY }, () => Events.open(luotd, '/v1/demo/live')));
      assert.equal(await metric(luotd, 'http_streams'), MANY);
      for (let n = 1; n <= 50; n++) await view(luotd, n);
      for (const e of all) {
        await e.seen('fifty', (d) => d.periods.today.views === 50);
        paced(e.events, 1);
      }
      assert.equal(await metric(luotd, 'http_streams_missed'), 0);
      for (const e of all) e.close();
      await until('they are gone', async () => (await metric(luotd, 'http_streams')) === 0);
      assert.equal((await luotd.stats()).received, 50);
    } finally {
      await luotd.stop();
    }
  });
});

describe('all sites', () => {
  test('online and today of each, at most every two seconds', async () => {
    const luotd = await Luotd.start({ config: SITES + '[site shut]\nany_host = yes\n' });
    try {
      const e = await Events.open(luotd, '/v1/live');
      await e.seen('the first', (d) => d.sites.length === 2);
      for (let n = 1; n <= 4; n++) await view(luotd, n, n < 4 ? 's=demo&p=/' : 's=other&p=/');
      await view(luotd, 9, 's=shut&p=/');
      const { event, data } = await e.seen('four', (d) => d.total.today === 4);
      assert.equal(event, 'sites');
      const row = (site, n) => ({ site, online: n, today: n, periods: { today: { views: n, visits: n, visitors: n } } });
      assert.deepEqual(data.sites, [row('demo', 3), row('other', 1)]);
      assert.deepEqual(data.total, { online: 4, today: 4, periods: { today: { views: 4, visits: 4, visitors: 4 } } });
      const league = await luotd.get('/v1/sites.json');
      for (const s of data.sites) {
        const other = league.sites.find((o) => o.site === s.site);
        assert.deepEqual([other.online, other.today, other.periods.today], [s.online, s.today, s.periods.today]);
      }
      paced(e.events, 2);
      e.close();
    } finally {
      await luotd.stop();
    }
  });
});

describe('limits', () => {
  test('one more than live_listeners is 503 with Retry-After, and there is room again when one goes', async () => {
    const luotd = await Luotd.start({ config: SITES, workers: 1, args: ['--live_listeners=3'] });
    try {
      const three = await Promise.all([1, 2, 3].map(() => Events.open(luotd, '/v1/demo/live')));
      const refused = await luotd.request('GET', '/v1/demo/live');
      assert.deepEqual([refused.status, refused.headers['retry-after'], JSON.parse(refused.text).error.reason], [503, '30', 'busy']);
      assert.equal((await luotd.request('GET', '/v1/demo/snapshot.json')).status, 200);
      three[0].close();
      const again = await until('room', async () => {
        const e = await Events.open(luotd, '/v1/live');
        return e.status === 200 && e;
      });
      for (const e of [...three, again]) e.close();
    } finally {
      await luotd.stop();
    }
  });

  test('listeners never take more than half of the connections', async () => {
    const luotd = await Luotd.start({ config: SITES, workers: 1, args: ['--connections=16'] });
    try {
      const many = [];
      for (let i = 0; i < 8; i++) many.push(await Events.open(luotd, '/v1/demo/live'));
      assert.equal((await luotd.request('GET', '/v1/demo/live', { agent: false })).status, 503);
      await view(luotd);
      for (const e of many) e.close();
    } finally {
      await luotd.stop();
    }
  });

  test('SIGTERM ends them, and luotd, within seconds', async () => {
    const luotd = await Luotd.start({ config: SITES });
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => Events.open(luotd, i % 2 ? '/v1/live' : '/v1/demo/live')));
    const began = performance.now();
    const { code } = await luotd.term();
    assert.equal(code, 0);
    assert.ok(performance.now() - began < 20000);
    for (const e of all) await e.end();
    await luotd.spawn(); // and a browser comes back
    const e = await Events.open(luotd, '/v1/demo/live', { headers: { 'Last-Event-ID': all[1].last().id } });
    await e.seen('a snapshot', (d) => d.site === 'demo');
    e.close();
    await luotd.stop();
  });
});

describe('behind nginx, below /luot/', { skip: missing }, () => {
  test('an event comes when it happens, and no proxy keeps it', async () => {
    const luotd = await Luotd.start({ config: SITES });
    const proxy = await Nginx.start({ server: `location /luot/ { proxy_pass http://127.0.0.1:${luotd.port}/; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }` });
    try {
      const e = await Events.open(luotd, '/luot/v1/demo/live', { port: proxy.port });
      await e.seen('the first', (d) => d.periods.today.views === 0);
      await view(luotd);
      await e.seen('one view', (d) => d.periods.today.views === 1);
      e.close();
      await until('nginx has let go', async () => (await metric(luotd, 'http_streams')) === 0);
    } finally {
      await proxy.stop();
      await luotd.stop();
    }
  });
});

describe('the slow', { skip: SLOW > 0 ? false : 'SLOW=1000 asks for it' }, () => {
  test('who reads nothing is closed at his deadline; the others and beacons notice nothing', async () => {
    // Many sites, so that an event is larger than what the kernel keeps for a client.
    const config = Array.from({ length: 1500 }, (_, i) => `[site s${i}]\npublic = yes\nany_host = yes\n`).join('');
    const luotd = await Luotd.start({ config, workers: 1, args: [`--connections=${4 * SLOW}`, `--connections_per_address=${4 * SLOW}`, `--live_listeners=${2 * SLOW}`] });
    const slow = [];
    let closed = 0;
    try {
      const good = await Events.open(luotd, '/v1/s0/live');
      for (let i = 0; i < SLOW; i++) {
        const s = net.connect(luotd.port, '127.0.0.1', () => s.write('GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n'));
        s.pause();
        s.on('error', () => {});
        slow.push(s);
        if (i % 100 === 99) await until('they listen', async () => (await metric(luotd, 'http_streams')) >= i);
      }
      const began = performance.now();
      const memory = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${luotd.pid}/status`, 'latin1'))[1]);
      const first = memory();
      let most = first, views = 0, worst = 0;
      await until('all of the slow are closed', async () => {
        const at = performance.now();
        await view(luotd, 1 + (views % 200), 's=s0&p=/');
        worst = Math.max(worst, performance.now() - at);
        views++;
        most = Math.max(most, memory());
        closed = SLOW + 1 - (await metric(luotd, 'http_streams'));
        return closed === SLOW;
      }, 300000);
      console.log(`# ${SLOW} slow readers were closed within ${Math.round((performance.now() - began) / 1000)} s; memory ${first} -> ${most} KiB; ${views} views meanwhile, the slowest took ${worst.toFixed(1)} ms`);
      await good.seen('all views', (d) => d.periods.today.views === views);
      assert.equal(good.ended, false);
      assert.ok((await metric(luotd, 'http_timeouts')) > 0);
      good.close();
    } finally {
      for (const s of slow) s.destroy();
      await luotd.stop();
    }
  });
});
