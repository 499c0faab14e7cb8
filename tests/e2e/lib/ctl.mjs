// luotctl as a person runs it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './luotd.mjs';

export function luotctl(luotd, args, { input } = {}) {
  return new Promise((done) => {
    const c = spawn(path.join(build, 'luotctl'), ['--socket', luotd.socket, ...args], { env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C.UTF-8' } });
    let out = '', err = '';
    c.stdout.on('data', (d) => (out += d));
    c.stderr.on('data', (d) => (err += d));
    c.on('close', (code) => done({ code, out, err }));
    c.stdin.end(input);
  });
}
export async function ctlJson(luotd, args) {
  const r = await luotctl(luotd, ['--json', ...args]);
  if (r.code !== 0) throw new Error(`luotctl ${args.join(' ')}: ${r.code} ${r.err}`);
  return JSON.parse(r.out);
}
