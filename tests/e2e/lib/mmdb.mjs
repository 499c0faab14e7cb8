// A country database in the MaxMind DB format: mmdb([['10.0.0.0/8', 'VN', 'HN'], ['2001:db8::/32', 'KH']]).
import net from 'node:net';

/** 128 bits of an address; IPv4 lies in ::/96. */
function bitsOf(address) {
  if (net.isIPv4(address)) return '0'.repeat(96) + address.split('.').map((b) => Number(b).toString(2).padStart(8, '0')).join('');
  const [left, right = ''] = address.split('::');
  const words = (s) => (s === '' ? [] : s.split(':'));
  const middle = address.includes('::') ? 8 - words(left).length - words(right).length : 0;
  return [...words(left), ...Array(middle).fill('0'), ...words(right)].map((w) => parseInt(w, 16).toString(2).padStart(16, '0')).join('');
}

const text = (s) => {
  const bytes = Buffer.from(s);
  return Buffer.concat([bytes.length < 29 ? Buffer.from([0x40 | bytes.length]) : Buffer.from([0x5d, bytes.length - 29]), bytes]);
};
const number = (type, bytes, n) => Buffer.concat([Buffer.from(type > 7 ? [bytes, type - 7] : [(type << 5) | bytes]), Buffer.from(BigInt(n).toString(16).padStart(bytes * 2, '0'), 'hex')]);
const map = (pairs) => Buffer.concat([Buffer.from([0xe0 | pairs.length]), ...pairs.flatMap(([k, v]) => [text(k), v])]);
const array = (values) => Buffer.concat([Buffer.from([values.length, 4]), ...values]);

export function mmdb(networks, { type = 'Test-Country', description = 'made by a test', built = 1700000000 } = {}) {
  const nodes = [[null, null]];
  const data = [];
  let length = 0;
  for (const [network, country, region] of networks) {
    const [address, prefix] = network.split('/');
    const bits = bitsOf(address).slice(0, Number(prefix) + (net.isIPv4(address) ? 96 : 0));
    const record = map([['country', map([['iso_code', text(country)]])], ...(region ? [['subdivisions', array([map([['iso_code', text(region)]])])]] : [])]);
    let node = 0;
    [...bits].forEach((bit, i) => {
      if (i === bits.length - 1) nodes[node][bit] = { data: length };
      else {
        if (typeof nodes[node][bit] !== 'number') {
          nodes.push([nodes[node][bit], nodes[node][bit]]);
          nodes[node][bit] = nodes.length - 1;
        }
        node = nodes[node][bit];
      }
    });
    data.push(record);
    length += record.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.flat().forEach((child, i) => tree.writeUIntBE(child === null ? nodes.length : typeof child === 'number' ? child : nodes.length + 16 + child.data, i * 3, 3));
  const metadata = map([
    ['binary_format_major_version', number(5, 1, 2)],
    ['binary_format_minor_version', number(5, 1, 0)],
    ['build_epoch', number(9, 8, built)],
    ['database_type', text(type)],
    ['description', map([['en', text(description)]])],
    ['ip_version', number(5, 1, 6)],
    ['languages', array([text('en')])],
    ['node_count', number(6, 4, nodes.length)],
    ['record_size', number(5, 1, 24)],
  ]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com'), metadata]);
}
