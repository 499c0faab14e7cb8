// luotd's documents. The reader token lives in this closure and nowhere else: a reload forgets it.
const AT_ONCE = 4; // luotd's reader has sixteen places for everybody
const TRIES = 5;
const QUIET_MS = 40000; // a stream that says nothing for so long is broken: luotd says something every 15 s

export class ApiError extends Error {
  constructor(status, reason, message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
  /** Somebody who may read this has to say so. */
  get wants_token() {
    return this.status === 401 || this.status === 403;
  }
}

/** What the page's head asks for: only a request that is the same in this takes its answer. */
const preloaded = (path) => path === paths.sites || path.endsWith('/snapshot.json');

export const pause = (ms, signal) => new Promise((done, fail) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); fail(signal.reason); }, { once: true });
});

export function make_api() {
  let token = '';
  let running = 0;
  const waiting = [];

  const headers = () => (token ? { Authorization: 'Bearer ' + token } : {});

  async function slot(work) {
    if (running >= AT_ONCE) await new Promise((go) => waiting.push(go)); // whoever leaves hands over the place
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  async function error_of(response) {
    const said = await response.json().catch(() => null);
    return new ApiError(response.status, said?.error?.reason ?? 'http', said?.error?.message ?? response.statusText);
  }

  async function ask(path, signal) {
    for (let tried = 1; ; tried++) {
      const response = await fetch(path, { headers: headers(), signal, credentials: preloaded(path) ? 'same-origin' : 'omit', cache: token ? 'no-store' : 'default' });
      if (response.ok) return response;
      if (response.status !== 503 || tried >= TRIES) throw await error_of(response);
      await pause((Number(response.headers.get('Retry-After')) || 1) * 1000 * tried, signal);
    }
  }

  /** Server-Sent Events with a token, which EventSource cannot send. Ends when luotd ends it; throws if it cannot begin. */
  async function listen(path, on_event, signal) {
    const response = await fetch(path, { headers: { ...headers(), Accept: 'text/event-stream' }, signal, credentials: 'omit', cache: 'no-store' });
    if (!response.ok) throw await error_of(response);
    if (!(response.headers.get('Content-Type') ?? '').startsWith('text/event-stream')) throw new ApiError(406, 'type', 'no stream');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const timer = setTimeout(() => reader.cancel(), QUIET_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const events = (text + value).split(/\r?\n\r?\n/);
      text = events.pop();
      for (const event of events) {
        const data = event.split(/\r?\n/).filter((l) => l.startsWith('data:')).map((l) => l.slice(5).trimStart()).join('\n');
        if (data !== '') on_event(JSON.parse(data));
      }
    }
  }

  /** Several parts of a view that want one document at once get one answer; it is given up when none of them waits any more. */
  const flying = new Map();
  function json(path, signal) {
    let flight = flying.get(path);
    if (!flight) {
      const stop = new AbortController();
      flight = { stop, users: 0, answer: slot(async () => (await ask(path, stop.signal)).json()) };
      const land = () => flying.get(path) === flight && flying.delete(path);
      flight.answer.then(land, land);
      flying.set(path, flight);
    }
    flight.users++;
    return new Promise((done, fail) => {
      const leave = () => {
        fail(signal.reason);
        if (--flight.users > 0) return;
        if (flying.get(path) === flight) flying.delete(path);
        flight.stop.abort(signal.reason);
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const off = () => signal.removeEventListener('abort', leave);
      return flight.answer.then((data) => { off(); done(data); }, (error) => { off(); fail(error); });
    });
  }

  /** Asks for a document before there is a view. The first that wants it has it: at once by take(), when it is there by then. */
  const early = new Map();
  async function fetch_early(path) {
    const one = { data: null };
    early.set(path, one);
    one.data = await json(path, new AbortController().signal);
    return one.data;
  }
  function take(path) {
    const data = early.get(path)?.data ?? null;
    if (data) early.delete(path);
    return data;
  }
  const wanted = async (path, signal) => {
    const data = take(path);
    early.delete(path); // on its way still: json() knows
    return data ?? json(path, signal);
  };

  return {
    set_token(value) { token = value.trim(); flying.clear(); early.clear(); },
    fetch_early,
    take,
    has_token: () => token !== '',
    json: wanted,
    blob: (path, signal) => slot(async () => (await ask(path, signal)).blob()),
    listen,
  };
}

const at = (site) => 'v1/' + encodeURIComponent(site) + '/';
const query = (values) => '?' + Object.entries(values).map(([k, v]) => k + '=' + encodeURIComponent(v)).join('&');

// All relative, so that they work under any prefix.
export const paths = {
  sites: 'v1/sites.json',
  sites_live: 'v1/live',
  snapshot: (site) => at(site) + 'snapshot.json',
  live: (site) => at(site) + 'live',
  series: (site, metric, step, from, to) => at(site) + 'series.json' + query({ metric, step, from, to }),
  report: (site, by, range) => at(site) + 'report.json' + query({ by, from: range.from, to: range.to }),
  tops: (site, of, range, form = 'json') => at(site) + 'tops.' + form + query({ of, from: range.from, to: range.to }),
};
