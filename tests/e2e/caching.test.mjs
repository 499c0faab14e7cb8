// What a browser and a proxy may keep of an answer, in what form it comes, and who may read it from elsewhere.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import { ctlJson } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Nginx, missing } from './lib/nginx.mjs';

const SITES = '[site demo]\npublic = yes\nhosts = demo.vn\ntimezone = UTC\n[site also]\npublic = yes\ngroup = g\n[site shut]\nany_host = yes\n';
const PUBLIC = 'max-age=0, s-maxage=1';
const NOON = Date.UTC(2026, 10, 23, 12) / 1000;

const view = (luotd, page, n = 1) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.6.0.${n}` }, body: `s=demo&p=${page}` });

describe('caching', () => {
  let clock, luotd, token;

  before(async () => {
    clock = new Clock(NOON);
    const config = `${SITES}`;
    luotd = await Luotd.start({ config, clock });
    const reader = await ctlJson(luotd, ['reader', 'add', 'r', '--all']);
    token = reader.token;
    await luotd.stop();
    luotd = await Luotd.start({ config: SITES + reader.section, clock });
    // The first views of a day may come before there is room for names: they are in "other".
    await until('many pages', async () => {
      for (let i = 0; i < 40; i++) await view(luotd, `/a-page-with-a-long-name/${i}`, 1 + (i % 7));
      return (await luotd.get('/v1/demo/tops.json?of=pages')).rows.length === 40;
    });
  });
  after(async () => {
    await luotd.stop();
    clock.close();
  });
  const ask = (target, headers = {}, method = 'GET') => luotd.request(method, target, { headers });

  const LARGE = ['/v1/', '/v1/demo/snapshot.json', '/v1/demo/tops.json?of=pages', '/v1/demo/tops.csv?of=pages', '/v1/demo/series.json?step=minute&metric=views', '/v1/sites.json'];
  const SMALL = ['/v1/demo/report.json', '/v1/demo/widget.json', '/v1/demo/page.json?p=/'];

  test('a public document says how long it is good, and what it is', async () => {
    for (const target of [...LARGE, ...SMALL]) {
      const r = await ask(target);
      assert.equal(r.status, 200, target);
      assert.equal(r.headers['cache-control'], PUBLIC, target);
      assert.match(r.headers.etag, /^W\/"[0-9a-f]{16}"$/, target);
      assert.equal(r.headers['x-content-type-options'], 'nosniff');
      assert.equal(r.headers['access-control-allow-origin'], '*');
      assert.equal(r.headers.expires, undefined);
    }
  });

  test('who has it is told so with 304 as long as nothing changed, though time goes on', async () => {
    const tags = {};
    for (const target of [...LARGE, ...SMALL]) tags[target] = (await ask(target)).headers.etag;
    clock.set(clock.seconds + 2);
    for (const target of [...LARGE, ...SMALL].filter((t) => !t.includes('minute'))) {
      for (const match of [tags[target], `"x", ${tags[target]}`, '*', tags[target].replace('W/', '')]) {
        const r = await ask(target, { 'If-None-Match': match, 'Accept-Encoding': 'gzip' });
        assert.deepEqual([r.status, r.bytes.length, r.headers.etag, r.headers['cache-control']], [304, 0, tags[target], PUBLIC], `${target} ${match}`);
        assert.equal(r.headers['content-encoding'], undefined);
      }
      assert.equal((await ask(target, { 'If-None-Match': '"0123456789abcdef"' })).status, 200);
    }
    await view(luotd, '/', 9);
    for (const target of ['/v1/demo/snapshot.json', '/v1/demo/widget.json', '/v1/sites.json', '/v1/demo/page.json?p=/', '/v1/demo/tops.json?of=pages']) {
      const r = await ask(target, { 'If-None-Match': tags[target] });
      assert.equal(r.status, 200, target);
      assert.notEqual(r.headers.etag, tags[target]);
    }
  });

  test('what is longer than 1 KiB comes gzipped to who takes that, and is the same', async () => {
    for (const target of LARGE) {
      const plain = await ask(target), gzip = await ask(target, { 'Accept-Encoding': 'gzip, deflate, br' });
      assert.ok(plain.bytes.length >= 1024, `${target}: ${plain.bytes.length}`);
      assert.deepEqual([plain.headers['content-encoding'], gzip.headers['content-encoding']], [undefined, 'gzip'], target);
      assert.equal(zlib.gunzipSync(gzip.bytes).toString(), plain.text, target);
      assert.ok(gzip.bytes.length < plain.bytes.length / 1.5, `${target}: ${gzip.bytes.length} of ${plain.bytes.length}`);
      for (const r of [plain, gzip]) {
        assert.match(r.headers.vary, /\bAccept-Encoding$/, target);
        assert.equal(Number(r.headers['content-length']), r.bytes.length);
      }
      assert.equal(plain.headers.etag, gzip.headers.etag, 'a weak tag is of what is said, not of how');
      const head = await ask(target, { 'Accept-Encoding': 'gzip' }, 'HEAD');
      assert.deepEqual([head.status, head.bytes.length], [200, 0]);
    }
    for (const target of SMALL) {
      const r = await ask(target, { 'Accept-Encoding': 'gzip' });
      assert.equal(r.headers['content-encoding'], undefined, target);
      JSON.parse(r.text);
    }
  });

  test('Accept-Encoding is read as it is meant', async () => {
    const rows = { gzip: 1, 'x-gzip': 1, GZIP: 1, '*': 1, 'gzip;q=0.1': 1, 'gzip ; q=1.000': 1, 'br;q=1.0, gzip;q=0.8': 1, '*;q=0.5, identity;q=0.2': 1, 'identity;q=0, gzip': 1,
      '': 0, br: 0, identity: 0, 'gzip;q=0': 0, 'gzip;q=0.000': 0, '*;q=0': 0, 'gzip;q=0, *': 0, 'identity, gzip;q=0.5': 0, gzipped: 0, 'x=gzip': 0, 'gzip;q=2': 0, 'gzip;q=0.0001': 0, 'gzip;level=9': 0 };
    for (const [header, taken] of Object.entries(rows)) {
      const r = await ask('/v1/demo/snapshot.json', { 'Accept-Encoding': header });
      assert.equal(r.headers['content-encoding'], taken ? 'gzip' : undefined, `"${header}"`);
    }
  });

  test('what a token opened, and every refusal, is kept by nobody', async () => {
    const auth = { Authorization: `Bearer ${token}` };
    for (const target of ['/v1/shut/snapshot.json', '/v1/demo/snapshot.json', '/v1/shut/tops.json', '/v1/demo/tops.csv', '/v1/sites.json']) {
      const r = await ask(target, auth);
      assert.deepEqual([r.status, r.headers['cache-control']], [200, 'no-store'], target);
      assert.match(r.headers.vary, /^Authorization/);
      const again = await ask(target, { ...auth, 'If-None-Match': r.headers.etag });
      assert.deepEqual([again.status, again.headers['cache-control']], [304, 'no-store'], target);
    }
    for (const target of ['/v1/shut/snapshot.json', '/v1/nowhere/widget.json', '/nothing', '/v1/demo/tops.json?of=x', '/v1/demo/series.json?step=x']) {
      const r = await ask(target, { 'Accept-Encoding': 'gzip' });
      assert.ok(r.status >= 400);
      assert.equal(r.headers['cache-control'], 'no-store', target);
    }
  });

  test('every origin may read documents, and the answers to beacons only the site’s own', async () => {
    const origin = (r) => [r.headers['access-control-allow-origin'], r.headers['access-control-allow-credentials']];
    for (const Origin of ['https://demo.vn', 'https://evil.example', 'null']) {
      assert.deepEqual(origin(await ask('/v1/demo/widget.json', { Origin })), ['*', undefined]);
      assert.deepEqual(origin(await ask('/v1/shut/snapshot.json', { Origin })), ['*', undefined]);
      const beacon = await luotd.request('POST', '/b?reply=1', { headers: { Origin, 'X-Forwarded-For': '10.6.1.1' }, body: 's=demo&p=/' });
      const own = Origin === 'https://demo.vn';
      assert.deepEqual([beacon.status, ...origin(beacon)], own ? [200, Origin, undefined] : [403, undefined, undefined], Origin);
      assert.deepEqual([beacon.headers['cache-control'], beacon.headers.vary], ['no-store', undefined], 'no cache keeps it');
      const asset = await ask('/widget.css', { Origin });
      assert.deepEqual(origin(asset), [undefined, undefined]);
    }
  });

  test('no answer names an address that is not relative', async () => {
    for (const target of [...LARGE, ...SMALL, '/', '/demo/widget.html']) {
      const r = await ask(target);
      for (const [, url] of r.text.matchAll(/(?:href|src|action|data-src)="([^"]*)"/g)) assert.doesNotMatch(url.replace(/^https:\/\/HOST\//, ''), /^(?:\/|[a-z]+:)/, `${target}: ${url}`);
      if (target === '/v1/') for (const d of JSON.parse(r.text).documents) assert.doesNotMatch(d.example, /^(?:\/|[a-z]+:)/);
      assert.equal(r.headers.location, undefined);
      assert.equal(r.text.includes(String(luotd.port)), false, target);
    }
  });

  test('a proxy that caches keeps a second of what is public, and nothing of a token', { skip: missing }, async () => {
    const proxy = await Nginx.start({
      http: 'proxy_cache_path {DIR}/cache keys_zone=k:1m;',
      server: `location / { proxy_pass http://127.0.0.1:${luotd.port}; proxy_cache k; proxy_set_header Accept-Encoding $http_accept_encoding; add_header X-Cache $upstream_cache_status; }`,
    });
    const through = (target, headers = {}) =>
      new Promise((done, fail) =>
        http
          .get({ host: '127.0.0.1', port: proxy.port, path: target, headers, agent: false }, (res) => {
            const parts = [];
            res.on('data', (d) => parts.push(d)).on('end', () => done({ status: res.statusCode, headers: res.headers, bytes: Buffer.concat(parts) }));
          })
          .on('error', fail),
      );
    try {
      const auth = { Authorization: `Bearer ${token}` };
      assert.equal((await through('/v1/shut/snapshot.json', auth)).status, 200);
      assert.equal((await through('/v1/shut/snapshot.json')).status, 401);
      assert.equal((await through('/v1/shut/snapshot.json', auth)).headers['x-cache'], 'MISS');
      const names = (r) => JSON.parse(r.bytes).sites.map((s) => s.site).sort();
      assert.deepEqual(names(await through('/v1/sites.json')), ['also', 'demo']);
      assert.deepEqual(names(await through('/v1/sites.json', auth)), ['also', 'demo', 'shut']);
      assert.deepEqual(names(await through('/v1/sites.json')), ['also', 'demo']);
      // Two forms side by side, each to who asked for it; all of 20 at once are some few questions to luotd.
      const before = Number((await luotd.stats()).http.requests);
      const all = await Promise.all(Array.from({ length: 20 }, (_, i) => through('/v1/demo/snapshot.json', i % 2 ? { 'Accept-Encoding': 'gzip' } : {})));
      all.forEach((r, i) => {
        assert.equal(r.headers['content-encoding'], i % 2 ? 'gzip' : undefined);
        assert.equal(JSON.parse(i % 2 ? zlib.gunzipSync(r.bytes) : r.bytes).site, 'demo');
      });
      assert.ok(Number((await luotd.stats()).http.requests) - before <= 20);
    } finally {
      await proxy.stop();
    }
  });
});
