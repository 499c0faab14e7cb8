// What portals count with: a PHP module behind nginx, and a database. All of it is on the servers' core, and all of it is the view's cost.
import fs from 'node:fs';
import path from 'node:path';
import { Nginx, root } from './servers.mjs';
import { CLIENT_CPU, cpuNs, family, folder, forget, isHere, run, SERVER_CPU, start, stop, until } from './system.mjs';

const CHILDREN = 8;
const FPM = ['php-fpm8.2', 'php-fpm'].find(isHere);

/** mariadbd with its defaults: each view is on the disk before it is answered. */
class MariaDb {
  static isHere = () => isHere('mariadbd') && isHere('mariadb-install-db') && isHere('mariadb');
  static async start() {
    const db = new MariaDb();
    const dir = (db.folder = folder('mariadb'));
    db.socket = path.join(dir, 'socket');
    const common = ['--no-defaults', `--datadir=${dir}/data`, '--user=root'];
    await run(CLIENT_CPU, 'mariadb-install-db', [...common, '--skip-test-db', '--auth-root-authentication-method=normal']);
    db.child = start(SERVER_CPU, 'mariadbd', [...common, `--socket=${db.socket}`, '--skip-networking', `--pid-file=${dir}/pid`]);
    await until('mariadbd', () => fs.existsSync(db.socket), 50);
    await db.ask(`CREATE DATABASE portal; USE portal;
      CREATE TABLE here (visitor CHAR(32) PRIMARY KEY, seen INT NOT NULL, KEY (seen)) ENGINE=InnoDB;
      CREATE TABLE views (day DATE, page CHAR(32), count INT NOT NULL, PRIMARY KEY (day, page)) ENGINE=InnoDB;`);
    return db;
  }
  ask(sql) {
    return run(CLIENT_CPU, 'mariadb', ['--no-defaults', '-S', this.socket, '-u', 'root', '-N', '-e', sql]);
  }
  counted = async () => Number(await this.ask('SELECT COALESCE(SUM(count), 0) FROM portal.views'));
}

/** redis-server, keeping nothing on disk. */
class RedisStore {
  static isHere = () => isHere('redis-server') && isHere('redis-cli');
  static async start() {
    const redis = new RedisStore();
    redis.folder = folder('redis');
    redis.socket = path.join(redis.folder, 'socket');
    redis.child = start(SERVER_CPU, 'redis-server', ['--port', '0', '--unixsocket', redis.socket, '--dir', redis.folder, '--save', '', '--appendonly', 'no']);
    await until('redis-server', () => fs.existsSync(redis.socket));
    return redis;
  }
  counted = async () => Number(await run(CLIENT_CPU, 'redis-cli', ['-s', this.socket, 'get', 'views']));
}

const STORES = { MariaDB: { Store: MariaDb, script: 'mariadb.php', extension: 'pdo_mysql' }, Redis: { Store: RedisStore, script: 'redis.php', extension: 'redis' } };

/** nginx, php-fpm and a store. */
export class PhpPortal {
  static names = Object.keys(STORES);

  static async isHere(name) {
    if (!FPM || !isHere('nginx') || !STORES[name].Store.isHere()) return false;
    return (await run(CLIENT_CPU, FPM, ['-m'])).split('\n').includes(STORES[name].extension);
  }

  static async start(name) {
    const portal = new PhpPortal();
    const dir = (portal.folder = folder('php'));
    portal.store = await STORES[name].Store.start();
    const asRoot = process.getuid() === 0;
    fs.writeFileSync(
      path.join(dir, 'fpm.conf'),
      `[global]\nerror_log = ${dir}/log\ndaemonize = no\n[portal]\n${asRoot ? 'user = root\ngroup = root\n' : ''}listen = ${dir}/socket\nlisten.mode = 0666\n` +
        `pm = static\npm.max_children = ${CHILDREN}\n`,
    );
    fs.chmodSync(dir, 0o755); // nginx's worker is another user
    portal.fpm = start(SERVER_CPU, FPM, ['-F', ...(asRoot ? ['-R'] : []), '-y', path.join(dir, 'fpm.conf')]);
    await until('php-fpm', () => fs.existsSync(`${dir}/socket`));
    const script = path.join(root, 'bench/php', STORES[name].script);
    portal.nginx = await Nginx.start(false, undefined, `include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${script}; fastcgi_param STORE ${portal.store.socket}; fastcgi_pass unix:${dir}/socket;`);
    portal.port = portal.nginx.port;
    portal.others = [...family(portal.fpm.pid), ...family(portal.store.child.pid)];
    return portal;
  }

  cpu() {
    return this.nginx.cpu() + cpuNs(this.others);
  }

  /** Views in the store. */
  counted() {
    return this.store.counted();
  }

  async stop() {
    await this.nginx.stop();
    await stop(this.fpm);
    await stop(this.store.child);
    [this.folder, this.store.folder].forEach(forget);
  }
}
