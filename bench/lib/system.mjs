// Processes on a core of their own, and what Linux says they cost.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export const SERVER_CPU = 0;
export const CLIENT_CPU = 1;
const DEADLINE_MS = 20000;

const children = new Set();
const folders = new Set();

// Only what we started and made ourselves, whatever ends us; nginx's worker would outlive its master.
process.on('exit', () => {
  for (const child of children)
    for (const pid of fs.existsSync(`/proc/${child.pid}`) ? family(child.pid) : []) process.kill(pid, 'SIGKILL');
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** The clients' core is ours too: while a server is measured we only wait. */
export function leaveTheServersCore() {
  spawnSync('taskset', ['-a', '-c', '-p', String(CLIENT_CPU), String(process.pid)]);
}

/** A new folder, removed when we end. `memory`: on tmpfs where there is one. */
export function folder(name, memory = false) {
  const where = memory && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  const made = fs.mkdtempSync(path.join(where, `luot-bench-${name}-`));
  folders.add(made);
  return made;
}

export function forget(made) {
  fs.rmSync(made, { recursive: true, force: true });
  folders.delete(made);
}

/** Starts a program on one core. `.out` and `.err` are what it has said, `.ended` how it ended. */
export function start(cpu, program, args, options = {}) {
  const child = spawn('taskset', ['-c', String(cpu), program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  children.add(child);
  child.out = child.err = '';
  child.stdout.on('data', (d) => (child.out += d));
  child.stderr.on('data', (d) => (child.err += d));
  child.ended = new Promise((done) => {
    child.on('error', (e) => done({ code: null, error: e.message }));
    child.on('close', (code, signal) => {
      children.delete(child);
      done({ code, signal });
    });
  });
  return child;
}

/** Runs a program to its end, at most `seconds`; what it printed, or an error. */
export const run = (cpu, program, args, seconds = 60) => toItsEnd(start(cpu, program, args), program, seconds);

/** The same for one that chooses its cores itself. */
export const runOnAll = (program, args, seconds) => toItsEnd(start(`0-${os.cpus().length - 1}`, program, args), program, seconds);

async function toItsEnd(child, program, seconds) {
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  const { code, signal, error } = await child.ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${program}: ended with ${error ?? code ?? signal}: ${child.err.slice(-1000)}`);
  return child.out;
}

export async function stop(child, signal = 'SIGTERM') {
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  child.kill(signal);
  await child.ended;
  clearTimeout(timer);
}

export const isHere = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Asks until the answer is truthy. */
export async function until(what, question, pause = 5) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((done, fail) => {
    const server = net.createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Of a thread, which may end meanwhile. */
function ofTask(pid, task, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/task/${task}/${file}`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  }
}

/** A process and its children. */
export function family(pid) {
  const list = [pid];
  for (const task of fs.readdirSync(`/proc/${pid}/task`))
    for (const child of ofTask(pid, task, 'children').split(' ').filter(Boolean))
      list.push(...family(Number(child)));
  return list;
}

/** Nanoseconds of CPU, user and system, of all threads of some processes. */
export function cpuNs(pids) {
  let ns = 0;
  for (const pid of pids)
    for (const task of fs.readdirSync(`/proc/${pid}/task`))
      ns += Number(ofTask(pid, task, 'schedstat').split(' ')[0]);
  return ns;
}

/** Nanoseconds that one core was busy since boot, to 10 ms. */
export function busyNs(cpu) {
  const line = fs.readFileSync('/proc/stat', 'utf8').split('\n').find((l) => l.startsWith(`cpu${cpu} `));
  const [user, nice, system, , , irq, soft] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft) * 1e7;
}

/** What the kernel knows of a UDP port: bytes that wait, datagrams that it dropped. */
export function udpPort(port) {
  const hex = ':' + port.toString(16).toUpperCase().padStart(4, '0');
  const sum = { waiting: 0, drops: 0 };
  for (const line of fs.readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
    const field = line.trim().split(/\s+/);
    if (field[1]?.endsWith(hex) && field[2].endsWith(':0000')) {
      sum.waiting += parseInt(field[4].split(':')[1], 16);
      sum.drops += Number(field.at(-1));
    }
  }
  return sum;
}

/** Bytes: resident, its share of what is shared, and the part of it that is in no tmpfs file. */
export function memoryOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)[1]) * 1024;
  return { rss: bytes('Rss'), pss: bytes('Pss'), own: bytes('Pss_Anon') + bytes('Pss_File') };
}

export const backedBytes = (file) => fs.statSync(file).blocks * 512;

export function machine() {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memory_mib: Math.round(os.totalmem() / 2 ** 20),
    kernel: os.release(),
    node: process.version,
  };
}
