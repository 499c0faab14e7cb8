// What an editor may ask of a box: rows, styles, headings, languages, the week; and a page's own views.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { barriers } from './lib/axe.mjs';
import { close_all, DESK, launch, open, PHONE } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const CONFIG = `
[site demo]
any_host = yes
metric = visits
[site rolling]
any_host = yes
metric = views
box_week = rolling
`;

describe('boxes', () => {
  let luotd, browser, portal, luot, css;
  before(async () => {
    luotd = await Luotd.start({ config: CONFIG });
    luot = `http://${luotd.host}:${luotd.port}`;
    await luotd.ask('seed demo --metric visits --total 50509 --week 83 --today 1');
    browser = await launch();
    css = `<link rel="stylesheet" href="${luot}/widget.css">`;
    const every = (lang) => ['', 'data-style="line"', 'data-style="digits"', 'data-rows="online today yesterday week month total"', 'data-title="-"']
      .map((a) => `<div data-luot-box data-lang="${lang}" ${a}></div>`).join('');
    portal = await Portal.start({
      '/rows': html({ luot, box: '<div data-luot-box data-rows="total yesterday, month" data-title="Khách của <b>Sở</b>"></div>' }),
      '/none': html({ luot, box: '<div data-luot-box data-title="-"></div>' }),
      '/digits': html({ luot, head: css, box: '<div data-luot-box data-style="digits"></div>' }),
      '/two': html({ luot, box: '<div data-luot-box></div><div data-luot-box data-lang="en" data-rows="total"></div><div data-luot-box data-lang="km"></div>' }),
      '/rolling': html({ luot, tag: 'data-site="rolling"' }),
      '/page': html({ luot, lang: 'en', box: '<span data-luot-page></span>' }),
      '/page-vi': html({ luot, box: '<div data-luot-box></div><span data-luot-page>Lượt xem: –</span>' }),
      '/all': html({ luot, head: css, box: every('vi') }),
      '/all-km': html({ luot, lang: 'km', head: css, box: every('km') }),
      '/all-en': html({ luot, lang: 'en', head: css, box: every('en') }),
    });
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));

  const visit = async (target, options) => {
    const page = await open(browser, { url: portal.url + target, ...options });
    if (!target.startsWith('/page')) await page.locator('[data-luot-box] b').last().filter({ hasText: /\d/ }).waitFor();
    return page;
  };
  const read = (page) => page.locator('[data-luot-box]').evaluateAll((boxes) => boxes.map((box) => ({
    heading: box.querySelector('strong')?.textContent,
    rows: [...box.querySelectorAll('li')].map((li) => li.textContent),
    tips: [...box.querySelectorAll('li')].map((li) => li.title),
    names: [...box.querySelectorAll('li')].map((li) => li.className),
  })));

  test('shows the rows that are named, in their order, under the heading that is named', async () => {
    const [box] = await read(await visit('/rows'));
    assert.equal(box.heading, 'Khách của <b>Sở</b>');
    assert.deepEqual(box.rows.map((r) => r.split(':')[0]), ['Tất cả', 'Hôm qua', 'Trong tháng']);
    assert.deepEqual(box.names, ['luot-total', 'luot-yesterday', 'luot-month']);
    const [bare] = await read(await visit('/none'));
    assert.equal(bare.heading, undefined);
    assert.equal(bare.rows.length, 4);
  });

  test('each number says what it is', async () => {
    const [box] = await read(await visit('/none'));
    assert.deepEqual(box.tips, ['Khách xem trang trong 5 phút qua', 'Lượt truy cập từ 0 giờ hôm nay; nghỉ 30 phút rồi xem tiếp là lượt mới',
      'Lượt truy cập từ thứ Hai tuần này', 'Lượt truy cập từ khi bắt đầu đếm']);
  });

  test('several boxes have each their language, rows and numbers, in one reply, and all follow', async () => {
    const page = await visit('/two', { before: (p) => p.clock.install() });
    const [vi, en, km] = await read(page);
    assert.equal(vi.rows.length, 4);
    assert.match(en.rows.join(), /^All time: 50,5\d\d$/);
    assert.match(km.rows[3], /^សរុប: 50\.5\d\d$/);
    await luotd.udp('s=demo&p=/x&i=203.0.113.9&u=Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0');
    const { total } = await until('the datagram', async () => {
      const w = await luotd.widget();
      return w.total > Number(vi.rows[3].replace(/\D/g, '')) && w;
    });
    await page.clock.fastForward(61000);
    await page.locator('li.luot-total b', { hasText: String(total).replace(/(\d{3})$/, ',$1') }).waitFor();
    const now = await read(page);
    assert.equal(now[0].rows[3].replace(/\D/g, ''), String(total));
    assert.deepEqual(now[0].tips, vi.tips, 'only the numbers came again');
  });

  test('the total stands in the cells of an old counter', async () => {
    const page = await visit('/digits');
    assert.match((await read(page))[0].rows[3], /^Tất cả: 0505\d\d$/);
    const { y } = await page.locator('.luot-total').boundingBox();
    assert.ok(y < (await page.locator('.luot-online').boundingBox()).y, 'above the others');
  });

  test('a site’s week may be its last seven days', async () => {
    const [box] = await read(await visit('/rolling'));
    assert.equal(box.heading, 'LƯỢT XEM TRANG');
    assert.equal(box.rows[2], '7 ngày qua: 1');
    assert.equal(box.tips[2], 'Lượt xem trang trong 7 ngày qua');
  });

  test('a page says its own views, by the reply to its view', async () => {
    const shown = (page) => page.locator('[data-luot-page]').textContent();
    let page = await visit('/page?utm_source=zalo');
    await page.locator('[data-luot-page]', { hasText: 'Views: 1' }).waitFor();
    page = await visit('/page#x', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' });
    await page.locator('[data-luot-page]', { hasText: 'Views: 2' }).waitFor();
    page = await visit('/page-vi', { before: (p) => p.clock.install() });
    await page.locator('[data-luot-page]', { hasText: 'Lượt xem: 1' }).waitFor();
    await page.clock.fastForward(61000);
    await until('the ping', async () => (await luotd.stats()).counted.ping > 0);
    await page.waitForLoadState('networkidle');
    assert.equal(await shown(page), 'Lượt xem: 1', 'a ping is of no page');
    assert.equal((await luotd.get('/v1/demo/page.json?p=/page')).views, 2);
  });

  test('a page’s own views are what they were while there is no answer', async () => {
    const page = await open(browser, { before: (p) => p.route(/\/(b\?|p\.gif)/, (r) => r.abort()), url: portal.url + '/page-vi' });
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('[data-luot-page]').textContent(), 'Lượt xem: –');
  });

  test('whatever its style, a box has its height before its numbers', async () => {
    for (const viewport of [PHONE, DESK]) {
      let go;
      const held = new Promise((done) => { go = done; });
      const page = await open(browser, { viewport, before: (p) => p.route(/\/b\?/, async (r) => { await held; await r.continue(); }), url: portal.url + '/all' });
      await page.locator('[data-luot-box] li').last().waitFor();
      const places = () => page.locator('[data-luot-box], #below').evaluateAll((nodes) => nodes.map((n) => n.getBoundingClientRect().top));
      const early = await places();
      go();
      await page.locator('[data-luot-box] b').last().filter({ hasText: /\d/ }).waitFor();
      assert.deepEqual(await places(), early, `${viewport.width}`);
    }
  });

  test('a card without a heading is that much lower', async () => {
    const page = await visit('/all');
    const [list, , , , bare] = await page.locator('[data-luot-box]').evaluateAll((all) => all.map((box) => box.getBoundingClientRect().bottom - box.querySelector('li:last-child').getBoundingClientRect().bottom));
    assert.ok(Math.abs(list - bare) < 2, `${list} ${bare}: as much below the last row`);
  });

  for (const [target, colorScheme] of [['/all', 'light'], ['/all-km', 'dark'], ['/all-en', 'light']])
    test(`${target}, ${colorScheme}: readable by everybody`, async () => {
      const page = await visit(target, { colorScheme, viewport: PHONE });
      if (colorScheme === 'dark')
        await page.evaluate(() => { document.body.bgColor = '#12161c'; document.body.text = '#e7ebf1'; });
      assert.deepEqual(await barriers(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits its width');
      assert.deepEqual(page.errors, []);
    });
});
