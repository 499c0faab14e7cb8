// Nodes with one secret know a visitor by one key, so that their HyperLogLogs of a day can be united; without it they are a sum.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Clock, Luotd, build, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const NOON = Date.parse('2026-11-30T12:00:00+07:00') / 1000; // the last day of a month
const NEXT = 'event=key_shared identity=month from=2026-11-30T17:00Z';
const VISITORS = 300;
const NEAR = 15; // 6 standard errors of p = 14 at 300

function secretFile(text = 'a secret that both nodes have\n', mode = 0o400) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-secret-'));
  fs.writeFileSync(path.join(dir, 'secret'), text);
  fs.chmodSync(path.join(dir, 'secret'), mode);
  return { file: path.join(dir, 'secret'), remove: () => fs.rmSync(dir, { recursive: true }) };
}

/** The same visitors to a node. */
async function visit(luotd, site = 's=demo') {
  const before = (await luotd.stats()).received;
  for (let i = 0; i < VISITORS; i += 50) {
    const lines = Array.from({ length: 50 }, (_, k) => `${site}&p=/&i=10.9.${(i + k) >> 8}.${(i + k) & 255}&u=Firefox`);
    await luotd.udp(lines.join('\n'));
    await luotd.received(before + i + 50);
  }
}

const lines = (luotd, word) => luotd.log.split('\n').filter((l) => l.includes(word));
const fetched = (luotd, what) => until(`${what} at ${luotd.options.name}`, () => luotd.log.includes(what));

/** All nodes move in time; each keeper closes each quarter-hour. */
async function advance(nodes, seconds) {
  const clock = nodes[0].options.clock;
  while (clock.seconds < seconds) {
    clock.set(Math.min(seconds, clock.seconds + 900));
    for (const n of nodes) await until('the keeper', async () => (await n.stats()).keeper_as_of_s >= Math.floor(clock.seconds));
  }
}

async function town({ secrets, config = CONFIG, at = NOON, store = (redis) => redis.where }, body) {
  const redis = await Redis.start();
  const clock = new Clock(at);
  const nodes = [];
  const start = async (i, secret) => {
    const args = [`--store=${store(redis)}`, `--node=n${i}`];
    if (secret) args.push(`--cluster_secret_file=${secret}`);
    nodes[i] = await Luotd.start({ name: `n${i}`, config, clock, args });
  };
  const stop = async () => {
    for (const n of nodes.splice(0)) await n.stop();
  };
  try {
    for (const [i, secret] of secrets.entries()) await start(i, secret);
    await body({ redis, nodes, clock, stop });
    await stop();
  } finally {
    for (const n of nodes) n.remove();
    clock.close();
    await redis.stop();
  }
}

const distinct = async (redis, day, site = 'demo') => Number(await redis.cli('PFCOUNT', `luot:{${site}}:visitors:${day}`));
const near = (n, truth) => assert.ok(Math.abs(n - truth) <= (NEAR * truth) / VISITORS, `${n} visitors, about ${truth} were expected`);

describe('the identity key of nodes that share a Redis', { skip: missing, concurrency: 1 }, () => {
  const secret = secretFile();
  process.on('exit', () => secret.remove());

  test('with one secret 300 visitors of two nodes are 300, without one they are 600', async () => {
    for (const [one, other, truth] of [
      [secret.file, secret.file, VISITORS],
      [undefined, undefined, 2 * VISITORS],
    ])
      await town({ secrets: [one, other] }, async ({ redis, nodes, stop }) => {
        for (const n of nodes) await visit(n);
        for (const n of nodes) assert.equal((await n.snapshot()).periods.today.visitors, VISITORS);
        await stop();
        near(await distinct(redis, '2026-11-30'), truth);
        const kept = (await redis.cli('KEYS', 'luot:key:*')).split('\n').filter(Boolean);
        assert.deepEqual(kept, one ? ['luot:key:month:2026-10-31T17:00Z'] : []);
        if (!one) return;
        const ends = Date.parse('2026-12-01T00:00:00+07:00') / 1000 - NOON;
        const life = Number(await redis.cli('TTL', kept[0]));
        assert.ok(life > 0 && life <= ends, `it lives ${life} s, the period ${ends} s`);
        assert.match(await redis.cli('GET', kept[0]), /^[0-9a-f]{64}$/);
      });
  });

  test('nodes with other secrets are a sum', async () => {
    const other = secretFile('another secret, of another portal\n');
    try {
      await town({ secrets: [secret.file, other.file] }, async ({ redis, nodes, stop }) => {
        for (const n of nodes) await visit(n);
        await stop();
        near(await distinct(redis, '2026-11-30'), 2 * VISITORS);
      });
    } finally {
      other.remove();
    }
  });

  test('a site that opens by itself shares from its first beacon on, beside SQLite too', () =>
    town({ secrets: [secret.file, secret.file], config: 'auto_sites = *.example.gov.vn\n', store: (r) => `sqlite,${r.where}` }, async ({ redis, nodes, stop }) => {
      for (const n of nodes) {
        await n.request('GET', '/p.gif', { headers: { Host: 'a.example.gov.vn', Referer: 'http://a.example.gov.vn/' } });
        await visit(n, 's=a-example-gov-vn');
      }
      await stop();
      near(await distinct(redis, '2026-11-30', 'a-example-gov-vn'), VISITORS + 1);
    }));

  test('a month turns, a node is killed: they go on sharing', () =>
    town({ secrets: [secret.file, secret.file] }, async ({ redis, nodes, clock, stop }) => {
      await advance(nodes, NOON + 6.5 * 3600);
      for (const n of nodes) await fetched(n, NEXT);
      await advance(nodes, NOON + 12.5 * 3600);
      await visit(nodes[0]);
      await nodes[0].kill9();
      await nodes[0].spawn();
      await visit(nodes[0]);
      assert.equal((await nodes[0].snapshot()).periods.today.visitors, VISITORS, 'the adopted key is the same');
      await visit(nodes[1]);
      for (const n of nodes) assert.equal(lines(n, 'event=key_not_shared').length, 0, n.log);
      assert.equal(clock.seconds, NOON + 12.5 * 3600);
      await stop();
      near(await distinct(redis, '2026-12-01'), VISITORS);
    }));

  test('Redis is away as the month turns: each node counts on, and says once that they are a sum', () =>
    town({ secrets: [secret.file, secret.file] }, async ({ redis, nodes, stop }) => {
      await redis.kill();
      await advance(nodes, NOON + 12.5 * 3600);
      for (const n of nodes) {
        await fetched(n, 'event=key_not_shared');
        await visit(n);
        assert.equal((await n.snapshot()).periods.today.visitors, VISITORS);
      }
      await redis.spawn();
      for (const n of nodes) {
        await fetched(n, NEXT);
        const [line, ...more] = lines(n, 'event=key_not_shared');
        assert.match(line, /identity=month timezone=Asia\/Ho_Chi_Minh from=2026-11-30T17:00Z error="redis.*: Connection refused.* next=keys_made_now_are_this_nodes_own_and_their_visitors_a_sum/);
        assert.deepEqual(more, []);
      }
      // The saver has a connection of its own, which may come back later than the key's.
      await until('Redis has what was counted without it', async () => (await distinct(redis, '2026-12-01')) > VISITORS);
      await stop();
      near(await distinct(redis, '2026-12-01'), 2 * VISITORS);
    }));

  test('a secret that comes by SIGHUP leaves the key that is in use, which is said once; a bad file changes nothing', () =>
    town({ secrets: [undefined] }, async ({ nodes: [n] }) => {
      const later = secretFile();
      try {
        const conf = path.join(n.run, 'luotd.conf');
        await visit(n);
        fs.writeFileSync(conf, `cluster_secret_file = ${later.file}.missing\n${CONFIG}`);
        n.child.kill('SIGHUP');
        await until('refused', () => lines(n, 'event=reload_failed').length === 1);
        assert.match(lines(n, 'event=reload_failed')[0], /\.missing: No such file .*make the file.*next=the_old_configuration_stays/);
        fs.writeFileSync(conf, `cluster_secret_file = ${later.file}\n${CONFIG}`);
        assert.match(await n.ask('reload'), /was read again/);
        await fetched(n, 'event=key_shared');
        await fetched(n, 'event=key_not_shared');
        await visit(n);
        assert.equal((await n.snapshot()).periods.today.visitors, VISITORS);
        assert.equal(lines(n, 'event=key_not_shared').length, 1);
        assert.match(lines(n, 'event=key_not_shared')[0], /site=demo .*it stays.* next=visitors_of_this_period_are_a_sum/);
      } finally {
        later.remove();
      }
    }));

  test('a file that others can read, that is short, or that no Redis goes with: exit 78 and what to do', async () => {
    const state = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-state-'));
    try {
      for (const [text, mode, where, says] of [
        ['sixteen bytes or more', 0o444, 'redis+unix:///nowhere', /others can read it; chmod 0400/],
        ['too short', 0o400, 'redis+unix:///nowhere', /16 to 1024 bytes; make one with `head/],
        ['sixteen bytes or more', 0o400, 'sqlite', /add redis:\/\/\.\.\. to store/],
      ]) {
        const bad = secretFile(text, mode);
        const args = [`--run_dir=${state}`, `--state_dir=${state}`, '--listen=127.0.0.1:0', `--store=${where}`, `--cluster_secret_file=${bad.file}`];
        const r = spawnSync(path.join(build, 'luotd'), args, { encoding: 'utf8', timeout: 20000 });
        bad.remove();
        assert.equal(r.status, 78, r.stderr);
        assert.match(r.stderr, says);
      }
    } finally {
      fs.rmSync(state, { recursive: true, force: true });
    }
  });
});
