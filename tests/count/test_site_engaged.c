/* Which visits of a day had a second view, as a site counts them. Weeks of it against a
 * ledger: test_site.c. */
#include "count/site_engaged.h"

#include <criterion/criterion.h>

#include "base/error.h"
#include "count/site_layout.h"
#include "lib/world.h"

enum { DAY_S = 86400 };

static struct world w;

static void start(const char *at)
{
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", world_time(at));
}

static int64_t today(void)
{
    return w.now.ms / 1000 / DAY_S;
}

static void views(unsigned first, unsigned until)
{
    for (unsigned v = first; v < until; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
}

static void expect_day(int64_t day, uint64_t visits, uint64_t engaged)
{
    struct engaged_count n = {99, 99};

    cr_expect(site_engaged_day(world_site(&w, "a"), day, &n));
    cr_expect_eq(n.visits, visits, "visits are %llu", (unsigned long long)n.visits);
    cr_expect_eq(n.engaged, engaged, "engaged are %llu", (unsigned long long)n.engaged);
}

static bool is_known(int64_t day)
{
    struct engaged_count n;

    return site_engaged_day(world_site(&w, "a"), day, &n);
}

/* As an arena is that was made before there was such a page. */
static void take_the_page_away(void)
{
    arena_punch(w.arena, site_place(world_site(&w, "a"), ENGAGED_AT), 4096);
}

Test(site_engaged, a_visit_is_engaged_from_its_second_view_on_and_once)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    expect_day(today(), 9, 0);
    views(0, 4);
    expect_day(today(), 9, 4);
    views(0, 6);
    views(0, 6);
    expect_day(today(), 9, 6);
    w.now = instant_after(w.now, 3600); /* other visits */
    views(0, 3);
    views(0, 1);
    expect_day(today(), 12, 7);
    world_close(&w);
}

Test(site_engaged, a_day_has_its_own_visits)
{
    start("2024-05-15 23:59:00");
    views(0, 9);
    views(0, 5);
    w.now = instant_after(w.now, 90);
    views(0, 9);
    views(0, 2);
    expect_day(today() - 1, 9, 5);
    expect_day(today(), 9, 2);
    w.now = instant_after(w.now, 79 * DAY_S);
    expect_day(today() - 79, 9, 2);
    views(0, 1);
    world_ticks(&w, 3);
    w.now = instant_after(w.now, DAY_S);
    views(0, 1);
    expect_day(today(), 1, 0);
    cr_expect(!is_known(today() - 80), "its place is taken");
    world_close(&w);
}

Test(site_engaged, visits_without_a_visitor_are_in_neither_number)
{
    struct sender private = {.http = true, .anonymous = true};

    start("2024-05-15 12:00:00");
    (void)address_parse(&private.address, SLICE("192.0.2.9"));
    views(0, 2);
    views(0, 1);
    for (int i = 0; i < 3; i++) {
        pipeline_begin(&w.pipeline, w.now);
        cr_assert_eq(pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &private, NULL),
                     OUTCOME_VIEW);
        (void)pipeline_end(&w.pipeline);
    }
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITS), 5);
    expect_day(today(), 2, 1);
    world_close(&w);
}

Test(site_engaged, lines_of_one_turn_are_added_up)
{
    struct sender sender = {.trusted = true};
    const struct slice lines =
        SLICE("s=a&p=/1&i=192.0.2.1&u=x\ns=a&p=/2&i=192.0.2.2&u=x\n"
              "s=a&p=/3&i=192.0.2.1&u=x\ns=a&p=/4&i=192.0.2.1&u=x\n"
              "s=a&p=/5&i=192.0.2.2&u=x");
    struct site *site;

    start("2024-05-15 12:00:00");
    pipeline_begin(&w.pipeline, w.now);
    cr_assert_eq(pipeline_lines(&w.pipeline, lines, &sender, &site), OUTCOME_VIEW);
    (void)pipeline_end(&w.pipeline);
    expect_day(today(), 2, 2);
    world_close(&w);
}

Test(site_engaged, goes_on_after_a_kill)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    views(0, 3);
    for (int i = 0; i < 5; i++)
        world_restart(&w, instant_after(w.now, 6));
    expect_day(today(), 9, 3);
    views(0, 5); /* three know that they had theirs */
    expect_day(today(), 9, 5);
    world_restart(&w, instant_after(w.now, DAY_S));
    views(0, 1);
    expect_day(today() - 1, 9, 5);
    expect_day(today(), 1, 0);
    world_close(&w);
}

Test(site_engaged, an_older_arena_begins_with_the_next_day)
{
    start("2024-05-15 12:00:00");
    views(0, 9);
    take_the_page_away();
    world_restart(&w, instant_after(w.now, 6));
    views(0, 9);
    cr_expect_not(is_known(today()), "half of it was not told");
    cr_expect_not(is_known(today() - 1));
    world_restart(&w, instant_after(w.now, 6));
    cr_expect_not(is_known(today()));
    w.now = instant_after(w.now, DAY_S);
    views(0, 9);
    views(0, 2);
    expect_day(today(), 9, 2);
    cr_expect_not(is_known(today() - 1));
    world_close(&w);
}

Test(site_engaged, without_room_it_counts_all_else_and_says_so_until_there_is_room)
{
    start("2024-05-15 12:00:00");
    take_the_page_away();
    world_full(true);
    world_restart(&w, instant_after(w.now, 6));
    views(0, 9);
    views(0, 9);
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    cr_expect_not(is_known(today()));
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), 18);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITS), 9);
    w.now = instant_after(w.now, DAY_S);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    views(0, 9);
    cr_expect_not(is_known(today()), "it begins with a whole day");
    w.now = instant_after(w.now, DAY_S);
    views(0, 9);
    views(0, 1);
    expect_day(today(), 9, 1);
    world_close(&w);
}

Test(site_engaged, days_of_a_clock_that_was_ahead_go_on_when_they_come_again)
{
    struct instant right;

    start("2024-05-15 12:00:00");
    right = w.now;
    views(0, 4);
    w.now = instant_after(w.now, 3 * DAY_S);
    world_ticks(&w, 3);
    views(0, 9);
    views(0, 9);
    expect_day(today(), 9, 9);
    world_set_back(&w, instant_after(right, 60));
    expect_day(today(), 4, 0);
    expect_day(today() + 3, 9, 9);
    world_close(&w);
}

Test(site_engaged, a_clock_far_ahead_leaves_no_day_that_is_in_the_way)
{
    static const int64_t ahead[] = {79, 80, 81, 160, 900};

    for (unsigned i = 0; i < sizeof ahead / sizeof ahead[0]; i++) {
        struct instant right;

        start("2024-05-15 12:00:00");
        right = w.now;
        views(0, 4);
        w.now = instant_after(w.now, ahead[i] * DAY_S);
        world_ticks(&w, 3);
        views(0, 9);
        world_set_back(&w, instant_after(right, 60));
        world_ticks(&w, 3);
        if (ahead[i] < ENGAGED_DAYS)
            expect_day(today(), 4, 0);
        else
            cr_expect(!is_known(today()), "what it had may have been overwritten");
        w.now = instant_after(w.now, DAY_S);
        world_ticks(&w, 3);
        views(20, 27);
        views(20, 22);
        expect_day(today(), 7, 2);
        world_close(&w);
    }
}
