#include "count/period.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/world.h"

enum { DAY_SLOTS = 7200 };

static struct calendar calendar_of(const char *zone, unsigned first_weekday)
{
    struct zone *z;

    cr_assert_eq(zone_load(&z, slice_of(zone)), 0, "no zone %s", zone);
    return (struct calendar){z, first_weekday};
}

static void calendar_release(struct calendar *c)
{
    union { /* the calendar only borrows it */
        const struct zone *borrowed;
        struct zone *ours;
    } zone = {.borrowed = c->zone};

    zone_free(zone.ours);
}

static int64_t slot_of(const char *utc)
{
    return world_time(utc).ms / SLOT_MS;
}

static void expect_period(const struct calendar *c, enum period_kind kind, const char *at,
                          const char *from, const char *until)
{
    struct period p = period_at(c, kind, slot_of(at));

    cr_expect_eq(p.from_slot, slot_of(from), "%s: from", at);
    cr_expect_eq(p.until_slot, slot_of(until), "%s: until", at);
}

Test(period, a_day_begins_at_local_midnight)
{
    struct calendar c = calendar_of("Asia/Ho_Chi_Minh", 0);

    expect_period(&c, PERIOD_DAY, "2024-05-01 16:59:59", "2024-04-30 17:00:00",
                  "2024-05-01 17:00:00");
    expect_period(&c, PERIOD_DAY, "2024-05-01 17:00:00", "2024-05-01 17:00:00",
                  "2024-05-02 17:00:00");
    calendar_release(&c);
}

Test(period, a_week_begins_on_the_first_weekday)
{
    struct calendar monday = calendar_of("UTC", 0), sunday = calendar_of("UTC", 6);

    expect_period(&monday, PERIOD_WEEK, "2024-05-05 23:59:59", "2024-04-29 00:00:00",
                  "2024-05-06 00:00:00");
    expect_period(&sunday, PERIOD_WEEK, "2024-05-05 23:59:59", "2024-05-05 00:00:00",
                  "2024-05-12 00:00:00");
    calendar_release(&monday);
    calendar_release(&sunday);
}

Test(period, a_month_is_as_long_as_it_is)
{
    struct calendar c = calendar_of("UTC", 0);

    expect_period(&c, PERIOD_MONTH, "2024-02-29 12:00:00", "2024-02-01 00:00:00",
                  "2024-03-01 00:00:00");
    expect_period(&c, PERIOD_MONTH, "2024-12-31 23:59:59", "2024-12-01 00:00:00",
                  "2025-01-01 00:00:00");
    calendar_release(&c);
}

Test(period, a_day_has_23_or_25_hours_where_the_clock_changes)
{
    struct calendar c = calendar_of("Europe/Berlin", 0);

    expect_period(&c, PERIOD_DAY, "2024-03-31 12:00:00", "2024-03-30 23:00:00",
                  "2024-03-31 22:00:00");
    expect_period(&c, PERIOD_DAY, "2024-10-27 12:00:00", "2024-10-26 22:00:00",
                  "2024-10-27 23:00:00");
    calendar_release(&c);
}

Test(period, a_missing_midnight_is_the_first_instant_of_its_day)
{
    struct calendar c = calendar_of("America/Sao_Paulo", 0);

    expect_period(&c, PERIOD_DAY, "2017-10-15 12:00:00", "2017-10-15 03:00:00",
                  "2017-10-16 02:00:00");
    expect_period(&c, PERIOD_HOUR, "2017-10-15 03:30:00", "2017-10-15 03:00:00",
                  "2017-10-15 04:00:00");
    calendar_release(&c);
}

Test(period, an_hour_that_the_clock_repeats_is_two)
{
    struct calendar c = calendar_of("Europe/Berlin", 0);
    struct period first = period_at(&c, PERIOD_HOUR, slot_of("2024-10-27 00:30:00"));
    struct period second = period_at(&c, PERIOD_HOUR, slot_of("2024-10-27 01:30:00"));

    cr_expect_eq(first.until_slot, second.from_slot);
    cr_expect_neq(first.number, second.number);
    calendar_release(&c);
}

Test(period, hours_of_30_and_of_90_minutes_end_where_the_next_begins)
{
    struct calendar c = calendar_of("Australia/Lord_Howe", 0);

    /* 2024-04-07 02:00 +11 becomes 01:30 +10:30: 01:00 to 02:00 takes 90 minutes. */
    expect_period(&c, PERIOD_HOUR, "2024-04-06 15:20:00", "2024-04-06 14:00:00",
                  "2024-04-06 15:30:00");
    /* 2024-10-06 02:00 +10:30 becomes 02:30 +11. */
    expect_period(&c, PERIOD_HOUR, "2024-10-05 15:40:00", "2024-10-05 15:30:00",
                  "2024-10-05 16:00:00");
    calendar_release(&c);
}

Test(period, a_slot_belongs_to_the_period_that_it_begins_in)
{
    cr_expect_eq(slot_at_or_after(24), 2);
    cr_expect_eq(slot_at_or_after(25), 3);
    cr_expect_eq(slot_at_or_after(-12), -1);
    cr_expect_eq(slot_at_or_after(-1), 0);
}

static void expect_next_number(const struct calendar *c, enum period_kind kind,
                               const struct period *p, const struct period *next)
{
    cr_assert_geq(next->number, p->number);
    if (kind == PERIOD_WEEK || kind == PERIOD_MONTH)
        cr_assert_eq(next->number, p->number + 1);
    if (kind != PERIOD_DAY)
        return;
    for (int64_t d = p->number; d < next->number; d++) { /* Apia once had a day of 0 h */
        struct period day = period_of_day(c, d);

        cr_assert_eq(day.from_slot, d == p->number ? p->from_slot : p->until_slot);
        cr_assert_eq(day.until_slot, p->until_slot);
    }
}

/* Every kind, slot after slot through a year of changes: periods touch, their numbers
 * grow by one, and what a hit is told holds as long as it says. */
static void expect_whole(const char *zone, const char *from, int days)
{
    struct calendar c = calendar_of(zone, 6);
    int64_t first = slot_of(from);

    for (int kind = PERIOD_HOUR; kind < PERIOD_KINDS; kind++) {
        struct period p = period_at(&c, (enum period_kind)kind, first);

        while (p.from_slot < first + days * DAY_SLOTS) {
            struct period next = period_at(&c, (enum period_kind)kind, p.until_slot);
            struct period before =
                period_before(&c, (enum period_kind)kind, next.until_slot - 1);

            cr_assert_eq(next.from_slot, p.until_slot);
            cr_assert_gt(next.until_slot, next.from_slot);
            cr_assert_eq(before.from_slot, p.from_slot);
            cr_assert_eq(period_at(&c, (enum period_kind)kind, p.until_slot - 1).number,
                         p.number);
            expect_next_number(&c, (enum period_kind)kind, &p, &next);
            p = next;
        }
    }
    calendar_release(&c);
}

Test(period, periods_touch_and_are_numbered_in_order)
{
    expect_whole("UTC", "2024-01-01 00:00:00", 400);
    expect_whole("Asia/Ho_Chi_Minh", "2024-01-01 00:00:00", 400);
    expect_whole("Europe/Berlin", "2024-01-01 00:00:00", 400);
    expect_whole("America/Sao_Paulo", "2017-01-01 00:00:00", 400);
    expect_whole("Australia/Lord_Howe", "2024-01-01 00:00:00", 400);
    expect_whole("Asia/Kathmandu", "2024-01-01 00:00:00", 400);
    expect_whole("America/St_Johns", "2010-01-01 00:00:00", 400); /* turns at 00:01 */
    expect_whole("Asia/Pyongyang", "2018-01-01 00:00:00", 200);
    expect_whole("Pacific/Apia", "2011-10-01 00:00:00", 90); /* lost a day */
}

static void expect_holds(const char *zone, const char *from, int hours)
{
    struct calendar c = calendar_of(zone, 0);
    int64_t slot = slot_of(from), end = slot + hours * 300;

    while (slot < end) {
        struct visit_periods p;

        visit_periods_at(&c, slot, 25, 150, &p);
        cr_assert(slot >= p.from_slot && slot < p.until_slot);
        cr_assert_leq(p.until_slot - p.from_slot, 450);
        for (int64_t s = p.from_slot; s < p.until_slot; s++)
            for (int kind = 0; kind < PERIOD_KINDS; kind++) {
                struct period right = period_at(&c, (enum period_kind)kind, s);

                cr_assert_eq(p.start[kind], right.from_slot);
                cr_assert_eq(p.number[kind], (uint32_t)right.number);
            }
        slot = p.until_slot;
    }
    calendar_release(&c);
}

Test(period, what_a_hit_is_told_holds_as_long_as_it_says)
{
    expect_holds("Asia/Ho_Chi_Minh", "2024-02-29 12:10:00", 24);
    expect_holds("Europe/Berlin", "2024-03-30 20:10:00", 12);
    expect_holds("Europe/Berlin", "2024-10-26 20:10:00", 12);
    expect_holds("America/Sao_Paulo", "2017-10-14 23:10:00", 12);
    expect_holds("Australia/Lord_Howe", "2024-04-06 10:10:00", 12);
    expect_holds("Australia/Lord_Howe", "2024-10-05 10:10:00", 12);
    expect_holds("America/St_Johns", "2010-11-06 23:10:00", 12);
    expect_holds("Asia/Kathmandu", "2024-01-01 10:10:00", 24);
}

/* Going back by days alone meets the periods that going back by slots does. */
static void expect_same_way_back(const struct calendar *c, enum period_kind kind)
{
    int64_t slot = slot_of("2024-05-04 10:00:00");
    struct period p = period_at(c, kind, slot);
    struct period_days d =
        period_days_at(c, kind, zone_day(c->zone, slot * SLOT_MS / 1000));

    for (int i = 0; i < 800 && p.number >= 0; i++) {
        cr_expect_eq(d.number, p.number);
        cr_expect_eq(d.first_day, p.first_day);
        cr_expect_eq(d.until_day, p.until_day);
        p = period_at(c, kind, p.from_slot - 1);
        d = period_days_before(kind, d);
    }
}

Test(period, days_of_weeks_and_months_are_those_of_their_slots)
{
    static const char *const zones[] = {"UTC", "Asia/Ho_Chi_Minh", "Europe/Lisbon",
                                        "America/Sao_Paulo", "Australia/Lord_Howe"};

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        for (unsigned weekday = 0; weekday < 7; weekday += 3) {
            struct calendar c = calendar_of(zones[i], weekday);

            expect_same_way_back(&c, PERIOD_WEEK);
            expect_same_way_back(&c, PERIOD_MONTH);
            expect_same_way_back(&c, PERIOD_DAY);
            calendar_release(&c);
        }
}
