// Looks for bytes wherever a luotd can have them: its memory, its files, what it says.
import fs from 'node:fs';
import path from 'node:path';

const PAGE = 4096;
const PIECE = 16 << 20;
// The address sanitizer's shadow: terabytes of address space in which nothing of ours lies.
const TOO_LARGE = 1 << 30;

/** The readable ranges of a process that are no device, with the file behind each. */
function ranges(pid) {
  return fs
    .readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/.exec(line))
    .filter((m) => m && !m[3].startsWith('[v')) // vvar, vsyscall: the kernel's
    .map((m) => ({ from: Number(`0x${m[1]}`), until: Number(`0x${m[2]}`), name: m[3] }));
}

/** The pages of a range that are there: reading others would make them. */
function* present(pagemap, range) {
  const entries = Buffer.alloc(((range.until - range.from) / PAGE) * 8);
  const got = fs.readSync(pagemap, entries, 0, entries.length, (range.from / PAGE) * 8);
  let from = -1;
  for (let at = 0; at <= got; at += 8) {
    const there = at < got && entries[at + 7] & 0xc0; // present, or swapped out
    if (there && from < 0) from = range.from + (at / 8) * PAGE;
    if (!there && from >= 0) {
      yield { from, until: range.from + (at / 8) * PAGE };
      from = -1;
    }
  }
}

/** Calls see(bytes, where) for all of a process's memory but the file `but`, in pieces that overlap by a page. */
export function eachPiece(pid, but, see) {
  const mem = fs.openSync(`/proc/${pid}/mem`, 'r');
  const pagemap = fs.openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    for (const range of ranges(pid)) {
      if (range.name === but || range.until - range.from > TOO_LARGE) continue;
      for (const { from, until } of present(pagemap, range))
        for (let at = from; at < until; at += PIECE) {
          const bytes = Buffer.alloc(Math.min(PIECE + PAGE, until - at));
          let got = 0;
          try {
            got = fs.readSync(mem, bytes, 0, bytes.length, at);
          } catch (error) {
            if (error.code !== 'EIO' && error.code !== 'EFAULT') throw error; // given back meanwhile
          }
          see(bytes.subarray(0, got), `memory ${range.name || 'anonymous'} ${at.toString(16)}`);
        }
    }
  } finally {
    fs.closeSync(mem);
    fs.closeSync(pagemap);
  }
}

const NOTHING = Buffer.alloc(PAGE);
const isNothing = (bytes, at) => at + PAGE <= bytes.length && NOTHING.compare(bytes, at, at + PAGE) === 0;

/** A file; not its pages of zeros, which are most of a sparse one. */
export function eachPart(file, see) {
  const bytes = fs.readFileSync(file);
  for (let at = 0, end; at < bytes.length; at = end) {
    const nothing = isNothing(bytes, at);
    for (end = at + PAGE; end < bytes.length && isNothing(bytes, end) === nothing; ) end += PAGE;
    see(nothing ? Buffer.alloc(0) : bytes.subarray(at, end), `${file}+${at}`, nothing ? end - at : 0);
  }
}

/** Every file below a directory. */
export function eachFile(dir, see) {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) eachPart(path.join(entry.parentPath ?? entry.path, entry.name), see);
}

/** Which of `needles` ({name: bytes}) are where: a list of sentences. */
export class Search {
  constructor(needles) {
    this.needles = Object.entries(needles);
    this.found = [];
    this.bytes = 0;
  }
  see = (bytes, where, zeros = 0) => {
    this.bytes += bytes.length + zeros;
    for (const [name, needle] of this.needles) {
      const at = bytes.indexOf(needle);
      if (at >= 0) this.found.push(`${name} in ${where}+${at}`);
    }
  };
}
