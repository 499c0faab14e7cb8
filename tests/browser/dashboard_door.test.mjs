// Who comes in and how: private sites and their token, below a prefix behind other servers, over a slow line.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { luotctl } from '../e2e/lib/ctl.mjs';
import { until } from '../e2e/lib/luotd.mjs';
import { close_all, DESK, launch, open } from './lib/browser.mjs';
import { have_nginx, nginx_front, node_front } from './lib/prefix.mjs';
import { province, SITES } from './lib/province.mjs';

const KIB = 1024;

describe('the dashboard’s door', () => {
  let luotd, browser, token;
  before(async () => {
    luotd = await province({ sites: SITES.slice(0, 4), views: 20, days: 40, hidden: ['so-y-te', 'so-gd-dt'] });
    // As its operator would: make a reader of one group's sites, put its section into the file, reload.
    const { out, err } = await luotctl(luotd, ['reader', 'add', 'vnpt', '--site', 'so-y-te']);
    token = /\b[0-9a-f]{64}\b/.exec(out.replace(/^.*token_hash.*$/gm, '') + err.replace(/^.*token_hash.*$/gm, ''))[0];
    const section = /\[reader vnpt\][^]*?token_hash *= *[0-9a-f]{64}[^]*?(?=\n\s*\n|$)/.exec(out)[0];
    fs.appendFileSync(path.join(luotd.run, 'luotd.conf'), '\n' + section + '\n');
    await luotd.ask('reload');
    await until('the reader', async () => (await luotd.request('GET', '/v1/so-y-te/snapshot.json', { headers: { Authorization: `Bearer ${token}` } })).status === 200);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.end();
  });
  afterEach(() => close_all(browser));

  const enter = async (page, text) => {
    await page.locator('#token').fill(text);
    await page.getByRole('button', { name: 'Mở', exact: true }).click();
  };
  const kept = (page) => page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state, document.documentElement.outerHTML, (await indexedDB.databases?.()) ?? []]));

  test('a private site asks for a token, says when it is wrong, and keeps a right one nowhere', async () => {
    const page = await open(browser, { url: `${luotd.url}/?site=so-y-te` });
    await page.getByText('Cổng này chỉ mở cho người có mã đọc.').waitFor();
    await enter(page, 'f'.repeat(64));
    await page.getByText('Mã này không mở được cổng.').waitFor();
    await enter(page, token);
    await page.locator('h1', { hasText: 'Sở Y tế' }).waitFor();
    await page.locator('.bars tr').nth(3).waitFor();
    assert.ok(!(await kept(page)).includes(token));
    assert.ok(page.requests.every((r) => !r.url.href.includes(token)));
    const csv = page.locator('a.csv').first();
    const [download] = await Promise.all([page.waitForEvent('download'), csv.click()]);
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /^\ufeff"?pages/, 'with the token, which a link cannot send');
    await page.goto(`${luotd.url}/?site=so-y-te`);
    await page.getByText('Cổng này chỉ mở cho người có mã đọc.').waitFor();
  });

  test('a token opens its sites beside the public ones, not others, and can be forgotten', async () => {
    const page = await open(browser, { url: `${luotd.url}/` });
    await page.locator('.sites tbody tr').first().waitFor();
    assert.equal(await page.locator('.sites tbody tr').count(), 2);
    await page.locator('summary', { hasText: 'Nhập mã đọc' }).click();
    await enter(page, token);
    await until('three sites', async () => (await page.locator('.sites tbody tr').count()) === 3);
    assert.match(await page.locator('.sites tbody').innerText(), /Sở Y tế/);
    await page.locator('.sites a', { hasText: 'Sở Y tế' }).click();
    await page.locator('.now').waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Quên mã đọc' }).click();
    await until('two sites', async () => (await page.locator('.sites tbody tr').count()) === 2);
    const other = await open(browser, { url: `${luotd.url}/?site=so-gd-dt` });
    await other.locator('#token').waitFor();
    await enter(other, token);
    await other.getByText('Mã này không mở được cổng.').waitFor();
  });

  async function below(front) {
    const page = await open(browser, { url: front.url });
    await page.locator('.sites tbody tr').first().waitFor();
    await page.locator('.sites a', { hasText: 'Cổng thông tin điện tử tỉnh' }).click();
    await page.locator('.bars tr').nth(3).waitFor();
    await page.keyboard.press('4');
    await page.locator('.chart canvas').waitFor();
    assert.equal(page.url(), `${front.url}?site=cong-tinh&period=30d`);
    await page.reload();
    await page.locator('.bars tr').nth(3).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.sites tbody tr').first().waitFor();
    assert.ok(page.requests.filter((r) => r.url.protocol === 'http:').every((r) => r.url.href.startsWith(front.url)), 'everything is below the prefix');
    for (const link of await page.locator('a[href]').all()) {
      const href = await link.evaluate((a) => a.href);
      assert.ok(href.startsWith(front.url), href);
    }
    assert.deepEqual(page.errors, []);
  }
  test('works below a prefix, behind a proxy', async () => {
    const front = await node_front(luotd, '/a/luot/');
    try {
      await below(front);
    } finally {
      await front.stop();
    }
  });
  test('works below a prefix, behind nginx', { skip: have_nginx ? false : 'skipped: nginx is not here' }, async () => {
    const front = await nginx_front(luotd, '/luot/');
    try {
      await below(front);
    } finally {
      await front.stop();
    }
  });

  test('is at most 120 KB gzipped in all, and never alone without its licences', async (t) => {
    let bytes = 0;
    for (const file of ['/', '/dashboard.js', '/uplot.js', '/dashboard.css', '/icon.svg']) {
      const r = await luotd.request('GET', file, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(r.status, 200, file);
      bytes += r.bytes.length;
    }
    t.diagnostic(`${(bytes / KIB).toFixed(1)} KiB`);
    assert.ok(bytes <= 120 * KIB, `${bytes} bytes`);
    const licences = (await luotd.request('GET', '/dashboard.txt')).text;
    for (const name of ['preact', 'htm', 'uplot']) assert.match(licences, new RegExp(`== ${name}\n[^]*?(MIT|Apache)`), name);
  });

  test('can be used soon on a slow line and a slow machine', async (t) => {
    const page = await open(browser, { viewport: DESK });
    const cdp = await page.context().newCDPSession(page);
    await page.addInitScript(() => {
      window.seen = {};
      new MutationObserver(() => {
        for (const [name, what] of [['controls', '.tools select'], ['numbers', '.sites tbody tr']])
          if (!(name in window.seen) && document.querySelector(what)) window.seen[name] = Math.round(performance.now());
      }).observe(document, { childList: true, subtree: true });
    });
    await cdp.send('Network.enable');
    await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 });
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.goto(`${luotd.url}/`);
    await until('the numbers', () => page.evaluate(() => 'numbers' in window.seen));
    const seen = await page.evaluate(() => window.seen);
    const asked = await page.evaluate((numbers) => performance.getEntriesByType('resource').filter((r) => r.name.endsWith('/v1/sites.json') && r.startTime < numbers).map((r) => [r.initiatorType, Math.round(r.startTime)]), seen.numbers);
    assert.deepEqual(asked.map(([by]) => by), ['link'], `what the document preloads is what the script takes: ${JSON.stringify(asked)}`);
    t.diagnostic(`controls after ${seen.controls} ms, numbers after ${seen.numbers} ms (4x CPU, 1.6 Mbit/s, 150 ms)`);
    assert.ok(seen.controls < 10000, 'ten times the target, which is a second');
  });
});
