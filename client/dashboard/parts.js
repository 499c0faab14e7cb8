// Small pieces that several views are made of.
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { comparisons_for, PERIODS } from './days.js';
import { write_place } from './place.js';

/** A day's views by hour as bars. Decoration: its row says the numbers. */
export function Sparkline({ values }) {
  if (!values?.length) return html`<svg class="spark" viewBox="0 0 96 24" aria-hidden="true"></svg>`;
  const most = Math.max(1, ...values);
  const width = 96 / values.length;
  const path = values.map((v, i) => {
    const h = v > 0 ? Math.max(1.5, (v / most) * 24) : 0.75;
    return `M${(i * width + width * 0.12).toFixed(2)} 24v${(-h).toFixed(2)}h${(width * 0.76).toFixed(2)}v${h.toFixed(2)}z`;
  }).join('');
  return html`<svg class="spark" viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true"><path d=${path} /></svg>`;
}

/** "+12,3 %" and, for who wants to know, of what. */
export function Change({ now, before, words, ctx, what = '', silent = false }) {
  const text = ctx.formats.change(now, before);
  if (text === null && silent) return null;
  if (text === null) return html`<span class="change none" title=${ctx.say('no_compare')}>–</span>`;
  return html`<span class="change" title=${[ctx.say('against', ctx.formats.number(before)), what].filter(Boolean).join('; ')}>${text}${words && html` <span class="quiet">${words}</span>`}</span>`;
}

/** A number, with "≈" and "(±1,0 %)" where it is an estimate. */
export function Sure({ value, numbers, ctx }) {
  const { say, formats } = ctx;
  if (!numbers || numbers.exact !== false) return html`${formats.number(value)}`;
  const margin = formats.percent(numbers.error);
  return html`<span title=${say('about_error', margin)}>${formats.about(value, false)}<span class="margin"> (±${margin})</span></span>`;
}

export function Choice({ label, value, options, on_choose }) {
  return html`<label class="choice"><span class="quiet">${label}</span>
    <select value=${value} onChange=${(e) => on_choose(e.currentTarget.value)}>
      ${options.map(([v, text]) => html`<option value=${v} selected=${v === value}>${text}</option>`)}
    </select></label>`;
}

export function Periods({ ctx, range }) {
  const { say, place, go } = ctx;
  const [open, set_open] = useState(false);
  const last = new Date(Date.parse(range.to) - 86400000).toISOString().slice(0, 10);
  const choose = (period) => {
    if (period === 'custom') return set_open(!open);
    set_open(false);
    return go({ period, from: '', to: '', zoom: '', compare: place.compare === 'week' && period !== 'today' && period !== 'yesterday' ? 'previous' : place.compare });
  };
  return html`<div class="periods">
    <div class="segments" role="group" aria-label=${say('period')}>
      ${PERIODS.map((p) => html`<button type="button" aria-pressed=${String(place.period === p)} aria-expanded=${p === 'custom' ? String(open) : undefined}
        onClick=${() => choose(p)}>${p === 'custom' && place.period === 'custom' ? ctx.range_words(range) : say('p_' + p)}</button>`)}
    </div>
    <${Choice} label=${say('compare')} value=${comparisons_for(range).includes(place.compare) ? place.compare : 'previous'}
      options=${comparisons_for(range).map((c) => [c, say('c_' + c)])} on_choose=${(compare) => go({ compare })} />
    ${open && html`<${Days} ctx=${ctx} from=${range.from} last=${last} on_done=${() => set_open(false)} />`}
  </div>`;
}

function Days({ ctx, from, last, on_done }) {
  const { say, go } = ctx;
  const [wrong, set_wrong] = useState(false);
  const submit = (e) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget);
    const [a, b] = [form.get('from'), form.get('to')];
    if (!a || !b || a > b) return set_wrong(true);
    go({ period: 'custom', from: a, to: b, zoom: '' });
    return on_done();
  };
  return html`<form class="days" onSubmit=${submit}>
    <label>${say('from')} <input type="date" name="from" value=${from} required /></label>
    <label>${say('to')} <input type="date" name="to" value=${last} required /></label>
    <button type="submit" class="primary">${say('show')}</button>
    ${wrong && html`<p role="alert">${say('bad_range')}</p>`}
  </form>`;
}

/** Asks for the reader token; it goes into memory and no further. */
export function TokenForm({ ctx, why }) {
  const { say } = ctx;
  const submit = (e) => {
    e.preventDefault();
    const input = e.currentTarget.elements.token;
    if (input.value.trim() === '') return input.focus();
    ctx.set_token(input.value);
    input.value = '';
    return undefined;
  };
  return html`<form class="token card" onSubmit=${submit} autocomplete="off">
    ${why && html`<p role="alert"><strong>${why}</strong></p>`}
    <label for="token">${say('token')}</label>
    <div class="row"><input id="token" name="token" type="password" autocomplete="off" spellcheck=${false} required /><button type="submit" class="primary">${say('open')}</button></div>
    <p class="quiet">${say('token_how')}</p>
  </form>`;
}

/** Why there is nothing to see, in plain words. */
export function Trouble({ ctx, error, site }) {
  const { say } = ctx;
  const why = error.status === 404 ? say('no_such_site', site) : error.status >= 400 && error.status < 500 ? error.message : say('trouble');
  return html`<div class="head"><div><${BackToSites} ctx=${ctx} /><h1>${site || say('sites')}</h1></div></div>
    ${error.wants_token ? html`<${TokenForm} ctx=${ctx} why=${ctx.api.has_token() ? say('wrong_token') : say('private_site')} />` : html`<p class="card notice" role="alert">${why}</p>`}`;
}

export const BackToSites = ({ ctx }) =>
  html`<nav aria-label=${ctx.say('dashboard')}><a href=${write_place(ctx.home())} onClick=${ctx.follow(ctx.home())}>${ctx.say('back_to_sites')}</a></nav>`;

/** A link to a CSV; with a token it is fetched, because a link cannot send one. */
export function Csv({ ctx, href, name, what }) {
  const { api, say } = ctx;
  const load = async (e) => {
    if (!api.has_token()) return;
    e.preventDefault();
    save(await api.blob(href), name);
  };
  return html`<a class="csv" href=${href} download=${name} onClick=${load} aria-label=${say('csv_of', what)}>${say('csv')}</a>`;
}

/** Text in quotes, and no formula: a title is somebody else's. Numbers as they are, what is not known empty. */
const csv_cell = (v) => (typeof v === 'string' ? `"${(/^[=+@\t\r-]/.test(v) ? "'" : '') + v.replace(/"/g, '""')}"` : v ?? '');
export const csv_text = (rows) => '\ufeff' + rows.map((r) => r.map(csv_cell).join(',') + '\r\n').join('');

export function SaveCsv({ ctx, what, name, rows }) {
  const { say } = ctx;
  return html`<button type="button" class="link csv" onClick=${() => save(new Blob([csv_text(rows())], { type: 'text/csv' }), name)} aria-label=${say('csv_of', what)}>${say('csv')}</button>`;
}

export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
