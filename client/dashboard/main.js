// The dashboard at `/`: reads the address, shows that place, and writes the address when one goes elsewhere.
import { render } from 'preact';
import { html } from 'htm/preact';
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { make_api, paths, pause } from './api.js';
import { add_days, comparisons_for, days_of, is_whole_month, PERIODS } from './days.js';
import { Help } from './help.js';
import { use_document, use_keys } from './hooks.js';
import { formats } from './numbers.js';
import { Choice } from './parts.js';
import { elsewhere, read_place, write_place } from './place.js';
import { ProvinceReport } from './province_report.js';
import { ReportView } from './report_view.js';
import { SiteView } from './site_view.js';
import { SitesView } from './sites_view.js';
import { LANGUAGE_NAMES, LANGUAGES, speaker } from './words.js';

const root = document.documentElement;
const default_lang = LANGUAGES.includes(root.lang) ? root.lang : 'vi';
const version = document.body.dataset.version;
const METRICS = ['views', 'visits', 'visitors'];
const MOMENT_MS = 250; // that the first picture waits for numbers, which are nearly there: a second one costs as much again

/** The place, as the address says it, and ways to change it. */
function use_place() {
  const [, again] = useReducer((n) => n + 1, 0);
  const place = useRef(read_place(location.search));
  useEffect(() => {
    const on = () => { place.current = read_place(location.search); again(); };
    addEventListener('popstate', on);
    return () => removeEventListener('popstate', on);
  }, []);
  const move = (next, { quiet = false } = {}) => {
    const address = write_place(next);
    place.current = read_place(new URL(address, location.href).search);
    history[quiet ? 'replaceState' : 'pushState'](null, '', address);
    again();
  };
  return [place.current, move];
}

function App({ api }) {
  const [place, move] = use_place();
  const [round, set_round] = useState(0);
  const help = useRef(null);
  const sites = useRef([]);
  const main = useRef(null);
  const lang = place.lang || default_lang;
  const say = useMemo(() => speaker(lang), [lang]);
  const f = useMemo(() => formats(lang), [lang]);

  root.lang = lang;
  if (place.theme) root.dataset.theme = place.theme;
  else delete root.dataset.theme;

  const ctx = {
    api, place, say, lang, formats: f, theme: place.theme, version,
    go: (change, how) => move({ ...place, ...change }, how),
    visit: (change) => move(elsewhere(place, change)),
    home: () => elsewhere(place, {}),
    follow: (next) => (e) => {
      if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
      e.preventDefault();
      move(next);
    },
    set_token: (token) => { api.set_token(token); set_round((n) => n + 1); },
    know_sites: (list) => { sites.current = list; },
    range_words: (range, own = f) => {
      const last = add_days(range.to, -1);
      if (is_whole_month(range)) return `${say('month')} ${own.month(range.from)}`;
      return range.from === last ? own.day(last) : `${own.day(range.from, { year: range.from.slice(0, 4) !== last.slice(0, 4) })} – ${own.day(last)}`;
    },
  };

  // Sites beside this one, for j and k; asked once, after what matters more.
  const [late, set_late] = useState(false);
  useEffect(() => { const t = setTimeout(() => set_late(true), 1500); return () => clearTimeout(t); }, []);
  const others = use_document(api, late && place.site !== '' ? paths.sites : null, 0, round);
  if (others.data) sites.current = others.data.sites;

  const here = place.site + '/' + place.view;
  const first = useRef(here);
  useEffect(() => {
    if (first.current === here) return;
    first.current = here;
    scrollTo(0, 0);
    main.current.focus({ preventScroll: true });
  }, [here]);

  use_keys((key) => {
    if (help.current.open) return false;
    const next_of = (list, value) => list[(list.indexOf(value) + 1) % list.length];
    if (key === '?') return help.current.showModal(), true;
    if (key === 't') return ctx.go({ theme: next_of(['', 'light', 'dark'], place.theme) }, { quiet: true }), true;
    if (key === 'Escape') return place.zoom ? (ctx.go({ zoom: '' }), true) : place.view ? (ctx.go({ view: '', month: '' }), true) : place.site ? (move(ctx.home()), true) : false;
    if (key === 'r') return ctx.go({ view: place.view === 'report' ? '' : 'report', zoom: '' }), true;
    if (place.view !== '' || (place.site === '' && sites.current.length !== 1)) return false;
    if (/^[1-6]$/.test(key)) return ctx.go({ period: PERIODS[key - 1], from: '', to: '', zoom: '' }), true;
    if (key === 'c') return ctx.go({ compare: next_of(comparisons_for(days_of(place, '2026-01-31')), place.compare) }), true;
    if (key === 'm') return ctx.go({ metric: next_of(METRICS, place.metric || 'visits') }), true;
    if ((key === 'j' || key === 'k') && place.site !== '') {
      const list = sites.current.map((s) => s.site);
      const next = list[list.indexOf(place.site) + (key === 'j' ? 1 : -1)];
      return next !== undefined && (move({ ...place, site: next, zoom: '' }), true);
    }
    return false;
  });

  const view = place.view === 'report' ? html`<${place.site === '' ? ProvinceReport : ReportView} ctx=${ctx} round=${round} />`
    : place.site !== '' ? html`<${SiteView} ctx=${ctx} site=${place.site} round=${round} />`
    : html`<${SitesView} ctx=${ctx} round=${round} />`;
  return html`
    <a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); main.current.focus(); }}>${say('to_content')}</a>
    <${Bar} ctx=${ctx} on_help=${() => help.current.showModal()} has_token=${api.has_token()} />
    <main id="main" ref=${main} tabindex="-1">${view}</main>
    <footer class="foot"><span>luot ${version}</span><a href="v1/">${say('more_data')}</a><a href=${'privacy?lang=' + lang}>${say('privacy')}</a><a href="dashboard.txt">${say('licences')}</a></footer>
    <${Help} ctx=${ctx} dialog=${help} />`;
}

function Bar({ ctx, on_help, has_token }) {
  const { say, place, go, lang } = ctx;
  return html`<header class="top">
    <a class="brand" href=${write_place(ctx.home())} onClick=${ctx.follow(ctx.home())}><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 18V11h4v7zM8 18V6h4v12zM14 18V2h4v16z" /></svg>luot</a>
    <div class="tools">
      <button type="button" class="link" aria-pressed=${String(place.view === 'report')} onClick=${() => go({ view: place.view === 'report' ? '' : 'report', zoom: '' })}>${say('month_report')}</button>
      ${has_token && html`<button type="button" class="link" onClick=${() => ctx.set_token('')}>${say('token_forget')}</button>`}
      <${Choice} label=${say('language')} value=${lang} options=${LANGUAGES.map((l) => [l, LANGUAGE_NAMES[l]])} on_choose=${(l) => go({ lang: l }, { quiet: true })} />
      <${Choice} label=${say('theme')} value=${place.theme} options=${['', 'light', 'dark'].map((t) => [t, say('theme_' + (t || 'auto'))])} on_choose=${(theme) => go({ theme }, { quiet: true })} />
      <button type="button" class="key" onClick=${on_help} aria-label=${say('help')} title=${say('help')}>?</button>
    </div>
  </header>`;
}

/** What the first view shows: it is on its way since the page's head was read. */
async function first_documents(api) {
  const place = read_place(location.search);
  if (place.site !== '') return void await api.fetch_early(paths.snapshot(place.site));
  const { sites } = await api.fetch_early(paths.sites);
  if (sites.length === 1 && place.view === '') await api.fetch_early(paths.snapshot(sites[0].site));
}

const api = make_api();
Promise.race([first_documents(api).catch(() => {}), pause(MOMENT_MS)]) // what went wrong the view finds out
  .then(() => render(html`<${App} api=${api} />`, document.getElementById('app')));
