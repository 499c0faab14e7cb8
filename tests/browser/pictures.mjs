// `make pictures`: the pictures of README's first screen, made of the real luotd and its box and dashboard. node pictures.mjs FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { luotctl } from '../e2e/lib/ctl.mjs';
import { Luotd } from '../e2e/lib/luotd.mjs';
import { filled, launch, open } from './lib/browser.mjs';
import { page as portal_page, Portal } from './lib/portal.mjs';
import { as_usual, province } from './lib/province.mjs';

const folder = process.argv[2];
const geo = process.env.COUNTRY_DB && fs.existsSync(process.env.COUNTRY_DB) ? process.env.COUNTRY_DB : 'none';
const luotd = await province({ views: as_usual(0.55), args: [`--geo_db=${geo}`] });
const counter = await Luotd.start({ config: '[site tra-cu]\nany_host = yes\n' });
const browser = await launch();
try {
  const dashboard = await open(browser, { viewport: { width: 1200, height: 840 }, url: `${luotd.url}/?site=cong-tinh&lang=vi&theme=light` });
  await dashboard.locator('.bars tr').nth(3).waitFor();
  await dashboard.locator('.now .day .change:not(.none)').nth(1).waitFor();
  await dashboard.screenshot({ path: path.join(folder, 'dashboard.png') });

  // The box of the first example: an old counter's numbers, and the first visitor since.
  await luotctl(counter, ['seed', 'tra-cu', '--metric', 'visits', '--total', '50509', '--week', '83', '--today', '1']);
  const luot = `http://${counter.host}:${counter.port}`;
  const portal = await Portal.start({ '/': portal_page({ luot, tag: 'data-site="tra-cu"', head: `<link rel="stylesheet" href="${luot}/widget.css">` }) });
  const box = await open(browser, { viewport: { width: 420, height: 400 }, deviceScaleFactor: 2, colorScheme: 'light', url: portal.url });
  await filled(box);
  await box.locator('[data-luot-box]').screenshot({ path: path.join(folder, 'box.png') });
  await portal.stop();
} finally {
  await browser.close();
  await luotd.end();
  await counter.stop();
}
