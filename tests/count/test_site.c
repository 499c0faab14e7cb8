/* A site against a ledger kept the slow way, through weeks of random traffic, a keeper
 * that is late, and processes that are killed. */
#include "count/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/repeat.h"
#include "lib/site_ledger.h"
#include "lib/world.h"

/* --- The ledger --- */

struct course { /* one run */
    const char *zone, *config;
    unsigned first_weekday;
    enum identity identity;
    const char *start;
    int days;
    uint64_t seed;
};

static const char *const metric_names[METRIC_KINDS] = {"views", "visits", "visitors"};

static void expect_window(const struct world *w, const struct site_ledger *l,
                          uint64_t visitors, int64_t slots)
{
    uint64_t right = ledger_window(l, slots, w->now);

    cr_assert_eq(visitors, right, "at %lld: visitors of %lld slots are %llu, not %llu",
                 (long long)w->now.ms / 1000, (long long)slots,
                 (unsigned long long)visitors, (unsigned long long)right);
}

static void expect_engaged(const struct world *w, const struct site_ledger *l)
{
    const struct site *s = world_site(w, "a");
    int64_t today = zone_day(l->zone, w->now.ms / 1000);

    for (int64_t day = today - 1; day <= today; day++) {
        struct engaged_count n;
        struct site_numbers all;
        uint64_t right = ledger_engaged(l, day);

        cr_assert(site_engaged_day(s, day, &n));
        cr_assert(site_own_day(s, day, w->now, &all));
        cr_assert_eq(n.visits, all.metric[METRIC_VISITS]);
        cr_assert_eq(n.engaged, right, "at %lld: %llu engaged and should be %llu",
                     (long long)w->now.ms / 1000, (unsigned long long)n.engaged,
                     (unsigned long long)right);
    }
}

static void expect_same(const struct world *w, const struct site_ledger *l,
                        uint64_t *ret_total)
{
    const struct site *s = world_site(w, "a");
    uint64_t total;

    for (int span = SPAN_TODAY; span < SPANS; span++) {
        struct site_numbers n;

        site_span(s, (enum site_span)span, w->now, &n);
        cr_assert(n.exact);
        for (int m = 0; m < METRIC_KINDS; m++) {
            uint64_t right =
                ledger_metric(l, (enum site_span)span, (enum metric)m, w->now);
            cr_assert_eq(n.metric[m], right, "at %lld: %s %s is %llu and should be %llu",
                         (long long)w->now.ms / 1000,
                         site_span_name((enum site_span)span), metric_names[m],
                         (unsigned long long)n.metric[m], (unsigned long long)right);
        }
    }
    expect_engaged(w, l);
    expect_window(w, l, site_online(s, w->now).visitors, l->online_slots);
    expect_window(w, l, site_metric(s, SPAN_LAST_HOUR, METRIC_VISITORS, w->now), 300);
    expect_window(w, l, site_metric(s, SPAN_LAST_24H, METRIC_VISITORS, w->now), 7200);
    if (l->identity == IDENTITY_MONTH)
        expect_window(w, l, site_metric(s, SPAN_LAST_7D, METRIC_VISITORS, w->now), 50400);
    total = site_metric(s, SPAN_TOTAL, METRIC_VISITS, w->now);
    cr_assert_geq(total, *ret_total);
    *ret_total = total;
}

static void act(struct world *w, struct site_ledger *l, uint64_t *random)
{
    unsigned v = (unsigned)random_below(random, LEDGER_VISITORS);

    if (random_below(random, 10) < 7) {
        cr_assert_eq(world_view(w, "a", v), OUTCOME_VIEW);
        ledger_view(l, v, w->now);
    } else if (random_below(random, 2) == 0) {
        cr_assert_eq(world_ping(w, "a", v), OUTCOME_PING);
        ledger_sign(l, v, w->now);
    } else {
        cr_assert_eq(world_event(w, "a", v), OUTCOME_EVENT);
        ledger_sign(l, v, w->now);
    }
}

/* Mostly seconds and minutes, sometimes a night. */
static int64_t pause_s(uint64_t *random)
{
    switch (random_below(random, 16)) {
    case 0:
        return 3600 + (int64_t)random_below(random, 5 * 3600);
    case 1:
    case 2:
    case 3:
        return (int64_t)random_below(random, 1500);
    default:
        return (int64_t)random_below(random, 240);
    }
}

static void run(const struct course *c)
{
    static struct world w;
    static struct site_ledger l;
    struct instant start = world_time(c->start),
                   end = instant_after(start, 86400 * c->days);
    uint64_t random = c->seed, total = 0;
    int64_t since_tick_s = 0;
    struct zone *zone;

    cr_assert_eq(zone_load(&zone, slice_of(c->zone)), 0);
    world_open(&w, 4, c->config, start);
    ledger_init(&l, zone, c->first_weekday, c->identity, 300, 1800, start);
    while (w.now.ms < end.ms) {
        int64_t pause = pause_s(&random);

        w.now = instant_after(w.now, pause);
        since_tick_s += pause;
        if (random_below(&random, 100) == 0) {
            world_restart(&w, w.now);
            since_tick_s = 0;
        } else if (since_tick_s > 1200) {
            world_ticks(&w, 3); /* nobody came meanwhile: as good as ticks all along */
            since_tick_s = 0;
        } else if (random_below(&random, 8) == 0) {
            world_ticks(&w, 1 + (unsigned)random_below(&random, 3));
            since_tick_s = 0;
        }
        for (uint64_t n = random_below(&random, 4); n > 0; n--)
            act(&w, &l, &random);
        expect_same(&w, &l, &total);
    }
    world_close(&w);
    zone_free(zone);
}

#define SITE_OF(more) "[site a]\n" more

Test(site, answers_what_a_ledger_answers_in_ho_chi_minh)
{
    run(&(struct course){.zone = "Asia/Ho_Chi_Minh",
                         .config = SITE_OF(""),
                         .start = "2024-01-20 03:00:00",
                         .days = 60,
                         .seed = 11});
}

Test(site, answers_what_a_ledger_answers_where_clocks_go_forward)
{
    run(&(struct course){.zone = "Europe/Berlin",
                         .config = SITE_OF("timezone = Europe/Berlin\n"),
                         .start = "2024-03-10 08:00:00",
                         .days = 40,
                         .seed = 12});
}

Test(site, answers_what_a_ledger_answers_where_clocks_go_back_and_weeks_begin_on_sunday)
{
    run(&(struct course){.zone = "Europe/Berlin",
                         .config = SITE_OF("timezone = Europe/Berlin\n"
                                           "first_weekday = sunday\n"),
                         .first_weekday = 6,
                         .start = "2024-10-06 08:00:00",
                         .days = 40,
                         .seed = 13});
}

Test(site, answers_what_a_ledger_answers_where_a_midnight_is_missing)
{
    run(&(struct course){.zone = "America/Sao_Paulo",
                         .config = SITE_OF("timezone = America/Sao_Paulo\n"),
                         .start = "2017-09-25 08:00:00",
                         .days = 40,
                         .seed = 14});
}

Test(site, answers_what_a_ledger_answers_with_a_key_a_day)
{
    run(&(struct course){.zone = "UTC",
                         .config = SITE_OF("timezone = UTC\nidentity = day\n"),
                         .identity = IDENTITY_DAY,
                         .start = "2024-02-20 12:00:00",
                         .days = 40,
                         .seed = 15});
}

Test(site, answers_what_a_ledger_answers_with_a_key_a_day_in_berlin)
{
    run(&(struct course){.zone = "Europe/Berlin",
                         .config = SITE_OF("timezone = Europe/Berlin\nidentity = day\n"),
                         .identity = IDENTITY_DAY,
                         .start = "2024-03-12 12:00:00",
                         .days = 40,
                         .seed = 16});
}
