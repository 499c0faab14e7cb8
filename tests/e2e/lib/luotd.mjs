// Starts the real luotd on ephemeral ports and directories, and speaks to it as its users do.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { left } from './left.mjs';
import { Redis } from './redis.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const build = process.env.BUILD ? path.resolve(process.env.BUILD) : path.join(root, 'build');
export const corpus = path.resolve(root, '../shared/corpus');
const DEADLINE_MS = 20000;
const READY_MS = 90000; // hundreds of sites, each asked of a Redis behind a cable, under a sanitizer
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

// A place on tmpfs for the arena, as in production; elsewhere luotd only warns.
const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

/** Time that a test moves: luotd maps the file and reads its first 8 bytes. */
export class Clock {
  constructor(seconds) {
    this.dir = fs.mkdtempSync(path.join(memory, 'luot-clock-'));
    this.file = path.join(this.dir, 'clock');
    fs.writeFileSync(this.file, Buffer.alloc(8));
    this.fd = fs.openSync(this.file, 'r+');
    this.set(seconds);
  }
  set(seconds) {
    const bytes = Buffer.alloc(8);
    this.seconds = seconds;
    bytes.writeBigInt64LE(BigInt(Math.round(seconds * 1000)));
    fs.writeSync(this.fd, bytes, 0, 8, 0);
  }
  close() {
    fs.closeSync(this.fd);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Asks until `question` is truthy; fails with what it last said. Never a fixed sleep. */
export async function until(what, question, deadline = DEADLINE_MS) {
  const end = Date.now() + deadline;
  let last;
  for (;;) {
    last = await question();
    if (last) return last;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadline} ms`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

export class Luotd {
  constructor(options = {}) {
    this.options = options;
    this.run = fs.mkdtempSync(path.join(memory, 'luot-run-'));
    this.state = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-state-'));
    this.log = '';
  }

  static async start(options) {
    const luotd = new this(options);
    try {
      await luotd.spawn();
    } catch (error) {
      luotd.remove();
      throw error;
    }
    return luotd;
  }

  args() {
    const { config, clock, args = [], workers = 2, limits = false } = this.options;
    const list = [`--run_dir=${this.run}`, `--state_dir=${this.state}`, `--workers=${workers}`];
    if (config) {
      fs.writeFileSync(path.join(this.run, 'luotd.conf'), config);
      list.push('-c', path.join(this.run, 'luotd.conf'));
    }
    // A generator sends faster than people do, often from one address: limits are what `limits: true` is about.
    if (!limits) list.push('--rate_limit=off', '--new_visitors_per_address=off');
    if (clock) list.push(`--clock_file=${clock.file}`);
    if (this.redis) list.push(`--store=${this.redis.where}`);
    if (!args.some((a) => a.startsWith('--listen='))) list.push('--listen=127.0.0.1:0');
    return list.concat(args);
  }

  /** STORE=redis: the same tests with their numbers in a Redis server, one for each luotd. */
  async startStore() {
    const { args = [], config = '' } = this.options;
    if (process.env.STORE !== 'redis' || this.redis || /^store *=/m.test(config) || args.some((a) => a.startsWith('--store='))) return;
    this.redis = await Redis.start();
  }

  async spawn(extra = []) {
    await this.startStore();
    const [program, ...args] = this.command(extra);
    this.child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '' },
    });
    left.add(this);
    this.out = '';
    this.exited = new Promise((done) => this.child.on('exit', (code, signal) => done({ code, signal })));
    this.child.stdout.on('data', (d) => (this.out += d));
    this.child.stderr.on('data', (d) => (this.log += d));
    await this.ready();
  }

  command(extra) {
    return [path.join(build, 'luotd'), ...this.args(), ...extra];
  }

  /** Waits for the ready line that comes next, and knows from it where to send. */
  async ready() {
    let ended = null;
    this.exited.then((e) => (ended = e));
    const ready = await until('ready', () => /^ready http=(\S+):(\d+) udp=(\S+) socket=(\S+) pid=(\d+)$/m.exec(this.out) || ended, READY_MS);
    if (ended) throw new Error(`luotd ended (${JSON.stringify(ended)}): ${this.log}`);
    this.host = ready[1];
    this.port = Number(ready[2]);
    this.socket = ready[4];
    this.pid = Number(ready[5]);
  }

  async kill9() {
    this.child.kill('SIGKILL');
    await this.exited;
    this.agent?.destroy();
    this.agent = null;
  }

  /** SIGTERM, and the exit it must end in. */
  async term() {
    this.agent?.destroy();
    this.agent = null;
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async stop() {
    try {
      const { code, signal } = await this.term();
      if (code !== 0) throw new Error(`luotd ended with ${code ?? signal}: ${this.log.slice(-4000)}`);
    } finally {
      this.remove();
    }
  }

  remove() {
    left.delete(this);
    if (this.child?.exitCode === null) this.child.kill('SIGKILL');
    this.agent?.destroy();
    this.sender?.close();
    this.redis?.remove();
    fs.rmSync(this.run, { recursive: true, force: true });
    fs.rmSync(this.state, { recursive: true, force: true });
  }

  /** One command on the stats socket; the answer without its final dot. */
  ask(line, document) {
    return new Promise((done, fail) => {
      const s = net.connect(this.socket);
      let text = '';
      s.setTimeout(DEADLINE_MS, () => s.destroy(new Error(`no answer to ${line}`)));
      s.on('connect', () => s.write(line + '\n' + (document === undefined ? '' : document.replace(/^\./gm, '..') + '.\n')));
      s.on('data', (d) => {
        text += d;
        if (text === '.\n' || text.endsWith('\n.\n')) {
          s.destroy();
          done(text.slice(0, -2).replace(/^\.\./gm, '.'));
        }
      });
      s.on('error', fail);
      s.on('close', () => fail(new Error(`no whole answer to ${line}`))); // killed meanwhile; done is done
    });
  }
  async json(line, document) {
    const text = await this.ask('json ' + line, document);
    if (text.startsWith('ERR ')) throw new Error(text.trim());
    return JSON.parse(text);
  }
  stats() {
    return this.json('stats');
  }

  /** As a browser asks: luotd tells robots by their agent, or by having none. */
  request(method, target, { headers = {}, body, agent } = {}) {
    if (!Object.keys(headers).some((name) => name.toLowerCase() === 'user-agent')) headers = { 'user-agent': BROWSER, ...headers };
    this.agent ??= new http.Agent({ keepAlive: true, maxSockets: 16 });
    return new Promise((done, fail) => {
      const r = http.request(
        { host: this.host, port: this.port, method, path: target, headers, agent: agent ?? this.agent },
        (res) => {
          const parts = [];
          res.on('data', (d) => parts.push(d));
          res.on('end', () => done({ status: res.statusCode, headers: res.headers, bytes: Buffer.concat(parts), text: Buffer.concat(parts).toString() }));
          res.on('error', fail);
        },
      );
      r.on('error', fail);
      r.end(body);
    });
  }
  async get(target, headers) {
    const r = await this.request('GET', target, { headers });
    if (r.status !== 200) throw new Error(`${target}: ${r.status} ${r.text}`);
    return JSON.parse(r.text);
  }
  widget(site = 'demo') {
    return this.get(`/v1/${site}/widget.json`);
  }
  snapshot(site = 'demo') {
    return this.json(`snapshot ${site}`);
  }

  /** One datagram. */
  async udp(text) {
    if (!this.sender) {
      this.sender = dgram.createSocket('udp4');
      await new Promise((done) => this.sender.bind(0, '127.0.0.1', done));
    }
    return new Promise((done, fail) => this.sender.send(text, this.port, this.host, (e) => (e ? fail(e) : done())));
  }

  /** Every line that was sent has been judged. */
  async received(n) {
    return until(`received ${n}`, async () => {
      const s = await this.stats(), { counted, suppressed, rejected } = sums(s);
      return counted + suppressed + rejected >= n ? s : null; // a line is received before it is judged
    });
  }
}

/** Moves time to `seconds` as time does, so that the keeper closes each quarter-hour on the way. */
Luotd.prototype.advance = async function advance(seconds) {
  const clock = this.options.clock;
  while (clock.seconds < seconds) {
    clock.set(Math.min(seconds, clock.seconds + 900));
    await until('the keeper', async () => (await this.stats()).keeper_as_of_s >= Math.floor(clock.seconds));
  }
};

/** The sums of the closed list of words; a test compares them with its own ledger. */
export function sums(stats) {
  const sum = (o) => Object.values(o).reduce((a, b) => a + b, 0);
  return { counted: sum(stats.counted), suppressed: sum(stats.suppressed), rejected: sum(stats.rejected) };
}

export const SITE = `
[site demo]
any_host = yes
public = yes
timezone = Asia/Ho_Chi_Minh
`;
