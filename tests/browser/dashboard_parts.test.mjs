// What the dashboard works out, without a browser: its words, numbers, days, addresses and sums.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { root } from '../e2e/lib/luotd.mjs';
import { add_days, add_months, compared, comparisons_for, days_of, is_day, is_month, is_whole_month, months_before, PERIODS, step_for } from '../../client/dashboard/days.js';
import { formats } from '../../client/dashboard/numbers.js';
import { elsewhere, read_place, write_place } from '../../client/dashboard/place.js';
import { csv_text } from '../../client/dashboard/parts.js';
import { LANGUAGES, speaker, table, WEEKDAYS } from '../../client/dashboard/words.js';

const FOLDER = path.join(root, 'client/dashboard');
const source = (name) => fs.readFileSync(path.join(FOLDER, name), 'utf8');
const files = fs.readdirSync(FOLDER).filter((f) => /\.(js|css|html|svg)$/.test(f));
const NBSP = '\u00a0';

describe('words', () => {
  test('each has its three languages, with the same values filled in', () => {
    for (const [word, row] of Object.entries(table)) {
      assert.equal(row.length, LANGUAGES.length, word);
      const values = row.map((t) => (t.match(/\{\d\}/g) ?? []).sort().join());
      assert.deepEqual(new Set(values).size, 1, `${word}: ${values}`);
      for (const [i, text] of row.entries()) assert.ok(text.trim() !== '', `${word} in ${LANGUAGES[i]}`);
    }
    for (const lang of LANGUAGES) assert.equal(new Set(WEEKDAYS[lang]).size, 7);
  });
  test('Khmer is written in Khmer, Vietnamese not in English', () => {
    for (const [word, [vi, km, en]] of Object.entries(table)) {
      if (/^[\W\dA-Z]+$/.test(en.replace(/\{\d\}/g, ''))) continue; // CSV, ±
      assert.match(km, /[\u1780-\u17ff]/, word);
      assert.ok(vi !== en || vi === 'TV', word);
    }
  });
  test('each word that is asked for is there, and none is left over', () => {
    const all = files.filter((f) => f.endsWith('.js') && f !== 'words.js').map(source).join('\n');
    const asked = new Set([...all.matchAll(/\bsay\(\s*'([a-z0-9_]+)'/g)].map((m) => m[1]));
    for (const word of asked) if (!word.endsWith('_')) assert.ok(word in table, word);
    // Every quoted word may be one, and so may what follows a prefix: say('p_' + period).
    const quoted = new Set([...all.matchAll(/'([a-z0-9_]+)'/g)].map((m) => m[1]));
    const prefixes = [...all.matchAll(/say\('([a-z]+_)' \+/g)].map((m) => m[1]).concat([...all.matchAll(/named\(say, '([a-z]_)'/g)].map((m) => m[1]));
    for (const word of Object.keys(table))
      assert.ok(quoted.has(word) || prefixes.some((p) => word.startsWith(p)) || /_what$/.test(word), `nobody says ${word}`);
    for (const period of PERIODS) assert.ok('p_' + period in table);
  });
  test('one is one, and in English many are more', () => {
    assert.deepEqual(['0', '1', '2', '1,001'].map((n) => speaker('en')('sites_count', n)), ['0 sites', '1 site', '2 sites', '1,001 sites']);
    assert.equal(speaker('vi')('sites_count', '1'), '1 cổng');
  });
  test('values are filled in once and as they are', () => {
    assert.equal(speaker('en')('no_such_site', '{0|a|b}'), 'There is no site “{0|a|b}”.');
    assert.equal(speaker('en')('no_such_site', '{0}<b>$&'), 'There is no site “{0}<b>$&”.');
    assert.equal(speaker('fr')('today'), 'Hôm nay');
    assert.equal(speaker('vi')('nonsense'), '⟨nonsense⟩');
  });
});

describe('numbers', () => {
  const [vi, km, en] = ['vi', 'km', 'en'].map((l) => formats(l));
  test('are written as the language does', () => {
    assert.equal(vi.number(12400), '12.400');
    assert.equal(km.number(4782833), '4.782.833');
    assert.equal(en.number(12400), '12,400');
    assert.deepEqual([0, 999, 1000, -1234, null, undefined].map(vi.number), ['0', '999', '1.000', '−1.234', '–', '–']);
    assert.equal(vi.percent(0.01), `1,0${NBSP}%`);
    assert.equal(en.percent(0.01), '1.0%');
    assert.equal(vi.about(12400, false), `≈${NBSP}12.400`);
    assert.equal(vi.about(12400, true), '12.400');
    assert.equal(vi.fixed(1234.56, 1), '1.234,6');
  });
  test('changes have a sign, and none where there is nothing to compare with', () => {
    assert.equal(vi.change(112, 100), `+12,0${NBSP}%`);
    assert.equal(vi.change(88, 100), `−12,0${NBSP}%`);
    assert.equal(en.change(100, 100), '0.0%');
    assert.equal(en.change(100001, 100000), '0.0%');
    assert.equal(en.change(99999, 100000), '0.0%');
    assert.equal(en.change(2500, 100), '+2,400%');
    for (const [now, before] of [[5, 0], [5, null], [null, 5], [undefined, 5]]) assert.equal(vi.change(now, before), null);
  });
  test('times are the site’s', () => {
    const at = Date.UTC(2026, 10, 25, 19, 50) / 1000; // 26 November, 02:50 in Viet Nam
    assert.equal(vi.span(at, at + 240, '2026-11-26'), '02:50–02:54');
    assert.equal(vi.span(at, at + 240, '2026-11-27'), '02:50–02:54 26/11');
    assert.equal(vi.span(at - 7200 * 2, at, '2026-11-26'), '22:50 25/11 – 02:50 26/11');
    assert.equal(vi.moment(at, '2026-11-26'), '02:50');
    assert.equal(en.moment(at, '2026-11-30'), '02:50 26 Nov');
    assert.equal(formats('en', 'UTC').moment(at, '2027-01-01'), '19:50 25 Nov 2026');
    for (const tz of ['Asia/Ho_Chi_Minh', 'Asia/Phnom_Penh', 'UTC', 'Europe/Berlin', 'America/Caracas'])
      for (let s = 1e8; s < 2.2e9; s += 86400 * 97 + 4321) {
        const there = new Intl.DateTimeFormat('sv-SE', { timeZone: tz, dateStyle: 'short', timeStyle: 'short' }).format(new Date(s * 1000));
        assert.equal(`${formats('vi', tz).day_of(s)} ${formats('vi', tz).time(s)}`, there, tz);
      }
    assert.equal(vi.step(at, 'day'), 'Thứ Năm 26/11/2026');
    assert.equal(vi.step(at, 'hour'), 'Thứ Năm 26/11, 02:50');
    assert.equal(en.step(at, 'month'), 'November 2026');
  });
});

describe('a CSV', () => {
  test('has text in quotes, numbers as they are, nothing for what is not known, and no formulas', () => {
    assert.equal(csv_text([['site', 'today'], ['a "b", c', 12400], ['x', null], ['=1+1', 0], ['-2', -2], ['@x', undefined]]),
      '\ufeff"site","today"\r\n"a ""b"", c",12400\r\n"x",\r\n"\'=1+1",0\r\n"\'-2",-2\r\n"\'@x",\r\n');
  });
});

describe('days', () => {
  const today = '2026-11-26';
  const of = (period, more = {}) => days_of({ period, ...more }, today);
  test('periods end with today, and are half open', () => {
    assert.deepEqual(of('today'), { from: '2026-11-26', to: '2026-11-27' });
    assert.deepEqual(of('yesterday'), { from: '2026-11-25', to: '2026-11-26' });
    assert.deepEqual(of('7d'), { from: '2026-11-20', to: '2026-11-27' });
    assert.deepEqual(of('30d'), { from: '2026-10-28', to: '2026-11-27' });
    assert.deepEqual(of('month'), { from: '2026-11-01', to: '2026-11-27' });
    assert.deepEqual(of('year'), { from: '2025-12-01', to: '2026-11-27' });
    assert.deepEqual(of('custom', { from: '2026-02-01', to: '2026-02-28' }), { from: '2026-02-01', to: '2026-03-01' });
    assert.deepEqual(of('custom', { from: '2026-03-01', to: '2026-02-01' }), of('today'), 'nonsense is today');
  });
  test('are compared with what is like them', () => {
    assert.deepEqual(compared(of('today'), 'previous', 'today'), of('yesterday'));
    assert.deepEqual(compared(of('today'), 'week', 'today'), { from: '2026-11-19', to: '2026-11-20' });
    assert.deepEqual(compared(of('7d'), 'previous', '7d'), { from: '2026-11-13', to: '2026-11-20' });
    const before = compared(of('30d'), 'previous', '30d');
    assert.deepEqual(before, { from: '2026-09-23', to: '2026-10-23' });
    assert.equal(new Date(before.from).getUTCDay(), new Date(of('30d').from).getUTCDay(), 'the same weekdays');
    assert.deepEqual(compared(of('month'), 'previous', 'month'), { from: '2026-10-01', to: '2026-10-27' });
    assert.deepEqual(compared({ from: '2024-02-29', to: '2024-03-01' }, 'year', 'custom'), { from: '2023-02-28', to: '2023-03-01' });
    assert.equal(compared(of('7d'), 'none', '7d'), null);
    assert.deepEqual(comparisons_for(of('today')), ['previous', 'week', 'year', 'none']);
    assert.ok(!comparisons_for(of('7d')).includes('week'));
  });
  test('months have their own lengths', () => {
    assert.equal(months_before('2026-03-31', 1), '2026-02-28');
    assert.equal(add_months('2026-01', -1), '2025-12');
    assert.equal(add_days('2026-02-28', 1), '2026-03-01');
    assert.ok(is_whole_month({ from: '2026-02-01', to: '2026-03-01' }));
    assert.ok(!is_whole_month({ from: '2026-02-01', to: '2026-03-02' }));
    for (const no of ['2026-02-30', '2026-1-1', '', undefined, '2026-11-26T00']) assert.ok(!is_day(no), no);
    assert.ok(is_month('2026-11') && !is_month('2026-13'));
  });
  test('steps are what is kept and fits a screen', () => {
    assert.equal(step_for(3600, 3600, 'views'), 'minute');
    assert.equal(step_for(3600, 2 * 86400, 'views'), 'quarter');
    assert.equal(step_for(86400, 3600, 'views'), 'hour');
    assert.equal(step_for(7 * 86400, 7 * 86400, 'views'), 'hour');
    assert.equal(step_for(7 * 86400, 90 * 86400, 'views'), 'day');
    assert.equal(step_for(3600, 3600, 'visitors'), 'day');
    assert.equal(step_for(366 * 86400, 366 * 86400, 'views'), 'week');
    assert.equal(step_for(3000 * 86400, 3000 * 86400, 'views'), 'month');
  });
});

describe('addresses', () => {
  test('are read back as they were written, whatever is in them', () => {
    for (const change of [{}, { site: 'cổng & <b>', period: '7d', compare: 'year' }, { site: 'a', zoom: '1795400000-1795410000', metric: 'visitors' }, { q: 'sở ?&=#', group: 'Xã, phường', sort: 'title' },
      { site: 'a', view: 'report', month: '2026-10', lang: 'km', theme: 'dark' }, { period: 'custom', from: '2026-01-01', to: '2026-01-31', tops: 'entry_pages,browsers' }]) {
      const place = { ...read_place(''), ...change };
      const address = write_place(place);
      assert.deepEqual(read_place(new URL(address, 'http://x/luot/').search), place);
      assert.equal(new URL(address, 'http://x/luot/').pathname, '/luot/', 'relative');
    }
    assert.equal(write_place(read_place('')), './');
  });
  test('nonsense is what it would be without', () => {
    assert.deepEqual(read_place('?period=x&from=1&to=y&compare=z&metric=q&zoom=a-b&lang=fr&theme=pink&sort=;drop&view=x&month=13&tops=<b>&token=secret'), read_place(''));
  });
  test('another site keeps how one looks, not at what', () => {
    const place = { ...read_place('?site=a&zoom=1-2&view=report&month=2026-01&period=7d&lang=en&theme=dark'), site: 'a' };
    assert.equal(write_place(elsewhere(place, { site: 'b' })), '?site=b&period=7d&lang=en&theme=dark');
  });
});

describe('the files', () => {
  for (const name of files)
    test(`${name} names no other host and writes no markup`, () => {
      for (const [, host] of source(name).matchAll(/\bhttps?:\/\/([^/"'\s<&`$]+)/g)) assert.equal(host, 'www.w3.org');
      if (name !== 'icon.svg') assert.doesNotMatch(source(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerously|\beval\b|new Function|\sstyle="|\son[a-z]+="|<style|cssText|localStorage|sessionStorage|document\.cookie|indexedDB/);
    });
});
