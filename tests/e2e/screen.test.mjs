// `luotctl top` as a person sees it: a pseudo-terminal, keys, and what stands on its lines; every way out gives it back.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { luotctl } from './lib/ctl.mjs';
import { build, Clock, Luotd, until } from './lib/luotd.mjs';
import { mmdb } from './lib/mmdb.mjs';

const WEDNESDAY = Date.UTC(2026, 10, 25, 3) / 1000;
const CONFIG = `
[site y-te]
any_host = yes
title = Sở Y tế
[site thue]
any_host = yes
title = \u1781\u17c1\u178f\u17d2\u178f\u178f\u17d2\u179a\u17b6\u179c\u17b7\u1789
[site trong]
any_host = yes
`;
const columnsOf = (text) => [...text].reduce((n, c) => n + (/\p{M}|\u200d/u.test(c) ? 0 : /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uff00-\uff60]|[\u{1f300}-\u{1faff}]/u.test(c) ? 2 : 1), 0);

/** A shell's line in a pseudo-terminal, and the screen that its bytes make. */
class Screen {
  constructor(luotd, { columns = 80, rows = 24, env = {} } = {}) {
    this.resizedTo(columns, rows);
    this.raw = '';
    const command = `trap : INT; stty rows ${rows} cols ${columns}; stty -g; tty; '${path.join(build, 'luotctl')}' --socket '${luotd.socket}' top; s=$?; stty -g; echo "left with $s"`;
    this.child = spawn('script', ['-qefc', command, '/dev/null'], { env: { PATH: process.env.PATH, TERM: 'xterm', LC_ALL: 'C.UTF-8', TZ: 'UTC', SHELL: '/bin/sh', ...env } });
    this.exited = new Promise((done) => this.child.on('exit', done));
    this.child.stdout.setEncoding('utf8');
    this.child.stdout.on('data', (d) => this.take(d));
  }
  resizedTo(columns, rows) {
    Object.assign(this, { columns, rows, lines: new Map(), shown: new Map() });
  }
  /** Only what luotctl may send: places, clearing, styles, and texts that fit. */
  take(text) {
    this.raw += text;
    this.rest = (this.rest ?? '') + text;
    const begin = this.rest.indexOf('\x1b[?1049h');
    if (this.inside === undefined && begin < 0) return;
    if (this.inside === undefined) this.rest = this.rest.slice(begin);
    this.inside ??= true;
    for (let m; this.inside && (m = /^(?:\x1b\[([?\d;]*)([A-Za-z])|([^\x1b]+))/.exec(this.rest)); this.rest = this.rest.slice(m[0].length)) {
      if (m[3] !== undefined) this.write(m[3]);
      else if (m[2] === 'H' && (this.row = Number(m[1].split(';')[0])) === 1 && this.rows > 1) this.lines = new Map();
      else if (m[2] === 'K') this.lines.set(this.row, '');
      else if (m[2] === 'J') for (const row of this.lines.keys()) if (row >= this.row || m[1] === '2') this.lines.delete(row);
      if (m[1] === '?1049' && m[2] === 'l') this.inside = false;
      assert.match(m[2] ?? 'm', /^[HKJmhl]$/, JSON.stringify(m[0]));
    }
  }
  write(text) {
    assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/, JSON.stringify(text));
    const line = (this.lines.get(this.row) ?? '') + text;
    this.lines.set(this.row, line);
    if (this.row === this.rows) this.shown = this.lines; // a picture ends with its bottom line
    this.widest = Math.max(this.widest ?? 0, columnsOf(line));
  }
  line(row) {
    return this.shown.get(row) ?? '';
  }
  text() {
    return Array.from({ length: this.rows }, (_, i) => this.line(i + 1)).join('\n');
  }
  press(keys) {
    this.child.stdin.write(keys);
  }
  shows(pattern) {
    return until(String(pattern), () => pattern.test(this.text()) || pattern.test(this.raw.slice(-400))).catch((e) => assert.fail(`${e.message}\n${this.text()}\n${this.raw.slice(-400)}`));
  }
  get tty() {
    return /\/dev\/pts\/\d+/.exec(this.raw)[0];
  }
  resize(columns, rows) {
    this.resizedTo(columns, rows);
    this.widest = 0;
    execFileSync('stty', ['-F', this.tty, 'rows', String(rows), 'cols', String(columns)]);
  }
  /** The process that has the terminal. */
  pid() {
    return Number(execFileSync('ps', ['-o', 'pid=,comm=', '-t', this.tty.slice(5)], { encoding: 'utf8' }).split('\n').find((l) => / luotctl$/.test(l)).trim().split(' ')[0]);
  }
  /** It has ended so, and the terminal is what it was. */
  async left(status) {
    await this.shows(new RegExp(`left with ${status}\\r`));
    assert.ok(this.raw.lastIndexOf('\x1b[?1049l') > this.raw.lastIndexOf('\x1b[?1049h'), 'the screen that was there before');
    assert.ok(this.raw.lastIndexOf('\x1b[?25h') > this.raw.lastIndexOf('\x1b[?25l'), 'its cursor');
    assert.ok(this.raw.lastIndexOf('\x1b[?7h') > this.raw.lastIndexOf('\x1b[?7l'), 'its lines that wrap');
    const modes = [...this.raw.matchAll(/[0-9a-f]+(:[0-9a-f]+){20,}/g)].map((m) => m[0]);
    assert.equal(modes.length, 2, modes.join(' '));
    assert.equal(modes[1], modes[0], 'its modes');
    this.child.stdin.end();
    await this.exited;
  }
}

describe('luotctl top', () => {
  let luotd, clock, sent = 0;
  const view = async (site, p, i, more = '') => {
    await luotd.udp(`s=${site}&i=10.2.0.${i}&u=Firefox&p=${encodeURIComponent(p)}${more}`);
    sent++;
  };
  before(async () => {
    clock = new Clock(WEDNESDAY);
    luotd = new Luotd({ clock });
    fs.writeFileSync(path.join(luotd.run, 'country.mmdb'), mmdb([['10.0.0.0/8', 'VN']]));
    luotd.options.config = `geo_db = ${luotd.run}/country.mmdb\n${CONFIG}`;
    await luotd.spawn();
    const names = ['/tin-tức', '/a\x1b[2J\x1b[1;1H', '/\u009b5A', '/' + 'e' + '\u0301'.repeat(60), '/' + '漢字'.repeat(40), '/\u202eabc', '/👩‍👩‍👧‍👦🇻🇳', '/\u1781\u17c1\u178f\u17d2\u178f', '/e\u0323\u0302', '/x\r\n\n\n'];
    for (const [n, name] of names.entries()) for (let i = 0; i < 20 - n; i++) await view('y-te', name, i, '&r=https%3A%2F%2Fwww.google.com%2F');
    for (let i = 0; i < 3; i++) await view('thue', '/', i, `&e=${encodeURIComponent('漢'.repeat(20))}`);
    for (let i = 0; i < 4; i++) await view('thue', '/', i);
    await luotd.udp('s=y-te&i=10.2.0.1&u=Googlebot&p=/').then(() => sent++);
    await luotd.udp('s=nobody&p=/').then(() => sent++);
    await luotd.received(sent);
  });
  after(async () => {
    await luotd?.stop().catch(() => {});
    clock?.close();
  });

  test('shows the sites by a number, with their sum, what was not counted and whether it is saved', async () => {
    const s = new Screen(luotd);
    await s.shows(/q leave/);
    await s.shows(/saved: all but the last second/);
    assert.match(s.line(3), /^counted +view 159 +event 3/);
    assert.match(s.line(4), /^suppressed +bot 1/);
    assert.match(s.line(5), /^rejected +unknown_site 1/);
    assert.match(s.line(7), /online +TODAY +yesterday .*site$/);
    assert.match(s.line(8), / 24 +24 +0 .*all 3 sites$/);
    assert.match(s.line(9), /^> +20 +20 .*y-te$/);
    assert.match(s.line(10), /^ +4 +4 .*thue$/);
    for (let i = 0; i < 6; i++) await view('trong', '/', i);
    await luotd.received(sent);
    await s.shows(/^ +6 +6 .*trong$/m); // by itself, within two seconds
    await s.shows(/view 165 \(\+6\)/);
    assert.match(s.line(9), /^> .*y-te$/);
    s.press('s');
    await s.shows(/^> .*thue\n.*trong\n.*y-te$/m);
    assert.match(s.line(7), /online +today .*SITE$/);
    s.press('\x1b[B');
    await s.shows(/^> .*trong$/m);
    s.press('o');
    await s.shows(/ONLINE +today/);
    s.press('q');
    await s.left(0);
    assert.ok(s.widest <= 80, `${s.widest} columns`);
  });

  test('opens a site: its pages, whatever they are called, its referrers and countries', async () => {
    const s = new Screen(luotd);
    await s.shows(/^> .*y-te$/m);
    s.press('\r');
    await s.shows(/^ +20 +\d+  \/tin-tức$/m);
    assert.match(s.text(), /pages today: 155 views/);
    assert.match(s.text(), /not counted today +bot 1/);
    assert.match(s.text(), /^ +15 .*  \/\u202eabc$|^ +15 .*  \/%E2%80%AEabc$|^ +15 .*  \/\ufffdabc$/m);
    assert.match(s.text(), /^ +16 .*  \/漢字.*…$/m);
    assert.match(s.text(), /^ +13 .*  \/\u1781\u17c1\u178f\u17d2\u178f$/m);
    s.press('r');
    await s.shows(/^ +155 +\d+  google\.com$/m);
    s.press('b');
    await s.shows(/browsers today: 155 views/);
    s.press('c');
    await s.shows(/countries today: 155 views[^]*^ +155 +\d+  VN$/m);
    s.press('\x1b[C');
    await s.shows(/regions today/);
    s.press('\x1b');
    await s.shows(/all 3 sites/);
    s.press('stt\x1b[B\x1b[B\x1b[A');
    await s.shows(/^> .*trong$/m);
    s.press('s\r');
    await s.shows(/^thue   online 4   \u1781/m);
    s.press('p' + '\x1b[D'.repeat(4));
    await s.shows(/^events today: 3 views/m);
    await s.shows(/^ +3  漢+$/m);
    s.press('\x03');
    await s.left(0);
    assert.ok(s.widest <= 80, `${s.widest} columns`);
  });

  test('fits into any window, and follows its size', async () => {
    const s = new Screen(luotd, { columns: 40, rows: 12 });
    await s.shows(/^q leave/m);
    assert.match(s.text(), /^ *online +TODAY +site$/m);
    s.press('\r');
    await s.shows(/and \d+ more rows: down/);
    s.press('\x1b[F');
    await s.shows(/\(other\)/);
    assert.ok(s.widest <= 40, `${s.widest} columns`);
    s.press('\x1b[H');
    s.resize(200, 50);
    await s.shows(/^yesterday +views/m);
    await until('all of the names', () => s.widest > 100);
    s.press('\x7f');
    await s.shows(/online +TODAY +yesterday +week +month +all +site/);
    await s.shows(/y-te +Sở Y tế$/m);
    for (const [columns, rows] of [[10, 3], [1, 1], [80, 24]]) {
      s.resize(columns, rows);
      await until('drawn to that size', () => s.shown.size > 0 && Math.max(...[...s.shown.values()].map(columnsOf)) <= columns && Math.max(...s.shown.keys()) <= rows);
    }
    process.kill(s.pid(), 'SIGTERM');
    await s.left(128 + 15);
  });

  test('has no colours where NO_COLOR is set, and wants a terminal', async () => {
    const plain = new Screen(luotd, { env: { NO_COLOR: '1' } });
    await plain.shows(/^> .*y-te$/m);
    plain.press('\rq');
    await plain.left(0);
    assert.doesNotMatch(plain.raw.slice(0, plain.raw.lastIndexOf('\x1b[0m')), /\x1b\[[\d;]*m/);
    const r = await luotctl(luotd, ['top']);
    assert.equal(r.code, 64);
    assert.match(r.err, /live screen.*luotctl sites/);
    assert.equal((await luotctl(luotd, ['top', '--of', 'pages'])).code, 64);
    assert.match((await luotctl(luotd, ['top', 'y-te'])).out, /\/tin-tức$/m);
  });

  test('says when what is counted is not saved; gives up when luotd is gone, but not at once', async () => {
    const s = new Screen(luotd);
    await s.shows(/^> .*y-te$/m);
    await luotd.kill9();
    s.press(' ');
    await s.shows(/luotd (does not answer|went away)/);
    assert.match(s.text(), /^> .*y-te$/m);
    luotd.options.args = ['--store=none'];
    await luotd.spawn();
    s.press(' ');
    await s.shows(/^NOT SAVED: `store = none`/m);
    await s.shows(/^q leave/m);
    await luotd.kill9();
    for (let i = 0; i < 3; i++) s.press(' ');
    await s.left(69);
    assert.match(s.raw.slice(s.raw.lastIndexOf('\x1b[?1049l')), /luotctl: luotd (does not answer|went away)/);
    const gone = new Screen(luotd);
    await gone.shows(/left with 69/);
    assert.ok(!gone.raw.includes('\x1b[?1049h'), 'nothing was drawn');
    await gone.exited;
  });
});
