// What strangers may put into a page's address, title, referrer, event and campaign, and an editor into a setting: text, and no more.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { launch, open } from './lib/browser.mjs';
import { page as html, Portal } from './lib/portal.mjs';

const DO = 'window.xss()';
const PAYLOADS = [
  `<script>${DO}</script>`, `"><script>${DO}</script>`, `'><script>${DO}</script>`, `</script><script>${DO}</script>`,
  `</title><script>${DO}</script>`, `</textarea><script>${DO}</script>`, `</style><script>${DO}</script>`, `--><script>${DO}</script>`,
  `]]><script>${DO}</script>`, `<ScRiPt>${DO}</sCrIpT>`, `<script src=data:text/javascript,${DO}></script>`, `<script\n>${DO}</script>`,
  `<img src=x onerror=${DO}>`, `"><img src=x onerror="${DO}">`, `<img/src='x'/onerror='${DO}'>`, `<img src=x:x onerror=\t${DO}>`,
  `<svg onload=${DO}>`, `<svg><script>${DO}</script></svg>`, `<svg/onload=${DO}//`, `<math><mi xlink:href="javascript:${DO}">x</mi></math>`,
  `<body onload=${DO}>`, `<iframe srcdoc="<script>parent.${DO}</script>">`, `<iframe src="javascript:parent.${DO}">`, `<object data="javascript:${DO}">`,
  `<embed src="javascript:${DO}">`, `<a href="javascript:${DO}" autofocus onfocus=${DO}>x</a>`, `<input autofocus onfocus=${DO}>`, `<details open ontoggle=${DO}>`,
  `<video><source onerror=${DO}></video>`, `<audio src=x onerror=${DO}>`, `" onmouseover="${DO}" x="`, `' autofocus onfocus='${DO}`,
  `javascript:${DO}`, `data:text/html,<script>parent.${DO}</script>`, `{{constructor.constructor('${DO}')()}}`, `\${${DO}}`,
  `\\"};${DO};//`, `\u2028${DO}\u2029`, `<meta http-equiv=refresh content="0;url=javascript:${DO}">`, `<link rel=stylesheet href="data:text/css,*{background:url(//x.invalid)}">`,
];

describe('forty payloads', () => {
  let luotd, browser, portal, luot;
  before(async () => {
    assert.equal(new Set(PAYLOADS).size, 40);
    luotd = await Luotd.start({ config: `rate_limit = off\n[site demo]\nany_host = yes\ntitle = "<img src=x onerror=${DO}>"\n` });
    luot = `http://${luotd.host}:${luotd.port}`;
    browser = await launch();
    const page = html({
      luot,
      head: `<link rel="stylesheet" href="${luot}/widget.css">`,
      box: '<div data-luot-box></div><span data-luot-page></span><button data-luot-event="x">x</button>',
      rest: `<iframe src="${luot}/demo/widget.html" title="x"></iframe><img src="${luot}/demo/badge.svg" alt="x">`,
    });
    const csp = `default-src 'none'; script-src ${luot}; connect-src ${luot}; style-src ${luot}; img-src ${luot}; frame-src ${luot}`;
    portal = await Portal.start({ '/': { csp, html: page } });
  });
  after(async () => {
    await browser?.close();
    await portal?.stop();
    await luotd?.stop();
  });

  /** Opens a page that notices what was executed and what a policy had to stop, in all its frames. */
  const watched = async (url) => {
    const page = await open(browser, {
      before: async (p) => {
        p.caught = [];
        p.on('dialog', (d) => { p.caught.push(d.message()); return d.dismiss(); });
        await p.exposeFunction('tell', (what) => p.caught.push(what));
        await p.addInitScript(() => {
          window.xss = () => window.tell('executed');
          document.addEventListener('securitypolicyviolation', (e) => window.tell(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
        });
      },
      url,
    });
    return page;
  };
  const calm = (page) => assert.deepEqual([page.caught, page.errors], [[], []]);

  test('the tag sends them and the box stays a box', async () => {
    const page = await watched(portal.url);
    await page.locator('[data-luot-box] b').last().filter({ hasText: /\d/ }).waitFor();
    const start = (await luotd.stats()).counted;
    await page.evaluate(async (payloads) => {
      const box = document.querySelector('[data-luot-box]');
      for (const payload of payloads) {
        const text = encodeURIComponent(payload);
        for (const name of ['title', 'rows', 'style', 'lang']) box.dataset[name] = payload;
        box.luot = null; // its words are asked for again
        document.title = payload;
        document.querySelector('button').dataset.luotEvent = payload.slice(0, 60);
        history.pushState(null, '', `/${text}?utm_source=${text}&utm_campaign=${text}&q=${text}#${text}`);
        await new Promise((done) => setTimeout(done, 230));
        document.querySelector('button').click();
        window.luot.event(payload.slice(0, 60), payload);
      }
    }, PAYLOADS);
    await until('all are there', async () => {
      const { counted } = await luotd.stats();
      return counted.view - start.view === 40 && counted.event - start.event === 80;
    });
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('[data-luot-box] strong').textContent(), PAYLOADS[39]);
    assert.deepEqual(await page.locator('[data-luot-box] *').evaluateAll((nodes) => [...new Set(nodes.map((n) => n.localName))].sort()), ['b', 'li', 'strong', 'ul']);
    calm(page);
  });

  test('by hand in every field of a beacon, and then shown', async () => {
    for (const payload of PAYLOADS) {
      const text = encodeURIComponent(payload);
      const body = [`p=${text}&t=${text}&r=https%3A%2F%2F${text}`, `p=%2F%3Futm_source%3D${encodeURIComponent(text)}&r=${text}&l=${text}`,
        `e=${encodeURIComponent(payload.slice(0, 60))}&p=${text}`, `e=404&p=${text}`, `e=download&p=${text}`].map((l) => l + '&s=demo').join('\n');
      assert.equal((await luotd.request('POST', '/b', { body, headers: { 'User-Agent': payload.replace(/[^\x20-\x7e]/g, ' ') } })).status, 204, payload);
    }
    for (const target of ['/demo/widget.html', '/demo/widget.html?style=digits', '/demo/snippet.html', '/demo/badge.svg']) {
      const page = await watched(luot + target);
      await page.waitForLoadState('networkidle');
      calm(page);
      await page.context().close();
    }
    const page = await watched(portal.url);
    await page.locator('[data-luot-page]', { hasText: /\d/ }).waitFor();
    calm(page);
    assert.match(await page.frames()[1].title(), /^LƯỢT TRUY CẬP: <img src=x/);
  });

  test('in the addresses of what is shown', async () => {
    const page = await watched(portal.url);
    for (const payload of PAYLOADS) {
      const text = encodeURIComponent(payload);
      for (const target of [`/demo/widget.html?lang=${text}&rows=${text}&style=${text}&theme=${text}&count`, `/demo/badge.svg?lang=${text}&of=${text}`,
        `/${text}/widget.html`, `/demo/snippet.html?lang=${text}`]) {
        const answer = await luotd.request('GET', target);
        assert.doesNotMatch(answer.text.replace(/^.*HOST.*$/gm, ''), new RegExp(payload.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')), target);
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      }
    }
    await page.goto(`${luot}/demo/widget.html?lang=${encodeURIComponent(PAYLOADS[1])}&theme=${encodeURIComponent(PAYLOADS[30])}`);
    await page.waitForLoadState('networkidle');
    calm(page);
  });
});
