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
const RUNS = Number(process.env.RUNS ?? 1);

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
    assert.equal(await page.evaluate(() => location.href), `${front.url}?site=cong-tinh&period=30d`);
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

  /** What happened until `number` was there and a key was answered, on fast 3G (a round trip is 150 ms) and a machine four times slower. */
  async function soon(url, number) {
    const page = await open(browser, { viewport: DESK });
    const cdp = await page.context().newCDPSession(page);
    await page.addInitScript((number) => {
      new MutationObserver((_, self) => {
        const found = document.querySelector(number);
        if (!/\d/.test(found?.textContent ?? '')) return;
        self.disconnect();
        window.numbers = performance.now();
        requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
      }).observe(document, { childList: true, subtree: true });
    }, number);
    await cdp.send('Network.enable');
    await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 });
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForFunction(() => window.painted);
    const { metrics } = await cdp.send('Performance.getMetrics');
    const seen = await page.evaluate(() => ({
      numbers: window.numbers, painted: window.painted,
      asked: performance.getEntriesByType('resource').filter((r) => r.startTime < window.numbers && !r.name.endsWith('.svg')).map((r) => ({ path: new URL(r.name).pathname, by: r.initiatorType, start: r.startTime, end: r.responseEnd })),
    }));
    await page.keyboard.press('?');
    await page.locator('dialog[open]').waitFor();
    assert.deepEqual(page.errors, []);
    await page.context().close();
    const arrived = Math.max(...seen.asked.filter((r) => r.end <= seen.numbers).map((r) => r.end));
    return { ...seen, arrived, cpu: metrics.find((m) => m.name === 'TaskDuration').value * 1000 };
  }

  test('can be used soon on a slow line and a slow machine: nothing is asked for after its script', async (t) => {
    const alone = await province({ sites: SITES.slice(0, 1), views: 20, days: 40 });
    try {
      for (const [what, url, number, documents] of [
        ['all sites', `${luotd.url}/`, '.sites tbody td.today', ['/v1/sites.json']],
        ['a site', `${luotd.url}/?site=cong-tinh`, '.now .day b', ['/v1/cong-tinh/snapshot.json']],
        ['the only site', `${alone.url}/`, '.now .day b', ['/v1/cong-tinh/snapshot.json', '/v1/sites.json']],
      ]) {
        const runs = [];
        for (let i = 0; i < RUNS; i++) runs.push(await soon(url, number));
        for (const { asked } of runs) {
          assert.deepEqual(asked.filter((r) => r.by === 'link').map((r) => r.path).filter((p) => p.startsWith('/v1/')).sort(), documents, 'the document preloads what the script takes');
          const script = asked.find((r) => r.path === '/dashboard.js');
          for (const r of asked) if (documents.includes(r.path) && r.by !== 'link') assert.fail(`${r.path} was asked for twice before the numbers`);
          for (const r of asked) if (documents.includes(r.path)) assert.ok(r.start < script.end, `${r.path} waits for the script`);
        }
        const median = (name) => Math.round(runs.map((r) => r[name]).sort((a, b) => a - b)[runs.length >> 1]);
        t.diagnostic(`${what}: all there after ${median('arrived')} ms, numbers after ${median('numbers')} ms, painted after ${median('painted')} ms; CPU ${median('cpu')} ms (4x CPU, 1.6 Mbit/s, 150 ms; ${RUNS} runs)`);
        assert.ok(median('numbers') < 10000, 'ten times the target, which is a second');
      }
    } finally {
      await alone.end();
    }
  });
});
