// What a site's views were of, from and with: panels of bars, a few dimensions each, one shown at a time.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { paths } from './api.js';
import { use_document } from './hooks.js';
import { Csv } from './parts.js';
import { OWN_NAMES } from './words.js';

export const PANELS = [
  ['tops_pages', ['pages', 'entry_pages', 'not_found']],
  ['tops_sources', ['referrers', 'referrer_classes', 'campaigns']],
  ['tops_places', ['countries', 'regions', 'networks', 'languages']],
  ['tops_tools', ['devices', 'browsers', 'systems', 'screens']],
  ['tops_events', ['events', 'downloads']],
];
const FIRST = 8;
const EVERY_MS = 120000;
const UNKNOWN = '(unknown)';

const named = (say, prefix, key, list) => (list.includes(key) ? say(prefix + key) : key);
const CLASSES = ['direct', 'internal', 'search', 'social', 'mail', 'ai', 'ads', 'other'];
const DEVICES = ['desktop', 'mobile', 'tablet', 'tv', 'console', 'wearable', 'car', 'speaker'];

/** A name of the browser's own list, in the language; browsers without Khmer have some names here, and English ones for the rest. */
function display_name(lang, type, code) {
  try {
    const here = Intl.DisplayNames.supportedLocalesOf([lang]).length > 0;
    if (!here && OWN_NAMES[lang]?.[type]?.[code]) return OWN_NAMES[lang][type][code];
    return new Intl.DisplayNames([here ? lang : 'en'], { type, fallback: 'code' }).of(code);
  } catch {
    return code;
  }
}

/** A row's key as people say it. Always text, whatever it holds. */
export function key_words({ say, lang }, of, key) {
  if (key === UNKNOWN || key === '' || (of === 'countries' && key === 'ZZ')) return say('unknown');
  switch (of) {
    case 'countries': return /^[A-Z]{2}$/.test(key) ? display_name(lang, 'region', key) : key;
    case 'languages': return /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(key) ? display_name(lang, 'language', key) : key;
    case 'referrer_classes': return named(say, 'r_', key, CLASSES);
    case 'devices': return named(say, 'd_', key, DEVICES);
    case 'screens': return say('px', key.replace('-', '–').replace('<', '< ').replace('>=', '≥ '));
    default: return key;
  }
}

export function Bars({ ctx, of, top, most_rows = FIRST, link }) {
  const { say, formats } = ctx;
  const rows = top.rows.slice(0, most_rows);
  const visitors = rows.some((r) => r.visitors !== undefined);
  const most = Math.max(1, ...top.rows.map((r) => r.views));
  const rest = top.total - rows.reduce((n, r) => n + r.views, 0);
  const whole = Math.max(1, top.total);
  if (top.total === 0) return html`<p class="empty quiet">${say('nothing_yet')}</p>`;
  const row = (key, text, views, count, className) => html`<tr key=${key} class=${className}>
    <th scope="row"><span class="bar" style=${{ width: `${(100 * views) / most}%` }}></span><span class="key" title=${text}>${text}</span></th>
    <td>${formats.number(views)}</td><td class="share">${formats.percent(views / whole)}</td>${visitors && html`<td class="people">${count === undefined ? '' : formats.number(count)}</td>`}</tr>`;
  return html`<table class="bars">
    <thead><tr><th scope="col"><span class="away">${say(of)}</span></th><th scope="col">${say(of === 'events' || of === 'downloads' ? 'events' : of === 'entry_pages' ? 'visits' : 'views')}</th>
      <th scope="col" class="share">${say('share')}</th>${visitors && html`<th scope="col" class="people">${say('visitors')}</th>`}</tr></thead>
    <tbody>
      ${rows.map((r) => row(r.key, key_words(ctx, of, r.key), r.views, r.visitors, ''))}
      ${rest > 0 && row('\u0000rest', say('other'), Math.min(rest, most), undefined, 'rest')}
    </tbody></table>`;
}

/** What is uncertain or left out of a top, in words; nothing where there is nothing to say. */
export function TopNotes({ ctx, top }) {
  const { say, formats } = ctx;
  const notes = [top.error > 0 && say('top_error', formats.number(top.error)), top.min_visitors > 1 && top.other > 0 && say('folded', top.min_visitors)].filter(Boolean);
  return notes.length > 0 && html`<p class="quiet note">${notes.join(' ')}</p>`;
}

function Panel({ ctx, site, range, title, dimensions, round, live }) {
  const { say, place, go, api } = ctx;
  const chosen = place.tops.split(',');
  const of = dimensions.find((d) => chosen.includes(d)) ?? dimensions[0];
  const [all, set_all] = useState(false);
  const path = paths.tops(site, of, range);
  const { data, error, old } = use_document(api, path, live ? EVERY_MS : 0, round);
  const choose = (d) => {
    set_all(false);
    const others = chosen.filter((c) => c !== '' && !dimensions.includes(c));
    go({ tops: [...others, ...(d === dimensions[0] ? [] : [d])].join(',') }, { quiet: true });
  };
  const top = data?.of === of ? data : null;
  return html`<section class="card panel" aria-label=${say(title)}>
    <header><h2 class="away">${say(title)}</h2>
      <div class="tabs" role="group" aria-label=${say(title)}>${dimensions.map((d) => html`<button type="button" aria-pressed=${String(d === of)} onClick=${() => choose(d)}>${say(d)}</button>`)}</div>
      <${Csv} ctx=${ctx} href=${paths.tops(site, of, range, 'csv')} name=${`${site}-${of}-${range.from}.csv`} what=${say(of)} /></header>
    <div class=${old ? 'old' : ''}>
      ${top ? html`<${Bars} ctx=${ctx} of=${of} top=${top} most_rows=${all ? 1000 : FIRST} /><${TopNotes} ctx=${ctx} top=${top} />
          ${top.rows.length > FIRST && html`<button type="button" class="link" onClick=${() => set_all(!all)}>${say(all ? 'fewer' : 'more')}</button>`}`
        : error ? html`<p class="quiet empty">${error.message}</p>` : html`<p class="quiet empty">${say('loading')}</p>`}
    </div>
  </section>`;
}

export function Tops({ ctx, site, range, round, live }) {
  return PANELS.map(([title, dimensions]) => html`<${Panel} key=${title} ctx=${ctx} site=${site} range=${range} title=${title} dimensions=${dimensions} round=${round} live=${live} />`);
}
