// A front that has luotd below a prefix, as portals do: `location /luot/ { proxy_pass …/; }`. In Node, and in nginx where that is there.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../../e2e/lib/luotd.mjs';

export const have_nginx = spawnSync('nginx', ['-v']).status === 0;

export async function node_front(luotd, prefix) {
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith(prefix)) {
      response.statusCode = 404;
      return response.end('not below the prefix');
    }
    const up = http.request({ host: luotd.host, port: luotd.port, method: request.method, path: '/' + request.url.slice(prefix.length), headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    up.on('error', () => response.destroy());
    response.on('close', () => up.destroy());
    return request.pipe(up);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}${prefix}`, stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}

const free_port = () => new Promise((done) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

/** nginx as a portal's machine has it: TLS and HTTP/2, of a certificate that nobody knows, in front of luotd. */
export const nginx_tls = (luotd) => nginx_secure(scratch(), `location / { ${pass(luotd)} }`);

/** The same, with the portal's own pages (`write(name, html)`) and luotd below /luot/. */
export async function nginx_portal(luotd) {
  const dir = scratch();
  fs.mkdirSync(path.join(dir, 'www'));
  const front = await nginx_secure(dir, `default_type text/html; charset utf-8; root ${dir}/www; location /luot/ { ${pass(luotd)} }`);
  return { ...front, write: (name, html) => fs.writeFileSync(path.join(dir, 'www', name), html) };
}

const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), 'luot-nginx-'));

function nginx_secure(dir, server) {
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${dir}/key`, '-out', `${dir}/certificate`]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  return nginx(dir, `listen 127.0.0.1:PORT ssl http2; ssl_certificate ${dir}/certificate; ssl_certificate_key ${dir}/key; keepalive_timeout 75s; gzip on; ${server}`, 'https');
}

export const nginx_front = (luotd, prefix) => nginx(scratch(), `listen 127.0.0.1:PORT; location ${prefix} { ${pass(luotd)} }`, 'http', prefix);

const pass = (luotd) => `proxy_pass http://${luotd.host}:${luotd.port}/; proxy_set_header X-Forwarded-For $remote_addr; proxy_http_version 1.1; proxy_set_header Connection "";`;

async function nginx(dir, server, scheme, prefix = '/') {
  const port = await free_port();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/${t};`).join(' ');
  fs.writeFileSync(path.join(dir, 'nginx.conf'), `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
events {} http { access_log off; ${temp}
server { ${server.replace('PORT', port)} } }`);
  const child = spawn('nginx', ['-p', dir, '-c', path.join(dir, 'nginx.conf')], { stdio: 'ignore' });
  const answers = () => new Promise((done) => net.connect(port, '127.0.0.1', function () { this.destroy(); done(true); }).on('error', () => done(false)));
  await until('nginx', answers);
  return { port, url: `${scheme}://127.0.0.1:${port}${prefix}`, stop: () => new Promise((done) => { child.on('exit', () => { fs.rmSync(dir, { recursive: true, force: true }); done(); }); child.kill('SIGKILL'); }) };
}
