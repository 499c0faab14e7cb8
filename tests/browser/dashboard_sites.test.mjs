// All sites in the dashboard: found, sorted, grouped and gone through, by hand and by keyboard.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { open, PHONE } from './lib/browser.mjs';
import { dashboard_scene, inUrl, plain, texts, vi } from './lib/dashboard.mjs';

describe('the dashboard, all sites', () => {
  const scene = dashboard_scene(40);
  const { dashboard } = scene;
  const names = (page) => texts(page.locator('.sites tbody .title a'));

  test('lists the sites with luotd’s numbers, sorts by any column, filters without accents, and says so in the address', async () => {
    const page = await dashboard();
    const all = await scene.luotd.get('/v1/sites.json');
    assert.deepEqual(await names(page), all.sites.map((s) => s.title), 'the most of today first');
    const first = await texts(page.locator('.sites tbody tr').first().locator('td'));
    assert.equal(first[1], vi(all.sites[0].online));
    assert.equal(first[2], vi(all.sites[0].today));
    assert.equal(first[4], vi(all.sites[0].yesterday));
    for (const column of ['title', 'online', 'today', 'change', 'yesterday', 'week', 'month', 'total']) {
      await page.locator(`.sites thead th.${column} button`).click();
      const down = (await inUrl(page, 'sort')) ?? '-today';
      assert.ok([column, '-' + column].includes(down), down);
      assert.equal(await page.locator(`.sites thead th.${column}`).getAttribute('aria-sort'), down.startsWith('-') ? 'descending' : 'ascending');
      if (column === 'title' || column === 'change') continue;
      const cells = (await texts(page.locator(`.sites tbody td.${column}`))).map((t) => Number(t.replace(/\./g, '')));
      assert.deepEqual(cells, [...cells].sort((a, b) => (down.startsWith('-') ? b - a : a - b)), column);
    }
    await page.locator('.filter').fill('giao duc');
    assert.deepEqual(await names(page), ['Sở Giáo dục và Đào tạo']);
    assert.equal(await inUrl(page, 'q'), 'giao duc');
    await page.locator('.filter').fill('xyz');
    assert.match(await page.locator('.league [role=status]').textContent(), /Không có cổng nào khớp/);
  });

  test('sorts on a phone too, where the columns have no heads', async () => {
    const page = await dashboard('', { viewport: PHONE });
    const all = await scene.luotd.get('/v1/sites.json');
    await page.locator('.sorts select').selectOption('title');
    const order = all.sites.map((s) => s.title).sort(new Intl.Collator('vi', { numeric: true, sensitivity: 'base' }).compare);
    assert.deepEqual(await names(page), order);
    assert.equal(await inUrl(page, 'sort'), 'title');
    await page.locator('.sorts button').click();
    assert.deepEqual(await names(page), order.reverse());
    await page.locator('.sorts select').selectOption('total');
    assert.equal(await inUrl(page, 'sort'), '-total', 'the biggest first');
  });

  test('its table is a CSV: what is shown, in its order', async () => {
    const page = await dashboard('?group=' + encodeURIComponent('Sở, ngành') + '&sort=title');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.league button.csv').click()]);
    const all = await scene.luotd.get('/v1/sites.json');
    const lines = fs.readFileSync(await download.path(), 'utf8').replace(/^\ufeff/, '').trim().split('\r\n');
    assert.equal(lines[0], '"site","title","group","metric","online","today","yesterday","week","month","total"');
    assert.deepEqual(lines.slice(1).map((l) => l.split('","')[1]), await names(page));
    const one = all.sites.find((s) => s.site === 'so-y-te');
    assert.ok(lines.includes(`"so-y-te","Sở Y tế","Sở, ngành","visits",${['online', 'today', 'yesterday', 'week', 'month', 'total'].map((n) => one[n]).join()}`), lines.join('\n'));
  });

  test('groups add up, and narrow the table', async () => {
    const page = await dashboard();
    const all = await scene.luotd.get('/v1/sites.json');
    const group = page.locator('.groups button', { hasText: 'Sở, ngành' });
    const mine = all.sites.filter((s) => s.group === 'Sở, ngành');
    assert.ok(plain(await group.textContent()).includes(vi(mine.reduce((n, s) => n + s.today, 0))));
    await group.click();
    assert.deepEqual((await names(page)).sort(), mine.map((s) => s.title).sort());
    await page.goBack();
    assert.equal((await names(page)).length, all.sites.length);
  });

  test('back and forward go where one was, and a link opens the same place', async () => {
    const page = await dashboard();
    await page.locator('.sites a', { hasText: 'Sở Y tế' }).click();
    await page.locator('h1', { hasText: 'Sở Y tế' }).waitFor();
    await page.getByRole('button', { name: '30 ngày' }).click();
    await page.locator('.tabs button', { hasText: 'Trang vào' }).click();
    await page.locator('.kpis .figure').nth(2).click();
    const there = page.url();
    assert.equal(new URL(there).search, '?site=so-y-te&period=30d&metric=visitors&tops=entry_pages');
    const copy = await open(scene.browser, { url: there });
    await copy.locator('.kpis [aria-pressed=true]', { hasText: 'Khách' }).waitFor();
    assert.equal(await copy.locator('.segments [aria-pressed=true]').textContent(), '30 ngày');
    assert.equal(await copy.locator('.tabs [aria-pressed=true]').first().textContent(), 'Trang vào');
    await page.goBack();
    await page.locator('.kpis [aria-pressed=true]', { hasText: 'Lượt truy cập' }).waitFor();
    await page.goBack();
    await page.goBack();
    await page.locator('h1', { hasText: 'Các cổng thông tin' }).waitFor();
    await page.goForward();
    await page.locator('h1', { hasText: 'Sở Y tế' }).waitFor();
  });

  test('everything can be done from the keyboard, and ? says how', async () => {
    const page = await dashboard();
    await page.keyboard.press('/');
    assert.ok(await page.locator('.filter').evaluate((e) => e === document.activeElement));
    await page.keyboard.type('sở j?');
    assert.equal(await page.locator('.filter').inputValue(), 'sở j?', 'keys are text while one types');
    await page.locator('.filter').fill('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    const second = (await names(page))[1];
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: second }).waitFor();
    for (const [key, period] of [['2', 'yesterday'], ['3', '7d'], ['4', '30d'], ['5', 'month'], ['6', 'year'], ['1', null]]) {
      await page.keyboard.press(key);
      assert.equal(await inUrl(page, 'period'), period);
    }
    await page.keyboard.press('c');
    assert.equal(await inUrl(page, 'compare'), 'week');
    await page.keyboard.press('t');
    assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    assert.match(await page.locator('dialog').textContent(), /Phím tắt/);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'hidden' });
    await page.locator('h1', { hasText: second }).waitFor();
    await page.keyboard.press('r');
    await page.locator('h1', { hasText: 'Báo cáo' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.locator('h1', { hasText: 'Các cổng thông tin' }).waitFor();
  });

  test('a key that comes at once behind the keys’ own window is not lost', async () => {
    const page = await dashboard('?site=so-y-te');
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    await page.evaluate(() => {
      document.querySelector('dialog[open] button').click();
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'r', bubbles: true }));
    });
    await page.locator('h1', { hasText: 'Báo cáo' }).waitFor();
  });
});
