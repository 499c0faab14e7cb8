// Days: of a second, and what both stores have of a site's, asked of them and not of luot.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** Day of a unix second in a zone, asked of Intl, not of luot. */
export function dayIn(zone) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  const known = new Map(); // zones change at whole quarter-hours
  return (t) => {
    const quarter = Math.floor(t / 900);
    if (!known.has(quarter)) known.set(quarter, format.format(quarter * 900000));
    return known.get(quarter);
  };
}

/** The same in UTC. */
export const dayOf = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

/** [day, views] of the database. */
export function daysInDatabase(luotd) {
  const sql = "SELECT day, views FROM days WHERE site = 'demo' AND views > 0";
  const lines = execFileSync('sqlite3', ['-readonly', path.join(luotd.state, 'luot.db'), sql]).toString().trim().split('\n');
  return lines.filter(Boolean).map((l) => l.split('|')).map(([day, n]) => [day, Number(n)]);
}

/** [day, views] of Redis, all runs added up. */
export async function daysInRedis(redis) {
  const days = [];
  for (const day of (await redis.cli('ZRANGE', 'luot:{demo}:days', '0', '-1')).split('\n').filter(Boolean))
    days.push([day, [...(await redis.hash(`luot:{demo}:day:${day}`)).values()].reduce((a, v) => a + Number(v.split(' ')[0]), 0)]);
  return days;
}
