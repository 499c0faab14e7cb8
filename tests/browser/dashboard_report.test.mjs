// The dashboard in three languages, on a phone, on a wall and on paper.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { until } from '../e2e/lib/luotd.mjs';
import { close_all, PHONE } from './lib/browser.mjs';
import { dashboard_scene, inUrl, plain, vi } from './lib/dashboard.mjs';
import { day_of, SITES } from './lib/province.mjs';

describe('the dashboard, its looks', () => {
  const scene = dashboard_scene(40);
  const { dashboard, series } = scene;
  const total = (points) => points.reduce((n, [, v]) => n + (v ?? 0), 0);

  test('speaks three languages, with nothing left in another', async () => {
    const heading = { vi: 'Các cổng thông tin', km: 'គេហទំព័រទាំងអស់', en: 'All sites' };
    for (const lang of ['vi', 'km', 'en']) {
      const page = await dashboard(`?lang=${lang}`);
      assert.equal(await page.locator('h1').textContent(), heading[lang]);
      assert.equal(await page.getAttribute('html', 'lang'), lang);
      await page.goto(`${scene.luotd.url}/?site=so-y-te&lang=${lang}&period=7d`);
      await page.locator('.bars tr').nth(3).waitFor();
      const text = await page.locator('body').innerText();
      assert.doesNotMatch(text, /⟨/);
      if (lang === 'en') assert.match(text, /\d,\d{3}/);
      else assert.match(text, /\d\.\d{3}/);
      if (lang === 'km') assert.equal(text.replace(/Tiếng Việt|Sở Y tế/g, '').match(/\S*[ạảấầẩẫậắằẳẵặẹẻẽếềểễệịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ]\S*/i)?.[0], undefined);
      await close_all(scene.browser);
    }
    const page = await dashboard('', { locale: 'en-GB' });
    assert.equal(await page.locator('h1').textContent(), heading.en, 'the browser’s own where the address says none');
  });

  test('fits a phone, and a wall', async () => {
    for (const viewport of [PHONE, { width: 3840, height: 2160 }])
      for (const [query, ready] of [['', '.sites tbody tr'], ['?site=so-y-te&period=30d', '.bars tr.rest'], ['?site=so-y-te&view=report', '.top-of']]) {
        const page = await dashboard(query, { viewport });
        await page.locator(ready).nth(1).waitFor();
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${viewport.width} ${query}`);
        await close_all(scene.browser);
      }
  });

  test('each number stands in its column, and the bar at the top in two lines of a phone, in every language', async () => {
    for (const lang of ['vi', 'km', 'en'])
      for (const viewport of [PHONE, { width: 1280, height: 900 }]) {
        const page = await dashboard(`?site=so-y-te&lang=${lang}`, { viewport });
        await page.locator('.bars td.share', { hasText: /^100[.,]0/ }).first().waitFor(); // there is one kind of event
        const over = await page.locator('.bars td').evaluateAll((cells) => cells.filter((c) => c.scrollWidth > c.clientWidth).map((c) => c.textContent));
        assert.deepEqual(over, [], `${viewport.width} ${lang}`);
        const tops = await page.locator('.top .tools > *').evaluateAll((tools) => tools.map((x) => Math.round(x.getBoundingClientRect().bottom)));
        assert.ok(Math.max(...tops) - Math.min(...tops) < 20, `${viewport.width} ${lang}: ${tops}`);
        await close_all(scene.browser);
      }
  });

  test('the month’s report is whole, and prints on A4', async () => {
    const page = await dashboard('?site=so-y-te');
    await page.getByRole('button', { name: 'Báo cáo tháng' }).click();
    await page.locator('h1', { hasText: 'Báo cáo lượt truy cập tháng 10/2026' }).waitFor();
    const october = total(await series('so-y-te', 'views', 'day', '2026-10-01', '2026-11-01'));
    await until('its views', async () => plain(await page.locator('.summary td').first().textContent()) === vi(october));
    await until('its days', async () => (await page.locator('.day-table tbody tr').count()) === 31);
    assert.equal(await page.locator('svg.days rect').count(), 31);
    await page.getByRole('button', { name: /Tháng trước/ }).click();
    await page.locator('h1', { hasText: '9/2026' }).waitFor();
    assert.equal(await inUrl(page, 'month'), '2026-09');
    await page.goto(`${scene.luotd.url}/?site=so-y-te&view=report&month=2026-10&theme=dark`);
    await until('its tops', async () => (await page.locator('.top-of').count()) >= 9);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.top, .foot, .no-print').evaluateAll((list) => list.filter((e) => e.getClientRects().length > 0).length), 0);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)', 'paper is white');
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g).length;
    assert.ok(pages >= 2 && pages <= 4, `${pages} pages`);
    assert.match(pdf.toString('latin1'), /\/MediaBox\s*\[0 0 59[45][.\d]* 84[12]/, 'A4');
  });

  test('the month of all sites adds up, by group and in all', async () => {
    const page = await dashboard('?view=report&month=2026-10');
    const rows = SITES.slice(0, 5).map(([key, title, group, size]) => {
      const days = (month, n) => Array.from({ length: n }, (_, i) => day_of(size, Date.UTC(2026, month, 1) / 86400000 + i));
      const sum = (list, m) => list.reduce((a, d) => a + d[m], 0);
      return { title, group, views: sum(days(9, 31), 'views'), visits: sum(days(9, 31), 'visits'), before: sum(days(8, 30), 'visits') };
    });
    const add = (list, m) => list.reduce((a, r) => a + r[m], 0);
    const change = (now, before) => `${now < before ? '−' : '+'}${(Math.abs(now / before - 1) * 100).toFixed(1).replace('.', ',')} %`;
    const cells = async (row) => (await row.locator('th, td').allTextContents()).map(plain).filter((_, i) => i !== 3); // but for the visitors
    await until('the sum', async () => plain(await page.locator('tfoot td').first().textContent()) === vi(add(rows, 'views')));
    assert.deepEqual(await cells(page.locator('tfoot tr')), ['Tổng cộng', vi(add(rows, 'views')), vi(add(rows, 'visits')), vi(add(rows, 'before')), change(add(rows, 'visits'), add(rows, 'before'))]);
    const mine = rows.filter((r) => r.group === 'Sở, ngành');
    assert.deepEqual((await cells(page.locator('tr.sum', { hasText: 'Sở, ngành' }))).slice(0, 3), ['Sở, ngành', vi(add(mine, 'views')), vi(add(mine, 'visits'))]);
    for (const r of rows) assert.deepEqual((await cells(page.locator('tbody tr:not(.sum)', { hasText: r.title }))).slice(0, 4), [r.title, vi(r.views), vi(r.visits), vi(r.before)]);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('button.csv').click()]);
    const lines = fs.readFileSync(await download.path(), 'utf8').trim().split('\r\n');
    assert.equal(download.suggestedFilename(), 'luot-2026-10.csv');
    assert.equal(lines.length, rows.length + 1);
    for (const r of rows) assert.ok(lines.some((l) => l.includes(`"${r.title}","${r.group}",${r.views},${r.visits},`) && l.split(',').at(-2) === String(r.before)), r.title);
    await page.getByRole('link', { name: 'Sở Y tế' }).click();
    await page.locator('.summary').waitFor();
    assert.equal(await page.evaluate(() => location.search), '?site=so-y-te&view=report&month=2026-10');
  });
});
