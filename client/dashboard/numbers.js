// Numbers and times as each language writes them. Everything here is pure.
import { MONTHS_EN, WEEKDAYS } from './words.js';

const BLANK = '\u00a0'; // it does not break: "1,0 %"

// A formatter of a browser takes its time to make: 10 to 40 ms the first one, and that is before the first number. Here the clocks have not
// been changed since 1975, so that nothing of it is needed.
const SAME_FOR_EVER_S = { 'Asia/Ho_Chi_Minh': 25200, 'Asia/Phnom_Penh': 25200, UTC: 0 };
const clocks = new Map();

/** The wall's clock at a second: { day: '2026-11-26', time: '02:50', year: '2026' }. */
function wall_clock(seconds, tz) {
  if (tz in SAME_FOR_EVER_S && seconds > 173e6) {
    const text = new Date((seconds + SAME_FOR_EVER_S[tz]) * 1000).toISOString();
    return { day: text.slice(0, 10), time: text.slice(11, 16), year: text.slice(0, 4) };
  }
  if (!clocks.has(tz))
    clocks.set(tz, new Intl.DateTimeFormat('en-GB', { timeZone: tz, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }));
  const p = Object.fromEntries(clocks.get(tz).formatToParts(new Date(seconds * 1000)).map((x) => [x.type, x.value]));
  return { day: `${p.year}-${p.month}-${p.day}`, time: `${p.hour}:${p.minute}`, year: p.year };
}

export function formats(lang, tz = 'Asia/Ho_Chi_Minh') {
  const english = lang === 'en';
  const [thousands, decimal] = english ? [',', '.'] : ['.', ','];

  const whole = (n) => String(Math.round(Math.abs(n))).replace(/\B(?=(\d{3})+$)/g, thousands);
  const number = (n) => (n == null ? '–' : (n < 0 ? '−' : '') + whole(n));
  const fixed = (n, digits) => {
    const [i, f] = Math.abs(n).toFixed(digits).split('.');
    return (n < 0 ? '−' : '') + i.replace(/\B(?=(\d{3})+$)/g, thousands) + (f ? decimal + f : '');
  };
  const percent = (part, digits = 1) => fixed(part * 100, digits) + (english ? '%' : BLANK + '%');
  /** "+12,3 %" of now against before; null where there is nothing to compare with. */
  const change = (now, before) => {
    if (now == null || !before) return null;
    const part = (now - before) / before;
    const digits = Math.abs(part) >= 9.995 ? 0 : 1;
    const text = percent(part, digits);
    return part > 0 && !/^[0.,%\s]+$/.test(text) ? '+' + text : text.replace(/^−(?=[0.,%\s]+$)/, '');
  };
  /** "≈ 12.400" where it is an estimate. */
  const about = (n, exact) => (n != null && exact === false ? '≈' + BLANK : '') + number(n);

  const parts = (seconds) => wall_clock(seconds, tz);
  const day = (text, { year = true } = {}) => {
    const [y, m, d] = text.split('-');
    if (english) return `${Number(d)} ${MONTHS_EN[m - 1].slice(0, 3)}` + (year ? ` ${y}` : '');
    return `${d}/${m}` + (year ? `/${y}` : '');
  };
  const month = (text) => {
    const [y, m] = text.split('-');
    return english ? `${MONTHS_EN[m - 1]} ${y}` : `${Number(m)}/${y}`;
  };
  const weekday = (text) => WEEKDAYS[lang][(new Date(Date.parse(text)).getUTCDay() + 6) % 7];

  return {
    number, fixed, percent, change, about, day, month, weekday,
    day_of: (s) => parts(s).day,
    time: (s) => parts(s).time,
    /** "02:50", with its day where that is not `today`. */
    moment: (s, today) => {
      const p = parts(s);
      return p.day === today ? p.time : `${p.time} ${day(p.day, { year: p.year !== today?.slice(0, 4) })}`;
    },
    /** A step's beginning, as long as the step needs. */
    step: (s, step) => {
      const p = parts(s);
      if (step === 'month') return month(p.day);
      if (step === 'day' || step === 'week') return `${weekday(p.day)} ${day(p.day)}`;
      return `${weekday(p.day)} ${day(p.day, { year: false })}, ${p.time}`;
    },
    /** "02:50–02:54", of a gap. */
    span: (from, to, today) => {
      const a = parts(from), b = parts(to);
      const date = a.day === today ? '' : ` ${day(a.day, { year: a.year !== today?.slice(0, 4) })}`;
      if (a.day === b.day) return `${a.time}–${b.time}${date}`;
      return `${a.time} ${day(a.day, { year: false })} – ${b.time} ${day(b.day, { year: false })}`;
    },
  };
}

