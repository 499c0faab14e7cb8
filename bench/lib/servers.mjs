// What is measured: luotd, and the baselines beside it. Each runs on the servers' core.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuNs, family, folder, forget, freePort, run, CLIENT_CPU, SERVER_CPU, start, stop, until } from './system.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = path.resolve(root, process.env.BUILD ?? 'build');

/** luotd with one worker, in folders of its own; counts for the site `demo` unless `config` says otherwise. `under`: a program and its
 * arguments that runs it. */
export class Luotd {
  static async start(config = '[site demo]\nany_host = yes\n', { under = [], args = [] } = {}) {
    const luotd = new Luotd();
    luotd.program = [...under, path.join(build, 'luotd')];
    luotd.more = args;
    luotd.folders = [folder('run', true), folder('state')];
    luotd.arena = path.join(luotd.folders[0], 'arena');
    luotd.file = path.join(luotd.folders[0], 'luotd.conf');
    fs.writeFileSync(luotd.file, config);
    luotd.readyMs = await luotd.spawn();
    return luotd;
  }

  /** Milliseconds from spawn to `ready`. */
  async spawn() {
    const args = ['-c', this.file, `--run_dir=${this.folders[0]}`, `--state_dir=${this.folders[1]}`, '--workers=1', '--listen=127.0.0.1:0', '--log_level=info',
      // Looked at for each line, and never reached: load comes from few addresses.
      '--rate_limit=100000/s burst 100000', '--new_visitors_per_address=100000/s burst 100000', ...this.more];
    const began = process.hrtime.bigint();
    this.child = start(SERVER_CPU, this.program[0], [...this.program.slice(1), ...args], { cwd: this.folders[0], env: { PATH: process.env.PATH } });
    const ready = await new Promise((done) => {
      this.child.stdout.on('data', () => {
        const said = /^ready http=\S+:(\d+) udp=\S+ socket=(\S+) pid=(\d+)$/m.exec(this.child.out);
        if (said) done(said);
      });
      this.child.ended.then(() => done(null));
    });
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    if (!ready) throw new Error(`luotd did not start: ${this.child.err.slice(-2000)}`);
    this.port = Number(ready[1]);
    this.socket = ready[2];
    this.pid = Number(ready[3]);
    this.stopping = false;
    this.child.ended.then(({ code, signal }) => {
      if (!this.stopping) throw new Error(`luotd ended by itself (${code ?? signal}): ${this.child.err.slice(-2000)}`);
    });
    return ms;
  }

  /** What it says of its own start, from its clock to `ready`. */
  startMs() {
    return Number(/event=ready .*start_ms=(\d+)/.exec(this.child.err)?.[1]);
  }

  cpu() {
    return cpuNs([this.pid]);
  }

  stats() {
    return new Promise((done, fail) => {
      const socket = net.connect(this.socket, () => socket.write('json stats\n'));
      let text = '';
      socket.setTimeout(10000, () => socket.destroy(new Error('luotd does not answer')));
      socket.on('error', fail);
      socket.on('data', (d) => {
        text += d;
        if (!text.endsWith('\n.\n')) return;
        socket.destroy();
        if (text.startsWith('ERR')) fail(new Error(text.trim()));
        else done(JSON.parse(text.slice(0, -2)));
      });
    });
  }

  /** Lines received so far, and how many of them became views. */
  async counts() {
    const { received, counted } = await this.stats();
    return { received, views: counted.view };
  }

  /** The same when nothing is under way any more. */
  async quiet() {
    let last;
    return until('luotd to be quiet', async () => {
      const now = await this.counts();
      const same = last?.received === now.received && last.views === now.views;
      last = now;
      return same && now;
    });
  }

  /** Ends it with a signal; its numbers stay where they are. */
  end(signal = 'SIGTERM') {
    this.stopping = true;
    return stop(this.child, signal);
  }

  async stop() {
    await this.end();
    this.folders.forEach(forget);
  }
}

/** redis-server, keeping nothing on disk, beside the clients. */
export class Redis {
  static async start() {
    const redis = new Redis();
    redis.folder = folder('redis');
    redis.socket = path.join(redis.folder, 'redis.sock');
    redis.where = `redis+unix://${redis.socket}`;
    redis.child = start(CLIENT_CPU, 'redis-server', ['--port', '0', '--unixsocket', redis.socket, '--dir', redis.folder, '--save', '', '--appendonly', 'no']);
    await until('redis-server', () => fs.existsSync(redis.socket));
    return redis;
  }
  freeze() {
    this.child.kill('SIGSTOP');
  }
  async stop() {
    this.child.kill('SIGCONT');
    await stop(this.child);
    forget(this.folder);
  }
}

/** Receives datagrams and only counts them. */
export class Sink {
  static async start(gro) {
    const sink = new Sink();
    sink.child = start(SERVER_CPU, path.join(build, 'bench/sink'), gro ? ['gro'] : []);
    sink.port = Number((await until('sink', () => /^port (\d+)$/m.exec(sink.child.out)))[1]);
    return sink;
  }
  cpu() {
    return cpuNs([this.child.pid]);
  }
  /** Ends it; the datagrams it received. */
  async stop() {
    await stop(this.child);
    return Number(/^datagrams (\d+)/m.exec(this.child.out)[1]);
  }
}

/** nginx answering /p.gif from memory, and `widget` from a file that it keeps open; `log`: with the access log of Debian's default. */
export class Nginx {
  static async start(log, widget) {
    const nginx = new Nginx();
    const dir = (nginx.folder = folder('nginx'));
    fs.chmodSync(dir, 0o755); // its worker is another user
    fs.mkdirSync(path.join(dir, 'v1/demo'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'v1/demo/widget.json'), widget);
    nginx.log = log ? path.join(dir, 'access.log') : null;
    nginx.port = await freePort();
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir};`).join(' ');
    fs.writeFileSync(
      path.join(dir, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr crit; events { worker_connections 4096; }
http { access_log ${log ? `${nginx.log} combined` : 'off'}; ${temp} keepalive_requests 1000000000; tcp_nodelay on; sendfile on;
types { application/json json; } open_file_cache max=100 inactive=60s; open_file_cache_valid 60s;
server { listen 127.0.0.1:${nginx.port} backlog=1024; location = /p.gif { empty_gif; } location /v1/ { root ${dir}; } } }\n`,
    );
    nginx.child = start(SERVER_CPU, 'nginx', ['-e', 'stderr', '-p', dir, '-c', path.join(dir, 'nginx.conf')]);
    await until('nginx', async () => (await status(nginx.port, '/p.gif')) === 200);
    nginx.family = family(nginx.child.pid);
    return nginx;
  }
  cpu() {
    return cpuNs(this.family);
  }
  /** So that a disk never fills: nginx appends. */
  emptyLog() {
    if (this.log) fs.truncateSync(this.log);
  }
  async stop() {
    await stop(this.child);
    forget(this.folder);
  }
}

export function status(port, target) {
  return new Promise((done) => {
    http
      .get({ host: '127.0.0.1', port, path: target, agent: false, timeout: 2000 }, (res) => {
        res.resume();
        res.on('end', () => done(res.statusCode));
      })
      .on('error', () => done(0));
  });
}

/** The body of an answer with 200. */
export async function document(port, target) {
  const response = await fetch(`http://127.0.0.1:${port}${target}`);
  if (response.status !== 200) throw new Error(`${target} is answered with ${response.status}`);
  return response.text();
}

/** Sends beacons from the clients' core; how many, and how many a second. */
export async function load(port, count, { lines = 1, segments = 0, visitors = 10000, rate = 0, at_once = 32 } = {}) {
  const said = await run(CLIENT_CPU, path.join(build, 'bench/load'), [port, count, lines, segments, visitors, rate, at_once].map(String));
  const [, sent, bytes, seconds] = /^(\d+) beacons of (\d+) bytes a datagram in ([\d.]+) s/m.exec(said);
  return { sent: Number(sent), bytes: Number(bytes), rate: Number(sent) / Number(seconds) };
}

const unit = { us: 1, ms: 1000, s: 1e6 };
const latency = (text, percent) => {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(text);
  return found ? Number(found[1]) * unit[found[2]] : null;
};

/** 64 connections that ask as a browser does for what bench/pixel.lua knows as `what`, `depth` requests at once. */
export async function wrk(port, seconds, depth, what = 'pixel') {
  const said = await run(CLIENT_CPU, 'wrk', ['-t1', '-c64', `-d${seconds}s`, '--latency', '-s', path.join(root, 'bench/pixel.lua'), `http://127.0.0.1:${port}`, '--', String(depth), what], seconds + 20);
  const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors: .*/.exec(said);
  return {
    requests: Number(/(\d+) requests in/.exec(said)[1]),
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]),
    bytes: Number(/^request bytes (\d+)$/m.exec(said)?.[1]),
    p50_us: depth === 1 ? latency(said, 50) : null, // wrk's are of whole batches, and not always there
    p99_us: depth === 1 ? latency(said, 99) : null,
    wrong: wrong ? wrong[0] : null,
  };
}
