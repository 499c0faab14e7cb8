// What is measured: luotd, and the baselines beside it. Each runs on the servers' core.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuNs, family, folder, forget, freePort, run, CLIENT_CPU, SERVER_CPU, start, stop, until } from './system.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = path.resolve(root, process.env.BUILD ?? 'build');

export const siteConfig = (key) => `[site ${key}]\nany_host = yes\n`;
export const countries = path.join(build, 'gen/lists/country.mmdb');

/** luotd with one worker and everything on that it does with a view, in folders of its own; counts for the site `demo` unless `config` says
 * otherwise. `under`: a program and its arguments that runs it. */
export class Luotd {
  static async start(config = siteConfig('demo'), { under = [], args = [], workers = 1 } = {}) {
    const luotd = new Luotd();
    luotd.program = [...under, path.join(build, 'luotd')];
    luotd.more = [`--workers=${workers}`, ...(fs.existsSync(countries) ? [`--geo_db=${countries}`] : []), ...args];
    luotd.folders = [folder('run', true), folder('state')];
    luotd.arena = path.join(luotd.folders[0], 'arena');
    luotd.file = path.join(luotd.folders[0], 'luotd.conf');
    fs.writeFileSync(luotd.file, config);
    luotd.readyMs = await luotd.spawn();
    return luotd;
  }

  /** Milliseconds from spawn to `ready`. */
  async spawn() {
    const args = ['-c', this.file, `--run_dir=${this.folders[0]}`, `--state_dir=${this.folders[1]}`, '--listen=127.0.0.1:0', '--log_level=info',
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

  /** What it answers to a command on its socket. */
  ask(command) {
    return new Promise((done, fail) => {
      const socket = net.connect(this.socket, () => socket.write(`json ${command}\n`));
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

  stats() {
    return this.ask('stats');
  }

  /** Lines received so far, and what became of them: views, robots' views, and what had no number of its own here. */
  async counts() {
    const { received, counted, suppressed } = await this.stats();
    return { received, views: counted.view, robots: suppressed.bot, rest: received - counted.view - suppressed.bot };
  }

  /** The same when nothing is under way any more. */
  async quiet() {
    let last;
    return until('luotd to be quiet', async () => {
      const now = await this.counts();
      const same = last?.received === now.received && last.views === now.views && last.robots === now.robots;
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

/** nginx answering /p.gif from memory and `document`, where there is one, from a file that it keeps open; `log`: with the access log of
 * Debian's default, which is not buffered; `pixel`: what it does for /p.gif instead. */
export class Nginx {
  static async start(log, document, pixel = 'empty_gif;') {
    const nginx = new Nginx();
    const dir = (nginx.folder = folder('nginx'));
    nginx.log = log ? path.join(dir, 'access.log') : null;
    nginx.port = await freePort();
    fs.chmodSync(dir, 0o755); // its worker is another user
    const file = path.join(dir, 'widget.json');
    if (document) fs.writeFileSync(file, document);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir};`).join(' ');
    fs.writeFileSync(
      path.join(dir, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr crit; events { worker_connections 4096; }
http { access_log ${log ? `${nginx.log} combined` : 'off'}; ${temp} keepalive_requests 1000000000; tcp_nodelay on;
server { listen 127.0.0.1:${nginx.port} backlog=1024; open_file_cache max=16;
location = /p.gif { ${pixel} } location = /v1/demo/widget.json { default_type application/json; alias ${file}; } } }\n`,
    );
    nginx.child = start(SERVER_CPU, 'nginx', ['-e', 'stderr', '-p', dir, '-c', path.join(dir, 'nginx.conf')]);
    await until('nginx', async () => (await get(nginx.port, '/p.gif')).status === 200);
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

/** { status, text }; status 0 where nobody answers. */
export function get(port, target) {
  return new Promise((done) => {
    http
      .get({ host: '127.0.0.1', port, path: target, agent: false, timeout: 2000 }, (res) => {
        let text = '';
        res.on('data', (d) => (text += d));
        res.on('end', () => done({ status: res.statusCode, text }));
      })
      .on('error', () => done({ status: 0, text: '' }));
  });
}

let beaconsFile; // of those who do not say which: made once

/** Sends beacons from the clients' core; how many, and how many a second. `input`: a file of lib/input.mjs; `rate` is beacons a second, and
 * `batch` 1 sends them one by one; `seconds`: it ends then at the latest; `each`: so many visitors
 * in turn. */
export async function load(port, count, { input, lines = 1, segments = 0, batch = 32, rate = 0, seconds = 0, sites = 1, each = 0 } = {}) {
  const { makeInputs } = await import('./input.mjs');
  const file = input ?? (beaconsFile ??= makeInputs([10000]).beacons[10000].file);
  const how = [...(segments ? ['-g', segments] : ['-l', lines, '-b', batch]), '-r', Math.round(rate), '-s', sites, ...(seconds ? ['-d', Math.round(seconds * 1000)] : []), ...(each ? ['-e', each] : [])];
  const said = await run(CLIENT_CPU, path.join(build, 'bench/load'), [...how, port, file, Math.round(count)].map(String), 240);
  const [, sent, datagrams, bytes, took] = /^beacons (\d+) datagrams (\d+) bytes (\d+) seconds ([\d.]+)/m.exec(said).map(Number);
  return { sent, datagrams, bytes: bytes / datagrams, rate: sent / took };
}

const unit = { us: 1, ms: 1000, s: 1e6 };
const latency = (text, percent) => {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(text);
  return found ? Number(found[1]) * unit[found[2]] : null;
};

/** Connections that send a file's requests in turn, `depth` at once on each. */
export async function wrk(port, seconds, depth, file, connections = 64) {
  const said = await run(CLIENT_CPU, 'wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', path.join(root, 'bench/requests.lua'), `http://127.0.0.1:${port}`, '--', file, String(depth)], seconds + 20);
  const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors: .*/.exec(said);
  return {
    requests: Number(/(\d+) requests in/.exec(said)[1]),
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]),
    p50_us: depth === 1 ? latency(said, 50) : null, // wrk's are of whole batches, and not always there
    p99_us: depth === 1 ? latency(said, 99) : null,
    wrong: wrong ? wrong[0] : null,
  };
}
