// 72 hours of traffic on the stepped clock, three midnights in each zone: exact days, and a luotd that is as small at the end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Clock, Luotd, sums, until } from './lib/luotd.mjs';
import { missing, Redis } from './lib/redis.mjs';
import { datagrams, Ledger, randomOf, Traffic } from './lib/traffic.mjs';

// `make soak` sends more in each quarter-hour, and drives one site beyond what is counted exactly.
const RATE = Number(process.env.QUARTER ?? 60); // views a quarter-hour
const CROWD = Number(process.env.CROWD ?? 0); // visitors of one more site, in the first hour
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const HOURS = 72;
const STEPS = 3; // instants of a quarter-hour at which somebody comes
const START = Date.UTC(2026, 10, 20, 9) / 1000;
const SITES = { hue: 'Asia/Ho_Chi_Minh', berlin: 'Europe/Berlin', kathmandu: 'Asia/Kathmandu', honolulu: 'Pacific/Honolulu' };
const WARM_UP_H = 24; // of the 72; what is new is touched for the first time in them
const SLOPE_MIB = 0.5; // a simulated day
const CONFIG = [...Object.entries(SITES), ['crowd', 'Etc/GMT+12']].map(([s, zone]) => `[site ${s}]\nany_host = yes\npublic = yes\ntimezone = ${zone}\n`).join('');
const PLAIN = !/address|thread/.test(path.basename(build));

const open = ({ pid }) => fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)).sort().join(' ');

/** What the process takes of the machine, when nobody speaks to it. */
async function sample(luotd, fds) {
  luotd.agent?.destroy();
  luotd.agent = null;
  await until('nobody connected', async () => /^luot_http_connections 0$/m.test(await luotd.ask('metrics')));
  const of = () => fs.readdirSync(`/proc/${luotd.pid}/fd`).length;
  // One less while a connection to a slow server is made anew; never more.
  if (fds !== undefined)
    await until(`at most ${fds} descriptors`, () => of() <= fds).catch((e) => {
      throw new Error(`${e.message}: ${open(luotd)}`);
    });
  const status = fs.readFileSync(`/proc/${luotd.pid}/status`, 'utf8');
  const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { fds: of(), threads: kib('Threads'), rss: kib('VmRSS') / 1024, own: kib('RssAnon') / 1024 };
}

/** Least squares: how much a day. */
function slope(points) {
  const mean = (f) => points.reduce((a, p) => a + f(p), 0) / points.length;
  const x = mean((p) => p[0]), y = mean((p) => p[1]);
  return points.reduce((a, p) => a + (p[0] - x) * (p[1] - y), 0) / points.reduce((a, p) => a + (p[0] - x) ** 2, 0);
}

/** So many visitors that they are no longer counted one by one. */
async function crowd(luotd, traffic) {
  for (let at = 0; at < CROWD; at += 4096) {
    const views = Array.from({ length: Math.min(4096, CROWD - at) }, (_, i) => ({ site: 'crowd', visitor: at + i }));
    for (const d of datagrams(views)) await luotd.udp(d);
    traffic.inProcess += views.length;
    await until('the crowd', async () => (await luotd.stats()).received >= traffic.inProcess);
  }
}

/** Everything that luotd opens once is open; nobody is connected. */
async function settled(luotd, traffic, clock) {
  await traffic.send(clock.seconds, [{ site: 'hue', visitor: 1 }], () => 0); // over UDP
  const saves = (await luotd.stats()).stores.map((s) => s.saves);
  await until('both stores', async () => (await luotd.stats()).stores.every((s, i) => s.durable && s.saves > saves[i]));
  await luotd.json('report hue by=day from=2026-11-19 to=2026-11-25');
  for (let i = 0; i < 40; i++) await luotd.request('GET', '/v1/hue/widget.json', { agent: new http.Agent() }); // both workers
  return sample(luotd);
}

async function days72(luotd, clock, traffic, random) {
  const samples = [];
  const { fds } = await settled(luotd, traffic, clock);
  await crowd(luotd, traffic);
  for (let quarter = 0; quarter < HOURS * 4; quarter++) {
    for (let step = 0; step < STEPS; step++) {
      await luotd.advance(START + quarter * 900 + Math.floor(((step + 0.5) * 900) / STEPS));
      const busy = 1 + random(3); // a tide, so that visits end and visitors return
      const views = Array.from({ length: Math.ceil((RATE * busy) / (2 * STEPS)) }, () => ({ site: Object.keys(SITES)[random(4)], visitor: random(500) }));
      await traffic.send(clock.seconds, views, random);
    }
    if (quarter % 4 !== 3) continue;
    samples.push([(quarter + 1) / 96, await sample(luotd, fds)]);
  }
  return samples;
}

function steady(samples) {
  const late = samples.filter(([day]) => day * 24 > WARM_UP_H);
  const rss = slope(late.map(([d, s]) => [d, s.rss])), own = slope(late.map(([d, s]) => [d, s.own]));
  const [first, last] = [late[0][1], late.at(-1)[1]];
  console.log(`  RSS ${first.rss.toFixed(1)} to ${last.rss.toFixed(1)} MiB, ${rss.toFixed(3)} a day; its own ${own.toFixed(3)} a day; ` +
    `${last.fds} descriptors, ${last.threads} threads`);
  assert.deepEqual(samples.map(([, s]) => s.threads), samples.map(() => first.threads));
  if (!PLAIN) return; // the sanitizers keep what was freed
  assert.ok(Math.abs(rss) < SLOPE_MIB, `RSS grows by ${rss} MiB a day: ${late.map(([, s]) => s.rss.toFixed(2))}`);
  assert.ok(Math.abs(own) < SLOPE_MIB, `memory of its own grows by ${own} MiB a day: ${late.map(([, s]) => s.own.toFixed(2))}`);
}

/** luotd, its database and Redis all have the ledger's days. */
async function compare(luotd, redis, ledgers) {
  const db = (sql) => execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), sql]).toString().trim();
  for (const [site, ledger] of Object.entries(ledgers)) {
    const truth = ledger.rows();
    assert.ok(truth.length >= 4, `${site}: three midnights`);
    const report = await luotd.json(`report ${site} by=day from=2026-11-19 to=2026-11-25`);
    assert.deepEqual(report.rows.filter((r) => r.views > 0).map((r) => [r.day, r.views, r.visits, r.visitors]), truth, `${site}, seed ${SEED}`);
    const { total } = (await luotd.snapshot(site)).periods;
    assert.deepEqual([total.views, total.visits], [ledger.views, ledger.visits], site);
    await until(`${site} in the database`, () => db(`SELECT views FROM days WHERE site = '${site}' ORDER BY day`) === truth.map((r) => r[1]).join('\n'));
    assert.equal(db(`SELECT sum(visits), sum(visitors) FROM days WHERE site = '${site}'`), [2, 3].map((i) => truth.reduce((a, r) => a + r[i], 0)).join('|'));
    for (const [day, ...numbers] of truth)
      await until(`${site} ${day} in Redis`, async () => [...(await redis.hash(`luot:{${site}}:day:${day}`)).values()].join() === [...numbers, 0].join(' '));
  }
}

async function compareCrowd(luotd) {
  if (CROWD === 0) return;
  const row = (await luotd.json('report crowd by=day from=2026-11-19 to=2026-11-21')).rows.find((r) => r.views > 0);
  assert.equal(row.views, CROWD);
  assert.ok(Math.abs(row.visitors / CROWD - 1) < 0.04, `${row.visitors} of ${CROWD} visitors`); // four standard errors
  console.log(`  ${row.visitors} visitors of a crowd of ${CROWD}`);
}

const after = (day) => new Date(Date.parse(day) + 86400000).toISOString().slice(0, 10);

/** Weeks later, on each of whose days something was saved: the quarter-hours are gone, and the days are not. */
async function retention(luotd, clock, ledgers) {
  const db = path.join(luotd.state, 'luot.db');
  const quarters = () => Number(execFileSync('sqlite3', ['-readonly', db, `SELECT count(*) FROM quarter WHERE quarter < ${(START + HOURS * 3600) / 900}`]).toString());
  assert.ok(quarters() >= HOURS * 4, `${quarters()} quarter-hours kept`);
  const saved = () => Number(execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', db, 'SELECT count(*) FROM growth']).toString());
  const view = () => luotd.udp('s=hue&p=/&i=10.9.9.9&u=Firefox'); // there is something to save, and a save sweeps
  const was = luotd.log.length;
  assert.equal((await luotd.term()).code, 0);
  await luotd.spawn();
  for (let day = 0; day < 36; day++) {
    const before = saved();
    if (day < 32) assert.ok(quarters() >= HOURS * 4, `day ${day}: still kept`);
    clock.set(clock.seconds + 86400);
    await until(`day ${day} saved`, async () => (await view(), saved() > before), 60000);
  }
  await until('old quarter-hours deleted', async () => (await view(), quarters() === 0), 60000);
  for (const [site, ledger] of Object.entries(ledgers)) {
    const rows = (await luotd.json(`report ${site} by=day from=2026-11-19 to=${after(ledger.rows().at(-1)[0])}`)).rows.filter((r) => r.views > 0);
    assert.deepEqual(rows.map((r) => [r.day, r.views, r.visits, r.visitors]), ledger.rows(), `${site}, weeks later`);
  }
  assert.doesNotMatch(luotd.log.slice(was), / (error|warn) /);
}

describe(`${HOURS} hours, ${RATE} views a quarter-hour (seed ${SEED})`, { skip: missing }, () => {
  test('days are exact in luotd, database and Redis; memory, descriptors and threads stay; old quarter-hours go', async () => {
    const clock = new Clock(START);
    const redis = await Redis.start();
    let luotd;
    try {
      luotd = await Luotd.start({ config: CONFIG, clock, args: ['--node=n1', `--store=sqlite,${redis.where}`] });
      const ledgers = Object.fromEntries(Object.entries(SITES).map(([site, zone]) => [site, new Ledger(zone)]));
      const traffic = new Traffic(luotd, ledgers);
      steady(await days72(luotd, clock, traffic, randomOf(SEED)));
      const stats = await luotd.stats();
      assert.equal(stats.received, traffic.inProcess);
      assert.deepEqual(sums(stats), { counted: traffic.inProcess, suppressed: 0, rejected: 0 });
      await compare(luotd, redis, ledgers);
      await compareCrowd(luotd);
      assert.doesNotMatch(luotd.log, / (error|warn) /);
      const ttl = Number(await redis.cli('TTL', 'luot:{hue}:quarters:2026-11-22'));
      assert.ok(ttl > 0 && ttl <= 36 * 86400, `a day of quarter-hours goes after ${ttl} s`);
      await retention(luotd, clock, ledgers);
      assert.equal((await luotd.term()).code, 0);
      console.log(`  ${traffic.sent} views: ${JSON.stringify(traffic.over)}`);
    } finally {
      luotd?.remove();
      redis.remove();
      clock.close();
    }
  });
});
