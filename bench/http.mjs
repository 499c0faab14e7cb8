// Over HTTP, 64 connections: luotd, and nginx, which counts nothing.
import { check, field, measured, sinceThen, summary, wholePipeline } from './lib/measure.mjs';
import { inTurn } from './lib/run.mjs';
import { get, Luotd, Nginx, wrk } from './lib/servers.mjs';
import { ratios } from './lib/statistics.mjs';

const SECONDS = 2;

/** A row each: `requests` is the file (lib/input.mjs), `depth` how many are sent at once on a connection, `lines` the beacons in one. */
const ROWS = {
  'pixel, keep-alive': { requests: 'pixel', depth: 1, lines: 1, beside: ['nginx', 'nginx, access log'] },
  'pixel, 16 pipelined': { requests: 'pixel', depth: 16, lines: 1, beside: ['nginx'] },
  'POST /b, ten lines': { requests: 'post', depth: 1, lines: 10, beside: [] },
  'pixel, a connection a request': { requests: 'close', depth: 1, lines: 1, beside: ['nginx'] },
  'widget.json': { requests: 'widget', depth: 1, lines: 0, beside: ['nginx'] },
};

export const IN_FLIGHT = 65; // connections: what was on its way when wrk closed them was counted and not answered

/** `row` of ROWS; `file` is sent. */
export async function askLuotd(luotd, name, row, file) {
  const before = await luotd.quiet();
  const asked = (await luotd.stats()).http.requests;
  const run = await measured(() => luotd.cpu(), () => wrk(luotd.port, SECONDS, row.depth, file));
  const { received, robots } = sinceThen(`http, ${name}`, before, await luotd.quiet());
  const requests = row.lines ? received / row.lines : (await luotd.stats()).http.requests - asked;
  check(!run.wrong, `http, ${name}: ${run.wrong}`);
  check(requests >= run.requests && requests <= run.requests + IN_FLIGHT * row.depth, `http, ${name}: received ${requests}, wrk had ${run.requests} answers`);
  return { ...run, robots, us_each: run.ns / requests / 1000, us_line: run.ns / requests / 1000 / (row.lines || 1) };
}

async function askNginx(nginx, name, row, file) {
  const run = await measured(() => nginx.cpu(), () => wrk(nginx.port, SECONDS, row.depth, file));
  check(!run.wrong, `nginx, ${name}: ${run.wrong}`);
  nginx.emptyLog();
  return { ...run, us_each: run.ns / run.requests / 1000 };
}

export async function http(pairs, inputs) {
  const luotd = await Luotd.start();
  const document = (await get(luotd.port, '/v1/demo/widget.json')).text;
  check((await get(luotd.port, '/p.gif?s=demo&p=/')).status === 200 && document.includes('"online"'), 'http: luotd does not answer');
  const nginx = { nginx: await Nginx.start(false, document), 'nginx, access log': await Nginx.start(true, document) };
  check((await get(nginx.nginx.port, '/v1/demo/widget.json')).text === document, 'http: nginx does not answer with the file');
  const figures = { rows: {}, widget_bytes: document.length };
  for (const [name, row] of Object.entries(ROWS)) {
    const { file, bytes_mean } = inputs.requests[row.requests];
    const runs = [() => askLuotd(luotd, name, row, file), ...row.beside.map((peer) => () => askNginx(nginx[peer], name, row, file))];
    await wrk(luotd.port, 1, row.depth, file); // its visitors have their words
    const [ours, ...theirs] = await inTurn(`http, ${name}`, pairs, runs);
    const names = ['us_each', 'rate', 'p50_us', 'p99_us', 'others'];
    figures.rows[name] = { request_bytes: bytes_mean, luot: { ...summary(ours, [...names, 'us_line']), robots: ours.map((r) => r.robots) }, beside: {} };
    row.beside.forEach((peer, i) => {
      figures.rows[name].beside[peer] = { ...summary(theirs[i], names), ratio: ratios(field(ours, 'us_each'), field(theirs[i], 'us_each')) };
    });
  }
  figures.pipeline = await wholePipeline('http', luotd);
  for (const server of [luotd, ...Object.values(nginx)]) await server.stop();
  return figures;
}
