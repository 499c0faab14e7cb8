// UDP under load: naps gather datagrams, and nothing that fits into the kernel's buffer is lost by them.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Luotd, until } from './lib/luotd.mjs';

const LINE = 's=demo&p=/tin-tuc/bai-viet-1&i=203.0.113.7&u=Firefox';
const STEADY_MS = 5000; // at most so long until naps are seen
const AT_ONCE = 40; // datagrams a millisecond, or as many as this machine sends
const ON_ITS_WAY = 1000;

/** What the kernel knows of luotd's UDP socket: bytes that wait, datagrams that it dropped. */
function kernel(port) {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = fs
    .readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find((field) => field[1]?.endsWith(hex));
  return { waiting: parseInt(row[4].split(':')[1], 16), drops: Number(row.at(-1)) };
}

const stateOf = (pid) => /^State:\s+(\S)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1];

describe('UDP under load', () => {
  let luotd, socket;
  let sent = 0; // that the kernel had room for
  before(async () => {
    luotd = await Luotd.start({ config: '[site demo]\nany_host = yes\n', workers: 1 });
    socket = dgram.createSocket('udp4');
    await new Promise((done) => socket.connect(luotd.port, '127.0.0.1', done));
  });
  after(async () => {
    socket.close();
    await luotd.stop();
  });

  const send = (count) =>
    new Promise((done, fail) => {
      let left = count;
      for (let i = 0; i < count; i++) socket.send(LINE, (e) => (e ? fail(e) : --left || done()));
      sent += count;
    });
  const naps = async () => (await luotd.stats()).udp.naps;

  async function asleep(work) {
    luotd.child.kill('SIGSTOP');
    await until('luotd to stand still', () => stateOf(luotd.pid) === 'T');
    try {
      return await work();
    } finally {
      luotd.child.kill('SIGCONT');
    }
  }

  /** Sends until luotd naps. */
  async function untilItNaps() {
    const before = await naps();
    const end = Date.now() + STEADY_MS;
    let now = before;
    while (now < before + 20) {
      assert.ok(Date.now() < end, `no naps after ${sent} datagrams: ${now - before}`);
      for (let i = 0; i < 20; i++) {
        await send(AT_ONCE);
        await new Promise((done) => setImmediate(done));
      }
      // Never more on its way than the buffer surely holds, however little luotd runs.
      ({ naps: now } = await until('room', async () => {
        const { udp } = await luotd.stats();
        return sent - udp.datagrams < ON_ITS_WAY && { naps: udp.naps };
      }));
    }
  }

  /** Every datagram that was sent and had room is a view; none is on its way any more. */
  async function allCounted() {
    const s = await until(`${sent} views`, async () => {
      const now = await luotd.stats(); // a line is received first and counted then
      return now.udp.datagrams >= sent && now.counted.view >= sent && now;
    });
    assert.equal(s.received, sent);
    assert.equal(s.counted.view, sent);
    assert.equal(s.udp.datagrams, sent);
    return s;
  }

  test('what comes alone is taken without a nap', async () => {
    for (let i = 0; i < 50; i++) {
      await send(1);
      await allCounted();
    }
    assert.equal(await naps(), 0);
  });

  test('under load it naps, and loses nothing', async () => {
    await untilItNaps();
    const s = await allCounted();
    assert.equal(s.udp.kernel_drop_events, 0);
    assert.ok(s.udp.naps < sent, 'naps gather');
  });

  test('a burst of nine tenths of what the buffer holds, while it naps, is counted whole', async () => {
    // A nap that lasts as long as the burst needs: more than the buffer holds, to learn what that is.
    const before = kernel(luotd.port).drops;
    const holds = await asleep(async () => {
      let most = 0;
      while (kernel(luotd.port).drops === before) {
        await send(50);
        most += 50;
        assert.ok(most < 100000, 'the buffer never filled');
      }
      const lost = kernel(luotd.port).drops - before;
      sent -= lost;
      return most - lost;
    });
    await allCounted();
    const { udp } = await luotd.stats();
    assert.equal(udp.kernel_drop_events, kernel(luotd.port).drops);

    for (let round = 0; round < 3; round++) {
      await untilItNaps();
      const waits = await asleep(async () => {
        const already = kernel(luotd.port).waiting > 0 ? AT_ONCE * 20 : 0;
        await send(Math.max(1, Math.floor(holds * 0.9) - already));
        return kernel(luotd.port).waiting;
      });
      assert.ok(waits > udp.rcvbuf_bytes / 4, `the burst was in the buffer: ${waits} of ${udp.rcvbuf_bytes}`);
      const s = await allCounted();
      assert.equal(s.udp.kernel_drop_events, udp.kernel_drop_events, `round ${round}: none was dropped`);
    }
  });

  test('after the load, what comes alone is again counted at once', async () => {
    // Each nap is at most a millisecond, an answer takes as long: ten that say the same.
    const last = [];
    await until('the last nap', async () => {
      last.unshift(await naps());
      return last.length > 10 && last.slice(0, 10).every((n) => n === last[0]);
    });
    const quiet = await naps();
    for (let i = 0; i < 50; i++) {
      await send(1);
      await allCounted();
    }
    assert.equal(await naps(), quiet);
  });

  test('HTTP is answered between naps', async () => {
    await untilItNaps();
    const answered = await Promise.all(Array.from({ length: 20 }, () => luotd.request('GET', '/p.gif?s=demo&p=/')));
    assert.ok(answered.every((a) => a.status === 200));
    sent += 20;
    const s = await luotd.received(sent);
    assert.equal(s.received, sent);
  });
});
