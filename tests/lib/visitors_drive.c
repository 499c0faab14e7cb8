#include "lib/visitors_drive.h"

#include <math.h>

#include "lib/utc_periods.h"
#include "lib/visitors_memory.h"

struct visitors_verdict drive_hit(const struct visitors_table *t, uint64_t visitor,
                                  int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    struct visitors_verdict v = visitors_hit(t, visitors_memory_fp(visitor), slot, &p);
    visitors_memory_grow(t);
    return v;
}

bool drive_ping(const struct visitors_table *t, uint64_t visitor, int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    return visitors_ping(t, visitors_memory_fp(visitor), slot, &p);
}

uint64_t drive_number(const struct visitors_table *t, enum period_kind kind, int64_t slot)
{
    struct visit_periods p;
    bool exact;
    utc_periods(slot, &p);
    return visitors_of_period(t, kind, p.number[kind], &exact);
}

void drive_keep(const struct visitors_table *t, int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    if (visitors_wants_filling(t)) {
        visitors_fill_begin(t, &p);
        visitors_fill_finish(t, slot, &p);
    }
    if (visitors_wants_sketched(t))
        visitors_sketched(t);
    visitors_tick(t, slot, &p);
}

void drive_fill(const struct visitors_table *t, uint64_t count, int64_t from,
                int64_t until)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t slot = from + (int64_t)(i * (uint64_t)(until - from) / count);
        drive_hit(t, i, slot);
        if (i % 16384 == 0 || i + 1 == count)
            drive_keep(t, slot);
    }
}

bool drive_is_near(double is, double should, double standard_error)
{
    return fabs(is - should) <= 3 * standard_error * should + 1;
}
