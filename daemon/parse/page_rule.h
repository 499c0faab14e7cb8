/* Floor 1 (parse). What of an access log is a page view: one rule for past logs
 * (`luotctl import --rule`) and live ones (the site's setting `log_rule`). Pure.
 *
 * A line whose request is not METHOD SP TARGET SP HTTP/d.d has no page under any rule. The
 * path is the target up to '?' or '#', without scheme and authority, "/" where nothing is
 * left; it is neither decoded nor folded. It is an asset when its last segment has a '.'
 * and what follows the last one is, in any case, in the list of page_rule.c: styles,
 * scripts, pictures, fonts, sound, film, archives, programs, feeds and data.
 *
 *            methods       status            counted as
 *   page     GET           200 to 299, 304   page view; what a cache revalidates is a view
 *   pv1      GET or POST   200               page view; the rule of many log analysers
 *
 * HEAD is nobody's view under either rule. What a page's script fetches looks like a page
 * in a log; only its operator knows where it lies (the site's setting `not_pages`).
 *
 * Under `page` two kinds of lines more say something about a page, and are events as a
 * page's script would send them: "404" is a GET answered with 404 whose path is no asset,
 * "download" a GET answered with 200 of an asset that people keep (.pdf, .zip, ...; not
 * 206, or one download would be many). pv1 knows views only. */
#ifndef LUOT_PARSE_PAGE_RULE_H
#define LUOT_PARSE_PAGE_RULE_H

#include "base/config.h"
#include "parse/log_line.h"

enum page_kind { PAGE_NONE, PAGE_VIEW, PAGE_NOT_FOUND, PAGE_DOWNLOAD };

enum page_kind page_rule_kind(enum page_rule rule, const struct log_line *line);
/* Is it PAGE_VIEW? */
bool page_rule_is_view(enum page_rule rule, const struct log_line *line);
/* False: the path begins with one of a comma list, as the site's setting `not_pages`. */
bool page_rule_is_page(const char *not_pages, struct slice path);
/* Does the last segment of a path end in one of the extensions of things that are not
 * pages (.css, .png, ...)? */
bool page_rule_is_asset(struct slice path);

#endif
