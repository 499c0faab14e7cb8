#include "count/period.h"

#include "base/clock.h"

enum { SLOT_S = SLOT_MS / 1000, HOUR_S = 3600, DAY_S = 86400 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t slot_at_or_after(int64_t unix_seconds)
{
    return floor_div(unix_seconds + SLOT_S - 1, SLOT_S);
}

/* Weeks are numbered so that week 0 is the one that holds 1970-01-01 (a Thursday),
 * whatever day weeks begin on. */
static int64_t week_number(int64_t first_day)
{
    return floor_div(first_day + 6, 7);
}

struct period_days period_days_at(const struct calendar *c, enum period_kind kind,
                                  int64_t day)
{
    int64_t first, month;

    if (kind == PERIOD_WEEK) {
        first = week_first_day(day, c->first_weekday);
        return (struct period_days){week_number(first), first, first + 7};
    }
    if (kind == PERIOD_MONTH) {
        month = month_of_day(day);
        return (struct period_days){month, month_first_day(month),
                                    month_first_day(month + 1)};
    }
    return (struct period_days){day, day, day + 1};
}

struct period_days period_days_before(enum period_kind kind, struct period_days p)
{
    int64_t number = p.number - 1;

    return (struct period_days){.number = number,
                                .first_day = kind == PERIOD_MONTH
                                                 ? month_first_day(number)
                                             : kind == PERIOD_WEEK ? p.first_day - 7
                                                                   : number,
                                .until_day = p.first_day};
}

static struct period period_of_days(const struct calendar *c, struct period_days days)
{
    return (struct period){
        .number = days.number,
        .from_slot = slot_at_or_after(zone_day_start(c->zone, days.first_day)),
        .until_slot = slot_at_or_after(zone_day_start(c->zone, days.until_day)),
        .first_day = days.first_day,
        .until_day = days.until_day,
    };
}

struct period period_of_day(const struct calendar *c, int64_t day)
{
    return period_of_days(c, (struct period_days){day, day, day + 1});
}

/* Where a clock jumps by half an hour there are hours of 30 and of 90 minutes. Offsets
 * are multiples of 15 minutes, so no two hours begin within less. */
static int64_t hour_end(const struct calendar *c, int64_t start)
{
    int64_t t = start;

    do {
        t += HOUR_S / 4;
    } while (zone_hour_start(c->zone, t) == start);
    return zone_hour_start(c->zone, t);
}

static struct period period_of_hour(const struct calendar *c, int64_t t)
{
    int64_t start = zone_hour_start(c->zone, t);
    int64_t day = zone_day(c->zone, t);

    return (struct period){
        /* Unix hours: unique also when the clock is set back. */
        .number = floor_div(start, HOUR_S),
        .from_slot = slot_at_or_after(start),
        .until_slot = slot_at_or_after(hour_end(c, start)),
        .first_day = day,
        .until_day = day + 1,
    };
}

static struct period period_of_instant(const struct calendar *c, enum period_kind kind,
                                       int64_t t)
{
    if (kind == PERIOD_HOUR)
        return period_of_hour(c, t);
    return period_of_days(c, period_days_at(c, kind, zone_day(c->zone, t)));
}

struct period period_at(const struct calendar *c, enum period_kind kind, int64_t slot)
{
    return period_of_instant(c, kind, slot * SLOT_S);
}

struct period period_before(const struct calendar *c, enum period_kind kind, int64_t slot)
{
    struct period now = period_at(c, kind, slot);

    return period_at(c, kind, now.from_slot - 1);
}

void visit_periods_at(const struct calendar *c, int64_t slot, int64_t online_slots,
                      int64_t idle_slots, struct visit_periods *ret_periods)
{
    for (int kind = 0; kind < PERIOD_KINDS; kind++) {
        struct period p = period_at(c, (enum period_kind)kind, slot);
        if (kind == PERIOD_HOUR) {
            ret_periods->from_slot = p.from_slot;
            ret_periods->until_slot = p.until_slot;
        }
        ret_periods->start[kind] = p.from_slot;
        ret_periods->number[kind] = (uint32_t)p.number;
        if (p.from_slot > ret_periods->from_slot)
            /* A day may begin inside a clock hour. */
            ret_periods->from_slot = p.from_slot;
        if (p.until_slot < ret_periods->until_slot)
            ret_periods->until_slot = p.until_slot;
    }
    ret_periods->online_after = slot - online_slots;
    ret_periods->idle_slots = idle_slots;
}
