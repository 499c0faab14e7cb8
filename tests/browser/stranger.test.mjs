// The tag on pages that nobody wrote for it, in browsers that are old or odd, and before a luotd that is unwell: it throws nothing, counts
// nobody twice and shows no wrong number.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { ARGS, beacons, close_all, EXECUTABLE, filled, launch, open, read_box } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const EMPTY = [' –', ' –', ' –', ' –'];
const AGENTS = {
  'Android 4.4’s browser': 'Mozilla/5.0 (Linux; U; Android 4.4.2; vi-vn; SM-G7102 Build/KOT49H) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
  'a WebView of Android 7': 'Mozilla/5.0 (Linux; Android 7.0; SM-J730G Build/NRD90M; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/64.0.3282.137 Mobile Safari/537.36',
  'Zalo on Android': 'Mozilla/5.0 (Linux; Android 13; SM-A135F Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.6367.82 Mobile Safari/537.36 Zalo android/24051003 ZaloTheme/light ZaloLanguage/vi',
  'Zalo on iOS': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Zalo iOS/502 ZaloTheme/light ZaloLanguage/vn',
  'Cốc Cốc': 'Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/86.0.180 Chrome/80.0.3987.180 Safari/537.36',
};

describe('a stranger’s page', () => {
  let luotd, browser, portal, luot, counted;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    const bare = (head, body) => `<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>x</title>${head}</head><body>${body}</body></html>`;
    const tag = `<script src="${luot}/luot.js" data-site="demo"></script>`;
    const loader = `<script>addEventListener('load',function(){var s=document.createElement('script');s.crossOrigin='';s.src='${luot}/luot.js';s.dataset.site='demo';document.head.appendChild(s)})</script>`;
    const box = '<div data-luot-box></div>';
    portal = await Portal.start({
      '/': html({ luot }),
      '/plain': bare('', ''),
      '/head': bare(tag, box),
      '/late': bare(loader, box),
      '/both': bare(tag.replace('src', 'async src') + loader, box + tag + loader),
      '/base': bare('<base href="https://khac.example/a/b/">' + tag, box),
      '/relative': bare(`<base href="${luot}/x/">`, box + '<script async src="../luot.js" data-site="demo"></script>'),
      '/capitals': html({ luot, tag: 'data-site="Demo"' }),
      '/named': html({ luot, rest: '<p id="luot">lượt</p><form name="send"><input name="dataset"><input name="parentElement"></form>' }),
      '/framed': bare('', '<iframe src="/?in-a-frame"></iframe>'),
      '/quirks': `<title>x</title>${box}${tag}`,
      '/frameset-of': bare('', `<iframe src="/framed"></iframe>`),
      '/many': html({ luot, box: `${box}<span data-luot-page></span>`.repeat(6) }),
      '/svg': html({ luot, rest: '<svg width="99" height="99"><a href="/files/a.pdf"><rect id="in-svg" width="99" height="99"></rect></a></svg>' }),
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
  const settled = (page) => page.waitForLoadState('networkidle');
  const grown = async (n) => {
    const now = await until(`${n} views`, async () => {
      const { counted: c } = await luotd.stats();
      return c.view - counted.view >= n && c;
    });
    assert.equal(now.view - counted.view, n);
  };

  for (const [name, userAgent] of Object.entries(AGENTS))
    test(`${name} is a reader, once, and sees the box`, async () => {
      const page = await visit('/', { userAgent });
      assert.match((await filled(page)).rows[0], /: [1-9]/);
      await settled(page);
      await grown(1);
      assert.deepEqual(page.errors, []);
    });

  for (const target of ['/head', '/late', '/both', '/base', '/relative', '/named', '/quirks'])
    test(`${target}: counts once, under its own address, and fills the box`, async () => {
      const page = await visit(target);
      await filled(page);
      await settled(page);
      await grown(1);
      assert.deepEqual(beacons(page).map((b) => b.line.get('p')), [portal.url + target]);
      assert.deepEqual(page.errors, []);
    });

  test('a key in capitals is no site’s: nothing is counted, and dashes stay', async () => {
    const { malformed } = (await luotd.stats()).rejected;
    const page = await visit('/capitals');
    await until('it is refused', async () => (await luotd.stats()).rejected.malformed > malformed);
    await settled(page);
    assert.deepEqual((await read_box(page)).rows, EMPTY);
    await grown(0);
  });

  for (const [target, depth] of [['/framed', 1], ['/frameset-of', 2]])
    test(`${target}: a page in a frame of another counts once`, async () => {
      const page = await visit(target);
      await filled(page, page.frames()[depth]);
      await settled(page);
      await grown(1);
      assert.deepEqual(page.errors, []);
    });

  test('the first eight places are filled, and none has what is another’s', async () => {
    const page = await visit('/many');
    await filled(page);
    await settled(page);
    const said = await page.locator('[data-luot-box], [data-luot-page]').evaluateAll((all) => all.map((n) => n.textContent.replace(/[\d.]+/g, '#')));
    assert.equal(new Set([0, 2, 4, 6].map((i) => said[i])).size, 1);
    assert.deepEqual([1, 3, 5, 7].map((i) => said[i]), Array(4).fill('Lượt xem: #'));
    assert.match(said[8], /–/);
    assert.equal(said[9], '');
    assert.deepEqual(page.errors, []);
  });

  test('a click inside a drawing harms nothing', async () => {
    const page = await visit('/svg');
    await filled(page);
    await page.evaluate(() => document.querySelector('#in-svg').dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })));
    assert.deepEqual(page.errors, []);
  });

  for (const [name, answer] of Object.entries({
    '503 with an error’s JSON': { status: 503, contentType: 'application/json', body: '{"error":{"reason":"busy","message":"x"}}' },
    '502 of a proxy': { status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' },
    'a login page with 200': { status: 200, contentType: 'text/html', body: '<!doctype html><form>' },
    'half an answer': { status: 200, contentType: 'application/json', body: '{"boxes":[{"title":"LƯỢT' },
    null: { status: 200, contentType: 'application/json', body: 'null' },
    'another JSON': { status: 200, contentType: 'application/json', body: '{"boxes":7}' },
    'no words at all': { status: 204, body: '' },
  }))
    test(`${name}: dashes, nothing thrown, and no second beacon`, async () => {
      const page = await visit('/', { before: (p) => p.route(/\/b\?/, (r) => r.fulfill({ headers: { 'access-control-allow-origin': '*' }, ...answer })) });
      await until('it has asked', () => beacons(page).length > 0);
      await settled(page);
      assert.deepEqual((await read_box(page)).rows, EMPTY);
      assert.equal(beacons(page).length, 1);
      assert.deepEqual(page.errors.filter((e) => !/Failed to load resource/.test(e)), []);
    });

  test('luot.js that is no script harms nothing', async () => {
    const page = await visit('/', { before: (p) => p.route(/luot\.js/, (r) => r.fulfill({ status: 200, contentType: 'text/html', body: '<h1>bảo trì</h1>', headers: { 'x-content-type-options': 'nosniff' } })) });
    await settled(page);
    assert.deepEqual(page.errors.filter((e) => !/MIME|Refused/.test(e)), []);
    await grown(0);
  });

  test('fifty addresses in a second are one page: the one that stays', async () => {
    const page = await visit('/');
    await filled(page);
    await page.evaluate(() => new Promise((done) => {
      let n = 0;
      const timer = setInterval(() => {
        history.pushState(null, '', '/ban-do?o=' + ++n);
        if (n === 50) { clearInterval(timer); done(); }
      }, 20);
    }));
    await until('it is told', () => beacons(page).some((b) => /o=50$/.test(b.line.get('p'))));
    await settled(page);
    assert.deepEqual(beacons(page).map((b) => b.line.get('p')), [portal.url + '/', portal.url + '/ban-do?o=50']);
    await grown(2);
  });

  test('a page that comes back after luotd was restarted counts again, and its box goes on', async () => {
    const own = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGS, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    try {
      const page = await open(own, { url: portal.url + '/' });
      await filled(page);
      await page.evaluate(() => { window.kept = true; });
      await page.goto(portal.url + '/plain');
      assert.equal((await luotd.term()).code, 0);
      await luotd.spawn([`--listen=127.0.0.1:${luotd.port}`]);
      await page.evaluate(() => { history.back(); });
      await until('it is counted', async () => (await luotd.stats()).counted.view === 1);
      await page.locator('li:last-child', { hasText: String((await luotd.widget()).total) }).waitFor();
      assert.equal(await page.evaluate(() => window.kept), true, 'it was kept, not loaded');
      assert.deepEqual(page.errors, []);
    } finally {
      await own.close();
    }
  });
});
