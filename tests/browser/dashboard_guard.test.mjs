// What strangers may write is text in the dashboard, and its policy is kept.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../e2e/lib/luotd.mjs';
import { close_all, launch, open } from './lib/browser.mjs';
import { province, SITES } from './lib/province.mjs';

const RUN = 'window.hacked=1';
const PAYLOADS = [
  `<script>${RUN}</script>`, `<img src=x onerror=${RUN}>`, `<svg onload=${RUN}>`, `"><script>${RUN}</script>`, `'><img src=x onerror=${RUN}>`, `</title><script>${RUN}</script>`,
  `</textarea><svg/onload=${RUN}>`, `javascript:${RUN}`, `<a href="javascript:${RUN}">x</a>`, `<iframe srcdoc="<script>parent.hacked=1</script>">`, `<body onload=${RUN}>`, `<details open ontoggle=${RUN}>`,
  `<video><source onerror=${RUN}>`, `<math><mi xlink:href="javascript:${RUN}">`, `<style>@import 'http://evil.example/x'</style>`, `<link rel=stylesheet href=//evil.example/x>`, `<base href=//evil.example/>`,
  `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`, `<object data="javascript:${RUN}">`, `<embed src="javascript:${RUN}">`, `<form action="javascript:${RUN}"><input type=submit>`, `<input autofocus onfocus=${RUN}>`,
  '{{constructor.constructor(`window.hacked=1`)()}}', `\${${RUN}}`, `';${RUN};//`, `";${RUN};//`, `\\u003cscript\\u003e${RUN}`, `%3Cscript%3E${RUN}%3C/script%3E`, `&lt;img src=x onerror=${RUN}&gt;`, `<<script>${RUN}//<</script>`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`, `<img src="x\` \`onerror=${RUN}">`, `<marquee onstart=${RUN}>`, `<select autofocus onfocus=${RUN}>`, `<x onpointerenter=${RUN} style="position:fixed;inset:0">`, `__proto__`, `constructor`, `=cmd|'/c calc'!A0`,
  `\u202e<b>gpj.exe`, `]]><script>${RUN}</script>`,
];
const UA = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

describe('the dashboard, guarded', () => {
  let luotd, browser;
  before(async () => {
    luotd = await province({ sites: SITES.slice(0, 3), views: 40, days: 70, config: '[site hostile]\ntitle = <img src=x onerror=window.hacked=1>\ngroup = <b>"x"</b>\nany_host = yes\npublic = yes\nmin_visitors = 0\n' });
    const sent = (await luotd.stats()).received;
    let lines = 0;
    for (const [i, p] of PAYLOADS.entries()) {
      const who = { s: 'hostile', i: `198.51.100.${i + 1}`, u: UA };
      for (const line of [{ p: `/${p}`, t: p, r: `https://${encodeURIComponent(p).slice(0, 40)}.example/${p}`, l: p }, { p: `/?utm_campaign=${encodeURIComponent(p)}&utm_source=x` }, { p: '/x', e: p }, { p: `/${p}.pdf`, e: 'download' }, { p: `/${p}`, e: '404' }]) {
        await luotd.udp(new URLSearchParams({ ...line, ...who }).toString());
        lines++;
      }
      await luotd.received(sent + lines); // new names in a heap may come before their table has grown, and are in the rest then
    }
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.end();
  });
  afterEach(() => close_all(browser));

  const guarded = (options) => open(browser, {
    ...options,
    before: async (page) => {
      page.on('dialog', (d) => { page.errors.push(d.message()); d.dismiss(); });
      await page.addInitScript(() => {
        window.reports = [];
        addEventListener('securitypolicyviolation', (e) => window.reports.push(`${e.violatedDirective} ${e.blockedURI}`));
      });
    },
  });
  async function clean(page) {
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(await page.evaluate(() => window.reports), []);
    assert.deepEqual(page.errors.filter((e) => !/\/live|404/.test(e)), []);
    assert.ok(page.requests.every((r) => r.url.origin === luotd.url || r.url.protocol === 'blob:'), 'asks nobody else');
  }

  test(`${PAYLOADS.length} payloads in pages, referrers, events, campaigns, downloads and titles are text`, async () => {
    const page = await guarded({ url: `${luotd.url}/?site=hostile` });
    await page.locator('.bars tr').nth(3).waitFor();
    const panels = { pages: 0, not_found: 0, referrers: 1, campaigns: 1, events: 4, downloads: 4 };
    const names = { pages: 'Trang', not_found: 'Không tìm thấy (404)', referrers: 'Nguồn', campaigns: 'Chiến dịch', events: 'Sự kiện', downloads: 'Tải về' };
    let shown = 0;
    for (const [of, at] of Object.entries(panels)) {
      const top = await luotd.get(`/v1/hostile/tops.json?of=${of}`);
      assert.ok(top.rows.length >= (of === 'referrers' ? 1 : 15), `${of}: ${top.rows.length} rows`); // of a referrer only its host is kept
      const panel = page.locator('.panel').nth(at);
      await panel.getByRole('button', { name: names[of], exact: true }).click();
      await until(of, async () => (await panel.locator('.bars .key').allTextContents()).includes(top.rows[0].key));
      const more = panel.getByRole('button', { name: 'Xem thêm' });
      if (await more.count()) await more.click();
      const keys = (await panel.locator('.bars tr:not(.rest) .key').allTextContents()).map((k) => k.replace(/^Không rõ$/, '(unknown)'));
      assert.deepEqual(keys, top.rows.map((r) => r.key.replace(/^$/, '(unknown)')), of);
      for (const row of await panel.locator('.bars tr').all()) await row.hover();
      shown += keys.filter((k) => PAYLOADS.some((p) => k.includes(p))).length;
    }
    assert.ok(shown >= 3 * PAYLOADS.length * 0.7, `${shown} payloads were to be seen`);
    assert.equal(await page.locator('#app :is(script, iframe, object, embed, base, style, link, img, video, form)').count(), 0);
    await clean(page);
    await page.goto(`${luotd.url}/?site=hostile&view=report&month=2026-11`);
    await until('its tops', async () => (await page.locator('.top-of').count()) >= 6);
    await clean(page);
    await page.goto(`${luotd.url}/`);
    await page.locator('.sites a', { hasText: '<img src=x onerror' }).waitFor();
    await clean(page);
    await page.locator('.filter').fill('<img src=x onerror=window.hacked=1>');
    await page.goto(`${luotd.url}/?site=${encodeURIComponent('<img src=x onerror=window.hacked=1>')}&q=${encodeURIComponent('<svg onload=window.hacked=1>')}&from=javascript:1&tops=__proto__`);
    await page.getByText('Không có cổng nào tên').waitFor();
    await clean(page);
  });

  test('moves nothing where that is not wanted, and shows where the focus is', async () => {
    const page = await guarded({ url: `${luotd.url}/?site=so-y-te`, reducedMotion: 'reduce' });
    await page.locator('.bars tr').first().waitFor();
    assert.equal(await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e); return s.transitionDuration !== '0s' || s.animationName !== 'none'; }).length), 0);
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, 'none', await page.evaluate(() => document.activeElement.outerHTML.slice(0, 80)));
    }
  });
});
