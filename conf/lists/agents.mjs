// Makes agents.list: what a User-Agent says of a browser, a system and a device.
//   node agents.mjs OUTPUT
// In this order, for the first row of a kind that matches is the answer: our own rows that must win, uap-core, mobile-detect's tablets,
// our own rows for what is left.
import { parse } from 'yaml';
import { alternatives, branches, head, isRobots, own, packageFile, row, write } from './lib.mjs';

const uap = parse(packageFile('uap-core', 'regexes.yaml'));

// uap-core's words for what its makers call otherwise by now.
const SYSTEM = { 'Mac OS X': 'macOS', 'ATV OS X': 'tvOS', WatchOS: 'watchOS' };
// Systems whose first number is a version that people know. Of the others only the name is kept: macOS says 10.15 for ever.
const VERSIONED = new Set(['Windows', 'Android', 'iOS', 'Windows Phone', 'HarmonyOS', 'Tizen', 'KaiOS', 'watchOS', 'tvOS', '$1']);

/** A word of digits alone cannot be looked for (README.md), and 008 is a robot that bots.list has. */
const without008 = (regex) => regex.replace('\\b(008|', '\\b(');

function browsers() {
  return uap.user_agent_parsers
    .filter((p) => !isRobots(p.regex))
    .map((p) => row('browser', p.family_replacement ?? '$1', p.v1_replacement ?? '$2', without008(p.regex)));
}

function systems() {
  return uap.os_parsers.map((p) => {
    const name = p.os_replacement ?? '$1';
    const major = p.os_v1_replacement === '8' && p.os_v2_replacement === '1' ? '8.1' : (p.os_v1_replacement ?? '$2');
    return row('system', SYSTEM[name] ?? name, VERSIONED.has(name) ? major : '', p.regex);
  });
}

/** The package is a script; the rules are an object literal in it that is JSON. They are taken for Android only, and what looks around
 * ("Tablet, but no PC") is left out: it is about no Android, or is in other rules too. */
function tablets() {
  const text = packageFile('mobile-detect', 'mobile-detect.js');
  const [, json] = /"tablets": (\{[^}]*\})/.exec(text);
  return Object.values(JSON.parse(json))
    .flatMap(alternatives)
    .map((p) => p.replace(/^(\\b)?Android\.\*/, ''))
    .filter((p) => !/\(\?[=!<]|\^|\$|Android/.test(p))
    .flatMap((p) => branches(`(?i)${p}`))
    .map((p) => row('device', 'tablet', 'Android', p));
}

write(process.argv[2], [
  ...head('agents', ['uap-core', 'mobile-detect']),
  ...own('agents_first.rules'),
  ...browsers(),
  ...systems(),
  ...tablets(),
  ...own('agents_last.rules'),
]);
