/* The clock is set back over midnight, in each order that a view, the keeper's tick and a
 * kill can come in: no day has more visitors than views, and a day's visitors are those who
 * came while the clock said that day. */
#include <criterion/criterion.h>

#include "count/site_aside.h"
#include "lib/repeat.h"
#include "lib/world.h"

static struct world w;
static int64_t first_day; /* a Wednesday, or another day */
static uint64_t counted;

static void views(unsigned first, unsigned until)
{
    for (unsigned v = first; v < until; v++, counted++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
}

static struct site_numbers day(int64_t number)
{
    struct site_numbers n;

    site_kept_day(world_site(&w, "a"), number, &n);
    return n;
}

static void expect_day(int back, uint64_t viewed, uint64_t visitors, const char *when)
{
    struct site_numbers n = day(first_day + back);

    cr_expect_eq(n.metric[METRIC_VIEWS], viewed, "%s: day %d has %lu views", when, back,
                 n.metric[METRIC_VIEWS]);
    cr_expect_eq(n.metric[METRIC_VISITORS], visitors, "%s: day %d has %lu visitors", when,
                 back, n.metric[METRIC_VISITORS]);
}

/* Three come in the evening, five others after midnight. */
static void two_days(const char *evening)
{
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", world_time(evening));
    first_day = w.now.ms / 86400000;
    world_ticks(&w, 6);
    views(0, 3);
    w.now.ms = (first_day + 1) * 86400000 + 1200000;
    world_ticks(&w, 6);
    views(10, 15);
    world_ticks(&w, 6);
}

static struct instant before_midnight(int64_t s)
{
    return (struct instant){((first_day + 1) * 86400 - s) * 1000};
}

static void kill_and_go_on(void)
{
    for (int i = 0; i < 2; i++) {
        world_restart(&w, w.now);
        expect_day(0, 5, 5, "killed");
        expect_day(1, 5, 5, "killed");
        world_ticks(&w, 6);
    }
    views(20, 22); /* they are known */
    expect_day(0, 7, 5, "they come again");
    world_restart(&w, instant_after(w.now, 6));
    expect_day(0, 7, 5, "and it is killed");
    w.now.ms += 3600000;
    world_ticks(&w, 6);
    views(20, 21);
    expect_day(0, 7, 5, "the next day");
    expect_day(1, 6, 5, "the most that were seen of it");
    world_close(&w);
}

/* In the middle of a week; where a week, and where a month begins; the site's first day is
 * the one that comes again. */
static const char *const evenings[] = {"2024-05-15 20:00:00", "2024-05-13 20:00:00",
                                       "2024-05-12 20:00:00", "2024-05-01 20:00:00",
                                       "2024-04-30 20:00:00"};
enum { EVENINGS = sizeof evenings / sizeof evenings[0] };

Test(visitors_reset, who_came_on_the_day_after_is_not_of_this_day)
{
    for (unsigned i = 0; i < EVENINGS; i++) {
        two_days(evenings[i]);
        world_set_back(&w, before_midnight(1200));
        world_ticks(&w, 6);
        expect_day(0, 3, 3, evenings[i]);
        expect_day(1, 5, 5, evenings[i]);
        views(20, 22);
        kill_and_go_on();
    }
}

Test(visitors_reset, nor_when_it_was_killed_before_the_clock_went_back)
{
    for (unsigned i = 0; i < EVENINGS; i++) {
        two_days(evenings[i]);
        world_restart(&w, before_midnight(1200));
        expect_day(0, 3, 3, evenings[i]);
        expect_day(1, 5, 5, evenings[i]);
        views(20, 22);
        kill_and_go_on();
    }
}

/* Between the clock's step and the keeper's answer to it: what was counted then is of the
 * day that the clock said, and so is who came. */
Test(visitors_reset, nor_is_who_came_before_the_keeper_looked_of_the_day_after)
{
    for (unsigned i = 0; i < EVENINGS; i++) {
        two_days(evenings[i]);
        w.now = before_midnight(1200);
        views(20, 22);
        kill_and_go_on();
        two_days(evenings[i]);
        w.now = before_midnight(1200);
        (void)registry_set_back(w.registry, w.now, false);
        views(20, 22);
        kill_and_go_on();
        two_days(evenings[i]);
        w.now = before_midnight(1200);
        views(20, 21);
        (void)registry_set_back(w.registry, w.now, false);
        views(21, 22);
        world_set_back(&w, w.now);
        world_ticks(&w, 6);
        kill_and_go_on();
    }
}

Test(visitors_reset, a_step_that_slots_still_take_changes_no_day)
{
    two_days(evenings[0]);
    w.now.ms = (first_day + 1) * 86400000 + 300000;
    views(20, 22);
    world_restart(&w, before_midnight(60));
    expect_day(0, 3, 3, "killed");
    expect_day(1, 7, 7, "killed");
    world_close(&w);
}

/* Who is of the week and the month already is so once. */
Test(visitors_reset, who_comes_again_is_one_visitor_of_the_week_and_the_month)
{
    two_days(evenings[0]);
    world_set_back(&w, before_midnight(1200));
    world_ticks(&w, 6);
    views(10, 15);
    expect_day(0, 8, 8, "all five");
    cr_expect_eq(world_metric(&w, "a", SPAN_WEEK, METRIC_VISITORS), 8);
    cr_expect_eq(world_metric(&w, "a", SPAN_MONTH, METRIC_VISITORS), 8);
    world_close(&w);
}

/* --- As nobody would set it --- */

static void step(uint64_t *r)
{
    static const int64_t far[] = {20,    900,   3600,      7200,
                                  30000, 86400, 2 * 86400, 9 * 86400};
    int64_t by = far[random_below(r, 8)] * (random_below(r, 2) == 0 ? 1000 : -1000);

    by += (int64_t)random_below(r, 600) * 1000;
    w.now.ms += by;
    if (random_below(r, 2) == 0)
        views(0, (unsigned)random_below(r, 9)); /* before the keeper looks */
    if (by < -(int64_t)LATE_SLOTS * SLOT_MS && random_below(r, 4) != 0)
        world_set_back(&w, w.now);
    else if (by < -(int64_t)LATE_SLOTS * SLOT_MS)
        world_restart(&w, w.now);
    world_ticks(&w, (unsigned)random_below(r, 7));
}

static void expect_no_more_visitors(uint64_t seed, unsigned at)
{
    int64_t days[SITE_KEPT_DAYS];
    unsigned n = site_kept_days(world_site(&w, "a"), days);

    cr_assert_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), counted,
                 "seed %lu, step %u: %lu of %lu", (unsigned long)seed, at,
                 world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), counted);
    for (unsigned i = 0; i < n; i++) {
        struct site_numbers of = day(days[i]);
        cr_assert_leq(of.metric[METRIC_VISITORS], of.metric[METRIC_VIEWS],
                      "seed %lu, step %u: day %ld has %lu visitors, %lu views",
                      (unsigned long)seed, at, (long)days[i], of.metric[METRIC_VISITORS],
                      of.metric[METRIC_VIEWS]);
        cr_assert_leq(of.metric[METRIC_VISITS], of.metric[METRIC_VIEWS]);
    }
}

/* Nor loses it a view, nor is anything of it taken for damage. */
Test(visitors_reset, a_clock_that_walks_gives_no_day_more_visitors_than_views)
{
    for (uint64_t seed = 1; seed <= number_from("SEEDS", 40); seed++) {
        uint64_t r = seed;

        counted = 0;
        world_open(&w, 4, "[site a]\ntimezone = UTC\n",
                   world_time("2024-05-15 20:00:00"));
        world_ticks(&w, 6);
        for (unsigned at = 0; at < 60; at++) {
            views(0, (unsigned)random_below(&r, 12));
            world_ticks(&w, 1); /* overrun of two days in one tick is booked on one */
            step(&r);
            if (random_below(&r, 3) == 0)
                world_restart(&w, w.now);
            else
                world_ticks(&w, 1);
            expect_no_more_visitors(seed, at);
        }
        world_close(&w);
    }
}
