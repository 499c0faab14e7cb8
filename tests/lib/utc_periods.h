/* The periods of a site in UTC whose weeks begin on Monday: simple enough to need no
 * zone. */
#ifndef LUOT_TESTS_LIB_UTC_PERIODS_H
#define LUOT_TESTS_LIB_UTC_PERIODS_H

#include "count/visitors.h"

enum {
    UTC_HOUR = 300,
    UTC_DAY = 7200,
    UTC_WEEK = 50400,
    UTC_ONLINE = 25, /* 5 min  */
    UTC_IDLE = 150   /* 30 min */
};

void utc_periods(int64_t slot, struct visit_periods *ret_periods);
/* As visitors_adopt wants it; the context is not used. */
void utc_periods_at(void *context, int64_t slot, struct visit_periods *ret_periods);

#endif
