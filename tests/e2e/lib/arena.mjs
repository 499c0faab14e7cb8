// The arena's file of a luotd that was killed: where its first site is, and how to change what is there.
import fs from 'node:fs';
import path from 'node:path';

export const SITE = 84 << 10; // a site's block and its seal
const RANGE = 32 << 20;
const SLOTS = 600, MINUTES = 1440, QUARTERS = 3456; // words of the ring, of minutes; quarter-hours of two words

export const arena = (luotd) => path.join(luotd.run, 'arena');
/** Where the first site's range begins: the ranges are the file's end. */
export const ranges = (luotd) => fs.statSync(arena(luotd)).size % RANGE;

export function patch(luotd, at, bytes) {
  const fd = fs.openSync(arena(luotd), 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
}

/** A closed quarter-hour that began then with so many views: its word says another number, and nothing else knows the right one any more. */
export function loseQuarter(luotd, began, views) {
  const bytes = Buffer.alloc(SITE);
  const fd = fs.openSync(arena(luotd), 'r');
  fs.readSync(fd, bytes, 0, SITE, ranges(luotd));
  fs.closeSync(fd);
  // tag:16 | count:48; before the quarters lie the ring and the minutes, which know it too.
  const quarter = began / 900;
  const word = Buffer.alloc(8);
  const set = (count) => word.writeBigUInt64LE((BigInt((quarter + 1) & 0xffff) << 48n) | BigInt(count));
  set(views);
  const found = bytes.lastIndexOf(word);
  if (found < 0) throw new Error('the words of the quarter');
  const first = found - (found % 8) - 8 - (quarter % QUARTERS) * 16;
  set(views + 70000);
  patch(luotd, ranges(luotd) + found, word);
  patch(luotd, ranges(luotd) + first - (SLOTS + MINUTES) * 8, Buffer.alloc((SLOTS + MINUTES) * 8));
}
