// Who cheats is not counted, and is shown; who comes beside him is counted to the unit. CHEAT lines (951,623)
// of 10,000 agents from one address, a page that embeds the tag unasked, datagrams from outside, a replayed signature; meanwhile 500
// visitors and a school of 300 behind one address.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { build, Clock, Luotd, sums, until } from './lib/luotd.mjs';
import { sign, token } from './lib/signed.mjs';

const CHEAT = Number(process.env.CHEAT ?? 951623);
const AGENTS = 10000, REAL = 500, SCHOOL = 300, UNASKED = 200, OUTSIDE = 300, BURST = 100, NEWCOMERS = 600, SLOW = 800;
const NOON = Date.UTC(2026, 10, 26, 5) / 1000; // of Vietnam
const SECRET = 'what the cms and luotd have in common';
const HOST = 'https://portal.example.vn';
const config = (dir) => `
udp_trusted = 127.0.0.1
writers = cms:${path.join(dir, 'cms.key')}
[site portal]
hosts = portal.example.vn
public = yes
`;

/** POSTs one behind another on one connection, without waiting for answers; their statuses, counted. */
function pipeline(luotd, posts) {
  return new Promise((done, fail) => {
    const s = net.connect(luotd.port, luotd.host);
    const statuses = {};
    let sent = 0, answered = 0, rest = '';
    const send = () => {
      for (; sent < posts.length && sent - answered < 32; sent++) {
        const { body, headers } = posts[sent];
        const lines = Object.entries({ Host: 'count.example.vn', ...headers, 'Content-Length': Buffer.byteLength(body) });
        s.write(`POST /b HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
      }
    };
    s.setEncoding('latin1');
    s.on('connect', send);
    s.on('data', (d) => {
      const parts = (rest + d).split('HTTP/1.1 ');
      rest = 'HTTP/1.1 ' + parts.pop(); // the last may not be whole
      if (/^HTTP\/1\.1 \d{3}[^]*\r\n\r\n/.test(rest)) { parts.push(rest.slice(9)); rest = ''; }
      for (const part of parts)
        if (/^\d{3}/.test(part)) {
          statuses[part.slice(0, 3)] = (statuses[part.slice(0, 3)] ?? 0) + 1;
          answered++;
        }
      send();
      if (answered === posts.length) { s.destroy(); done(statuses); }
    });
    s.on('error', fail);
    s.on('close', () => fail(new Error(`closed after ${answered} of ${posts.length}`)));
  });
}

/** A browser's name, another for each n. */
const firefox = (n) => `Mozilla/5.0 (X11; Linux x86_64; rv:130.${n}) Gecko/20100101 Firefox/130.${n}`;
/** What browsers send: each its address and agent, through our proxy. */
const browser = (address, agent, origin = HOST) => ({
  body: 's=portal&p=/tin-tuc', headers: { 'X-Forwarded-For': address, 'User-Agent': agent, Origin: origin },
});
const real = Array.from({ length: REAL }, (_, i) => browser(`203.0.${113 + (i >> 8)}.${i & 255}`, firefox(0)));
const pupil = (i) => browser('198.51.100.1', firefox(i));
const unasked = Array.from({ length: UNASKED }, (_, i) => browser(`192.0.2.${i}`, firefox(0), 'https://elsewhere.example.com'));

/** The cheat's requests: as few as 10,000 agents need. */
function* cheat() {
  const lines = Math.min(64, Math.max(1, Math.ceil(CHEAT / AGENTS)));
  for (let left = CHEAT, i = 0; left > 0; left -= lines, i++)
    yield { body: Array(Math.min(lines, left)).fill('s=portal&p=/').join('\n'), headers: browser('203.0.200.200', firefox(i % AGENTS)).headers };
}

async function outside(luotd, datagrams) {
  const socket = dgram.createSocket('udp4');
  await new Promise((done) => socket.bind(0, '127.0.0.2', done));
  for (const d of datagrams) await new Promise((done, fail) => socket.send(d, luotd.port, luotd.host, (e) => (e ? fail(e) : done())));
  socket.close();
}

describe('a cheat', () => {
  const clock = new Clock(NOON);
  let luotd, received = 0, views = 0, suspects = 0;
  const signed = (seq, from, n) =>
    sign({ id: 'cms', secret: SECRET, seq, ms: clock.seconds * 1000, lines: Array.from({ length: n }, (_, i) => `s=portal&p=/&i=10.9.0.${from + i}&u=Firefox`) });
  const settled = async (lines) => {
    received += lines;
    return luotd.received(received);
  };
  before(async () => {
    luotd = new Luotd({ clock, limits: true });
    fs.writeFileSync(path.join(luotd.run, 'cms.key'), SECRET + '\n', { mode: 0o400 });
    luotd.options.config = config(luotd.run);
    await luotd.spawn();
  });
  after(async () => {
    await luotd.stop();
    clock.close();
  });

  test('everybody else is counted meanwhile, and his burst is all that he has', async () => {
    const posts = [...cheat()], half = Math.ceil(posts.length / 2);
    const answers = await Promise.all([
      pipeline(luotd, posts.slice(0, half)),
      pipeline(luotd, posts.slice(half)),
      pipeline(luotd, real),
      pipeline(luotd, unasked),
      pipeline(luotd, Array.from({ length: BURST }, (_, i) => pupil(i))), // the first of the school
    ]);
    assert.deepEqual(answers.slice(2), [{ 204: REAL }, { 403: UNASKED }, { 204: BURST }]);
    views += BURST + REAL + BURST;
    suspects += CHEAT - BURST;
    const s = await settled(CHEAT + REAL + UNASKED + BURST);
    assert.deepEqual([s.counted.view, s.suppressed.suspect, s.rejected.origin], [views, suspects, UNASKED]);
  });

  test('a school of 300 behind one address passes, at the pace of people', async () => {
    for (let from = BURST; from < 3 * SCHOOL; from += BURST) { // each pupil reads three pages
      await luotd.advance(clock.seconds + 10);
      await pipeline(luotd, Array.from({ length: BURST }, (_, i) => pupil((from + i) % SCHOOL)));
    }
    views += 3 * SCHOOL - BURST;
    const s = await settled(3 * SCHOOL - BURST);
    assert.deepEqual([s.counted.view, s.suppressed.suspect], [views, suspects]);
  });

  test('who comes slowly, each time as somebody new, is let in 600 times', async () => {
    const before = (await luotd.snapshot('portal')).periods.today.visitors;
    for (let from = 0; from < SLOW; from += BURST) {
      await luotd.advance(clock.seconds + 10);
      for (let i = from; i < from + BURST; i += 50)
        await luotd.udp(Array.from({ length: 50 }, (_, k) => `s=portal&p=/&i=203.0.200.201&u=${encodeURIComponent(firefox(i + k))}`).join('\n'));
      await settled(BURST);
    }
    views += NEWCOMERS;
    suspects += SLOW - NEWCOMERS;
    const s = await luotd.stats();
    assert.deepEqual([s.counted.view, s.suppressed.suspect], [views, suspects]);
    assert.equal((await luotd.snapshot('portal')).periods.today.visitors, before + NEWCOMERS);
  });

  test('datagrams from outside count when they are signed, once, and over a kill', async () => {
    const one = signed(1, 0, 64), two = signed(2, 64, 64), forged = Buffer.from(signed(3, 128, 10));
    forged[forged.length - 1] ^= 1;
    await outside(luotd, Array.from({ length: OUTSIDE / 50 }, () => Array(50).fill('s=portal&p=/').join('\n')));
    await outside(luotd, [two, one, one, two, forged, sign({ id: 'nobody', secret: SECRET, seq: 1, ms: clock.seconds * 1000, lines: ['s=portal'] })]);
    views += 128;
    let s = await settled(OUTSIDE + 4 * 64 + 10 + 1);
    assert.deepEqual([s.counted.view, s.rejected.untrusted, s.rejected.replay, s.rejected.mac], [views, OUTSIDE, 128, 11]);
    assert.deepEqual([s.udp.signed, s.udp.signed_skipped], [6, 0]); // late or not: as the workers came to them
    await luotd.kill9();
    await luotd.spawn();
    received = 0;
    await outside(luotd, [one, two, sign({ id: 'cms', secret: SECRET, seq: 5, ms: clock.seconds * 1000 - 61000, lines: ['s=portal'] })]);
    s = await settled(129);
    assert.equal(s.rejected.replay, 129);
  });

  test('a token lets a request name the visitor, and one that nobody has is refused', async () => {
    const post = (bearer) => luotd.request('POST', '/b', { headers: { Authorization: `Bearer ${bearer}` }, body: 's=portal&p=/&i=10.9.1.1&u=Firefox\ns=portal&p=/&i=10.9.1.2&u=Firefox' });
    const before = (await luotd.snapshot('portal')).periods.today.visitors;
    const good = await post(token(SECRET)), bad = await post(token('another secret, of nobody'));
    assert.deepEqual([good.status, bad.status, JSON.parse(bad.text).error.reason], [204, 403, 'untrusted']);
    const s = await settled(4);
    views += 2;
    assert.deepEqual([s.counted.view, s.rejected.untrusted], [2, 2]);
    assert.equal((await luotd.snapshot('portal')).periods.today.visitors, before + 2);
  });

  test('a reload changes limits and writers, or says what is wrong with them and changes nothing', async () => {
    const file = path.join(luotd.run, 'luotd.conf'), key = path.join(luotd.run, 'portal.key');
    const write = (text) => fs.writeFileSync(file, text + config(luotd.run).replace('writers = ', `writers = new:${key}, `));
    const burst = () => pipeline(luotd, Array.from({ length: 2 * BURST }, () => browser('203.0.200.202', firefox(0))));
    const other = sign({ id: 'new', secret: 'a secret of the second writer', seq: 1, ms: clock.seconds * 1000, lines: ['s=portal&p=/'] });
    write('rate_limit = off\n');
    assert.match(await luotd.ask('reload'), /^ERR .*portal\.key/);
    await burst();
    await outside(luotd, [other]);
    views += BURST;
    suspects += BURST;
    let s = await settled(2 * BURST + 1);
    assert.deepEqual([s.counted.view, s.suppressed.suspect, s.rejected.mac], [BURST + 2, BURST, 1]);
    fs.writeFileSync(key, 'a secret of the second writer', { mode: 0o400 });
    await until('reload', async () => !(await luotd.ask('reload')).startsWith('ERR'));
    await burst();
    await outside(luotd, [other]);
    views += 2 * BURST + 1;
    s = await settled(2 * BURST + 1);
    assert.deepEqual([s.counted.view, s.suppressed.suspect, s.rejected.mac], [3 * BURST + 3, BURST, 1]);
  });

  test('the sums are the lines, and the site shows what it does not count', async () => {
    const s = await luotd.stats(), { counted, suppressed, rejected } = sums(s);
    assert.equal(counted + suppressed + rejected, s.received);
    const shot = await luotd.snapshot('portal');
    assert.equal(shot.periods.today.views, views);
    assert.deepEqual(shot.refused, { prefetch: 0, internal: 0, suspect: suspects, other_source: 0, origin: UNASKED, not_page: 0 });
    assert.deepEqual(shot.refused_today, shot.refused);
    const out = await luotd.ask('site portal');
    assert.match(out, new RegExp(`suspect +${suspects} +0 +${suspects}\n`));
    assert.match(out, new RegExp(`origin +${UNASKED} +0 +${UNASKED}\n`));
    assert.match((await luotctl(luotd, ['site', 'portal'])).out, /\nrefused today\n/);
  });

  test('what he got in is taken back, audited, and never below 0', async () => {
    const by = -(BURST + NEWCOMERS);
    const adjust = (n) => luotctl(luotd, ['adjust', 'portal', '--metric', 'views', '--by', String(n), '--day', '2026-11-26', '--note', 'forged']);
    const first = await until('adjust', async () => { const r = await adjust(by); return r.code === 0 ? r : null; });
    assert.match(first.out, new RegExp(`was ${views} and is ${views + by}`));
    assert.notEqual((await adjust(-views)).code, 0);
    const shot = await luotd.snapshot('portal');
    assert.deepEqual([shot.periods.today.views, shot.adjusted.views], [views + by, by]);
    assert.match(await luotd.ask('snapshot portal'), new RegExp(`adjusted views: ${by}\n`));
    assert.match((await luotctl(luotd, ['audit', 'portal'])).out, /adjust.*forged/);
  });
});

// The example that comes with libluot, to a luotd that believes no address.
test('a program with libluot signs, and is believed where nobody else is', async () => {
  const luotd = new Luotd();
  fs.writeFileSync(path.join(luotd.run, 'cms.key'), SECRET + '\n', { mode: 0o400 });
  luotd.options.config = `udp_trusted = none\nwriters = cms:${path.join(luotd.run, 'cms.key')}\n[site portal]\n`;
  await luotd.spawn();
  try {
    const example = (args, secret) =>
      execFileSync(path.join(build, 'example'), [`127.0.0.1:${luotd.port}`, ...args], {
        env: { LD_LIBRARY_PATH: build, LUOT_SECRET: secret, LD_PRELOAD: process.env.LD_PRELOAD ?? '' },
      });
    example([], '');
    example(['cms'], SECRET);
    example(['cms'], 'a secret that is another one');
    example(['portal'], SECRET);
    const s = await luotd.received(4);
    assert.deepEqual([s.counted.view, s.rejected.untrusted, s.rejected.mac], [1, 1, 2]);
    assert.equal(s.udp.signed, 3);
    assert.equal((await luotd.snapshot('portal')).periods.today.visitors, 1);
  } finally {
    await luotd.stop();
  }
});
