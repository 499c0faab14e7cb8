// Everybody can use the dashboard: axe finds nothing in it, in either theme, on a phone or a desk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, test } from 'node:test';
import { close_all, DESK, launch, open, PHONE } from './lib/browser.mjs';
import { province, SITES } from './lib/province.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
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

  /** Evaluated by the debugger, so that no policy is in its way. */
  async function barriers(page) {
    await page.evaluate(AXE + ';0');
    const result = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
    return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target + ' ' + n.failureSummary?.split('\n')[1]).join(' | ')}`);
  }

  for (const [theme, viewport, places] of [['light', DESK, PLACES], ['dark', PHONE, PLACES.slice(0, 3)]])
    for (const [query, ready] of places)
      test(`${theme}, ${viewport.width} wide, ?${query}`, async () => {
        const page = await open(browser, { viewport, url: `${luotd.url}/?${query}&theme=${theme}` });
        await page.locator(ready).first().waitFor();
        assert.deepEqual(await barriers(page), []);
        if (query !== '') return;
        await page.keyboard.press('?');
        await page.locator('dialog[open]').waitFor();
        assert.deepEqual(await barriers(page), [], 'help');
      });
});
