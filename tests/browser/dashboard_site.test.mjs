// One site in the dashboard, against the numbers that luotd itself answers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../e2e/lib/luotd.mjs';
import { dashboard_scene, inUrl, plain, texts, vi } from './lib/dashboard.mjs';
import { as_usual, day_of, TODAY } from './lib/province.mjs';

describe('the dashboard, one site', () => {
  const scene = dashboard_scene(as_usual(4));
  const { dashboard, series } = scene;
  const figure = (page, i) => page.locator('.kpis .figure b').nth(i).textContent();
  const total = (points) => points.reduce((n, [, v]) => n + (v ?? 0), 0);

  test('a site says who is there now, and today beside yesterday and last week by this time', async () => {
    const page = await dashboard('?site=so-y-te');
    const now = await scene.luotd.get('/v1/so-y-te/snapshot.json');
    assert.equal(await page.locator('.now .online b').textContent(), vi(now.online.visitors));
    assert.equal(await page.locator('.now .day > b').textContent(), vi(now.periods.today.visits));
    const midnight = now.as_of - ((now.as_of + 25200) % 86400);
    const until_quarter = now.as_of - (now.as_of % 900);
    const by_now = async (back) => total((await series('so-y-te', 'visits', 'quarter', midnight - back * 86400, until_quarter - back * 86400)));
    const [today, yesterday, last_week] = [await by_now(0), await by_now(1), await by_now(7)];
    assert.ok(today > 0 && yesterday > 0 && last_week > 0);
    const said = (before) => `${today > before ? '+' : '−'}${(Math.abs(today / before - 1) * 100).toFixed(1).replace('.', ',')} %`;
    await until('the comparison', async () => plain(await page.locator('.now .day p').nth(1).textContent()).startsWith(said(last_week)));
    assert.equal(plain(await page.locator('.now .day p').nth(0).textContent()), `${said(yesterday)} so với hôm qua, cùng giờ`);
    assert.equal(plain(await page.locator('.now .day p').nth(1).textContent()), `${said(last_week)} so với Thứ Năm tuần trước, cùng giờ`);
    const { rows } = await scene.luotd.get(`/v1/so-y-te/report.json?by=day&from=${TODAY}`);
    const bounce = `${(rows[0].bounce_rate * 100).toFixed(1).replace('.', ',')} %`;
    await until('the bounce rate', async () => plain(await page.locator('.kpis .figure').nth(4).locator('b').textContent()) === bounce);
    assert.deepEqual(page.errors, []);
  });

  test('periods and comparisons are luotd’s sums, and are in the address', async () => {
    const page = await dashboard('?site=so-y-te&compare=none');
    for (const [period, from] of [['7d', '2026-11-20'], ['30d', '2026-10-28'], ['month', '2026-11-01']]) {
      await page.goto(`${scene.luotd.url}/?site=so-y-te&period=${period}`);
      const views = total(await series('so-y-te', 'views', 'day', from, '2026-11-27'));
      await until(period, async () => (await figure(page, 0)) === vi(views));
      assert.equal(await page.locator('.segments [aria-pressed=true]').count(), 1);
    }
    // A period that is over, against the one before: exactly these days.
    await page.goto(`${scene.luotd.url}/?site=so-y-te`);
    await page.getByRole('button', { name: 'Chọn ngày' }).click();
    await page.getByLabel('Từ', { exact: true }).fill('2026-11-02');
    await page.getByLabel('Đến', { exact: true }).fill('2026-11-08');
    await page.getByRole('button', { name: 'Xem', exact: true }).click();
    assert.equal(await page.evaluate(() => location.search), '?site=so-y-te&period=custom&from=2026-11-02&to=2026-11-08');
    const of = (from, days) => Array.from({ length: days }, (_, i) => day_of(1800, Date.parse(from) / 86400000 + i)).reduce((n, d) => n + d.visits, 0);
    await until('visits of the week', async () => (await figure(page, 1)) === vi(of('2026-11-02', 7)));
    const change = of('2026-11-02', 7) / of('2026-10-26', 7) - 1;
    await until('its change', async () => plain(await page.locator('.kpis .figure').nth(1).locator('.change').textContent()) === `${change < 0 ? '−' : '+'}${Math.abs(change * 100).toFixed(1).replace('.', ',')} %`);
    assert.equal(plain(await page.locator('.chart .before').textContent()), '26/10 – 01/11/2026');
    await page.getByLabel('So với').selectOption('year');
    assert.equal(await inUrl(page, 'compare'), 'year');
    await until('a year ago', async () => /2025/.test(await page.locator('.chart .before').textContent()));
    await page.getByLabel('So với').selectOption('none');
    await until('no comparison', async () => (await page.locator('.chart .before').count()) === 0);
  });

  test('tops are luotd’s rows with their names in the language', async () => {
    const page = await dashboard('?site=so-y-te&period=30d&tops=referrer_classes');
    const top = await scene.luotd.get('/v1/so-y-te/tops.json?of=pages&from=2026-10-28&to=2026-11-27');
    const panel = page.locator('.panel').first();
    await panel.locator('.bars tbody tr').nth(1).waitFor();
    const rows = await texts(panel.locator('.bars tbody tr'));
    for (const [i, r] of top.rows.slice(0, 8).entries()) assert.ok(rows[i].startsWith(r.key + ' ') || rows[i].startsWith(r.key), rows[i]);
    assert.equal(plain(await panel.locator('.bars tbody tr').first().locator('td').first().textContent()), vi(top.rows[0].views));
    assert.match(rows.at(-1), /^Còn lại/);
    await panel.getByRole('button', { name: 'Xem thêm' }).click();
    assert.equal(await panel.locator('.bars tbody tr:not(.rest)').count(), top.rows.length);
    assert.deepEqual((await texts(page.locator('.panel').nth(1).locator('.bars .key'))).slice(0, 3), ['Trực tiếp', 'Máy tìm kiếm', 'Trang khác của cổng']);
    const countries = page.locator('.panel').nth(2).locator('.bars .key');
    assert.equal((await texts(countries))[0], 'Việt Nam');
    await page.locator('.tools select').first().selectOption('en');
    await until('English', async () => (await texts(countries))[0] === 'Vietnam');
    const csv = await panel.locator('a.csv').getAttribute('href');
    const [download] = await Promise.all([page.waitForEvent('download'), panel.locator('a.csv').click()]);
    assert.equal(download.suggestedFilename(), 'so-y-te-pages-2026-10-28.csv');
    assert.match((await scene.luotd.request('GET', '/' + csv)).text, /^\ufeff"pages",views,visitors\r\n"\/",\d+,\d+\r\n/);
  });

  test('the chart zooms where one drags, reads out its points, and is a table too', async () => {
    const page = await dashboard('?site=so-y-te&period=30d');
    const plot = page.locator('.chart .u-over');
    await plot.waitFor();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    assert.match(plain(await page.locator('.chart figcaption').textContent()), /^(Thứ|Chủ).*\/11\/2026 [\d.]+ lượt truy cập/);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
    await page.mouse.up();
    const [from, to] = (await inUrl(page, 'zoom')).split('-').map(Number);
    assert.ok(to - from > 86400 && to - from < 5 * 86400, `${to - from} s`);
    await page.locator('.chart figcaption', { hasText: 'theo giờ' }).or(page.locator('.chart figcaption', { hasText: /\d\d:\d\d/ })).waitFor();
    await page.mouse.move(0, 0);
    await page.keyboard.press('Escape');
    assert.equal(await inUrl(page, 'zoom'), null);
    await page.locator('.chart summary').click();
    const days = await series('so-y-te', 'visits', 'day', '2026-10-28', '2026-11-27');
    await until('the table', async () => (await page.locator('.chart tbody tr').count()) === days.length);
    const row = await texts(page.locator('.chart tbody tr').first().locator('th, td'));
    assert.deepEqual(row.slice(0, 2), ['Thứ Tư 28/10/2026', vi(days[0][1])]);
    await page.locator('.plot').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await until('the second day', async () => plain(await page.locator('.chart figcaption').textContent()).includes('29/10/2026'));
  });

  test('shows what happens while one looks', async () => {
    const page = await dashboard('?site=so-noi-vu', { before: (p) => p.clock.install() });
    const views = (await scene.luotd.get('/v1/so-noi-vu/snapshot.json')).periods.today.visits;
    await until('the number', async () => (await page.locator('.now .day > b').textContent()) === vi(views));
    const sent = (await scene.luotd.stats()).received;
    await scene.luotd.udp('s=so-noi-vu&p=/moi&i=198.51.100.77&u=Mozilla/5.0 Firefox/140.0');
    await scene.luotd.received(sent + 1);
    await until('one more', async () => {
      await page.clock.fastForward(2000);
      return (await page.locator('.now .day > b').textContent()) === vi(views + 1);
    });
  });
});
