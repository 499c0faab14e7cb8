/* Floor 0 (base). The calendar, without any zone: days are numbered from 1970-01-01 =
 * 0. */
#ifndef LUOT_BASE_DATE_H
#define LUOT_BASE_DATE_H

#include "base/slice.h"

struct date {
    int year;
    unsigned month; /* 1..12 */
    unsigned day;   /* 1..31 */
};

/* Calendar arithmetic without any zone (proleptic Gregorian; any int64 that fits int
 * years). */
struct date date_of_day(int64_t day);
int64_t day_of_date(struct date d);
/* 0 = Monday .. 6 = Sunday. */
unsigned weekday_of_day(int64_t day);
/* The first day of the week that `day` lies in, weeks beginning on first_weekday (0 =
 * Monday). */
int64_t week_first_day(int64_t day, unsigned first_weekday);
/* Months since 1970-01, and back to the first day of one. */
int64_t month_of_day(int64_t day);
int64_t month_first_day(int64_t month);
/* "2025-12-31" both ways, years 0000 to 9999; ERR_MALFORMED for a date that does not
 * exist. Writing a day beyond them writes the first or last that there is. */
int date_parse(struct slice text, int64_t *ret_day);
void date_write(int64_t day, char ret_text[11]);

#endif
