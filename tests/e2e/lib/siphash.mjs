// SipHash-2-4 as its paper has it, to attack marks as somebody would who reads the arena.
const M = 0xffffffffffffffffn;
const rotate = (x, n) => ((x << n) | (x >> (64n - n))) & M;

export function siphash(key, message) {
  const k0 = key.readBigUInt64LE(0), k1 = key.readBigUInt64LE(8);
  let a = k0 ^ 0x736f6d6570736575n, b = k1 ^ 0x646f72616e646f6dn;
  let c = k0 ^ 0x6c7967656e657261n, d = k1 ^ 0x7465646279746573n;
  const rounds = (n) => {
    while (n-- > 0) {
      a = (a + b) & M; b = rotate(b, 13n) ^ a; a = rotate(a, 32n);
      c = (c + d) & M; d = rotate(d, 16n) ^ c;
      a = (a + d) & M; d = rotate(d, 21n) ^ a;
      c = (c + b) & M; b = rotate(b, 17n) ^ c; c = rotate(c, 32n);
    }
  };
  const padded = Buffer.alloc((message.length & ~7) + 8);
  message.copy(padded);
  padded[padded.length - 1] = message.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const m = padded.readBigUInt64LE(at);
    d ^= m;
    rounds(2);
    a ^= m;
  }
  c ^= 0xffn;
  rounds(4);
  return a ^ b ^ c ^ d;
}
