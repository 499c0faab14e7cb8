// The tag on a portal's pages: what it counts, when, and that it harms nothing.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { beacons, close_all, filled, launch, open, read_box } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const EMPTY = [' –', ' –', ' –', ' –'];
const OWN = ['Đang online: –', 'Hôm nay: –', 'Trong tuần: –', 'Tất cả: –'];

describe('the tag', () => {
  let luotd, browser, portal, luot, counted;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    portal = await Portal.start({
      '/': html({ luot, title: 'Trang chủ – tin tức' }),
      '/no-box': html({ luot, box: '' }),
      '/canonical': html({ luot, head: '<link rel="canonical" href="/tin-tuc">' }),
      '/twice': html({ luot, rest: `<script async src="${luot}/luot.js" data-site="demo"></script>` }),
      '/strict': {
        csp: `default-src 'none'; script-src ${luot}; connect-src ${luot}; style-src ${luot}`,
        html: html({ luot, head: `<link rel="stylesheet" href="${luot}/widget.css">` }),
      },
      '/images-only': { csp: `default-src 'none'; script-src ${luot}; img-src ${luot}`, html: html({ luot }) },
      '/rows': html({ luot, box: `<div data-luot-box><strong>LƯỢT TRUY CẬP</strong><ul>${OWN.map((r) => `<li>${r}</li>`).join('')}</ul></div>` }),
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
  /** Until luotd has counted exactly so many more; the sums say if there were too many. */
  const grown = async (word, n) => {
    const now = await until(`${n} ${word}`, async () => {
      const { counted: c } = await luotd.stats();
      return c[word] - counted[word] >= n && c;
    });
    assert.equal(now[word] - counted[word], n, word);
  };

  test('counts the view and fills the box from the reply to it, in one request', async () => {
    const before_total = (await luotd.widget()).total;
    const page = await visit('/');
    const { heading, rows } = await filled(page);
    assert.equal(heading, 'LƯỢT TRUY CẬP');
    assert.deepEqual(rows.map((r) => r.split(':')[0]), ['Đang online', 'Hôm nay', 'Trong tuần', 'Tất cả']);
    assert.equal(rows[3], `Tất cả: ${before_total + 1}`);
    assert.notEqual(rows[0], 'Đang online: 0');
    await grown('view', 1);
    const toLuot = page.requests.filter((r) => r.url.origin === luot).map((r) => r.url.pathname + r.url.search);
    assert.deepEqual(toLuot, ['/luot.js', '/b?reply=1&box=vi!true!1!!!']);
    const [{ line }] = beacons(page);
    assert.equal(line.get('p'), portal.url + '/');
    assert.equal(line.get('t'), 'Trang chủ – tin tức');
    assert.equal(line.get('s'), 'demo');
    assert.equal(line.get('w'), '1280');
    assert.deepEqual(page.errors, []);
    assert.deepEqual(await page.context().cookies(), []);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  });

  test('asks no preflight', async () => {
    const page = await visit('/');
    await filled(page);
    assert.ok(page.requests.every((r) => r.method !== 'OPTIONS'));
  });

  test('counts again when the page navigates by itself, with the page it came from', async () => {
    const page = await visit('/');
    await filled(page);
    await page.evaluate(() => { history.pushState(null, '', '/van-ban?id=5'); document.title = 'Văn bản'; });
    await grown('view', 2);
    await page.evaluate(() => history.back());
    await grown('view', 3);
    for (const still of [() => { location.hash = 'muc-2'; }, () => history.replaceState(null, '', '/?sort=1')]) {
      await page.evaluate(still);
      await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    }
    await grown('view', 3);
    await until('the browser says so too', () => beacons(page).length === 3);
    const lines = beacons(page).map((b) => b.line);
    assert.equal(lines[1].get('p'), portal.url + '/van-ban?id=5');
    assert.equal(lines[1].get('t'), 'Văn bản');
    assert.equal(lines[1].get('r'), portal.url + '/');
    assert.equal(lines[2].get('p'), portal.url + '/');
  });

  test('names the page as its canonical link does, until the page moves on without it', async () => {
    const page = await visit('/canonical');
    await filled(page);
    await page.evaluate(() => history.pushState(null, '', '/khac'));
    await grown('view', 2);
    await until('the browser says so too', () => beacons(page).length === 2);
    assert.deepEqual(beacons(page).map((b) => b.line.get('p')), [portal.url + '/tin-tuc', portal.url + '/khac']);
  });

  test('waits until the page is seen', async () => {
    const page = await visit('/', {
      before: async (p) => {
        await p.clock.install();
        await p.addInitScript(() => Object.defineProperty(document, 'hidden', { configurable: true, get: () => !window.seen }));
      },
    });
    await page.clock.runFor(61000);
    assert.deepEqual((await read_box(page)).rows, EMPTY);
    assert.deepEqual(beacons(page), []);
    await page.evaluate(() => { window.seen = true; document.dispatchEvent(new Event('visibilitychange')); });
    await page.clock.runFor(1000);
    await filled(page);
    await grown('view', 1);
  });

  test('pings once a minute while it is seen, and the box follows', async () => {
    const page = await visit('/', { before: (p) => p.clock.install() });
    const { rows } = await filled(page);
    await visit('/', { userAgent: 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0' }).then(filled);
    await grown('view', 2);
    await page.clock.fastForward(61000);
    await grown('ping', 1);
    await page.locator('li:last-child', { hasText: String(Number(rows[3].split(': ')[1]) + 1) }).waitFor();
    await page.evaluate(() => Object.defineProperty(document, 'hidden', { configurable: true, get: () => true }));
    await page.clock.fastForward(300000);
    await page.evaluate(() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); });
    await grown('ping', 2);
    await grown('view', 2);
  });

  test('sends events by luot.event', async () => {
    const page = await visit('/');
    await filled(page);
    await page.evaluate(() => window.luot.event('tải văn bản'));
    await grown('event', 1);
    await grown('view', 1);
  });
  test('an event is about its page, or about what it is told', async () => {
    const page = await visit('/');
    await filled(page);
    await page.evaluate(() => window.luot.event('in'));
    await page.evaluate(() => window.luot.event('download', '/files/a.pdf'));
    await grown('event', 2);
    await until('the browser says so too', () => beacons(page).length === 3);
    const [, first, second] = beacons(page).map((b) => b.line);
    assert.deepEqual([first.get('e'), first.get('p')], ['in', portal.url + '/']);
    assert.deepEqual([second.get('e'), second.get('p')], ['download', '/files/a.pdf']);
  });

  test('counts once, though it stands on the page twice', async () => {
    const page = await visit('/twice');
    await filled(page);
    await page.waitForLoadState('load');
    await grown('view', 1);
  });

  test('counts without a box', async () => {
    const page = await visit('/no-box');
    await grown('view', 1);
    assert.deepEqual(page.errors, []);
  });

  test('works under a strict Content-Security-Policy', async () => {
    const page = await visit('/strict');
    await filled(page);
    assert.deepEqual(page.errors, []);
    assert.equal(await page.locator('[style], style').count(), 0);
  });

  for (const [name, without, to] of [
    ['sendBeacon where there is no fetch', () => { delete window.fetch; }, '/b'],
    ['an image where there is neither', () => { delete window.fetch; delete Navigator.prototype.sendBeacon; }, '/p.gif'],
  ])
    test(`falls back to ${name}`, async () => {
      const page = await visit('/', { before: (p) => p.addInitScript(without) });
      await grown('view', 1);
      await until('the browser says so too', () => beacons(page).length === 1);
      assert.deepEqual(beacons(page).map((b) => b.to), [to]);
      assert.deepEqual((await read_box(page)).rows, EMPTY);
      assert.deepEqual(page.errors, []);
    });

  test('falls back to an image where a policy forbids fetch', async () => {
    await visit('/images-only');
    await grown('view', 1);
  });

  test('leaves dashes, never zeros, without an answer', async () => {
    const page = await visit('/', { before: (p) => p.route(/\/(b\?|p\.gif)/, (r) => r.abort()) });
    await until('it has tried', () => beacons(page).length > 0);
    await page.waitForLoadState('networkidle');
    assert.deepEqual((await read_box(page)).rows, EMPTY);
    const broken = await visit('/', { before: (p) => p.route(/\/b\?/, (r) => r.fulfill({ body: 'not JSON', headers: { 'access-control-allow-origin': '*' } })) });
    await until('it has asked', () => beacons(broken).length > 0);
    await broken.waitForLoadState('networkidle');
    assert.deepEqual((await read_box(broken)).rows, EMPTY);
    assert.deepEqual(broken.errors, []);
  });

  test('leaves the rows that the page itself holds when the script is blocked', async () => {
    const page = await visit('/rows', { before: (p) => p.route(/luot\.js/, (r) => r.abort()) });
    assert.deepEqual((await read_box(page)).rows, OWN);
    const allowed = await visit('/rows');
    assert.doesNotMatch((await filled(allowed)).rows.join(), /–/);
  });

  test('throws nothing where the browser lacks what it asks for', async () => {
    const page = await visit('/', {
      before: async (p) => {
        await p.clock.install();
        await p.addInitScript(() => { window.Image = window.fetch = undefined; Navigator.prototype.sendBeacon = undefined; });
      },
    });
    await page.clock.runFor(61000);
    assert.deepEqual(page.errors, []);
  });
});
