// luotd's own pages, `/` and the iframe: live, in three languages, readable by everybody, and speaking to nobody else.
// With KEEP=DIR the screenshots stay there, to be looked at.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { barriers } from './lib/axe.mjs';
import { close_all, DESK, filled, launch, open, PHONE, read_box } from './lib/browser.mjs';
import { Portal } from './lib/portal.mjs';

const LANGUAGES = ['vi', 'km', 'en'];
const HEADINGS = { vi: 'LƯỢT TRUY CẬP', km: 'ចំនួនចូលមើល', en: 'VISITS' };

describe('luotd’s own pages', () => {
  let luotd, browser, luot, shots;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    shots = process.env.KEEP ?? fs.mkdtempSync(path.join(os.tmpdir(), 'luot-shots-'));
  });
  after(async () => {
    await browser?.close();
    await luotd?.stop();
    if (!process.env.KEEP) fs.rmSync(shots, { recursive: true, force: true });
  });

  afterEach(() => close_all(browser));

  for (const viewport of [PHONE, DESK, { width: 3840, height: 2160 }])
    for (const colorScheme of ['light', 'dark'])
      for (const lang of LANGUAGES)
        test(`/ at ${viewport.width}, ${colorScheme}, ${lang}`, async () => {
          const page = await open(browser, { viewport, colorScheme, url: `${luot}/?lang=${lang}` });
          const { heading } = await filled(page);
          assert.equal(heading, HEADINGS[lang]);
          assert.equal(await page.getAttribute('html', 'lang'), lang);
          assert.ok(page.requests.every((r) => r.url.origin === luot), 'asks nobody else');
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits its width');
          assert.deepEqual(await barriers(page), []);
          assert.deepEqual(page.errors, []);
          await page.screenshot({ path: path.join(shots, `home-${viewport.width}-${colorScheme}-${lang}.png`), fullPage: viewport === PHONE });
        });

  test('/ counts its own view, live, and carries this server’s tag', async () => {
    const views = (await luotd.stats()).counted.view;
    const page = await open(browser, { url: luot + '/' });
    await until('its view', async () => (await luotd.stats()).counted.view === views + 1);
    await page.locator('li', { hasText: `Tất cả: ${(await luotd.widget()).total}` }).waitFor();
    const codes = await page.locator('pre code').allTextContents();
    assert.ok(codes[0].includes(`<script async src="${luot}/luot.js" data-site="demo"></script>`), codes[0]);
    assert.ok(codes.some((c) => c.includes(`<img src="${luot}/p.gif?s=demo"`)));
    assert.ok(codes.some((c) => c.includes(`/dev/udp/127.0.0.1/${luotd.port}`)));
    for (const link of await page.locator('.links a').all())
      assert.equal((await page.request.get(await link.evaluate((a) => a.href))).status(), 200, await link.textContent());
  });

  test('what / says of UDP is true', async () => {
    const page = await open(browser, { url: luot + '/' });
    const { total } = await filled(page).then(() => luotd.widget());
    const [, line] = /printf '([^']*)'/.exec((await page.locator('pre code').allTextContents()).join('\n'));
    await luotd.udp(line);
    await until('the datagram', async () => (await luotd.widget()).total === total + 1);
  });

  test('/ copies its examples', async () => {
    const page = await open(browser, { url: luot + '/?lang=en', permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('button').first().click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator('pre code').first().textContent());
  });

  test('/ has the numbers where scripts are off, and follows the browser’s language', async () => {
    const page = await open(browser, { url: luot + '/', javaScriptEnabled: false, locale: 'en-GB' });
    assert.match(await page.locator('[data-luot-box]').innerText(), new RegExp(`All time:\\s*${(await luotd.widget()).total}$`));
  });

  test('/ of a server with several sites shows none of them', async () => {
    const several = await Luotd.start({ config: '[site a]\npublic = yes\n[site b]\npublic = yes\n' });
    try {
      const page = await open(browser, { url: `http://${several.host}:${several.port}/` });
      assert.deepEqual((await read_box(page)).rows.map((r) => r.replace(/\d/, '#')), ['Đang online: ', 'Hôm nay: ', 'Trong tuần: ', 'Tất cả: ']);
      assert.match(await page.locator('pre code').first().textContent(), /data-site="KEY"/);
      assert.equal(await page.locator('[href*="v1//"]').count(), 0);
    } finally {
      await several.stop();
    }
  });

  for (const colorScheme of ['light', 'dark'])
    for (const lang of LANGUAGES)
      test(`the iframe, ${colorScheme}, ${lang}`, async () => {
        const views = (await luotd.stats()).counted.view;
        const page = await open(browser, { viewport: { width: 280, height: 190 }, colorScheme, url: `${luot}/demo/widget.html?lang=${lang}` });
        const { heading, rows } = await filled(page);
        assert.equal(heading, HEADINGS[lang]);
        assert.equal(rows.length, 4);
        assert.deepEqual(page.requests.map((r) => r.url.pathname).filter((p) => p !== '/favicon.ico').sort(), ['/demo/widget.html', '/widget.css', '/widget.js']);
        assert.equal((await luotd.stats()).counted.view, views, 'counts nothing');
        assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'fits its frame');
        assert.deepEqual(await barriers(page), []);
        assert.deepEqual(page.errors, []);
        await page.screenshot({ path: path.join(shots, `frame-${colorScheme}-${lang}.png`) });
      });

  test('the iframe stands on a portal’s page, follows the numbers, and is right without a script', async () => {
    const portal = await Portal.start({ '/': `<!doctype html><title>x</title><iframe src="${luot}/demo/widget.html" title="x"></iframe>` });
    try {
      const page = await open(browser, { before: (p) => p.clock.install(), url: portal.url });
      const frame = page.frames()[1];
      const { rows } = await filled(page, frame);
      await luotd.udp('s=demo&p=/x&i=203.0.113.77&u=Mozilla/5.0 Firefox/140.0');
      const total = Number(rows[3].split(': ')[1]) + 1;
      await until('the datagram', async () => (await luotd.widget()).total === total);
      await page.clock.fastForward(61000);
      await frame.locator('li:last-child', { hasText: `Tất cả: ${total}` }).waitFor();
      const plain = await open(browser, { javaScriptEnabled: false, url: `${luot}/demo/widget.html` });
      assert.equal((await plain.locator('li').last().innerText()).replace(/\s+/g, ' '), `Tất cả: ${total}`);
    } finally {
      await portal.stop();
    }
  });
});
