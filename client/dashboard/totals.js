// A period's numbers, and what they are compared with: of a period that is not over, only what was counted by this time.
import { paths } from './api.js';
import { add_days, days_between, is_whole_month } from './days.js';
import { use_document } from './hooks.js';

const MINUTE_MS = 60000;
const QUARTER_S = 900;

/** The sum of what is known; null where nothing is. */
export const sum = (points) => points.reduce((n, [, v]) => (v === null ? n : (n ?? 0) + v), null);

/** To compare: a sum that lacks something, because the site is younger or nobody counted, is none. */
export const whole_sum = (points) => (points.some(([, v]) => v === null) ? null : sum(points));

/** The sum of the quarter-hours that are over `elapsed_s` after the first; null where one is not known. */
export function sum_by(points, elapsed_s) {
  if (points.length === 0) return null;
  const until = points[0][0] + Math.floor(elapsed_s / QUARTER_S) * QUARTER_S;
  return whole_sum(points.filter(([t]) => t < until));
}

/** Only what was asked for: a sum must not mix two periods. */
function series(api, site, metric, step, range, every) {
  const { data, old } = use_document(api, range === null ? null : paths.series(site, metric, step, range.from, range.to), every);
  return { data: old ? null : data };
}
const one_day = (day) => ({ from: day, to: add_days(day, 1) });

/** What `day` had by this time of day; undefined: not there yet. */
export function use_by_now(api, site, metric, day, elapsed_s) {
  const { data } = series(api, site, metric, 'quarter', day === null ? null : one_day(day), MINUTE_MS);
  return data === null ? undefined : sum_by(data.points, elapsed_s);
}

/** { value, numbers, summed, before, whole } of a metric in `range` against `other` (null: nothing).
 * `numbers` say how sure the value is. `whole`: the last day of `other` could not be cut at this time. */
export function use_totals(api, site, metric, { range, other, today, elapsed_s, periods }) {
  const open = range.to > today; // today is in it
  const days = days_between(range.from, range.to);
  const known = days === 1 ? { [today]: periods.today, [add_days(today, -1)]: periods.yesterday }[range.from] : null;
  const this_month = open && range.from === today.slice(0, 8) + '01' ? periods.month : null;
  const distinct = metric === 'visitors' && is_whole_month(range);

  const long = series(api, site, metric, distinct ? 'month' : 'day', known || this_month ? null : range, open ? MINUTE_MS : 0);
  const numbers = known ?? this_month ?? null;
  const value = numbers ? numbers[metric] : long.data && sum(long.data.points);

  // Before: whole days, and of the last one what it had by this time.
  const cut = open && other !== null;
  const last = cut ? add_days(other.to, -1) : null;
  const first = other !== null && (!cut || other.from < last) ? { from: other.from, to: cut ? last : other.to } : null;
  const of_month = distinct && other !== null && is_whole_month(other);
  const countable = metric !== 'visitors' || !open;
  const before_days = series(api, site, metric, of_month ? 'month' : 'day', countable ? first : null, 0);
  const before_last = series(api, site, metric, 'quarter', countable && cut ? one_day(last) : null, MINUTE_MS);
  const before_whole = series(api, site, metric, 'day', countable && cut ? one_day(last) : null, 0);
  // Of one day both sides are cut at the same quarter-hour; in a longer period a quarter-hour is nothing.
  const now_cut = use_by_now(api, site, metric, cut && days === 1 && countable ? today : null, elapsed_s);

  let before = null, whole = false;
  if (other !== null && countable) {
    const head = first === null ? 0 : before_days.data && whole_sum(before_days.data.points);
    if (!cut) before = head;
    else if (before_last.data && head !== null) {
      // Quarter-hours are kept for 35 days; of an older day there is only the whole.
      whole = before_last.data.points.every(([, v]) => v === null);
      const tail = whole ? before_whole.data && whole_sum(before_whole.data.points) : sum_by(before_last.data.points, elapsed_s);
      before = tail === null ? null : head + tail;
    }
  }
  return { value, numbers, summed: metric === 'visitors' && (numbers ? numbers.deduplicated === false : !distinct && days > 1), before, whole,
    compare_now: cut && days === 1 && !whole ? now_cut ?? null : value };
}

/** { rate, about } of visits with one view only; rate null where luotd does not know. Of several days it is their mean, weighted by visits. */
export function bounce_of(rows) {
  const known = rows.filter((r) => r.bounce_rate !== null && r.visits > 0);
  const visits = known.reduce((n, r) => n + r.visits, 0);
  if (visits === 0) return { rate: null, about: false };
  return { rate: known.reduce((n, r) => n + r.bounce_rate * r.visits, 0) / visits, about: known.length > 1 };
}

export function use_bounce(api, site, range, today) {
  const month = range.from.endsWith('-01') && (is_whole_month(range) || (range.to > today && range.from.slice(0, 7) === today.slice(0, 7)));
  const { data, old } = use_document(api, paths.report(site, month ? 'month' : 'day', range), range.to > today ? MINUTE_MS : 0);
  return old || !data ? { rate: null, about: false } : bounce_of(data.rows);
}
