// Days as "2026-11-26", and the periods that people ask for. Everything here is pure: today is an argument.
const DAY_MS = 86400000;

export const add_days = (day, n) => new Date(Date.parse(day) + n * DAY_MS).toISOString().slice(0, 10);
export const days_between = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
export const is_day = (text) => /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(text)) && add_days(text, 0) === text;
export const is_month = (text) => /^\d{4}-\d\d$/.test(text ?? '') && is_day(text + '-01');
export const month_start = (day) => day.slice(0, 8) + '01';
export const add_months = (month, n) => {
  const [y, m] = month.split('-').map(Number);
  return new Date(Date.UTC(y, m - 1 + n, 1)).toISOString().slice(0, 7);
};
/** The same day some months before; of a shorter month its last. */
export const months_before = (day, n) => {
  const month = add_months(day.slice(0, 7), -n);
  const last = add_days(add_months(month, 1) + '-01', -1);
  const same = `${month}-${day.slice(8)}`;
  return is_day(same) ? same : last;
};

export const PERIODS = ['today', 'yesterday', '7d', '30d', 'month', 'year', 'custom'];
export const COMPARISONS = ['previous', 'week', 'year', 'none'];

/** [from, to): the days of the place's period, on the day that is today for the site. */
export function days_of(place, today) {
  const tomorrow = add_days(today, 1);
  switch (place.period) {
    case 'yesterday': return { from: add_days(today, -1), to: today };
    case '7d': return { from: add_days(today, -6), to: tomorrow };
    case '30d': return { from: add_days(today, -29), to: tomorrow };
    case 'month': return { from: month_start(today), to: tomorrow };
    case 'year': return { from: month_start(months_before(today, 11)), to: tomorrow };
    case 'custom':
      if (is_day(place.from) && is_day(place.to) && place.from <= place.to)
        return { from: place.from, to: add_days(place.to, 1) };
  }
  return { from: today, to: tomorrow };
}

export function comparisons_for(range) {
  return days_between(range.from, range.to) === 1 ? COMPARISONS : COMPARISONS.filter((c) => c !== 'week');
}

/** The range that `range` is compared with, or null. */
export function compared(range, how, period) {
  const n = days_between(range.from, range.to);
  if (how === 'none') return null;
  if (how === 'week' && n === 1) return { from: add_days(range.from, -7), to: add_days(range.to, -7) };
  const last = add_days(range.to, -1);
  if (how === 'year') return { from: months_before(range.from, 12), to: add_days(months_before(last, 12), 1) };
  if (period === 'month') return { from: months_before(range.from, 1), to: add_days(months_before(last, 1), 1) };
  if (period === 'year') return { from: months_before(range.from, 12), to: add_days(months_before(last, 12), 1) };
  // Longer periods are set beside the same weekdays: a Sunday beside a Monday says nothing.
  const back = n > 7 ? Math.ceil(n / 7) * 7 : n;
  return { from: add_days(range.from, -back), to: add_days(range.to, -back) };
}

/** The step whose points fit on a screen. Minutes are kept for 24 hours, quarters for 35 days; visitors by day. */
export function step_for(seconds, age_s, metric) {
  if (metric !== 'visitors') {
    if (seconds <= 3 * 3600 && age_s < 23 * 3600) return 'minute';
    if (seconds <= 86400 - 3600 && age_s < 35 * 86400) return 'quarter';
    if (seconds <= 8 * 86400 && (seconds <= 86400 || age_s < 35 * 86400)) return 'hour';
  }
  if (seconds <= 125 * 86400) return 'day';
  return seconds <= 900 * 86400 ? 'week' : 'month';
}

/** A whole calendar month, whose visitors are known as one number? */
export const is_whole_month = (range) => range.from.endsWith('-01') && range.to === add_months(range.from.slice(0, 7), 1) + '-01';
