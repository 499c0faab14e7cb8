// The command line and the configuration as an operator meets them: exit codes, messages, reload.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { BROWSER, build, Luotd, until } from './lib/luotd.mjs';

const run = (args, env = {}) =>
  new Promise((done) => execFile(path.join(build, 'luotd'), args, { env: { PATH: process.env.PATH, ...env }, timeout: 20000 }, (e, out, err) => done({ code: e ? e.code : 0, out, err })));
const conf = (text) => {
  const f = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'luot-conf-')), 'luotd.conf');
  fs.writeFileSync(f, text);
  return f;
};

describe('luotd -t', () => {
  test('passes a right file, and the one we ship', async () => {
    assert.equal((await run(['-t', '-c', conf('[site a]\nhosts = a.vn\n')])).code, 0);
    const shipped = await run(['--print-conf']);
    assert.equal((await run(['-t', '-c', conf(shipped.out)])).code, 0);
  });
  for (const [text, message] of [
    ['lisen = 1\n', /luotd\.conf:1: .*lisen.*listen/],
    ['\nworkers = 1000\n', /luotd\.conf:2: .*workers/],
    ['[site A]\n', /luotd\.conf:1: /],
    ['[site a]\n[site a]\n', /luotd\.conf:2: /],
    ['[site a]\ntimezone = Mars/Base\n', /luotd\.conf:2: .*timezone/],
    ['[site a]\nonline_window = 2h\n', /luotd\.conf:2: .*online_window/],
  ])
    test(`says what is wrong with ${JSON.stringify(text)}`, async () => {
      const r = await run(['-t', '-c', conf(text)]);
      assert.equal(r.code, 78);
      assert.match(r.err, message);
    });
  test('an unknown option is 64', async () => assert.equal((await run(['--nonsense=1'])).code, 64));
  test('later wins: file, environment, command line', async () => {
    const f = conf('log_level = error\nworkers = 3\nnode = file\n');
    const r = await run(['-T', '-c', f, '--node=line'], { LUOT_WORKERS: '4', LUOT_NODE: 'env' });
    assert.match(r.out, /^log_level = error$/m);
    assert.match(r.out, /^workers = 4$/m);
    assert.match(r.out, /^node = line$/m);
  });
});

describe('listen', () => {
  test('port 0 and both families: `ready` names every address, TCP and UDP count on each', async () => {
    const luotd = await Luotd.start({ args: ['--listen=127.0.0.1:0,[::1]:0,127.0.0.1:0'] });
    try {
      const [, http, udp] = /^ready http=(\S+) udp=(\S+) /m.exec(luotd.out);
      assert.equal(http, udp);
      const places = http.split(',');
      assert.deepEqual(places.map((p) => p.replace(/\d+$/, '')), ['127.0.0.1:', '[::1]:', '127.0.0.1:']);
      assert.equal(new Set(places).size, 3);
      for (const place of places) {
        assert.equal((await fetch(`http://${place}/p.gif?s=demo`, { headers: { 'user-agent': BROWSER } })).headers.get('x-luot'), 'counted');
        const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(place);
        const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
        await new Promise((done) => socket.send('s=demo', Number(port), host, done));
        socket.close();
      }
      assert.equal((await luotd.received(6)).counted.view, 6);
    } finally {
      await luotd.stop();
    }
  });
  test('the hints can be pasted, with an IPv6 address too', async () => {
    for (const listen of ['127.0.0.1:0', '[::1]:0']) {
      const luotd = await Luotd.start({ args: [`--listen=${listen}`] });
      try {
        const hints = await until('hints', () => /^ {2}look .*\n {2}send {5}(.*)\n {11}(bash .*)\n {2}read {5}(.*)\n {11}build\/(.*)$/m.exec(luotd.out));
        const sh = (line) => new Promise((done) => execFile('sh', ['-c', line], { cwd: build, timeout: 20000 }, (e, out, err) => done(e ? `${e.code} ${err}` : out)));
        assert.equal(await sh(hints[1]), '');
        assert.equal(await sh(hints[2]), '');
        assert.equal((await luotd.received(2)).counted.view, 2);
        assert.equal(JSON.parse(await sh(hints[3])).total, 2);
        assert.match(await sh(`./${hints[4]}`), /^ {2}total +2$/m);
      } finally {
        await luotd.stop();
      }
    }
  });
  test('udp_trusted = none closes UDP and says so', async () => {
    const luotd = await Luotd.start({ args: ['--udp_trusted=none'] });
    assert.match(luotd.out, /^ready http=\S+ udp=none /m);
    await luotd.stop();
  });
});

describe('sites that open by themselves', () => {
  test('two hundred portals with one tag; after a reboot they are there at once', async () => {
    const luotd = await Luotd.start({ config: 'auto_sites = *.example.gov.vn\n' });
    try {
      const portals = Array.from({ length: 200 }, (_, i) => `p${i}.example.gov.vn`);
      for (let i = 0; i < portals.length; i += 50) {
        await Promise.all(portals.slice(i, i + 50).map((host) => luotd.request('GET', '/p.gif', { headers: { Referer: `https://${host}/` } })));
        const was = (await luotd.stats()).keeper_as_of_s;
        await until('the keeper', async () => (await luotd.stats()).keeper_as_of_s > was);
      }
      const stats = await luotd.received(200);
      assert.equal(stats.counted.view, 200);
      await luotd.term();
      fs.rmSync(path.join(luotd.run, 'arena'));
      await luotd.spawn();
      assert.equal((await luotd.widget('p7-example-gov-vn')).total, 1);
      assert.equal((await luotd.json('sites')).sites.length, 200);
    } finally {
      await luotd.stop();
    }
  });
});

describe('what luotd refuses to start with', () => {
  test('a port in use is 69, with its name', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await new Promise((done) => taken.on('listening', done));
    const dirs = ['run', 'state'].map((d) => `--${d}_dir=${fs.mkdtempSync(path.join(os.tmpdir(), 'luot-'))}`);
    const r = await run([...dirs, `--listen=127.0.0.1:${taken.address().port}`]);
    taken.close();
    assert.equal(r.code, 69);
    assert.match(r.err, /in use/);
  });
  test('a state in use is 73, and the first one is not disturbed', async () => {
    const luotd = await Luotd.start({});
    const r = await run([`--run_dir=${luotd.run}`, `--state_dir=${luotd.state}`, '--listen=127.0.0.1:0']);
    assert.equal(r.code, 73);
    assert.match(r.err, new RegExp(String(luotd.pid)));
    assert.equal((await luotd.request('GET', '/v1/demo/widget.json')).status, 200);
    await luotd.stop();
  });
  test('a database in use is 73 too, with another run_dir, until its holder is gone however it went', { skip: process.env.STORE === 'redis' }, async () => {
    const luotd = await Luotd.start({ config: '[site demo]\nany_host = yes\n' });
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-'));
    const args = [`--run_dir=${other}`, `--state_dir=${luotd.state}`, '--listen=127.0.0.1:0'];
    const r = await run(args);
    assert.equal(r.code, 73);
    assert.match(r.err, new RegExp(`luot\\.db is held by process ${luotd.pid}: stop that luotd, or give this one another state_dir`));
    assert.equal((await luotd.request('POST', '/b', { body: 's=demo&p=/' })).status, 204);
    await luotd.kill9();
    const next = await Luotd.start({ args });
    assert.ok(await next.stats());
    await next.stop();
    luotd.remove();
    fs.rmSync(other, { recursive: true, force: true });
  });
  test('a database that is not ours is 78 and stays as it was', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-'));
    const file = path.join(dir, 'other.db');
    fs.writeFileSync(file, 'somebody’s notes\n'.repeat(100));
    const was = fs.readFileSync(file);
    const r = await run([`--run_dir=${dir}`, `--store=sqlite:${file}`, '--listen=127.0.0.1:0']);
    assert.equal(r.code, 78);
    assert.match(r.err, /other\.db/);
    assert.deepEqual(fs.readFileSync(file), was);
  });
});

describe('reload', () => {
  test('adds a site, archives one, keeps counts; a bad file keeps the old one and says why', async () => {
    const config = (sites) => sites.map((s) => `[site ${s}]\nany_host = yes\npublic = yes\n`).join('');
    const luotd = await Luotd.start({ config: config(['a', 'b']) });
    const file = path.join(luotd.run, 'luotd.conf');
    try {
      await luotd.udp('s=a\ns=b\ns=c');
      let stats = await luotd.received(3);
      assert.equal(stats.rejected.unknown_site, 1);
      fs.writeFileSync(file, config(['a', 'c']));
      luotd.child.kill('SIGHUP');
      await until('c', async () => (await luotd.request('GET', '/v1/c/widget.json')).status === 200);
      await luotd.udp('s=a\ns=b\ns=c');
      stats = await luotd.received(6);
      assert.equal(stats.rejected.unknown_site, 2, 'b is archived');
      assert.equal((await luotd.widget('a')).total, 1, 'one visitor, one visit');
      assert.equal((await luotd.snapshot('a')).periods.total.views, 2);
      fs.writeFileSync(file, 'nonsense = 1\n');
      assert.match(await luotd.ask('reload'), /^ERR .*luotd\.conf:1/);
      assert.equal((await luotd.request('GET', '/v1/c/widget.json')).status, 200);
      fs.writeFileSync(file, config(['a', 'b', 'c']));
      await luotd.ask('reload');
      await until('b is back', async () => (await luotd.request('GET', '/v1/b/widget.json')).status === 200);
      assert.equal((await luotd.snapshot('b')).periods.total.views, 1, 'its history was kept');
    } finally {
      await luotd.stop();
    }
  });
});
