// Robots are counted apart; the lists that tell them change under load, and a bad one changes nothing. The figures on real agents.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { corpusIsThere, figures } from '../data/agents.mjs';
import { BROWSER, build, Luotd, SITE, sums } from './lib/luotd.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 12);

const send = async (luotd, agent, site = 'demo') => {
  const r = await luotd.request('POST', '/b', { headers: { 'user-agent': agent }, body: `s=${site}&p=/` });
  return r.headers['x-luot'];
};

describe('robots', () => {
  let luotd;
  before(async () => (luotd = await Luotd.start({ config: SITE + '[site all]\nany_host = yes\npublic = yes\nbots = counted\n' })));
  after(() => luotd?.stop());

  test('are told by list, by words, by automation’s marks, by absurdity and by silence', async () => {
    const robots = ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'coccocbot-web/1.0', 'curl/8.5.0', 'node', 'Mozilla/5.0 HeadlessChrome/126.0.0.0 Safari/537.36', '0', ''];
    for (const robot of robots) assert.match(await send(luotd, robot), /^suppressed; reason=bot/, robot);
    const silent = execFileSync('curl', ['-sD-', '-o/dev/null', '-A', '', `http://${luotd.host}:${luotd.port}/p.gif?s=demo&p=/`]).toString();
    assert.match(silent, /^X-Luot: suppressed; reason=bot/im);
    assert.match(await send(luotd, BROWSER), /^counted/);
    assert.match(await send(luotd, 'Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36'), /^counted/);
    const stats = await luotd.stats();
    assert.equal(stats.suppressed.bot, robots.length + 1);
    const s = await luotd.snapshot();
    assert.equal(s.periods.today.views, 2);
    assert.equal(s.periods.today.visitors, 2);
  });

  test('their pings and events are theirs too', async () => {
    for (const line of ['s=demo&k=ping', 's=demo&e=download']) {
      const r = await luotd.request('POST', '/b', { headers: { 'user-agent': 'curl/8' }, body: line });
      assert.match(r.headers['x-luot'], /reason=bot/);
    }
    assert.equal((await luotd.snapshot()).periods.today.views, 2);
  });

  test('of a server that says what agent it saw, likewise; one that does not know it is believed', async () => {
    const before = await luotd.stats();
    await luotd.udp('s=demo&p=/&i=203.0.113.5&u=curl/8.0\ns=demo&p=/&i=203.0.113.6');
    const stats = await luotd.received(before.received + 2);
    assert.equal(stats.suppressed.bot, before.suppressed.bot + 1);
    assert.equal(stats.counted.view, before.counted.view + 1);
  });

  test('bots = counted takes them like people', async () => {
    assert.match(await send(luotd, 'curl/8.0', 'all'), /^counted/);
    assert.equal((await luotd.snapshot('all')).periods.today.views, 1);
  });
});

describe('lists from files', () => {
  const good = (name) => `luot-list bots 1\nbot\t${name}\t\t^${name}\n`;
  const bad = {
    'no list': ['<html>', 'this is no list of bots'],
    'a list of the other kind': ['luot-list agents 1\nbrowser\tA\t\tA\n', 'this is no list of bots'],
    'of another version': ['luot-list bots 9\nbot\tA\t\tA\n', 'version'],
    'a row that is cut': ['luot-list bots 1\nbot\tA\n', 'line 2'],
    'a bad pattern': ['luot-list bots 1\nbot\tA\t\tfine\nbot\tB\t\t(\n', 'line 3'],
    empty: ['', 'the file is empty'],
  };
  let luotd, file;
  const put = (text) => {
    fs.writeFileSync(file + '.new', text);
    fs.renameSync(file + '.new', file);
  };
  before(async () => {
    luotd = new Luotd({});
    file = path.join(luotd.run, 'bots.list');
    luotd.options.config = `bot_list = ${file}\n${SITE}`;
    put(good('Alpha'));
    await luotd.spawn();
  });
  after(() => luotd?.stop());

  test('replace the built-in one', async () => {
    assert.match(await send(luotd, 'Alpha/1'), /reason=bot/);
    assert.match(await send(luotd, 'curl/8.0'), /^counted/);
  });

  for (const [what, [text, why]] of Object.entries(bad))
    test(`${what}: a reload says why, and the old list stays`, async () => {
      put(text);
      const answer = await luotd.ask('reload');
      assert.match(answer, /^ERR /);
      assert.ok(answer.includes(file) && answer.includes(why), answer);
      assert.match(await send(luotd, 'Alpha/1'), /reason=bot/);
      assert.match(await send(luotd, 'Beta/1'), /^counted/);
    });

  test('a new one is taken at a reload', async () => {
    put(good('Beta'));
    assert.equal((await luotd.ask('reload')).startsWith('ERR'), false);
    assert.match(await send(luotd, 'Beta/1'), /reason=bot/);
    assert.match(await send(luotd, 'Alpha/1'), /^counted/);
  });

  test(`${ROUNDS} swaps under load: each line is judged by one of the two lists, and all are accounted for`, async () => {
    const before = await luotd.stats();
    let sent = 0, robots = 0, done = false;
    const load = async () => {
      while (!done) {
        const words = await Promise.all(['Alpha/2', 'Beta/2'].map((agent) => send(luotd, agent)));
        sent += 2;
        for (const word of words) {
          assert.match(word, /^counted|reason=bot/);
          robots += word.includes('bot') ? 1 : 0;
        }
      }
    };
    const loads = [load(), load(), load()];
    for (let i = 0; i < ROUNDS; i++) {
      put(good(i % 2 ? 'Beta' : 'Alpha'));
      const answer = await luotd.ask('reload');
      if (answer.startsWith('ERR')) assert.match(answer, /under way/);
    }
    done = true;
    await Promise.all(loads);
    const stats = await luotd.received(before.received + sent);
    assert.equal(stats.received, before.received + sent);
    assert.equal(stats.suppressed.bot, before.suppressed.bot + robots);
    assert.equal(sums(stats).counted, sums(before).counted + sent - robots);
    assert.ok(robots > 0 && robots < sent);
  });

  test('a bad one at the start is no start, and is said', async () => {
    put('luot-list bots 1\nbot\tA\t\t(\n');
    const { status, stderr } = spawnSync(path.join(build, 'luotd'), [`--bot_list=${file}`, '--listen=127.0.0.1:0', '--store=none', `--run_dir=${luotd.run}/x`, `--state_dir=${luotd.state}`], { encoding: 'utf8' });
    assert.equal(status, 78, stderr);
    assert.ok(stderr.includes(`${file}: line 2: the pattern cannot be read`), stderr);
    const checked = spawnSync(path.join(build, 'luotd'), ['-t', `--bot_list=${file}`], { encoding: 'utf8' });
    assert.equal(checked.status, 78);
    assert.ok(checked.stderr.includes('line 2'), checked.stderr);
  });
});

test('the figures on the corpus', { skip: corpusIsThere() ? false : 'skipped: ../shared/corpus/ua is not there' }, () => {
  const f = figures();
  assert.ok(f.bots_found >= 0.85, `robots found: ${f.bots_found}`);
  assert.ok(f.people_called_bots <= 0.01, `people called robots: ${f.people_called_bots}`);
  assert.ok(f.browser >= 0.985, `browsers: ${f.browser}`);
  assert.ok(f.every_browser >= 0.97, `browsers of all names: ${f.every_browser}`);
  assert.ok(f.system >= 0.97, `systems: ${f.system}`);
  assert.ok(f.device >= 0.95, `devices: ${f.device}`);
  assert.deepEqual(f.vietnam_wrong, [], 'Zalo, Cốc Cốc and its robot');
});
