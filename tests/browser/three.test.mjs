// Three browsers on a portal that had a counter before: each sees the others, in the reply to its own view.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Luotd } from '../e2e/lib/luotd.mjs';
import { beacons, filled, launch, open, PHONE } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const READERS = [
  { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' },
  { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', viewport: PHONE },
  { userAgent: 'Mozilla/5.0 (Linux; Android 8.1.0; SM-J260G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.4896.127 Mobile Safari/537.36', viewport: PHONE },
];

describe('three browsers', () => {
  let luotd, browser, portal;
  before(async () => {
    luotd = await Luotd.start();
    await luotd.ask('seed demo --metric visits --total 50510 --week 84 --today 2');
    portal = await Portal.start(Object.fromEntries(['/', '/tin'].map((p) => [p, html({ luot: `http://${luotd.host}:${luotd.port}` })])));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await luotd?.stop();
  });

  test('open two pages each: the last one’s box has them all, with its first reply and no other request', async () => {
    let page, box;
    for (const reader of READERS) {
      page = await open(browser, { ...reader, url: portal.url + '/' });
      await filled(page);
      page.requests.length = 0;
      await page.goto(portal.url + '/tin');
      box = await filled(page);
    }
    assert.deepEqual(box.rows, ['Đang online: 3', 'Hôm nay: 5', 'Trong tuần: 87', 'Tất cả: 50.513']);
    await page.waitForLoadState('networkidle');
    assert.equal(beacons(page).length, 1);
    assert.deepEqual(page.requests.filter((r) => r.url.port === String(luotd.port)).map((r) => r.url.pathname), ['/luot.js', '/b']);
    assert.equal((await luotd.stats()).counted.view, 6);
  });

  test('a reader inside Zalo is one more', async () => {
    const page = await open(browser, {
      userAgent: 'Mozilla/5.0 (Linux; Android 13; SM-A536E Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.6045.193 Mobile Safari/537.36 Zalo android/12100682 ZaloTheme/light ZaloLanguage/vi',
      viewport: PHONE, url: portal.url + '/tin',
    });
    assert.deepEqual((await filled(page)).rows, ['Đang online: 4', 'Hôm nay: 6', 'Trong tuần: 88', 'Tất cả: 50.514']);
    assert.equal((await luotd.stats()).suppressed.bot, 0);
  });
});
