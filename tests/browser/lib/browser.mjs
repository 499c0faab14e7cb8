// Debian's Chromium, and pages in it as a visitor's browser would hold them.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
// Headless Chromium says so in its own, and luotd rightly takes that for a bot.
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };

export function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGS });
}

/** A browser that nobody drives, because a driven one makes no page before it is asked for. Returns what ends it. */
export function run_alone(url) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'luot-chromium-'));
  const child = spawn(EXECUTABLE, [...ARGS, '--headless=new', `--user-data-dir=${dir}`, `--user-agent=${USER_AGENT}`, url], { stdio: 'ignore', detached: true });
  const ended = new Promise((done) => child.on('exit', done));
  return async () => {
    process.kill(-child.pid, 'SIGKILL'); // with its helpers: they are of its process group
    await ended;
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
}

/** A fresh page with what it asked for (`requests`) and what went wrong in it (`errors`). */
export async function open(browser, { url, before, ...options } = {}) {
  const context = await browser.newContext({ userAgent: USER_AGENT, locale: 'vi-VN', viewport: DESK, ...options });
  const page = await context.newPage();
  page.requests = [];
  page.errors = [];
  page.on('request', (r) => page.requests.push({ method: r.method(), url: new URL(r.url()), type: r.resourceType(), body: r.postData() }));
  page.on('pageerror', (e) => page.errors.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && !m.text().includes('favicon') && !m.location().url.endsWith('/favicon.ico') && page.errors.push(m.text()));
  if (before) await before(page);
  if (url) await page.goto(url);
  return page;
}

/** Nobody is left to ping or to count late. */
export async function close_all(browser) {
  for (const context of browser.contexts()) await context.close();
}

/** The beacons a page sent, each as its query string. */
export function beacons(page) {
  return page.requests
    .filter((r) => r.url.pathname.endsWith('/b') || r.url.pathname.endsWith('/p.gif'))
    .map((r) => ({ to: r.url.pathname + (r.method === 'POST' ? r.url.search : ''), line: new URLSearchParams(r.body ?? r.url.search) }));
}

/** The box as a person reads it: its heading, then "label: number" rows. */
export function read_box(page, frame = page) {
  return frame.locator('[data-luot-box]').first().evaluate((box) => ({
    heading: box.querySelector('strong')?.textContent,
    rows: [...box.querySelectorAll('li')].map((li) => li.textContent),
    titles: [...box.querySelectorAll('li')].map((li) => li.title),
  }));
}

export async function filled(page, frame = page) {
  await frame.locator('[data-luot-box] li b').first().filter({ hasText: /\d/ }).waitFor();
  return read_box(page, frame);
}
