// luot's figures, measured beside their baselines in one run, and one table of what was aimed at. What each means: README.md here.
//
//   node bench/figures.mjs [--pairs N] [--only udp,http,peers,portals,workers,memory,start,instructions] [--json FILE] [--readme]
//
// BUILD is the build folder (default build). Loopback only; every run is bounded in count or time; exit 1 when a run did not count
// every line that it received. --json: where everything that was measured goes (default bench/results.json); --readme puts the table
// into README.md, too, between its two markers.
import fs from 'node:fs';
import path from 'node:path';
import { http } from './http.mjs';
import { instructions } from './instructions.mjs';
import { memory } from './memory.mjs';
import { peers } from './peers.mjs';
import { portals } from './portals.mjs';
import { startUp } from './start.mjs';
import { udp } from './udp.mjs';
import { workers } from './workers.mjs';
import { makeInputs } from './lib/input.mjs';
import { wrong } from './lib/measure.mjs';
import { begin, head, table } from './lib/run.mjs';
import { root } from './lib/servers.mjs';
import { leaveTheServersCore } from './lib/system.mjs';
import { rowsOf } from './lib/targets.mjs';

const SECTIONS = { udp, http, peers, portals, workers, memory, start: startUp, instructions };

const options = { pairs: 7, only: Object.keys(SECTIONS), json: path.join(root, 'bench/results.json'), readme: false };
for (let i = 2; i < process.argv.length; i++) {
  const [name, value] = process.argv.slice(i, i + 2);
  if (name === '--readme') options.readme = true;
  else if (name === '--pairs' && value > 0) options.pairs = Number(process.argv[++i]);
  else if (name === '--json' && value) options.json = process.argv[++i];
  else if (name === '--only' && value?.split(',').every((s) => s in SECTIONS)) options.only = process.argv[++i].split(',');
  else {
    console.error(`usage: figures.mjs [--pairs N] [--only ${Object.keys(SECTIONS).join(',')}] [--json FILE] [--readme]`);
    process.exit(64);
  }
}

process.on('uncaughtException', (error) => {
  console.error(`\nfigures: ${error.message}`);
  process.exit(1);
});

/** Between the markers of README.md. */
function intoReadme(text) {
  const file = path.join(root, 'bench/README.md');
  const readme = fs.readFileSync(file, 'utf8');
  const parts = /^([^]*<!-- figures -->\n)[^]*(\n<!-- end of figures -->[^]*)$/.exec(readme);
  if (!parts) throw new Error('bench/README.md has no lines `<!-- figures -->` and `<!-- end of figures -->`');
  fs.writeFileSync(file, parts[1] + text + parts[2]);
}

leaveTheServersCore();
const result = begin(options.pairs);
result.inputs = makeInputs();
for (const section of options.only) {
  try {
    result[section] = await SECTIONS[section](options.pairs, result.inputs);
  } catch (error) {
    wrong.push(`${section}: ${error.message}`); // the others' figures are still worth having
  }
  console.error(`${section}: done, ${Math.round((Date.now() - Date.parse(result.date)) / 1000)} s since the start`);
}
result.seconds = (Date.now() - Date.parse(result.date)) / 1000;
result.table = rowsOf(result);
result.wrong = wrong;
const columns = ['work', 'luot', 'beside', 'ratio', 'must', 'stretch', 'reached'];
const text = [
  head(result),
  '',
  table(['CPU of the server, unless it is said', 'luot', 'beside it', 'luot / it', 'must', 'stretch', 'reached'], result.table.map((r) => columns.map((c) => r[c]))),
  ...wrong.map((sentence) => `WRONG: ${sentence}\n`),
].join('\n');
console.log(text);
fs.writeFileSync(options.json, JSON.stringify(result, null, 1) + '\n');
if (options.readme) intoReadme(text);
process.exit(wrong.length > 0 ? 1 : 0);
