// Stands between luotd and a Redis, and makes of its answers what a test wants.
import net from 'node:net';

/** How many whole commands a buffer begins with, and what is left of it. */
function commands(buffer) {
  let count = 0;
  for (;;) {
    let at = 0;
    const line = () => {
      const end = buffer.indexOf('\r\n', at);
      if (end < 0) return null;
      const n = Number(buffer.toString('latin1', at + 1, end));
      at = end + 2;
      return n;
    };
    const words = line();
    if (words === null) return { count, rest: buffer };
    for (let i = 0; i < words; i++) {
      const length = line();
      if (length === null || buffer.length < at + length + 2) return { count, rest: buffer };
      at += length + 2;
    }
    count++;
    buffer = buffer.subarray(at);
  }
}

/** How many whole replies a buffer begins with, and what is left of it. */
function replies(buffer) {
  let count = 0;
  for (;;) {
    let at = 0;
    for (let open = 1; open > 0; open--) {
      const end = buffer.indexOf('\r\n', at);
      if (end < 0) return { count, rest: buffer };
      const kind = String.fromCharCode(buffer[at]);
      const n = Number(buffer.toString('latin1', at + 1, end));
      at = end + 2;
      if (kind === '*' && n > 0) open += n;
      if (kind === '$' && n >= 0) at += n + 2;
      if (at > buffer.length) return { count, rest: buffer };
    }
    count++;
    buffer = buffer.subarray(at);
  }
}

/** What went over a connection: commands, and journeys: how often something was asked while nothing
 *  was left to be answered. Answers that are late make it plain: whoever does not wait for them has said all. */
class Tally {
  constructor() {
    Object.assign(this, { commands: 0, journeys: 0, open: 0, midway: false, heard: Buffer.alloc(0) });
  }
  asks(whole) {
    if (this.open === 0 && !this.midway) this.journeys++;
    this.midway = whole.rest.length > 0;
    this.commands += whole.count;
    this.open += whole.count;
  }
  answers(bytes) {
    const whole = replies(Buffer.concat([this.heard, bytes]));
    this.heard = whole.rest;
    this.open -= whole.count;
  }
}

/** Its manners, each until the next one, for connections that are there too. */
export const manners = {
  faithful: { answers: (client, bytes) => client.write(bytes) },
  /** Each answer so much later. */
  late: (ms) => ({ answers: (client, bytes) => setTimeout(() => client.write(bytes), ms) }),
  /** The same, and each connection's tally in proxy.tallies. */
  counted: (ms) => ({
    asks: (client, whole) => client.tally.asks(whole),
    answers: (client, bytes) =>
      setTimeout(() => {
        client.tally.answers(bytes);
        if (!client.destroyed) client.write(bytes);
      }, ms),
  }),
  /** A byte now and then. */
  drip: (ms) => ({
    answers(client, bytes) {
      client.drops = Buffer.concat([client.drops ?? Buffer.alloc(0), bytes]);
      client.dripping ??= setInterval(() => {
        client.write(client.drops.subarray(0, 1));
        client.drops = client.drops.subarray(1);
      }, ms);
    },
  }),
  /** The same to every command; the server hears nothing. */
  says: (bytes) => ({ asked: (client) => client.write(bytes) }),
  /** Once begun, as fast as it is taken. */
  floods: (bytes) => ({
    asked(client) {
      if (client.flooding) return;
      client.flooding = true;
      const block = Buffer.from(bytes.repeat(Math.ceil(65536 / bytes.length)));
      const pour = () => {
        while (!client.destroyed && client.write(block));
      };
      client.on('drain', pour);
      pour();
    },
  }),
  /** It says no more, but goes on listening. */
  halfCloses: { asked: (client) => client.end() },
};

export class Proxy {
  constructor(target) {
    this.target = target;
    this.manner = manners.faithful;
    this.clients = new Set();
    this.connections = 0;
    this.tallies = [];
    this.server = net.createServer({ allowHalfOpen: true }, (client) => this.serve(client));
  }

  /** `target` is the path of a socket. */
  static start(target) {
    const proxy = new Proxy(target);
    return new Promise((done, fail) => {
      proxy.server.on('error', fail);
      proxy.server.listen(0, '127.0.0.1', () => {
        proxy.port = proxy.server.address().port;
        done(proxy);
      });
    });
  }

  serve(client) {
    const server = net.connect(this.target);
    let heard = Buffer.alloc(0);
    const end = () => {
      clearInterval(client.dripping);
      this.clients.delete(client);
      client.destroy();
      server.destroy();
    };
    this.connections++;
    client.tally = new Tally();
    this.tallies.push(client.tally);
    this.clients.add(client);
    client.setNoDelay(true);
    client.on('data', (bytes) => {
      const whole = commands(Buffer.concat([heard, bytes]));
      heard = whole.rest;
      this.manner.asks?.(client, whole);
      if (this.manner.answers) server.write(bytes);
      else for (let i = 0; i < whole.count && !client.destroyed; i++) this.manner.asked(client);
    });
    server.on('data', (bytes) => !client.destroyed && this.manner.answers?.(client, bytes));
    client.on('error', end).on('close', end).on('end', end);
    server.on('error', () => {}).on('close', () => client.destroySoon()); // what it said before goes first
  }

  /** Every connection is gone. */
  cut() {
    for (const client of this.clients) client.destroy();
  }
  stop() {
    this.cut();
    this.server.close();
  }
}
