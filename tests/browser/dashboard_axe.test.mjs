// Everybody can use the dashboard: axe finds nothing in it, in either theme, on a phone or a desk.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { barriers } from './lib/axe.mjs';
import { close_all, DESK, launch, open, PHONE } from './lib/browser.mjs';
import { province, SITES } from './lib/province.mjs';

const PLACES = [['', '.sites tbody tr'], ['site=so-y-te&period=30d', '.bars tr.rest'], ['site=so-y-te&view=report', '.top-of'], ['site=nobody', '.notice'], ['site=so-gd-dt', '.token']];

describe('the dashboard, for everybody', () => {
  let luotd, browser;
  before(async () => {
    luotd = await province({ sites: SITES.slice(0, 3), views: 20, days: 70, hidden: ['so-gd-dt'] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await luotd?.end();
  });
  afterEach(() => close_all(browser));

  for (const [theme, viewport, places] of [['light', DESK, PLACES], ['dark', PHONE, PLACES.slice(0, 3)]])
    for (const [query, ready] of places)
      test(`${theme}, ${viewport.width} wide, ?${query}`, async () => {
        const page = await open(browser, { viewport, url: `${luotd.url}/?${query}&theme=${theme}` });
        await page.locator(ready).first().waitFor();
        assert.deepEqual(await barriers(page, ['best-practice']), []);
        if (query !== '') return;
        await page.keyboard.press('?');
        await page.locator('dialog[open]').waitFor();
        assert.deepEqual(await barriers(page, ['best-practice']), [], 'help');
      });
});
