// A real redis-server on a unix socket of its own, which a test may kill, stop, empty and refuse with.
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { left } from './left.mjs';
import { until } from './luotd.mjs';

export const missing = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'skipped: there is no redis-server here';
  }
})();

export class Redis {
  constructor(args = []) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-redis-'));
    this.socket = path.join(this.dir, 'redis.sock');
    this.where = `redis+unix://${this.socket}`;
    this.args = args;
  }

  static async start(args) {
    const redis = new Redis(args);
    await redis.spawn();
    return redis;
  }

  async spawn(extra = []) {
    fs.rmSync(this.socket, { force: true });
    this.child = spawn('redis-server', ['--port', '0', '--unixsocket', this.socket, '--dir', this.dir, '--save', '', '--appendonly', 'no', ...this.args, ...extra], { stdio: 'ignore' });
    left.add(this);
    this.exited = new Promise((done) => this.child.on('exit', done));
    await until('redis-server', async () => /PONG|NOAUTH|READONLY|MASTERDOWN/.test(await this.cli('PING').catch((e) => String(e))));
  }

  /** One command; what redis-cli prints. */
  cli(...words) {
    return new Promise((done, fail) =>
      execFile('redis-cli', ['-s', this.socket, '--no-auth-warning', ...(this.login ?? []), ...words], (e, out, err) => (e ? fail(new Error(err || e.message)) : done(out.trim()))),
    );
  }
  async hash(key) {
    const lines = (await this.cli('HGETALL', key)).split('\n');
    const map = new Map();
    for (let i = 0; i + 1 < lines.length; i += 2) map.set(lines[i], lines[i + 1]);
    return map;
  }
  /** Views of a site over all nodes, as conf/redis.md tells to add them up. */
  async views(site = 'demo') {
    let sum = 0;
    for (const v of (await this.hash(`luot:{${site}}:total`)).values()) sum += Number(v.split(' ')[0]);
    return sum;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }
  /** Its address is gone, as that of a server that is down; it keeps what it has. */
  hide() {
    fs.renameSync(this.socket, this.socket + '.away');
  }
  show() {
    fs.renameSync(this.socket + '.away', this.socket);
  }
  freeze() {
    this.child.kill('SIGSTOP');
  }
  thaw() {
    this.child.kill('SIGCONT');
  }
  remove() {
    left.delete(this);
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
  async stop() {
    this.remove();
    await this.exited;
  }
}
