// All sites side by side: sums, groups, and a league table that sorts by any column.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { paths } from './api.js';
import { Warnings } from './honesty.js';
import { POLL_MS, use_document, use_keys, use_rest, use_stream } from './hooks.js';
import { Choice, SaveCsv, Sparkline, TokenForm, Trouble } from './parts.js';
import { elsewhere, write_place } from './place.js';
import { SiteView } from './site_view.js';

// name, does the biggest come first
const COLUMNS = [['title', false], ['last_24h', null], ['online', true], ['today', true], ['change', true], ['yesterday', true], ['week', true], ['month', true], ['total', true]];

const DAY_S = 86400;
const FEW = 24; // rows of the first picture
const MANY = 250; // rows that are shown at first: more are slow on a phone, and found by the filter
const METRICS = ['visits', 'views', 'visitors'];
const change_of = (s) => (s.yesterday > 0 && s.today !== null ? s.today / s.yesterday : -Infinity);
const fold = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/gi, 'd').toLowerCase();

/** Rows that match, in the order asked for. */
export function arrange(sites, { q, group, sort }, lang) {
  const down = sort.startsWith('-');
  const by = sort.replace(/^-/, '');
  let collator = null; // when two are to be told apart by it: the first one takes its time to make
  const compare = (a, b) => (collator ??= new Intl.Collator(lang, { numeric: true, sensitivity: 'base' })).compare(a, b);
  const words = fold(q).split(/\s+/).filter(Boolean);
  const value = (s) => (by === 'change' ? change_of(s) : s[by]);
  return sites
    .filter((s) => (group === '' || s.group === group) && words.every((w) => fold(`${s.title} ${s.site} ${s.group}`).includes(w)))
    .sort((a, b) => (by === 'title' || by === 'group' ? compare(a[by], b[by]) : (value(a) ?? 0) - (value(b) ?? 0)) * (down ? -1 : 1) || (b.total ?? 0) - (a.total ?? 0) || compare(a.title, b.title));
}

/** sites.json with what the stream has said since. */
export function with_live(document, stream) {
  if (!document || !stream || stream.as_of < document.as_of) return document;
  const news = new Map((stream.sites ?? []).map((s) => [s.site, s]));
  const sites = document.sites.map((s) => ({ ...s, ...news.get(s.site), periods: { ...s.periods, ...news.get(s.site)?.periods } }));
  return { ...document, as_of: stream.as_of, durable: stream.durable ?? document.durable, sites };
}

/** Which metric most sites show in their box. */
export function common_metric(sites) {
  const count = (m) => sites.filter((s) => s.metric === m).length;
  return METRICS.reduce((best, m) => (count(m) > count(best) ? m : best), 'visits');
}

/** Rows in one metric, so that they can be compared and added up; null where a site does not say it. */
export const measured = (sites, metric) => sites.map((s) => {
  const own = s.metric === metric;
  const of = (period) => s.periods?.[period]?.[metric] ?? (own ? s[period] : null);
  return { ...s, today: of('today'), yesterday: of('yesterday'), week: of('week'), month: own ? s.month : null, total: own ? s.total : null };
});

/** Sums of rows; null as soon as one of them is not known. */
export const sums = (rows) => Object.fromEntries(['online', 'today', 'yesterday', 'week', 'month', 'total']
  .map((name) => [name, rows.reduce((n, s) => (n === null || s[name] === null ? null : n + s[name]), 0)]));

export function SitesView({ ctx, round }) {
  const { api, say, place } = ctx;
  const stream = use_stream(api, paths.sites_live, round);
  const { data, error } = use_document(api, paths.sites, stream ? 60000 : POLL_MS, round);
  if (!data) return error ? html`<${Trouble} ctx=${ctx} error=${error} site="" />` : html`<p class="quiet loading">${say('loading')}</p>`;
  ctx.know_sites(data.sites);
  // A server of one site: that one.
  if (data.sites.length === 1 && !api.has_token() && place.q === '') return html`<${SiteView} ctx=${ctx} site=${data.sites[0].site} alone round=${round} />`;
  return html`<${Sites} ctx=${ctx} all=${with_live(data, stream)} lost=${error !== null} />`;
}

function Sites({ ctx, all, lost }) {
  const { say, formats, place, go } = ctx;
  const filter = useRef(null), list = useRef(null);
  const [chosen, set_chosen] = useState(-1);
  const [all_rows, set_all_rows] = useState(false);
  const rest = use_rest();
  const metric = place.metric || common_metric(all.sites);
  const every = measured(all.sites, metric);
  const rows = arrange(every, place, ctx.lang);
  const total = sums(every);
  const choosable = all.sites.some((s) => s.periods?.today);
  const address = (site) => write_place(elsewhere(place, { site }));
  const open = (e, site) => { if (!e.metaKey && !e.ctrlKey && !e.shiftKey && e.button === 0) { e.preventDefault(); ctx.visit({ site }); } };

  use_keys((key) => {
    if (key === '/') return filter.current?.focus(), true;
    if (key !== 'j' && key !== 'k') return false;
    const next = Math.max(0, Math.min(rows.length - 1, chosen + (key === 'j' ? 1 : -1)));
    set_chosen(next);
    list.current?.querySelectorAll('tbody a')[next]?.focus();
    return true;
  });
  useEffect(() => { document.title = `${say('sites')} – luot`; }, [ctx.lang]);

  if (all.sites.length === 0)
    return html`<div class="welcome"><h1>${say('no_sites')}</h1><p class="quiet">${say('no_sites_how')}</p><${TokenForm} ctx=${ctx} why=${ctx.api.has_token() ? say('wrong_token') : ''} /></div>`;
  const groups = all.groups.filter((g) => g.group !== '').map((g) => ({ ...g, ...sums(every.filter((s) => s.group === g.group)) }));
  const shown = ['today', 'yesterday', 'week', 'month', 'total'].filter((p) => total[p] !== null);
  return html`
    <div class="head"><h1>${say('sites')}</h1><p class="quiet">${say('sites_count', formats.number(all.sites.length))}</p></div>
    <${Warnings} ctx=${ctx} now=${all} today=${formats.day_of(all.as_of)} lost=${lost} />
    ${ctx.api.has_token() && all.reader === null && html`<${TokenForm} ctx=${ctx} why=${say('wrong_token')} />`}
    <div class="figures"><dl>
      <div class="first"><dt>${say('online')}</dt><dd>${formats.number(total.online)}</dd></div>
      ${shown.map((p) => html`<div><dt>${say(p === 'month' ? 'this_month' : p)}</dt><dd>${formats.number(total[p])}</dd></div>`)}
    </dl>
      ${choosable ? html`<${Choice} label=${say('counted_in')} value=${metric} options=${METRICS.map((m) => [m, say(m)])} on_choose=${(m) => go({ metric: m })} />` : html`<p class="quiet">${say(metric)}</p>`}
    </div>
    ${groups.length > 0 && html`<section aria-label=${say('groups')}><h2>${say('groups')}</h2><ul class="groups">
      ${[{ group: '', sites: all.sites.length, ...total }, ...groups].map((g) => html`<li key=${g.group}><button type="button" class="card" aria-pressed=${String(place.group === g.group)} onClick=${() => go({ group: g.group })}>
        <span class="name">${g.group || say('all_groups')}</span><span class="quiet">${say('sites_count', formats.number(g.sites))}</span>
        <span class="pair"><span class="quiet">${say('online')}<b>${formats.number(g.online)}</b></span><span class="quiet">${say('today')}<b>${formats.number(g.today)}</b></span></span></button></li>`)}
    </ul></section>`}
    <section class="card league" aria-label=${say('league')} ref=${list}>
      <header><h2>${say('league')}</h2>
        <input ref=${filter} type="search" class="filter" placeholder=${say('filter')} aria-label=${say('filter')} value=${place.q}
          onInput=${(e) => go({ q: e.currentTarget.value }, { quiet: true })} onKeyDown=${(e) => e.key === 'Escape' && e.currentTarget.blur()} />
        <${SaveCsv} ctx=${ctx} what=${say('league').toLowerCase()} name=${`luot-${metric}-${formats.day_of(all.as_of)}.csv`} rows=${() => table_of(rows, metric)} /></header>
      <${Sorts} ctx=${ctx} shown=${shown} />
      <${League} ctx=${ctx} rows=${all_rows ? rows : rows.slice(0, rest ? Math.max(MANY, chosen + 1) : FEW)} shown=${shown} as_of=${all.as_of} chosen=${chosen} address=${address} open=${open} />
      ${rows.length > MANY && !all_rows && html`<button type="button" class="link" onClick=${() => set_all_rows(true)}>${say('more')} (${formats.number(rows.length - MANY)})</button>`}
      ${rows.length === 0 && html`<p class="quiet empty" role="status">${say('nothing_found')}</p>`}
    </section>
    ${!ctx.api.has_token() && html`<details class="more"><summary>${say('token_enter')}</summary><${TokenForm} ctx=${ctx} /></details>`}`;
}

const name_of = (say, column) => say({ title: 'site', month: 'this_month' }[column] ?? column);
const columns_of = (shown) => COLUMNS.filter(([name]) => !['month', 'total'].includes(name) || shown.includes(name));

/** What is shown, as rows of a CSV: in the same order, with names that a program can count on. */
export function table_of(rows, metric) {
  const numbers = ['online', 'today', 'yesterday', 'week', 'month', 'total'];
  return [['site', 'title', 'group', 'metric', ...numbers], ...rows.map((s) => [s.site, s.title, s.group, metric, ...numbers.map((n) => s[n])])];
}

/** On a phone the columns have no heads to press. */
function Sorts({ ctx, shown }) {
  const { say, place, go } = ctx;
  const down = place.sort.startsWith('-');
  const by = place.sort.replace(/^-/, '');
  const columns = columns_of(shown).filter(([, big_first]) => big_first !== null);
  return html`<div class="sorts">
    <${Choice} label=${say('sort_by')} value=${by} options=${columns.map(([name]) => [name, name_of(say, name)])}
      on_choose=${(name) => go({ sort: (columns.find(([n]) => n === name)[1] ? '-' : '') + name })} />
    <button type="button" class="link" aria-label=${say('reverse')} title=${say('reverse')} onClick=${() => go({ sort: down ? by : '-' + by })}>${down ? '↓' : '↑'}</button>
  </div>`;
}

function League({ ctx, rows, shown, as_of, chosen, address, open }) {
  const { say, formats, place, go } = ctx;
  const down = place.sort.startsWith('-');
  const by = place.sort.replace(/^-/, '');
  const columns = columns_of(shown);
  const today = formats.day_of(as_of);
  const silent = (s) => s.last_view !== undefined && (s.last_view === null ? '' : s.last_view < as_of - DAY_S && `${say('last_view')}: ${formats.moment(s.last_view, today)}`);
  const label = (name) => name_of(say, name);
  const sort = (name, big_first) => go({ sort: by === name ? (down ? name : '-' + name) : (big_first ? '-' : '') + name });
  return html`<div class="scroll"><table class="sites">
    <caption class="away">${say('league')}</caption>
    <thead><tr>${columns.map(([name, big_first]) => html`<th scope="col" class=${name} aria-sort=${by === name ? (down ? 'descending' : 'ascending') : undefined}>
      ${big_first === null ? label(name) : html`<button type="button" onClick=${() => sort(name, big_first)} title=${`${say('sort_by')}: ${label(name)}`}>${label(name)}</button>`}</th>`)}</tr></thead>
    <tbody>${rows.map((s, i) => html`<tr key=${s.site} class=${i === chosen ? 'chosen' : ''}>
      <th scope="row" class="title"><a href=${address(s.site)} onClick=${(e) => open(e, s.site)}>${s.title}</a><span class="quiet">${[s.group, silent(s)].filter(Boolean).join(' · ')}</span></th>
      <td class="last_24h"><${Sparkline} values=${s.hours?.views} /></td>
      ${['online', 'today'].map((n) => html`<td class=${n} data-label=${label(n)}>${formats.number(s[n])}</td>`)}
      <td class="change" title=${say('change_what')} data-label=${label('change')}>${change_of(s) === -Infinity ? '–' : formats.percent(change_of(s), 0)}</td>
      ${columns.slice(5).map(([n]) => html`<td class=${n} data-label=${label(n)}>${formats.number(s[n])}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}
