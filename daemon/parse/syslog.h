/* Floor 1 (parse). The envelope that a log line travels in: RFC 5424, RFC 3164 and what is
 * really sent under that name. Pure. Only what says where a line came from is kept; its
 * own time is the line's, because an RFC 3164 time has neither a year nor a zone.
 *
 *   <190>Nov 23 00:27:48 vm nginx: LINE                  RFC 3164
 *   <157>Nov  3 00:27:48 web_vn[77]: LINE                no host, a process id
 *   <134>2026-11-23T00:27:55.1+07:00 vm httpd: LINE      rsyslog's RFC 3339 times
 *   <190>nginx: LINE                                     no time
 *   <134>1 2026-11-23T00:27:52Z vm app 77 - [a b="c"] LINE   RFC 5424; a field may be "-"
 *   Nov 23 00:27:48 vm nginx: LINE                       without <PRI>, as some relays do
 *
 * A tag is the first or second word behind the time when it ends in a colon and is made of
 * letters, digits and . _ - / @ ; when there is none all that follows the time is the
 * line. Spaces, a byte order mark and "@cee:" before the line, and an end of line or NUL
 * behind it, are no part of it. */
#ifndef LUOT_PARSE_SYSLOG_H
#define LUOT_PARSE_SYSLOG_H

#include "base/slice.h"

struct syslog {
    struct slice host; /* empty: not said               */
    struct slice tag;  /* without a process id; likewise */
    struct slice line;
};

/* Is it an envelope at all? "<digits>", or a time that RFC 3164 or 3339 write: no beacon
 * and no access log line begins with either. */
bool syslog_begins(struct slice bytes);
/* ERR_MALFORMED: no envelope, a priority over 191, or an RFC 5424 header that is cut. An
 * empty line is none of its business. */
int syslog_parse(struct syslog *ret, struct slice bytes);

#endif
