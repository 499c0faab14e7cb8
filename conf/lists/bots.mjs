// Makes bots.list: who is no person.
//   node bots.mjs OUTPUT
// Our own rows come first; then crawler-user-agents, our `person` rows, which stop the search, uap-core's robots among words that many
// robots have in common.
import { parse } from 'yaml';
import { head, isRobots, own, packageFile, parted, row, write } from './lib.mjs';

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
  Sogou: '(Sogou [\\w ]*[Ss]pider)', // Sogou's browsers
  Sonic: '^Sonic', // ViewSonic
  Viber: '^Viber', // pages shown inside Viber
  Fluid: '^Fluid',
  coccoc: 'coccoc(?:bot)?[-/]', // the browser calls itself coccocbrowser, or stands as "coccoc" behind Chrome's version
};

function crawlers() {
  const list = JSON.parse(packageFile('crawler-user-agents', 'crawler-user-agents.json'));
  for (const pattern of Object.keys(NARROWER)) if (!list.some((c) => c.pattern === pattern)) console.warn(`bots.mjs: ${pattern} is not in the list any more`);
  return list.map((c) => [c.pattern, c.pattern in NARROWER ? NARROWER[c.pattern] : c.pattern]).filter(([, p]) => p !== null).map(([name, p]) => row('bot', /^\([^?]/.test(p) && name in NARROWER ? '$1' : nameOf(name), '', p));
}

/** uap-core's robots: names, a row a name, and words that robots have in common, which find a name better than ours do; of words in both
 * cases ("[Bb]ot") whatever the case, so that the pass finds their letters. Yandex's app is no robot. */
function uapRobots() {
  return parse(packageFile('uap-core', 'regexes.yaml'))
    .user_agent_parsers.filter((p) => isRobots(p.regex))
    .flatMap((p) => {
      const names = parted(p.regex);
      if (names.length > 1) return names.filter((name) => !name.startsWith('(Yandex'));
      const plain = p.regex.replace(/\[([A-Za-z])([A-Za-z])\]/g, (both, a, b) => (a.toLowerCase() === b.toLowerCase() ? b.toLowerCase() : both));
      return [plain === p.regex ? plain : `(?i)${plain}`];
    })
    .map((pattern) => row('bot', '$1', '', pattern));
}

// Behind our rows of what stands at an agent's beginning, for there is its name.
const last = own('bots_last.rules');
const at = last.findIndex((line) => line.startsWith('bot\t') && !/\t(\(\?i\))?\^[^\t]*$/.test(line));
write(process.argv[2], [...head('bots', ['crawler-user-agents', 'uap-core']), ...own('bots_first.rules'), ...crawlers(), ...last.slice(0, at), ...uapRobots(), ...last.slice(at)]);
