// What the views of a day were: pages, entry pages, referrers and events; over kill -9, the loss of the arena and midnight.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';

const WEDNESDAY = Date.UTC(2026, 10, 25, 3) / 1000; // 10:00 in Ho Chi Minh City
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\npages = 100\n[site private]\nany_host = yes\n';

const rows = (tops) => Object.fromEntries(tops.rows.map((r) => [r.key, r.views]));
const sum = (tops) => tops.rows.reduce((n, r) => n + r.views, tops.other);

/** A line of a CSV file as a spreadsheet reads it. */
const fields = (line) => [...line.matchAll(/("((?:[^"]|"")*)"|[^,]*)(,|$)/g)].map((m) => (m[2] ?? m[1]).replaceAll('""', '"')).slice(0, -1);

describe('tops', () => {
  let luotd, clock, sent = 0;
  const tops = (of, query = '') => luotd.get(`/v1/demo/tops.json?of=${of}${query}`);
  const page = (p) => luotd.get(`/v1/demo/page.json?p=${encodeURIComponent(p)}`);
  const view = async (visitor, p, more = '') => {
    await luotd.udp(`s=demo&i=10.1.${visitor >> 8}.${visitor & 255}&u=Firefox&p=${encodeURIComponent(p)}${more}`);
    sent++;
  };
  const seen = () => luotd.received(sent);
  /** Two more rounds of the saver: the second one began after now. */
  const saved = async () => {
    const saves = async () => (await luotd.stats()).store.saves;
    const was = await saves();
    await until('saved', async () => (await saves()) >= was + 2);
  };
  before(async () => {
    clock = new Clock(WEDNESDAY);
    luotd = await Luotd.start({ config: CONFIG, clock });
  });
  after(async () => {
    await luotd?.stop();
    clock?.close();
  });

  test('rows, visitors and entry pages are those of the views', async () => {
    for (let v = 0; v < 10; v++) await view(v, '/');
    await seen(); // two workers: which view of a visitor is the first is decided by who comes first
    for (let v = 0; v < 10; v++) {
      await view(v, '/tin-tức/1?utm=x');
      if (v < 6) await view(v, '/liên-hệ', `&r=${encodeURIComponent('https://www.google.com/search?q=a')}`);
    }
    await seen();
    const pages = await tops('pages');
    assert.deepEqual(rows(pages), { '/': 10, '/tin-tức/1': 10, '/liên-hệ': 6 });
    assert.deepEqual([pages.total, pages.other, pages.error, pages.from, pages.to], [26, 0, 0, '2026-11-25', '2026-11-26']);
    assert.deepEqual(Object.fromEntries(pages.rows.map((r) => [r.key, r.visitors])), { '/': 10, '/tin-tức/1': 0, '/liên-hệ': 0 });
    assert.deepEqual(rows(await tops('entry_pages')), { '/': 10 });
    const { tops: all } = await luotd.snapshot();
    assert.deepEqual(rows(all.pages), rows(pages));
    assert.equal(all.pages.total, 26);
  });

  test('few visitors are not told from others, but to who operates it', async () => {
    const referrers = await tops('referrers');
    assert.deepEqual([rows(referrers), referrers.other, referrers.total, referrers.min_visitors], [{}, 6, 6, 5]);
    assert.match(await luotd.ask('top demo --of referrers'), /^ +6 +0  google\.com$/m);
    const r = await luotctl(luotd, ['top', 'demo', '--of', 'pages']);
    assert.match(r.out, /^ +10 +10  \/$/m);
    assert.match(r.out, /^ +26 +\(all\)$/m);
  });

  test('a private site tells nobody; a wrong word is refused by name', async () => {
    assert.equal((await luotd.request('GET', '/v1/private/tops.json')).status, 401);
    assert.equal((await luotd.request('GET', '/v1/private/page.json?p=/')).status, 200);
    const wrong = await luotd.request('GET', '/v1/demo/tops.json?of=stars');
    assert.equal(wrong.status, 400);
    assert.equal(JSON.parse(wrong.text).error.reason, 'of');
    assert.equal((await luotd.request('GET', '/v1/demo/tops.json?from=2026-11-26&to=2026-11-25')).status, 400);
    assert.equal((await luotd.request('GET', '/v1/demo/page.json')).status, 400);
  });

  test('a spreadsheet opens it with its diacritics and runs no formula', async () => {
    await view(99, '/=cmd', `&r=${encodeURIComponent('https://evil.example/')}`);
    for (const name of ['=HYPERLINK("x")', '+1', '-1', '@a']) for (let i = 0; i < 5; i++) await view(i, '/', `&e=${encodeURIComponent(name)}`);
    await seen();
    const csv = await luotd.request('GET', '/v1/demo/tops.csv?of=events');
    assert.match(csv.headers['content-type'], /^text\/csv; charset=utf-8/);
    assert.equal(csv.bytes.subarray(0, 3).toString('hex'), 'efbbbf');
    const lines = csv.text.slice(1).trimEnd().split('\r\n').map(fields);
    assert.deepEqual(lines[0], ['events', 'views']);
    assert.deepEqual(lines.slice(1).map((l) => l[0]).sort(), [`'+1`, `'-1`, `'=HYPERLINK("x")`, `'@a`]);
    assert.match((await luotd.request('GET', '/v1/demo/tops.csv?of=pages')).text, /"\/tin-tức\/1",10,0\r\n/);
  });

  test('views of one page, in all and today', async () => {
    assert.deepEqual((({ views, today, exact }) => [views, today, exact])(await page('/liên-hệ')), [6, 6, true]);
    assert.equal((await page('/nowhere')).views, 0);
    const r = await luotctl(luotd, ['seed', 'demo', '--page', '/liên-hệ', '1000', '--note', 'the old counter']);
    assert.equal(r.code, 0, r.err);
    await view(3, '/liên-hệ');
    await seen();
    assert.deepEqual((({ views, today }) => [views, today])(await page('/liên-hệ')), [1001, 7]);
    assert.match(await luotd.ask('audit demo'), /seed page=\/liên-hệ views=1000/);
    assert.match(await luotd.ask('seed demo --page about:blank 5'), /^ERR usage/);
  });

  test('kill -9 takes nothing', async () => {
    const was = [await tops('pages'), await tops('events'), await page('/liên-hệ')];
    await luotd.kill9();
    await luotd.spawn();
    sent = 0;
    const is = [await tops('pages'), await tops('events'), await page('/liên-hệ')];
    for (let i = 0; i < 3; i++) assert.deepEqual({ ...is[i], as_of: 0 }, { ...was[i], as_of: 0 });
  });

  test('the arena is lost: what was saved is there, and new views are added', async () => {
    const was = rows(await tops('pages'));
    assert.equal((await luotd.term()).code, 0);
    fs.rmSync(path.join(luotd.run, 'arena'));
    await luotd.spawn();
    sent = 0;
    assert.deepEqual(rows(await tops('pages')), was);
    for (let v = 0; v < 5; v++) await view(v, '/');
    await seen();
    assert.equal(rows(await tops('pages'))['/'], was['/'] + 5);
    assert.deepEqual(rows((await luotd.snapshot()).tops.pages), rows(await tops('pages')));
    await until('the pages are loaded', async () => (await page('/liên-hệ')).views === 1001);
    assert.equal((await page('/')).views, was['/'] + 5);
  });

  test('midnight begins a new day, and yesterday stays', async () => {
    const was = await tops('pages');
    await luotd.advance(WEDNESDAY + 86400);
    assert.equal((await tops('pages')).total, 0);
    await view(1, '/tomorrow');
    await seen();
    assert.deepEqual(rows(await tops('pages')), { '/tomorrow': 1 });
    const both = await tops('pages', '&from=2026-11-25&to=2026-11-27');
    assert.equal(both.total, was.total + 1);
    assert.equal(sum(both), both.total);
    await saved();
    await luotd.advance(WEDNESDAY + 3 * 86400); // it is in the store only
    const old = await tops('pages', '&from=2026-11-25&to=2026-11-26');
    assert.deepEqual([rows(old), old.total], [rows(was), was.total]);
    assert.equal((await page('/tomorrow')).today, 0);
    assert.equal((await page('/tomorrow')).views, 1);
  });

  test('pages beyond `pages` are counted together, and the answer says so', async () => {
    for (let i = 0; i < 300; i++) {
      await view(i, `/many/${i}`);
      if (i % 50 === 49) await seen(); // some at a time: the table grows
    }
    const { views, exact } = await page('/many/299');
    assert.deepEqual([views, exact], [0, false]);
    const all = await tops('pages');
    assert.equal(sum(all), all.total);
    assert.equal(all.total, 300);
    assert.equal((await page('/')).exact, true);
  });

  test('a dump brings all of it to another machine, and twice is once', async () => {
    const file = path.join(luotd.run, 'demo.luot');
    const r = await luotctl(luotd, ['dump', 'demo', file]);
    assert.equal(r.code, 0, r.err);
    assert.match(fs.readFileSync(file, 'utf8'), /^top \d+ day=2026-11-25 of=pages key=\/ views=\d+/m);
    const other = await Luotd.start({ config: CONFIG, clock });
    try {
      for (let i = 0; i < 2; i++) {
        const load = await luotctl(other, ['load', file]);
        assert.equal(load.code, 0, load.err);
        for (const of of ['pages', 'entry_pages', 'events']) {
          const query = `/v1/demo/tops.json?of=${of}&from=2026-11-25&to=2026-11-27`; // of 300 equal pages of another day 100 are kept
          const was = await luotd.get(query);
          assert.ok(was.total > 0 || of === 'events');
          assert.deepEqual(await other.get(query), { ...was, as_of: (await other.get(query)).as_of });
        }
      }
      assert.equal((await other.term()).code, 0); // pages come with the start
      await other.spawn();
      await until('the pages are loaded', async () => (await other.get('/v1/demo/page.json?p=/')).views === (await page('/')).views);
    } finally {
      await other.stop();
    }
  });
});
