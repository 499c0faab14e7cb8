// Rules of WCAG 2.1 A and AA; contrast of 4.5 to 1 is one of them. Evaluated by the debugger, so that no policy is in its way.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export async function barriers(page) {
  await page.evaluate(fs.readFileSync(AXE, 'utf8') + ';0');
  const result = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`);
}
