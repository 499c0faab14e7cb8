// Lists of referrers as an operator meets them: checked before they are used, swapped by reload, and denied hosts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Luotd, until } from './lib/luotd.mjs';
import { luotctl } from './lib/ctl.mjs';

const run = (args) =>
  new Promise((done) => execFile(path.join(build, 'luotd'), args, { env: { PATH: process.env.PATH }, timeout: 20000 }, (e, out, err) => done({ code: e ? e.code : 0, out, err })));

/** A luotd whose lists are files beside its configuration. */
class Lists extends Luotd {
  args() {
    const { list, deny = '' } = this.options;
    this.listFile = path.join(this.run, 'own.list');
    this.denyFile = path.join(this.run, 'deny.txt');
    if (list) fs.writeFileSync(this.listFile, list);
    fs.writeFileSync(this.denyFile, deny);
    return [...super.args(), `--referrer_deny=${this.denyFile}`, ...(list ? [`--referrer_list=${this.listFile}`] : [])];
  }
  /** What became of a view that comes from there. */
  async from(referrer, more = '') {
    const r = await this.request('GET', `/p.gif?s=demo&p=/x&r=${encodeURIComponent(referrer)}${more}`);
    return r.headers['x-luot'];
  }
}

describe('a denied referrer', () => {
  test('makes a view suspect, to the unit, and of no number; a reload takes the file again', async () => {
    const luotd = await Lists.start({ deny: '# spam\nspam.example\n' });
    try {
      for (let i = 0; i < 3; i++) assert.equal(await luotd.from('http://www.spam.example/win'), 'suppressed; reason=suspect');
      assert.equal(await luotd.from('https://nospam.example/'), 'counted');
      assert.equal(await luotd.from('http://spam.example/', '&e=click'), 'counted');
      let s = await luotd.stats();
      assert.deepEqual([s.received, s.suppressed.suspect, s.counted.view, s.counted.event], [5, 3, 1, 1]);
      assert.equal((await luotd.snapshot()).periods.today.views, 1);

      fs.writeFileSync(luotd.denyFile, 'nospam.example\n');
      assert.doesNotMatch(await luotd.ask('reload'), /^ERR/);
      await until('the new file', async () => (await luotd.from('https://nospam.example/')) === 'suppressed; reason=suspect');
      assert.equal(await luotd.from('http://spam.example/'), 'counted');
    } finally {
      await luotd.stop();
    }
  });
});

describe('a wrong list', () => {
  test('is refused by reload with its line, and the old one stays', async () => {
    const luotd = await Lists.start({ list: 'luot referrers 1\nsearch a.example\n', deny: 'spam.example\n' });
    try {
      for (const [text, message] of [
        ['luot referrers 1\nserch a.example\n', /own\.list:2: the first word must be search/],
        ['search a.example\n', /own\.list:1: this is not a list of referrers/],
        [null, /own\.list: no such thing; name a text file/],
      ]) {
        if (text === null) fs.rmSync(luotd.listFile);
        else fs.writeFileSync(luotd.listFile, text);
        assert.match(await luotd.ask('reload'), message);
      }
      assert.match(luotd.log, /event=reload_failed .*own\.list:2: .* next=the_old_configuration_stays/);
      fs.writeFileSync(luotd.listFile, 'luot referrers 1\n');
      fs.writeFileSync(luotd.denyFile, 'ok.example\nhttp://no\n');
      assert.match(await luotd.ask('reload'), /deny\.txt:2: `http:\/\/no` is not a host/);
      assert.equal(await luotd.from('http://spam.example/'), 'suppressed; reason=suspect');
      assert.equal(await luotd.from('http://ok.example/'), 'counted');
    } finally {
      await luotd.stop();
    }
  });

  test('is said by luotd -t and at the start, with exit status 78', async () => {
    const dir = fs.mkdtempSync('/tmp/luot-lists-');
    try {
      const list = path.join(dir, 'own.list');
      fs.writeFileSync(list, 'luot referrers 1\nsearch\n');
      for (const args of [['-t'], [`--run_dir=${dir}`, `--state_dir=${dir}`, '--listen=127.0.0.1:0']]) {
        const r = await run([...args, `--referrer_list=${list}`]);
        assert.equal(r.code, 78);
        assert.match(r.err, /own\.list:2: `` is not a host/);
      }
      fs.writeFileSync(list, 'luot referrers 1\nsearch a.example\n');
      assert.equal((await run(['-t', `--referrer_list=${list}`])).code, 0);
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('luotctl classify referrers', () => {
  const nobody = { socket: '/nowhere' };
  const rows = (r) => r.out.trim().split('\n').map((l) => JSON.parse(l));

  test('says host, domain and class of a line each, and asks no luotd', async () => {
    const input = 'https://www.Google.com.vn/search?q=x\nandroid-app://com.zing.zalo/\r\nhttps://webmail.soyte.example.gov.vn/\n\n"\x01\xff\nhttps://chatgpt.com';
    const r = await luotctl(nobody, ['classify', 'referrers'], { input: Buffer.from(input, 'latin1') });
    assert.equal(r.code, 0, r.err);
    assert.deepEqual(rows(r).map((o) => [o.host, o.domain, o.class]), [
      ['google.com.vn', 'google.com.vn', 'search'],
      ['com.zing.zalo', '', 'social'],
      ['webmail.soyte.example.gov.vn', 'example.gov.vn', 'mail'],
      ['', '', 'direct'],
      ['', '', 'direct'],
      ['chatgpt.com', 'chatgpt.com', 'ai'],
    ]);
  });
  test('takes the files of the settings', async () => {
    const dir = fs.mkdtempSync('/tmp/luot-lists-');
    try {
      fs.writeFileSync(path.join(dir, 'l'), 'luot referrers 1\nmail a.example\n');
      fs.writeFileSync(path.join(dir, 'd'), 'b.example\n');
      fs.writeFileSync(path.join(dir, 'in'), 'https://a.example/\nhttps://x.b.example/\n');
      const r = await luotctl(nobody, ['classify', 'referrers', `--list=${dir}/l`, `--deny=${dir}/d`, `${dir}/in`]);
      assert.deepEqual(rows(r).map((o) => [o.host, o.class]), [['a.example', 'mail'], ['x.b.example', 'denied']]);
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  });
  test('says what is wrong', async () => {
    const bad = async (...args) => {
      const { code, err } = await luotctl(nobody, ['classify', ...args]);
      return { code, err };
    };
    assert.deepEqual(await bad('referrers', '/nowhere/at/all'), { code: 66, err: 'luotctl: /nowhere/at/all: No such file or directory\n' });
    assert.equal((await bad('weather')).code, 64);
    assert.equal((await bad()).code, 64);
    assert.match((await bad('referrers', '--list=/nowhere')).err, /\/nowhere: no such thing; name a text file/);
  });
});
