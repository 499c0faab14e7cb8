// What stands on a portal without a script, the page that says what to paste, and all of it below a path behind nginx.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { barriers } from './lib/axe.mjs';
import { beacons, close_all, DESK, filled, launch, open, PHONE } from './lib/browser.mjs';
import { Portal } from './lib/portal.mjs';

describe('embedded', () => {
  let luotd, browser, luot;
  before(async () => {
    luotd = await Luotd.start();
    luot = `http://${luotd.host}:${luotd.port}`;
    await luotd.ask('seed demo --metric visits --total 50510 --week 84 --today 2');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));

  test('what luotctl snippet prints works as it is pasted: each counts the page that holds it', async () => {
    const { snippets } = await luotd.json(`snippet demo --url ${luot}`);
    const code = Object.fromEntries(snippets.map((s) => [s.name, s.code]));
    const shell = (body) => `<!doctype html><html lang="vi"><meta charset="utf-8"><title>x</title><link rel="icon" href="data:,"><body>${body}`;
    const portal = await Portal.start({ '/html/a': shell(code.html + code.page), '/iframe/a': shell(code.iframe), '/badge/a': shell(code.badge.replace('badge.svg?', 'badge.svg?count&')), '/pixel/a': shell(code.pixel) });
    try {
      for (const name of ['html', 'iframe', 'badge', 'pixel']) {
        const page = await open(browser, { url: `${portal.url}/${name}/a` });
        await until(name, async () => (await luotd.get(`/v1/demo/page.json?p=/${name}/a`)).views === 1);
        if (name === 'html') assert.match((await filled(page)).rows[3], /^Tất cả: 50\.51\d$/);
        if (name === 'html') await page.locator('[data-luot-page]', { hasText: 'Lượt xem: 1' }).waitFor();
        if (name === 'iframe') assert.ok(await page.frames()[1].evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'fits its frame');
        if (name === 'badge') assert.deepEqual(await page.locator('img').evaluate((i) => [i.height, i.complete, i.naturalWidth > 90]), [20, true, true]);
        assert.deepEqual(page.errors, []);
      }
    } finally {
      await portal.stop();
    }
  });

  for (const [viewport, colorScheme, lang] of [[PHONE, 'light', 'vi'], [DESK, 'dark', 'km'], [PHONE, 'dark', 'en'], [DESK, 'light', 'vi']])
    test(`the page of snippets at ${viewport.width}, ${colorScheme}, ${lang}`, async () => {
      const { view } = (await luotd.stats()).counted;
      const page = await open(browser, { viewport, colorScheme, url: `${luot}/demo/snippet.html?lang=${lang}` });
      await page.locator('section button').first().waitFor();
      const codes = await page.locator('pre code').allTextContents();
      assert.equal(codes.length, 12);
      assert.ok(codes[0].includes(`s.crossOrigin='';s.src='${luot}/luot.js';s.dataset.site='demo';`), codes[0]);
      assert.ok(codes[1].includes(`<script async src="${luot}/luot.js" data-site="demo"></script>`), codes[1]);
      assert.ok(codes.every((c) => !c.includes('HOST')));
      assert.equal(await page.getAttribute('html', 'lang'), lang);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits its width');
      assert.deepEqual(await barriers(page), []);
      assert.deepEqual(page.errors, []);
      assert.equal((await luotd.stats()).counted.view, view, 'an editor who looks is no visitor');
    });

  test('a snippet is copied as it is shown', async () => {
    const page = await open(browser, { url: `${luot}/demo/snippet.html?lang=en`, permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('#drupal button').click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator('#drupal code').textContent());
  });

  for (const theme of ['light', 'dark'])
    test(`the iframe’s rows, style and ${theme} are what its address says, whatever the reader’s system is`, async () => {
      const page = await open(browser, {
        before: (p) => p.clock.install(), viewport: { width: 280, height: 220 }, colorScheme: theme === 'dark' ? 'light' : 'dark',
        url: `${luot}/demo/widget.html?style=digits&rows=today,total&theme=${theme}&lang=en`,
      });
      const { today, total } = await luotd.widget();
      assert.deepEqual(await page.locator('li').allTextContents(), [`Today: ${today}`, `All time: 0${total}`]);
      const [r] = (await page.locator('[data-luot-box]').evaluate((b) => getComputedStyle(b).backgroundColor)).match(/\d+/);
      assert.ok(theme === 'dark' ? r < 64 : r > 192, r);
      assert.deepEqual(await barriers(page), []);
    });
});

describe('below a path behind nginx', () => {
  let luotd, browser, portal, nginx, dir, base;
  const free = () => new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
  });
  before(async () => {
    luotd = await Luotd.start();
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-nginx-'));
    const port = await free();
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/${t};`).join(' ');
    base = `http://127.0.0.1:${port}/luot/`;
    portal = await Portal.start({ '/': `<!doctype html><html lang="vi"><title>x</title><div data-luot-box></div><script async src="${base}luot.js" data-site="demo"></script>` });
    fs.writeFileSync(path.join(dir, 'nginx.conf'), `daemon off; master_process off; pid ${dir}/pid; error_log stderr warn; events {} http { ${temp} access_log off;
server { listen 127.0.0.1:${port}; location /luot/ { proxy_pass http://${luotd.host}:${luotd.port}/; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host $host; } } }\n`);
    nginx = spawn('/usr/sbin/nginx', ['-c', path.join(dir, 'nginx.conf'), '-p', dir], { stdio: 'ignore' });
    nginx.ended = new Promise((done) => nginx.on('exit', done));
    await until('nginx', () => new Promise((done) => http.get(base + 'luot.js', (r) => { r.resume(); done(r.statusCode === 200); }).on('error', () => done(false))));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    nginx?.kill('SIGTERM');
    await nginx?.ended;
    await portal?.stop();
    await luotd?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  test('the tag, the iframe, the badge and the snippets find each other', async () => {
    const page = await open(browser, { url: portal.url });
    await filled(page);
    assert.deepEqual(beacons(page).map((b) => b.to.split('?')[0]), ['/luot/b']);
    for (const target of ['demo/widget.html?count', 'demo/snippet.html', '']) {
      const own = await open(browser, { url: base + target });
      await (target ? own.waitForLoadState('networkidle') : own.locator('footer').waitFor()); // the dashboard listens for ever
      assert.deepEqual(own.errors, [], target);
      assert.ok(own.requests.every((r) => r.url.href.startsWith(base) || r.url.pathname === '/favicon.ico'), target);
      if (target.includes('snippet')) assert.ok((await own.locator('pre code').first().textContent()).includes(`s.src='${base}luot.js'`));
      if (target.includes('snippet')) assert.ok((await own.locator('#csp code').textContent()).includes(`script-src ${new URL(base).origin};`));
    }
    assert.equal((await luotd.stats()).rejected.unknown_site, 0);
  });
});
