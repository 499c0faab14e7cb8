// Every framed line ends in exactly one word of the closed list, and each term equals the generator's own ledger.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Luotd, sums } from './lib/luotd.mjs';

const CONFIG = `
udp_trusted = 127.0.0.1
auto_sites = *.auto.example.vn
auto_sites_max = 2
[site demo]
any_host = yes
[site strict]
hosts = strict.example.vn
[site logs]
source = logs
any_host = yes
`;

// A line, where it came from, and the word it must end in.
const http = [
  ['s=demo&p=/', {}, 'counted.view'],
  ['s=demo&p=/&k=ping', {}, 'counted.ping'],
  ['s=demo&e=download&p=/a.pdf', {}, 'counted.event'],
  ['s=demo&p=/', { 'Sec-Purpose': 'prefetch' }, 'suppressed.prefetch'],
  ['s=demo&p=/', { DNT: '1' }, 'counted.view'],
  ['s=logs&p=/', {}, 'suppressed.other_source'],
  ['s=demo&p=%zz', {}, 'rejected.malformed'],
  ['s=demo&k=nonsense', {}, 'rejected.malformed'],
  ['s=nowhere&p=/', {}, 'rejected.unknown_site'],
  ['p=/', { Origin: 'https://unknown.example.org' }, 'rejected.unknown_site'],
  ['s=strict&p=/', { Origin: 'https://strict.example.vn' }, 'counted.view'],
  ['s=strict&p=/', { Origin: 'https://strict.example.vn.evil.com' }, 'rejected.origin'],
  ['s=strict&p=/', { Origin: 'null' }, 'rejected.origin'],
  ['s=strict&p=/', { Referer: 'https://elsewhere.example.org/page' }, 'rejected.origin'],
  ['p=/', { Origin: 'https://strict.example.vn:8443' }, 'counted.view'],
  ['p=/', { Referer: 'https://STRICT.example.vn/x' }, 'counted.view'],
  ['p=/', { Host: 'strict.example.vn:80' }, 'counted.view'],
  ['p=/', { Origin: 'https://a.auto.example.vn' }, 'counted.view'],
  ['p=/', { Origin: 'https://b.auto.example.vn' }, 'counted.view'],
  ['p=/', { Origin: 'https://c.auto.example.vn' }, 'rejected.auto_sites_full'],
  ['p=' + 'x'.repeat(5000), {}, 'rejected.too_long'],
];

/** Now, as a web server's log says it. */
const stamp = () => new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1/$2/$3:$4 +0000');

describe('accounting', () => {
  let luotd;
  const ledger = new Map();
  let received = 0;
  const book = (word, n = 1) => {
    ledger.set(word, (ledger.get(word) ?? 0) + n);
    received += n;
  };
  before(async () => {
    luotd = await Luotd.start({ config: CONFIG });
  });
  after(() => luotd.stop());

  test('each line over HTTP ends as it must, and is answered so', async () => {
    for (const [line, headers, word] of http) {
      const r = await luotd.request('POST', '/b', { headers: { Host: '127.0.0.1', ...headers }, body: line });
      const [klass, reason] = word.split('.');
      book(word);
      assert.equal(r.status, klass !== 'rejected' ? 204 : ['origin', 'unknown_site', 'auto_sites_full'].includes(reason) ? 403 : 400, `${line.slice(0, 60)} ${JSON.stringify(headers)}: ${r.text}`);
      assert.match(r.headers['x-luot'], new RegExp(`^${klass}`));
      if (klass !== 'counted') assert.match(r.headers['x-luot'], new RegExp(`reason=${reason}`));
      if (klass === 'rejected') assert.equal(JSON.parse(r.text).error.reason, reason);
    }
  });

  test('each line over UDP likewise, in batches, to the last unread one', async () => {
    await luotd.udp('s=demo&p=/1\ns=demo&p=/2\n\ns=nowhere\ns=demo&k=ping');
    book('counted.view', 2);
    book('rejected.malformed');
    book('rejected.unknown_site');
    book('counted.ping');
    await luotd.udp(Array.from({ length: 70 }, (_, i) => `s=demo&p=/${i}`).join('\n'));
    book('counted.view', 64);
    book('rejected.too_many_lines', 6);
    const line = (request, status) => `203.0.113.7 - - [${stamp()}] "${request} HTTP/1.1" ${status} 5 "-" "Firefox/1"`;
    await luotd.udp(`<190>logs: ${line('GET /', 200)}`);
    book('counted.view');
    await luotd.udp(`<190>Nov 23 00:00:00 vm logs: ${line('GET /nothing', 404)}\n`);
    book('counted.event');
    await luotd.udp(`<190>1 - - logs - - - ${line('GET /a.css', 200)}\n<190>logs: ${line('HEAD /', 200)}`);
    book('suppressed.not_page', 2);
    await luotd.udp(`<190>demo: ${line('GET /', 200)}`);
    book('suppressed.other_source');
    await luotd.udp(`nowhere.example.vn ${line('GET /', 200)}`);
    book('rejected.unknown_site');
    await luotd.udp('<190>logs: {"ip":"203.0.113.7","status":200');
    book('rejected.malformed');
    await luotd.udp('s=demo&p=/' + 'y'.repeat(9000));
    book('rejected.too_long');
    await luotd.received(received);
  });

  test('POST bodies of many lines are judged line by line', async () => {
    let r = await luotd.request('POST', '/b', { body: 's=nowhere\ns=demo&p=/\np=%zz' });
    assert.equal(r.status, 204);
    book('rejected.unknown_site');
    book('counted.view');
    book('rejected.malformed');
    r = await luotd.request('POST', '/b', { body: '' });
    assert.equal(r.status, 400);
    book('rejected.malformed');
    r = await luotd.request('GET', '/p.gif?s=demo&p=/');
    assert.equal(r.status, 200);
    assert.equal(r.bytes.length, 43);
    assert.match(r.headers['cache-control'], /no-store/);
    book('counted.view');
  });

  test('i and u count from trusted senders only', async () => {
    const before = (await luotd.snapshot()).periods.today.visitors;
    for (let i = 0; i < 5; i++) await luotd.request('POST', '/b', { headers: { 'User-Agent': 'One/1' }, body: `s=demo&p=/&i=198.51.100.${i}&u=Firefox+${i}` });
    book('counted.view', 5);
    assert.equal((await luotd.snapshot()).periods.today.visitors, before + 1, 'over HTTP they are one visitor');
    await luotd.udp(Array.from({ length: 5 }, (_, i) => `s=demo&p=/&i=198.51.100.${i}&u=Firefox+${i}`).join('\n'));
    book('counted.view', 5);
    await luotd.received(received);
    assert.equal((await luotd.snapshot()).periods.today.visitors, before + 6, 'over trusted UDP they are five more');
  });

  test('every term equals the ledger', async () => {
    const stats = await luotd.stats();
    for (const [word, n] of ledger) {
      const [klass, reason] = word.split('.');
      assert.equal(stats[klass][reason], n, word);
    }
    const s = sums(stats);
    assert.equal(stats.received, received);
    assert.equal(s.counted + s.suppressed + s.rejected, received);
    assert.equal(s.counted, [...ledger].filter(([w]) => w.startsWith('counted')).reduce((a, [, n]) => a + n, 0));
  });

  test('UDP from outside udp_trusted is refused unread', async () => {
    const closed = await Luotd.start({ config: 'udp_trusted = 10.0.0.0/8\n[site demo]\nany_host = yes\n' });
    try {
      await closed.udp('s=demo&p=/1\ns=demo&p=/2');
      const s = await closed.received(2);
      assert.equal(s.rejected.untrusted, 2);
      assert.equal(s.counted.view, 0);
    } finally {
      await closed.stop();
    }
  });
});
