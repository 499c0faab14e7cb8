/* Clocks that were wrong: each view stays on the day that the clock said when it came. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "count/site_aside.h"
#include "count/site_inner.h"
#include "lib/repeat.h"
#include "lib/world.h"

#define UTC_SITE "[site a]\ntimezone = UTC\n"

enum { DAY_S = 86400, HOUR_S = 3600, LEDGER_DAYS = 1024, VISITORS = 7 };

static struct world w;

/* What was counted of each day, by the clock of then. */
static struct {
    int64_t day[LEDGER_DAYS];
    uint64_t views[LEDGER_DAYS], total;
    unsigned days;
} ledger;

static void start(const char *at)
{
    memset(&ledger, 0, sizeof ledger);
    world_open(&w, 4, UTC_SITE, world_time(at));
}

static int64_t today(void)
{
    return w.now.ms / 1000 / DAY_S;
}

static uint64_t *ledger_of(int64_t day)
{
    unsigned i = 0;

    while (i < ledger.days && ledger.day[i] != day)
        i++;
    cr_assert_lt(i, LEDGER_DAYS);
    if (i == ledger.days) {
        ledger.day[ledger.days++] = day;
        ledger.views[i] = 0;
    }
    return &ledger.views[i];
}

static void views(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        cr_assert_eq(world_view(&w, "a", i % VISITORS), OUTCOME_VIEW);
    *ledger_of(today()) += n;
    ledger.total += n;
}

static uint64_t views_of(int64_t day)
{
    struct site_numbers n;

    (void)site_kept_day(world_site(&w, "a"), day, &n);
    return n.metric[METRIC_VIEWS];
}

static uint64_t metric(enum site_span span)
{
    return world_metric(&w, "a", span, METRIC_VIEWS);
}

static bool is_kept(int64_t day)
{
    int64_t days[SITE_KEPT_DAYS];
    unsigned n = site_kept_days(world_site(&w, "a"), days);

    while (n > 0 && days[n - 1] != day)
        n--;
    return n > 0;
}

/* Every day, the total, and the periods that reach up to now. */
static void expect_ledger(const char *when)
{
    int64_t month_first = month_first_day(month_of_day(today()));
    uint64_t month = 0;

    cr_expect_eq(metric(SPAN_TOTAL), ledger.total, "%s: %lu of %lu in total", when,
                 metric(SPAN_TOTAL), ledger.total);
    for (unsigned i = 0; i < ledger.days; i++) {
        int64_t day = ledger.day[i];

        cr_expect_eq(views_of(day), ledger.views[i], "%s: day %ld: %lu of %lu", when,
                     day - today(), views_of(day), ledger.views[i]);
        cr_expect(is_kept(day) || views_of(day) == 0, "%s: day %ld is not seen", when,
                  day - today());
        if (day >= month_first && day <= today())
            month += ledger.views[i];
    }
    cr_expect_eq(metric(SPAN_TODAY), *ledger_of(today()), "%s: today", when);
    cr_expect_eq(metric(SPAN_MONTH), month, "%s: month", when);
}

/* To another time, by the keeper's ticks, as it comes. */
static void go_to(struct instant at)
{
    if (at.ms < w.now.ms)
        world_set_back(&w, at);
    w.now = at;
    world_ticks(&w, 6);
}

static void go(int64_t seconds)
{
    go_to(instant_after(w.now, seconds));
}

static void expect_there_and_back(int64_t seconds)
{
    struct instant then;

    start("2026-11-10 10:00:00");
    views(3);
    go(2 * DAY_S);
    views(4);
    go(5 * HOUR_S);
    views(5);
    then = w.now;
    go(seconds);
    expect_ledger("there");
    views(6);
    expect_ledger("there, counting");
    go(30);
    views(2);
    go_to(instant_after(then, 60));
    expect_ledger("back");
    views(7);
    expect_ledger("back, counting");
    world_restart(&w, instant_after(w.now, 60));
    expect_ledger("after a restart");
    views(1);
    go(2 * DAY_S);
    expect_ledger("days later");
    go(seconds > 0 ? seconds - 2 * DAY_S - 30 : 60);
    views(9);
    expect_ledger("when that day comes");
    world_close(&w);
}

Test(site_aside, an_hour_there_and_back)
{
    expect_there_and_back(HOUR_S);
    expect_there_and_back(-HOUR_S);
}

Test(site_aside, a_multiple_of_the_ring_there_and_back)
{
    expect_there_and_back(2 * HOUR_S);
    expect_there_and_back(-2 * HOUR_S);
    expect_there_and_back(4 * HOUR_S);
    expect_there_and_back(-6 * HOUR_S);
}

Test(site_aside, a_day_or_26_hours_there_and_back)
{
    expect_there_and_back(DAY_S);
    expect_there_and_back(-DAY_S);
    expect_there_and_back(26 * HOUR_S);
    expect_there_and_back(-26 * HOUR_S);
}

Test(site_aside, as_far_as_quarters_and_rows_reach_and_back)
{
    static const int days[] = {35, 36, 37, 79, 80, 81, 160, 165, 167, 320};

    for (unsigned i = 0; i < sizeof days / sizeof days[0]; i++) {
        expect_there_and_back((int64_t)days[i] * DAY_S);
        expect_there_and_back((int64_t)-days[i] * DAY_S);
    }
}

Test(site_aside, a_year_there_and_back)
{
    expect_there_and_back(365 * (int64_t)DAY_S);
    expect_there_and_back(-366 * (int64_t)DAY_S);
}

Test(site_aside, to_1970_and_back)
{
    expect_there_and_back(1000 - world_time("2026-11-12 15:00:00").ms / 1000);
}

/* A month's worth of rows lies where the year to come takes them from. */
Test(site_aside, rows_of_days_before_a_jump_are_still_there_after_it)
{
    start("2026-09-01 10:00:00");
    for (int d = 0; d < 75; d++) {
        views(1 + (unsigned)d % 5);
        go(DAY_S);
    }
    expect_ledger("before");
    go(365 * (int64_t)DAY_S);
    for (int d = 0; d < 9; d++) {
        views(2);
        go(DAY_S);
    }
    go(-374 * (int64_t)DAY_S);
    expect_ledger("back");
    for (int d = 0; d < 3; d++) {
        views(3);
        go(DAY_S);
        expect_ledger("going on");
    }
    world_close(&w);
}

/* What is counted between the clock's step and the keeper's answer to it. */
Test(site_aside, hits_while_the_clock_is_set_back_are_in_a_day)
{
    static const int64_t back[] = {2 * HOUR_S, 26 * HOUR_S, 365 * (int64_t)DAY_S};

    for (unsigned i = 0; i < sizeof back / sizeof back[0]; i++) {
        start("2027-11-10 10:00:00");
        views(3);
        w.now = instant_after(w.now, -back[i]);
        registry_set_back(w.registry, w.now, false);
        views(4);
        world_set_back(&w, w.now);
        world_ticks(&w, 2);
        views(5);
        for (int slot = 0; slot < 700; slot++) { /* every place of the ring */
            go(12);
            views(1);
        }
        expect_ledger("after two hours");
        cr_expect_eq(world_site(&w, "a")->block->hits.overrun_views, 4);
        world_close(&w);
    }
}

/* The keeper needs some ticks to close what a jump leaves behind: killed among them, the
 * next start does. */
Test(site_aside, a_kill_in_the_ticks_of_a_jump_and_a_long_stop_keep_each_day)
{
    static const int64_t jump[] = {HOUR_S, 29 * HOUR_S, 3 * DAY_S, 37 * DAY_S, -DAY_S};
    static const int64_t stop[] = {HOUR_S, 3 * DAY_S, 37 * DAY_S, 81 * DAY_S,
                                   365 * (int64_t)DAY_S};

    for (unsigned i = 0; i < sizeof jump / sizeof jump[0]; i++)
        for (unsigned j = 0; j < sizeof stop / sizeof stop[0]; j++)
            for (unsigned ticks = 0; ticks < 7; ticks++) {
                start("2026-05-22 19:27:00");
                views(3);
                world_ticks(&w, 3);
                if (jump[i] < 0)
                    world_set_back(&w, instant_after(w.now, jump[i]));
                else
                    w.now = instant_after(w.now, jump[i]);
                world_ticks(&w, ticks);
                views(5);
                world_restart(&w, instant_after(w.now, stop[j]));
                expect_ledger("after the stop");
                world_ticks(&w, 6);
                views(1);
                expect_ledger("going on");
                world_close(&w);
            }
}

/* Forth by any time, or back, as far as the keeper gets until it is killed. */
static void jump(int64_t seconds, unsigned ticks, bool finished)
{
    struct instant then = instant_after(w.now, seconds);

    if (seconds < 0 && finished)
        world_set_back(&w, then);
    else if (seconds < 0)
        registry_set_back(w.registry, then, false);
    w.now = then;
    if (seconds > 0 || finished)
        world_ticks(&w, ticks);
}

/* Jumps before the keeper has closed what the one before left: a day in between may be in
 * slots only, without a row, and a saver sees it at every moment. */
Test(site_aside, a_day_that_has_no_row_yet_is_seen)
{
    for (unsigned ticks = 0; ticks < 64; ticks++) {
        int64_t between;

        start("2026-05-23 02:27:00");
        views(2);
        world_ticks(&w, 6);
        jump(37 * DAY_S, ticks / 8, true);
        views(3);
        jump(80 * DAY_S, ticks % 8, true);
        views(1);
        between = today();
        jump(-9 * DAY_S, 0, true);
        for (int tick = 0; tick < 60; tick++) {
            cr_expect(is_kept(between) || views_of(between) == 0, "%u ticks, then %d",
                      ticks, tick);
            world_ticks(&w, 1);
        }
        world_close(&w);
    }
}

/* An hour back over midnight, and 26 hours: in its slots, and aside. */
Test(site_aside, what_was_counted_on_days_to_come_is_said)
{
    static const int64_t forth[] = {HOUR_S, 26 * HOUR_S};

    for (int i = 0; i < 2; i++) {
        struct days_ahead ahead = {0};

        start("2026-05-12 23:28:00");
        views(3);
        world_ticks(&w, 6);
        cr_expect_eq(registry_days_ahead(w.registry, w.now).sites, 0);
        jump(forth[i], 6, true);
        views(5);
        world_ticks(&w, 6);
        jump(-forth[i], 6, true);
        ahead = registry_days_ahead(w.registry, w.now);
        cr_expect_eq(ahead.sites, 1);
        cr_expect_eq(ahead.views, 5);
        cr_expect_eq(ahead.first_day, today() + 1 + i);
        cr_expect_eq(ahead.last_day, today() + 1 + i);
        expect_ledger("back");
        world_close(&w);
    }
}

/* The clock was set back while it was down, before what lay behind was closed: what it
 * counted ahead stays in its slots. */
Test(site_aside, slots_ahead_of_a_clock_that_went_back_are_no_damage)
{
    for (unsigned ticks = 0; ticks < 4; ticks++) {
        start("2026-05-12 07:00:00");
        views(3);
        world_ticks(&w, 6);
        jump(365 * (int64_t)DAY_S, 6, true);
        jump(7 * HOUR_S + 5, ticks, true);
        views(5);
        world_restart(&w, instant_after(w.now, -7 * HOUR_S));
        expect_ledger("back");
        views(1);
        world_restart(&w, w.now);
        expect_ledger("again");
        world_ticks(&w, 6);
        expect_ledger("going on");
        world_close(&w);
    }
}

/* Forth and back between two ticks of the keeper: who came in between is dated ahead, and
 * nothing was set back. */
Test(site_aside, who_came_by_a_clock_that_the_keeper_never_saw_is_no_damage)
{
    for (unsigned ticks = 0; ticks < 4; ticks++) {
        start("2026-05-12 07:00:00");
        views(3);
        world_ticks(&w, 6);
        jump(DAY_S, 6, true);
        views(2);
        jump(-DAY_S, 6, true);
        w.now = instant_after(w.now, 11 * HOUR_S);
        views(VISITORS);
        w.now = instant_after(w.now, -11 * HOUR_S);
        views(2);
        world_ticks(&w, ticks);
        world_restart(&w, w.now);
        expect_ledger("back");
        views(VISITORS);
        world_restart(&w, w.now);
        expect_ledger("again");
        world_ticks(&w, 6);
        expect_ledger("going on");
        world_close(&w);
    }
}

/* The world stops where a start takes for damage what nobody changed. */
Test(site_aside, kills_among_the_ticks_of_a_jump_are_no_damage_and_lose_no_day)
{
    static const int64_t far[] = {
        600,         HOUR_S,      2 * HOUR_S,          7 * HOUR_S, 12 * HOUR_S,
        DAY_S,       26 * HOUR_S, 9 * DAY_S,           37 * DAY_S, 80 * DAY_S,
        100 * DAY_S, 200 * DAY_S, 365 * (int64_t)DAY_S};
    enum { FARS = sizeof far / sizeof far[0] };
    const uint64_t first = number_from("SEED", 1), rounds = number_from("ROUNDS", 40);

    for (uint64_t seed = first; seed < first + rounds; seed++) {
        uint64_t state = seed;
        char when[64];

        start("2026-05-22 19:27:00");
        for (int step = 0; step < 12; step++) {
            int64_t there = far[random_below(&state, FARS)];
            int64_t stop = far[random_below(&state, FARS)];
            unsigned before = (unsigned)random_below(&state, 4);
            unsigned after = (unsigned)random_below(&state, 5);
            unsigned ticks = (unsigned)random_below(&state, 7);
            bool forth = random_below(&state, 2) != 0;
            bool finished = random_below(&state, 4) != 0;
            int64_t kind = (int64_t)random_below(&state, 9);

            snprintf(when, sizeof when, "seed %lu step %d", seed, step);
            views(before);
            world_ticks(&w, 6);
            jump(forth ? there : -there, ticks, finished);
            views(after);
            world_restart(&w, instant_after(w.now, kind < 6   ? stop
                                                   : kind < 8 ? 0
                                                              : -stop));
            expect_ledger(when);
            world_ticks(&w, (unsigned)random_below(&state, 4));
            world_restart(&w, w.now);
            expect_ledger(when);
            world_ticks(&w, 6);
            views(1);
            world_ticks(&w, 1); /* it may have met a word that is still to come */
            expect_ledger(when);
        }
        world_close(&w);
    }
}

/* --- Hours --- */

enum { LEDGER_QUARTERS = 4096 };
static uint64_t by_quarter[LEDGER_QUARTERS];

static void views_in_quarter(int64_t first_q, unsigned n)
{
    views(n);
    by_quarter[w.now.ms / SLOT_MS / QUARTER_SLOTS - first_q] += n;
}

static void expect_quarters(int64_t first_q, uint64_t seed)
{
    uint64_t last_day = 0;

    for (int64_t i = 0; i < LEDGER_QUARTERS; i++) {
        int64_t now_q = w.now.ms / SLOT_MS / QUARTER_SLOTS;

        cr_assert_eq(
            site_own_quarter(world_site(&w, "a"), first_q + i).views, by_quarter[i],
            "seed %lu: quarter %ld from now: %lu of %lu", seed, first_q + i - now_q,
            site_own_quarter(world_site(&w, "a"), first_q + i).views, by_quarter[i]);
        if (first_q + i > now_q - 96 && first_q + i < now_q)
            last_day += by_quarter[i];
    }
    cr_assert_geq(metric(SPAN_LAST_24H), last_day, "seed %lu", seed);
}

static void one_walk_of_hours(uint64_t seed)
{
    uint64_t random = seed;
    int64_t first_q;

    start("2026-05-10 10:00:00");
    memset(by_quarter, 0, sizeof by_quarter);
    first_q = w.now.ms / SLOT_MS / QUARTER_SLOTS - LEDGER_QUARTERS / 2;
    for (int i = 0; i < 100; i++) {
        int64_t step = (int64_t)random_below(&random, 20 * HOUR_S) - 9 * HOUR_S;

        views_in_quarter(first_q, (unsigned)random_below(&random, 6));
        if (random_below(&random, 4) == 0)
            world_restart(&w, instant_after(w.now, step));
        else
            go(step);
        expect_quarters(first_q, seed);
    }
    expect_ledger("after hours");
    world_close(&w);
}

Test(site_aside, quarter_hours_that_are_counted_twice_are_added_up)
{
    uint64_t only = number_from("SEED", 0), seeds = number_from("SEEDS", 20);

    for (uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds); seed++)
        one_walk_of_hours(seed);
}

/* --- As it comes --- */

static int64_t some_step(uint64_t *random)
{
    static const int64_t far[] = {HOUR_S,      2 * HOUR_S,  7 * HOUR_S,  DAY_S,
                                  26 * HOUR_S, 9 * DAY_S,   37 * DAY_S,  80 * DAY_S,
                                  200 * DAY_S, 365 * DAY_S, 700 * DAY_S, 600,
                                  12 * HOUR_S};
    int64_t step = far[random_below(random, sizeof far / sizeof far[0])];

    return random_below(random, 2) == 0 ? step : -step;
}

static void one_walk(uint64_t seed)
{
    uint64_t random = seed;
    struct instant home = world_time("2026-05-10 10:00:00");

    start("2026-05-10 10:00:00");
    for (int i = 0; i < 60; i++) {
        views((unsigned)random_below(&random, 6));
        if (random_below(&random, 3) == 0) {
            go(some_step(&random));
        } else if (random_below(&random, 6) == 0) {
            world_restart(&w, instant_after(w.now, some_step(&random)));
        } else if (random_below(&random, 3) == 0) {
            home = instant_after(home, 1 + (int64_t)random_below(&random, 2 * DAY_S));
            go_to(home);
        } else {
            go((int64_t)random_below(&random, 20 * HOUR_S));
        }
        expect_ledger("walking");
        cr_assert_lt(ledger.days, ASIDE_DAYS);
    }
    world_close(&w);
}

Test(site_aside, a_clock_that_walks_at_random_loses_and_doubles_nothing)
{
    uint64_t only = number_from("SEED", 0), seeds = number_from("SEEDS", 40);

    for (uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds);
         seed++) {
        one_walk(seed);
    }
}
