// What luotd takes from the machine: its own memory, and what the arena's file on tmpfs holds.
import dgram from 'node:dgram';
import fs from 'node:fs';
import path from 'node:path';
import { check, drained } from './lib/measure.mjs';
import { say } from './lib/run.mjs';
import { load, Luotd, siteConfig } from './lib/servers.mjs';
import { backedBytes, memoryOf, until } from './lib/system.mjs';

const SITES = [1, 100, 1000];
const EXACT = 300000; // visitors: below the 393,216 that are counted exactly
const MILLIONS = 10000000;
const PASSES = 4;
const PEOPLE = 0.95; // of the lines of lib/input.mjs

export const siteKey = (i) => `site${String(i).padStart(4, '0')}`;
export const sitesConfig = (n) => Array.from({ length: n }, (_, i) => siteConfig(siteKey(i))).join('');

/** One view on each of n sites, each by another visitor. */
export async function visitEachSite(luotd, n) {
  const socket = dgram.createSocket('udp4');
  const lines = Array.from({ length: n }, (_, i) => `s=${siteKey(i)}&p=/&i=10.1.${i >> 8}.${i & 255}&u=Firefox`);
  for (let at = 0; at < n; at += 50)
    await new Promise((done, fail) => socket.send(lines.slice(at, at + 50).join('\n'), luotd.port, '127.0.0.1', (e) => (e ? fail(e) : done())));
  socket.close();
  const counts = await until('all sites visited', async () => {
    const c = await luotd.counts();
    return c.received >= n && c;
  });
  check(counts.received === n && counts.views === n, `${n} sites: received ${counts.received}, counted ${counts.views} views`);
}

/** Until the keeper has looked at every site and the saver has kept what changed. */
async function settle(luotd) {
  const saves = async () => (await luotd.stats()).store.saves;
  const before = await saves();
  await until('two more saves, or quiet', async () => (await saves()) >= before + 2 || (await luotd.stats()).uptime_s >= 4, 100);
}

/** The table of countries is a file beside the arena, mapped: memory of luotd's own all the same. */
function taken(luotd) {
  const { rss, pss, own: without } = memoryOf(luotd.pid);
  const countries = path.join(path.dirname(luotd.arena), 'countries');
  const own = without + (fs.existsSync(countries) ? backedBytes(countries) : 0);
  const arena = backedBytes(luotd.arena);
  return { rss, pss, own, arena, together: own + arena };
}

async function ofSites(n) {
  say(`memory: ${n} sites`);
  const luotd = await Luotd.start(sitesConfig(n));
  await visitEachSite(luotd, n);
  await settle(luotd);
  const figures = taken(luotd);
  await luotd.stop();
  return figures;
}

/** `count` visitors of one site, and their share of robots, a beacon each. Where many are lost, because luotd or a machine that others use
 * was slower than that, they are all sent once more at half the rate. */
async function newVisitors(luotd, input, count, rate) {
  let today;
  for (let pass = 0; pass < PASSES; pass++) {
    await load(luotd.port, count / PEOPLE, { lines: 10, rate: rate / 2 ** pass, each: Math.round(count / PEOPLE), input });
    await drained(luotd.port);
    await luotd.quiet();
    await settle(luotd);
    ({ today } = (await luotd.ask('snapshot demo')).periods);
    if (today.visitors >= (0.98 - 4 * today.error) * count) return today;
  }
  check(false, `memory: of ${count} visitors ${today.visitors} were counted, after ${PASSES} passes`);
  return today;
}

/** Arena bytes a visitor while exact, beyond a site that has 4,000 of them. */
async function exact(input) {
  say(`memory: ${EXACT} visitors`);
  const luotd = await Luotd.start();
  const few = await newVisitors(luotd, input, 4000, 20000);
  const small = taken(luotd);
  const today = await newVisitors(luotd, input, EXACT, 60000);
  const large = taken(luotd);
  check(today.exact, 'memory: the visitors are not exact any more');
  await luotd.stop();
  return { visitors: today.visitors, bytes_each: (large.arena - small.arena) / (today.visitors - few.visitors), arena: large.arena };
}

async function millions(input) {
  say(`memory: ${MILLIONS} visitors`);
  const luotd = await Luotd.start();
  const { visitors, error } = await newVisitors(luotd, input, MILLIONS, 800000);
  const figures = taken(luotd);
  await luotd.stop();
  return { ...figures, visitors, error };
}

export async function memory(pairs, inputs) {
  const figures = { sites: {} };
  for (const n of SITES) figures.sites[n] = await ofSites(n);
  figures.exact = await exact(inputs.beacons[10000].file);
  figures.millions = await millions(inputs.beacons[10000].file);
  say('');
  return figures;
}
