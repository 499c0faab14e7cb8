// How a view keeps what it shows fresh: documents that are asked again, and streams with asking as their substitute.
import { useEffect, useRef, useState } from 'preact/hooks';

const RETRY_MS = 5000;
export const POLL_MS = 10000;

const visible = () => document.visibilityState === 'visible';

/** { data, error, old } of a document. `every` ms it is asked again while somebody looks; `old` is what another path
 * had, shown until this one is there. `round` asks anew (a token came). path null: nothing. */
export function use_document(api, path, every = 0, round = 0) {
  const [state, set_state] = useState(() => {
    const data = path === null ? null : api.take(path);
    return { path: data && path, round, data, error: null };
  });

  // A stream that comes or goes changes how often a document is asked for, and interrupts none that is on its way.
  const pace = useRef({ every, rest: null });
  pace.current.every = every;
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const fresh = state.path === path && state.round === round && state.data !== null; // taken when it was there already
    const later = (ms) => {
      clearTimeout(timer);
      if (ms > 0) timer = setTimeout(run, ms);
    };
    const rest = () => {
      pace.current.rest = rest;
      later(pace.current.every);
    };
    async function run() {
      pace.current.rest = null;
      if (!visible()) return later(1000);
      try {
        const data = await api.json(path, stop.signal);
        set_state({ path, round, data, error: null });
        rest();
      } catch (error) {
        if (stop.signal.aborted) return;
        set_state((s) => ({ path, round, data: s.path === path ? s.data : null, error }));
        if (!(error.status >= 400 && error.status < 500)) later(RETRY_MS);
      }
    }
    if (fresh) rest();
    else run();
    return () => {
      pace.current.rest = null;
      clearTimeout(timer);
      stop.abort(new DOMException('left', 'AbortError'));
    };
  }, [path, round]);
  useEffect(() => { pace.current.rest?.(); }, [every]);

  return { data: path === null ? null : state.data, error: state.path === path ? state.error : null, old: state.path !== path };
}

/** What a stream says, one object, or null: then there is none, and its documents are asked instead. */
export function use_stream(api, path, round = 0) {
  const [state, set_state] = useState({ path: null, data: null });

  useEffect(() => {
    if (path === null) return undefined;
    let stop, timer = 0;
    async function run() {
      const mine = new AbortController();
      stop = mine;
      try {
        await api.listen(path, (data) => set_state({ path, data }), mine.signal);
        if (!mine.signal.aborted) timer = setTimeout(run, 1000);
      } catch (error) {
        if (mine.signal.aborted) return;
        set_state({ path, data: null });
        const never = error.status >= 400 && error.status < 500; // this luotd has none, or not for us
        if (!never) timer = setTimeout(run, RETRY_MS);
      }
    }
    // Who does not look holds no connection.
    const look = () => {
      clearTimeout(timer);
      stop?.abort(new DOMException('hidden', 'AbortError'));
      if (visible()) run();
    };
    run();
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      stop?.abort(new DOMException('left', 'AbortError'));
    };
  }, [path, round]);

  return state.path === path ? state.data : null;
}

/** False in the first picture, true right behind it: for what is below the screen, so that the numbers need not wait for it. */
export function use_rest() {
  const [rest, set_rest] = useState(false);
  useEffect(() => set_rest(true), []);
  return rest;
}

/** Keys of the whole page; not while somebody types, nor with Ctrl, Alt or Meta. */
export function use_keys(handle) {
  const latest = useRef(handle);
  latest.current = handle;
  useEffect(() => {
    const on = (event) => {
      const typing = event.target.closest?.('input, select, textarea, [contenteditable], dialog');
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || (typing && event.key !== 'Escape')) return;
      if (latest.current(event.key, event)) event.preventDefault();
    };
    addEventListener('keydown', on);
    return () => removeEventListener('keydown', on);
  }, []);
}

/** Many documents at once: a Map of what has come so far, null where luotd said no, and how many are still on their way. */
export function use_documents(api, list, round = 0) {
  const [state, set_state] = useState({ key: null, found: new Map() });
  const key = list.join('\n') + round;

  useEffect(() => {
    const stop = new AbortController();
    const found = new Map();
    let frame = 0;
    const tell = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => set_state({ key, found: new Map(found) }));
    };
    for (const path of list)
      api.json(path, stop.signal)
        .then((data) => found.set(path, data), () => found.set(path, null))
        .then(() => stop.signal.aborted || tell());
    return () => { cancelAnimationFrame(frame); stop.abort(new DOMException('left', 'AbortError')); };
  }, [key]);

  const found = state.key === key ? state.found : new Map();
  return { found, missing: list.length - found.size };
}
