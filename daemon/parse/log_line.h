/* Floor 1 (parse). One line of an Apache or nginx access log, common or combined format,
 * on raw bytes. The grammar is rule set PV-1 (README.md says it in full). Pure. */
#ifndef LUOT_PARSE_LOG_LINE_H
#define LUOT_PARSE_LOG_LINE_H

#include "base/slice.h"

enum log_kind { LOG_COMMON, LOG_COMBINED };

struct log_line {
    enum log_kind kind;
    struct slice host; /* first field, byte for byte: an address or a name */
    struct slice user;
    struct slice request; /* the quoted request, escapes as they are                    */
    struct slice method;  /* empty when the request is not METHOD SP TARGET SP HTTP/d.d */
    struct slice target;
    struct slice path;       /* target up to '?' or '#', its origin removed; "" is "/" */
    struct slice referrer;   /* combined only, escapes as they are                     */
    struct slice user_agent; /* combined only                                          */
    unsigned status;
    int64_t time_s;   /* unix seconds       */
    int32_t offset_s; /* the log's own zone */
};

/* `line` without its LF; one final CR is removed. ERR_MALFORMED; *ret_reason (may be
 * NULL) then says which: "empty", "no_match" or "bad_time". */
int log_line_parse(struct log_line *ret_line, struct slice line, const char **ret_reason);

/* Does the last segment of a path end in one of the extensions of things that are not
 * pages (.css, .png, ...)? */
bool log_path_is_asset(struct slice path);

enum log_rule {
    LOG_RULE_PAGE, /* the default: GET, status 200..299 or 304, not an asset: what a
                      browser's cache revalidates is a view too */
    LOG_RULE_PV1   /* GET or POST, status 200, not an asset */
};
bool log_line_is_page_view(const struct log_line *line, enum log_rule rule);

#endif
