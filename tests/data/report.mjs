// `make data-report`: the figures of agents on the corpus, beside what was aimed at.
import { corpusIsThere, measure } from './agents.mjs';

if (!corpusIsThere()) {
  console.log('skipped: ../shared/corpus/ua is not there');
  process.exit(0);
}
const m = measure();
const percent = (x) => `${(100 * x).toFixed(2)} %`;
const row = (...cells) => console.log(cells.map((c, i) => (i === 0 ? String(c).padEnd(34) : String(c).padStart(12))).join(''));

row('agents', 'labelled', 'contradict', 'right', 'aim');
row('robots found', m.bots.labelled, m.bots_contradicted, percent(m.bots.right / m.bots.labelled), '>= 85 %');
row('people called robots', m.people.labelled, '', percent(1 - m.people.right / m.people.labelled), '<= 1 %');
row('browser, of names in the table', m.browser.labelled, m.browser.contradicted, percent(m.browser.right / m.browser.labelled), '>= 97 %');
row('browser, of all names', m.every_browser.labelled, m.every_browser.contradicted, percent(m.every_browser.right / m.every_browser.labelled), '>= 97 %');
row('browser, of names in the string', m.written_browser.labelled, m.written_browser.contradicted, percent(m.written_browser.right / m.written_browser.labelled), '');
row('system', m.system.labelled, m.system.contradicted, percent(m.system.right / m.system.labelled), '>= 97 %');
row('device', m.device.labelled, m.device.contradicted, percent(m.device.right / m.device.labelled), '>= 95 %');
row('Zalo, Cốc Cốc and its robot', '', '', `${m.vietnam_wrong.length} wrong`, '0 wrong');
if (process.argv.includes('--wrong'))
  for (const name of ['bots', 'people', 'every_browser', 'system', 'device']) {
    console.log(`\n${name}: said -> told, most frequent first`);
    for (const [what, agents] of [...m[name].wrong].sort((a, b) => b[1].length - a[1].length).slice(0, 25)) console.log(`${String(agents.length).padStart(6)} ${what}: ${agents[0].slice(0, 120)}`);
  }
