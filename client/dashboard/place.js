// Where one is in the dashboard, as an address: everything that a link has to reopen, and nothing secret.
import { COMPARISONS, is_day, is_month, PERIODS } from './days.js';
import { LANGUAGES } from './words.js';

const word = (list) => (text) => (list.includes(text) ? text : null);
const text = (most) => (value) => value.slice(0, most);
const SORTS = ['title', 'group', 'online', 'today', 'change', 'yesterday', 'week', 'month', 'total', 'last_view'];

// name: [what it is when the address does not say, what is taken]
const FIELDS = {
  site: ['', text(255)],
  view: ['', word(['report'])],
  period: ['today', word(PERIODS)],
  from: ['', (v) => (is_day(v) ? v : null)],
  to: ['', (v) => (is_day(v) ? v : null)],
  compare: ['previous', word(COMPARISONS)],
  metric: ['', word(['views', 'visits', 'visitors'])], // empty: the site's own,
  zoom: ['', (v) => (/^\d{1,12}-\d{1,12}$/.test(v) ? v : null)],
  month: ['', (v) => (is_month(v) ? v : null)],
  tops: ['', (v) => (/^[a-z_,]{1,120}$/.test(v) ? v : null)],
  group: ['', text(64)],
  q: ['', text(64)],
  sort: ['-today', (v) => (SORTS.includes(v.replace(/^-/, '')) ? v : null)],
  lang: ['', word(LANGUAGES)],
  theme: ['', word(['light', 'dark'])],
};

export function read_place(search) {
  const given = new URLSearchParams(search);
  const place = {};
  for (const [name, [fallback, take]] of Object.entries(FIELDS)) {
    const value = given.get(name);
    place[name] = (value == null ? null : take(value)) ?? fallback;
  }
  return place;
}

export function write_place(place) {
  const out = new URLSearchParams();
  for (const [name, [fallback]] of Object.entries(FIELDS))
    if (place[name] && place[name] !== fallback) out.set(name, place[name]);
  const query = out.toString();
  return query === '' ? './' : '?' + query;
}

/** What of a place stays when one goes to another site or back to all of them. */
export const elsewhere = (place, change) => ({
  ...read_place(''), lang: place.lang, theme: place.theme, period: place.period, from: place.from, to: place.to,
  compare: place.compare, metric: place.metric, sort: place.sort, group: place.group, q: place.q, tops: place.tops, ...change,
});
