// An old phone's line: late, narrow and lossy, and it counts every byte that goes through it.
//
// Each connection waits a round trip before its first byte (the handshake), each direction sends segments one after another at
// the line's rate, and a lost one comes, with all behind it, when it was sent again. What one connection sends another waits for:
// lines that are given one radio share its rate. The losses follow from the seed.
import net from 'node:net';

const SEGMENT = 1400;

export class Radio {
  constructor({ rtt = 400, kbit = 400, loss = 0.05, seed = 1 } = {}) {
    Object.assign(this, { rtt, kbit, loss });
    this.begin(seed);
  }
  /** With these losses from here on, and nothing under way. */
  begin(seed) {
    this.random = Math.imul(seed, 2654435761) >>> 0;
    this.free = { up: 0, down: 0 };
  }
  lost() {
    this.random = (Math.imul(this.random, 1664525) + 1013904223) >>> 0;
    return this.random / 2 ** 32 < this.loss;
  }
  /** When a segment that is sent now has arrived. */
  arrives(way, bytes) {
    const start = Math.max(performance.now(), this.free[way]);
    this.free[way] = start + (bytes * 8) / this.kbit;
    return this.free[way] + this.rtt / 2 + (this.lost() ? 1.5 * this.rtt : 0);
  }
}

export class Line {
  static async start(port, radio = new Radio({ rtt: 0, kbit: 1e6, loss: 0 })) {
    const line = new Line();
    Object.assign(line, { port, radio, up: 0, down: 0, connections: 0, sockets: new Set() });
    line.server = net.createServer((phone) => line.connect(phone));
    await new Promise((done) => line.server.listen(0, '127.0.0.1', done));
    line.url = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  connect(phone) {
    this.connections++;
    const far = net.connect(this.port, '127.0.0.1');
    const ready = performance.now() + this.radio.rtt;
    this.carry(phone, far, 'up', ready);
    this.carry(far, phone, 'down', ready);
    for (const socket of [phone, far]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket) && (socket === phone ? far : phone).end());
    }
  }

  carry(from, to, way, ready) {
    let last = ready;
    const later = (at, work) => setTimeout(() => !to.destroyed && work(), Math.max(0, at - performance.now()));
    from.on('data', (data) => {
      this[way] += data.length;
      for (let at = 0; at < data.length; at += SEGMENT) {
        const part = data.subarray(at, at + SEGMENT);
        last = Math.max(last, this.radio.arrives(way, part.length));
        later(last, () => to.write(part));
      }
    });
    from.on('end', () => later(last, () => to.end()));
  }

  stop() {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((done) => this.server.close(done));
  }
}
