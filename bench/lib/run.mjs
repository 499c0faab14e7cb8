// A run of several servers in turn, and its tables.
import { execFileSync } from 'node:child_process';
import { root } from './servers.mjs';
import { CLIENT_CPU, machine, SERVER_CPU } from './system.mjs';

/** Debian's packages of what runs beside luot, and of the compiler. */
function versions() {
  const of = {};
  for (const name of ['gcc', 'nginx-light', 'wrk', 'redis-server', 'collectd-core', 'netdata-core', 'php8.2-fpm', 'mariadb-server-core', 'valgrind'])
    try {
      of[name] = execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      // not here, or not Debian
    }
  return of;
}

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
      results[i].push(await runs[i](pair));
    }
  }
  say('');
  return results;
}

export const n = (x, digits = 0) => (x === null || x === undefined || Number.isNaN(x) ? '-' : x.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
export const percent = (x, digits = 1) => `${n(100 * x, digits)} %`;
export const mib = (x) => n(x / 2 ** 20, 1);
export const range = (s, digits) => (s.min === s.max ? n(s.median, digits) : `${n(s.median, digits)} (${n(s.min, digits)}..${n(s.max, digits)})`);

/** A table of markdown; the first column is left, the others right. */
export function table(head, rows) {
  const all = [head, ...rows];
  const wide = head.map((_, c) => Math.max(...all.map((r) => r[c].length)));
  const line = (r) => '| ' + r.map((cell, c) => (c ? cell.padStart(wide[c]) : cell.padEnd(wide[c]))).join(' | ') + ' |';
  return [line(head), '|' + wide.map((w, c) => (c ? '-'.repeat(w + 1) + ':' : '-'.repeat(w + 2))).join('|') + '|', ...rows.map(line), ''].join('\n');
}

const git = (...args) => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
};

/** What is measured where: the beginning of what JSON keeps. */
export function begin(pairs) {
  const commit = git('rev-parse', '--short', 'HEAD') || 'unknown';
  const dirty = git('status', '--porcelain') !== '';
  return { date: new Date().toISOString(), commit, dirty, machine: machine(), versions: versions(), pairs };
}

/** The same as two lines. */
export function head({ date, commit, dirty, machine: m, versions: v, pairs }) {
  const programs = Object.entries(v).map(([name, version]) => `${name} ${version}`).join(', ');
  return [
    `luot ${commit}${dirty ? ' with changes' : ''}, ${date.slice(0, 16)}Z: ${m.cores} cores of ${m.cpu}, ${n(m.memory_mib)} MiB, Linux ${m.kernel}; ${programs}.`,
    `Server on cpu ${SERVER_CPU}, client on cpu ${CLIENT_CPU}, loopback. Medians of ${pairs} pairs in turn (smallest..largest).`,
  ].join('\n');
}
