// Signed datagrams, made without any of luot's code: BLAKE2b as RFC 7693 has it, slowly.
const IV = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const MIX = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];
const mask = (x) => BigInt.asUintN(64, x);
const turn = (x, n) => mask((x >> n) | (x << (64n - n)));

function compress(h, block, count, last) {
  const m = Array.from({ length: 16 }, (_, i) => block.readBigUInt64LE(8 * i));
  const v = [...h, ...IV];
  v[12] ^= mask(BigInt(count));
  if (last) v[14] ^= mask(-1n);
  for (let round = 0; round < 12; round++)
    MIX.forEach(([a, b, c, d], i) => {
      const s = SIGMA[round % 10];
      v[a] = mask(v[a] + v[b] + m[s[2 * i]]);
      v[d] = turn(v[d] ^ v[a], 32n);
      v[c] = mask(v[c] + v[d]);
      v[b] = turn(v[b] ^ v[c], 24n);
      v[a] = mask(v[a] + v[b] + m[s[2 * i + 1]]);
      v[d] = turn(v[d] ^ v[a], 16n);
      v[c] = mask(v[c] + v[d]);
      v[b] = turn(v[b] ^ v[c], 63n);
    });
  h.forEach((x, i) => (h[i] = x ^ v[i] ^ v[i + 8]));
}

/** `size` bytes; key: a Buffer of up to 64 bytes, or none. */
export function blake2b(bytes, size, key = Buffer.alloc(0)) {
  const h = [...IV];
  h[0] ^= BigInt(0x01010000 ^ (key.length << 8) ^ size);
  const padded = Buffer.alloc(key.length ? 128 : 0);
  key.copy(padded);
  const all = Buffer.concat([padded, bytes]);
  const blocks = Math.max(1, Math.ceil(all.length / 128));
  for (let i = 0; i < blocks; i++) {
    const block = Buffer.alloc(128);
    all.copy(block, 0, 128 * i);
    const last = i === blocks - 1;
    compress(h, block, last ? all.length : 128 * (i + 1), last);
  }
  const out = Buffer.alloc(64);
  h.forEach((x, i) => out.writeBigUInt64LE(x, 8 * i));
  return out.subarray(0, size);
}

/** A datagram of `lines`, signed by a writer's secret. */
export function sign({ id, secret, sender = '00000000000000aa', seq, ms, lines }) {
  const zeros = '0'.repeat(32);
  const head = `luot1 ${id} ${sender} ${seq} ${ms} `;
  const mac = blake2b(Buffer.from(`${head}${zeros}\n${lines.join('\n')}`), 16, blake2b(Buffer.from(secret), 64));
  return Buffer.from(`${head}${mac.toString('hex')}\n${lines.join('\n')}`);
}

/** What a writer shows over HTTP. */
export function token(secret) {
  return blake2b(Buffer.from('luot token 1 ' + secret), 32).toString('hex');
}
