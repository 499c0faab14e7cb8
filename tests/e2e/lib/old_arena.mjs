// Arenas that earlier versions of luotd wrote, kept beside this file: arena-vN.json.gz, of which only what is not zero, with what that luotd
// answered from it. To keep one, before its version is past:
//
//   BUILD=/abs/build/of/that/luotd node lib/old_arena.mjs lib/arena-vN.json.gz
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Clock, Luotd } from './luotd.mjs';

export const CONFIG = ['demo', 'other'].map((key) => `[site ${key}]\npublic = yes\ntimezone = UTC\n`).join('');
export const VISITORS = 24;
const FIRST = Date.parse('2026-05-10T20:00:00Z') / 1000, LAST = FIRST + 14.5 * 3600 + 60;
const BOOT_AT = 80, BOOT_UNKNOWN = Buffer.from('e5c0000000000000', 'hex'); // a header's word: 0, and its check

/** What a luotd answers that must not change when another goes on with its arena. */
export async function answers(luotd) {
  const all = {};
  for (const site of ['demo', 'other']) {
    const { online, periods } = await luotd.snapshot(site);
    all[site] = { online, periods };
    for (const step of ['minute', 'quarter', 'day'])
      all[site][step] = (await luotd.get(`/v1/${site}/series.json?metric=visits&step=${step}&from=${FIRST}&to=${LAST}`)).points;
  }
  return all;
}

export const view = (luotd, site, visitor) => luotd.udp(`s=${site}&p=/&i=10.1.2.${visitor}&u=Firefox`);

const fileOf = (version) => path.join(path.dirname(fileURLToPath(import.meta.url)), `arena-v${version}.json.gz`);

/** { version, seconds, visitors, answers, length, words } */
export const load = (version) => JSON.parse(gunzipSync(fs.readFileSync(fileOf(version))));

/** Puts it where luotd looks for its arena. */
export function put(kept, dir) {
  const fd = fs.openSync(path.join(dir, 'arena'), 'w+', 0o600);
  fs.ftruncateSync(fd, kept.length);
  for (const [at, hex] of kept.words) fs.writeSync(fd, Buffer.from(hex, 'hex'), 0, hex.length / 2, at);
  fs.closeSync(fd);
}

/** Runs of 8 bytes that are not zero. */
function wordsOf(bytes) {
  const runs = [];
  for (let at = 0; at < bytes.length; at += 8) {
    if (bytes.readBigUInt64LE(at) === 0n) continue;
    const from = at;
    while (at < bytes.length && bytes.readBigUInt64LE(at) !== 0n) at += 8;
    runs.push([from, bytes.subarray(from, at).toString('hex')]);
  }
  return runs;
}

async function keep(file) {
  const clock = new Clock(FIRST);
  const luotd = await Luotd.start({ clock, config: CONFIG, args: ['--store=none', '--sites_max=2'] });
  try {
    let sent = 0;
    for (let t = FIRST; t < LAST; t += 900) {
      await luotd.advance(t);
      for (let i = 0; i < (t / 900) % 5; i++, sent++) await view(luotd, i % 4 ? 'demo' : 'other', ((t / 900) * 3 + i * 7) % VISITORS);
      await luotd.received(sent);
    }
    await luotd.advance(LAST);
    for (let i = 0; i < 6; i++, sent++) await view(luotd, 'demo', 20 + (i % 4)); // online
    await luotd.received(sent);
    const kept = { seconds: LAST, answers: await answers(luotd) };
    await luotd.kill9();
    const bytes = fs.readFileSync(path.join(luotd.run, 'arena'));
    BOOT_UNKNOWN.copy(bytes, BOOT_AT); // of no boot that we know of: any machine's
    fs.writeFileSync(file, gzipSync(JSON.stringify({ version: Number(bytes.readBigUInt64LE(16)), length: bytes.length, ...kept, words: wordsOf(bytes) }), { level: 9 }));
  } finally {
    luotd.remove();
    clock.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await keep(process.argv[2]);
