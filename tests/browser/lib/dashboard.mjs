// A province and its dashboard, for the tests of a `describe`, which calls this first.
import { after, afterEach, before } from 'node:test';
import { close_all, launch, open } from './browser.mjs';
import { province, SITES } from './province.mjs';

export const vi = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '.');
export const plain = (text) => text.replace(/\s+/g, ' ').trim();
/** What the page's address says, as the page knows it: playwright hears of a new one later. */
export const inUrl = (page, name) => page.evaluate((key) => new URLSearchParams(location.search).get(key), name);
export const texts = async (locator) => (await locator.allTextContents()).map(plain);

export function dashboard_scene(views) {
  const scene = {
    async dashboard(query = '', options = {}) {
      const page = await open(scene.browser, { url: `${scene.luotd.url}/${query}`, ...options });
      await page.locator('h1').waitFor();
      return page;
    },
    async series(site, metric, step, from, to) {
      return (await scene.luotd.get(`/v1/${site}/series.json?metric=${metric}&step=${step}&from=${from}&to=${to}`)).points;
    },
  };
  before(async () => {
    scene.luotd = await province({ sites: SITES.slice(0, 5), views, days: 90 });
    scene.browser = await launch();
  });
  after(async () => {
    await scene.browser?.close();
    await scene.luotd?.end();
  });
  afterEach(() => close_all(scene.browser));
  return scene;
}
