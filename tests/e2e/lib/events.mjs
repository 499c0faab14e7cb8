// A client of Server-Sent Events, as a browser is one, with the token that a browser's own cannot send.
import http from 'node:http';
import { until } from './luotd.mjs';

export class Events {
  /** Resolves when the head is there. `events` are {id, event, data}, `comments` a number, `retry` in ms, `ended` true at the end. */
  static open(luotd, target, { headers = {}, port = luotd.port, method = 'GET' } = {}) {
    const e = new this();
    Object.assign(e, { events: [], comments: 0, retry: null, ended: false, text: '' });
    return new Promise((done, fail) => {
      e.request = http.request({ host: luotd.host, port, method, path: target, headers: { Accept: 'text/event-stream', ...headers }, agent: false }, (res) => {
        e.status = res.statusCode;
        e.headers = res.headers;
        res.setEncoding('utf8');
        res.on('data', (d) => e.take(d));
        res.on('close', () => (e.ended = true));
        res.on('error', () => (e.ended = true));
        e.response = res;
        done(e);
      });
      e.request.on('error', (error) => (e.status === undefined ? fail(error) : (e.ended = true)));
      e.request.end();
    });
  }
  take(text) {
    this.text += text;
    let end;
    while ((end = this.text.indexOf('\n\n')) >= 0) {
      this.block(this.text.slice(0, end));
      this.text = this.text.slice(end + 2);
    }
  }
  block(text) {
    const event = { event: 'message' };
    for (const line of text.split('\n')) {
      const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? [null, 'bad', line];
      if (name === '') this.comments++;
      else if (name === 'retry') this.retry = Number(value);
      else event[name] = value;
    }
    if (event.data !== undefined) this.events.push({ ...event, data: JSON.parse(event.data), at: performance.now() });
    else if (text !== ':' && !text.startsWith('retry:')) throw new Error(`no event: ${text}`);
  }
  last() {
    return this.events.at(-1);
  }
  /** The first event, from now on or before, that `wanted` says yes to. */
  seen(what, wanted) {
    return until(what, () => this.events.find((e) => wanted(e.data, e)));
  }
  end() {
    return until('the end of a stream', () => this.ended);
  }
  close() {
    this.request.destroy();
  }
}
