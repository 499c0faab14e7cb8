// How sure the dashboard says its numbers are: estimates, gaps, what is not saved, what was not counted and why.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../e2e/lib/luotd.mjs';
import { missing, Redis } from '../e2e/lib/redis.mjs';
import { close_all, launch, open } from './lib/browser.mjs';
import { NOW, province, SITES } from './lib/province.mjs';

const site = SITES.slice(1, 2);
const plain = (text) => text.replace(/\s+/g, ' ').trim();

describe('the dashboard, honest', () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
  afterEach(() => close_all(browser));
  const says = (page, text) => page.getByText(text).first().waitFor();

  test('an estimate is one, with its error', async () => {
    const luotd = await province({ sites: site, views: 10, days: 40 });
    try {
      // A site of more than 393,216 visitors is too large for a test, so its answer is made from a small one's.
      const about = { visitors: 12400, exact: false, error: 0.0101 };
      const doctor = (page) => page.route('**/snapshot.json', async (route) => {
        const now = await (await route.fetch()).json();
        for (const p of ['today', 'yesterday', 'month', 'last_month']) Object.assign(now.periods[p], about);
        await route.fulfill({ json: now });
      }).then(() => page.route('**/live', (route) => route.fulfill({ status: 503, json: {} })));
      for (const [lang, text] of [['vi', '≈ 12.400 (±1,0 %)'], ['km', '≈ 12.400 (±1,0 %)'], ['en', '≈ 12,400 (±1.0%)']]) {
        const page = await open(browser, { before: doctor, url: `${luotd.url}/?site=so-y-te&period=yesterday&lang=${lang}` });
        await until('visitors', async () => plain(await page.locator('.kpis .figure').nth(2).locator('b').textContent()) === text);
        assert.doesNotMatch(await page.locator('.kpis .figure').nth(0).textContent(), /≈/, 'views are exact');
      }
      const page = await open(browser, { before: doctor, url: `${luotd.url}/?site=so-y-te&view=report&month=2026-10` });
      await until('the report', async () => /^≈ [\d.]+ \(±1,0 %\)$/.test(plain(await page.locator('.summary tbody tr').nth(2).locator('td').first().textContent())));
      await page.goto(`${luotd.url}/?site=so-y-te&period=30d`);
      await until('a sum says so', async () => /cộng dồn: một người có thể được tính nhiều lần/.test(await page.locator('.kpis .figure').nth(2).textContent()));
    } finally {
      await luotd.end();
    }
  });

  test('a gap is a gap, and no valley; robots and refusals have their reasons', async () => {
    const luotd = await province({ sites: site, views: 10, days: 40 });
    try {
      const sent = (await luotd.stats()).received;
      await luotd.request('GET', '/p.gif?s=so-y-te&p=/', { headers: { 'Sec-Purpose': 'prefetch' } });
      for (let i = 0; i < 3; i++) await luotd.udp('s=so-y-te&p=/&i=203.0.113.9&u=curl/8.5.0');
      await luotd.received(sent + 4);
      await luotd.kill9();
      luotd.options.clock.set(NOW + 240);
      await luotd.spawn();
      luotd.url = `http://${luotd.host}:${luotd.port}`;
      const page = await open(browser, { url: `${luotd.url}/?site=so-y-te` });
      await says(page, 'Không có dữ liệu 15:07–15:11');
      assert.deepEqual((await luotd.get('/v1/so-y-te/snapshot.json')).gaps, [[NOW, NOW + 240]]);
      const rows = (await page.locator('.panel', { hasText: 'Không tính vào số liệu' }).locator('table.plain tbody tr').allTextContents()).map(plain);
      // Of the ten lines before, one was a robot's.
      assert.deepEqual(rows, ['Công cụ tự động404', 'Trình duyệt tải trước, chưa ai xem101']);
      await page.locator('.panel', { hasText: 'Không tính vào số liệu' }).locator('.key', { hasText: 'curl' }).waitFor();
      await page.goto(`${luotd.url}/?site=so-y-te&view=report&month=2026-11`);
      await says(page, 'Không có dữ liệu 15:07–15:11');
    } finally {
      await luotd.end();
    }
  });

  test('what is not saved is said, since when, and said no more when it is', { skip: missing }, async () => {
    const redis = await Redis.start();
    const luotd = await province({ sites: site, views: 10, days: 0, args: [`--store=${redis.where}`] });
    try {
      const page = await open(browser, { url: `${luotd.url}/?site=so-y-te` });
      await page.locator('.now').waitFor();
      assert.equal(await page.locator('.notice').count(), 0);
      await redis.kill();
      await luotd.udp('s=so-y-te&p=/&i=203.0.113.9&u=Mozilla/5.0 Firefox/140.0');
      // Its clock goes on, as clocks do; nothing could be saved since.
      luotd.options.clock.set(NOW + 60);
      await until('not durable', async () => !(await luotd.get('/v1/so-y-te/snapshot.json')).durable);
      await says(page, 'Chưa lưu được từ 15:07');
      await page.goto(`${luotd.url}/`);
      await says(page, 'Chưa lưu được từ 15:07');
      await redis.spawn();
      luotd.options.clock.set(NOW + 120);
      await until('durable', async () => { luotd.options.clock.set(luotd.options.clock.seconds + 1); return (await luotd.get('/v1/so-y-te/snapshot.json')).durable; });
      await until('nothing to say', async () => (await page.locator('.notice').count()) === 0);
    } finally {
      await luotd.end();
      await redis.stop();
    }
  });

  test('says that luotd does not answer, and goes on when it does', async () => {
    const luotd = await province({ sites: site, views: 10, days: 0 });
    try {
      const page = await open(browser, { url: `${luotd.url}/?site=so-y-te`, before: (p) => p.clock.install() });
      await page.locator('.now').waitFor();
      const { port } = luotd;
      await luotd.kill9();
      await until('the trouble', async () => { await page.clock.fastForward(20000); return (await page.getByText('Máy chủ không trả lời').count()) > 0; });
      assert.ok(await page.locator('.now .day > b').isVisible());
      await luotd.spawn([`--listen=127.0.0.1:${port}`]);
      await until('the answer', async () => { await page.clock.fastForward(20000); return (await page.getByText('Máy chủ không trả lời').count()) === 0; });
      await until('the stream', async () => { await page.clock.fastForward(20000); return plain(await page.locator('.state').textContent()) === 'Trực tiếp'; });
    } finally {
      await luotd.end();
    }
  });
});
