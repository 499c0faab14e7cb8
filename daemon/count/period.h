/* Floor 2 (count). Calendar periods of a site: its zone and first weekday turned into
 * slots. Pure. */
#ifndef LUOT_COUNT_PERIOD_H
#define LUOT_COUNT_PERIOD_H

#include "base/zone.h"
#include "count/visitors.h"

struct calendar {
    const struct zone *zone;
    unsigned first_weekday; /* 0 = Monday */
};

struct period {
    int64_t number; /* hours, days, weeks, months since 1970 in local time */
    int64_t from_slot, until_slot; /* [from, until)                         */
    int64_t first_day, until_day;  /* local days; an hour: the day it is in */
};

/* The period of a kind that a slot lies in, and the one before it. */
struct period period_at(const struct calendar *c, enum period_kind kind, int64_t slot);
struct period period_before(const struct calendar *c, enum period_kind kind,
                            int64_t slot);
/* The days of a day, week or month, when they begin and end is not worked out: that of a day
 * that lies in it, and the one before another. */
struct period_days {
    int64_t number, first_day, until_day;
};
struct period_days period_days_at(const struct calendar *c, enum period_kind kind,
                                  int64_t day);
struct period_days period_days_before(enum period_kind kind, struct period_days p);
/* A day, week or month by its number. */
struct period period_of_day(const struct calendar *c, int64_t day);
/* All that a hit needs; holds until the local hour ends, but for online_after, which is of
 * a hit that comes in its own slot. */
void visit_periods_at(const struct calendar *c, int64_t slot, int64_t online_slots,
                      int64_t idle_slots, struct visit_periods *ret_periods);
/* The first slot that is not before an instant. */
int64_t slot_at_or_after(int64_t unix_seconds);

#endif
