/* Floor 1 (parse). One line of an access log of Apache or nginx, common or combined
 * format, on raw bytes. The grammar is rule set PV-1 (README.md says it in full). Pure. */
#ifndef LUOT_PARSE_LOG_LINE_H
#define LUOT_PARSE_LOG_LINE_H

#include "base/slice.h"

enum log_kind { LOG_COMMON, LOG_COMBINED, LOG_JSON };

/* What no format but one can say is empty in the others. */
struct log_line {
    enum log_kind kind;
    struct slice host; /* the client, byte for byte: an address or a name               */
    struct slice user;
    struct slice request; /* the quoted request, escapes as they are                    */
    struct slice method;  /* empty when the request is not METHOD SP TARGET SP HTTP/d.d */
    struct slice target;
    struct slice path;       /* target up to '?' or '#', its origin removed; "" is "/" */
    struct slice referrer;   /* not in common; escapes as they are                     */
    struct slice user_agent; /* likewise                                               */
    struct slice forwarded; /* X-Forwarded-For: the first quoted field behind the agent */
    bool has_agent;         /* the format says one, though it may be empty              */
    unsigned status;
    bool has_time;    /* always true but in JSON */
    int64_t time_s;   /* unix seconds            */
    int32_t offset_s; /* the log's own zone      */

    /* Only where log_format_read finds them. */
    struct slice site;     /* a site's key, as the web server was told            */
    struct slice vhost;    /* whose page it was: a host, without a port           */
    struct slice language; /* Accept-Language                                     */
    bool anonymous;        /* DNT or Sec-GPC was 1                                */
    bool prefetch;         /* Sec-Purpose said that nobody has looked yet         */
};

/* `line` without its LF; one final CR is removed. ERR_MALFORMED; *ret_reason (may be
 * NULL) then says which: "empty", "no_match" or "bad_time". */
int log_line_parse(struct log_line *ret_line, struct slice line, const char **ret_reason);

/* Fills in request, method, target and path; what is no request leaves a record without a
 * page (rule L3). For other formats' readers. */
void log_line_set_request(struct log_line *line, struct slice request);
void log_line_set_target(struct log_line *line, struct slice method, struct slice target);

/* A quoted value without its escapes: \xHH (nginx, Apache), \" \\ \n \r \t \b \v \f;
 * before any other byte the backslash goes. The value itself when it has none, else
 * written to memory (value.length bytes are enough). */
struct slice log_line_unescape(struct slice value, char *memory);

#endif
