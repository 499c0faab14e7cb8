/* Who comes too often: from lines to what is counted and what is suspect. */
#include "count/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/world.h"

static struct world w;

static void start(const char *config)
{
    world_open(&w, 4, config, world_time("2024-05-15 12:00:00"));
    w.pipeline.guard = guard_new();
    cr_assert_not_null(w.pipeline.guard);
    world_ticks(&w, 2);
}

static void end(void)
{
    guard_free(w.pipeline.guard);
    world_close(&w);
}

/* Lines that were counted, of n with these agents one after the other. */
static unsigned send(const char *site, const char *address, unsigned n, unsigned agents,
                     const char *more)
{
    unsigned counted = 0;

    for (unsigned i = 0; i < n; i++) {
        char line[256];
        enum outcome outcome;

        snprintf(line, sizeof line, "s=%s&p=/&i=%s&u=agent%u%s", site, address,
                 i % agents, more);
        outcome = world_line(&w, line);
        cr_assert(outcome_class(outcome) == OUTCOME_COUNTED ||
                  outcome == OUTCOME_SUSPECT);
        counted += outcome != OUTCOME_SUSPECT;
        if (i % 16 == 0)
            (void)world_tick(&w); /* tables grow */
    }
    return counted;
}

static uint64_t of(const char *site, enum metric m)
{
    return world_metric(&w, site, SPAN_TODAY, m);
}

static uint64_t suspects(const char *site)
{
    struct refused_numbers n;

    site_refused_read(world_site(&w, site), instant_seconds(w.now), &n);
    return n.today[OUTCOME_SUSPECT];
}

Test(guard, an_address_has_its_burst_and_its_rate)
{
    start("[site a]\n");
    cr_expect_eq(send("a", "203.0.113.7", 500, 1, ""), 100u);
    w.now = instant_after(w.now, 1);
    cr_expect_eq(send("a", "203.0.113.7", 500, 1, ""), 10u);
    cr_expect_eq(of("a", METRIC_VIEWS), 110u);
    cr_expect_eq(of("a", METRIC_VISITORS), 1u);
    cr_expect_eq(suspects("a"), 890u);
    end();
}

Test(guard, an_address_is_one_for_all_sites_and_a_prefix_of_ipv6)
{
    start("[site a]\n[site b]\n");
    cr_expect_eq(send("a", "2001:db8:1:2::1", 60, 1, ""), 60u);
    cr_expect_eq(send("b", "2001:db8:1:2:ffff::9", 60, 1, ""), 40u);
    cr_expect_eq(send("b", "2001:db8:1:3::1", 60, 1, ""), 60u);
    cr_expect_eq(suspects("b"), 20u);
    end();
}

Test(guard, events_are_limited_and_pings_are_not)
{
    start("[site a]\n");
    cr_expect_eq(send("a", "203.0.113.7", 150, 1, "&e=download"), 100u);
    cr_expect_eq(send("a", "203.0.113.7", 150, 1, "&k=ping"), 150u);
    cr_expect_eq(of("a", METRIC_VIEWS), 0u);
    end();
}

/* 300 pupils come within a minute, and then read a page every half a minute. */
Test(guard, a_school_behind_one_address_passes)
{
    start("[site a]\n");
    for (unsigned view = 0; view < 300 * 5; view++) {
        char line[64];

        if (view % 10 == 0) {
            w.now = instant_after(w.now, view < 300 ? 2 : 1);
            (void)world_tick(&w);
        }
        snprintf(line, sizeof line, "s=a&p=/&i=203.0.113.7&u=pupil%u", view % 300);
        cr_expect_eq(world_line(&w, line), OUTCOME_VIEW, "%u", view);
    }
    cr_expect_eq(of("a", METRIC_VISITORS), 300u);
    cr_expect_eq(of("a", METRIC_VIEWS), 1500u);
    cr_expect_eq(suspects("a"), 0u);
    end();
}

/* The newcomers' limit, without the other: who is known still counts. */
Test(guard, an_address_brings_so_many_newcomers)
{
    start("rate_limit = off\nnew_visitors_per_address = 1000/d burst 600\n[site a]\n"
          "[site b]\n");
    cr_expect_eq(send("a", "203.0.113.7", 10000, 10000, ""), 600u);
    cr_expect_eq(of("a", METRIC_VISITORS), 600u);
    cr_expect_eq(send("a", "203.0.113.7", 600, 600, ""), 600u, "they are known");
    cr_expect_eq(of("a", METRIC_VISITORS), 600u);
    cr_expect_eq(of("a", METRIC_VIEWS), 1200u);
    cr_expect_eq(suspects("a"), 9400u);
    cr_expect_eq(send("b", "203.0.113.7", 100, 100, ""), 100u, "another site");
    cr_expect_eq(send("a", "203.0.113.8", 100, 100, ""), 100u, "another address");
    w.now = instant_after(w.now, 864); /* ten at 1,000 a day */
    cr_expect_eq(send("a", "203.0.113.7", 2000, 2000, ""), 600u + 10u);
    end();
}

/* What is suspect leaves no trace. */
Test(guard, a_suspect_is_in_no_number)
{
    start("rate_limit = off\nnew_visitors_per_address = 1/d burst 1\n[site a]\n");
    cr_expect_eq(send("a", "203.0.113.7", 50, 50, ""), 1u);
    cr_expect_eq(world_online(&w, "a"), 1u);
    cr_expect_eq(of("a", METRIC_VISITS), 1u);
    cr_expect_eq(of("a", METRIC_VIEWS), 1u);
    end();
}

Test(guard, a_site_may_have_a_limit_of_its_own)
{
    start("rate_limit = off\n[site a]\nsite_rate_limit = 5/s burst 20\n[site b]\n");
    for (unsigned i = 0; i < 30; i++)
        cr_expect_eq(world_view(&w, "a", i), i < 20 ? OUTCOME_VIEW : OUTCOME_SUSPECT);
    for (unsigned i = 0; i < 30; i++)
        cr_expect_eq(world_view(&w, "b", i), OUTCOME_VIEW);
    cr_expect_eq(suspects("a"), 10u);
    end();
}

/* A program that names no visitor: its own address is nobody's. */
Test(guard, a_trusted_sender_without_a_visitor_is_not_limited)
{
    start("[site a]\n");
    for (unsigned i = 0; i < 300; i++)
        cr_expect_eq(world_line(&w, "s=a&p=/"), OUTCOME_VIEW);
    end();
}

static enum outcome browse(const char *address, bool nobody)
{
    struct sender sender = {.http = true, .nobody = nobody, .user_agent = SLICE("x")};
    enum outcome outcome;

    cr_assert_eq(address_parse(&sender.address, slice_of(address)), 0);
    pipeline_begin(&w.pipeline, w.now);
    outcome = pipeline_line(&w.pipeline, SLICE("s=a&p=/&i=10.0.0.9"), &sender, NULL);
    (void)pipeline_end(&w.pipeline);
    return outcome;
}

/* `i` of a browser is not believed: the limit is of where it comes from. */
Test(guard, a_proxy_that_does_not_say_who_is_not_one_visitor)
{
    start("[site a]\n");
    for (unsigned i = 0; i < 150; i++) {
        cr_expect_eq(browse("10.1.1.1", true), OUTCOME_VIEW);
        cr_expect_eq(browse("10.1.1.2", false), i < 100 ? OUTCOME_VIEW : OUTCOME_SUSPECT);
    }
    end();
}

Test(guard, everything_can_be_off)
{
    start("rate_limit = off\nnew_visitors_per_address = off\n[site a]\n");
    cr_expect_eq(send("a", "203.0.113.7", 3000, 3000, ""), 3000u);
    cr_expect_eq(of("a", METRIC_VISITORS), 3000u);
    end();
}
