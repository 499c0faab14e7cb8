// The series as a chart: uPlot on a canvas, with a line of text that says the point under the pointer or the arrows.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { save } from './parts.js';

const HEIGHT_REM = 16.5;
const DAY_S = 86400;
const DAYS = [1, 2, 7, 14, 28, 56, 91, 182, 364].map((n) => n * DAY_S);
/** uPlot, a script of its own: the list of sites is there before it is asked for. */
let coming = null;
export function load_plot() {
  coming ??= new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = 'uplot.js?' + document.body.dataset.version;
    script.onload = () => done(globalThis.uPlot);
    script.onerror = () => { coming = null; fail(new Error('uplot.js')); };
    document.head.append(script);
  });
  return coming;
}

const root_size = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Points of the period beside those of the compared one, by their place; the last step that is not over yet apart. */
export function align(points, other, now_s, step_s) {
  const n = Math.max(points.length, 1);
  const x = [], main = [], open = [], before = [];
  for (let i = 0; i < n; i++) {
    const [t, v] = points[i] ?? [0, null];
    const unfinished = v !== null && t + step_s(i) > now_s;
    x.push(t);
    main.push(unfinished ? null : v);
    open.push(unfinished ? v : null);
    before.push(other?.[i]?.[1] ?? null);
  }
  const at = open.findIndex((v) => v !== null);
  if (at > 0) open[at - 1] = main[at - 1]; // drawn from the last whole step on
  return { data: [x, before, main, open], unfinished: at };
}

/** The hours in which nobody counted are grey, so that a gap is no valley. */
const grey_gaps = (gaps) => ({
  hooks: {
    drawClear: (u) => {
      const { left, top, width, height } = u.bbox;
      u.ctx.save();
      u.ctx.fillStyle = colour('--gap');
      for (const [from, to] of gaps) {
        const a = Math.max(left, u.valToPos(from, 'x', true)), b = Math.min(left + width, u.valToPos(to, 'x', true));
        if (b > a) u.ctx.fillRect(a, top, Math.max(b - a, 1), height);
      }
      u.ctx.restore();
    },
  },
});

function options({ uPlot, width, ctx, step, tz, gaps, on_zoom, on_point, single }) {
  const { formats } = ctx;
  const rem = root_size();
  const small = `${Math.round(rem * 0.8)}px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour('--quiet'), font: small, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
  const times = (u, splits, i, space, incr) => splits.map((s) => (s == null ? '' : incr >= 28 * DAY_S ? formats.month(formats.day_of(s))
    : incr >= DAY_S ? formats.day(formats.day_of(s), { year: false }) : formats.time(s)));
  const points = { show: single, size: 7, fill: colour('--accent') };
  return {
    width, height: Math.round(rem * HEIGHT_REM), tzDate: (s) => uPlot.tzDate(new Date(s * 1000), tz), padding: [12, Math.round(rem * 1.4), 0, 0],
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (u, low, high) => [0, Math.max(high ?? 0, 4) * 1.08] } },
    cursor: { y: false, points: { size: 8 }, drag: { x: true, y: false, setScale: false } },
    plugins: [grey_gaps(gaps)],
    series: [{},
      { stroke: colour('--before'), width: 1.5, dash: [4, 4], points: { show: false } },
      { stroke: colour('--accent'), width: 2, fill: colour('--accent-wash'), points },
      { stroke: colour('--accent'), width: 2, dash: [3, 4], points }],
    axes: [{ ...axis, grid: { show: false }, values: times, space: Math.round(rem * 4.5), gap: 8, ...(['day', 'week', 'month'].includes(step) && { incrs: DAYS }), size: Math.round(rem * 2.2) },
      { ...axis, values: (u, splits) => splits.map((v) => (Number.isInteger(v) ? formats.number(v) : '')), space: 44,
        size: (u, values) => 16 + Math.round(rem * 0.5) * Math.max(1, ...(values ?? ['']).map((v) => v.length)) }],
    hooks: {
      setCursor: [(u) => on_point(u.cursor.idx ?? null)],
      setSelect: [(u) => {
        if (u.select.width < 8) return;
        const [a, b] = [u.select.left, u.select.left + u.select.width].map((p) => Math.round(u.posToVal(p, 'x')));
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        on_zoom(a, b);
      }],
    },
    step,
  };
}

export function Chart({ ctx, metric, step, points, other, other_words, gaps, tz, now_s, on_zoom, name }) {
  const { say, formats } = ctx;
  const host = useRef(null), plot = useRef(null);
  const [uPlot, set_plot] = useState(() => globalThis.uPlot ?? null); // a function: as it is, not called
  useEffect(() => { if (!uPlot) load_plot().then((u) => set_plot(() => u), () => {}); }, [uPlot]);
  const [at, set_at] = useState(null);
  const step_s = (i) => (points[i + 1]?.[0] ?? points[i][0] + (points[i][0] - (points[i - 1]?.[0] ?? points[i][0] - DAY_S))) - points[i][0];
  const { data } = align(points, other, now_s, step_s);
  const latest = useRef(null);
  latest.current = { on_zoom };
  const shape = [step, metric, points.length, points[0]?.[0], tz, ctx.lang, ctx.theme, JSON.stringify(gaps)].join();

  useEffect(() => {
    if (!uPlot) return undefined;
    const el = host.current;
    const known = points.filter(([, v]) => v !== null).length;
    const build = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options({ uPlot, width: el.clientWidth, ctx, step, tz, gaps, single: known < 3, on_point: set_at, on_zoom: (a, b) => latest.current.on_zoom(a, b) }), data, el);
    };
    build();
    const size = new ResizeObserver(() => {
      if (el.clientWidth !== plot.current.width && el.clientWidth > 0) plot.current.setSize({ width: el.clientWidth, height: plot.current.height });
    });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    size.observe(el);
    scheme.addEventListener('change', build);
    return () => { size.disconnect(); scheme.removeEventListener('change', build); plot.current.destroy(); plot.current = null; };
  }, [shape, uPlot]);
  const signature = JSON.stringify(data);
  useEffect(() => { plot.current?.setData(data); }, [signature]);

  const move = (e) => {
    const last = points.length - 1;
    const to = { ArrowLeft: Math.max(0, (at ?? last + 1) - 1), ArrowRight: Math.min(last, (at ?? -1) + 1), Home: 0, End: last }[e.key];
    if (to === undefined || last < 0) return;
    e.preventDefault();
    const u = plot.current;
    u?.setCursor({ left: u.valToPos(points[to][0], 'x'), top: 10 });
    set_at(to);
  };
  const said = at !== null && points[at];
  return html`<figure class="chart">
    <figcaption aria-live="polite">
      ${said ? html`<strong>${formats.step(said[0], step)}</strong> <span>${said[1] === null ? '–' : formats.number(said[1])} ${say(metric).toLowerCase()}</span>
          ${other && html`<span class="quiet">${say('compared')}: ${formats.number(other[at]?.[1])}</span>`}`
        : html`<span class="quiet">${say(metric)} ${say('step_' + step)}</span>${other && html`<span class="quiet before">${other_words}</span>`}`}
    </figcaption>
    <div class="plot" ref=${host} tabindex="0" role="img" aria-label=${`${say('chart', say(metric).toLowerCase())}. ${say('chart_how')}`} onKeyDown=${move} onBlur=${() => set_at(null)}></div>
    <${Table} ctx=${ctx} metric=${metric} step=${step} points=${points} other=${other} name=${name} />
  </figure>`;
}

function Table({ ctx, metric, step, points, other, name }) {
  const { say, formats } = ctx;
  const [open, set_open] = useState(false);
  const csv = () => {
    const rows = points.map(([t, v], i) => [`${formats.day_of(t)} ${formats.time(t)}`, v ?? '', ...(other ? [other[i]?.[1] ?? ''] : [])].join(','));
    save(new Blob(['\ufefftime,', metric, other ? ',compared' : '', '\r\n', rows.join('\r\n'), '\r\n'], { type: 'text/csv' }), `${name}-${metric}-${step}.csv`);
  };
  return html`<div class="under"><details open=${open} onToggle=${(e) => set_open(e.currentTarget.open)}><summary>${say('as_table')}</summary>
    ${open && html`<div class="scroll" tabindex="0" role="region" aria-label=${say('as_table')}><table class="plain">
      <thead><tr><th scope="col">${say('time')}</th><th scope="col">${say(metric)}</th>${other && html`<th scope="col">${say('compared')}</th>`}</tr></thead>
      <tbody>${points.map(([t, v], i) => html`<tr><th scope="row">${formats.step(t, step)}</th><td>${formats.number(v)}</td>${other && html`<td>${formats.number(other[i]?.[1])}</td>`}</tr>`)}</tbody>
    </table></div>`}</details>
    <button type="button" class="link csv" onClick=${csv} aria-label=${say('csv_of', say(metric).toLowerCase())}>${say('csv')}</button></div>`;
}
