/* A process dies and another goes on with its arena; clocks that jump. */
#include <criterion/criterion.h>

#include "count/site_inner.h"
#include "lib/world.h"

static struct world w;

#define UTC_SITE "[site a]\ntimezone = UTC\n"

static void start(const char *at)
{
    world_open(&w, 4, UTC_SITE, world_time(at));
}

static uint64_t metric(enum site_span span, enum metric m)
{
    return world_metric(&w, "a", span, m);
}

static void views(unsigned first, unsigned until)
{
    for (unsigned v = first; v < until; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
}

static uint32_t mode_of_site(void)
{
    const struct site *s = world_site(&w, "a");
    int key = site_key_for(s, w.now.ms / SLOT_MS);

    cr_assert_geq(key, 0);
    return s->table[key].head->mode;
}

/* --- Kill and adoption --- */

Test(site_adopt, goes_on_after_seconds_as_if_nothing_had_been)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    views(0, 9);
    world_restart(&w, instant_after(w.now, 6));
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 18);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    cr_expect_eq(world_online(&w, "a"), 9);
    views(0, 9); /* the visits go on */
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 9);
    cr_expect_eq(w.report.adopted, 1);
    world_close(&w);
}

Test(site_adopt, goes_on_after_two_hours)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    world_restart(&w, instant_after(w.now, 7200));
    cr_expect_eq(world_online(&w, "a"), 0);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    views(0, 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 18);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 18);
    world_close(&w);
}

Test(site_adopt, goes_on_after_three_days)
{
    struct site_numbers n;

    start("2024-05-14 12:00:00");
    views(0, 9);
    world_restart(&w, instant_after(w.now, 3 * 86400));
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 0);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VIEWS), 0);
    cr_expect_eq(metric(SPAN_WEEK, METRIC_VIEWS), 9);
    cr_expect_eq(metric(SPAN_WEEK, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_LAST_7D, METRIC_VISITORS), 9);
    cr_expect(site_own_day(world_site(&w, "a"), w.now.ms / 86400000 - 3, w.now, &n));
    cr_expect_eq(n.metric[METRIC_VIEWS], 9);
    cr_expect_eq(n.metric[METRIC_VISITORS], 9);
    views(0, 3);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITS), 12);
    world_close(&w);
}

static void expect_january_seen_from_march(void)
{
    struct site_numbers n;
    int64_t day = world_time("2024-02-20 00:00:00").ms / 86400000;

    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VIEWS), 18);
    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VISITS), 9);
    cr_expect_eq(metric(SPAN_LAST_MONTH, METRIC_VISITORS), 9);
    cr_expect(site_own_day(world_site(&w, "a"), day, w.now, &n));
    cr_expect_eq(n.metric[METRIC_VIEWS], 18);
    cr_expect_eq(n.metric[METRIC_VISITORS], 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 18);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 9);
    views(0, 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 9);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 18);
}

Test(site_adopt, goes_on_after_forty_days_and_keeps_what_was_counted_since_the_last_tick)
{
    start("2024-02-20 12:00:00");
    views(0, 4);
    world_ticks(&w, 3);
    views(4, 9);
    views(0, 9);
    world_restart(&w, instant_after(w.now, 40 * 86400));
    expect_january_seen_from_march();
    world_close(&w);
}

Test(site_adopt, a_machine_that_slept_for_forty_days_lost_nothing)
{
    start("2024-02-20 12:00:00");
    views(0, 4);
    world_ticks(&w, 3);
    views(4, 9);
    views(0, 9);
    w.now = instant_after(w.now, 40 * 86400);
    world_ticks(&w, 6);
    expect_january_seen_from_march();
    world_close(&w);
}

Test(site_adopt, a_year_later_it_still_counts)
{
    start("2024-02-20 12:00:00");
    views(0, 9);
    world_restart(&w, instant_after(w.now, 366 * 86400));
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 9);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VIEWS), 0);
    views(0, 5);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 5);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 14);
    cr_expect_eq(world_online(&w, "a"), 5);
    world_close(&w);
}

Test(site_adopt, killed_inside_a_turn_loses_that_turn_only)
{
    struct sender sender = {.trusted = true};

    start("2024-05-15 12:00:00");
    views(0, 9);
    (void)address_parse(&sender.address, SLICE("10.1.1.1"));
    pipeline_begin(&w.pipeline, w.now);
    (void)pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &sender, NULL);
    world_restart(&w, instant_after(w.now, 6)); /* never ended */
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 9);
    views(0, 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 18);
    world_ticks(&w, 3);
    cr_expect_geq(w.graces.over, 1, "nobody is in a turn");
    world_close(&w);
}

Test(site_adopt, killed_again_and_again_changes_nothing)
{
    start("2024-05-15 23:40:00");
    views(0, 9);
    for (int i = 0; i < 20; i++) {
        world_restart(&w, instant_after(w.now, 180));
        cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 9);
        cr_expect_eq(metric(SPAN_TOTAL, METRIC_VISITORS), 9);
        cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITS), 9);
    }
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITORS), 9);
    world_close(&w);
}

Test(site_adopt, a_key_killed_while_it_was_made_or_erased_is_made_anew)
{
    struct site *s;

    start("2024-05-15 12:00:00");
    views(0, 9);
    s = world_site(&w, "a");
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (s->block->keys[i].state == KEY_FREE) { /* as make_key leaves it half way */
            atomic_store(&s->block->keys[i].state, KEY_LINKED);
            break;
        }
    world_restart(&w, instant_after(w.now, 6));
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    s = world_site(&w, "a");
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (s->block->keys[i].state == KEY_LINKED) { /* as retire_key leaves it */
            atomic_store(&s->block->keys[i].state, KEY_RETIRING);
            atomic_store(&s->table[i].head->linked, 0);
        }
    world_restart(&w, instant_after(w.now, 6));
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9, "the row knows");
    views(0, 9);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    cr_expect_eq(world_online(&w, "a"), 9);
    world_close(&w);
}

Test(site_adopt, a_filling_that_was_killed_is_done_again)
{
    const unsigned visitors = 400000;
    struct site_numbers n;
    unsigned v = 0;

    start("2024-05-15 12:00:00");
    for (; v < visitors && mode_of_site() != VISITORS_FILLING; v++) {
        world_view(&w, "a", v);
        if (v % (v < 4096 ? 16 : 1024) == 0)
            world_tick(&w);
    }
    cr_assert_lt(v, visitors, "never began to fill");
    world_restart(&w, w.now);
    for (; v < visitors; v++) {
        world_view(&w, "a", v);
        if (v % 1024 == 0)
            world_tick(&w);
    }
    world_ticks(&w, 4);
    w.now = instant_after(w.now, 12);
    world_ticks(&w, 2);
    cr_expect_eq(mode_of_site(), VISITORS_SKETCHED);
    site_span(world_site(&w, "a"), SPAN_TODAY, w.now, &n);
    cr_expect_geq(n.metric[METRIC_VISITORS], visitors * 95 / 100);
    cr_expect_leq(n.metric[METRIC_VISITORS], visitors * 105 / 100);
    world_close(&w);
}

/* --- Clocks --- */

Test(site_adopt, a_clock_set_back_by_an_hour_loses_nothing)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    w.now = world_time("2024-05-15 15:00:00");
    world_ticks(&w, 3);
    views(0, 5);
    world_set_back(&w, world_time("2024-05-15 14:00:00"));
    world_ticks(&w, 3);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 14);
    cr_expect_eq(world_online(&w, "a"), 5, "seen just now, by the new time");
    views(5, 9);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 18);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    cr_expect_eq(world_online(&w, "a"), 9);
    w.now = world_time("2024-05-15 14:06:00");
    world_ticks(&w, 3);
    cr_expect_eq(world_online(&w, "a"), 0);
    w.now = world_time("2024-05-15 15:30:00");
    world_ticks(&w, 3);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 18);
    world_close(&w);
}

Test(site_adopt, a_clock_set_back_over_midnight_goes_on_with_each_day)
{
    start("2024-05-14 12:00:00");
    views(0, 9);
    w.now = world_time("2024-05-16 12:00:00");
    world_ticks(&w, 3);
    views(0, 5);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 5);
    world_set_back(&w, world_time("2024-05-15 11:00:00"));
    world_ticks(&w, 3);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 14);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VIEWS), 9);
    views(0, 7);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 7);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 7);
    w.now = world_time("2024-05-16 10:00:00");
    world_ticks(&w, 3);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VIEWS), 7);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 5, "by the clock, it was here before");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 5);
    views(0, 3);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 8);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 5);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 24);
    world_close(&w);
}

Test(site_adopt, a_clock_that_jumps_an_hour_ahead_only_ends_visits)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    w.now = instant_after(w.now, 3600);
    views(0, 9); /* before the keeper has seen it */
    world_ticks(&w, 3);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 18);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 18);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    world_close(&w);
}

Test(site_adopt, a_clock_that_jumps_a_year_ahead_and_back_still_knows_visitors)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    w.now = world_time("2025-05-15 12:00:00");
    world_ticks(&w, 6);
    views(0, 4);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 4);
    world_set_back(&w, world_time("2024-05-15 13:00:00"));
    world_ticks(&w, 6);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 13);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 9);
    cr_expect_eq(world_online(&w, "a"), 0);
    views(0, 20);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 20);
    cr_expect_eq(world_online(&w, "a"), 20);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 33);
    w.now = world_time("2024-05-16 12:00:00");
    world_ticks(&w, 6);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VISITORS), 20);
    world_close(&w);
}

Test(site_adopt, started_with_a_clock_that_is_two_days_behind_it_counts_all_the_same)
{
    start("2024-05-17 12:00:00");
    views(0, 9);
    world_restart(&w, world_time("2024-05-15 12:00:00"));
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 9);
    views(0, 12);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 12);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 21);
    cr_expect_eq(metric(SPAN_MONTH, METRIC_VISITORS), 12);
    cr_expect_eq(world_online(&w, "a"), 12);
    w.now = instant_after(w.now, 600);
    world_ticks(&w, 3);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_close(&w);
}
