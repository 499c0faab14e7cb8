// Starts while the disk is full: an arena that holds counts is worth more than a refusal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Clock, Luotd, until } from './lib/luotd.mjs';
import { missing, Redis } from './lib/redis.mjs';

const START = Date.UTC(2026, 10, 22, 3, 0) / 1000;
const CONFIG = '[site demo]\nany_host = yes\npublic = yes\ntimezone = UTC\n';
const AWAY_S = 120; // between the kill and the start

const says = (log, word) => log.split('\n').filter((l) => l.includes(`event=${word} `));

class FullDisk extends Luotd {
  constructor(options) {
    super(options);
    this.full = path.join(this.run, 'the-disk-is-full');
  }
  command(extra) {
    const shim = path.join(build, 'tests/diskfull.so');
    assert.ok(fs.existsSync(shim), `${shim} is missing: make ${path.relative(process.cwd(), shim)}`);
    return ['env', `DISKFULL_DIR=${this.state}`, `DISKFULL_WHILE=${this.full}`, `LD_PRELOAD=${shim}`, 'ASAN_OPTIONS=verify_asan_link_order=0', ...super.command(extra)];
  }
  async view(n) {
    for (let i = 0; i < n; i++) assert.equal((await this.request('GET', `/p.gif?s=demo&p=/${i}`)).status, 200);
  }
  async total() {
    return (await this.snapshot()).periods.total.views;
  }
}

describe('a start while the disk is full', () => {
  test('an adopted arena counts on, says so, and all of it is saved when there is room', async () => {
    const clock = new Clock(START);
    const luotd = await FullDisk.start({ config: CONFIG, clock, args: ['--node=n1', '--store=sqlite'] });
    try {
      await luotd.view(5);
      await until('saved', async () => (await luotd.snapshot()).durable);
      fs.writeFileSync(luotd.full, '');
      await luotd.view(7);
      await until('it is full', () => says(luotd.log, 'save_failed').length > 0);
      await luotd.kill9();
      const before = luotd.log.length;
      clock.set(START + AWAY_S);
      await luotd.spawn();
      await luotd.view(11);
      const away = says(luotd.log.slice(before), 'store_away');
      assert.equal(away.length, 1, luotd.log);
      assert.match(away[0], /luot\.db: .*free some space on its disk" next=counting_in_memory_tried_again_each_second/);
      assert.equal((await luotd.snapshot()).durable, false);
      await until('the keeper', async () => (await luotd.total()) === 23);
      await assert.rejects(luotd.json('audit demo'), /ERR /);

      fs.rmSync(luotd.full);
      await until('durable', async () => (await luotd.snapshot()).durable);
      assert.equal(await luotd.total(), 23);
      const log = luotd.log.slice(before);
      assert.equal(says(log, 'save_failed').length, 1, log);
      assert.match(says(log, 'save_works_again')[0], / store=sqlite:/);
      const rows = execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), 'SELECT sum(views) FROM days']).toString().trim();
      assert.equal(rows, '23');
      await luotd.json('audit demo');
      await until('the time when nobody counted', async () => {
        const { gaps } = await luotd.get(`/v1/demo/series.json?metric=views&step=quarter&from=${START}&to=${START + 900}`);
        return gaps?.length === 1 && gaps[0][1] === START + AWAY_S;
      });
      assert.equal((await luotd.term()).code, 0);
    } finally {
      luotd.remove();
      clock.close();
    }
  });

  test('a new arena does not start: who installs it is to see it', async () => {
    const luotd = new FullDisk({ config: CONFIG, args: ['--store=sqlite'] });
    try {
      fs.writeFileSync(luotd.full, '');
      await assert.rejects(luotd.spawn(), /luotd ended \(\{"code":7[34]/);
    } finally {
      luotd.remove();
    }
  });
});

describe('a stop while Redis hangs', { skip: missing }, () => {
  test('every thread gives up its answer when it is to stop', async () => {
    const redis = await Redis.start();
    const luotd = await Luotd.start({ config: CONFIG, args: [`--store=${redis.where}`] });
    try {
      await until('saved', async () => (await luotd.snapshot()).durable);
      redis.freeze();
      assert.equal((await luotd.request('GET', '/p.gif?s=demo&p=/')).status, 200);
      const from = Date.now();
      assert.equal((await luotd.term()).code, 0);
      console.log(`  stopped after ${Date.now() - from} ms`);
      assert.equal(luotd.log.includes('save_stuck'), false, luotd.log);
    } finally {
      luotd.remove();
      redis.remove();
    }
  });
});
