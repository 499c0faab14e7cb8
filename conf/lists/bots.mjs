// Makes bots.list: who is no person.
//   node bots.mjs OUTPUT
// Our own rows come first, since a `person` row stops the search; then crawler-user-agents, then words that many
// robots have in common.
import { head, own, packageFile, row, write } from './lib.mjs';

/** A name to show, from a pattern: what the pattern matches in its plainest case. */
export function nameOf(pattern) {
  const name = pattern
    .replace(/^\^|\$$/g, '')
    .replace(/\(\?[:!=][^)]*\)/g, '')
    .replace(/\[([^\]])[^\]]*\]/g, '$1')
    .replace(/\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)/g, '$1')
    .replace(/\\[dswb][*+?]?|[.*+?]+$/g, '')
    .replace(/\\(.)/g, '$1')
    .replace(/[\s/;:,(-]+$/g, '')
    .trim();
  return name === '' ? pattern : name;
}

// Patterns of the package that also match what people use: `null` leaves one out, another pattern stands for it.
const NARROWER = {
  'AP3A\\.240617\\.008': null, // a build of Android 15, on many phones
  Butterfly: 'Butterfly/', // HTC Butterfly
  Sogou: 'Sogou [\\w ]*[Ss]pider', // Sogou's browsers
  Sonic: '^Sonic', // ViewSonic
  Viber: '^Viber', // pages shown inside Viber
  Fluid: '^Fluid',
  coccoc: 'coccoc(?:bot)?[-/]', // the browser calls itself coccocbrowser, or stands as "coccoc" behind Chrome's version
};

function crawlers() {
  const list = JSON.parse(packageFile('crawler-user-agents', 'crawler-user-agents.json'));
  for (const pattern of Object.keys(NARROWER)) if (!list.some((c) => c.pattern === pattern)) console.warn(`bots.mjs: ${pattern} is not in the list any more`);
  return list.map((c) => [c.pattern, c.pattern in NARROWER ? NARROWER[c.pattern] : c.pattern]).filter(([, p]) => p !== null).map(([name, p]) => row('bot', nameOf(name), '', p));
}

write(process.argv[2], [...head('bots', ['crawler-user-agents']), ...own('bots_first.rules'), ...crawlers(), ...own('bots_last.rules')]);
