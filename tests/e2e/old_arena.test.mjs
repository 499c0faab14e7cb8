// An upgrade goes on with the arena of the version before it, in place; what it cannot read it leaves alone, and says so.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { daysInDatabase } from './lib/days.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { answers, CONFIG, load, put, view, VISITORS } from './lib/old_arena.mjs';

const VERSIONS = [1, 2, 3];

/** A luotd that finds an arena, changed or not, where its own should be. */
async function withArena(kept, change, body) {
  const clock = new Clock(kept.seconds);
  const luotd = new Luotd({ clock, config: CONFIG });
  const file = path.join(luotd.run, 'arena');
  try {
    put(kept, luotd.run);
    if (change) {
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, Buffer.from([change.byte]), 0, 1, change.at);
      fs.closeSync(fd);
    }
    await luotd.spawn();
    await body(luotd, file);
    assert.equal((await luotd.term()).code, 0);
  } finally {
    luotd.remove();
    clock.close();
  }
}

describe('an arena of an earlier version', { concurrency: 2 }, () => {
  for (const version of VERSIONS) {
    const kept = load(version);
    const total = kept.answers.demo.periods.total;

    test(`${version}: it holds what that luotd answered, and who was there is still known`, () =>
      withArena(kept, null, async (luotd) => {
        assert.equal(kept.version, version);
        assert.ok(total.views > total.visits && total.visits > total.visitors && total.visitors === VISITORS && kept.answers.demo.online.visitors > 0);
        assert.match(luotd.log, new RegExp(`event=arena_converted from=${version} to=\\d+`));
        assert.deepEqual(await answers(luotd), kept.answers);
        for (let i = 0; i < VISITORS; i++) await view(luotd, 'demo', i);
        await luotd.received(VISITORS);
        const now = await luotd.snapshot();
        assert.equal(now.periods.total.views, total.views + VISITORS);
        assert.equal(now.periods.total.visitors, total.visitors, 'nobody is new');
        assert.equal(now.online.visitors, VISITORS);
      }));

    test(`${version}: killed at once, it is adopted once more, and its days reach the database`, () =>
      withArena(kept, null, async (luotd) => {
        await luotd.kill9();
        luotd.log = '';
        await luotd.spawn();
        assert.doesNotMatch(luotd.log, /arena_converted/);
        assert.deepEqual(await answers(luotd), kept.answers);
        const { periods } = await luotd.snapshot();
        const days = [['2026-05-10', periods.yesterday.views], ['2026-05-11', periods.today.views]];
        await until('both days are saved', () => JSON.stringify(daysInDatabase(luotd)) === JSON.stringify(days));
      }));
  }

  const kept = load(VERSIONS.at(-1));
  for (const [what, change, why] of [
    ['of a header that nobody knows', { at: 8, byte: 9 }, /another version/],
    ['with another layout', { at: 24, byte: 0 }, /damaged|corrupt/],
    ['of a damaged version', { at: 16, byte: 0 }, /damaged|corrupt/],
  ])
    test(`${what} is not read: it lies aside, unchanged, and the log says what to do`, () =>
      withArena(kept, change, async (luotd, file) => {
        const [aside, ...more] = fs.readdirSync(luotd.run).filter((f) => f.startsWith('arena.bad-'));
        assert.deepEqual(more, []);
        const line = luotd.log.split('\n').find((l) => l.includes('event=arena_replaced'));
        assert.match(line, why);
        assert.ok(line.includes(`is now ${aside}: remove that when nobody wants to look at it`), line);
        assert.equal((await luotd.snapshot()).periods.total.views, 0);
        const bytes = Buffer.alloc(kept.words.at(-1)[0] + 8);
        const fd = fs.openSync(path.join(path.dirname(file), aside), 'r');
        fs.readSync(fd, bytes, 0, bytes.length, 0);
        fs.closeSync(fd);
        assert.equal(bytes[change.at], change.byte);
        for (const [at, hex] of kept.words.slice(1)) assert.equal(bytes.subarray(at, at + hex.length / 2).toString('hex'), hex);
      }));
});
