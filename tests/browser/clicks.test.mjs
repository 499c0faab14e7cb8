// What a reader does on a page, as events: links to elsewhere, files, what the page names, pages that are not there.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { beacons, close_all, filled, launch, open } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

describe('clicks', () => {
  let luotd, browser, portal, other, luot, counted;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    other = await Portal.start({ '/': '<!doctype html><title>elsewhere</title>' });
    const links = `<p>
      <a id="out" href="${other.url.replace('127.0.0.1', 'localhost')}/?q=1">ra ngoài</a>
      <a id="pdf" href="/files/C%C3%B4ng%20v%C4%83n.PDF?v=2"><b id="pdf-inside">công văn</b></a>
      <a id="named" data-luot-event="đăng ký" href="/files/mau.docx">đăng ký</a>
      <a id="in" href="#below">xuống</a> <a id="mail" href="mailto:a@b.vn">thư</a>
      <button id="button" data-luot-event="gửi góp ý"><i id="inside">gửi</i></button>
      <button id="plain">không</button></p>`;
    const file = { html: 'x', type: 'application/pdf' };
    portal = await Portal.start({
      '/': html({ luot, rest: links }),
      '/gone': { status: 404, html: html({ luot, title: 'Không tìm thấy', head: '<link rel="canonical" href="/">' }) },
      '/says-gone': html({ luot, tag: 'data-site="demo" data-status="404"' }),
      '/canonical': html({ luot, head: '<link rel="canonical" href="/tin?id=5">' }),
      '/long': html({ luot, title: 'Kế hoạch '.repeat(300) }),
      '/files/C%C3%B4ng%20v%C4%83n.PDF': file,
      '/files/mau.docx': file,
    });
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await other?.stop();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));
  beforeEach(async () => { counted = (await luotd.stats()).counted; });

  const visit = async (target, options) => {
    const page = await open(browser, { url: portal.url + target, ...options });
    await filled(page);
    return page;
  };
  const grown = async (wanted) => {
    const now = await until(JSON.stringify(wanted), async () => {
      const { counted: c } = await luotd.stats();
      return Object.keys(wanted).every((w) => c[w] - counted[w] >= wanted[w]) && c;
    });
    for (const word of ['view', 'event', 'ping']) assert.equal(now[word] - counted[word], wanted[word] ?? 0, word);
  };
  /** Once the browser has told of so many. */
  const events = async (page, n) => until('the browser says so too', () => told(page).length >= n && told(page));
  const told = (page) => beacons(page).map((b) => b.line).filter((l) => l.has('e')).map((l) => [l.get('e'), l.get('p')]);

  test('a link to another host is an outbound event, and the reader gets there', async () => {
    const page = await visit('/');
    await page.click('#out');
    await page.waitForURL(/localhost/);
    await grown({ view: 1, event: 1 });
    assert.deepEqual(await events(page, 1), [['outbound', other.url.replace('127.0.0.1', 'localhost') + '/?q=1']]);
  });

  test('a link to a file is a download of that file, also with the middle button', async () => {
    const page = await visit('/');
    await page.click('#pdf-inside', { button: 'middle' });
    await page.evaluate(() => document.querySelector('#pdf').addEventListener('click', (e) => e.preventDefault()));
    await page.click('#pdf-inside');
    await grown({ view: 1, event: 2 });
    const one = ['download', portal.url + '/files/C%C3%B4ng%20v%C4%83n.PDF?v=2'];
    assert.deepEqual(await events(page, 2), [one, one]);
  });

  test('data-luot-event names a click, on whatever is inside it, and wins over what a link is', async () => {
    const page = await visit('/');
    await page.click('#inside');
    await page.evaluate(() => document.querySelector('#named').addEventListener('click', (e) => e.preventDefault()));
    await page.click('#named');
    await grown({ view: 1, event: 2 });
    assert.deepEqual(await events(page, 2), [['gửi góp ý', portal.url + '/'], ['đăng ký', portal.url + '/files/mau.docx']]);
  });

  test('links within the portal, mail and other buttons are none', async () => {
    const page = await visit('/');
    await page.click('#in');
    await page.evaluate(() => document.querySelector('#mail').addEventListener('click', (e) => e.preventDefault()));
    await page.click('#mail');
    await page.click('#plain');
    await page.evaluate(() => document.dispatchEvent(new MouseEvent('click', { bubbles: true }))); // a target without attributes
    await page.evaluate(() => window.luot.event('cuối'));
    await grown({ view: 1, event: 1 });
    assert.deepEqual(page.errors, []);
  });

  test('a page that is not there is an event under its own address, not a view, and its box is filled', async () => {
    for (const target of ['/gone', '/says-gone']) {
      const page = await visit(target);
      const [event, ...more] = await events(page, 1);
      assert.equal(event[0], '404');
      assert.ok(event[1].endsWith(target), event[1]);
      assert.deepEqual(more, []);
    }
    await grown({ event: 2 });
  });

  test('a campaign is told beside the canonical address', async () => {
    const page = await visit('/canonical?fbclid=9&utm_source=zalo&utm_medium=oa');
    await grown({ view: 1 });
    await until('the browser says so too', () => beacons(page).length === 1);
    assert.equal(beacons(page)[0].line.get('p'), portal.url + '/tin?id=5&utm_source=zalo&utm_medium=oa');
  });

  test('titles and addresses of any length are counted', async () => {
    await visit('/long?q=' + '&"<>'.repeat(900));
    await grown({ view: 1 });
    assert.equal((await luotd.stats()).rejected.too_long, 0);
    assert.equal((await luotd.stats()).rejected.malformed, 0);
  });

  test('who opens a page with #luot.js#off is not counted there any more, until #luot.js#on', async () => {
    const said = [];
    const page = await visit('/', { before: (p) => { p.on('dialog', (d) => { said.push(d.message()); return d.accept(); }); } });
    await grown({ view: 1 });
    await page.evaluate(() => { location.hash = '#luot.js#off'; });
    await until('it is said', () => said.length === 1);
    await page.goto(portal.url + '/?next');
    const { rows } = await filled(page);
    assert.equal(rows[3], `Tất cả: ${(await luotd.widget()).total}`, 'the box is there all the same');
    await page.click('#button');
    await until('both are suppressed', async () => (await luotd.stats()).suppressed.internal === 2);
    assert.deepEqual(beacons(page).slice(1).map((b) => String(b.line)), ['k=off&s=demo', 'k=off&s=demo']);
    await grown({ view: 1 });
    await page.evaluate(() => { location.hash = '#luot.js#on'; });
    await until('it is said', () => said.length === 2);
    await page.goto(portal.url + '/?again');
    await grown({ view: 2 });
    assert.deepEqual(said, ['luot: off', 'luot: on']);
  });
});
