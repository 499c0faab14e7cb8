// The monthly report as a page: on a desk, on a phone and printed, with long names and large numbers nothing stands over anything else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { luotctl } from '../e2e/lib/ctl.mjs';
import { Clock, Luotd } from '../e2e/lib/luotd.mjs';
import { DESK, launch, open, PHONE } from './lib/browser.mjs';

const SITES = 40;
let config = '';
for (let i = 0; i < SITES; i++) config += `[site k${i}]\nany_host = yes\nhosts = vanphongdoandaibieuquochoi${i}.thainguyen.gov.vn\ntitle = Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh ${i}\ngroup = Sở, ban, ngành\n`;

describe('the printed report', () => {
  let luotd, clock, browser, file;
  before(async () => {
    clock = new Clock(Date.parse('2025-12-28T09:00:00+07:00') / 1000);
    luotd = await Luotd.start({ config, clock });
    let sent = 0;
    for (let i = 0; i < SITES; i++, sent++) await luotd.udp(`s=k${i}&i=10.0.0.1&u=Firefox&p=${encodeURIComponent('/tin-tức-sự-kiện/' + 'thông_báo_'.repeat(16))}`);
    await luotd.received(sent);
    for (const metric of ['views', 'visits', 'visitors']) assert.equal((await luotctl(luotd, ['adjust', 'k0', '--metric', metric, '--day', '2025-12-28', '--by', '123456789'])).code, 0);
    const r = await luotctl(luotd, ['report', '--all', '--month', '2025-12', '--compare', 'previous,year', '--format', 'html']);
    assert.equal(r.code, 0, r.err);
    file = path.join(luotd.run, 'report.html');
    fs.writeFileSync(file, r.out);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.stop();
    clock?.close();
  });

  /** What sticks out of its cell. */
  const overflowing = (page) => page.$$eval('th, td', (cells) => cells.filter((c) => c.scrollWidth > c.clientWidth + 1).map((c) => `${c.textContent} ${c.scrollWidth} > ${c.clientWidth}`));

  test('fits a desk, and a phone scrolls the table alone; asks nobody for anything', async () => {
    for (const viewport of [DESK, PHONE]) {
      const page = await open(browser, { url: 'file://' + file, viewport });
      assert.match(await page.textContent('td.n'), /^123\.456\.790$/);
      assert.deepEqual(await overflowing(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page itself does not scroll sideways');
      assert.deepEqual(page.requests.map((r) => r.url.protocol), ['file:']);
      assert.deepEqual(page.errors, []);
      await page.context().close();
    }
  });

  test('prints on A4 with its headings on every page, and no row is cut', async () => {
    const page = await open(browser, { url: 'file://' + file, viewport: { width: 1032, height: 700 } });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length;
    const [, width, height] = /\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString('latin1'));
    assert.deepEqual([Math.round(width), Math.round(height)], [842, 595], 'A4, wide');
    assert.ok(pages > 1, `${pages} pages`);
    await page.emulateMedia({ media: 'print' });
    assert.deepEqual(await overflowing(page), []);
    assert.equal(await page.$eval('thead', (e) => getComputedStyle(e).display), 'table-header-group');
    assert.equal(await page.$eval('tbody tr', (e) => getComputedStyle(e).breakInside), 'avoid');
    await page.context().close();
  });
});
