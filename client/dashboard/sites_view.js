// All sites side by side: sums, groups, and a league table that sorts by any column.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { paths } from './api.js';
import { POLL_MS, use_document, use_keys, use_stream } from './hooks.js';
import { Change, Sparkline, TokenForm, Trouble } from './parts.js';
import { elsewhere, write_place } from './place.js';

// name, does the biggest come first
const COLUMNS = [['title', false], ['last_24h', null], ['online', true], ['today', true], ['change', true], ['yesterday', true], ['week', true], ['month', true], ['total', true]];

const change_of = (s) => (s.yesterday > 0 ? s.today / s.yesterday - 1 : -Infinity);
const fold = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/đ/gi, 'd').toLowerCase();

/** Rows that match, in the order asked for. */
export function arrange(sites, { q, group, sort }, lang) {
  const down = sort.startsWith('-');
  const by = sort.replace(/^-/, '');
  const compare = new Intl.Collator(lang, { numeric: true, sensitivity: 'base' }).compare;
  const words = fold(q).split(/\s+/).filter(Boolean);
  const value = (s) => (by === 'change' ? change_of(s) : s[by]);
  return sites
    .filter((s) => (group === '' || s.group === group) && words.every((w) => fold(`${s.title} ${s.site} ${s.group}`).includes(w)))
    .sort((a, b) => (by === 'title' || by === 'group' ? compare(a[by], b[by]) : (value(a) ?? 0) - (value(b) ?? 0)) * (down ? -1 : 1) || compare(a.title, b.title));
}

/** sites.json with what the stream has said since. */
export function with_live(document, stream) {
  if (!document || !stream || stream.as_of < document.as_of) return document;
  const news = new Map((stream.sites ?? []).map((s) => [s.site, s]));
  const sites = document.sites.map((s) => ({ ...s, ...news.get(s.site) }));
  const sum = (list, name) => list.reduce((n, s) => n + s[name], 0);
  const fresh = (list) => ({ online: sum(list, 'online'), today: sum(list, 'today') });
  return { ...document, as_of: stream.as_of, durable: stream.durable ?? document.durable, sites, total: { ...document.total, ...fresh(sites) },
    groups: document.groups.map((g) => ({ ...g, ...fresh(sites.filter((s) => s.group === g.group)) })) };
}

export function SitesView({ ctx, round }) {
  const { api, say } = ctx;
  const stream = use_stream(api, paths.sites_live, round);
  const { data, error } = use_document(api, paths.sites, stream ? 60000 : POLL_MS, round);
  if (!data) return error ? html`<${Trouble} ctx=${ctx} error=${error} site="" />` : html`<p class="quiet loading">${say('loading')}</p>`;
  ctx.know_sites(data.sites);
  return html`<${Sites} ctx=${ctx} all=${with_live(data, stream)} />`;
}

function Sites({ ctx, all }) {
  const { say, formats, place, go } = ctx;
  const filter = useRef(null), list = useRef(null);
  const [chosen, set_chosen] = useState(-1);
  const rows = arrange(all.sites, place, ctx.lang);
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
    return html`<div class="welcome"><h1>${say('no_sites')}</h1><p class="quiet">${say('no_sites_how')}</p><${TokenForm} ctx=${ctx} /></div>`;
  const groups = all.groups.filter((g) => g.group !== '');
  return html`
    <div class="head"><h1>${say('sites')}</h1><p class="quiet">${say('sites_count', formats.number(all.total.sites))}</p></div>
    ${all.durable === false && html`<p class="card notice" role="status">${say('not_durable')}</p>`}
    <dl class="figures">
      <div class="first"><dt>${say('online')}</dt><dd>${formats.number(all.total.online)}</dd></div>
      ${['today', 'yesterday', 'week', 'month', 'total'].map((p) => html`<div><dt>${say(p === 'month' ? 'this_month' : p)}</dt><dd>${formats.number(all.total[p])}</dd></div>`)}
    </dl>
    ${groups.length > 0 && html`<section aria-label=${say('groups')}><h2>${say('groups')}</h2><ul class="groups">
      ${[{ group: '', ...all.total }, ...groups].map((g) => html`<li key=${g.group}><button type="button" class="card" aria-pressed=${String(place.group === g.group)} onClick=${() => go({ group: g.group })}>
        <span class="name">${g.group || say('all_groups')}</span><span class="quiet">${say('sites_count', formats.number(g.sites))}</span>
        <span class="pair"><span><b>${formats.number(g.online)}</b> <span class="quiet">${say('online').toLowerCase()}</span></span><span><b>${formats.number(g.today)}</b> <span class="quiet">${say('today').toLowerCase()}</span></span></span></button></li>`)}
    </ul></section>`}
    <section class="card league" aria-label=${say('league')} ref=${list}>
      <header><h2>${say('league')}</h2>
        <input ref=${filter} type="search" class="filter" placeholder=${say('filter')} aria-label=${say('filter')} value=${place.q}
          onInput=${(e) => go({ q: e.currentTarget.value }, { quiet: true })} onKeyDown=${(e) => e.key === 'Escape' && e.currentTarget.blur()} /></header>
      <${League} ctx=${ctx} rows=${rows} chosen=${chosen} address=${address} open=${open} />
      ${rows.length === 0 && html`<p class="quiet empty" role="status">${say('nothing_found')}</p>`}
    </section>
    ${!ctx.api.has_token() && html`<details class="more"><summary>${say('token_enter')}</summary><${TokenForm} ctx=${ctx} /></details>`}`;
}

function League({ ctx, rows, chosen, address, open }) {
  const { say, formats, place, go } = ctx;
  const down = place.sort.startsWith('-');
  const by = place.sort.replace(/^-/, '');
  const label = (name) => say({ title: 'site', month: 'this_month' }[name] ?? name);
  const sort = (name, big_first) => go({ sort: by === name ? (down ? name : '-' + name) : (big_first ? '-' : '') + name });
  return html`<div class="scroll"><table class="sites">
    <caption class="away">${say('league')}</caption>
    <thead><tr>${COLUMNS.map(([name, big_first]) => html`<th scope="col" class=${name} aria-sort=${by === name ? (down ? 'descending' : 'ascending') : undefined}>
      ${big_first === null ? label(name) : html`<button type="button" onClick=${() => sort(name, big_first)} title=${`${say('sort_by')}: ${label(name)}`}>${label(name)}</button>`}</th>`)}</tr></thead>
    <tbody>${rows.map((s, i) => html`<tr key=${s.site} class=${i === chosen ? 'chosen' : ''}>
      <th scope="row" class="title"><a href=${address(s.site)} onClick=${(e) => open(e, s.site)}>${s.title}</a>${s.group && html`<span class="quiet">${s.group}</span>`}</th>
      <td class="last_24h"><${Sparkline} values=${s.hours?.views} /></td>
      ${['online', 'today'].map((n) => html`<td class=${n} data-label=${label(n)}>${formats.number(s[n])}</td>`)}
      <td class="change" data-label=${label('change')}><${Change} ctx=${ctx} now=${s.today} before=${s.yesterday} /></td>
      ${['yesterday', 'week', 'month', 'total'].map((n) => html`<td class=${n} data-label=${label(n)}>${formats.number(s[n])}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
}
