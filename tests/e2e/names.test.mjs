// A site is renamed, becomes part of another one, is put away and comes back, while traffic flows; no restart, and
// nothing that was counted is lost or doubled by it, by a kill -9 at any instant, or by an arena that is gone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ctlJson, luotctl } from './lib/ctl.mjs';
import { Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';
import { randomOf } from './lib/traffic.mjs';

const ROUNDS = Number(process.env.KILLS ?? 8); // kills inside the command
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const TWO = '[site so-y-te]\nany_host = yes\npublic = yes\n[site chinh]\nany_host = yes\npublic = yes\n';
const AUTO = 'auto_sites = *.gov.vn\n';
const ORIGIN = { Origin: 'https://a.gov.vn' };

const view = (luotd, site, visitor = 1, headers = {}) =>
  luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.0.${visitor >> 8}.${visitor & 255}`, ...headers }, body: site ? `s=${site}&p=/` : 'p=/' });
const total = async (luotd, site) => (await luotd.json(`snapshot ${site}`)).periods.total;
const views = async (luotd, site) => (await total(luotd, site)).views;
const ctl = async (luotd, ...words) => {
  const r = await luotctl(luotd, ['site', ...words]);
  assert.equal(r.code, 0, `site ${words.join(' ')}: ${r.out}${r.err}`);
  return r.out;
};
const refused = async (luotd, words, sentence) => {
  const r = await luotctl(luotd, ['site', ...words]);
  assert.notEqual(r.code, 0, r.out);
  assert.match(r.err + r.out, sentence);
};
/** What the arena had is gone, as after a reboot; its sites come back from the store. */
const reboot = async (luotd) => {
  await luotd.term();
  for (const file of ['arena', 'names', 'node']) fs.rmSync(path.join(luotd.run, file), { force: true });
  await luotd.spawn();
};
const send = async (luotd, site, n, from = 0) => {
  for (let i = 0; i < n; i++) assert.equal((await view(luotd, site, from + i)).status, 204);
};

/** Views of a site that go on until told to stop; how many were acknowledged. */
class Flow {
  constructor(luotd, site) {
    Object.assign(this, { luotd, site, acked: 0, refused: 0, running: true });
    this.done = Promise.all(Array.from({ length: 4 }, (_, c) => this.client(c)));
  }
  async client(c) {
    for (let i = 0; this.running; i++) {
      const r = await view(this.luotd, this.site, c * 50 + (i % 50)).catch(() => null);
      if (r === null) return; // killed
      if (r.status === 204) this.acked++;
      else this.refused++;
    }
  }
  async stop() {
    this.running = false;
    await this.done;
  }
}

describe('a site that is renamed', () => {
  test('goes on under its new name, with all its history, and answers to the old one too', async () => {
    const luotd = await Luotd.start({ config: TWO });
    await send(luotd, 'so-y-te', 5);
    await luotctl(luotd, ['seed', 'so-y-te', '--metric', 'views', '--total', '50510']);
    const flow = new Flow(luotd, 'so-y-te');
    await until('some', () => flow.acked > 20);
    assert.match(await ctl(luotd, 'rename', 'so-y-te', 'y-te'), /done[^]*\[site so-y-te\].*reload\.\s*$/);
    const before = flow.acked;
    await until('some more', () => flow.acked > before + 20);
    await flow.stop();
    assert.equal(flow.refused, 0, 'no page lost its counter');
    await send(luotd, 'y-te', 3);
    const n = 50510 + flow.acked + 3;
    for (const name of ['y-te', 'so-y-te']) {
      const snapshot = await luotd.get(`/v1/${name}/snapshot.json`);
      assert.equal(snapshot.site, 'y-te');
      assert.equal(snapshot.periods.total.views, n);
    }
    assert.deepEqual((await luotd.json('sites')).sites.map((s) => s.site).sort(), ['chinh', 'y-te']);
    assert.match((await luotctl(luotd, ['audit', 'y-te'])).out, /uid=\d+ site rename so-y-te y-te/);

    // Its section may have either name.
    fs.writeFileSync(path.join(luotd.run, 'luotd.conf'), TWO.replace('so-y-te', 'y-te'));
    await luotd.ask('reload');
    await send(luotd, 'so-y-te', 1);
    assert.equal(await views(luotd, 'y-te'), n + 1);
    assert.equal((await luotd.stats()).sites, 2, 'nobody made a second one');
    await luotd.kill9();
    luotd.options.config = TWO.replace('so-y-te', 'y-te');
    await luotd.spawn();
    assert.equal(await views(luotd, 'y-te'), n + 1);
    await reboot(luotd);
    await send(luotd, 'so-y-te', 1);
    assert.equal(await views(luotd, 'y-te'), n + 2);
    assert.equal((await luotd.widget('so-y-te')).site, 'y-te');

    await ctl(luotd, 'rename', 'y-te', 'suc-khoe');
    await ctl(luotd, 'rename', 'suc-khoe', 'so-y-te');
    for (const name of ['y-te', 'suc-khoe', 'so-y-te']) assert.equal((await luotd.widget(name)).site, 'so-y-te');
    await luotd.stop();
  });

  test('takes no name that another site has, and says what to do', async () => {
    const luotd = await Luotd.start({ config: TWO });
    await refused(luotd, ['rename', 'so-y-te', 'chinh'], /site merge OLD NEW/);
    await refused(luotd, ['rename', 'nobody', 'x'], /no such site/);
    await refused(luotd, ['rename', 'chinh', 'Chính'], /a-z/);
    await refused(luotd, ['rename', 'chinh'], /usage/);
    await ctl(luotd, 'rename', 'chinh', 'main');
    await refused(luotd, ['rename', 'so-y-te', 'chinh'], /site merge OLD NEW/);
    await refused(luotd, ['rename', 'so-y-te', 'main'], /site merge OLD NEW/);
    await ctl(luotd, 'rename', 'main', 'chinh');
    await luotd.stop();
  });

  test('has its new name elsewhere when its dump is loaded there', async () => {
    const from = await Luotd.start({ config: TWO });
    await send(from, 'so-y-te', 7);
    await ctl(from, 'rename', 'so-y-te', 'y-te');
    await until('saved', async () => / views=7 /.test(await from.ask('dump y-te')));
    const dump = (await luotctl(from, ['dump', '--all'])).out;
    await from.stop();
    assert.match(dump, /^name y-te kind=name is=so-y-te host= at=\d+ uid=\d+$/m);
    const into = await Luotd.start({ config: TWO.replace('so-y-te', 'y-te') });
    const r = await luotctl(into, ['load'], { input: dump });
    assert.equal(r.code, 0, r.err);
    await into.stop();
    const again = await Luotd.start({ config: '[site chinh]\n' });
    assert.equal((await luotctl(again, ['load'], { input: dump })).code, 0);
    fs.writeFileSync(path.join(again.run, 'luotd.conf'), TWO.replace('so-y-te', 'y-te'));
    await until('the name', async () => {
      await again.ask('reload');
      return (await again.ask('site so-y-te')).includes('y-te');
    });
    await again.stop();
  });
});

describe('a site that becomes part of another one', () => {
  test('gives it all that it counted, while both count', async () => {
    const luotd = await Luotd.start({ config: TWO });
    await luotctl(luotd, ['seed', 'so-y-te', '--metric', 'views', '--total', '1000']);
    const from = new Flow(luotd, 'so-y-te');
    const into = new Flow(luotd, 'chinh');
    await until('some', () => from.acked > 30 && into.acked > 30);
    await ctl(luotd, 'merge', 'so-y-te', 'chinh');
    const before = from.acked;
    await until('some more', () => from.acked > before + 30);
    await Promise.all([from.stop(), into.stop()]);
    assert.equal(from.refused + into.refused, 0);
    const n = 1000 + from.acked + into.acked;
    const whole = async (name = 'chinh') => {
      let last;
      await until(`${n} views`, async () => {
        last = await total(luotd, name);
        assert.ok(last.views <= n, `never above the truth: ${last.views} of ${n}`);
        return last.views === n;
      }).catch((e) => assert.fail(`${e.message}: ${JSON.stringify(last)}, ${from.acked} and ${into.acked}`));
      return last;
    };
    assert.equal((await whole()).deduplicated, false);
    await whole('so-y-te');
    assert.deepEqual((await luotd.json('sites')).sites.map((s) => s.site), ['chinh']);
    const report = await ctlJson(luotd, ['report', 'chinh']);
    assert.equal(report.rows.reduce((a, r) => a + r.views, 0), n - 1000, 'its days are days of the other one');
    await luotd.kill9();
    await luotd.spawn();
    await whole();
    await reboot(luotd);
    await whole();
    assert.equal((await luotd.stats()).sites, 1);
    await luotctl(luotd, ['seed', 'chinh', '--metric', 'views', '--total', '50510']);
    assert.equal(await views(luotd, 'chinh'), 50510, 'a seed has in it what was merged before');
    await reboot(luotd);
    assert.equal(await views(luotd, 'chinh'), 50510);
    await luotd.stop();
  });

  test('is not merged with itself, with who is not there, or across calendars', async () => {
    const luotd = await Luotd.start({ config: TWO.replace('[site chinh]', '[site chinh]\ntimezone = UTC') });
    await refused(luotd, ['merge', 'so-y-te', 'so-y-te'], /one site already/);
    await refused(luotd, ['merge', 'so-y-te', 'nobody'], /INTO is no site/);
    await refused(luotd, ['merge', 'so-y-te', 'chinh'], /timezone/);
    await luotd.stop();
  });

  test('of its own host brings its pages along', async () => {
    const luotd = await Luotd.start({ config: AUTO });
    await view(luotd, '', 1, ORIGIN);
    await view(luotd, '', 2, { Origin: 'https://b.gov.vn' });
    await ctl(luotd, 'merge', 'a-gov-vn', 'b-gov-vn');
    assert.equal((await view(luotd, '', 3, ORIGIN)).status, 204);
    assert.equal((await view(luotd, 'a-gov-vn', 3, ORIGIN)).status, 204);
    await until('four', async () => (await views(luotd, 'b-gov-vn')) === 4);
    await reboot(luotd);
    assert.equal((await view(luotd, '', 3, ORIGIN)).status, 204);
    await until('five', async () => (await views(luotd, 'a-gov-vn')) === 5);
    assert.equal((await luotd.stats()).sites, 1);
    await luotd.stop();
  });
});

describe('a site that is archived', () => {
  test('is refused, does not open again, and comes back with its history', async () => {
    const luotd = await Luotd.start({ config: AUTO + TWO });
    assert.equal((await view(luotd, '', 1, ORIGIN)).status, 204);
    await refused(luotd, ['archive', 'chinh'], /has a section/);
    await refused(luotd, ['restore', 'a-gov-vn'], /not archived/);
    await ctl(luotd, 'archive', 'a-gov-vn');
    const gone = async () => {
      const r = await view(luotd, '', 2, ORIGIN);
      assert.equal(r.status, 403);
      assert.match(r.headers['x-luot'], /unknown_site/);
      assert.equal((await view(luotd, 'a-gov-vn', 2, ORIGIN)).status, 403);
      assert.equal((await luotd.stats()).sites, 2);
    };
    await gone();
    await luotd.ask('reload');
    await gone();
    await luotd.kill9();
    await luotd.spawn();
    await gone();
    await until('its history', async () => / views=1 /.test(await luotd.ask('dump a-gov-vn')));
    await reboot(luotd);
    await gone();
    await ctl(luotd, 'restore', 'a-gov-vn');
    assert.equal((await view(luotd, '', 2, ORIGIN)).status, 204);
    await until('both', async () => (await views(luotd, 'a-gov-vn')) === 2);
    await ctl(luotd, 'archive', 'a-gov-vn');
    await ctl(luotd, 'restore', 'a-gov-vn');
    assert.equal((await view(luotd, '', 3, ORIGIN)).status, 204);
    await until('three', async () => (await views(luotd, 'a-gov-vn')) === 3);
    await luotd.stop();
  });
});

describe('what people said of sites', () => {
  test(`is done or not done after kill -9 at any instant of it (seed ${seed})`, async () => {
    const random = randomOf(seed);
    const luotd = await Luotd.start({ config: TWO });
    const sent = { acked: 0, tried: 0 };
    let name = 'so-y-te';
    for (let i = 0; i < ROUNDS; i++) {
      const next = `ten-${i}`;
      const flow = new Flow(luotd, name);
      await until('some', () => flow.acked > 3);
      const command = luotctl(luotd, i % 4 === 3 ? ['site', 'merge', name, 'chinh'] : ['site', 'rename', name, next]);
      await new Promise((done) => setTimeout(done, random(40)));
      await luotd.kill9();
      await Promise.all([command, flow.stop()]);
      sent.acked += flow.acked;
      sent.tried += 4;
      await luotd.spawn();
      assert.equal((await view(luotd, name)).status, 204, `${name} is there whatever came of it`);
      sent.acked++;
      await until('all of it', async () => {
        const n = (await views(luotd, name)) + ((await luotd.widget(name)).site === 'chinh' ? 0 : await views(luotd, 'chinh'));
        assert.ok(n <= sent.acked + sent.tried, `${n} of ${sent.acked}`);
        return n >= sent.acked;
      });
      const shown = (await luotd.widget(name)).site;
      assert.ok([name, next, 'chinh'].includes(shown) || /^ten-/.test(shown), shown);
      if (shown === 'chinh') break; // merged: there is no second one any more
      name = shown;
    }
    await luotd.stop();
  });

  test('reaches every node through Redis, and is there when Redis has lost it', { skip: missing }, async () => {
    const redis = await Redis.start();
    const node = (name, store) => Luotd.start({ config: `node = ${name}\nstore = ${store}\n${TWO}` });
    const [a, b] = [await node('a', `sqlite, ${redis.where}`), await node('b', redis.where)];
    await send(a, 'so-y-te', 3);
    await send(b, 'so-y-te', 4, 100);
    await ctl(a, 'rename', 'so-y-te', 'y-te');
    await until('b knows', async () => (await b.widget('so-y-te')).site === 'y-te');
    assert.equal((await view(b, 'y-te', 200)).status, 204);
    for (const one of [a, b]) await until('eight', async () => (await views(one, 'y-te')) === 8);
    await ctl(b, 'merge', 'y-te', 'chinh');
    await until('a knows', async () => (await a.widget('y-te')).site === 'chinh');
    await send(a, 'so-y-te', 1, 300);
    for (const one of [a, b]) await until('nine', async () => (await views(one, 'chinh')) === 9);
    await redis.cli('FLUSHALL');
    await until('Redis knows again', async () => (await redis.hash('luot:names')).size === 2);
    await redis.kill();
    await b.kill9();
    await b.spawn(); // with an arena, and no Redis
    assert.equal((await view(b, 'y-te', 400)).status, 204);
    assert.equal((await b.widget('so-y-te')).site, 'chinh', 'from the file beside the arena');
    await redis.spawn();
    for (const one of [a, b]) await until('ten', async () => (await views(one, 'chinh')) === 10);
    await a.stop();
    await b.stop();
    await redis.stop();
  });
});
