/* Floor 3 (report). The front-end's files, part of the program: client/luot.js and so on,
 * as they are, gzipped and in Brotli, both made at build time, with a strong ETag.
 *
 * Pages (*.html) may hold {{name}}, which page.h fills in. All URLs in them are relative:
 * `/{site}/widget.html` finds "../frame.css", "../widget.js" and
 * "../v1/{site}/widget.json"; `/` finds "dashboard.css", "dashboard.js" and
 * "v1/sites.json". Their Content-Security-Policy allows scripts, styles, images and connections of our own
 * origin only, and nothing inline. */
#ifndef LUOT_REPORT_ASSETS_H
#define LUOT_REPORT_ASSETS_H

#include "base/slice.h"

/* member, name below client/, type */
#define ASSETS(X)                                                                        \
    X(luot_js, "luot.js", "text/javascript; charset=utf-8")                              \
    X(widget_js, "widget.js", "text/javascript; charset=utf-8")                          \
    X(widget_css, "widget.css", "text/css; charset=utf-8")                               \
    X(frame_css, "frame.css", "text/css; charset=utf-8")                                 \
    X(widget_html, "widget.html", "text/html; charset=utf-8")                            \
    X(snippet_js, "snippet.js", "text/javascript; charset=utf-8")                        \
    X(snippet_css, "snippet.css", "text/css; charset=utf-8")                             \
    X(snippet_html, "snippet.html", "text/html; charset=utf-8")                          \
    X(privacy_css, "privacy.css", "text/css; charset=utf-8")                             \
    X(dashboard_js, "dashboard.js", "text/javascript; charset=utf-8")                    \
    X(uplot_js, "uplot.js", "text/javascript; charset=utf-8")                            \
    X(dashboard_css, "dashboard.css", "text/css; charset=utf-8")                         \
    X(dashboard_html, "dashboard.html", "text/html; charset=utf-8")                      \
    X(dashboard_txt, "dashboard.txt", "text/plain; charset=utf-8")                       \
    X(icon_svg, "icon.svg", "image/svg+xml")

struct asset {
    const char *name, *type;
    struct slice plain, gzip, brotli;
    char etag[19]; /* "\"0123456789abcdef\"" */
};

/* false: there is none. The bytes are the program's, any thread. */
bool asset_find(struct asset *ret_asset, struct slice name);

#endif
