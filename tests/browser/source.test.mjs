// What can be said of the files without a browser: ES5, size, and that they speak to nobody else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'acorn';
import { Luotd, root } from '../e2e/lib/luotd.mjs';

const source = (name) => fs.readFileSync(path.join(root, 'client', name), 'utf8');
const FILES = ['luot.js', 'widget.js', 'widget.css', 'frame.css', 'widget.html', 'snippet.js', 'snippet.css', 'snippet.html', 'privacy.css'];

describe('the source', () => {
  for (const name of ['luot.js', 'widget.js'])
    test(`${name} is ECMAScript 5`, () => parse(source(name), { ecmaVersion: 5 }));
  for (const name of FILES) {
    test(`${name} names no other host`, () => {
      for (const [, host] of source(name).matchAll(/\bhttps?:\/\/([^/"'\s<&]+)/g)) assert.equal(host, 'HOST');
    });
    test(`${name} writes no markup and no inline style or script`, () => {
      assert.doesNotMatch(source(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\sstyle="|\son[a-z]+="|<style|cssText/);
    });
  }
});

describe('as luotd serves it', () => {
  let luotd;
  before(async () => { luotd = await Luotd.start(); });
  after(() => luotd?.stop());

  test('luot.js is at most 1.5 KB gzipped, and still ECMAScript 5', async (t) => {
    const packed = await luotd.request('GET', '/luot.js', { headers: { 'Accept-Encoding': 'gzip' } });
    const plain = await luotd.request('GET', '/luot.js');
    assert.equal(packed.headers['content-encoding'], 'gzip');
    t.diagnostic(`luot.js: ${packed.bytes.length} bytes gzipped`);
    assert.ok(packed.bytes.length <= 1536, `${packed.bytes.length} bytes`);
    parse(plain.text, { ecmaVersion: 5 });
  });
  test('the pages forbid everything inline and everybody else', async () => {
    for (const target of ['/', '/demo/widget.html', '/demo/snippet.html', '/demo/badge.svg']) {
      const csp = (await luotd.request('GET', target)).headers['content-security-policy'];
      assert.match(csp, /default-src 'none'/);
      assert.doesNotMatch(csp, /unsafe|https?:|\*(?!$|;)/);
    }
  });
});
