// nginx on a free port, with a location or two of a test's own. `missing` says why there is none.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from './luotd.mjs';

const program = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((f) => fs.existsSync(f));
export const missing = program ? false : 'there is no nginx';

const freePort = () =>
  new Promise((done) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
const answers = (port) =>
  new Promise((done) => {
    const s = net.connect(port, '127.0.0.1', () => {
      s.destroy();
      done(true);
    });
    s.on('error', () => done(false));
  });

export class Nginx {
  /** `http` stands in http {}, `server` in server {}; {DIR} is a directory of its own. */
  static async start({ http = '', server }) {
    const n = new this();
    n.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-nginx-'));
    n.port = await freePort();
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${n.dir}/${t};`).join(' ');
    // Its workers are our user: the directory is nobody else's.
    const user = process.getuid() === 0 ? 'user root;' : '';
    const text = `${user} daemon off; worker_processes 1; pid ${n.dir}/pid; error_log stderr; events {}
      http { access_log off; ${temp} ${http} server { listen 127.0.0.1:${n.port}; ${server} } }`;
    fs.writeFileSync(path.join(n.dir, 'nginx.conf'), text.replaceAll('{DIR}', n.dir));
    n.child = spawn(program, ['-p', n.dir, '-c', path.join(n.dir, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    n.said = '';
    n.child.stderr.on('data', (d) => (n.said += d));
    await until('nginx', async () => {
      if (n.child.exitCode !== null) throw new Error(n.said);
      return answers(n.port);
    });
    return n;
  }
  async stop() {
    const gone = new Promise((done) => this.child.on('exit', done));
    this.child.kill('SIGTERM');
    await gone;
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
