// Several luotd count one portal through one Redis: each answers the sum, whoever is cut off, killed or misnamed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Cable } from './lib/cable.mjs';
import { dayIn } from './lib/days.mjs';
import { Clock, Luotd, build, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';
const BACK_MS = 60000; // the longest back-off, and then some rounds
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);

const shares = (() => {
  try {
    return execFileSync(path.join(build, 'luotd'), ['--help'], { encoding: 'utf8' }).includes('cluster_secret_file');
  } catch {
    return false;
  }
})();

/** Numbers that follow from a seed. */
function random(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const address = (n) => `10.${5 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
const view = async (luotd, n) => {
  const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': address(n) }, body: 's=demo&p=/' });
  assert.equal(r.status, 204);
};

class Town {
  constructor() {
    this.nodes = [];
    this.views = 0;
    this.seen = new Set();
    this.least = new Map();
  }
  static async start(n, { args = () => [], beside = '', clock = () => undefined, config = CONFIG, shared = false } = {}) {
    const town = new Town();
    town.shared = shared;
    try {
      town.redis = await Redis.start();
      for (let i = 0; i < n; i++) {
        const cable = await Cable.to(town.redis.socket);
        const luotd = new Luotd({ config, workers: 1, clock: clock(i), args: [`--store=${beside}${cable.where}`, `--node=n${i + 1}`, ...args(i, town)] });
        town.nodes.push({ luotd, cable });
        await luotd.spawn();
      }
    } catch (error) {
      await town.stop();
      throw error;
    }
    return town;
  }
  async stop() {
    for (const { luotd, cable } of this.nodes) {
      luotd.remove();
      cable.close();
    }
    await this.redis?.stop();
  }
  at(i) {
    return this.nodes[i].luotd;
  }
  async view(i, who) {
    this.views++;
    this.seen.add(who);
    await view(this.at(i), who);
  }
  /** What a node answers; never above the truth, and what is of open periods never falls. */
  async ask(i) {
    const { periods: p, online, nodes } = await this.at(i).snapshot();
    for (const span of ['today', 'total', 'last_hour', 'last_24h'])
      assert.ok(p[span].views <= this.views, `node ${i + 1}: ${p[span].views} views ${span}, but ${this.views} were sent`);
    if (this.shared) assert.ok(p.today.visitors <= this.seen.size, `node ${i + 1}: ${JSON.stringify(p.today)} today, but ${this.seen.size} came`);
    for (const span of ['today', 'total']) {
      const key = `${i} ${span}`;
      assert.ok(p[span].views >= (this.least.get(key) ?? 0), `node ${i + 1}: ${span} fell to ${p[span].views}`);
      this.least.set(key, p[span].views);
    }
    return { p, online, nodes };
  }
  /** Every node answers the true sum. */
  async agrees(more = () => true) {
    for (let i = 0; i < this.nodes.length; i++) {
      let last;
      await until(`node ${i + 1} answers ${this.views} views`, async () => {
        last = await this.ask(i);
        return ['today', 'total', 'week', 'month', 'last_hour', 'last_24h', 'last_7d'].every((s) => last.p[s].views === this.views) && more(last);
      }, BACK_MS).catch((e) => {
        throw new Error(`${e.message}; it answered ${JSON.stringify(last)}; ${this.at(i).log.slice(-1500)}`);
      });
    }
  }
}

async function run(n, options, body) {
  const town = await Town.start(n, options);
  try {
    await body(town);
  } finally {
    await town.stop();
  }
}

describe('many nodes, one portal', { skip: missing, concurrency: 4 }, () => {
  test('more sites than a page that change in one second are all heard', () => {
    const sites = Array.from({ length: 300 }, (_, i) => `s${i}`);
    const config = sites.map((s) => `[site ${s}]\npublic = yes\n`).join('');
    return run(2, { config }, async (town) => {
      await until('both are there', async () => (await town.at(1).json('nodes')).here === 2 && (await town.at(0).json('nodes')).here === 2);
      for (let i = 0; i < sites.length; i += 50) {
        const body = sites.slice(i, i + 50).map((s) => `s=${s}&p=/`).join('\n');
        assert.equal((await town.at(0).request('POST', '/b', { headers: { 'X-Forwarded-For': address(i) }, body })).status, 204);
      }
      for (const site of sites)
        await until(`${site} at node 2`, async () => {
          const { periods: p } = await town.at(1).snapshot(site);
          return p.last_hour.views === 1 && p.today.visitors === 1;
        });
    });
  });

  test('every node answers the sum of views and visits, and a sum of visitors that says so', () =>
    run(3, {}, async (town) => {
      for (let i = 0; i < 60; i++) await town.view(i % 3, i % 20);
      await town.agrees(({ p, nodes }) => nodes === 3 && p.today.visitors === 60);
      for (let i = 0; i < 3; i++) {
        const { p, online } = await town.ask(i);
        assert.equal(p.today.visits, 60, 'twenty visitors are at each of three nodes that share no key');
        assert.equal(p.total.visits, 60);
        assert.equal(online.visitors, 60);
        for (const span of ['last_hour', 'last_24h', 'last_7d', 'today', 'week', 'month']) {
          assert.equal(p[span].visitors, 60, span);
          assert.equal(p[span].deduplicated, false, span);
          assert.equal(p[span].exact, true, span);
        }
        const w = await town.at(i).widget();
        assert.deepEqual([w.online, w.today, w.total], [60, 60, 60]);
      }
    }));

  test('a seed and an adjustment at one node are answered by all', () =>
    run(2, {}, async (town) => {
      await town.view(0, 1);
      await town.view(1, 2);
      await town.agrees();
      await town.at(0).ask('seed demo --metric visits --total 5000 --today 40');
      await town.at(1).ask(`adjust demo --metric views --day ${dayIn('Asia/Ho_Chi_Minh')(Date.now() / 1000)} --by 7`);
      for (let i = 0; i < 2; i++)
        await until(`node ${i + 1} has both`, async () => {
          const { periods: p } = await town.at(i).snapshot();
          return p.total.visits === 5000 && p.today.visits === 40 && p.total.views === 9 && p.today.views === 9;
        });
    }));

  test('killed, with its arena and without: the sum stays', () =>
    run(2, {}, async (town) => {
      for (let i = 0; i < 20; i++) await town.view(i % 2, i);
      await town.agrees();
      await town.at(0).kill9();
      await town.at(0).spawn();
      await town.view(0, 100);
      await town.agrees(({ nodes }) => nodes === 2);
      await town.at(0).kill9();
      for (const file of fs.readdirSync(town.at(0).run)) if (file.startsWith('arena')) fs.rmSync(path.join(town.at(0).run, file));
      await town.at(0).spawn();
      town.least.clear(); // last hour's are read back first
      await town.view(0, 101);
      for (let i = 0; i < 2; i++)
        await until(`node ${i + 1}`, async () => {
          const { p, nodes } = await town.ask(i);
          return p.total.views === town.views && p.today.views === town.views && nodes === 2;
        });
    }));

  test('a node under a new name is counted once: it has the old one as long as its memory', () =>
    run(2, { args: (i) => [`--node=old${i}`], beside: 'sqlite,' }, async (town) => {
      const rename = async () => {
        const { luotd } = town.nodes[0];
        await luotd.term();
        luotd.options.args = luotd.options.args.map((a) => a.replace('old0', 'new'));
        await luotd.spawn();
      };
      const sum = (name) =>
        Promise.all(
          town.nodes.map(({ luotd }, i) =>
            until(`node ${i + 1} has the sum, with ${name}`, async () => {
              const { periods: p } = await luotd.snapshot();
              for (const span of ['today', 'total']) assert.ok(p[span].views <= town.views, `node ${i + 1}: ${p[span].views} ${span} of ${town.views}`);
              const { nodes } = await luotd.json('nodes');
              return p.today.views === town.views && p.total.views === town.views && nodes.some((n) => n.here && n.node === name);
            }),
          ),
        );
      for (let i = 0; i < 10; i++) await town.view(i % 2, i);
      await sum('old0');
      await rename();
      for (let i = 0; i < 10; i++) await town.view(i % 2, i);
      assert.match(town.at(0).log, /event=node_renamed node=old0 wanted=new /);
      await sum('old0');
      await town.at(0).kill9();
      for (const file of fs.readdirSync(town.at(0).run)) if (file.startsWith('arena')) fs.rmSync(path.join(town.at(0).run, file));
      await town.at(0).spawn();
      await town.view(0, 1);
      await sum('new');
    }));

  test('two nodes under one name are both counted, and told', () =>
    run(2, { args: () => ['--node=twin'] }, async (town) => {
      for (let i = 0; i < 10; i++) await town.view(i % 2, i);
      await town.agrees();
      for (let i = 0; i < 2; i++) {
        await until('the warning', () => town.at(i).log.includes('event=node_name_twice'));
        assert.match(await town.at(i).ask('nodes'), /WARNING: two machines call themselves twin/);
        assert.ok((await town.at(i).json('check')).checks.some((c) => c.what === 'nodes' && !c.ok), 'check says it too');
        const { nodes } = await town.at(i).json('nodes');
        assert.equal(nodes.filter((n) => n.this).length, 1);
        assert.ok(nodes.every((n) => n.name_twice && n.here && !n.clock_differs && n.node === 'twin'));
        assert.equal(town.at(i).log.match(/event=node_name_twice/g).length, 1, 'said once');
      }
    }));

  test('beside SQLite: sliding windows have the others too', () =>
    run(2, { beside: 'sqlite,' }, async (town) => {
      for (let i = 0; i < 10; i++) await town.view(i % 2, i);
      for (let i = 0; i < 2; i++)
        await until(`node ${i + 1}`, async () => {
          const { p, online } = await town.ask(i);
          return p.last_hour.views === 10 && p.last_24h.visits === 10 && p.last_7d.visitors === 10 && online.visitors === 10;
        });
    }));

  test('a clock that differs is told, once', () => {
    const clock = new Clock(Date.now() / 1000 + 30);
    return run(2, { clock: (i) => (i === 1 ? clock : undefined) }, async (town) => {
      await until('the warning', () => town.at(0).log.includes('event=node_clock node=n2'));
      assert.match(await town.at(0).ask('nodes'), /WARNING: the clock of n2 differs from Redis' by \d+ ms/);
      const { nodes } = await town.at(0).json('nodes');
      assert.deepEqual(nodes.map((n) => [n.node, n.clock_differs]).sort(), [['n1', false], ['n2', true]]);
      assert.equal(town.at(0).log.match(/event=node_clock/g).length, 1);
    }).finally(() => clock.close());
  });

  test('what is no sheet is refused and counted, and the others stay', () =>
    run(2, {}, async (town) => {
      for (let i = 0; i < 6; i++) await town.view(i % 2, i);
      await town.agrees();
      const run = (await town.redis.cli('ZRANGE', 'luot:nodes', '0', '-1')).split('\n').find((r) => r.startsWith('n2:'));
      await town.nodes[1].luotd.kill9();
      await town.redis.cli('SET', `luot:{demo}:now:${run}`, 'luot-sheet 1 \nvisitors 99999999999999999999');
      await town.redis.cli('ZADD', `luot:sheets:${run}`, String(Date.now() + 1000), 'demo');
      await town.redis.cli('ZADD', 'luot:nodes', String(Math.floor(Date.now() / 1000) + 2), run);
      const refused = await until('refused', async () => (await town.at(0).json('nodes')).refused);
      assert.ok(refused >= 1);
      assert.match(town.at(0).log, /event=sheet_refused node=n2 site=demo/);
      const { p } = await town.ask(0);
      assert.equal(p.total.views, 6);
    }));

  test(`cut off at random, ${ROUNDS} rounds: after healing the true sum, never above it (SEED=${SEED})`, () =>
    run(3, {}, async (town) => {
      const pick = random(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        const cut = town.nodes.filter(() => pick(2) === 0);
        for (const { cable } of cut) pick(3) === 0 ? cable.stall() : cable.cut();
        for (let i = 0; i < 20; i++) {
          await town.view(pick(3), pick(500));
          await town.ask(pick(3));
        }
        for (const { cable } of cut) cable.mend();
        await town.agrees();
      }
    }));
});

const NIGHT = Date.parse('2026-11-25T23:30:00+07:00') / 1000; // a Wednesday

/** An hour, past midnight, at all nodes. */
async function overnight(town, clock) {
  while (clock.seconds < NIGHT + 3600) {
    clock.set(clock.seconds + 900);
    for (const { luotd } of town.nodes) await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s >= clock.seconds);
  }
}

/** Every node answers these views, visits and, where they are said, visitors. */
function sums(town, expected) {
  return Promise.all(
    town.nodes.map(async ({ luotd }, i) => {
      let last;
      await until(`node ${i + 1} answers ${JSON.stringify(expected)}`, async () => {
        const { periods } = await luotd.snapshot();
        last = Object.fromEntries(Object.keys(expected).map((span) => [span, periods[span]]));
        for (const [span, [views]] of Object.entries(expected)) assert.ok(last[span].views <= views, `node ${i + 1}: ${span} has ${last[span].views} views of ${views}`);
        return Object.entries(expected).every(
          ([span, [views, visits, visitors]]) =>
            last[span].views === views && last[span].visits === visits && (visitors === undefined || (last[span].visitors === visitors && last[span].deduplicated && last[span].exact)),
        );
      }, BACK_MS).catch((e) => {
        throw new Error(`${e.message}; it answered ${JSON.stringify(last)}; ${luotd.log.slice(-1500)}`);
      });
      return last;
    }),
  );
}

describe('many nodes that share a key', { skip: missing || (!shares && 'skipped: there is no cluster_secret_file'), concurrency: 4 }, () => {
  const secret = (i, town) => {
    const file = path.join(town.redis.dir, 'secret');
    if (!fs.existsSync(file)) fs.writeFileSync(file, 'a secret of forty bytes that nobody else has\n', { mode: 0o600 });
    return [`--cluster_secret_file=${file}`];
  };
  test('one visitor at two nodes is one visitor, exactly', () =>
    run(3, { args: secret }, async (town) => {
      for (let i = 0; i < 60; i++) await town.view(i % 3, i % 20);
      await town.agrees(({ p, nodes }) => nodes === 3 && p.today.visitors === 20);
      for (let i = 0; i < 3; i++) {
        const { p, online } = await town.ask(i);
        assert.equal(online.visitors, 20);
        for (const span of ['last_hour', 'last_24h', 'last_7d', 'today', 'week', 'month']) {
          assert.equal(p[span].visitors, 20, span);
          assert.equal(p[span].deduplicated, true, span);
          assert.equal(p[span].exact, true, span);
        }
        await until('they know that they share', async () => (await town.at(i).json('nodes')).nodes.every((n) => n.shares_visitors));
      }
    }));

  test('a node that lost its arena knows today\'s visitors again', () =>
    run(2, { args: secret, shared: true }, async (town) => {
      for (let i = 0; i < 40; i++) await town.view(i % 2, i % 20);
      await town.agrees(({ p }) => p.today.visitors === 20);
      await town.at(0).kill9();
      for (const file of fs.readdirSync(town.at(0).run)) if (file.startsWith('arena')) fs.rmSync(path.join(town.at(0).run, file));
      await town.at(0).spawn();
      town.least.clear();
      for (let i = 0; i < 20; i++) await view(town.at(0), i);
      town.views += 20;
      for (let i = 0; i < 2; i++)
        await until(`node ${i + 1}`, async () => {
          const { periods: p } = await town.at(i).snapshot();
          return p.total.views === 60 && p.today.visitors === 20 && p.today.deduplicated;
        });
    }));

  test('an emptied Redis, and a node that knows nothing: it hears who was there', () =>
    run(2, { args: secret, shared: true }, async (town) => {
      for (let i = 0; i < 20; i++) await town.view(1, i);
      await town.agrees();
      await town.redis.cli('FLUSHALL');
      await town.at(0).kill9();
      for (const file of fs.readdirSync(town.at(0).run)) if (file.startsWith('arena')) fs.rmSync(path.join(town.at(0).run, file));
      await town.at(0).spawn();
      await until('who is online, and has been in the hour', async () => {
        const { online, periods: p } = await town.at(0).snapshot();
        return online.visitors === 20 && p.last_hour.visitors === 20;
      });
    }));

  test('SQLite and Redis at three nodes: the sum everywhere, its days in each series, and without Redis still', () => {
    const clock = new Clock(NIGHT);
    return run(3, { beside: 'sqlite,', args: secret, clock: () => clock }, async (town) => {
      const days = [];
      for (let day = 0; day < 2; day++) {
        for (let i = 0; i < 96; i++) await town.view(i % 3, 10 * day + (i % 16)); // 16 came, each to each node, twice
        days.push([Math.floor((clock.seconds + 25200) / 86400) * 86400 - 25200, 96]);
        await sums(town, { today: [96, 48, 16], total: [town.views, town.views / 2] });
        if (day === 0) await overnight(town, clock);
      }
      const before = await sums(town, { today: [96, 48, 16], yesterday: [96, 48, 16], week: [192, 96, 26], month: [192, 96, 26], total: [192, 96] });
      for (const { luotd } of town.nodes) {
        const { points } = await luotd.get('/v1/demo/series.json?metric=views&step=day&from=2026-11-25&to=2026-11-27');
        assert.deepEqual(points, days, "each node's days are of all nodes");
      }
      await town.redis.kill();
      for (const [i, { luotd }] of town.nodes.entries()) {
        await until(`node ${i + 1} misses it`, async () => (await luotd.stats()).stores[1].error !== null);
        const { periods } = await luotd.snapshot();
        assert.deepEqual(Object.keys(before[i]).map((s) => [s, periods[s]]), Object.entries(before[i]), 'as before');
        const { points } = await luotd.get('/v1/demo/series.json?metric=views&step=day&from=2026-11-25&to=2026-11-27');
        assert.deepEqual(points, days);
      }
    }).finally(() => clock.close());
  });

  test('a day that nobody asked for since is whole when it is over', () => {
    const clock = new Clock(NIGHT);
    return run(2, { beside: 'sqlite,', args: secret, clock: () => clock }, async (town) => {
      for (let i = 0; i < 4; i++) await town.view(i % 2, i % 2);
      await sums(town, { today: [4, 2, 2] });
      for (let i = 0; i < 40; i++) await town.view(i % 2, i % 20);
      const heard = async (luotd) => (await luotd.json('nodes')).heard;
      // What is heard first may have been said before the last of them came; not what is heard after three more.
      for (let more = 0; more < 3; more++) {
        const was = await Promise.all(town.nodes.map(({ luotd }) => heard(luotd)));
        for (let i = 0; i < 2; i++) await town.view(i, i);
        for (const [i, { luotd }] of town.nodes.entries()) await until('the other is heard', async () => (await heard(luotd)) > was[i]);
      }
      await overnight(town, clock);
      await sums(town, { today: [0, 0, 0], yesterday: [50, 20, 20] });
    }).finally(() => clock.close());
  });

  test(`cut off at random, ${ROUNDS} rounds: after healing the true visitors, never above them (SEED=${SEED})`, () =>
    run(3, { args: secret, shared: true }, async (town) => {
      const pick = random(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        const cut = town.nodes.filter(() => pick(2) === 0);
        for (const { cable } of cut) cable.cut();
        for (let i = 0; i < 20; i++) {
          await town.view(pick(3), pick(40));
          await town.ask(pick(3));
        }
        for (const { cable } of cut) cable.mend();
        await town.agrees(({ p }) => ['today', 'week', 'month', 'last_hour', 'last_7d'].every((s) => p[s].visitors === town.seen.size && p[s].deduplicated && p[s].exact));
      }
    }));
});
