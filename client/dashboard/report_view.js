// "Báo cáo tháng": one month of one site, made to be printed on A4.
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { paths } from './api.js';
import { add_months, days_between } from './days.js';
import { use_document } from './hooks.js';
import { formats } from './numbers.js';
import { Change, Sure, Trouble } from './parts.js';
import { Bars, TopNotes } from './tops.js';

const METRICS = ['views', 'visits', 'visitors'];
const TOPS = [['pages', 15], ['entry_pages', 10], ['referrers', 10], ['referrer_classes', 8], ['countries', 10], ['devices', 6], ['browsers', 8], ['downloads', 8], ['events', 8], ['bots', 8]];

export const month_range = (month) => ({ from: month + '-01', to: add_months(month, 1) + '-01' });

/** The last whole month, or the one that the site began in. */
function usual_month(now, f) {
  const before = add_months(f.day_of(now.as_of).slice(0, 7), -1);
  const first = now.since === null ? before : f.day_of(now.since).slice(0, 7);
  return before < first ? f.day_of(now.as_of).slice(0, 7) : before;
}

export function ReportView({ ctx: outer, round }) {
  const { api, say, place } = outer;
  const { data: now, error, old } = use_document(api, paths.snapshot(place.site), 0, round);
  if (error) return html`<${Trouble} ctx=${outer} error=${error} site=${place.site} />`;
  if (!now || old) return html`<p class="quiet loading">${say('loading')}</p>`;
  const ctx = { ...outer, formats: formats(outer.lang, now.tz) };
  const month = place.month || usual_month(now, ctx.formats);
  return html`<${Report} key=${month + place.site} ctx=${ctx} now=${now} month=${month} round=${round} />`;
}

function Report({ ctx, now, month, round }) {
  const { api, say, formats: f, place } = ctx;
  const site = place.site;
  const range = month_range(month);
  const today = f.day_of(now.as_of);
  const years = { from: add_months(month, -12) + '-01', to: range.to };
  const days = Object.fromEntries(METRICS.map((m) => [m, use_document(api, paths.series(site, m, 'day', range.from, range.to), 0, round).data]));
  const months = Object.fromEntries(METRICS.map((m) => [m, use_document(api, paths.series(site, m, 'month', years.from, years.to), 0, round).data]));
  useEffect(() => { document.title = `${say('report_of', f.month(month))} – ${now.title}`; }, [month, ctx.lang]);
  const value = (metric, back) => months[metric]?.points?.at(-1 - back)?.[1] ?? null;
  const open = range.to > today;
  const sure = { [today.slice(0, 7)]: now.periods.month, [add_months(today.slice(0, 7), -1)]: now.periods.last_month }[month];
  return html`<article class="report">
    <${MonthBar} ctx=${ctx} month=${month} open=${open} />
    <header><p class="quiet">${now.title}</p><h1>${say('report_of', f.month(month))}</h1>${open && html`<p class="quiet">${say('report_so_far', f.day(today))}</p>`}</header>
    <table class="plain summary"><thead><tr><th scope="col"><span class="away">${say('month')}</span></th><th scope="col">${f.month(month)}</th><th scope="col">${f.month(add_months(month, -1))}</th><th scope="col">${say('same_month_last_year')}</th></tr></thead>
      <tbody>${METRICS.map((m) => html`<tr key=${m}><th scope="row">${say(m)} <span class="quiet">${say(m + '_what')}</span></th><td><b><${Sure} value=${value(m, 0)} numbers=${m === 'visitors' ? sure : null} ctx=${ctx} /></b></td>
        ${[1, 12].map((back) => html`<td>${f.number(value(m, back))} ${!open && html`<${Change} ctx=${ctx} now=${value(m, 0)} before=${value(m, back)} />`}</td>`)}</tr>`)}
      <tr><th scope="row">${say('views_per_visit')}</th>${[0, 1, 12].map((back) => html`<td>${value('visits', back) > 0 ? f.fixed(value('views', back) / value('visits', back), 1) : '–'}</td>`)}</tr></tbody></table>
    ${days.visits && html`<${Days} ctx=${ctx} days=${days} range=${range} />`}
    <div class="tops">${TOPS.map(([of, rows]) => html`<${Top} key=${of} ctx=${ctx} site=${site} of=${of} range=${range} rows=${rows} round=${round} />`)}</div>
    <section><h2>${say('notes')}</h2><ul>
      ${(days.visits?.gaps ?? []).map(([a, b]) => html`<li>${say('gap_one', f.span(a, b, today))}</li>`)}
      ${days.visits?.gaps?.length === 0 && html`<li>${say('no_gaps')}</li>`}
      <li>${say('bots')}: ${say('bots_what')}</li>
      ${now.geo?.credit && html`<li>${now.geo.credit}</li>`}
      <li>${say('made_at', f.moment(now.as_of, ''), ctx.version)}</li></ul></section>
    ${days.visits && html`<${DayTable} ctx=${ctx} days=${days} />`}
  </article>`;
}

/** The month before, the one after, and the printer; not on paper. */
export function MonthBar({ ctx, month, open, csv }) {
  const { say, go } = ctx;
  return html`<div class="head no-print"><button type="button" onClick=${() => go({ month: add_months(month, -1) })}>‹ ${say('previous_month')}</button>
    <button type="button" disabled=${open} onClick=${() => go({ month: add_months(month, 1) })}>${say('next_month')} ›</button>
    <span class="grow"></span>${csv}<button type="button" class="primary" onClick=${() => print()}>${say('print')}</button></div>`;
}

/** Bars of the days as SVG: sharp on paper. */
function Days({ ctx, days, range }) {
  const { say, formats: f } = ctx;
  const points = days.visits.points;
  const n = days_between(range.from, range.to);
  const known = points.filter(([, v]) => v !== null);
  if (known.length === 0) return html`<p class="quiet">${say('nothing_yet')}</p>`;
  const most = Math.max(1, ...known.map(([, v]) => v));
  const best = known.reduce((a, b) => (b[1] > a[1] ? b : a));
  const total = known.reduce((s, [, v]) => s + v, 0);
  const w = 720 / n;
  return html`<section><h2>${say('by_day', say('visits'))}</h2>
    <svg class="days" viewBox="0 0 720 150" role="img" aria-label=${`${say('busiest_day')}: ${f.step(best[0], 'day')}, ${f.number(best[1])}`}>
      <line x1="0" x2="720" y1="130.500" y2="130.500" />
      ${points.map(([t, v], i) => html`<g><rect x=${(i * w + w * 0.14).toFixed(1)} y=${(130 - (118 * (v ?? 0)) / most).toFixed(1)} width=${(w * 0.72).toFixed(1)} height=${((118 * (v ?? 0)) / most).toFixed(1)} />
        ${(i % 5 === 0 || n < 12) && html`<text x=${(i * w + w / 2).toFixed(1)} y="146">${Number(f.day_of(t).slice(8))}</text>`}</g>`)}
    </svg>
    <p>${say('busiest_day')}: <b>${f.step(best[0], 'day')}</b>, ${f.number(best[1])}. ${say('day_average')}: <b>${f.number(total / known.length)}</b>.</p></section>`;
}

function Top({ ctx, site, of, range, rows, round }) {
  const { say } = ctx;
  const { data } = use_document(ctx.api, paths.tops(site, of, range), 0, round);
  if (!data || data.total === 0) return null;
  return html`<section class="top-of"><h2>${say(of)}</h2><${Bars} ctx=${ctx} of=${of} top=${data} most_rows=${rows} /><${TopNotes} ctx=${ctx} top=${data} /></section>`;
}

function DayTable({ ctx, days }) {
  const { say, formats: f } = ctx;
  const at = (metric, i) => f.number(days[metric]?.points?.[i]?.[1]);
  const rows = days.visits.points.map(([t], i) => [t, i]).filter(([t]) => f.day_of(t) <= f.day_of(days.visits.as_of));
  return html`<section class="day-table"><h2>${say('day_by_day')}</h2><table class="plain"><thead><tr><th scope="col">${say('day')}</th>${METRICS.map((m) => html`<th scope="col">${say(m)}</th>`)}</tr></thead>
    <tbody>${rows.map(([t, i]) => html`<tr key=${t}><th scope="row">${f.step(t, 'day')}</th>${METRICS.map((m) => html`<td>${at(m, i)}</td>`)}</tr>`)}
    </tbody></table></section>`;
}

