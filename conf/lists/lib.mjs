// What the scripts of this folder share. A list is text, one row a line, its fields parted by a tab:
//   KIND  NAME  MAJOR  PATTERN
// README.md says what the fields mean.
import fs from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;

export function packageFile(name, file) {
  return fs.readFileSync(path.join(here, 'node_modules', name, file), 'utf8');
}

function versionOf(name) {
  return JSON.parse(packageFile(name, 'package.json')).version;
}

/** The first lines of a list: its format, and what it is made of. */
export function head(kind, packages) {
  return [`luot-list ${kind} 1`, ...packages.map((name) => `# from ${name} ${versionOf(name)}; its licence is in licences.txt`)];
}

export function row(kind, name, major, pattern) {
  const fields = [kind, name, major, pattern];
  for (const field of fields) if (/[\t\n]/.test(field)) throw new Error(`a tab or line feed in ${JSON.stringify(fields)}`);
  return fields.join('\t');
}

/** Of uap-core: a row that is a list of robots, or a word of robots. It is the bots list's. */
export const isRobots = (pattern) => /CSimpleSpider|\[Bb\]ot|\[Ss\]\[?[Pp]/.test(pattern);

/** The alternatives of a pattern, parted at the bars outside of groups and classes. */
export function alternatives(pattern) {
  const parts = [''];
  let depth = 0;
  for (const token of pattern.match(/\\.|\[(?:\\.|[^\]])*\]|[^]/g) ?? []) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (token === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}

/** A pattern as many small ones, of which one matches where it does: luot looks for the plain words in each, and tries no large one for a
 * small word. Goes into `\b(?:A|B)\b`. */
export function branches(pattern) {
  const caseless = pattern.startsWith('(?i)') ? '(?i)' : '';
  const go = (p) => {
    const parts = alternatives(p);
    if (parts.length > 1) return parts.flatMap(go);
    const m = /^((?:\\b)?)\((?:\?:)?(?!\?)(.*)\)((?:\\b)?)$/.exec(p);
    if (!m || !isWhole(m[2])) return [p];
    return alternatives(m[2]).flatMap((inner) => go(m[1] + inner + m[3]));
  };
  return [...new Set(go(pattern.slice(caseless.length)))].map((p) => caseless + p);
}

/** `(A|B|C)/(\d+)` of many names as a pattern a name, for the same reason. Its captures stay what they were. */
export function parted(pattern) {
  let end = 0;
  while (end < pattern.length && !(pattern[end] === ')' && isWhole(pattern.slice(0, end + 1)))) end++;
  const inner = pattern.slice(1, end);
  const names = alternatives(inner);
  if (!/^\((?!\?)/.test(pattern) || /(?<!\\)\((?!\?)/.test(inner) || names.length <= 8 || alternatives(pattern).length > 1) return [pattern];
  return names.map((name) => `(${name})${pattern.slice(end + 1)}`);
}

/** Are its parentheses pairs? `A)(B` is the inside of no group. */
function isWhole(pattern) {
  let depth = 0;
  for (const token of pattern.match(/\\.|\[(?:\\.|[^\]])*\]|[^]/g) ?? []) {
    if (token === '(') depth++;
    if (token === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

/** Rows that are ours. In their files any run of blanks after KIND, NAME and MAJOR parts the fields; `-` is an empty field, `_` a blank. */
export function own(file) {
  const rows = [];
  for (const line of fs.readFileSync(path.join(here, file), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const m = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S.*)$/.exec(line);
    if (!m) throw new Error(`${file}: KIND NAME MAJOR PATTERN expected: ${line}`);
    const [, kind, name, major, pattern] = m.map((field) => (field === '-' ? '' : field));
    const patterns = /\$\d/.test(name + major) ? [pattern] : branches(pattern);
    rows.push(...patterns.map((p) => row(kind, name.replaceAll('_', ' '), major, p)));
  }
  return rows;
}

export function write(file, lines) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, lines.join('\n') + '\n');
}
