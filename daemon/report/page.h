/* Floor 3 (report). HTML pages: a template of client/ whose {{name}} are filled in, so
 * that the box is right before any script runs, and without one. Values are escaped for
 * text and for quoted attributes; a name that nobody knows becomes nothing.
 *
 *   every page    {{lang}} vi | en | km     {{version}}
 *                 {{preloads}} links to what its script will ask for first, so that it is
 *                     on its way before the script is there
 *   a site's      {{site}} {{title}} {{metric}} {{online_window_s}}
 *                 {{online}} {{today}} {{yesterday}} {{week}} {{month}} {{total}}
 *                     numbers as the language writes them: 50.510 (vi, km), 50,510 (en)
 *                 {{json}}  the widget.json, for an attribute: data-widget="{{json}}"
 *                 {{box}}   the box, as page.box wants it
 *                 {{snippets}} what to paste, with https://HOST/ for this server
 *   labels        {{label_title}} {{label_online}} {{label_today}} {{label_yesterday}}
 *                 {{label_week}} {{label_month}} {{label_total}}: in its language
 *   what is set   {{theme}} light | dark | nothing */
#ifndef LUOT_REPORT_PAGE_H
#define LUOT_REPORT_PAGE_H

#include "report/document.h"

enum language { LANGUAGE_VI, LANGUAGE_EN, LANGUAGE_KM };

/* "vi", "en-US", "km": by its first part; LANGUAGE_VI for all others. */
enum language language_parse(struct slice tag);
/* "vi". */
struct slice language_code(enum language language);
/* 50510 as "50.510" or "50,510". */
void grouped_number(struct buffer *out, uint64_t number, enum language language);

struct box_wish; /* report/box.h */

enum { PAGE_PRELOADS_MAX = 2 };

struct page {
    enum language language;
    const char *version;
    const struct site *site; /* NULL: a page of no site */
    const struct document *document;
    const struct box_wish *box;             /* NULL: the page has no {{box}}          */
    const char *theme;                      /* NULL: as the reader's system has it    */
    const char *preload[PAGE_PRELOADS_MAX]; /* relative URLs of documents; NULL: none */
    bool sees_somebody; /* who looks at the page is online, whatever else is known */
};
void page_write(struct buffer *out, struct slice page_template, const struct page *page);

#endif
