// Where visitors are: the country database, read and replaced while luotd counts; named networks; who is internal.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, corpus, Luotd, sums, until } from './lib/luotd.mjs';
import { mmdb } from './lib/mmdb.mjs';

const RELOADS = Number(process.env.RELOADS ?? 60); // of the storm

const ONE = [['113.160.0.0/11', 'VN', 'HN'], ['8.8.8.0/24', 'US', 'CA'], ['2001:ee0::/32', 'VN']];
const TWO = [['113.160.0.0/11', 'KH'], ['8.8.8.0/24', 'FR'], ['2001:ee0::/32', 'LA']];

/** Starts a luotd whose database is in its run directory; `lines` come before the sites. */
async function start({ lines = '', sites = '[site a]\npublic = yes\n', database = mmdb(ONE) } = {}) {
  const luotd = new Luotd({});
  luotd.db = path.join(luotd.run, 'country.mmdb');
  fs.writeFileSync(luotd.db, database);
  luotd.options.config = `geo_db = ${luotd.db}\n${lines}\n${sites}`;
  try {
    await luotd.spawn();
  } catch (error) {
    luotd.remove();
    throw error;
  }
  return luotd;
}

/** Replaces a file as it should be done. */
function replace(file, bytes) {
  fs.writeFileSync(file + '.new', bytes);
  fs.renameSync(file + '.new', file);
}
/** Whole: one that is still under way is waited for. */
const reload = (luotd) =>
  until('a reload', async () => {
    const answer = await luotd.ask('json reload');
    if (answer.startsWith('ERR') && !answer.includes('is under way')) throw new Error(answer);
    return answer.includes('"reloaded":true');
  });
const where = (luotd, address, site = '') => luotd.json(`where ${address} ${site}`);
const country = async (luotd, address) => (await where(luotd, address)).country;
const geoLine = async (luotd) => (await luotd.json('check')).checks.find((c) => c.what === 'geo');

describe('the country database', () => {
  test('says where an address is, what it is itself, and whom its licence names', async () => {
    const luotd = await start();
    try {
      assert.deepEqual(await where(luotd, '113.161.1.1'), { address: '113.161.1.1', country: 'VN', region: 'VN-HN', network: null, internal: false });
      assert.equal(await country(luotd, '2001:ee0:1:2::3'), 'VN');
      assert.equal(await country(luotd, '192.0.2.1'), 'ZZ');
      const geo = { type: 'Test-Country', built: 1700000000, attribution: 'made by a test' };
      assert.deepEqual((await luotd.stats()).geo, geo);
      assert.deepEqual((await luotd.snapshot('a')).geo, geo);
      assert.deepEqual((await luotd.get('/v1/a/snapshot.json')).geo, geo);
      assert.deepEqual([(await geoLine(luotd)).ok, /Test-Country, built 2023-11-14; made by a test/.test((await geoLine(luotd)).sentence)], [true, true]);
    } finally {
      await luotd.stop();
    }
  });

  test('SIGHUP takes the new one up; a bad one leaves the one before and is said', async () => {
    const luotd = await start();
    try {
      replace(luotd.db, mmdb(TWO));
      assert.equal(await country(luotd, '8.8.8.8'), 'US'); // not before it is asked for
      process.kill(luotd.pid, 'SIGHUP');
      await until('the new database', async () => (await country(luotd, '8.8.8.8')) === 'FR');
      for (const [bytes, why] of [
        [Buffer.from('not a database'), /is no MaxMind DB file/],
        [Buffer.alloc(0), /is empty/],
        [mmdb(ONE).subarray(0, 300), /is no MaxMind DB file/],
        [mmdb([['0.0.0.0/0', '--']]), /has no countries/],
        [Buffer.from(mmdb(ONE).map((b, i) => (i < 60 ? 0xff : b))), /is damaged/],
      ]) {
        replace(luotd.db, bytes);
        await reload(luotd);
        assert.equal(await country(luotd, '8.8.8.8'), 'FR', String(why));
        const line = await geoLine(luotd);
        assert.equal(line.ok, false);
        assert.match(line.sentence, why);
        assert.match(line.sentence, /country\.mmdb: .*; give a country database.*the one before is still used/);
        assert.match((await luotd.stats()).geo_trouble, why);
      }
      assert.match(luotd.log, /error event=geo_db error="geo_db .*" next=the_old_database_stays/);
      fs.unlinkSync(luotd.db);
      await reload(luotd);
      assert.equal(await country(luotd, '8.8.8.8'), 'FR');
      replace(luotd.db, mmdb(ONE));
      await reload(luotd);
      assert.equal(await country(luotd, '8.8.8.8'), 'US');
      assert.equal((await geoLine(luotd)).ok, true);
      assert.equal((await luotd.stats()).geo_trouble, null);
    } finally {
      await luotd.stop();
    }
  });

  test('truncated or overwritten in place while it is used: luotd does not notice, and counts on', async () => {
    const luotd = await start();
    try {
      fs.truncateSync(luotd.db, 0);
      await luotd.udp('s=a&i=113.161.1.1\ns=a&i=8.8.8.8\ns=a&i=2001:ee0::1');
      await luotd.received(3);
      assert.equal(await country(luotd, '113.161.1.1'), 'VN');
      fs.writeFileSync(luotd.db, Buffer.alloc(5000, 0xaa));
      await luotd.udp('s=a&i=113.161.1.2');
      const stats = await luotd.received(4);
      assert.equal(stats.counted.view, 4);
      assert.equal(await country(luotd, '2001:ee0::1'), 'VN');
      await reload(luotd);
      assert.equal(await country(luotd, '8.8.8.8'), 'US');
      assert.equal((await geoLine(luotd)).ok, false);
    } finally {
      await luotd.stop();
    }
  });

  test('is kept for the next start, which says the same; never in place of another one', async () => {
    const luotd = await start();
    const kept = path.join(luotd.run, 'countries');
    const again = async () => {
      await luotd.kill9();
      await luotd.spawn();
    };
    try {
      const { ino } = fs.statSync(kept);
      await again();
      assert.equal(await country(luotd, '113.161.1.1'), 'VN');
      assert.equal(fs.statSync(kept).ino, ino, 'made again');
      replace(luotd.db, mmdb(TWO));
      await again();
      assert.equal(await country(luotd, '113.161.1.1'), 'KH');
      await luotd.kill9();
      fs.truncateSync(kept, 5000);
      await luotd.spawn();
      assert.equal(await country(luotd, '113.161.1.1'), 'KH');
    } finally {
      await luotd.stop();
    }
  });

  test('every broken database there is: no crash, and the old one stays', async (t) => {
    const bad = path.join(corpus, 'mmdb/bad');
    if (!fs.existsSync(bad)) return t.skip('skipped: the corpus of databases is not here');
    const luotd = await start();
    try {
      for (const name of fs.readdirSync(bad).filter((n) => n.endsWith('.mmdb'))) {
        replace(luotd.db, fs.readFileSync(path.join(bad, name)));
        await reload(luotd);
        assert.equal(await country(luotd, '8.8.8.8'), 'US', name);
        assert.equal((await geoLine(luotd)).ok, false, name);
      }
    } finally {
      await luotd.stop();
    }
  });

  test('a start with a bad one counts without countries; none turns them off', async () => {
    const luotd = await start({ database: Buffer.from('nothing') });
    try {
      assert.match(luotd.log, /event=geo_db error=.* next=count_on_without_countries/);
      await luotd.udp('s=a&i=8.8.8.8');
      assert.equal((await luotd.received(1)).counted.view, 1);
      assert.equal(await country(luotd, '8.8.8.8'), null);
      assert.equal((await luotd.stats()).geo, null);
      const file = path.join(luotd.run, 'luotd.conf');
      replace(luotd.db, mmdb(ONE));
      await reload(luotd);
      assert.equal(await country(luotd, '8.8.8.8'), 'US');
      replace(file, 'geo_db = none\n[site a]\n');
      await reload(luotd);
      assert.equal(await country(luotd, '8.8.8.8'), null);
      assert.deepEqual([(await geoLine(luotd)).ok, (await luotd.stats()).geo_trouble], [true, null]);
    } finally {
      await luotd.stop();
    }
  });

  test('replaced again and again under traffic: every view is counted, each answer is one database’s', async () => {
    const luotd = await start({ lines: 'network Trong nước = country:VN' });
    let sent = 0, on = true;
    try {
      const traffic = (async () => {
        for (; on; sent += 3) {
          await luotd.udp(`s=a&i=113.${160 + (sent % 32)}.${sent % 256}.1\ns=a&i=8.8.8.${sent % 256}\ns=a&i=2001:ee0:${(sent % 65536).toString(16)}::1`);
          await new Promise((done) => setTimeout(done, 1)); // sending alone would leave no turn to anybody
        }
      })();
      for (let i = 0; i < RELOADS; i++) {
        replace(luotd.db, mmdb(i % 2 ? ONE : TWO));
        await reload(luotd);
        assert.match(await country(luotd, '113.161.1.1'), /^(VN|KH)$/);
      }
      on = false;
      await traffic;
      const stats = await luotd.received(sent);
      assert.equal(stats.counted.view, sent);
      assert.ok(RELOADS < 10 || sent > 100, `${sent} views under ${RELOADS} reloads`);
    } finally {
      on = false;
      await luotd.stop();
    }
  });
});

test('without a setting it is the database that was installed beside luotd', async () => {
  class Installed extends Luotd {
    command(extra) {
      return [path.join(this.prefix, 'bin/luotd'), ...this.args(), ...extra];
    }
  }
  const luotd = new Installed({ config: '[site a]\n' });
  luotd.prefix = fs.mkdtempSync(path.join(luotd.state, 'prefix-'));
  fs.mkdirSync(path.join(luotd.prefix, 'bin'));
  fs.mkdirSync(path.join(luotd.prefix, 'share/luot'), { recursive: true });
  fs.copyFileSync(path.join(build, 'luotd'), path.join(luotd.prefix, 'bin/luotd'));
  fs.chmodSync(path.join(luotd.prefix, 'bin/luotd'), 0o755);
  const file = path.join(luotd.prefix, 'share/luot/country.mmdb');
  fs.writeFileSync(file, mmdb(ONE));
  fs.writeFileSync(file + '.credit', 'IP Geolocation by Nobody (https://example.org)\n');
  try {
    await luotd.spawn();
    assert.equal(await country(luotd, '8.8.8.8'), 'US');
    assert.equal((await luotd.stats()).geo.attribution, 'IP Geolocation by Nobody (https://example.org)');
    fs.unlinkSync(file);
    await reload(luotd);
    assert.equal(await country(luotd, '8.8.8.8'), null); // it was taken away: that is no mistake
    assert.equal((await geoLine(luotd)).ok, true);
    await luotd.stop();
  } finally {
    luotd.remove();
  }
});

describe('networks', () => {
  const LINES = ['network Nội bộ = 10.0.0.0/8, 113.161.0.0/16', 'network Trong nước = country:VN', 'network Nước ngoài = 0.0.0.0/0, ::/0'].join('\n');

  test('an address is in the longest of them, else in its country, else in the rest; a reload changes them', async () => {
    const luotd = await start({ lines: LINES });
    try {
      const network = async (address) => (await where(luotd, address)).network;
      assert.equal(await network('113.161.2.3'), 'Nội bộ');
      assert.equal(await network('113.162.2.3'), 'Trong nước');
      assert.equal(await network('8.8.8.8'), 'Nước ngoài');
      assert.equal(await network('2001:ee0::1'), 'Trong nước');
      assert.equal(await network('2001:db8::1'), 'Nước ngoài');
      const file = path.join(luotd.run, 'luotd.conf');
      replace(file, `geo_db = ${luotd.db}\nnetwork Google = 8.8.8.0/24\n[site a]\n`);
      await reload(luotd);
      assert.deepEqual([await network('8.8.8.8'), await network('113.161.2.3')], ['Google', null]);
      assert.equal((await luotd.log.match(/event=geo_db is=/g)).length, 1); // the file is the same: it was not read again
    } finally {
      await luotd.stop();
    }
  });

  test('internal: counted apart and never in the box, for all sites or for one, and from the reload on', async () => {
    const sites = '[site a]\npublic = yes\ninternal = 192.0.2.0/24\n[site b]\npublic = yes\n';
    const luotd = await start({ lines: 'internal = 10.0.0.0/8, fd00::/8', sites });
    try {
      await luotd.udp(['s=a&i=10.1.1.1', 's=b&i=fd00::7', 's=a&i=192.0.2.1', 's=b&i=192.0.2.1', 's=a&i=8.8.8.8'].join('\n'));
      let stats = await luotd.received(5);
      assert.deepEqual([stats.suppressed.internal, stats.counted.view], [3, 2]);
      assert.equal(sums(stats).counted + sums(stats).suppressed + sums(stats).rejected, stats.received);
      await until('the boxes', async () => (await luotd.widget('a')).total === 1 && (await luotd.widget('b')).total === 1);
      assert.equal((await where(luotd, '192.0.2.1', 'a')).internal, true);
      assert.equal((await where(luotd, '192.0.2.1', 'b')).internal, false);
      assert.equal((await where(luotd, 'fd00::1')).internal, true);
      // A browser of the office, over HTTP.
      const hit = await luotd.request('GET', '/p.gif?s=b&p=/', { headers: { 'x-forwarded-for': '10.9.9.9', 'user-agent': 'Mozilla/5.0' } });
      assert.equal(hit.status, 200);
      assert.equal(hit.headers['x-luot'], 'suppressed; reason=internal');
      const file = path.join(luotd.run, 'luotd.conf');
      replace(file, `geo_db = none\ninternal = 8.8.8.0/24\n${sites}`);
      await reload(luotd);
      await luotd.udp('s=a&i=8.8.8.8\ns=a&i=10.1.1.1');
      stats = await luotd.received(8);
      assert.deepEqual([stats.suppressed.internal, stats.counted.view], [5, 3]);
    } finally {
      await luotd.stop();
    }
  });
});

test('luotd -t opens the database that is named', async () => {
  const dir = fs.mkdtempSync('/tmp/luot-geo-');
  try {
    const check = (db) => {
      fs.writeFileSync(path.join(dir, 'conf'), `geo_db = ${db}\n[site a]\n`);
      return new Promise((done) => execFile(path.join(build, 'luotd'), ['-t', '-c', path.join(dir, 'conf')], { timeout: 20000 }, (e, out, err) => done({ code: e ? e.code : 0, err })));
    };
    fs.writeFileSync(path.join(dir, 'db'), mmdb(ONE));
    assert.equal((await check(path.join(dir, 'db'))).code, 0);
    assert.equal((await check('none')).code, 0);
    const wrong = await check(path.join(dir, 'nothing'));
    assert.equal(wrong.code, 78);
    assert.match(wrong.err, /luotd: geo_db .*nothing: is not there; give a country database/);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

test('luotctl classify addresses: a line of JSON for each line', async () => {
  const dir = fs.mkdtempSync('/tmp/luot-classify-');
  try {
    fs.writeFileSync(path.join(dir, 'db'), mmdb(ONE));
    fs.writeFileSync(path.join(dir, 'conf'), `geo_db = ${dir}/db\nnetwork Nội bộ = 10.0.0.0/8\ninternal = 10.0.0.1\n[site a]\n`);
    const ctl = (args, input) =>
      new Promise((done) => {
        const c = execFile(path.join(build, 'luotctl'), ['classify', 'addresses', ...args], { timeout: 20000 }, (e, out, err) => done({ code: e ? e.code : 0, out, err }));
        c.stdin.on('error', () => {}); // it refuses a wrong database before it reads
        c.stdin.end(input);
      });
    const r = await ctl(['--config', path.join(dir, 'conf')], '113.161.1.1\r\n10.0.0.1\n8.8.8.8.8\n[2001:ee0::1]');
    assert.equal(r.code, 0, r.err);
    assert.deepEqual(r.out.trimEnd().split('\n').map((l) => JSON.parse(l)), [
      { address: '113.161.1.1', country: 'VN', region: 'VN-HN', network: null, internal: false },
      { address: '10.0.0.1', country: 'ZZ', region: null, network: 'Nội bộ', internal: true },
      { address: '8.8.8.8.8', error: 'this is no address like 203.0.113.7 or 2001:db8::1' },
      { address: '2001:ee0::1', country: 'VN', region: null, network: null, internal: false },
    ]);
    const none = await ctl(['--geo-db', path.join(dir, 'conf')], '8.8.8.8\n');
    assert.equal(none.code, 78);
    assert.match(none.err, /is no MaxMind DB file; give a country database/);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});
