// Tops of several luotd that count one portal through one Redis: each answers the sum, also of one that is gone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { Redis, missing } from './lib/redis.mjs';

const NOON = Date.UTC(2026, 10, 25, 5) / 1000;
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\n';

describe('tops of two nodes', { skip: missing }, () => {
  let redis, clock, nodes = [];
  const view = (luotd, visitor, p) => luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.3.0.${visitor}` }, body: `s=demo&p=${p}` });
  const rows = async (luotd) => {
    const tops = await luotd.get('/v1/demo/tops.json?of=pages');
    assert.equal(tops.rows.reduce((n, r) => n + r.views, tops.other), tops.total);
    return Object.fromEntries(tops.rows.map((r) => [r.key, r.views]));
  };
  const both = { '/': 7, '/b': 2 };
  before(async () => {
    redis = await Redis.start();
    clock = new Clock(NOON);
    for (const name of ['n1', 'n2']) nodes.push(await Luotd.start({ config: CONFIG, clock, args: [`--store=${redis.where}`, `--node=${name}`] }));
  });
  after(async () => {
    for (const luotd of nodes) await luotd.stop();
    redis?.remove();
    clock?.close();
  });

  test('each answers what both counted, once it is saved', async () => {
    for (let v = 0; v < 3; v++) await view(nodes[0], v, '/');
    for (let v = 0; v < 4; v++) await view(nodes[1], v, '/');
    for (let v = 0; v < 2; v++) await view(nodes[1], v, '/b');
    clock.set(NOON + 61); // a site's tops are saved once a minute
    for (const luotd of nodes) await until('the sum', async () => JSON.stringify(await rows(luotd)) === JSON.stringify(both));
  });

  test('one that was killed and lost its memory is still in the sum, and counts on', async () => {
    await nodes[1].kill9();
    assert.deepEqual(await rows(nodes[0]), both);
    nodes[1].remove();
    nodes[1] = await Luotd.start({ config: CONFIG, clock, args: [`--store=${redis.where}`, '--node=n2'] });
    await view(nodes[1], 9, '/b');
    assert.deepEqual(await rows(nodes[1]), { ...both, '/b': 3 });
    assert.equal((await nodes[1].get('/v1/demo/snapshot.json')).tops.pages.total, 10);
    await until('its pages', async () => (await nodes[1].get('/v1/demo/page.json?p=/b')).views === 3);
  });
});
