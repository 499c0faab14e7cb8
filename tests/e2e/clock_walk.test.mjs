// A clock is set as nobody would set it, forth and back over the same days, between kills, stops and lost arenas; every day is compared with a
// ledger that goes by the clock. SEED, and STEPS and WALKS for the long form.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dayOf, daysInDatabase, daysInRedis } from './lib/days.mjs';
import { Clock, Luotd, until } from './lib/luotd.mjs';
import { missing, Redis } from './lib/redis.mjs';
import { randomOf } from './lib/traffic.mjs';

const BACK_MS = 60000;
const HOUR = 3600, DAY = 86400, YEAR = 365 * DAY;
const FAR = [600, HOUR, 2 * HOUR, 7 * HOUR, 12 * HOUR, DAY, 26 * HOUR, 9 * DAY, 37 * DAY, 80 * DAY, 200 * DAY, YEAR];

describe('a clock that walks', { skip: missing, concurrency: 2 }, () => {
  const first = Number(process.env.SEED ?? 1), stepCount = Number(process.env.STEPS ?? 24), walks = Number(process.env.WALKS ?? 2);
  for (let seed = first; seed < first + walks; seed++)
    test(`seed ${seed}: each day has what was counted while the clock said that day, in answers and both stores`, async () => {
      const random = randomOf(seed * 7919);
      const clock = new Clock(Date.parse('2026-05-10T10:00:00Z') / 1000);
      const redis = await Redis.start();
      const days = new Map(), story = [];
      let luotd, home = clock.seconds, views = 0;
      const view = async (n) => {
        for (let i = 0; i < n; i++, views++) {
          const r = await luotd.request('POST', '/b', { headers: { 'X-Forwarded-For': `10.6.0.${views % 9}` }, body: 's=demo&p=/' });
          assert.equal(r.status, 204);
          days.set(dayOf(clock.seconds), (days.get(dayOf(clock.seconds)) ?? 0) + 1);
        }
      };
      const truth = () => [...days].sort();
      const sayStory = (e) => Promise.reject(new Error(`${e.message}\nseed ${seed}: ${story.join(', ')}\n${luotd.log}`));
      const same = (what, rows) =>
        until(what, async () => {
          const got = JSON.stringify((await rows()).filter(([, n]) => n > 0).sort());
          return got === JSON.stringify(truth()) || !(story.found = got);
        }, BACK_MS).catch((e) => sayStory(new Error(`${e.message}: ${story.found}, and not ${JSON.stringify(truth())}`)));
      const inSeries = async () => {
        const range = `from=${dayOf(home - 9 * YEAR)}&to=${dayOf(home + 9 * YEAR)}`;
        return (await luotd.get(`/v1/demo/series.json?metric=views&step=day&${range}`)).points.map(([s, n]) => [dayOf(s), n ?? 0]);
      };
      const answered = () =>
        until('total and today', async () => {
          const p = (await luotd.snapshot()).periods;
          return p.total.views === views && p.today.views === (days.get(dayOf(clock.seconds)) ?? 0) ? true : ((story.found = JSON.stringify(p)), false);
        }, BACK_MS).catch((e) => sayStory(new Error(`${e.message}: ${story.found} of ${views}; ${JSON.stringify(truth())}`)));
      const arrive = async () => {
        await same('days in series', inSeries);
        await same('days in the database', () => daysInDatabase(luotd));
        await same('days in Redis', () => daysInRedis(redis));
      };
      const actions = {
        step: async () => clock.set(Math.max(1000, clock.seconds + FAR[random(FAR.length)] * (random(2) ? 1 : -1))),
        'go home': async () => clock.set((home += random(2 * DAY))),
        'go on': async () => clock.set(clock.seconds + random(20 * HOUR)),
        kill: async () => { await luotd.kill9(); await luotd.spawn(); },
        stop: async () => { assert.equal((await luotd.term()).code, 0); await luotd.spawn(); },
        'step while it is down': async () => { await luotd.kill9(); await actions.step(); await luotd.spawn(); },
        'lose the arena': async () => { await arrive(); await luotd.kill9(); fs.rmSync(path.join(luotd.run, 'arena')); await luotd.spawn(); },
      };
      const names = ['step', 'step', 'step', 'go home', 'go home', 'go on', ...Object.keys(actions).slice(3)];
      try {
        luotd = await Luotd.start({ clock, config: '[site demo]\nany_host = yes\npublic = yes\ntimezone = UTC\n', args: ['--node=n1', `--store=sqlite,${redis.where}`] });
        for (let i = 0; i < stepCount; i++) {
          await view(random(5));
          await answered(); // or the keeper may see it only after the next step
          const name = names[random(names.length)];
          await actions[name]();
          story.push(`${name} ${new Date(clock.seconds * 1000).toISOString().slice(0, 16)}`);
          await view(1 + random(3));
          await answered();
          assert.doesNotMatch(luotd.log, /event=arena_damaged/, `seed ${seed}: ${story.join(', ')}: nobody changed the arena`);
          if (i % 6 === 5) await arrive();
        }
        await arrive();
        console.log(`  seed ${seed}: ${views} views on ${days.size} days, ${stepCount} steps`);
        assert.equal((await luotd.term()).code, 0);
      } finally {
        luotd?.remove();
        redis.remove();
        clock.close();
      }
    });
});
