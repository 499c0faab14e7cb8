// The keys and the words, in a dialog of the browser's own: it keeps the focus and closes with Esc, and it alone knows
// whether it is open; a copy of that would be late when the next key comes.
import { html } from 'htm/preact';

const KEYS = [['?', 'k_help'], ['j k', 'k_jk'], ['Enter', 'k_enter'], ['/', 'k_filter'], ['1 … 6', 'k_periods'], ['c', 'k_compare'], ['m', 'k_metric'], ['r', 'k_report'], ['t', 'k_theme'], ['Esc', 'k_back']];
const WORDS = ['views', 'visits', 'visitors', 'bots'];

export function Help({ ctx, dialog }) {
  const { say } = ctx;
  const close = () => dialog.current.close();
  return html`<dialog ref=${dialog} aria-labelledby="help-title" onClick=${(e) => e.target === dialog.current && close()}>
    <header><h2 id="help-title">${say('help')}</h2><button type="button" onClick=${close}>${say('close')}</button></header>
    <div class="columns">
      <section><h3>${say('keys')}</h3><dl class="keys">${KEYS.map(([key, what]) => html`<div><dt>${key.split(' ').map((k) => (k === '…' ? ' … ' : html`<kbd>${k}</kbd>`))}</dt><dd>${say(what)}</dd></div>`)}</dl></section>
      <section><h3>${say('words')}</h3><dl>${WORDS.map((w) => html`<div><dt>${say(w)}</dt><dd>${say(w + '_what')}</dd></div>`)}<div><dt>${say('online')}</dt><dd>${say('online_what', 5)}</dd></div></dl></section>
    </div>
  </dialog>`;
}
