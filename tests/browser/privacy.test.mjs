// The page about what is kept: readable by everybody, in three languages, without a script, and speaking to nobody else.
// With KEEP=DIR there are screenshots in it, to be looked at.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd } from '../e2e/lib/luotd.mjs';
import { barriers } from './lib/axe.mjs';
import { close_all, DESK, launch, open, PHONE } from './lib/browser.mjs';

const TITLES = { vi: 'Những gì được lưu về khách truy cập', km: 'អ្វីដែលត្រូវបានរក្សាទុកអំពីអ្នកទស្សនា', en: 'What is kept about visitors' };
const CONFIG = `
privacy_contact = vanphong@rat-dai.van-phong-uy-ban-nhan-dan.tinh.example.gov.vn
[site so-y-te]
title = Sở Y tế
public = yes
[site trung-tam]
title = Trung tâm Công nghệ thông tin và Truyền thông thuộc Sở Khoa học và Công nghệ
public = yes
identity = day
[site noi-bo]
`;

describe('/privacy', () => {
  const shots = process.env.KEEP;
  let luotd, browser, luot;
  before(async () => {
    luotd = await Luotd.start({ config: CONFIG });
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));

  const WALL = { width: 3840, height: 2160 }; // has room for every language: the longest will do
  for (const viewport of [PHONE, DESK, WALL])
    for (const colorScheme of ['light', 'dark'])
      for (const [lang, title] of Object.entries(TITLES).filter(([lang]) => viewport !== WALL || lang === 'km'))
        test(`at ${viewport.width}, ${colorScheme}, ${lang}`, async () => {
          const page = await open(browser, { viewport, colorScheme, url: `${luot}/privacy?lang=${lang}` });
          assert.equal(await page.locator('h1').textContent(), title);
          assert.equal(await page.title(), title);
          assert.equal(await page.getAttribute('html', 'lang'), lang);
          assert.equal(await page.locator('nav [aria-current]').getAttribute('lang'), lang);
          assert.equal(await page.locator('tbody tr').count(), 2);
          assert.ok(page.requests.every((r) => r.url.origin === luot), 'asks nobody else');
          assert.ok(page.requests.every((r) => r.type !== 'script'), 'needs no script');
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits its width');
          assert.deepEqual(await barriers(page), []);
          assert.deepEqual(page.errors, []);
          if (shots) await page.screenshot({ path: path.join(shots, `privacy-${viewport.width}-${colorScheme}-${lang}.png`), fullPage: true });
        });

  test('is found from /, in its language, and changes it', async () => {
    const page = await open(browser, { url: `${luot}/?lang=km` });
    await page.locator('footer a[href^=privacy]').click();
    assert.equal(await page.locator('h1').textContent(), TITLES.km);
    await page.locator('nav a[lang=en]').click();
    assert.equal(await page.locator('h1').textContent(), TITLES.en);
    assert.equal(await page.locator('a[href^="mailto:"]').count(), 1);
  });

  test('stores nothing on the device, and neither does the box', async () => {
    const page = await open(browser, { url: `${luot}/?lang=vi` });
    await page.locator('footer a[href^=privacy]').click();
    assert.deepEqual(await page.context().cookies(), []);
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  });
});
