// Can everybody read it? Evaluated by the debugger, so that no policy is in its way.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') + ';0';
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']; // 2.1 A and AA; contrast of 4.5 to 1 is one of them

/** What breaks the rules of WCAG, and of `more` sets. */
export async function barriers(page, more = []) {
  await page.evaluate(AXE);
  const result = await page.evaluate((runOnly) => window.axe.run(document, { preload: false, runOnly, resultTypes: ['violations'] }), [...WCAG, ...more]);
  return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target + ' ' + n.failureSummary?.split('\n')[1]).join(' | ')}`);
}
