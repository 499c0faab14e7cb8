/* Floor 1 (parse). The instants that web servers and syslog write. Pure.
 *
 * A time that does not exist (30 February, hour 24, minute 60) is malformed; a second
 * over 59 is 59, because a leap second is not an error of the sender. */
#ifndef LUOT_PARSE_LOG_TIME_H
#define LUOT_PARSE_LOG_TIME_H

#include "base/slice.h"

struct log_time {
    int64_t s;        /* unix seconds, fractions cut off  */
    int32_t offset_s; /* of the zone it was written in    */
};

/* "17/May/2015:10:05:03 +0700": Apache's %t, nginx's $time_local. The whole slice;
 * ERR_MALFORMED, as below. */
int log_time_clf(struct log_time *ret, struct slice text);
/* "2026-11-23T00:27:48+07:00": nginx's $time_iso8601, RFC 3339; a fraction is cut off,
 * the zone is "Z", "+07:00" or "+0700"; a space is as good as the T. */
int log_time_iso(struct log_time *ret, struct slice text);
/* "1795393668.769": nginx's $msec, up to 12 digits of seconds. */
int log_time_unix(struct log_time *ret, struct slice text);
/* Whichever of the three it is. */
int log_time_any(struct log_time *ret, struct slice text);

#endif
