// One site: who is there now, today beside the days before, a period as a chart, and what it was made of.
import { html } from 'htm/preact';
import { useEffect } from 'preact/hooks';
import { paths } from './api.js';
import { Chart, load_plot } from './chart.js';
import { add_days, compared, comparisons_for, days_between, days_of, step_for } from './days.js';
import { POLL_MS, use_document, use_rest, use_stream } from './hooks.js';
import { NotCounted, Notes, Warnings } from './honesty.js';
import { formats } from './numbers.js';
import { BackToSites, Change, Periods, Sure, Trouble } from './parts.js';
import { Tops } from './tops.js';
import { use_bounce, use_by_now, use_totals } from './totals.js';

const METRICS = ['views', 'visits', 'visitors'];

/** A snapshot with what the stream has said since; the rows of tops stay. */
export const with_live = (snapshot, stream) =>
  (!snapshot || !stream || stream.as_of < snapshot.as_of ? snapshot : { ...snapshot, ...stream, bots: { ...snapshot.bots, ...stream.bots } });

export function SiteView({ ctx: outer, site, alone, round }) {
  const { api, say } = outer;
  const stream = use_stream(api, paths.live(site), round);
  const { data, error, old } = use_document(api, paths.snapshot(site), stream ? 60000 : POLL_MS, round);
  if (error && (!data || error.wants_token)) return html`<${Trouble} ctx=${outer} error=${error} site=${site} />`;
  if (!data || old) return html`<p class="quiet loading">${say('loading')}</p>`;
  const now = with_live(data, stream);
  const ctx = { ...outer, formats: formats(outer.lang, now.tz) };
  return html`<${Site} key=${site} ctx=${ctx} site=${site} now=${now} alone=${alone} live=${stream !== null} lost=${error !== null} round=${round} />`;
}

function Site({ ctx, site, now, alone, live, lost, round }) {
  const { say, formats: f, place } = ctx;
  const today = f.day_of(now.as_of);
  const [h, m] = f.time(now.as_of).split(':');
  const elapsed_s = h * 3600 + m * 60;
  const range = days_of(place, today);
  const how = comparisons_for(range).includes(place.compare) ? place.compare : 'previous';
  const other = compared(range, how, place.period);
  const metric = place.metric || now.metric;
  const empty = now.periods.total.views === 0 && now.since === null;
  useEffect(() => { document.title = `${now.title} – luot`; }, [now.title]);
  useEffect(() => { load_plot().catch(() => {}); }, []); // behind the first numbers, beside those of the chart
  const rest = use_rest();
  const shared = { ctx, site, now, today, elapsed_s, range, other, metric, round };
  return html`
    <div class="head">
      <div>${!alone && html`<${BackToSites} ctx=${ctx} />`}<h1>${now.title}</h1></div>
      <p class="quiet state"><span class=${live && !lost ? 'dot' : 'dot off'} aria-hidden="true"></span>${live && !lost ? say('live') : say('as_of', f.time(now.as_of))}</p>
    </div>
    <${Warnings} ctx=${ctx} now=${now} today=${today} lost=${lost} />
    ${empty && html`<${First} ctx=${ctx} site=${site} />`}
    <${Now} ...${shared} />
    <${Periods} ctx=${ctx} range=${range} />
    <${Overview} ...${shared} />
    ${rest && html`<div class="grid"><${Tops} ctx=${ctx} site=${site} range=${range} round=${round} live=${range.to > today} />
      <${NotCounted} ctx=${ctx} site=${site} now=${now} range=${range} round=${round} live=${range.to > today} /></div>
    <${Notes} ctx=${ctx} now=${now} range=${range} snippet=${snippet_of(site)} />`}`;
}

const snippet_of = (site) => `${encodeURIComponent(site)}/snippet.html`;

/** Nothing was counted yet: what to do about that. */
function First({ ctx, site }) {
  const base = location.origin + location.pathname.replace(/[^/]*$/, '');
  return html`<div class="card notice"><p>${ctx.say('first_tag')}</p>
    <pre><code>${`<script>addEventListener('load',function(){var s=document.createElement('script');s.crossOrigin='';s.src='${base}luot.js';s.dataset.site='${site}';document.head.appendChild(s)})</script>`}</code></pre>
    <p><a href=${snippet_of(site)}>${ctx.say('snippet')}</a></p></div>`;
}

function Now({ ctx, site, now, today, elapsed_s }) {
  const { api, say, formats: f } = ctx;
  const by = now.metric === 'visitors' ? 'visits' : now.metric;
  const same = use_by_now(api, site, by, today, elapsed_s);
  const yesterday = use_by_now(api, site, by, add_days(today, -1), elapsed_s);
  const last_week = use_by_now(api, site, by, add_days(today, -7), elapsed_s);
  const until = say('by_time', f.time(now.as_of - (elapsed_s % 900)));
  const p = now.periods;
  const name = (n) => say({ month: 'this_month' }[n] ?? n);
  return html`<section class="now" aria-label=${say('online')}>
    <div class="online" title=${say('online_what', now.online.window_s / 60)}><b>${f.about(now.online.visitors, now.online.exact)}</b><span>${say('online')}</span></div>
    <div class="day"><span class="quiet">${say('today')}, ${say(now.metric).toLowerCase()}</span><b><${Sure} value=${p.today[now.metric]} numbers=${now.metric === 'visitors' ? p.today : null} ctx=${ctx} /></b>
      <p><${Change} ctx=${ctx} now=${same} before=${yesterday} words=${say('v_yesterday')} what=${until} /></p>
      <p><${Change} ctx=${ctx} now=${same} before=${last_week} words=${say('v_last_week', f.weekday(today))} what=${until} /></p></div>
    <dl>${['yesterday', 'week', 'month', 'total'].map((n) => html`<div><dt>${name(n)}</dt><dd><${Sure} value=${p[n][now.metric]} numbers=${now.metric === 'visitors' ? p[n] : null} ctx=${ctx} /></dd></div>`)}</dl>
  </section>`;
}

function Figure({ ctx, metric, chosen, totals, title, on_choose }) {
  const { say, formats: f } = ctx;
  const { value, numbers, summed, before, compare_now, whole } = totals;
  const tip = [say(metric + '_what'), summed && say('about_sum')].filter(Boolean).join('; ');
  return html`<button type="button" class="figure" aria-pressed=${String(chosen)} onClick=${on_choose} title=${tip}>
    <span>${title}</span><b><${Sure} value=${value} numbers=${metric === 'visitors' ? numbers : null} ctx=${ctx} /></b>
    <small><${Change} ctx=${ctx} now=${compare_now} before=${before} what=${whole ? say('compared_whole') : ''} silent />${summed && html` <span class="quiet">${say('about_sum')}</span>`}</small>
  </button>`;
}

function Overview({ ctx, site, now, today, elapsed_s, range, other, metric, round }) {
  const { api, say, place, go, formats: f } = ctx;
  const question = { range, other, today, elapsed_s, periods: now.periods };
  const totals = Object.fromEntries(METRICS.map((m) => [m, use_totals(api, site, m, question)]));
  const zoom = place.zoom === '' ? null : place.zoom.split('-').map(Number);
  const seconds = zoom ? zoom[1] - zoom[0] : days_between(range.from, range.to) * 86400;
  const start_age = now.as_of - (zoom ? zoom[0] : Date.parse(range.from) / 1000);
  const step = step_for(seconds, start_age, metric);
  const shown = zoom ? { from: zoom[0], to: zoom[1] } : range;
  const possible = metric !== 'visitors' || seconds > 86400;
  const open = range.to > today;
  const main = use_document(api, possible ? paths.series(site, metric, step, shown.from, shown.to) : null, open ? (step === 'minute' ? 15000 : 60000) : 0, round);
  const beside = zoom ? null : other;
  const before = use_document(api, possible && beside ? paths.series(site, metric, step, beside.from, beside.to) : null, 0, round);
  const bounce = use_bounce(api, site, range, today);
  const per_visit = totals.visits.value > 0 ? totals.views.value / totals.visits.value : null;
  const on_zoom = (a, b) => go({ zoom: `${Math.max(0, a)}-${Math.max(a + 600, b)}` });
  return html`<section class="card overview" aria-label=${ctx.range_words(range, f)}>
    <div class="kpis">
      ${METRICS.map((m) => html`<${Figure} key=${m} ctx=${ctx} metric=${m} title=${say(m)} chosen=${m === metric} totals=${totals[m]} on_choose=${() => go({ metric: m === now.metric ? '' : m })} />`)}
      <div class="figure still"><span>${say('views_per_visit')}</span><b>${per_visit === null ? '–' : f.fixed(per_visit, 1)}</b></div>
      <div class="figure still" title=${say('bounce_what')}><span>${say('bounce')}</span><b>${bounce.rate === null ? '–' : (bounce.about ? '≈\u00a0' : '') + f.percent(bounce.rate)}</b></div>
    </div>
    ${zoom && html`<p class="zoomed"><span>${f.span(zoom[0], zoom[1], '')}</span> <button type="button" class="link" onClick=${() => go({ zoom: '' })}>${say('zoom_out')}</button></p>`}
    ${!possible ? html`<p class="quiet empty">${say('visitors_by_day')}</p>`
      : main.data?.points?.length > 0 ? html`<div class=${main.old ? 'old' : ''}><${Chart} ctx=${ctx} metric=${main.data.metric} step=${main.data.step} points=${main.data.points}
          other=${beside && before.data && before.data.step === main.data.step ? before.data.points : null} other_words=${beside && ctx.range_words(beside, f)} gaps=${main.data.gaps} tz=${main.data.tz} now_s=${now.as_of} on_zoom=${on_zoom} name=${site} /></div>
          <${Gaps} ctx=${ctx} gaps=${main.data.gaps} today=${today} />`
      : html`<p class="quiet empty tall">${main.error ? main.error.message : say('loading')}</p>`}
  </section>`;
}

function Gaps({ ctx, gaps, today }) {
  const { say, formats: f } = ctx;
  if (gaps.length === 0) return null;
  const first = gaps.slice(-3);
  return html`<p class="gaps">${first.map(([a, b]) => html`<span>${say('gap_one', f.span(a, b, today))}</span> `)}${gaps.length > first.length && say('gap_more', gaps.length - first.length)}</p>`;
}
