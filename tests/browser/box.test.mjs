// The box: what it says in each language, that it is readable in light and dark, and that it never moves the page.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd } from '../e2e/lib/luotd.mjs';
import { close_all, filled, launch, open } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const LABELS = {
  vi: ['LƯỢT TRUY CẬP', 'Đang online: ', 'Hôm nay: ', 'Trong tuần: ', 'Tất cả: '],
  km: ['ចំនួនចូលមើល', 'កំពុងអនឡាញ: ', 'ថ្ងៃនេះ: ', 'សប្តាហ៍នេះ: ', 'សរុប: '],
  en: ['VISITS', 'Online now: ', 'Today: ', 'This week: ', 'All time: '],
};

describe('the box', () => {
  let luotd, browser, portal, luot;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    await luotd.ask('seed demo --metric visits --total 50509 --week 83 --today 1');
    browser = await launch();
    const css = `<link rel="stylesheet" href="${luot}/widget.css">`;
    portal = await Portal.start({
      '/vi': html({ luot, lang: 'vi' }),
      '/km': html({ luot, lang: 'km' }),
      '/en': html({ luot, lang: 'en-GB' }),
      '/de': html({ luot, lang: 'de' }),
      '/tag-en': html({ luot, lang: 'vi', tag: 'data-site="demo" data-lang="en"' }),
      '/box-km': html({ luot, lang: 'vi', box: '<div data-luot-box data-lang="km"></div>' }),
      '/styled': html({ luot, head: css }),
      '/bare': html({ luot, box: '<div data-luot-box data-title="-"></div>' }),
      '/styled-bare': html({ luot, head: css, box: '<div data-luot-box data-title="-"></div>' }),
      '/dark': html({ luot, head: css, rest: '' }).replace('<body>', '<body bgcolor="#101418" text="#e8ebef">'),
    });
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await luotd?.stop();
  });

  afterEach(() => close_all(browser));

  for (const [target, lang] of [['/vi', 'vi'], ['/km', 'km'], ['/en', 'en'], ['/de', 'vi'], ['/tag-en', 'en'], ['/box-km', 'km']])
    test(`${target} speaks ${lang}, and writes numbers its way`, async () => {
      const page = await open(browser, { url: portal.url + target });
      const { heading, rows, titles } = await filled(page);
      const total = (await luotd.widget()).total;
      const written = String(total).replace(/(\d{3})$/, (lang === 'en' ? ',' : '.') + '$1');
      assert.equal(heading, LABELS[lang][0]);
      assert.deepEqual(rows.map((r) => r.replace(/[\d.,]+$/, '')), LABELS[lang].slice(1));
      assert.ok(total > 50509);
      assert.equal(rows[3], LABELS[lang][4] + written);
      assert.match(titles[0], /5/);
      for (const title of titles) assert.ok(title.length > 4, title);
      assert.equal(await page.locator('[data-luot-box]').getAttribute('aria-live'), 'polite');
    });

  test('moves nothing when it is filled', async () => {
    for (const target of ['/styled', '/vi', '/bare', '/styled-bare']) {
      let go;
      const held = new Promise((done) => { go = done; });
      const page = await open(browser, {
        before: (p) => p.route(/\/b\?/, async (r) => { await held; await r.continue(); }),
        url: portal.url + target,
      });
      await page.locator('li').first().waitFor();
      const place = () => page.locator('#below').boundingBox();
      const early = await place();
      await page.evaluate(() => {
        window.shifted = 0;
        new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.shifted += e.value; })).observe({ type: 'layout-shift', buffered: false });
      });
      go();
      await filled(page);
      assert.deepEqual(await place(), early);
      assert.equal(await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.shifted))))), 0);
    }
  });

  test('has its height before the script is there, where widget.css is linked', async () => {
    let go;
    const held = new Promise((done) => { go = done; });
    const page = await open(browser, {
      before: (p) => p.route(/luot\.js/, async (r) => { await held; await r.continue(); }),
    });
    await page.goto(portal.url + '/styled', { waitUntil: 'commit' });
    await page.locator('#below').waitFor();
    await page.waitForFunction(() => document.styleSheets.length);
    const early = await page.locator('#below').boundingBox();
    go();
    await filled(page);
    assert.deepEqual(await page.locator('#below').boundingBox(), early);
  });

  test('takes the page’s colours and font, light or dark', async () => {
    for (const target of ['/vi', '/styled', '/dark']) {
      const page = await open(browser, { url: portal.url + target });
      await filled(page);
      const same = await page.evaluate(() => {
        const style = (s) => getComputedStyle(document.querySelector(s));
        return ['strong', 'li', 'b'].every((s) => style(`[data-luot-box] ${s}`).color === style('body').color && style(s).fontFamily === style('body').fontFamily);
      });
      assert.ok(same, target);
    }
  });
});
