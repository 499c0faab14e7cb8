// An access log read a second time, by a second reader: rule PV-1 (README, "Operate it"), so that the daemon is not its own judge.
import fs from 'node:fs';
import path from 'node:path';
import { corpus } from './luotd.mjs';

const RECORD = /^([^ ]+) ([^ ]+) ([^ ]+) \[([^\]]*)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"( .*)?)?$/s;
const REQUEST = /^([A-Z]+) ([^ ]+) (HTTP\/\d\.\d)$/s;
const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const ASSETS = new Set(('css js mjs map png jpg jpeg jpe gif svg svgz ico cur webp avif bmp tif tiff woff woff2 ttf otf eot ' +
  'mp3 mp4 m4a m4v webm ogg ogv oga wav avi mov mpg mpeg flv swf pdf ps zip gz tgz bz2 xz 7z rar tar exe msi dmg iso deb rpm jar apk bin ' +
  'txt xml json rss rdf atom wasm webmanifest xbm md5 sha1 asc').split(' '));

function time(text) {
  const m = TIME.exec(text);
  if (!m || !MONTHS.includes(m[2])) return null;
  const east = (Number(m[8]) * 60 + Number(m[9])) * 60 * (m[7] === '+' ? 1 : -1);
  return Date.UTC(m[3], MONTHS.indexOf(m[2]), m[1], m[4], m[5], Math.min(m[6], 59)) / 1000 - east;
}

function isAsset(target) {
  const p = target.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '').split(/[?#]/, 1)[0] || '/';
  const last = p.slice(p.lastIndexOf('/') + 1);
  return last.includes('.') && ASSETS.has(last.slice(last.lastIndexOf('.') + 1).toLowerCase());
}

/** The lines of a log: { text, t }; t is null where the line is no record. */
export function readLines(text) {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((raw) => {
    const m = RECORD.exec(raw.endsWith('\r') ? raw.slice(0, -1) : raw);
    return { text: raw, t: m && time(m[4]) };
  });
}

/** The page views of a log: { t, ip, ua, path }, in the log's order. Bytes are kept as latin1 characters. */
export function pageViews(text) {
  const lines = text.split('\n');
  const views = [];
  if (lines.at(-1) === '') lines.pop();
  for (const raw of lines) {
    const m = RECORD.exec(raw.endsWith('\r') ? raw.slice(0, -1) : raw);
    const t = m && time(m[4]);
    const r = m && REQUEST.exec(m[5]);
    if (t == null || !r || !['GET', 'POST'].includes(r[1]) || m[6] !== '200' || isAsset(r[2])) continue;
    views.push({ t, ip: m[1], ua: m[9] ?? '', path: r[2] });
  }
  return views;
}

export const logs = path.join(corpus, 'logs');
export const haveLogs = fs.existsSync(logs);
export const skipped = haveLogs ? false : 'skipped: the corpus of real logs is not here';
export function readLog(name) {
  return fs.readFileSync(path.join(logs, name + '.log'), 'latin1');
}
export function readTruth(name) {
  return JSON.parse(fs.readFileSync(path.join(logs, name + '.truth.json')));
}

const patterns = () => JSON.parse(fs.readFileSync(path.join(corpus, 'ua/crawler-user-agents.patterns.json'))).map((p) => p.pattern);
/** A `bot_list` of the truth's own patterns, written to `file`: what the truth calls a robot is then one. */
export function writeRobots(file) {
  fs.writeFileSync(file, ['luot-list bots 1', ...patterns().map((p) => `bot\trobot\t\t${p}`), ''].join('\n'));
}

/** Those page views that are people's: no pattern of the crawlers' list matches the agent, and there is one. Logs that never say an agent
 * (no `bots` in their truth) tell nobody apart. */
export function peopleOf(views, truth) {
  if (!truth.bots) return views;
  const robots = patterns().map((p) => new RegExp(p));
  const known = new Map();
  const isRobot = (ua) => known.get(ua) ?? known.set(ua, ua === '' || ua === '-' || robots.some((p) => p.test(ua))).get(ua);
  return views.filter((v) => !isRobot(v.ua));
}

const SLOT_S = 12;
/** Visitors online at t by the definition of slots: those whose last slot is younger than the window. */
export function onlineAt(views, t, windowS) {
  const now = Math.floor(t / SLOT_S);
  const from = now - Math.ceil(windowS / SLOT_S);
  const seen = new Set();
  for (const v of views) {
    const slot = Math.floor(v.t / SLOT_S);
    if (v.t <= t && slot > from && slot <= now) seen.add(v.ip + '\0' + v.ua);
  }
  return seen.size;
}

/** Views, visits and visitors a local day (a zone without summer time), by the rules of the contract. */
export function daysOf(views, eastS, idleS = 1800) {
  const days = new Map();
  const last = new Map();
  for (const v of [...views].sort((a, b) => a.t - b.t)) {
    const day = Math.floor((v.t + eastS) / 86400);
    const slot = Math.floor(v.t / SLOT_S);
    const who = v.ip + '\0' + v.ua;
    const before = last.get(who);
    const row = days.get(day) ?? { views: 0, visits: 0, who: new Set() };
    row.views++;
    row.who.add(who);
    if (!before || before.day !== day || slot - before.slot >= Math.ceil(idleS / SLOT_S)) row.visits++;
    last.set(who, { day, slot });
    days.set(day, row);
  }
  return new Map([...days].map(([d, r]) => [new Date(d * 86400000).toISOString().slice(0, 10), { views: r.views, visits: r.visits, visitors: r.who.size }]));
}
