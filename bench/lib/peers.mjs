// Servers that portals count with today, where Debian has them: each on the servers' core, with nothing on but what counts.
import fs from 'node:fs';
import path from 'node:path';
import { CLIENT_CPU, cpuNs, family, folder, forget, freePort, isHere, run, SERVER_CPU, start, stop, udpPort, until } from './system.mjs';

/** A daemon that receives statsd lines on a port. */
class Statsd {
  async serve(program, args, options) {
    this.child = start(SERVER_CPU, program, args, options);
    this.child.ended.then(({ code, error }) => (this.failed = error ?? code ?? 'a signal'));
    await until(program, () => this.failed === undefined && fs.readFileSync('/proc/net/udp', 'utf8').includes(`:${this.port.toString(16).toUpperCase().padStart(4, '0')} `));
    this.family = family(this.child.pid);
    return this;
  }
  cpu() {
    return cpuNs(this.family);
  }
  async stop() {
    await stop(this.child);
    forget(this.folder);
  }
}

export class Collectd extends Statsd {
  static isHere = () => isHere('collectd') && fs.existsSync('/usr/lib/collectd/statsd.so');
  static async start() {
    const collectd = new Collectd();
    const dir = (collectd.folder = folder('collectd'));
    collectd.port = await freePort();
    fs.writeFileSync(
      path.join(dir, 'conf'),
      `BaseDir "${dir}"\nPIDFile "${dir}/pid"\nInterval 10\nTypesDB "/usr/share/collectd/types.db"\nLoadPlugin statsd\n` +
        `<Plugin statsd>\n Host "127.0.0.1"\n Port "${collectd.port}"\n DeleteCounters false\n</Plugin>\n`,
    );
    return collectd.serve('collectd', ['-f', '-C', path.join(dir, 'conf')]);
  }
}

export class Netdata extends Statsd {
  static isHere = () => isHere('netdata');
  static async start() {
    const netdata = new Netdata();
    const dir = (netdata.folder = folder('netdata'));
    netdata.port = await freePort();
    const plugins = ['apps', 'proc', 'diskspace', 'cgroups', 'tc', 'timex', 'idlejitter', 'python.d', 'go.d', 'charts.d', 'node.d', 'ebpf', 'perf', 'slabinfo', 'ioping', 'freeipmi', 'nfacct', 'loopsleepms', 'checks', 'profile', 'enable running new plugins'];
    fs.writeFileSync(
      path.join(dir, 'netdata.conf'),
      `[global]\n run as user = root\n[directories]\n cache = ${dir}\n lib = ${dir}\n log = ${dir}\n config = ${dir}\n[db]\n mode = ram\n retention = 60\n` +
        `[logs]\n debug = none\n error = none\n access = none\n[web]\n mode = none\n[ml]\n enabled = no\n[health]\n enabled = no\n[plugins]\n statsd = yes\n${plugins.map((p) => ` ${p} = no\n`).join('')}` +
        `[statsd]\n enabled = yes\n private charts by default = no\n default port = ${netdata.port}\n bind to = udp:127.0.0.1\n`,
    );
    return netdata.serve('netdata', ['-D', '-c', path.join(dir, 'netdata.conf')], { env: { PATH: process.env.PATH, HOME: dir, TMPDIR: dir } });
  }
}

const VIEW = "redis.call('incr',KEYS[1]) redis.call('zincrby',KEYS[2],1,ARGV[1]) redis.call('pfadd',KEYS[3],ARGV[2]) return redis.call('pfadd',KEYS[4],ARGV[2])";

/** redis-server that counts a view by a script: a total, a page, and two numbers of visitors. Nothing is kept on disk. */
export class RedisViews {
  static isHere = () => isHere('redis-server') && isHere('redis-benchmark');
  static async start() {
    const redis = new RedisViews();
    redis.folder = folder('redis');
    redis.port = await freePort();
    redis.child = start(SERVER_CPU, 'redis-server', ['--port', String(redis.port), '--bind', '127.0.0.1', '--dir', redis.folder, '--save', '', '--appendonly', 'no']);
    await until('redis-server', () => /Ready to accept connections/.test(redis.child.out));
    return redis;
  }
  cpu() {
    return cpuNs([this.child.pid]);
  }
  /** `count` views over 64 connections, `depth` at once on each; how many it has counted since. */
  async views(count, depth) {
    const before = await this.total();
    const eval_ = ['eval', VIEW, '4', 'views', 'pages', 'day', 'month', '/tin-tuc/bai-viet-__rand_int__', '203.0.__rand_int__'];
    const said = await run(CLIENT_CPU, 'redis-benchmark', ['-p', String(this.port), '-c', '64', '-n', String(count), '-P', String(depth), '-r', '10000', '--csv', ...eval_]);
    if (/err/i.test(said)) throw new Error(`redis-benchmark: ${said.slice(0, 300)}`);
    return (await this.total()) - before;
  }
  async total() {
    return Number(await run(CLIENT_CPU, 'redis-cli', ['-p', String(this.port), 'get', 'views']));
  }
  async stop() {
    await stop(this.child);
    forget(this.folder);
  }
}

/** What statsd servers received: what was sent, less what the kernel dropped. */
export const dropsOf = (port) => udpPort(port).drops;
