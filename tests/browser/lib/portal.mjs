// A portal: another origin than luotd's, whose pages carry the tag as its editor pasted it.
import http from 'node:http';

export class Portal {
  static async start(pages) {
    const portal = new Portal();
    portal.pages = pages;
    portal.asked = []; // what it was asked for, with the browser's headers
    portal.server = http.createServer((request, response) => portal.answer(new URL(request.url, 'http://portal'), response, request));
    await new Promise((done) => portal.server.listen(0, '127.0.0.1', done));
    portal.port = portal.server.address().port;
    portal.url = `http://127.0.0.1:${portal.port}`;
    return portal;
  }

  /** A page is its HTML, or {html, csp, status, type, held}: `held` is what its answer waits for. */
  async answer({ pathname }, response, request) {
    const page = this.pages[pathname];
    this.asked.push({ pathname, headers: request.headers });
    await page?.held;
    response.statusCode = page?.status ?? (page === undefined ? 404 : 200);
    response.setHeader('Content-Type', page?.type ?? 'text/html; charset=utf-8');
    if (page?.csp) response.setHeader('Content-Security-Policy', page.csp);
    response.end(page?.html ?? page ?? '');
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }
}

/** A page with the box in it and a paragraph below, where a shift would show. */
export function page({ luot, lang = 'vi', title = 'Trang chủ', head = '', box = '<div data-luot-box></div>', tag = 'data-site="demo"', rest = '' }) {
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>
<h1>${title}</h1>${box}<p id="below">Chân trang</p>${rest}<script async src="${luot}/luot.js" ${tag}></script></body></html>`;
}
