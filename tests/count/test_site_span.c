/* Seeds, adjustments, imports and what earlier arenas counted, in the numbers of a
 * site. */
#include <criterion/criterion.h>

#include "count/site_inner.h"
#include "lib/world.h"

static struct world w;

/* Wednesday 2024-05-15, local noon. */
static struct site *start(void)
{
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", world_time("2024-05-15 12:00:00"));
    return world_site(&w, "a");
}

static void views(unsigned first, unsigned until)
{
    for (unsigned v = first; v < until; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
}

static uint64_t visits(enum site_span span)
{
    return world_metric(&w, "a", span, METRIC_VISITS);
}

static int64_t today(void)
{
    return w.now.ms / 86400000;
}

/* luotctl seed a --metric visits --total 50510 --week 84 --today 2 --month 200 */
static struct site_seed seed_now(void)
{
    return (struct site_seed){.as_of_s = instant_seconds(w.now),
                              .total = 50510,
                              .today = 2,
                              .week = 84,
                              .month = 200,
                              .has_today = 1,
                              .has_week = 1,
                              .has_month = 1};
}

static void set_offsets(struct site *s, struct site_seed *seed)
{
    uint64_t counted[METRIC_KINDS];

    site_counted(s, SPAN_TOTAL, w.now, counted);
    seed->offset_total = counted[METRIC_VISITS];
    site_counted(s, SPAN_TODAY, w.now, counted);
    seed->offset_today = counted[METRIC_VISITS];
    site_counted(s, SPAN_WEEK, w.now, counted);
    seed->offset_week = counted[METRIC_VISITS];
    site_counted(s, SPAN_MONTH, w.now, counted);
    seed->offset_month = counted[METRIC_VISITS];
}

static void seed_visits(struct site *s, const struct site_totals *totals)
{
    struct site_seed seeds[METRIC_KINDS] = {0};

    seeds[METRIC_VISITS] = seed_now();
    set_offsets(s, &seeds[METRIC_VISITS]);
    site_set_totals(s, seeds, totals);
}

static const struct site_totals nothing = {.since_day = INT64_MAX};

Test(site_span, a_seed_sets_the_numbers_and_what_is_counted_from_then_on_adds)
{
    struct site *s = start();

    views(0, 7);
    seed_visits(s, &nothing);
    cr_expect_eq(visits(SPAN_TOTAL), 50510);
    cr_expect_eq(visits(SPAN_TODAY), 2);
    cr_expect_eq(visits(SPAN_WEEK), 84);
    cr_expect_eq(visits(SPAN_MONTH), 200);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), 7, "of visits only");
    views(7, 10);
    cr_expect_eq(visits(SPAN_TOTAL), 50513);
    cr_expect_eq(visits(SPAN_TODAY), 5);
    cr_expect_eq(visits(SPAN_WEEK), 87);
    cr_expect_eq(visits(SPAN_MONTH), 203);
    seed_visits(s, &nothing);
    cr_expect_eq(visits(SPAN_TOTAL), 50510, "it sets, it never adds");
    world_close(&w);
}

Test(site_span, the_parts_of_a_seed_end_with_their_periods)
{
    struct site *s = start();

    seed_visits(s, &nothing);
    views(0, 1);
    w.now = world_time("2024-05-16 12:00:00");
    world_ticks(&w, 3);
    cr_expect_eq(visits(SPAN_TODAY), 0);
    cr_expect_eq(visits(SPAN_YESTERDAY), 3);
    cr_expect_eq(visits(SPAN_WEEK), 85);
    w.now = world_time("2024-05-20 12:00:00");
    world_ticks(&w, 3);
    cr_expect_eq(visits(SPAN_YESTERDAY), 0);
    cr_expect_eq(visits(SPAN_WEEK), 0);
    cr_expect_eq(visits(SPAN_LAST_WEEK), 85);
    cr_expect_eq(visits(SPAN_MONTH), 201);
    w.now = world_time("2024-06-02 12:00:00");
    world_ticks(&w, 3);
    cr_expect_eq(visits(SPAN_MONTH), 0);
    cr_expect_eq(visits(SPAN_LAST_MONTH), 201);
    cr_expect_eq(visits(SPAN_TOTAL), 50511);
    world_close(&w);
}

Test(site_span, days_imported_before_a_seed_are_history_and_change_no_seeded_number)
{
    struct site *s = start();
    const uint64_t none[METRIC_KINDS] = {0}, imported[METRIC_KINDS] = {100, 50, 30};
    struct site_numbers n;

    seed_visits(s, &nothing);
    site_set_day(s, today() - 1, none, imported);
    site_set_day(s, today(), none, imported); /* it began before as_of */
    cr_expect_eq(visits(SPAN_YESTERDAY), 50);
    cr_expect_eq(visits(SPAN_TODAY), 2);
    cr_expect_eq(visits(SPAN_WEEK), 84);
    cr_expect_eq(visits(SPAN_MONTH), 200);
    cr_expect_eq(world_metric(&w, "a", SPAN_WEEK, METRIC_VIEWS), 200,
                 "views have no seed");
    cr_expect(site_whole_day(s, today() - 1, w.now, &n));
    cr_expect_eq(n.metric[METRIC_VISITS], 50);
    world_close(&w);
}

Test(site_span, imported_visitors_of_a_week_are_fewer_than_those_of_its_days)
{
    struct site *s = start();
    const uint64_t none[METRIC_KINDS] = {0}, imported[METRIC_KINDS] = {100, 50, 30};
    struct site_seed seeds[METRIC_KINDS] = {0};

    site_set_day(s, today() - 1, none, imported);
    site_set_day(s, today() - 2, none, imported);
    site_set_row(
        s, PERIOD_WEEK,
        period_at(&site_terms_of(s)->calendar, PERIOD_WEEK, w.now.ms / SLOT_MS).number,
        35);
    cr_expect_eq(world_metric(&w, "a", SPAN_WEEK, METRIC_VISITORS), 35);
    seeds[METRIC_VISITORS] = seed_now();
    site_set_totals(s, seeds, &nothing);
    cr_expect_eq(world_metric(&w, "a", SPAN_WEEK, METRIC_VISITORS), 84);
    world_close(&w);
}

Test(site_span, what_earlier_arenas_counted_is_part_of_its_days_and_of_the_total)
{
    struct site *s = start();
    const uint64_t none[METRIC_KINDS] = {0}, other[METRIC_KINDS] = {40, 20, 10};
    const struct site_totals totals = {.live = {400, 200, 100},
                                       .imported = {4000, 2000, 1000},
                                       .since_day = today() - 30};
    struct site_numbers n;

    site_set_day(s, today(), other, none);
    site_set_totals(s, (struct site_seed[METRIC_KINDS]){0}, &totals);
    views(0, 5);
    site_span(s, SPAN_TODAY, w.now, &n);
    cr_expect_eq(n.metric[METRIC_VIEWS], 45);
    cr_expect_eq(n.metric[METRIC_VISITS], 25);
    cr_expect_eq(n.metric[METRIC_VISITORS], 15);
    cr_expect_not(n.deduplicated, "nobody knows who came before the reboot, too");
    site_span(s, SPAN_TOTAL, w.now, &n);
    cr_expect_eq(n.metric[METRIC_VIEWS], 4405);
    cr_expect_eq(n.metric[METRIC_VISITS], 2205);
    cr_expect_eq(n.metric[METRIC_VISITORS], 1105);
    world_close(&w);
}

Test(site_span, an_adjustment_may_take_away_all_there_is_and_no_more)
{
    struct site *s = start();
    struct site_totals totals = {.since_day = INT64_MAX};

    views(0, 10);
    totals.adjusted[METRIC_VISITS] = -4;
    site_set_totals(s, (struct site_seed[METRIC_KINDS]){0}, &totals);
    cr_expect_eq(visits(SPAN_TOTAL), 6);
    totals.adjusted[METRIC_VISITS] = -40;
    site_set_totals(s, (struct site_seed[METRIC_KINDS]){0}, &totals);
    cr_expect_eq(visits(SPAN_TOTAL), 0);
    totals.adjusted[METRIC_VISITS] = 5;
    site_set_totals(s, (struct site_seed[METRIC_KINDS]){0}, &totals);
    cr_expect_eq(visits(SPAN_TOTAL), 15);
    world_close(&w);
}

Test(site_span, a_seed_and_what_the_store_knows_survive_a_kill)
{
    struct site *s = start();

    cr_expect_not(site_has_history(s));
    views(0, 7);
    seed_visits(s, &nothing);
    world_restart(&w, instant_after(w.now, 60));
    s = world_site(&w, "a");
    cr_expect(site_has_history(s));
    cr_expect_eq(visits(SPAN_TOTAL), 50510);
    atomic_fetch_add(&s->block->history_version, 1); /* killed while it was written */
    world_restart(&w, instant_after(w.now, 60));
    views(0, 1);
    cr_expect_eq(visits(SPAN_TODAY), 2, "the same visit goes on");
    world_close(&w);
}

Test(site_span, a_key_a_day_does_not_count_the_stores_visitors_twice)
{
    const uint64_t none[METRIC_KINDS] = {0}, other[METRIC_KINDS] = {40, 20, 10};
    const struct site_totals totals = {.live = {40, 20, 10}, .since_day = 1};
    struct site *s;

    world_open(&w, 4, "[site a]\ntimezone = UTC\nidentity = day\n",
               world_time("2024-05-15 12:00:00"));
    s = world_site(&w, "a");
    site_set_day(s, today(), other, none);
    site_set_totals(s, (struct site_seed[METRIC_KINDS]){0}, &totals);
    views(0, 5);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VISITORS), 15);
    cr_expect_eq(world_metric(&w, "a", SPAN_MONTH, METRIC_VISITORS), 15);
    world_close(&w);
}

Test(site_span, days_that_are_not_at_hand_are_said_so)
{
    struct site *s = start();
    struct site_numbers n;

    cr_expect(site_own_day(s, today(), w.now, &n));
    cr_expect(site_own_day(s, today() - SITE_DAYS + 1, w.now, &n));
    cr_expect_not(site_own_day(s, today() - SITE_DAYS, w.now, &n));
    cr_expect_not(site_own_day(s, today() + 1, w.now, &n));
    world_close(&w);
}

Test(site_span, a_day_is_final_once_it_is_folded)
{
    struct site *s = start();
    int64_t day = today();

    views(0, 3);
    w.now = world_time("2024-05-16 00:10:00");
    world_ticks(&w, 3);
    cr_expect_not(site_day_is_final(s, day), "a visit of 23:59 may still arrive");
    w.now = world_time("2024-05-16 00:31:00");
    world_ticks(&w, 3);
    cr_expect(site_day_is_final(s, day));
    cr_expect_not(site_day_is_final(s, day + 1));
    cr_expect_eq(visits(SPAN_YESTERDAY), 3);
    world_close(&w);
}

Test(site_span, a_document_is_still_right_while_nothing_has_changed)
{
    struct site *s = start();
    uint64_t before, after;

    views(0, 3);
    before = site_changes(s, w.now);
    cr_expect_eq(site_changes(s, w.now), before);
    views(0, 1);
    after = site_changes(s, w.now);
    cr_expect_neq(after, before);
    seed_visits(s, &nothing);
    cr_expect_neq(site_changes(s, w.now), after);
    world_close(&w);
}

Test(site_span, quarters_before_a_seed_are_counted_whole)
{
    struct site *s = start();
    int64_t noon = w.now.ms / SLOT_MS;

    views(0, 3);
    w.now = instant_after(w.now, 1800);
    views(3, 5);
    cr_expect_eq(site_live_before(s, METRIC_VISITS, noon, noon + 75), 3);
    cr_expect_eq(site_live_before(s, METRIC_VISITS, noon, noon + 150), 3);
    cr_expect_eq(site_live_before(s, METRIC_VIEWS, noon, noon + 225), 5);
    world_close(&w);
}
