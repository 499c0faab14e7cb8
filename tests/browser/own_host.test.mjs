// On the portal's own host, where README advises to put luot: what the tag adds to a page that is there anyway, both ways together, TLS and all.
// MINUTE=60000 waits the ten minutes out; else the page's clock steps over them.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { luotctl } from '../e2e/lib/ctl.mjs';
import { Luotd, until } from '../e2e/lib/luotd.mjs';
import { close_all, filled, launch, open, PHONE } from './lib/browser.mjs';
import { Line } from './lib/line.mjs';
import { have_nginx, nginx_portal } from './lib/prefix.mjs';

const MINUTE = Number(process.env.MINUTE ?? 0);
// Before a request on a connection that was silent for ten seconds Chromium asks whether it lives (HTTP/2 PING, there and back): where the clock
// steps nothing is silent, so each ping is given what MINUTE=60000 says of it.
const SILENCE = MINUTE ? 0 : 104;
const OLD = { viewport: PHONE, ignoreHTTPSErrors: true, userAgent: 'Mozilla/5.0 (Linux; Android 8.1.0; SM-J260G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.4896.127 Mobile Safari/537.36' };
const shell = (code) => `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Tin tức</title><link rel="icon" href="data:,"><body><h1>Tin tức</h1>${code}`;

describe('on the portal’s own host', { skip: have_nginx ? false : 'skipped: nginx is not here' }, () => {
  let luotd, browser, front, line, site;
  before(async () => {
    luotd = await Luotd.start();
    await luotd.ask('seed demo --metric visits --total 50510 --week 84 --today 2');
    browser = await launch();
    front = await nginx_portal(luotd);
    line = await Line.start(front.port);
    site = line.url.replace('http:', 'https:');
    const { snippets } = JSON.parse((await luotctl(luotd, ['--json', 'snippet', 'demo', '--url', site + '/luot/'])).out);
    const card = snippets.find((s) => s.name === 'html').code;
    front.write('without', shell(''));
    front.write('box', shell(card.replace(/<link.*>\n/, '')));
    front.write('card', shell(card));
  });
  after(async () => {
    await browser?.close();
    await line?.stop();
    await front?.stop();
    await luotd?.stop();
  });
  afterEach(() => close_all(browser));

  /** Bytes both ways of one page, on the connection of a reader who has come from another: when all is there, and ten minutes later. */
  async function read(name) {
    const page = await open(browser, { ...OLD, before: (p) => MINUTE || p.clock.install(), url: `${site}/without` });
    await page.waitForLoadState('networkidle');
    const early = line.down + line.up, { connections } = line, { ping } = (await luotd.stats()).counted;
    await page.goto(`${site}/${name}?read`);
    if (name !== 'without') await filled(page);
    await page.waitForLoadState('networkidle');
    const first = line.down + line.up - early;
    for (let minute = 1; minute <= 10; minute++) {
      await (MINUTE ? new Promise((done) => setTimeout(done, MINUTE)) : page.clock.fastForward(60000));
      if (name !== 'without' && !MINUTE) await until('the ping is answered', async () => (await luotd.stats()).counted.ping === ping + minute);
    }
    await page.waitForLoadState('networkidle');
    if (!MINUTE) assert.equal(line.connections, connections, 'all of it went over the connection that was there');
    const all = line.down + line.up - early;
    await page.context().close(); // or it would ping on
    return { first, all, pings: (await luotd.stats()).counted.ping - ping };
  }

  test('the tag and its box add at most 3 KB to a first view and 8 KB to ten minutes of reading', { timeout: 30 * MINUTE + 60000 }, async (t) => {
    const [without, box, card] = [await read('without'), await read('box'), await read('card')];
    const adds = (with_) => `first view ${with_.first - without.first} B, ten minutes ${with_.all - without.all} B, ${with_.pings} pings`;
    for (const one of [box, card]) one.all += 10 * SILENCE;
    t.diagnostic(`both ways, TLS and all: ${adds(box)}; as a card: ${adds(card)}`);
    assert.ok(box.first - without.first <= 3072, `${box.first - without.first}`);
    assert.ok(box.all - without.all <= 8192, `${box.all - without.all}`);
  });
});
