/* Floor 1 (parse). The one name under which a page is counted, however it was linked.
 *
 *   https://a.vn/Tin-tuc//%C4%91%E1%BB%A9c/./index.html?utm_source=x#top  ->  /Tin-tuc/đức
 *
 * Off: scheme, host and port, fragment, empty and "." segments (".." takes one back), a
 * slash or space at the end, the name of an index page (index or default, .html .htm .xhtml
 * .shtml .php .asp .aspx .jsp .cgi .cfm), and the query but for the keys that the site lists
 * (`page_query`; in the list's order, the first value of each). Decoded: percent-escapes,
 * where they make readable UTF-8 (parse/readable.h). Kept: upper and lower case, the escapes
 * of / \ ? # %, and the form that letters with marks came in: there is no Unicode
 * normalisation, so a page that is linked as NFC and as NFD is two.
 *
 * A name has at most PAGE_NAME_MAX bytes; a longer one is cut after a whole character and
 * ends in "…". Beyond PAGE_MEMORY bytes a path is not looked at. A name that was not cut is
 * its own name. Pure, no heap. */
#ifndef LUOT_PARSE_PAGE_H
#define LUOT_PARSE_PAGE_H

#include "base/slice.h"

enum { PAGE_NAME_MAX = 255, PAGE_MEMORY = 1024 };

/* The name of a page that nobody named. */
#define PAGE_UNKNOWN SLICE("(unknown)")

struct page_parts {
    struct slice host;  /* empty: it was a path only                           */
    struct slice path;  /* empty: there is no page                             */
    struct slice query; /* campaigns are in it (identify/visit_page.h) */
};

/* A path ("/a", "a", "//a" as some servers log it) or a URL. What is neither, as
 * about:blank, has nothing: its name is PAGE_UNKNOWN. */
void page_split(struct page_parts *ret_page, struct slice text);
/* The page that a Referer header names. A bare origin is all that a cautious page sends, so
 * it says nothing of the path: "https://a.vn/" has nothing, not even a host. */
void page_of_referer(struct page_parts *ret_page, struct slice referer);
/* The name: a view of the path, of static memory or of `memory`. With page.host, which the
 * caller empties when it is the site's own, that stands in front: "b.vn/a". `query_keys` is
 * a comma list, may be "". */
struct slice page_name(const struct page_parts *page, const char *query_keys,
                       char memory[PAGE_MEMORY]);
/* The path as it stands in a log, up to '?' or '#': rule pv1. Only what is not readable
 * is escaped, and what is too long is cut. */
struct slice page_as_written(const struct page_parts *page, char memory[PAGE_MEMORY]);

#endif
