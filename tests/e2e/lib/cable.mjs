// A cable between one luotd and its Redis, which a test may cut and mend.
import net from 'node:net';

export class Cable {
  static async to(socket) {
    const cable = new Cable();
    cable.ends = new Set();
    cable.whole = true;
    cable.server = net.createServer((a) => {
      if (!cable.whole) return a.destroy();
      const b = net.connect(socket);
      for (const [end, other] of [[a, b], [b, a]]) {
        cable.ends.add(end);
        end.on('error', () => {});
        end.on('close', () => {
          cable.ends.delete(end);
          other.destroy();
        });
        end.pipe(other);
      }
    });
    await new Promise((done) => cable.server.listen(0, '127.0.0.1', done));
    cable.where = `redis://127.0.0.1:${cable.server.address().port}/0`;
    return cable;
  }
  cut() {
    this.whole = false;
    for (const end of this.ends) end.destroy();
  }
  /** Nothing goes through, and nobody is told. */
  stall() {
    for (const end of this.ends) end.pause();
  }
  mend() {
    this.whole = true;
    for (const end of this.ends) end.resume();
  }
  close() {
    this.cut();
    this.server.close();
  }
}
