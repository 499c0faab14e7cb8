/* Floor 0 (base). Time zones from the system's tzdata, read by us because libc has one
 * zone a process.
 *
 * A zone is immutable once loaded: any thread may use it at once. All times are unix
 * seconds; local days are numbered from 1970-01-01 = 0. A local day begins at the first
 * instant whose local date is that day or a later one (so a day whose midnight is missing
 * begins when its first minute exists), and days are monotone in time even where a clock
 * set back repeats the end of the day before. Source: RFC 8536 (TZif), POSIX TZ
 * footer. */
#ifndef LUOT_BASE_ZONE_H
#define LUOT_BASE_ZONE_H

#include "base/date.h"
#include "base/slice.h"

struct zone; /* opaque: transitions and the footer's rule */

/* `name` like "Asia/Ho_Chi_Minh" or "UTC"; looked up in $TZDIR, else /usr/share/zoneinfo.
 * No "..", no leading '/'. ERR_NOT_FOUND, ERR_MALFORMED (not a TZif file of version 2 or
 * later, or one that counts leap seconds), ERR_NOMEM, ERR_DENIED, ERR_IO. */
int zone_load(struct zone **ret_zone, struct slice name);
void zone_free(struct zone *z); /* NULL is a no-op */
/* The same zone, for one more to free. */
struct zone *zone_share(struct zone *z);
/* Do they have the same name and tell the same time always? */
bool zone_equal(const struct zone *a, const struct zone *b);
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at t. */
int32_t zone_offset(const struct zone *z, int64_t t);
/* The local day that t lies in. */
int64_t zone_day(const struct zone *z, int64_t t);
/* The first instant of a local day. */
int64_t zone_day_start(const struct zone *z, int64_t day);
/* The first local day that begins at or after an instant. */
int64_t zone_day_from(const struct zone *z, int64_t t);
/* Start of the local hour that t lies in, by wall clock: hours are cut where the local
 * clock shows :00, and where it jumps to another hour. So an hour that the clock repeats
 * is two, and a jump of half an hour makes one of 30 or 90 minutes. */
int64_t zone_hour_start(const struct zone *z, int64_t t);

#endif
