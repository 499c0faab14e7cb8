// Traffic as a portal has it, over every native way in, and a ledger of what must come of it, kept the slow way.
import { dayIn } from './days.mjs';
import { until } from './luotd.mjs';

const SLOT_S = 12;
const IDLE_SLOTS = 1800 / SLOT_S;

/** Numbers that follow from a seed. */
export function randomOf(seed) {
  let state = (seed >>> 0) || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 0x100000000) * n);
  };
}

/** What one site must have counted. Views come in the order of their time. */
export class Ledger {
  constructor(zone) {
    this.dayOf = dayIn(zone);
    this.days = new Map(); // day: { views, visits, who }
    this.minutes = new Map(); // unix minute: views
    this.last = new Map(); // visitor: { slot, day }
    this.views = this.visits = 0;
  }
  view(visitor, t) {
    const day = this.dayOf(t);
    const slot = Math.floor(t / SLOT_S);
    const minute = Math.floor((slot * SLOT_S) / 60);
    const before = this.last.get(visitor);
    const row = this.days.get(day) ?? { views: 0, visits: 0, who: new Set() };
    const visit = !before || before.day !== day || slot - before.slot >= IDLE_SLOTS;
    row.views++;
    row.visits += visit;
    row.who.add(visitor);
    this.days.set(day, row);
    this.last.set(visitor, { slot, day });
    this.minutes.set(minute, (this.minutes.get(minute) ?? 0) + 1);
    this.views++;
    this.visits += visit;
  }
  /** [day, views, visits, visitors], as a report has them. */
  rows() {
    return [...this.days].sort().map(([day, r]) => [day, r.views, r.visits, r.who.size]);
  }
}

const addressOf = (n) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
const agentOf = (n) => `Mozilla/5.0 Firefox/${100 + (n % 7)}.0`;

/** Sends, waits until every line was judged, and only then enters it into the ledgers. */
export class Traffic {
  constructor(luotd, ledgers) {
    Object.assign(this, { luotd, ledgers, sent: 0, over: { post: 0, pixel: 0, udp: 0 } });
    this.inProcess = 0; // lines since this luotd started: its counters begin again with it
  }

  /** A kill or a restart: nothing is under way, since send() waits. */
  restarted() {
    this.inProcess = 0;
  }

  /** Views at `t`, each { site, visitor }; `random` deals them to POST, the pixel and UDP. */
  async send(t, views, random) {
    const ways = { post: [], pixel: [], udp: [] };
    for (const v of views) ways[['udp', 'udp', 'udp', 'udp', 'udp', 'udp', 'post', 'post', 'post', 'pixel'][random(10)]].push(v);
    await Promise.all([...posts(ways.post).map((p) => this.post(p)), ...ways.pixel.map((v) => this.pixel(v)), ...datagrams(ways.udp).map((d) => this.luotd.udp(d))]);
    this.sent += views.length;
    this.inProcess += views.length;
    for (const way of Object.keys(ways)) this.over[way] += ways[way].length;
    for (const v of views) this.ledgers[v.site].view(v.visitor, t);
    await until(`${this.inProcess} lines received`, async () => (await this.luotd.stats()).received >= this.inProcess);
  }

  async post({ visitor, lines }) {
    const r = await this.luotd.request('POST', '/b', { headers: from(visitor), body: lines.join('\n') });
    if (r.status !== 204) throw new Error(`POST /b: ${r.status} ${r.text}`);
  }
  async pixel({ site, visitor }) {
    const r = await this.luotd.request('GET', `/p.gif?s=${site}&p=/p${visitor % 50}`, { headers: from(visitor) });
    if (r.status !== 200) throw new Error(`GET /p.gif: ${r.status} ${r.text}`);
  }
}

const from = (n) => ({ 'X-Forwarded-For': addressOf(n), 'User-Agent': agentOf(n) });

/** One request has one visitor, and up to 64 lines. */
function posts(views) {
  const of = new Map();
  for (const v of views) {
    const lines = of.get(v.visitor) ?? [];
    lines.push(`s=${v.site}&p=/p${v.visitor % 50}`);
    of.set(v.visitor, lines);
  }
  return [...of].flatMap(([visitor, lines]) => Array.from({ length: Math.ceil(lines.length / 64) }, (_, i) => ({ visitor, lines: lines.slice(i * 64, i * 64 + 64) })));
}

/** A line of UDP says who it is about. */
export function datagrams(views) {
  const lines = views.map((v) => `s=${v.site}&p=/p${v.visitor % 50}&i=${addressOf(v.visitor)}&u=${encodeURIComponent(agentOf(v.visitor))}`);
  return Array.from({ length: Math.ceil(lines.length / 64) }, (_, i) => lines.slice(i * 64, i * 64 + 64).join('\n'));
}
