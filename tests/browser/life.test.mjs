// The life of a page: made before anybody looks, loaded, left early, brought back; and of readers who ask for privacy.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { ARGS, beacons, close_all, EXECUTABLE, filled, launch, open, run_alone } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

describe('a page’s life', () => {
  let luotd, browser, portal, luot, counted;
  const hold = () => {
    const held = {};
    held.promise = new Promise((done) => { held.go = done; });
    return held;
  };
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    const rules = JSON.stringify({ prerender: [{ source: 'list', urls: ['/next'], eagerness: 'immediate' }] });
    portal = await Portal.start({
      '/': html({ luot, rest: '<a id="next" href="/next">tiếp</a>' }),
      '/next': html({ luot, title: 'Trang sau', rest: '<script src="/next.js"></script>' }),
      // Says to the portal what it is at: made before anybody looks, or shown.
      '/next.js': { type: 'text/javascript', html: `addEventListener('load', function () {
        if (!document.prerendering) return fetch('/shown');
        setTimeout(function () { fetch('/made'); }, 500); // by then the tag would have counted
        document.addEventListener('prerenderingchange', function () { fetch('/shown'); });
      });` },
      '/made': '', '/shown': '',
      '/sandbox': { csp: 'sandbox allow-scripts', html: html({ luot }) },
      '/rules': html({ luot, head: `<script type="speculationrules">${rules}</script>`, rest: '<script src="/wait.js"></script>' }),
      '/wait.js': { type: 'text/javascript', html: `fetch('/go').then(function () { location.href = '/next'; });` },
      '/plain': '<!doctype html><title>no tag</title>',
      '/none': `<!doctype html><title>x</title><img src="${luot}/p.gif?s=demo" referrerpolicy="no-referrer-when-downgrade">
        <iframe src="${luot}/demo/widget.html?count" referrerpolicy="no-referrer-when-downgrade"></iframe>
        <img id="badge" src="${luot}/demo/badge.svg?count&amp;of=online" referrerpolicy="no-referrer-when-downgrade">
        <script src="${luot}/luot.js" data-site="demo"></script>`,
    });
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));
  beforeEach(async () => { counted = (await luotd.stats()).counted; });

  const visit = (target, options) => open(browser, { url: portal.url + target, ...options });
  const grown = async (n) => {
    const now = await until(`${n} views`, async () => {
      const { counted: c } = await luotd.stats();
      return c.view - counted.view >= n && c;
    });
    assert.equal(now.view - counted.view, n);
  };
  /** A page that waits for a picture, once its script is there. */
  const loading = async () => {
    const held = hold();
    portal.pages['/slow.png'] = { held: held.promise, html: 'x', type: 'image/png' };
    portal.pages['/slow'] = html({ luot, rest: '<img src="/slow.png">' });
    const page = await open(browser);
    await page.goto(portal.url + '/slow', { waitUntil: 'commit' });
    await page.waitForFunction(() => window.luot);
    return { page, held };
  };

  test('the beacon waits until the page has loaded', async () => {
    const { page, held } = await loading();
    assert.deepEqual(beacons(page), []);
    assert.notEqual(await page.evaluate(() => document.readyState), 'complete');
    held.go();
    await filled(page);
    const [load, sent] = await page.evaluate(() => [performance.getEntriesByType('navigation')[0].loadEventStart,
      performance.getEntriesByType('resource').find((r) => r.name.includes('/b?')).startTime]);
    assert.ok(load <= sent, `${load} ${sent}`);
    await grown(1);
  });

  test('who leaves before it has loaded was there all the same, once', async () => {
    const { page, held } = await loading();
    await page.goto(portal.url + '/plain');
    await grown(1);
    held.go();
  });

  test('a page that a browser makes ready counts when it is looked at, not before', async () => {
    const go = hold();
    portal.pages['/go'] = { held: go.promise, html: '' };
    const stop = run_alone(portal.url + '/rules');
    try {
      await until('the next page is made', () => portal.asked.some((a) => a.pathname === '/made'));
      assert.ok(portal.asked.some((a) => a.pathname === '/next' && /prerender/.test(a.headers['sec-purpose'])));
      await grown(1);
      go.go();
      await until('it is shown', () => portal.asked.some((a) => a.pathname === '/shown'));
      await grown(2);
      assert.equal((await luotd.stats()).suppressed.prefetch, 0, 'it asked for nothing while it was made');
    } finally {
      await stop();
    }
  });

  test('a page that comes back as it was left is a view again', async () => {
    const own = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGS, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    try {
      const page = await open(own, { url: portal.url + '/' });
      await filled(page);
      await page.evaluate(() => { window.kept = true; });
      await page.click('#next');
      await page.waitForURL(/next/);
      await filled(page);
      await grown(2);
      await page.evaluate(() => { history.back(); });
      await grown(3);
      assert.equal(await page.evaluate(() => window.kept), true, 'it was kept, not loaded');
    } finally {
      await own.close();
    }
  });

  test('a reader who says GPC or DNT is a view and nobody', async () => {
    const before_ = (await luotd.snapshot()).periods.today;
    for (const headers of [{ 'Sec-GPC': '1' }, { DNT: '1' }]) {
      const page = await visit('/', { extraHTTPHeaders: headers, userAgent: `Mozilla/5.0 (X11) Firefox/140.0 ${Object.keys(headers)}` });
      const { rows } = await filled(page);
      assert.notEqual(rows[0], 'Đang online: 0');
    }
    await grown(2);
    const now = (await luotd.snapshot()).periods.today;
    assert.equal(now.views - before_.views, 2);
    assert.equal(now.visitors, before_.visitors);
  });

  test('works where nothing may be stored', async () => {
    const page = await visit('/', {
      before: (p) => p.addInitScript(() => {
        for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
          Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
        Object.defineProperty(Document.prototype, 'cookie', { get() { throw new DOMException('denied'); }, set() { throw new DOMException('denied'); } });
      }),
    });
    await filled(page);
    await grown(1);
    assert.deepEqual(page.errors, []);
  });

  test('works, and counts once, in a sandbox without an origin of its own', async () => {
    const page = await visit('/sandbox');
    await filled(page);
    await grown(1);
    assert.deepEqual(page.errors, []);
  });

  test('without scripts a pixel, an iframe and a badge each count, and show', async () => {
    const page = await visit('/none', { javaScriptEnabled: false });
    await grown(3);
    const frame = page.frames()[1];
    assert.match((await frame.locator('li').last().innerText()).replace(/\s+/g, ' '), /^Tất cả: [1-9]/);
    assert.ok((await page.locator('#badge').boundingBox()).width > 60);
  });
});
