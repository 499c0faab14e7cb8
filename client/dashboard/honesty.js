// How sure the numbers are, what is missing, and what was not counted and why: in plain words.
import { html } from 'htm/preact';
import { paths } from './api.js';
import { use_document } from './hooks.js';
import { Csv } from './parts.js';
import { Bars, TopNotes } from './tops.js';

const REASONS = ['prefetch', 'internal', 'suspect', 'not_page', 'other_source', 'origin'];
const HOUR_S = 3600;

export function Warnings({ ctx, now, today, lost }) {
  const { say, formats: f } = ctx;
  const texts = [lost && say('trouble'),
    now.durable === false && (now.durable_until ? say('not_durable_since', f.moment(now.durable_until, today)) : say('not_durable'))].filter(Boolean);
  return texts.length > 0 && html`<div class="card notice" role="status">${texts.map((t) => html`<p>${t}</p>`)}</div>`;
}

export function Notes({ ctx, now, range, snippet }) {
  const { say, formats: f } = ctx;
  const today = f.day_of(now.as_of);
  const seeds = Object.entries(now.seed ?? {});
  const moved = Object.entries(now.adjusted ?? {}).filter(([, by]) => by !== 0);
  const texts = [
    now.since !== null && say('since', f.moment(now.since, today)),
    now.nodes > 1 && say('nodes', f.number(now.nodes)),
    now.since !== null && now.identity_since > now.since + HOUR_S && f.day_of(now.identity_since) >= range.from && say('identity_since', f.moment(now.identity_since, today)),
    ...seeds.map(([metric, s]) => say('seeded', f.number(s.total), say(metric).toLowerCase(), f.moment(s.as_of, today))),
    ...moved.map(([metric, by]) => say('adjusted', (by > 0 ? '+' : '') + f.number(by), say(metric).toLowerCase())),
  ].filter(Boolean);
  return html`<section class="notes" aria-label=${say('notes')}>
    <dl>${['views', 'visits', 'visitors', 'bots'].map((w) => html`<div><dt>${say(w)}</dt><dd>${say(w + '_what')}</dd></div>`)}</dl>
    <ul>${texts.map((t) => html`<li>${t}</li>`)}<li><a href=${snippet}>${say('snippet')}</a></li></ul>
    ${now.geo?.credit && html`<p class="quiet">${now.geo.credit}</p>`}
  </section>`;
}

/** Robots by name, and every reason why a line did not count. */
export function NotCounted({ ctx, site, now, range, round, live }) {
  const { say, formats: f } = ctx;
  const { data } = use_document(ctx.api, paths.tops(site, 'bots', range), live ? 120000 : 0, round);
  const of = (day, reason) => ({ today: now.refused_today, yesterday: now.refused_yesterday, total: now.refused }[day]?.[reason] ?? 0);
  const known = Object.keys(now.refused ?? {});
  const reasons = [...REASONS.filter((r) => known.includes(r)), ...known.filter((r) => !REASONS.includes(r))].filter((r) => of('total', r) > 0);
  const days = ['today', 'yesterday', 'total'];
  return html`<section class="card panel" aria-label=${say('not_counted')}>
    <header><h2>${say('not_counted')}</h2><${Csv} ctx=${ctx} href=${paths.tops(site, 'bots', range, 'csv')} name=${`${site}-bots-${range.from}.csv`} what=${say('bots').toLowerCase()} /></header>
    <table class="plain"><thead><tr><th scope="col">${say('reason')}</th>${days.map((d) => html`<th scope="col">${say(d)}</th>`)}</tr></thead>
      <tbody><tr><th scope="row" title=${say('bots_what')}>${say('x_bot')}</th>${days.map((d) => html`<td>${f.number(now.bots[d])}</td>`)}</tr>
      ${reasons.map((r) => html`<tr><th scope="row">${REASONS.includes(r) ? say('x_' + r) : say('x_any', r)}</th>${days.map((d) => html`<td>${f.number(of(d, r))}</td>`)}</tr>`)}</tbody></table>
    ${data?.of === 'bots' && data.total > 0 && html`<h3>${say('bots_by_name')}</h3><${Bars} ctx=${ctx} of="bots" top=${data} most_rows=${6} /><${TopNotes} ctx=${ctx} top=${data} />`}
  </section>`;
}
