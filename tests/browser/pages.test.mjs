// luotd's own page for other sites, the iframe (the dashboard's tests are dashboard*): live, in three languages, readable by everybody, and speaking to nobody else.
// With KEEP=DIR there are screenshots in it, to be looked at.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { barriers } from './lib/axe.mjs';
import { close_all, filled, launch, open } from './lib/browser.mjs';
import { Portal } from './lib/portal.mjs';

const LANGUAGES = ['vi', 'km', 'en'];
const HEADINGS = { vi: 'LƯỢT TRUY CẬP', km: 'ចំនួនចូលមើល', en: 'VISITS' };

describe('luotd’s own pages', () => {
  const shots = process.env.KEEP;
  let luotd, browser, luot;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.stop();
  });

  afterEach(() => close_all(browser));

  for (const colorScheme of ['light', 'dark'])
    for (const lang of LANGUAGES)
      test(`the iframe, ${colorScheme}, ${lang}`, async () => {
        const views = (await luotd.stats()).counted.view;
        const page = await open(browser, { viewport: { width: 280, height: 190 }, colorScheme, url: `${luot}/demo/widget.html?lang=${lang}` });
        const { heading, rows } = await filled(page);
        assert.equal(heading, HEADINGS[lang]);
        assert.equal(rows.length, 4);
        assert.deepEqual(page.requests.map((r) => r.url.pathname).filter((p) => p !== '/favicon.ico').sort(), ['/demo/widget.html', '/frame.css', '/widget.js']);
        assert.equal((await luotd.stats()).counted.view, views, 'counts nothing');
        assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'fits its frame');
        assert.deepEqual(await barriers(page), []);
        assert.deepEqual(page.errors, []);
        if (shots) await page.screenshot({ path: path.join(shots, `frame-${colorScheme}-${lang}.png`) });
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
