// What is sent: beacons, HTTP requests and statsd lines, each a file made anew from a fixed seed.
//
// Pages, referrers and agents are of real logs and lists where the corpus is there (CORPUS, default ../shared/corpus), else of a
// generator of our own, whose lines have the same lengths. Either way: 2,400 people's agents and 120 robots' by Zipf's law, one line in
// twenty a robot's; visitors by Zipf's law (bench/pool.h); an address for each of them, from all over the internet.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { build, root } from './servers.mjs';

const CORPUS = path.resolve(root, process.env.CORPUS ?? '../shared/corpus');
const LINES = 65536;
const HEAD = 8192; // bench/pool.h
const PEOPLE = 2400;
const ROBOTS = 120;
const REQUESTS = 8192;
const ZIPF = 0.6; // of visitors

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
function randomFrom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 0 to n - 1, the first ones often: Zipf's law with the exponent 1. */
const zipf = (random, n) => Math.min(n - 1, Math.floor((n + 1) ** random()) - 1);

function shuffled(list, random) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

// --- Of the corpus ---

const LOG_LINE = /^\S+ \S+ \S+ \[[^\]]+\] "GET (\S+) HTTP\/1\.[01]" (?:200|304) \S+ "([^"]*)" "/;
const ASSET = /\.(css|js|png|jpe?g|gif|ico|svg|woff2?|ttf|xml|txt|zip|gz|rpm|pdf|mp4)(\?|$)/i;
const plain = (text, low, high) => text.length >= low && text.length <= high && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text);

function viewsOfLogs(folder) {
  const views = [];
  for (const name of fs.readdirSync(folder).filter((f) => f.endsWith('.log')))
    for (const line of fs.readFileSync(path.join(folder, name), 'latin1').split('\n')) {
      const [, page, referrer] = LOG_LINE.exec(line) ?? [];
      if (page && !ASSET.test(page) && plain(page, 1, 300)) views.push({ page, referrer: plain(referrer, 2, 300) ? referrer : '' });
    }
  return views;
}

function agentsOfLists(folder, random) {
  const people = new Set();
  const robots = new Set();
  for (const name of fs.readdirSync(folder).filter((f) => f.endsWith('.jsonl')))
    for (const line of fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean)) {
      const { ua, bot, browser } = JSON.parse(line);
      if (!plain(ua, 60, 300) || !ua.startsWith('Mozilla/')) continue;
      if (bot === true) robots.add(ua);
      else if (bot === false || browser) people.add(ua);
    }
  for (const ua of robots) people.delete(ua); // lists differ on some
  return { people: shuffled(people, random).slice(0, PEOPLE), robots: shuffled(robots, random).slice(0, ROBOTS) };
}

// --- Our own ---

const FORMS = [
  (v) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${60 + (v % 80)}.0.${v}.0 Safari/537.36`,
  (v) => `Mozilla/5.0 (Linux; Android ${8 + (v % 7)}; SM-A${v}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${60 + (v % 80)}.0.0.0 Mobile Safari/537.36`,
  (v) => `Mozilla/5.0 (iPhone; CPU iPhone OS ${11 + (v % 8)}_${v % 7} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${v % 19}.${v} Mobile/15E148 Safari/604.1`,
  (v) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${v}.0) Gecko/20100101 Firefox/${v}.0`,
  (v) => `Mozilla/5.0 (Linux; Android 13; V${v}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 Zalo android/12${v}`,
  (v) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/${v}.0.0 Chrome/119.0.0.0 Safari/537.36`,
];
const REFERRERS = ['', '', '', 'https://www.google.com/', 'https://www.google.com/', 'https://coccoc.com/search?query=lich', 'https://www.bing.com/', 'https://m.facebook.com/', 'https://zalo.me/', 'https://soyte.example.gov.vn/tin-tuc/chi-tiet'];

function ownViews(random) {
  return Array.from({ length: 4000 }, () => ({ page: `/tin-tuc/bai-viet-${String(zipf(random, 1000)).padStart(6, '0')}`, referrer: REFERRERS[Math.floor(random() * REFERRERS.length)] }));
}

const ownAgents = () => ({
  people: Array.from({ length: PEOPLE }, (_, i) => FORMS[i % FORMS.length](100 + Math.floor(i / FORMS.length))),
  robots: Array.from({ length: ROBOTS }, (_, i) => `Mozilla/5.0 (compatible; Googlebot/2.${i}; +http://www.google.com/bot.html)`),
});

// --- Lines ---

/** bench/pool.h has the same. */
export function addressOf(visitor) {
  const mixed = (visitor * 7368787) % (119 * 156 ** 3); // below 2^53 up to a thousand million visitors
  let first = 101 + (mixed % 119);
  for (const none of [127, 169, 192, 198]) first += first >= none ? 1 : 0;
  const rest = [119, 119 * 156, 119 * 156 ** 2].map((d) => 100 + (Math.floor(mixed / d) % 156));
  return [first, ...rest].join('.');
}

/** Everything that lines are made of, and `lines(visitors)`. */
function material() {
  const random = randomFrom(1);
  const real = fs.existsSync(path.join(CORPUS, 'logs')) && fs.existsSync(path.join(CORPUS, 'ua'));
  const views = real ? viewsOfLogs(path.join(CORPUS, 'logs')) : ownViews(random);
  const agents = real ? agentsOfLists(path.join(CORPUS, 'ua'), random) : ownAgents();
  // Every agent has a visitor in the head; who is left has one by Zipf's law. Robots are one in twenty.
  const robotic = Array.from({ length: Math.floor(HEAD / 20) }, (_, i) => agents.robots[i % agents.robots.length]);
  const human = Array.from({ length: HEAD - robotic.length }, (_, i) => agents.people[i < agents.people.length ? i : zipf(random, agents.people.length)]);
  return { source: real ? 'logs and agents of the corpus' : "the generator's own", views, agents: shuffled([...robotic, ...human], random) };
}

const escape = (text) => encodeURIComponent(text);

function view(of, visitors, random) {
  const visitor = Math.min(visitors - 1, Math.floor(visitors * random() ** (1 / (1 - ZIPF))));
  const { page, referrer } = of.views[Math.floor(random() * of.views.length)];
  const agent = of.agents[visitor % HEAD];
  const screen = [1920, 1366, 390, 412][visitor % 4];
  const language = visitor % 16 ? 'vi-VN' : 'en-US';
  const query = `s=demo&p=${escape(page)}${referrer ? `&r=${escape(referrer)}` : ''}`;
  return { visitor, page, referrer, agent, screen, language, query };
}

function beacons(of, visitors) {
  const random = randomFrom(visitors);
  return Array.from({ length: LINES }, () => {
    const v = view(of, visitors, random);
    return [v.visitor, `${v.query}&i=${addressOf(v.visitor)}&u=${escape(v.agent)}&w=${v.screen}&l=${v.language}`];
  });
}

const poolText = (visitors, lines) => `visitors ${visitors}\n` + lines.map(([who, text]) => `${who}\t${text}\n`).join('');

/** A page's count as statsd has it: what a portal would send that counts with collectd or netdata. */
const statsd = (random) => Array.from({ length: LINES }, () => [0, `portal.tin-tuc.bai-viet-${String(zipf(random, 1000)).padStart(6, '0')}:1|c`]);

// --- Requests: a browser's, through a proxy that says who the visitor is ---

function head(method, target, v, more = []) {
  return [
    `${method} ${target} HTTP/1.1`,
    'Host: count.example.gov.vn',
    'Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    'Accept-Encoding: gzip, deflate, br, zstd',
    `Accept-Language: ${v.language},vi;q=0.9,fr-FR;q=0.8,fr;q=0.7,en-US;q=0.6,en;q=0.5`,
    'Referer: https://www.example.gov.vn/tin-tuc/bai-viet-000123',
    'Sec-Fetch-Dest: image',
    'Sec-Fetch-Mode: no-cors',
    'Sec-Fetch-Site: same-site',
    `User-Agent: ${v.agent}`,
    'sec-ch-ua: "Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'sec-ch-ua-platform: "Windows"',
    `X-Forwarded-For: ${addressOf(v.visitor)}`,
    ...more,
    '\r\n',
  ].join('\r\n');
}

const pixel = (v) => `/p.gif?${v.query}&w=${v.screen}&l=${v.language}`;

const REQUEST = {
  pixel: (v) => head('GET', pixel(v), v, ['Connection: keep-alive']),
  close: (v) => head('GET', pixel(v), v, ['Connection: close']),
  widget: (v) => head('GET', '/v1/demo/widget.json', v, ['Connection: keep-alive']),
  post: (v, next) => {
    const body = Array.from({ length: 10 }, () => `${next().query}&w=${v.screen}&l=${v.language}`).join('\n');
    return head('POST', '/b', v, ['Content-Type: text/plain;charset=UTF-8', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: keep-alive']) + body;
  },
};

// --- Files ---

function keep(name, text, what) {
  const file = path.join(build, 'bench', name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return { file, sha256: createHash('sha256').update(text).digest('hex'), bytes_mean: Math.round(what.reduce((sum, t) => sum + Buffer.byteLength(t), 0) / what.length) };
}

/** Makes the files; { source, agents, beacons: {VISITORS: file}, requests: {NAME: file}, statsd: file }, each file with its sha256. */
export function makeInputs(visitors = [10000, 1000000]) {
  const of = material();
  const made = { source: of.source, agents: new Set(of.agents).size, pages: new Set(of.views.map((v) => v.page)).size, beacons: {}, requests: {} };
  for (const n of visitors) {
    const lines = beacons(of, n);
    made.beacons[n] = keep(`beacons_${n}.txt`, poolText(n, lines), lines.map(([, text]) => text));
  }
  for (const [name, write] of Object.entries(REQUEST)) {
    const random = randomFrom(name.length);
    const next = () => view(of, 10000, random);
    const list = Array.from({ length: REQUESTS }, () => write(next(), next));
    made.requests[name] = keep(`${name}.requests`, list.join('\0'), list);
  }
  const lines = statsd(randomFrom(7));
  made.statsd = keep('statsd.txt', poolText(HEAD, lines), lines.map(([, text]) => text));
  return made;
}
