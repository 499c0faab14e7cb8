// Redis servers on loopback ports, and the sentinels that watch them.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { left } from './left.mjs';
import { until } from './luotd.mjs';
import { Redis } from './redis.mjs';

/** A port that nobody has, a moment ago. */
export const freePort = () =>
  new Promise((done, fail) => {
    const server = net.createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** A Redis that has a port beside its socket; with `master` it is that one's replica, and in step when this returns. */
export async function redisAt(port, { master, args = [], pass } = {}) {
  const redis = new Redis(['--port', String(port), '--bind', '127.0.0.1', '--repl-diskless-sync-delay', '0', ...(pass ? ['--requirepass', pass, '--masterauth', pass] : []), ...args]);
  redis.port = port;
  if (pass) redis.login = ['-a', pass];
  // A sentinel cuts every connection of whom it promotes or demotes, so of this one too: then there is no answer yet.
  redis.role = async () => (await redis.cli('ROLE').catch(() => '')).split('\n')[0];
  await redis.spawn(master ? ['--replicaof', '127.0.0.1', String(master.port)] : []);
  if (master) await until('a replica in step', async () => (await redis.cli('INFO', 'replication')).includes('master_link_status:up'));
  return redis;
}

/** A sentinel of one master: alone it decides, after half a second. */
export class Sentinel {
  constructor(port, master, { name = 'main', pass, masterPass } = {}) {
    this.port = port;
    this.name = name;
    this.pass = pass;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-sentinel-'));
    this.file = path.join(this.dir, 'sentinel.conf');
    const lines = [
      `port ${port}`, 'bind 127.0.0.1', `dir ${this.dir}`, `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${name} 500`, `sentinel failover-timeout ${name} 3000`, `sentinel parallel-syncs ${name} 1`,
    ];
    if (masterPass) lines.push(`sentinel auth-pass ${name} ${masterPass}`);
    if (pass) lines.push(`requirepass ${pass}`);
    fs.writeFileSync(this.file, lines.join('\n') + '\n');
  }

  static async start(...args) {
    const sentinel = new Sentinel(...args);
    await sentinel.spawn();
    return sentinel;
  }

  async spawn() {
    this.child = spawn('redis-server', [this.file, '--sentinel'], { stdio: 'ignore' });
    left.add(this);
    this.exited = new Promise((done) => this.child.on('exit', done));
    await until('the sentinel', async () => /PONG/.test(await this.cli('PING').catch(() => '')));
  }

  cli(...words) {
    return new Promise((done, fail) =>
      execFile('redis-cli', ['-p', String(this.port), '--no-auth-warning', ...(this.pass ? ['-a', this.pass] : []), ...words], (e, out, err) => (e ? fail(new Error(err || e.message)) : done(out.trim()))),
    );
  }
  /** It has seen n replicas, and heard of each how it is: it could fail over. */
  knowsReplicas(n) {
    return until(`${n} replicas at the sentinel`, async () => ((await this.cli('SENTINEL', 'replicas', this.name)).match(/master-link-status\nok/g) ?? []).length === n);
  }
  /** The port of the master that it names. */
  async master() {
    return Number((await this.cli('SENTINEL', 'get-master-addr-by-name', this.name)).split('\n')[1]);
  }
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }
  remove() {
    left.delete(this);
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
  async stop() {
    this.remove();
    await this.exited;
  }
}
