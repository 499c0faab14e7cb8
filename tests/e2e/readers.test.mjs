// Tokens: who may read what of private sites, as the configuration says now.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Events } from './lib/events.mjs';
import { Luotd, until } from './lib/luotd.mjs';

const SITES = ['[site open]', 'public = yes', 'any_host = yes', 'group = cong', '[site a]', 'any_host = yes', 'group = tinh', '[site b]', 'any_host = yes', ''].join('\n');
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const DOCUMENTS = ['snapshot.json', 'series.json', 'series.json?step=minute&metric=views', 'tops.json?of=pages', 'tops.csv?of=pages', 'report.json?by=day', 'live'];

const write = (luotd, text) => fs.writeFileSync(path.join(luotd.run, 'luotd.conf'), text);
async function reload(luotd, text) {
  write(luotd, text);
  const r = await luotctl(luotd, ['reload']);
  assert.equal(r.code, 0, r.err);
}
/** What a document says to a token: its status and, of an error, its reason. */
async function asked(luotd, site, document, headers) {
  const method = document === 'live' ? 'HEAD' : 'GET';
  const r = await luotd.request(method, `/v1/${site}/${document}`, { headers });
  const reason = method === 'GET' && r.status >= 400 ? JSON.parse(r.text).error.reason : '';
  return [r.status, reason, r.headers['cache-control'], r.headers['www-authenticate'] ?? ''];
}

describe('readers', () => {
  let luotd, ofA, ofGroup, ofAll;

  before(async () => {
    luotd = await Luotd.start({ config: SITES });
    const add = async (...args) => ctlJson(luotd, ['reader', 'add', ...args]);
    ofA = await add('anna', '--site', 'a');
    ofGroup = await add('grace', '--group', 'tinh', '--group', 'xa, huyen');
    ofAll = await add('root', '--all');
    await reload(luotd, SITES + ofA.section + ofGroup.section + ofAll.section);
  });
  after(() => luotd.stop());

  test('luotctl makes a token that luotd does not keep, and lists who has one', async () => {
    assert.match(ofA.token, /^[0-9a-f]{64}$/);
    const sum = spawnSync('b2sum', ['-l', '256'], { input: ofA.token });
    if (sum.status === 0) assert.ok(ofA.section.includes(`token_hash = ${sum.stdout.toString().slice(0, 64)}`));
    const plain = await luotctl(luotd, ['reader', 'add', 'x', '--site', 'a', '--site', 'b']);
    const token = /^ {2}([0-9a-f]{64})$/m.exec(plain.err)[1];
    assert.equal(plain.out.includes(token), false, 'what is appended to a file must not hold the token');
    assert.match(plain.out, /^\[reader x\]\ntoken_hash = [0-9a-f]{64}\nsites = "a, b"\n$/);
    assert.deepEqual((await ctlJson(luotd, ['reader', 'list'])).readers, [
      { name: 'anna', sites: ['a'], groups: [] },
      { name: 'grace', sites: [], groups: ['tinh', 'xa', 'huyen'] },
      { name: 'root', sites: ['*'], groups: [] },
    ]);
    const list = await luotctl(luotd, ['reader', 'list']);
    for (const secret of [ofA.token, /token_hash = (\S+)/.exec(ofA.section)[1]]) assert.equal(list.out.includes(secret), false);
    for (const wrong of [['add', 'x'], ['add'], ['add', 'a b', '--all'], ['forget', 'x'], ['add', 'x', '--site', 'A B']]) {
      const r = await luotctl(luotd, ['reader', ...wrong]);
      assert.equal(r.code, 64, r.err);
      assert.equal(r.out, '');
    }
  });

  test('without a token: 401 for private sites, all else for public ones', async () => {
    for (const document of DOCUMENTS) {
      const [status, reason, cache, authenticate] = await asked(luotd, 'a', document);
      assert.deepEqual([status, cache, authenticate], [401, 'no-store', 'Bearer realm="luot"'], document);
      if (reason !== '') assert.equal(reason, 'unauthorized');
      const open = await asked(luotd, 'open', document);
      assert.equal(open[0], 200, document);
      if (document !== 'live') assert.equal(open[2], 'max-age=0, s-maxage=1');
    }
    for (const document of ['widget.json', 'page.json?p=/']) assert.equal((await asked(luotd, 'a', document))[0], 200);
  });

  test('with a token: what it opens, 403 for the rest, and never into a shared cache', async () => {
    const may = { a: [ofA, ofGroup, ofAll], b: [ofAll] };
    for (const [site, whose] of Object.entries(may))
      for (const who of [ofA, ofGroup, ofAll])
        for (const document of DOCUMENTS) {
          const [status, reason, cache] = await asked(luotd, site, document, bearer(who.token));
          assert.deepEqual([status, cache], [whose.includes(who) ? 200 : 403, 'no-store'], `${who.name} ${site} ${document}`);
          if (reason !== '') assert.equal(reason, 'forbidden');
        }
    // A public site answers everybody, whatever they show.
    for (const token of [ofA.token, '0'.repeat(64), 'x']) assert.equal((await asked(luotd, 'open', 'snapshot.json', bearer(token)))[0], 200);
    const r = await luotd.request('GET', '/v1/open/snapshot.json');
    assert.match(r.headers.vary, /Authorization/);
  });

  test('a token that nobody has, or that is not one, is 401 and says so', async () => {
    const wrong = ['0'.repeat(64), ofA.token.slice(0, 63), ofA.token + '0', ofA.token.toUpperCase(), '', '\u00e9'.repeat(32)];
    for (const token of wrong) {
      const [status, , , authenticate] = await asked(luotd, 'a', 'snapshot.json', bearer(token));
      assert.equal(status, 401, token);
      assert.match(authenticate, /^Bearer realm="luot"(, error="invalid_token")?$/);
    }
    for (const header of [`Basic ${ofA.token}`, ofA.token, `Bearer${ofA.token}`]) assert.equal((await asked(luotd, 'a', 'snapshot.json', { Authorization: header }))[0], 401);
    for (const header of [`bearer ${ofA.token}`, `Bearer   ${ofA.token} `]) assert.equal((await asked(luotd, 'a', 'snapshot.json', { Authorization: header }))[0], 200);
  });

  test('sites.json lists what may be read, side by side', async () => {
    const sites = async (headers) => luotd.get('/v1/sites.json', headers);
    const keys = (d) => d.sites.map((s) => s.site).sort();
    assert.deepEqual([keys(await sites()), (await sites()).reader], [['open'], null]);
    assert.deepEqual([keys(await sites(bearer('0'.repeat(64)))), (await sites(bearer('0'.repeat(64)))).reader], [['open'], null]);
    assert.deepEqual(keys(await sites(bearer(ofA.token))), ['a', 'open']);
    const all = await sites(bearer(ofAll.token));
    assert.deepEqual([keys(all), all.reader], [['a', 'b', 'open'], 'root']);
    assert.deepEqual(all.sites.map((s) => [s.site, s.public]).sort(), [['a', false], ['b', false], ['open', true]]);
  });

  test('each site says its periods in every metric, its last view and 24 hours', async () => {
    const before = (await luotd.get('/v1/sites.json')).sites[0];
    assert.deepEqual([before.last_view, before.hours.views], [null, Array(24).fill(null)]);
    for (const [page, who] of [['/1', 1], ['/2', 1], ['/1', 2]]) await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.4.0.${who}` }, body: `s=open&p=${page}` });
    const d = await luotd.get('/v1/sites.json');
    const [site] = d.sites;
    const today = { views: 3, visits: 2, visitors: 2 }, none = { views: 0, visits: 0, visitors: 0 };
    assert.deepEqual([site.today, site.online, site.durable, site.group], [2, 2, d.durable, 'cong']);
    assert.deepEqual([site.periods.today, site.periods.yesterday, site.periods.last_week], [today, none, none]);
    assert.deepEqual(Object.keys(site.periods), ['today', 'yesterday', 'week', 'last_week']);
    assert.ok(Math.abs(site.last_view - d.as_of) < 30);
    assert.equal(site.hours.views.length, 24);
    assert.equal(site.hours.views.reduce((sum, n) => sum + (n ?? 0), 0), 3);
    assert.equal(site.hours.from % 3600, 0);
    assert.ok(d.as_of - site.hours.from < 24 * 3600);
    assert.deepEqual(d.groups.map((g) => [g.group, g.sites, g.periods.today]), [['cong', 1, today]]);
    assert.deepEqual(d.total.periods.today, today);
  });

  test('small numbers are folded for everybody, and told to a token that opens the site', async () => {
    // A day's first views may come before there is room for names.
    await until('a name', async () => {
      await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': '10.4.0.9', 'User-Agent': 'RareProgram/7.1', Referer: 'https://here.example/' }, body: 's=open&p=/x&r=https%3A%2F%2Fexample.org%2F' });
      return (await luotd.get('/v1/open/tops.json?of=referrers', bearer(ofAll.token))).rows.length > 0;
    });
    for (const [document, of, name] of [['tops.json?of=referrers', 'referrers', 'example.org'], ['snapshot.json', 'referrers', 'example.org'], ['tops.json?of=browsers', 'browsers', 'RareProgram 7'], ['snapshot.json', 'browsers', 'RareProgram 7']]) {
      const rows = (d) => (document === 'snapshot.json' ? d.tops[of].rows : d.rows);
      const folded = await luotd.get(`/v1/open/${document}`);
      assert.deepEqual(rows(folded), [], document);
      const whole = await luotd.get(`/v1/open/${document}`, bearer(ofAll.token));
      assert.ok(rows(whole).some((r) => r.key === name), document);
      const other = await luotd.get(`/v1/open/${document}`, bearer(ofA.token)); // opens a, not this one
      assert.deepEqual(rows(other), [], document);
    }
  });

  test('a page of another origin may show a token, and ask first', async () => {
    const r = await luotd.request('OPTIONS', '/v1/a/snapshot.json', { headers: { Origin: 'https://x.vn', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' } });
    assert.deepEqual([r.status, r.headers['access-control-allow-origin'], r.headers['access-control-allow-headers']], [204, '*', 'Authorization']);
    assert.equal(r.headers['access-control-allow-credentials'], undefined);
  });

  test('a reload takes a reader away, and what it listened to ends; a new one may read', async () => {
    const streams = [];
    for (const target of ['/v1/a/live', '/v1/live', '/v1/open/live']) streams.push(await Events.open(luotd, target, { headers: bearer(ofA.token) }));
    const kept = [await Events.open(luotd, '/v1/a/live', { headers: bearer(ofAll.token) }), await Events.open(luotd, '/v1/open/live')];
    for (const s of [...streams, ...kept]) assert.equal(s.status, 200);
    const late = await ctlJson(luotd, ['reader', 'add', 'late', '--site', 'b']);
    assert.equal((await asked(luotd, 'b', 'snapshot.json', bearer(late.token)))[0], 401);
    await reload(luotd, SITES + ofAll.section + late.section);
    assert.equal((await asked(luotd, 'a', 'snapshot.json', bearer(ofA.token)))[0], 401);
    assert.equal((await asked(luotd, 'b', 'snapshot.json', bearer(late.token)))[0], 200);
    for (const s of streams) await s.end();
    assert.deepEqual(kept.map((s) => s.ended), [false, false]);
    // A public site that turns private lets go of who has no token.
    await reload(luotd, SITES.replace('public = yes', 'public = no') + ofAll.section);
    await kept[1].end();
    assert.equal(kept[0].ended, false);
    kept[0].close();
    await until('nobody listens', async () => /^luot_http_streams 0$/m.test(await luotd.ask('metrics')));
  });

  test('a configuration with a bad reader is refused and says why', async () => {
    for (const [lines, why] of [
      ['[reader x]\nsites = a\n', 'has no token_hash'],
      [`[reader x]\ntoken_hash = ${'0'.repeat(64)}\n`, 'may read nothing'],
      [`[reader x]\ntoken_hash = ${'0'.repeat(63)}\nsites = a\n`, '64 hexadecimal digits'],
      [`[reader x]\ntoken_hash = ${'g'.repeat(64)}\nsites = a\n`, '64 hexadecimal digits'],
      [ofAll.section + ofAll.section, 'is there twice'],
      [ofAll.section + ofAll.section.replace('root', 'other'), 'has the token of another one'],
      ['[reader x y]\n', 'a reader’s name'.replace('’', "'")],
      [`[reader x]\nlisten = 1\n`, 'is not a setting of a reader'],
    ]) {
      write(luotd, SITES + lines);
      const r = await luotctl(luotd, ['reload']);
      assert.equal(r.code, 1);
      assert.ok(r.err.includes(why), r.err);
    }
    assert.equal((await asked(luotd, 'a', 'snapshot.json', bearer(ofAll.token)))[0], 200);
  });
});
