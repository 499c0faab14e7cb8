/* Floor 0 (base). Time zones from the system's tzdata, read by us because libc has one zone a process.
 *
 * A zone is immutable once loaded: any thread may use it at once. All times are unix seconds; local days are
 * numbered from 1970-01-01 = 0. A local day begins at the first instant whose local date is that day or a later
 * one (so a day whose midnight is missing begins when its first minute exists), and days are monotone in time
 * even where a clock set back repeats the end of the day before. Source: RFC 8536 (TZif), POSIX TZ footer. */
#ifndef LUOT_BASE_ZONE_H
#define LUOT_BASE_ZONE_H

#include "base/slice.h"

struct zone; /* opaque: transitions and the footer's rule */

struct date {
    int year;
    unsigned month; /* 1..12 */
    unsigned day;   /* 1..31 */
};

/* `name` like "Asia/Ho_Chi_Minh" or "UTC"; looked up in $TZDIR, else /usr/share/zoneinfo. No "..", no leading '/'.
 * ERR_NOT_FOUND, ERR_MALFORMED (not a TZif file), ERR_NOMEM. */
int zone_load(struct zone **ret_zone, struct slice name);
void zone_free(struct zone *z); /* NULL is a no-op */
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at t. */
int32_t zone_offset(const struct zone *z, int64_t t);
/* The local day that t lies in. */
int64_t zone_day(const struct zone *z, int64_t t);
/* The first instant of a local day. */
int64_t zone_day_start(const struct zone *z, int64_t day);
/* Start of the local hour that t lies in, by wall clock: hours are cut where the local clock shows :00. */
int64_t zone_hour_start(const struct zone *z, int64_t t);

/* Calendar arithmetic without any zone (proleptic Gregorian; any int64 that fits int years). */
struct date date_of_day(int64_t day);
int64_t day_of_date(struct date d);
/* 0 = Monday .. 6 = Sunday. */
unsigned weekday_of_day(int64_t day);
/* The first day of the week that `day` lies in, weeks beginning on first_weekday (0 = Monday). */
int64_t week_first_day(int64_t day, unsigned first_weekday);
/* Months since 1970-01, and back to the first day of one. */
int64_t month_of_day(int64_t day);
int64_t month_first_day(int64_t month);
/* "2025-12-31" both ways; ERR_MALFORMED for a date that does not exist. */
int date_parse(struct slice text, int64_t *ret_day);
void date_write(int64_t day, char ret_text[11]);

#endif
