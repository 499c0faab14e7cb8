// "Báo cáo tháng" of all sites: a table of groups, their sites and the sum, made to be printed on A4.
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { paths } from './api.js';
import { add_months } from './days.js';
import { use_document, use_documents } from './hooks.js';
import { Change, SaveCsv, Trouble } from './parts.js';
import { elsewhere, write_place } from './place.js';
import { MonthBar } from './report_view.js';

const METRICS = ['views', 'visits', 'visitors'];

/** Sums of rows: null where nobody knows anything, else of what is known. */
const add_up = (rows) => Object.fromEntries(METRICS.flatMap((m) => [m, 'before_' + m]).map((name) => [name, rows.reduce((n, r) => (r[name] === null ? n : (n ?? 0) + r[name]), null)]));

/** Groups in the order of their names, those without one last; in each the most visited first. */
export function grouped(rows) {
  const names = [...new Set(rows.map((r) => r.group))].sort((a, b) => (a === '') - (b === '') || a.localeCompare(b));
  return names.map((group) => {
    const mine = rows.filter((r) => r.group === group).sort((a, b) => (b.visits ?? -1) - (a.visits ?? -1) || a.title.localeCompare(b.title));
    return { group, rows: mine, ...add_up(mine) };
  });
}

/** The sites of the report as rows of a CSV, in its order. */
const table_of = (groups) => [['site', 'title', 'group', ...METRICS, ...METRICS.map((m) => 'previous_' + m)],
  ...groups.flatMap((g) => g.rows.map((r) => [r.site, r.title, r.group, ...METRICS.map((m) => r[m]), ...METRICS.map((m) => r['before_' + m])]))];

export function ProvinceReport({ ctx, round }) {
  const { api, say, formats: f, place } = ctx;
  const { data: all, error } = use_document(api, paths.sites, 0, round);
  if (error) return html`<${Trouble} ctx=${ctx} error=${error} site="" />`;
  if (!all) return html`<p class="quiet loading">${say('loading')}</p>`;
  const this_month = f.day_of(all.as_of).slice(0, 7);
  const month = place.month || add_months(this_month, -1);
  return html`<${Report} key=${month} ctx=${ctx} all=${all} month=${month} open=${month >= this_month} round=${round} />`;
}

function Report({ ctx, all, month, open, round }) {
  const { api, say, formats: f } = ctx;
  const of = (s, m) => paths.series(s.site, m, 'month', add_months(month, -1) + '-01', add_months(month, 1) + '-01');
  const { found, missing } = use_documents(api, all.sites.flatMap((s) => METRICS.map((m) => of(s, m))), round);
  const at = (s, m, back) => found.get(of(s, m))?.points?.at(-1 - back)?.[1] ?? null;
  const rows = all.sites.map((s) => ({ site: s.site, title: s.title, group: s.group,
    ...Object.fromEntries(METRICS.flatMap((m) => [[m, at(s, m, 0)], ['before_' + m, at(s, m, 1)]])) }));
  const groups = grouped(rows);
  const total = add_up(rows);
  useEffect(() => { document.title = `${say('report_of', f.month(month))} – luot`; }, [month, ctx.lang]);
  const cells = (r) => html`${METRICS.map((m) => html`<td>${f.number(r[m])}</td>`)}<td>${f.number(r.before_visits)}</td><td>${!open && html`<${Change} ctx=${ctx} now=${r.visits} before=${r.before_visits} />`}</td>`;
  return html`<article class="report province">
    <${MonthBar} ctx=${ctx} month=${month} open=${open} csv=${html`<${SaveCsv} ctx=${ctx} what=${say('month_report').toLowerCase()} name=${`luot-${month}.csv`} rows=${() => table_of(groups)} />`} />
    <header><h1>${say('report_of', f.month(month))}</h1>
      <p class="quiet">${say('sites_count', f.number(all.sites.length))}${open && `, ${say('report_so_far', f.day(f.day_of(all.as_of)))}`}${missing > 0 && html`, <span role="status">${say('loading')}</span>`}</p></header>
    <div class="scroll"><table class="plain">
      <thead><tr><th scope="col">${say('site')}</th>${METRICS.map((m) => html`<th scope="col">${say(m)}</th>`)}<th scope="col">${say('visits')} ${f.month(add_months(month, -1))}</th><th scope="col">${say('against_before')}</th></tr></thead>
      ${groups.map((g) => html`<tbody key=${g.group}>
        ${(groups.length > 1 || g.group !== '') && html`<tr class="sum"><th scope="rowgroup">${g.group || say('no_group')}</th>${cells(g)}</tr>`}
        ${g.rows.map((r) => html`<tr key=${r.site}><th scope="row"><a href=${write_place({ ...elsewhere(ctx.place, { site: r.site }), view: 'report', month })}
          onClick=${ctx.follow({ ...elsewhere(ctx.place, { site: r.site }), view: 'report', month })}>${r.title}</a></th>${cells(r)}</tr>`)}</tbody>`)}
      <tfoot><tr class="sum"><th scope="row">${say('sum')}</th>${cells(total)}</tr></tfoot>
    </table></div>
    <section><h2>${say('notes')}</h2><ul>
      ${['views', 'visits', 'visitors', 'bots'].map((w) => html`<li>${say(w)}: ${say(w + '_what')}</li>`)}
      <li>${say('visitors')}, ${say('sum').toLowerCase()}: ${say('about_sum')}</li>
      <li>${say('made_at', f.moment(all.as_of, ''), ctx.version)}</li></ul></section>
  </article>`;
}
