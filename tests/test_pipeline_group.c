/* Lines side by side: in their order, all of them by the end of the turn, whoever sent them.
 * That they count as lines alone is test_pipeline_view's. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/world.h"
#include "pipeline_inner.h"

static struct world w;

static void start(const char *config)
{
    world_open(&w, 4, config, world_time("2026-11-26 12:00:00"));
    world_ticks(&w, 3);
}

static uint64_t lines_that_ended(enum outcome outcome)
{
    struct metrics_total total;

    metrics_sum(&w.row, 1, &total);
    return metrics_of_outcome(&total, outcome);
}

static void take(const char *from, const char *datagram)
{
    struct address address;

    cr_assert_eq(address_parse(&address, slice_of(from)), 0);
    pipeline_datagram(&w.pipeline, slice_of(datagram), &address);
}

static uint64_t views_of(const char *page)
{
    int64_t day = instant_seconds(w.now) / 86400;
    struct page_numbers n = {0};

    (void)pages_get(site_pages(world_site(&w, "a")), slice_of(page), day, &n);
    return n.views;
}

Test(pipeline_group, lines_are_counted_in_the_order_in_which_they_came)
{
    enum { ALLOWED = 11, LINES = 3 * PIPELINE_GROUP };
    char datagram[LINES * 32], page[16], *to = datagram;
    struct guard *guard = guard_new();

    start("[site a]\ntimezone = UTC\npages = 100\n");
    w.pipeline.guard = guard;
    w.trusted.limits.address = rate_limit_of(&(struct rate_rule){1, 1, ALLOWED});
    for (int i = 0; i < LINES; i++)
        to += sprintf(to, "s=a&i=10.0.0.1&p=/%d\n", i);
    pipeline_begin(&w.pipeline, w.now);
    take("127.0.0.1", datagram);
    (void)pipeline_end(&w.pipeline);
    cr_expect_eq(lines_that_ended(OUTCOME_SUSPECT), LINES - ALLOWED);
    for (int i = 0; i < LINES; i++) {
        snprintf(page, sizeof page, "/%d", i);
        cr_expect_eq(views_of(page), i < ALLOWED, "%s", page);
    }
    guard_free(guard);
    world_close(&w);
}

Test(pipeline_group, the_last_lines_are_counted_when_the_turn_ends)
{
    start("[site a]\ntimezone = UTC\n");
    for (unsigned n = 1; n <= 2 * PIPELINE_GROUP + 1; n++) {
        uint64_t before = world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS);

        pipeline_begin(&w.pipeline, w.now);
        for (unsigned i = 0; i < n; i++)
            take("127.0.0.1", "s=a&p=/");
        (void)pipeline_end(&w.pipeline);
        cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), before + n, "%u",
                     n);
        cr_expect_eq(w.pipeline.group->count, 0u);
    }
    world_close(&w);
}

Test(pipeline_group, each_line_has_the_sender_that_its_datagram_had)
{
    start("[site a]\ntimezone = UTC\n");
    cr_assert_eq(networks_parse(&w.trusted.udp, SLICE("127.0.0.0/8")), 0);
    pipeline_begin(&w.pipeline, w.now);
    take("127.0.0.1", "s=a&p=/\ns=a&p=/");
    take("127.0.0.2", "s=a&p=/");
    take("192.0.2.1", "s=a&p=/\ns=a&p=/\ns=a&p=/");
    take("127.0.0.2", "s=a&p=/");
    (void)pipeline_end(&w.pipeline);
    /* Who names no visitor is one himself. */
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS), 2u);
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 4u);
    cr_expect_eq(lines_that_ended(OUTCOME_UNTRUSTED), 3u);
    world_close(&w);
}

Test(pipeline_group, a_line_that_comes_alone_waits_for_those_before_it)
{
    struct sender sender = {.trusted = true};

    start("[site a]\ntimezone = UTC\n");
    pipeline_begin(&w.pipeline, w.now);
    take("127.0.0.1", "s=a&p=/&i=10.0.0.1\ns=a&p=/&i=10.0.0.2");
    cr_expect_eq(
        pipeline_line(&w.pipeline, SLICE("s=a&k=ping&i=10.0.0.2"), &sender, NULL),
        OUTCOME_PING);
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 2u);
    (void)pipeline_end(&w.pipeline);
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 2u);
    world_close(&w);
}

/* Alone, in a body and in a datagram. */
Test(pipeline_group, what_a_site_refuses_is_the_sites_whichever_way_it_came)
{
    struct sender sender = {.http = true, .origin = SLICE("https://else.example")};
    struct refused_numbers refused;
    struct site *site;

    start("[site a]\ntimezone = UTC\nhosts = a.example\n");
    pipeline_begin(&w.pipeline, w.now);
    (void)pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &sender, NULL);
    (void)pipeline_lines(&w.pipeline, SLICE("s=a&p=/\ns=a&p=/"), &sender, &site);
    take("127.0.0.1", "s=a&k=off\ns=a&k=off\ns=a&k=off");
    (void)pipeline_end(&w.pipeline);
    world_ticks(&w, 2);
    site_refused_read(world_site(&w, "a"), instant_seconds(w.now), &refused);
    cr_expect_eq(refused.total[OUTCOME_ORIGIN], 3u);
    cr_expect_eq(refused.total[OUTCOME_INTERNAL], 3u);
    world_close(&w);
}

Test(pipeline_group, nobody_who_is_over_the_limit_is_met)
{
    struct guard *guard = guard_new();
    unsigned met = 0;

    start("[site a]\ntimezone = UTC\n");
    w.pipeline.guard = guard;
    w.trusted.limits.address = rate_limit_of(&(struct rate_rule){1, 1, 2});
    for (int turn = 0; turn < 20; turn++) {
        char line[64];

        snprintf(line, sizeof line, "s=a&p=/&i=10.0.0.1&u=agent-%d", turn);
        pipeline_begin(&w.pipeline, w.now);
        take("127.0.0.1", line);
        (void)pipeline_end(&w.pipeline);
    }
    for (size_t i = 0; i < MET_VISITORS; i++)
        met += w.pipeline.met->visitor[i].who != 0;
    cr_expect_eq(met, 2u);
    guard_free(guard);
    world_close(&w);
}
