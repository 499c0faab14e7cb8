// What a disk may hold after the power went: a trace of lib/powerlog.c, cut anywhere, without what was not synced.
//
// A file keeps what was written before its last sync. Of what came after, each piece (a page of 4 KiB, or a sector of 512 bytes)
// is there or not, and a page may be there in part; a length may have grown without its bytes, which are then zeros. Of the names
// that were made, changed and removed in a directory since its last sync, any first few are there: file systems keep their order.
import fs from 'node:fs';
import path from 'node:path';

const HEAD = 32;
const SECTOR = 512;
const KINDS = ['', 'open', 'write', 'truncate', 'sync', 'sync_dir', 'rename', 'unlink', 'mkdir'];
/** A test's own marks in the same trace: kind, and two numbers. */
const MARK = 100;

/** Numbers that follow from a seed; the same seed, the same disk. */
export function randomOf(seed) {
  let state = (seed >>> 0) || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 0x100000000) * n);
  };
}

export class Marks {
  constructor(file) {
    this.fd = fs.openSync(file, 'a');
  }
  add(kind, who) {
    const b = Buffer.alloc(HEAD);
    b.writeUInt16LE(MARK + kind, 4);
    b.writeInt32LE(who, 8);
    b.writeBigInt64LE(process.hrtime.bigint(), 24);
    fs.writeSync(this.fd, b);
  }
  close() {
    fs.closeSync(this.fd);
  }
}

export function readTrace(file) {
  const bytes = fs.readFileSync(file);
  const records = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const kind = bytes.readUInt16LE(at + 4);
    records.push({
      kind: kind >= MARK ? 'mark' : KINDS[kind],
      mark: kind - MARK,
      saver: bytes.readUInt16LE(at + 6) === 1,
      fd: bytes.readInt32LE(at + 8),
      offset: Number(bytes.readBigInt64LE(at + 16)),
      ns: Number(bytes.readBigInt64LE(at + 24)),
      data: bytes.subarray(at + HEAD, at + HEAD + length),
    });
    at += HEAD + length;
  }
  return records;
}

class File {
  constructor() {
    this.bytes = Buffer.alloc(0); // as of the last sync
    this.pending = []; // since then
  }
  sync() {
    this.bytes = apply(this.bytes, this.pending);
    this.pending = [];
  }
}

function apply(bytes, changes) {
  let length = bytes.length;
  for (const c of changes) if (c.data) length = Math.max(length, c.offset + c.data.length);
  const out = Buffer.alloc(length);
  bytes.copy(out);
  let end = bytes.length;
  for (const c of changes) {
    if (c.data) {
      c.data.copy(out, c.offset);
      end = Math.max(end, c.offset + c.data.length);
    } else {
      if (c.length < end) out.fill(0, c.length, end);
      end = c.length;
    }
  }
  return end <= out.length ? out.subarray(0, end) : Buffer.concat([out, Buffer.alloc(end - out.length)]);
}

/** Follows a trace; then says what may be left. */
export class Disk {
  constructor() {
    this.names = new Map(); // what the program sees: path -> File, or null for a directory
    this.durable = new Map(); // the same, after a power cut
    this.waiting = new Map(); // directory -> names that its next sync makes durable
    this.fds = new Map();
  }

  name(where, change) {
    const dir = path.dirname(where);
    if (!this.waiting.has(dir)) this.waiting.set(dir, []);
    this.waiting.get(dir).push(change);
    change(this.names);
  }

  take(r) {
    const text = () => r.data.toString();
    switch (r.kind) {
      case 'open': {
        const file = text();
        if (r.offset === 1) {
          const made = new File();
          this.name(file, (names) => names.set(file, made));
        }
        const is = this.names.get(file);
        if (!is) throw new Error(`the trace opens ${file}, which it never made`);
        if (r.offset === 2) is.pending.push({ length: 0 });
        this.fds.set(r.fd, is);
        break;
      }
      case 'write':
        this.fds.get(r.fd).pending.push({ offset: r.offset, data: r.data });
        break;
      case 'truncate':
        this.fds.get(r.fd).pending.push({ length: r.offset });
        break;
      case 'sync':
        this.fds.get(r.fd).sync();
        break;
      case 'sync_dir': {
        const dir = text() || '.';
        for (const change of this.waiting.get(dir) ?? []) change(this.durable);
        this.waiting.delete(dir);
        break;
      }
      case 'rename': {
        const [from, to] = text().split('\0');
        const file = this.names.get(from);
        this.name(from, (names) => {
          names.delete(from);
          names.set(to, file);
        });
        break;
      }
      case 'unlink': {
        const file = text();
        this.name(file, (names) => names.delete(file));
        break;
      }
      case 'mkdir': {
        const dir = text();
        this.name(dir, (names) => names.set(dir, null));
        break;
      }
    }
  }

  /** Writes to `to` one of the states that the disk may be in. How much is lost: 'all' that may be, 'nothing', or each piece of `piece` bytes by chance. */
  cut(to, random, loss, piece) {
    const keep = () => loss === 'nothing' || (loss === 'some' && random(2) === 0);
    const names = new Map(this.durable);
    for (const changes of this.waiting.values()) {
      const n = loss === 'all' ? 0 : loss === 'nothing' ? changes.length : random(changes.length + 1);
      for (const change of changes.slice(0, n)) change(names);
    }
    for (const [name, file] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const where = path.join(to, name);
      if (!fs.existsSync(path.dirname(where))) continue; // its directory is not there
      if (file === null) fs.mkdirSync(where);
      else fs.writeFileSync(where, lose(file, random, keep, piece));
    }
  }
}

/** Cuts a write into what the disk writes at once, and each of these into what is torn off it. */
function* pieces(change, size) {
  for (let at = change.offset; at < change.offset + change.data.length; ) {
    const end = Math.min((Math.floor(at / size) + 1) * size, change.offset + change.data.length);
    yield { offset: at, data: change.data.subarray(at - change.offset, end - change.offset) };
    at = end;
  }
}

function lose(file, random, keep, size) {
  const kept = [];
  let longest = file.bytes.length;
  for (const change of file.pending) {
    if (!change.data) {
      if (keep()) kept.push(change);
      continue;
    }
    longest = Math.max(longest, change.offset + change.data.length);
    for (const piece of pieces(change, size)) {
      if (!keep()) continue;
      if (size > SECTOR && random(4) === 0) kept.push(...[...pieces(piece, SECTOR)].filter(keep)); // torn
      else kept.push(piece);
    }
  }
  const bytes = apply(file.bytes, kept);
  const grows = bytes.length < longest && keep() && random(2) === 0;
  return grows ? Buffer.concat([bytes, Buffer.alloc(longest - bytes.length)]) : bytes;
}
