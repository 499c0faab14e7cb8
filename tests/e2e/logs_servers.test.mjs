// Real web servers with the examples of conf/, as they stand but for the port: 100 requests each, and luotd's counters are the ledger of what
// the servers answered. A server that is not installed is skipped and said so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Luotd, root, sums, until } from './lib/luotd.mjs';

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
const where = (program) => PATH.split(':').map((d) => path.join(d, program)).find((f) => fs.existsSync(f));
const linkOf = (f) => {
  try {
    return fs.readlinkSync(f);
  } catch {
    return null; // closed meanwhile
  }
};
const missing = (program) => (where(program) ? false : `skipped: ${program} is not installed`);
/** A program's own directory of modules, in the lib/ beside its sbin/. */
const libraries = (program, name) => {
  const lib = path.resolve(path.dirname(where(program)), '../lib');
  return [...fs.readdirSync(lib).map((d) => path.join(lib, d)), lib].map((d) => path.join(d, name)).find((d) => fs.existsSync(d));
};
const example = (name, port) =>
  fs.readFileSync(path.join(root, 'conf', name), 'utf8').replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replace('--port 8080', `--port ${port}`).replace('port="8080"', `port="${port}"`);

const CONFIG = `
[site so-y-te]
source = logs
hosts = soyte.example.vn
[site thue]
source = logs
hosts = thue.example.vn, www.thue.example.vn
[site beacons]
hosts = beacons.example.vn
`;
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'a "quoted" \\ back\\slash', 'Cốc Cốc', 'Mozilla/5.0 (Windows NT 10.0)'];
const PEOPLE = 7;

/** 100 requests of PEOPLE people with their agents: pages, assets, errors, other methods, three hosts and one that is nobody's. */
function requests() {
  const kinds = [['GET', '/'], ['GET', '/tin/chuy%E1%BB%83n-%C4%91%E1%BB%95i'], ['GET', '/tin?a=1&b=%20x'], ['GET', '/style.css'], ['GET', '/van-ban/1.pdf'], ['GET', '/khong-co'], ['HEAD', '/'], ['GET', '/tin/'], ['POST', '/khong-co']];
  const hosts = ['soyte.example.vn', 'thue.example.vn', 'www.thue.example.vn:8080', 'soyte.example.vn', 'beacons.example.vn', 'nobody.example.vn'];
  return Array.from({ length: 100 }, (_, i) => ({
    method: kinds[i % kinds.length][0], target: kinds[i % kinds.length][1], host: hosts[(i * 7) % hosts.length],
    who: i % PEOPLE, ua: AGENTS[i % AGENTS.length], referrer: i % 3 ? 'https://www.google.com/"x"' : undefined,
  }));
}

const isEvent = (r, status) => r.method === 'GET' && ((status === 404 && !r.target.endsWith('.css')) || (status === 200 && r.target.endsWith('.pdf')));
const isPage = (r, status) => r.method === 'GET' && ((status >= 200 && status < 300) || status === 304) && !/\.(css|pdf)$/.test(r.target);

class Ledger {
  constructor() {
    this.lines = this.views = this.events = this.notPages = this.others = this.unknown = 0;
    this.sites = { 'so-y-te': { views: 0, who: new Set() }, thue: { views: 0, who: new Set() } };
  }
  book(r, status) {
    const host = r.host.replace(/:\d+$/, '');
    const site = host.startsWith('soyte') ? 'so-y-te' : host.includes('thue') ? 'thue' : host;
    this.lines++;
    if (site === 'nobody.example.vn') this.unknown++;
    else if (site === 'beacons.example.vn') this.others++;
    else if (isEvent(r, status)) this.events++;
    else if (!isPage(r, status)) this.notPages++;
    else {
      this.views++;
      this.sites[site].views++;
      this.sites[site].who.add(`${r.who} ${r.ua}`);
    }
  }
  async compare(luotd) {
    const stats = await luotd.received(this.lines);
    assert.equal(stats.received, this.lines);
    assert.equal(stats.counted.view, this.views);
    assert.equal(stats.counted.event, this.events);
    assert.equal(stats.suppressed.not_page, this.notPages);
    assert.equal(stats.suppressed.other_source, this.others);
    assert.equal(stats.rejected.unknown_site, this.unknown);
    assert.deepEqual(sums(stats), { counted: this.views + this.events, suppressed: this.notPages + this.others, rejected: this.unknown });
    for (const [site, expected] of Object.entries(this.sites)) {
      const { today } = (await luotd.snapshot(site)).periods;
      assert.equal(today.views, expected.views, `views of ${site}`);
      assert.equal(today.visitors, expected.who.size, `visitors of ${site}`);
    }
  }
}

const freePort = () => new Promise((done) => {
  const s = net.createServer();
  s.listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => done(port));
  });
});

const ask = (port, r, headers = {}) => new Promise((done, fail) => {
  const q = http.request({ host: '127.0.0.1', port, method: r.method, path: r.target, agent: false, headers: { Host: r.host, 'User-Agent': Buffer.from(r.ua).toString('latin1'), ...(r.referrer && { Referer: r.referrer }), ...headers } }, (res) => {
    res.resume();
    res.on('end', () => done(res.statusCode));
  });
  q.on('error', fail);
  q.end();
});

const forwarded = (r) => ({ 'X-Forwarded-For': `198.51.100.${r.who}` });

/** A server of this test's: started with its configuration, ended by its own pid. */
class Server {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-server-'));
    fs.chmodSync(this.dir, 0o755);
    this.log = '';
  }
  file(name, text) {
    const f = path.join(this.dir, name);
    fs.mkdirSync(path.dirname(f), { recursive: true });
    fs.writeFileSync(f, text);
    return f;
  }
  /** The portal's pages. */
  pages() {
    for (const f of ['www/index.html', 'www/tin/index.html', 'www/tin/chuyển-đổi', 'www/style.css', 'www/van-ban/1.pdf']) this.file(f, 'x');
    return path.join(this.dir, 'www');
  }
  async run(program, args, port) {
    this.child = spawn(where(program), args, { cwd: this.dir, env: { ...process.env, PATH }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout.on('data', (d) => (this.log += d));
    this.child.stderr.on('data', (d) => (this.log += d));
    this.ended = new Promise((done) => this.child.on('exit', done));
    let over = false;
    this.ended.then(() => (over = true));
    if (port)
      await until(`${program} listens`, async () => {
        if (over) throw new Error(`${program}: ${this.log}`);
        return new Promise((done) => {
          const s = net.connect(port, '127.0.0.1', () => done(s.end()));
          s.on('error', () => done(false));
        });
      });
  }
  async stop() {
    if (this.child?.exitCode === null) {
      this.child.kill('SIGTERM');
      await this.ended;
    }
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

async function nginx(server, luotd, more = '') {
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${server.dir}/${t};`).join(' ');
  const conf = server.file('nginx.conf', `daemon off; master_process off; pid ${server.dir}/nginx.pid; error_log stderr warn;
events {} http { ${temp} charset utf-8;
${example('nginx-logs.conf', luotd.port)}
server { listen 127.0.0.1:${port} default_server; root ${server.pages()}; rewrite ^/tin$ /tin/ last; ${more} } }\n`);
  await server.run('nginx', ['-c', conf, '-p', server.dir], port);
  return port;
}

describe('web servers that tell luotd of their requests', () => {
  let luotd, server, ledger;
  const open = (config) => async () => {
    luotd = await Luotd.start({ config });
    server = new Server();
    ledger = new Ledger();
  };
  const close = async () => {
    await server?.stop();
    await luotd?.stop();
  };

  describe('nginx, all portals by their hosts, in JSON', { skip: missing('nginx') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 requests', async () => {
      const port = await nginx(server, luotd);
      for (const r of requests()) ledger.book(r, await ask(port, r, forwarded(r)));
      assert.ok(ledger.views > 20 && ledger.notPages > 10 && ledger.events > 5 && ledger.others > 0 && ledger.unknown > 0);
      await ledger.compare(luotd);
    });
  });

  describe('nginx, one portal by its tag, in the combined format', { skip: missing('nginx') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 requests, and a visitor is the address that connects', async () => {
      const port = await nginx(server, luotd, `access_log syslog:server=127.0.0.1:${luotd.port},tag=so_y_te combined;`);
      for (const r of requests()) {
        const one = { ...r, host: 'soyte.example.vn', who: 0 };
        ledger.book(one, await ask(port, one));
      }
      await ledger.compare(luotd);
    });
    test('a request that is none is a line and no page', async () => {
      const port = Number(/listen 127\.0\.0\.1:(\d+)/.exec(fs.readFileSync(path.join(server.dir, 'nginx.conf')))[1]);
      await new Promise((done) => {
        const s = net.connect(port, '127.0.0.1', () => s.write('\x16\x03\x01"nonsense\r\n\r\n'));
        s.on('close', done).on('error', done).resume();
      });
      ledger.lines++;
      ledger.notPages++;
      await ledger.compare(luotd);
    });
  });

  // What Apache does with `CustomLog "||logger ..."`: it starts the program and writes lines into it.
  describe('lines through the example’s logger', { skip: missing('logger') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 lines as Apache writes them', async () => {
      const [, command] = /^CustomLog "\|\|([^"]+)" luot$/m.exec(example('apache-logs.conf', luotd.port));
      const [program, ...args] = command.split(' ');
      await server.run(path.basename(program), args);
      for (const r of requests()) {
        const status = r.target === '/khong-co' ? 404 : 200;
        const quoted = (s) => `"${(s ?? '-').replace(/["\\]/g, '\\$&').replace(/[\u0080-\uffff]/g, (c) => [...Buffer.from(c)].map((b) => `\\x${b.toString(16)}`).join(''))}"`;
        const at = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1/$2/$3:$4 +0000');
        const vhost = r.host.includes(':') ? r.host : `${r.host}:80`;
        server.child.stdin.write(`${vhost} 198.51.100.${r.who} - - [${at}] ${quoted(`${r.method} ${r.target} HTTP/1.1`)} ${status} 5 ${quoted(r.referrer)} ${quoted(r.ua)} "-"\n`);
        ledger.book(r, status);
      }
      server.child.stdin.end();
      await server.ended;
      await ledger.compare(luotd);
    });
  });

  describe('Apache', { skip: missing('apache2') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 requests', async () => {
      const port = await freePort();
      const modules = libraries('apache2', 'apache2/modules');
      const load = ['mpm_event', 'authz_core', 'dir'].map((n) => `LoadModule ${n}_module ${modules}/mod_${n}.so`).join('\n');
      const conf = server.file('apache.conf', `${load}
ServerRoot ${server.dir}\nDefaultRuntimeDir ${server.dir}\nPidFile ${server.dir}/pid\nListen 127.0.0.1:${port}\nServerName soyte.example.vn\nUseCanonicalName Off\nErrorLog ${server.dir}/error.log
DocumentRoot ${server.pages()}\nDirectoryIndex index.html\n<Directory ${server.dir}>\nRequire all granted\n</Directory>
${example('apache-logs.conf', luotd.port).replace('%v:%p', '%{Host}i')}\n`);
      await server.run('apache2', ['-f', conf, '-DFOREGROUND'], port);
      for (const r of requests()) ledger.book(r, await ask(port, r, forwarded(r)));
      await ledger.compare(luotd);
    });
  });

  describe('HAProxy', { skip: missing('haproxy') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 requests', async () => {
      const port = await freePort();
      const portal = http.createServer((q, a) => {
        a.statusCode = q.url === '/khong-co' ? 404 : 200;
        q.resume();
        a.end(q.method === 'HEAD' ? undefined : 'x');
      });
      await new Promise((done) => portal.listen(0, '127.0.0.1', done));
      try {
        const conf = server.file('haproxy.cfg', example('haproxy-logs.cfg', luotd.port).replace('bind :80', `bind 127.0.0.1:${port}`).replace('127.0.0.1:8081', `127.0.0.1:${portal.address().port}`));
        await server.run('haproxy', ['-f', conf], port);
        for (const r of requests()) {
          const one = { ...r, who: 0 };
          ledger.book(one, await ask(port, one));
        }
        await ledger.compare(luotd);
      } finally {
        portal.close();
      }
    });
  });

  describe('rsyslog reads a file', { skip: missing('rsyslogd') }, () => {
    before(open(CONFIG));
    after(close);
    test('100 lines', async () => {
      const log = server.file('access.log', '');
      const conf = server.file('rsyslog.conf', `global(workDirectory="${server.dir}")\n${example('rsyslog-logs.conf', luotd.port).replace('/var/log/nginx/access.log', log)}`);
      await server.run('rsyslogd', ['-n', '-f', conf, '-i', path.join(server.dir, 'pid'), '-M', libraries('rsyslogd', 'rsyslog')]);
      const open = () => fs.readdirSync(`/proc/${server.child.pid}/fd`).some((fd) => linkOf(`/proc/${server.child.pid}/fd/${fd}`) === log);
      await until('rsyslogd has opened the file', () => open() || server.child.exitCode !== null);
      for (const r of requests()) {
        const one = { ...r, host: 'soyte.example.vn' };
        const status = r.target === '/khong-co' ? 404 : 200;
        const at = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1/$2/$3:$4 +0000');
        fs.appendFileSync(log, `198.51.100.${r.who} - - [${at}] "${r.method} ${r.target} HTTP/1.1" ${status} 5 "-" "${AGENTS.indexOf(r.ua)}"\n`);
        ledger.book(one, status);
      }
      await ledger.compare(luotd);
    });
  });
});
