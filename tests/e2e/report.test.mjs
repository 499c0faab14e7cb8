// The monthly report: over days of many months, sites, groups, in every format; read back as the programs do that open it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';

const at = (text) => Date.parse(`${text}+07:00`) / 1000;
const CONFIG = `
[site y-te]
any_host = yes
hosts = soyte.tinh.gov.vn, www.soyte.tinh.gov.vn
title = Sở Y tế; "Phòng" =1
group = Sở ban ngành
[site thue]
any_host = yes
title = =HYPERLINK("http://x")
group = Sở ban ngành
[site im]
any_host = yes
title = <b>Im lặng</b>
`;

/** A luotd at a time, with past logs in which a site had so many views and visitors on a day. */
async function counted(now, days) {
  const clock = new Clock(at(now));
  const luotd = await Luotd.start({ config: CONFIG, clock });
  for (const site of new Set(days.map((d) => d[1]))) {
    const lines = days.filter((d) => d[1] === site).flatMap(([day, , views, visitors]) => Array.from({ length: views }, (_, i) => line(day, i % visitors)));
    const r = await luotctl(luotd, ['import', '--site', site, '-'], { input: lines.join('') });
    assert.equal(r.code, 0, r.err);
  }
  return { luotd, clock };
}
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const line = (day, visitor) => {
  const [y, m, d] = day.split('-');
  return `10.0.0.${visitor} - - [${d}/${MONTHS[m - 1]}/${y}:09:00:00 +0700] "GET / HTTP/1.1" 200 10 "-" "Mozilla/5.0 Firefox/120"\n`;
};
const report = async (luotd, ...words) => {
  const r = await luotctl(luotd, ['report', ...words]);
  assert.equal(r.code, 0, r.err);
  return r.out;
};
/** A file with `;` between, as a spreadsheet reads it. */
function cells(csv) {
  assert.ok(csv.startsWith('\ufeff'), 'a mark, so that Excel knows it is UTF-8');
  return csv.slice(1).trimEnd().split('\r\n').map((line) => {
    const row = [];
    for (const m of line.matchAll(/(?:^|;)(?:"((?:[^"]|"")*)"|([^;"]*))/g)) row.push(m[1] === undefined ? m[2] : m[1].replaceAll('""', '"'));
    return row;
  });
}

const DAYS = [
  ['2025-10-20', 'im', 2, 1],
  ['2025-11-03', 'y-te', 10, 5],
  ['2025-11-14', 'y-te', 4, 2],
  ['2025-11-15', 'y-te', 6, 3],
  ['2025-12-01', 'y-te', 8, 4],
  ['2025-12-02', 'thue', 5, 5],
  ['2025-12-31', 'y-te', 12, 4],
];

describe('the monthly report', () => {
  test('has a row for each site, its comparison, sums of groups and of all', async () => {
    const { luotd, clock } = await counted('2025-11-30T20:00:00', DAYS);
    await luotd.request('POST', '/b', { body: 's=im&p=/' });
    clock.set(at('2026-01-02T09:00:00'));
    await until('January', async () => (await luotd.stats()).keeper_as_of_s >= clock.seconds);
    const r = JSON.parse(await report(luotd, '--all', '--month', '2025-12', '--compare', 'previous,year', '--format', 'json'));
    assert.equal(r.month, '2025-12');
    const [thue, yte, im] = r.rows;
    assert.deepEqual([yte.site, yte.views, yte.visitors, yte.deduplicated, yte.exact], ['y-te', 20, 4, true, true], 'four people came twice');
    assert.deepEqual([yte.previous.views, yte.previous.visitors], [20, 5]);
    assert.equal(yte.year.views, null, 'nobody counted a year ago');
    assert.deepEqual([thue.views, thue.previous.views], [5, null], 'it did not count yet');
    assert.deepEqual([im.site, im.views, im.visitors, im.last_view], ['im', 0, 0, at('2025-11-30T20:00:00')], 'it is silent');
    assert.deepEqual(r.groups.map((g) => [g.group, g.sites, g.views, g.visitors, g.deduplicated]), [['Sở ban ngành', 2, 25, 9, false]]);
    assert.deepEqual([r.total.sites, r.total.views, r.total.visitors, r.total.deduplicated, r.total.previous.views], [3, 25, 9, false, 21]);

    const from15 = JSON.parse(await report(luotd, 'y-te', '--month', '2025-11', '--starts-on', '15', '--compare', 'previous', '--format', 'json'));
    assert.deepEqual([from15.rows[0].views, from15.rows[0].previous.views], [14, 14]);
    assert.deepEqual([from15.rows[0].from, from15.rows[0].until], [at('2025-11-15T00:00:00'), at('2025-12-15T00:00:00')]);
    assert.deepEqual([from15.rows[0].visitors, from15.rows[0].deduplicated], [7, false], 'a sum of days, and says so');
    const group = JSON.parse(await report(luotd, '--group', 'Sở ban ngành', '--month', '2025-12', '--format', 'json'));
    assert.deepEqual(group.rows.map((x) => x.site), ['thue', 'y-te']);
    assert.equal(group.total.previous, undefined);
    await luotd.stop();
    clock.close();
  });

  test('opens in a spreadsheet with its diacritics, and nothing in it is a formula', async () => {
    const { luotd, clock } = await counted('2025-12-31T10:00:00', DAYS);
    await luotctl(luotd, ['adjust', 'y-te', '--metric', 'views', '--day', '2025-12-31', '--by', '-2', '--note', 'giả']);
    const rows = cells(await report(luotd, '--all', '--month', '2025-12', '--compare', 'previous,year', '--format', 'csv'));
    assert.deepEqual(rows[0], ['Đơn vị', 'Địa chỉ', 'Lượt xem', 'Lượt truy cập', 'Khách', 'So với kỳ trước (%)', 'So với cùng kỳ (%)', 'Trang xem nhiều nhất', 'Lượt xem trang đó', 'Ghi chú']);
    for (const row of rows) {
      assert.equal(row.length, 10, row.join('|'));
      for (const cell of row) assert.doesNotMatch(cell, /^[=+@\t\r]|^-(?![\d])/, cell);
    }
    assert.deepEqual(rows[1].slice(0, 5), ['\'=HYPERLINK("http://x")', '', '5', '5', '5']);
    assert.deepEqual(rows[2].slice(0, 7), ['Sở Y tế; "Phòng" =1', 'soyte.tinh.gov.vn', '18', '8', '4', '-10,0', '']);
    assert.match(rows[2][9], /đã hiệu chỉnh −2 lượt xem/);
    assert.deepEqual(rows[3].slice(0, 3), ['<b>Im lặng</b>', '', ''], 'nobody knows: there is no log of this month');
    assert.deepEqual([rows[4][0], rows[5][0], rows[5][2]], ['Sở ban ngành (2)', 'Tổng cộng (3)', '23']);
    await luotd.stop();
    clock.close();
  });

  test('is a page that can be printed, with nothing of a stranger in it', async () => {
    const { luotd, clock } = await counted('2025-12-31T10:00:00', DAYS);
    const html = await report(luotd, '--all', '--month', '2025-12', '--format', 'html');
    assert.match(html, /<title>Báo cáo tháng 12\/2025<\/title>/);
    assert.match(html, /Từ 01\/12\/2025 đến hết 31\/12\/2025/);
    assert.match(html, /&lt;b&gt;Im lặng&lt;\/b&gt;/);
    assert.match(html, /Kỳ chưa hết: số liệu đến 31\/12\/2025/);
    assert.doesNotMatch(html, /<script|<b>|https?:\/\/(?!x)/);
    const table = await report(luotd, '--all', '--month', '2025-12', '--compare', 'previous');
    assert.match(table, /Lượt truy cập/);
    assert.match(table, /Sở Y tế.* 20 .*\+0|Sở Y tế.* 20 .* 0,0%/);
    await luotd.stop();
    clock.close();
  });

  test('names the page that was seen most, of a site and of a group, from the arena and from what is kept', async () => {
    const clock = new Clock(at('2025-12-30T10:00:00'));
    const luotd = await Luotd.start({ config: CONFIG, clock });
    let sent = 0;
    const views = async (site, page, n) => {
      for (let i = 0; i < n; i++, sent++) await luotd.udp(`s=${site}&i=10.0.1.${i}&u=Firefox&p=${encodeURIComponent(page)}`);
      await luotd.received(sent);
    };
    await views('y-te', '/', 4);
    await views('y-te', '/tin-tức/=1', 5);
    await views('thue', '/biểu-mẫu', 3);
    await luotd.advance(at('2025-12-31T12:00:00'));
    await views('y-te', '/', 4);
    const look = async () => {
      const r = JSON.parse(await report(luotd, '--all', '--month', '2025-12', '--format', 'json'));
      const of = (site) => r.rows.find((x) => x.site === site);
      const page = ({ top_page, top_page_views, top_page_error, top_page_of, top_page_sure }) => [top_page, top_page_views, top_page_error, top_page_of, top_page_sure];
      assert.deepEqual(page(of('y-te')), ['/', 8, 0, 13, true]);
      assert.deepEqual(page(of('thue')), ['/biểu-mẫu', 3, 0, 3, true]);
      assert.deepEqual([of('im').top_page, of('im').top_page_views], ['', undefined]);
      for (const sum of [r.groups[0], r.total]) assert.deepEqual([...page(sum), sum.top_page_site, sum.top_page_host], ['/', 8, 0, 13, true, 'y-te', 'soyte.tinh.gov.vn']);
    };
    await look();
    const table = await report(luotd, '--all', '--month', '2025-12');
    assert.match(table, /Sở Y tế.*  \/ \(8\)/);
    assert.match(table, /Sở ban ngành \(2\).*  soyte\.tinh\.gov\.vn\/ \(8\)/);
    assert.match(table, /Im lặng.* – /);
    const november = JSON.parse(await report(luotd, 'y-te', '--month', '2025-11', '--format', 'json'));
    assert.equal(november.rows[0].top_page, '');
    await luotd.term();
    fs.rmSync(`${luotd.run}/arena`);
    await luotd.spawn();
    sent = 0;
    await look();
    await views('y-te', '/', 2);
    await views('y-te', '/tin-tức/=1', 9);
    const rows = cells(await report(luotd, '--all', '--month', '2025-12', '--format', 'csv'));
    assert.deepEqual([rows[2].slice(5, 7), rows[3].slice(5, 7)], [['/tin-tức/=1', '14'], ['', '']]);
    assert.deepEqual(rows[4].slice(5, 7), ['soyte.tinh.gov.vn/tin-tức/=1', '14']);
    assert.equal((await luotctl(luotd, ['site', 'merge', 'thue', 'y-te'])).code, 0);
    await until('merged', async () => /biểu-mẫu/.test((await luotctl(luotd, ['top', 'y-te', '--from', '2025-12-01', '--to', '2026-01-01'])).out));
    const merged = JSON.parse(await report(luotd, 'y-te', '--month', '2025-12', '--format', 'json')).rows[0];
    assert.deepEqual([merged.top_page, merged.top_page_of], ['/tin-tức/=1', 27], 'a site that was merged brings its pages');
    await luotd.stop();
    clock.close();
  });

  test('says how sure the first page is where a list was full, and of how many views it knows', async () => {
    const { luotd, clock } = await counted('2025-12-30T10:00:00', DAYS);
    let sent = 0;
    const view = (page, i) => luotd.udp(`s=y-te&i=10.0.${i >> 8 & 255}.${i & 255}&u=Firefox&p=${encodeURIComponent(page)}`).then(() => sent++);
    for (let i = 0; i < 6000; i++) { // three times the pages that a day has room for
      await view(`/x/${i}`, i);
      if (i % 10 === 0) await view('/', i);
      if (i % 500 === 499) await luotd.received(sent);
    }
    await luotd.received(sent);
    const [row] = JSON.parse(await report(luotd, 'y-te', '--month', '2025-12', '--format', 'json')).rows;
    assert.equal(row.top_page, '/');
    assert.ok(row.top_page_error > 0, 'the list was full');
    assert.ok(row.top_page_views <= 608 && row.top_page_views + row.top_page_error >= 608, JSON.stringify(row));
    assert.deepEqual([row.top_page_of, row.views], [6608, 6620], 'past logs have pages too; 12 views are of tomorrow');
    const table = await report(luotd, 'y-te', '--month', '2025-12');
    const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '.');
    assert.ok(table.includes(`/ (≥ ${number(row.top_page_views)})`), table);
    assert.ok(table.includes(`không quá ${number(row.top_page_views + row.top_page_error)} lượt xem`), table);
    assert.equal(table.includes('có thể trang khác được xem nhiều hơn'), !row.top_page_sure);
    const before = JSON.parse(await report(luotd, 'y-te', '--month', '2025-11', '--format', 'json')).rows[0];
    assert.deepEqual([before.views, before.top_page, before.top_page_views], [20, '/', 20]);
    assert.equal((await luotctl(luotd, ['import', '--site', 'thue', '-'], { input: line('2025-10-02', 1) })).code, 0);
    const rows = ['luot-dump 1 version=0.1.0 node=vm at=1767063600', 'site thue host= created=1759300000 first_live=1759300000 last_view=1759400000',
      'day 2025-10-02 views=30 visits=20 visitors=20 exact=1 node=vm run=00c0ffee00c0ffee', ''].join('\n'); // of a luotd that kept no tops
    const dump = path.join(luotd.run, 'old.luot');
    fs.writeFileSync(dump, `${rows}end sites=1 rows=2 sha256=${createHash('sha256').update(rows).digest('hex')}\n`);
    const loaded = await luotctl(luotd, ['load', dump]);
    assert.equal(loaded.code, 0, loaded.err);
    assert.match(await report(luotd, 'thue', '--month', '2025-10'), /\/ \(1\) .*trang: theo 1 trong 31 lượt xem/);
    await luotd.stop();
    clock.close();
  });

  test('refuses what cannot be, and says how it is written', async () => {
    const luotd = await Luotd.start({ config: CONFIG });
    for (const [words, sentence] of [
      [['--all', '--month', '2025-13'], /2025-12/],
      [['--all', '--month', '12/2025'], /2025-12/],
      [['--all'], /--month/],
      [['--month', '2025-12'], /KEY, or --group G, or --all/],
      [['y-te', '--all', '--month', '2025-12'], /KEY, or --group G, or --all/],
      [['--all', '--month', '2025-12', '--starts-on', '31'], /1 to 28/],
      [['--all', '--month', '2025-12', '--compare', 'tomorrow'], /previous, year/],
      [['--all', '--month', '2025-12', '--format', 'pdf'], /table, csv, json or html/],
      [['nobody', '--month', '2025-12'], /no such site/],
      [[], /KEY/],
    ]) {
      const r = await luotctl(luotd, ['report', ...words]);
      assert.notEqual(r.code, 0, words.join(' '));
      assert.match(r.err, sentence, words.join(' '));
    }
    const none = JSON.parse(await report(luotd, '--group', 'không có', '--month', '2025-12', '--format', 'json'));
    assert.deepEqual([none.rows, none.total.views], [[], null]);
    assert.match(await report(luotd, '--group', 'không có', '--month', '2025-12'), /Không có đơn vị nào/);
    const before = JSON.parse(await report(luotd, '--all', '--month', '1999-01', '--format', 'json'));
    assert.equal(before.rows[0].views, null);
    assert.match(await report(luotd, 'y-te'), /./, 'by day, as before');
    await luotd.stop();
  });

  test('knows after the arena has gone what the store keeps, and when a site was seen last', async () => {
    const { luotd, clock } = await counted('2025-12-31T10:00:00', DAYS);
    await luotd.term();
    fs.rmSync(`${luotd.run}/arena`);
    await luotd.spawn();
    const r = JSON.parse(await report(luotd, '--all', '--month', '2025-12', '--compare', 'previous', '--format', 'json'));
    const of = (site) => r.rows.find((x) => x.site === site);
    assert.deepEqual([of('y-te').views, of('y-te').previous.views, of('thue').views], [20, 20, 5]);
    assert.equal(of('im').last_view, at('2025-10-20T00:00:00'), 'the day of it');
    await luotd.stop();
    clock.close();
  });
});
