// A restart that nobody notices: the service manager holds the sockets, the kernel queues meanwhile. And what a stop costs.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import { Agent } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Luotd, until } from './lib/luotd.mjs';

const UPGRADES = Number(process.env.UPGRADES ?? 5);
const WORKERS = [2, 4, 1, 3, 3, 2]; // of each version in turn: sockets are taken over, opened and left
const UDP_RATE = 5000;
const STOP_TARGET_MS = 2000;
const SITES = '[site web]\nhosts = web.vn\npublic = yes\n[site udp]\nhosts = udp.vn\npublic = yes\n[site knock]\nhosts = knock.vn\npublic = yes\n';

/** luotd under a service manager that keeps its sockets (lib/fdholder.c). */
class Held extends Luotd {
  command(extra) {
    return [path.join(build, 'tests/fdholder'), path.join(this.run, 'notify'), ...super.command(extra)];
  }
  args() {
    return super.args().filter((a) => !a.startsWith('--workers='));
  }
  /** The next version, which may have another configuration. */
  async upgrade(config, signal = 'SIGTERM') {
    fs.writeFileSync(path.join(this.run, 'luotd.conf'), config);
    const was = this.port;
    this.out = '';
    process.kill(this.pid, signal);
    await this.ready();
    assert.equal(this.port, was);
    assert.equal(/^ended (\d+)$/m.exec(this.out)[1], signal === 'SIGTERM' ? '0' : '128');
  }
  /** How many descriptors the manager holds now. */
  held() {
    return Number([...this.out.matchAll(/^held (\d+):/gm)].at(-1)?.[1]); // NaN: it has not said yet
  }
}

/** Clients that post one view after the other and connect again when they must. */
class Web {
  constructor(luotd, clients = 8) {
    Object.assign(this, { luotd, sent: 0, acked: 0, refused: 0, broken: 0, running: true });
    this.done = Promise.all(Array.from({ length: clients }, (_, i) => this.client(i)));
  }
  async client(i) {
    while (this.running) {
      this.sent++;
      try {
        const r = await this.luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.0.0.${i}` }, body: 's=web&p=/' });
        if (r.status === 204) this.acked++;
      } catch (error) {
        if (error.code === 'ECONNREFUSED') this.refused++;
        else this.broken++;
      }
    }
  }
  stop() {
    this.running = false;
    return this.done;
  }
}

/** So many datagrams a second, evenly; never more than 50 at once. */
class Datagrams {
  constructor(luotd, rate) {
    Object.assign(this, { luotd, rate, sent: 0, running: true });
    this.socket = dgram.createSocket('udp4');
    this.done = this.send();
  }
  async send() {
    const began = Date.now();
    while (this.running) {
      const due = Math.min(((Date.now() - began) * this.rate) / 1000 - this.sent, 50);
      const burst = [];
      for (let i = 0; i < due; i++)
        burst.push(new Promise((done, fail) => this.socket.send(`s=udp&p=/&i=10.1.0.${this.sent++ % 250}`, this.luotd.port, '127.0.0.1', (e) => (e ? fail(e) : done()))));
      await Promise.all(burst);
      await new Promise((done) => setTimeout(done, 2));
    }
  }
  async stop() {
    this.running = false;
    await this.done;
    this.socket.close();
  }
}

const views = async (luotd, site) => (await luotd.snapshot(site)).periods.total.views;

describe('an upgrade under load', () => {
  test(`${UPGRADES} of them, with other numbers of workers: nobody is refused, nothing that was taken is lost`, async () => {
    const config = (i) => `workers = ${WORKERS[i % WORKERS.length]}\n${SITES}`;
    const luotd = await Held.start({ config: config(0) });
    try {
      await until('the sockets are held', () => luotd.held() === 2 * WORKERS[0]);
      const web = new Web(luotd);
      const udp = new Datagrams(luotd, UDP_RATE);
      let longest = 0;
      for (let i = 1; i <= UPGRADES; i++) {
        await new Promise((done) => setTimeout(done, 300));
        const began = Date.now();
        await luotd.upgrade(config(i));
        longest = Math.max(longest, Date.now() - began);
        await until('the sockets are held', () => luotd.held() === 2 * WORKERS[i % WORKERS.length]);
      }
      await udp.stop();
      await web.stop();
      const drops = (await luotd.stats()).udp.kernel_drop_events;
      await until('all datagrams', async () => (await views(luotd, 'udp')) + drops >= udp.sent);
      const counted = await views(luotd, 'web');
      console.log(`  ${web.acked} acknowledged <= ${counted} counted <= ${web.sent} sent, ${web.broken} broken; ${udp.sent} datagrams; the longest took ${longest} ms`);
      assert.equal(web.refused, 0);
      assert.ok(web.acked <= counted && counted <= web.sent);
      assert.ok(web.acked > 0);
      if ((await luotd.stats()).udp.rcvbuf_bytes >= 4 << 20) assert.equal(drops, 0);
      assert.equal((await views(luotd, 'udp')) + drops, udp.sent);
    } finally {
      await luotd.stop();
    }
  });

  test('to fewer workers: what leaves is served to its end and closed', async () => {
    const config = (workers) => `workers = ${workers}\n${SITES}`;
    const luotd = await Held.start({ config: config(8) });
    const bound = (kind) => fs.readFileSync(`/proc/net/${kind}`, 'latin1').split('\n').filter((l) => l.includes(`0100007F:${luotd.port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`)).length;
    try {
      assert.deepEqual([bound('tcp'), bound('udp')], [8, 8]);
      const web = new Web(luotd);
      const udp = new Datagrams(luotd, UDP_RATE);
      luotd.agent.maxSockets = 4; // others connect anew, all the time
      const anew = new Agent({ keepAlive: false });
      let opened = 0;
      const knocking = (async () => {
        for (; web.running; opened++) assert.equal((await luotd.request('POST', '/b', { body: 's=knock&p=/', agent: anew })).status, 204);
      })();
      await luotd.upgrade(config(2));
      assert.match(luotd.log, /event=sockets_handed taken=4 leaving=12 closed=0 opened=0/);
      await until('they are closed', () => bound('tcp') === 2 && bound('udp') === 2);
      await new Promise((done) => setTimeout(done, 200));
      await udp.stop();
      await web.stop();
      await knocking;
      await until('all datagrams', async () => (await views(luotd, 'udp')) >= udp.sent);
      assert.equal(await views(luotd, 'udp'), udp.sent);
      assert.equal(await views(luotd, 'knock'), opened);
      assert.ok(web.refused === 0 && web.acked <= (await views(luotd, 'web')));
    } finally {
      await luotd.stop();
    }
  });

  test('what is queued while nobody runs is counted by the next one, after kill -9 too', async () => {
    const config = `workers = 3\n${SITES}`;
    const luotd = await Held.start({ config });
    try {
      for (const signal of ['SIGTERM', 'SIGKILL']) {
        const before = await views(luotd, 'udp');
        await until('the sockets are held', () => luotd.held() === 6);
        process.kill(luotd.pid, 'SIGSTOP'); // nobody reads any more
        for (let i = 0; i < 100; i++) await luotd.udp('s=udp&p=/');
        luotd.agent?.destroy();
        luotd.agent = null;
        const web = Array.from({ length: 6 }, () => luotd.request('POST', '/b', { body: 's=web&p=/' })); // in the backlogs
        const next = luotd.upgrade(config, signal);
        if (signal === 'SIGTERM') process.kill(luotd.pid, 'SIGCONT');
        await next;
        for (const r of await Promise.all(web)) assert.equal(r.status, 204);
        await until('all datagrams', async () => (await views(luotd, 'udp')) === before + 100);
      }
      assert.equal(await views(luotd, 'web'), 12);
    } finally {
      await luotd.stop();
    }
  });
});

describe('sockets from elsewhere', () => {
  const ACTIVATE = `
import fcntl, os, socket, sys
port, made = 0, []
for kind in [socket.SOCK_STREAM] * 2 + [socket.SOCK_DGRAM] * 2:
    s = socket.socket(socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(('127.0.0.1', port))
    port = s.getsockname()[1]
    if kind == socket.SOCK_STREAM: s.listen()
    made.append(s)
plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
plain.bind(('127.0.0.1', 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20): sender.sendto(b's=udp&p=/', ('127.0.0.1', port))
far = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 100) for s in made + [plain, made[0]]]
for i, f in enumerate(far): os.dup2(f, 3 + i)
for f in range(3 + len(far), 200):
    try: os.close(f)
    except OSError: pass
os.environ['LISTEN_PID'] = str(os.getpid())
os.environ['LISTEN_FDS'] = str(len(far))
os.environ['LISTEN_FDNAMES'] = 'luotd.socket:luotd.socket:luotd.socket:luotd.socket:other.socket:luotd.socket'
os.execv(sys.argv[1], sys.argv[1:] + ['--listen=127.0.0.1:%d' % port])
`;
  class Activated extends Luotd {
    command(extra) {
      return ['python3', '-c', ACTIVATE, ...super.command(extra)];
    }
    args() {
      return super.args().filter((a) => !a.startsWith('--listen='));
    }
  }

  test('of a socket unit are served; a stranger and a second of the same are closed, and it is said', async () => {
    const luotd = await Activated.start({ config: SITES });
    try {
      await until('what was queued', async () => (await views(luotd, 'udp')) === 20);
      assert.equal((await luotd.request('POST', '/b', { body: 's=web&p=/' })).status, 204);
      assert.match(luotd.log, /event=sockets_handed taken=4 leaving=0 closed=1 opened=0/);
      assert.match(luotd.log, /event=socket_closed name=other\.socket error="it is of no address/);
      assert.match(luotd.log, /event=socket_closed name=luotd\.socket error="it was handed over twice/);
      for (const fd of [3, 4, 5, 6]) {
        const flags = /flags:\s+(\d+)/.exec(fs.readFileSync(`/proc/${luotd.pid}/fdinfo/${fd}`, 'latin1'))[1];
        assert.ok(parseInt(flags, 8) & 0o2000000, `descriptor ${fd} closes on exec`);
      }
    } finally {
      await luotd.stop();
    }
  });
});

describe('SIGTERM', () => {
  test(`under load drains and saves; the target is ${STOP_TARGET_MS} ms`, async () => {
    const luotd = await Luotd.start({ config: SITES });
    try {
      const quiet = net.connect(luotd.port, luotd.host); // says nothing, and must not be waited for
      quiet.on('error', () => {});
      const web = new Web(luotd);
      const udp = new Datagrams(luotd, UDP_RATE);
      await until('load', () => web.acked > 500 && udp.sent > 2000);
      const began = Date.now();
      luotd.child.kill('SIGTERM');
      const { code } = await luotd.exited;
      const took = Date.now() - began;
      web.running = false;
      await udp.stop();
      await web.done;
      quiet.destroy();
      console.log(`  stopped in ${took} ms`);
      assert.equal(code, 0);
      assert.ok(took < 10 * STOP_TARGET_MS);
      fs.rmSync(luotd.run, { recursive: true }); // the saved numbers alone are left
      fs.mkdirSync(luotd.run);
      await luotd.spawn();
      const counted = await views(luotd, 'web');
      assert.ok(web.acked <= counted && counted <= web.sent, `${web.acked} <= ${counted} <= ${web.sent}`);
    } finally {
      await luotd.stop();
    }
  });
});
