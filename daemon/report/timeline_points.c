#include <stdlib.h>

#include "base/error.h"
#include "report/timeline_inner.h"

struct period timeline_period(const struct timeline *t, enum period_kind kind,
                              int64_t at_s)
{
    return period_at(&t->terms->calendar, kind, timeline_floor_div(at_s, SLOT_MS / 1000));
}

static int64_t step_start(const struct timeline *t, int64_t at_s)
{
    const struct zone *zone = t->terms->zone;
    enum period_kind kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH;

    switch (t->query->step) {
    case STEP_MINUTE:
        return timeline_floor_div(at_s, TIMELINE_MINUTE_S) * TIMELINE_MINUTE_S;
    case STEP_QUARTER:
        return timeline_floor_div(at_s, TIMELINE_QUARTER_S) * TIMELINE_QUARTER_S;
    case STEP_HOUR:
        return zone_hour_start(zone, at_s);
    case STEP_DAY:
        return zone_day_start(zone, zone_day(zone, at_s));
    default:
        return zone_day_start(zone, timeline_period(t, kind, at_s).first_day);
    }
}

/* Hours are cut where the clock shows :00 and where it jumps: 30, 60 or 90 minutes. */
static int64_t next_hour(const struct zone *zone, int64_t start)
{
    for (int64_t after = TIMELINE_HOUR_S / 2; after <= 2 * TIMELINE_HOUR_S;
         after += TIMELINE_HOUR_S / 2) {
        int64_t next = zone_hour_start(zone, start + after);
        if (next > start)
            return next;
    }
    return start + TIMELINE_HOUR_S;
}

static int64_t step_end(const struct timeline *t, int64_t start)
{
    const struct zone *zone = t->terms->zone;
    enum period_kind kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH;

    switch (t->query->step) {
    case STEP_MINUTE:
        return start + TIMELINE_MINUTE_S;
    case STEP_QUARTER:
        return start + TIMELINE_QUARTER_S;
    case STEP_HOUR:
        return next_hour(zone, start);
    case STEP_DAY:
        return zone_day_start(zone, zone_day(zone, start) + 1);
    default:
        return zone_day_start(zone, timeline_period(t, kind, start).until_day);
    }
}

int timeline_lay_out(struct timeline *t)
{
    int64_t at = step_start(t, t->query->from_s);
    size_t limit = 64;

    if (t->query->until_s <= t->query->from_s ||
        t->query->until_s - t->query->from_s >
            (int64_t)TIMELINE_DAYS_MAX * TIMELINE_DAY_S)
        return ERR_RANGE;
    t->point = calloc(limit, sizeof *t->point);
    if (t->point == NULL)
        return ERR_NOMEM;
    while (at < t->query->until_s) {
        if (t->count == TIMELINE_POINTS_MAX)
            return ERR_RANGE;
        if (t->count == limit) {
            struct timeline_point *grown =
                realloc(t->point, 2 * limit * sizeof *t->point);
            if (grown == NULL)
                return ERR_NOMEM;
            t->point = grown;
            limit *= 2;
        }
        t->point[t->count++] = (struct timeline_point){.from_s = at,
                                                       .until_s = step_end(t, at),
                                                       .exact = true,
                                                       .deduplicated = true};
        at = t->point[t->count - 1].until_s;
    }
    return 0;
}
