// A run of several servers in turn, and its tables.
import { execFileSync } from 'node:child_process';
import { root } from './servers.mjs';
import { CLIENT_CPU, machine, SERVER_CPU } from './system.mjs';

/** What is under way, on a terminal. */
export const say = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** Pairs: a, b, b, a, a, b, … so that what drifts hits both. */
export async function inTurn(name, pairs, runs) {
  const results = runs.map(() => []);
  for (let pair = 0; pair < pairs; pair++) {
    const order = runs.map((_, i) => i);
    if (pair % 2) order.reverse();
    for (const i of order) {
      say(`${name}: pair ${pair + 1} of ${pairs}`);
      results[i].push(await runs[i]());
    }
  }
  say('');
  return results;
}

export const n = (x, digits = 0) => (x === null || x === undefined || Number.isNaN(x) ? '-' : x.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
export const percent = (x, digits = 1) => `${n(100 * x, digits)} %`;
export const mib = (x) => n(x / 2 ** 20, 1);
export const range = (s, digits) => `${n(s.median, digits)} (${n(s.min, digits)}..${n(s.max, digits)})`;

export function table(head, rows) {
  const all = [head, ...rows];
  const wide = head.map((_, c) => Math.max(...all.map((r) => r[c].length)));
  const line = (r) => '| ' + r.map((cell, c) => (c ? cell.padStart(wide[c]) : cell.padEnd(wide[c]))).join(' | ') + ' |';
  console.log([line(head), '|' + wide.map((w, c) => (c ? '-'.repeat(w + 1) + ':' : '-'.repeat(w + 2))).join('|') + '|', ...rows.map(line), ''].join('\n'));
}

const git = (...args) => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
};

/** What is measured where: said first, and the beginning of what JSON keeps. */
export function begin(pairs) {
  const commit = git('rev-parse', '--short', 'HEAD') || 'unknown';
  const dirty = git('status', '--porcelain') !== '';
  const result = { date: new Date().toISOString(), commit, dirty, machine: machine(), pairs };
  const { cpu, cores, memory_mib, kernel } = result.machine;
  console.log(`luot ${commit}${dirty ? ' with changes' : ''}, ${result.date.slice(0, 16)}Z: ${cores} cores of ${cpu}, ${n(memory_mib)} MiB, Linux ${kernel}`);
  console.log(`Server on cpu ${SERVER_CPU}, client on cpu ${CLIENT_CPU}, loopback. Medians of ${pairs} pairs in turn (smallest..largest);`);
  return result;
}
