// HTTP as browsers, proxies and attackers speak it, over raw sockets to the real daemon.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { corpus, Luotd } from './lib/luotd.mjs';

const CONFIG = `
[site demo]
any_host = yes
public = yes
title = <b>"Cổng" & 'demo'
[site closed]
hosts = closed.example.vn, *.closed.example.vn
`;

describe('http', () => {
  let luotd;
  before(async () => {
    luotd = await Luotd.start({ config: CONFIG, workers: 3 });
  });
  after(() => luotd.stop());

  /** Sends bytes, gives back everything until the server closes or falls silent after `answers` answers. */
  const raw = (bytes, { answers = Infinity, timeout = 1500 } = {}) =>
    new Promise((done) => {
      const s = net.connect(luotd.port, luotd.host);
      let text = '';
      const end = () => (s.destroy(), done(text));
      s.setTimeout(timeout, end);
      s.on('connect', () => s.write(bytes));
      s.on('data', (d) => {
        text += d.toString('latin1');
        if ((text.match(/^HTTP\/1\.1 /gm) ?? []).length >= answers) end();
      });
      s.on('end', end);
      s.on('error', end);
    });
  const statuses = (text) => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((m) => Number(m[1]));

  test('a counted beacon is in the next widget.json on every worker', async () => {
    const fresh = () => new http.Agent({ keepAlive: false });
    for (let i = 1; i <= 40; i++) {
      await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.0.${i}` }, body: 's=demo&p=/', agent: fresh() });
      for (let j = 0; j < 3; j++) {
        const w = JSON.parse((await luotd.request('GET', '/v1/demo/widget.json', { agent: fresh() })).text);
        assert.deepEqual([w.total, w.today, w.online], [i, i, i]);
      }
    }
  });

  test('100 pipelined requests are answered in order', async () => {
    const text = await raw(Array.from({ length: 100 }, (_, i) => (i % 2 ? 'GET /v1/demo/widget.json HTTP/1.1\r\nHost: a\r\n\r\n' : 'GET /p.gif?s=demo HTTP/1.1\r\nHost: a\r\n\r\n')).join(''), { answers: 100 });
    const types = [...text.matchAll(/^Content-Type: (\S+)/gim)].map((m) => m[1]);
    assert.equal(types.length, 100);
    types.forEach((t, i) => assert.match(t, i % 2 ? /json/ : /gif/));
  });

  test('limits are refusals by number, and the connection closes', async () => {
    const table = [
      [`GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(13000)}\r\n\r\n`, 431],
      [`GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(70)}\r\n`, 431],
      ['POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n', 413],
      ['POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 501],
      ['POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd', 400],
      ['GET / HTTP/1.1\r\n\r\n', 400],
      ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
      ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n', 400],
      ['GET / HTTP/1.1\nHost: a\n\n', 400],
    ];
    for (const [bytes, status] of table) assert.deepEqual(statuses(await raw(bytes + 'GET /p.gif?s=demo HTTP/1.1\r\nHost: a\r\n\r\n')), [status], bytes.slice(0, 60));
  });

  test('no request of the smuggling corpora gets a second answer', { skip: fs.existsSync(corpus) ? false : 'skipped: the corpus of requests is not here' }, async () => {
    let n = 0;
    const requests = ['http11probe', 'h1spec'].flatMap((f) => fs.readFileSync(path.join(corpus, 'http', f + '.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l))).filter((r) => r.expect === 'reject');
    const one = async (r) => {
      const s = statuses(await raw(Buffer.from(r.raw_b64, 'base64'), { timeout: 400 }));
      assert.ok(s.length <= 1 && s.every((x) => x >= 400), `${r.id}: ${s}`);
      n++;
    };
    for (let i = 0; i < requests.length; i += 16) await Promise.all(requests.slice(i, i + 16).map(one));
    console.log(`  ${n} requests`);
  });

  test('methods, ETags, CORS and headers are exact', async () => {
    const head = await luotd.request('HEAD', '/p.gif?s=demo');
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], '43');
    const js = await luotd.request('GET', '/luot.js');
    assert.equal(js.status, 200);
    assert.equal((await luotd.request('GET', '/luot.js', { headers: { 'If-None-Match': js.headers.etag } })).status, 304);
    assert.equal((await luotd.request('PUT', '/b', { body: 'x' })).status, 405);
    assert.equal((await luotd.request('GET', '/nowhere')).status, 404);
    assert.equal((await luotd.request('GET', '/v1/nowhere/widget.json')).status, 404);
    assert.equal((await luotd.request('GET', '/v1/closed/snapshot.json')).status, 401);
    assert.equal((await luotd.request('GET', '/v1/closed/widget.json')).status, 200);
    for (const [origin, allowed] of [
      ['https://closed.example.vn', true], ['https://a.closed.example.vn', true], ['https://closed.example.vn.evil.com', false],
      ['null', false], ['https://evil.com', false],
    ]) {
      const r = await luotd.request('POST', '/b', { headers: { Origin: origin }, body: 's=closed&p=/' });
      assert.equal(r.headers['access-control-allow-origin'], allowed ? origin : undefined, origin);
      assert.equal(r.status, allowed ? 204 : 403);
    }
    const w = await luotd.request('GET', '/v1/demo/snapshot.json');
    assert.match(w.headers['content-type'], /application\/json/);
    assert.equal(w.headers['x-content-type-options'], 'nosniff');
    assert.equal(JSON.parse(w.text).title, `<b>"Cổng" & 'demo'`);
    assert.ok(!w.text.includes('<b>'));
  });

  test('every documented example of /v1/ answers 200', async () => {
    const list = await luotd.get('/v1/');
    assert.ok(list.documents.length >= 5, JSON.stringify(list));
    for (const d of list.documents) {
      const method = d.example.endsWith('/live') ? 'HEAD' : 'GET'; // a stream has no end
      assert.equal((await luotd.request(method, '/' + d.example)).status, 200, d.example);
    }
  });

  test('X-Forwarded-For is believed from the right, of trusted proxies only', async () => {
    const visitors = async () => (await luotd.snapshot('demo')).periods.today.visitors;
    const was = await visitors();
    for (const xff of ['1.2.3.4, 203.0.113.9', '5.6.7.8, 203.0.113.9', '203.0.113.9', '203.0.113.9, 127.0.0.1'])
      await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': xff }, body: 's=demo&p=/' });
    assert.equal(await visitors(), was + 1);
  });
});
