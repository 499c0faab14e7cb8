/* The saver's collecting, a round at a time: real sites in a real arena, a store that
 * breaks. */
#include "keep/saver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "count/registry.h"
#include "lib/fake_store.h"
#include "lib/scratch.h"

enum { RANGES = 8, QUARTER_MS = 900000, DAY_MS = 86400000 };

/* 2026-11-02, a Monday, 00:00 UTC. */
static const int64_t begin_ms = 1793577600000;

static const char two_sites[] = "[site a]\ntimezone = UTC\nany_host = yes\n"
                                "[site b]\ntimezone = UTC\nany_host = yes\n";
static const char three_sites[] = "[site a]\ntimezone = UTC\nany_host = yes\n"
                                  "[site b]\ntimezone = UTC\nany_host = yes\n"
                                  "[site c]\ntimezone = UTC\nany_host = yes\n";

struct world {
    struct scratch dir;
    struct arena *arena;
    struct config *config, *reloaded;
    struct registry *registry;
    _Atomic int64_t ms; /* the clock's file, as it were */
    struct clock clock;
    struct fake_store store;
    struct saver *saver;
    unsigned people; /* that came so far */
};

static struct config *config_of(const char *text)
{
    struct config *config;
    struct config_error error;

    cr_assert_eq(config_parse(&config, slice_of(text), "test", &error), 0, "%s",
                 error.text);
    return config;
}

static struct saver *saver_of(struct world *w)
{
    struct saver_options options = {.registry = w->registry,
                                    .clock = &w->clock,
                                    .store = &w->store.store,
                                    .incarnation = 1,
                                    .where = "sqlite:/a",
                                    .head = arena_head(w->arena),
                                    .index = 2};
    struct saver *s;

    cr_assert_eq(saver_new(&s, &options), 0);
    return s;
}

/* At 10:00:30 of the first day, so that no quarter, minute or day is about to end. */
static void world_init(struct world *w)
{
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = RANGES,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report arena_report;
    struct registry_report report;

    cr_assert_eq(hash_start(), 0);
    *w = (struct world){.dir = scratch_new()};
    w->ms = begin_ms + 10 * 3600 * 1000 + 30000;
    w->clock.file_ms = &w->ms;
    w->config = config_of(two_sites);
    cr_assert_eq(arena_open(&w->arena, w->dir.dir, &layout, 0, &arena_report), 0, "%s",
                 arena_report.sentence);
    cr_assert_eq(registry_open(&w->registry, w->arena, RANGES, w->config,
                               clock_now(&w->clock), &report),
                 0);
    fake_store_init(&w->store);
    w->saver = saver_of(w);
}

static void world_release(struct world *w)
{
    saver_free(w->saver);
    registry_close(w->registry);
    arena_close(w->arena);
    config_free(w->config);
    config_free(w->reloaded);
    fake_store_release(&w->store);
    scratch_free(&w->dir);
}

/* Time goes on, in steps that the keeper can follow; no worker is inside a turn. */
static void pass_time(struct world *w, int64_t ms)
{
    struct graces over = {.over = UINT64_MAX - 1};
    struct registry_report report = {0};

    for (int64_t step; ms > 0; ms -= step) {
        step = ms < QUARTER_MS ? ms : QUARTER_MS;
        w->ms += step;
        for (int i = 0; i < 2; i++)
            cr_assert_eq(registry_keep(w->registry, &over, clock_now(&w->clock), &report),
                         0);
    }
}

/* Somebody who was never here views n pages of a site. */
static void somebody_views(struct world *w, const char *key, unsigned n)
{
    struct site *site = registry_by_key(w->registry, slice_of(key));
    struct instant now = clock_now(&w->clock);
    struct site_lane lane = {.terms = NULL};
    struct visit visit = {
        .kind = VISIT_VIEW, .slot = instant_slot(now), .user_agent = SLICE("test")};
    char address[16];

    cr_assert_not_null(site);
    w->people++;
    snprintf(address, sizeof address, "10.%u.%u.1", w->people >> 8 & 255,
             w->people & 255);
    cr_assert_eq(address_parse(&visit.unit, slice_of(address)), 0);
    site_lane_open(site, &lane, instant_slot(now));
    for (unsigned i = 0; i < n; i++)
        site_visit(site, &lane, &visit);
    site_lane_flush(site, &lane, instant_seconds(now));
}

static int save(struct world *w)
{
    return saver_round(w->saver, clock_now(&w->clock), false, deadline_in(2000));
}

static int64_t day(const struct world *w)
{
    return w->ms / DAY_MS;
}

static uint64_t seconds(const struct world *w)
{
    return (uint64_t)w->ms / 1000;
}

static int64_t quarter(const struct world *w)
{
    return w->ms / QUARTER_MS;
}

static void expect_row(const struct world *w, enum change_kind kind, const char *site,
                       int64_t number, uint64_t views, uint64_t visits, uint64_t visitors)
{
    const struct fake_row *row = fake_store_row(&w->store, kind, site, number);

    cr_assert_not_null(row, "kind %d, site %s, number %lld", kind, site,
                       (long long)number);
    cr_expect_eq(row->views, views, "kind %d: views %llu", kind,
                 (unsigned long long)row->views);
    cr_expect_eq(row->visits, visits, "kind %d: visits %llu", kind,
                 (unsigned long long)row->visits);
    cr_expect_eq(row->visitors, visitors, "kind %d: visitors %llu", kind,
                 (unsigned long long)row->visitors);
}

static uint64_t views_of(const struct world *w, enum change_kind kind)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < w->store.rows; i++)
        sum += w->store.row[i].kind == kind ? w->store.row[i].views : 0;
    return sum;
}

/* --- What is saved --- */

Test(saver, notes_in_the_arena_what_the_store_has_confirmed)
{
    struct world w;
    int64_t first;

    world_init(&w);
    w.store.error = ERR_NOSPACE;
    cr_expect_neq(saver_round(w.saver, clock_now(&w.clock), false, deadline_in(1000)), 0);
    cr_expect_eq(count_head_confirmed(arena_head(w.arena), 2, "sqlite:/a"), 0);
    w.store.error = 0;
    first = instant_seconds(clock_now(&w.clock));
    cr_expect_eq(saver_round(w.saver, clock_now(&w.clock), false, deadline_in(1000)), 0);
    cr_expect_eq(count_head_confirmed(arena_head(w.arena), 2, "sqlite:/a"), first);
    pass_time(&w, 5000);
    w.store.error = ERR_NOSPACE;
    cr_expect_neq(saver_round(w.saver, clock_now(&w.clock), false, deadline_in(1000)), 0);
    cr_expect_eq(count_head_confirmed(arena_head(w.arena), 2, "sqlite:/a"), first);
    world_release(&w);
}

Test(saver, what_was_counted_is_in_the_next_save)
{
    struct world w;

    world_init(&w);
    somebody_views(&w, "a", 3);
    somebody_views(&w, "a", 2);
    somebody_views(&w, "b", 1);
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_TOTAL, "a", 0, 5, 2, 0);
    expect_row(&w, CHANGE_DAY, "a", day(&w), 5, 2, 2);
    expect_row(&w, CHANGE_QUARTER, "a", quarter(&w), 5, 2, 0);
    expect_row(&w, CHANGE_TOTAL, "b", 0, 1, 1, 0);
    expect_row(&w, CHANGE_DAY, "b", day(&w), 1, 1, 1);
    cr_expect_eq(fake_store_count(&w.store, CHANGE_WEEK), 2);
    cr_expect_eq(fake_store_count(&w.store, CHANGE_MONTH), 2);
    somebody_views(&w, "a", 1);
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_DAY, "a", day(&w), 6, 3, 3);
    expect_row(&w, CHANGE_QUARTER, "a", quarter(&w), 6, 3, 0);
    world_release(&w);
}

Test(saver, a_site_s_row_says_since_when_it_counts)
{
    struct world w;
    const struct fake_row *row;

    world_init(&w);
    cr_assert_eq(save(&w), 0);
    row = fake_store_row(&w.store, CHANGE_SITE, "a", 0);
    cr_assert_not_null(row); /* also a site that nobody has seen */
    cr_expect_eq(row->views, 0);
    pass_time(&w, 60000);
    somebody_views(&w, "a", 1);
    cr_assert_eq(save(&w), 0);
    row = fake_store_row(&w.store, CHANGE_SITE, "a", 0);
    cr_expect_eq(row->views, seconds(&w));
    cr_expect_eq(row->visits / 60, seconds(&w) / 60);
    world_release(&w);
}

Test(saver, when_nothing_changed_only_the_sign_of_life_is_saved)
{
    struct world w;
    uint64_t changes;

    world_init(&w);
    somebody_views(&w, "a", 1);
    cr_assert_eq(save(&w), 0);
    changes = w.store.changes;
    for (int i = 1; i <= 10; i++) {
        pass_time(&w, 1000);
        cr_assert_eq(save(&w), 0);
        cr_expect_eq(fake_store_row(&w.store, CHANGE_ALIVE, NULL, 0)->views, seconds(&w));
    }
    /* and one sketch, as the minute's second of the site came by or not */
    cr_expect_leq(w.store.changes, changes + 10 + 1);
    cr_expect_eq(w.store.repeats, 0);
    world_release(&w);
}

Test(saver, a_sketch_of_today_s_visitors_is_saved_once_a_minute)
{
    struct world w;
    const struct fake_row *row;

    world_init(&w);
    somebody_views(&w, "a", 1);
    for (int i = 0; i < 61; i++) {
        cr_assert_eq(save(&w), 0);
        pass_time(&w, 1000);
    }
    row = fake_store_row(&w.store, CHANGE_SKETCH, "a", day(&w));
    cr_assert_not_null(row);
    cr_expect_eq(row->given, 1);
    cr_expect_gt(row->blob_length, 16);
    somebody_views(&w, "a", 1);
    for (int i = 0; i < 61; i++) {
        cr_assert_eq(save(&w), 0);
        pass_time(&w, 1000);
    }
    row = fake_store_row(&w.store, CHANGE_SKETCH, "a", day(&w));
    cr_expect_eq(row->given, 2);
    cr_expect_null(fake_store_row(&w.store, CHANGE_SKETCH, "b", day(&w)));
    world_release(&w);
}

Test(saver, a_site_that_appears_later_is_saved)
{
    struct world w;

    world_init(&w);
    cr_assert_eq(save(&w), 0);
    w.reloaded = config_of(three_sites);
    registry_reload(w.registry, w.reloaded);
    pass_time(&w, 1000);
    somebody_views(&w, "c", 4);
    cr_assert_eq(save(&w), 0);
    cr_expect_not_null(fake_store_row(&w.store, CHANGE_SITE, "c", 0));
    expect_row(&w, CHANGE_DAY, "c", day(&w), 4, 1, 1);
    world_release(&w);
}

Test(saver, what_a_site_counted_before_it_was_archived_is_saved)
{
    struct world w;

    world_init(&w);
    cr_assert_eq(save(&w), 0);
    somebody_views(&w, "b", 4);
    w.reloaded = config_of("[site a]\ntimezone = UTC\nany_host = yes\n");
    registry_reload(w.registry, w.reloaded);
    pass_time(&w, 1000);
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_TOTAL, "b", 0, 4, 1, 0);
    world_release(&w);
}

Test(saver, quarters_before_the_arena_began_are_never_saved)
{
    struct world w;
    struct site *site;

    world_init(&w);
    site = registry_by_key(w.registry, SLICE("a"));
    for (int64_t q = quarter(&w) - 200; q < quarter(&w); q++)
        hits_restore(&site->block->hits, q, (struct hit_count){.views = 7, .visits = 3});
    somebody_views(&w, "a", 1);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(save(&w), 0);
        pass_time(&w, QUARTER_MS);
        somebody_views(&w, "a", 1);
    }
    cr_expect_geq(fake_store_first(&w.store, CHANGE_QUARTER), quarter(&w) - 100);
    cr_expect_eq(views_of(&w, CHANGE_DAY), views_of(&w, CHANGE_QUARTER));
    world_release(&w);
}

/* --- When saving fails --- */

Test(saver, a_failed_save_is_written_again_all_of_it_and_nothing_twice)
{
    struct world w;
    uint64_t changes;

    world_init(&w);
    somebody_views(&w, "a", 3);
    somebody_views(&w, "b", 2);
    w.store.fail_at = 1;
    cr_expect_eq(save(&w), ERR_IO);
    cr_expect_eq(w.store.changes, 0);
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_TOTAL, "a", 0, 3, 1, 0);
    expect_row(&w, CHANGE_DAY, "a", day(&w), 3, 1, 1);
    expect_row(&w, CHANGE_QUARTER, "a", quarter(&w), 3, 1, 0);
    expect_row(&w, CHANGE_DAY, "b", day(&w), 2, 1, 1);
    cr_expect_eq(fake_store_count(&w.store, CHANGE_WEEK), 2);
    changes = w.store.changes;
    pass_time(&w, 1000);
    cr_assert_eq(save(&w), 0);
    cr_expect_leq(w.store.changes, changes + 2);
    cr_expect_eq(w.store.repeats, 0);
    world_release(&w);
}

Test(saver, a_stuck_store_has_until_the_deadline_and_gets_it_all_later)
{
    struct world w;

    world_init(&w);
    somebody_views(&w, "a", 3);
    w.store.stuck = true;
    cr_expect_eq(saver_round(w.saver, clock_now(&w.clock), true, deadline_in(1)),
                 ERR_TIMEOUT);
    cr_expect_eq(w.store.calls, 1); /* it is not asked again in that round */
    w.store.stuck = false;
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_TOTAL, "a", 0, 3, 1, 0);
    world_release(&w);
}

Test(saver, a_sign_of_life_says_that_all_before_it_is_saved)
{
    struct world w;

    world_init(&w);
    somebody_views(&w, "a", 3);
    w.store.error = ERR_NOSPACE;
    for (int i = 0; i < 5; i++) {
        pass_time(&w, 1000);
        cr_expect_eq(save(&w), ERR_NOSPACE);
    }
    cr_expect_null(fake_store_row(&w.store, CHANGE_ALIVE, NULL, 0));
    w.store.error = 0;
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_TOTAL, "a", 0, 3, 1, 0);
    cr_expect_eq(fake_store_row(&w.store, CHANGE_ALIVE, NULL, 0)->views, seconds(&w));
    world_release(&w);
}

/* Longer than a buffer of rows: 30 days are 2,880 quarters of each site. Whatever call
 * fails on the way back, it all arrives. */
static void outage(uint64_t fail_at)
{
    struct world w;
    int64_t from_q, from_day;
    uint64_t views = 2;

    world_init(&w);
    somebody_views(&w, "a", 1);
    somebody_views(&w, "b", 1);
    cr_assert_eq(save(&w), 0);
    from_q = quarter(&w);
    from_day = day(&w);
    w.store.error = ERR_IO;
    for (int i = 0; i < 30 * 96; i++) {
        pass_time(&w, QUARTER_MS);
        somebody_views(&w, "a", 1);
        somebody_views(&w, "b", 1);
        views += 2;
        if (i % 50 == 0)
            cr_assert_eq(save(&w), ERR_IO);
    }
    w.store.error = 0;
    w.store.fail_at = fail_at != 0 ? w.store.calls + fail_at : 0;
    while (save(&w) != 0)
        ;
    for (int64_t q = from_q; q <= quarter(&w); q++)
        expect_row(&w, CHANGE_QUARTER, "b", q, 1, 1, 0);
    for (int64_t d = from_day + 1; d < day(&w); d++)
        expect_row(&w, CHANGE_DAY, "a", d, 96, 96, 96);
    cr_expect_eq(views_of(&w, CHANGE_QUARTER), views);
    cr_expect_eq(views_of(&w, CHANGE_DAY), views);
    cr_expect_eq(views_of(&w, CHANGE_TOTAL), views);
    cr_expect_geq(fake_store_count(&w.store, CHANGE_WEEK), 2 * 5);
    cr_expect_geq(fake_store_count(&w.store, CHANGE_MONTH), 2 * 2);
    cr_expect_eq(w.store.falls, 0);
    world_release(&w);
}

Test(saver, an_outage_ends_with_every_day_and_quarter)
{
    outage(0);
}

Test(saver, a_failure_on_the_way_back_from_an_outage_loses_nothing)
{
    outage(1);
    outage(2);
}

Test(saver, a_saver_that_follows_another_saves_what_that_one_did_not)
{
    struct world w;

    world_init(&w);
    somebody_views(&w, "a", 1);
    cr_assert_eq(save(&w), 0);
    somebody_views(&w, "a", 1); /* then kill -9, and nobody for 5 hours */
    pass_time(&w, 20 * QUARTER_MS);
    saver_free(w.saver);
    w.saver = saver_of(&w);
    cr_assert_eq(save(&w), 0);
    expect_row(&w, CHANGE_QUARTER, "a", quarter(&w) - 20, 2, 2, 0);
    expect_row(&w, CHANGE_DAY, "a", day(&w), 2, 2, 2);
    expect_row(&w, CHANGE_TOTAL, "a", 0, 2, 2, 0);
    world_release(&w);
}

/* --- Numbers do not fall --- */

Test(saver, values_never_fall)
{
    struct world w;

    world_init(&w);
    for (int i = 0; i < 3 * 96 * 2; i++) {
        pass_time(&w, QUARTER_MS / 2);
        somebody_views(&w, i % 3 == 0 ? "b" : "a", 1);
        cr_assert_eq(save(&w), 0);
    }
    cr_expect_eq(w.store.falls, 0);
    cr_expect_eq(w.store.repeats, 0);
    cr_expect_eq(views_of(&w, CHANGE_QUARTER), 3 * 96 * 2);
    cr_expect_eq(views_of(&w, CHANGE_DAY), 3 * 96 * 2);
    world_release(&w);
}

/* The clock goes back by so much, as the keeper takes it up. */
static void set_back(struct world *w, int64_t ms)
{
    w->ms -= ms;
    registry_set_back(w->registry, clock_now(&w->clock), false);
    registry_set_back(w->registry, clock_now(&w->clock), true);
    pass_time(w, 1000);
}

Test(saver, what_is_counted_after_the_clock_was_set_back_is_saved)
{
    struct world w;

    world_init(&w);
    for (int i = 0; i < 20 * 96; i++) {
        pass_time(&w, QUARTER_MS);
        somebody_views(&w, "a", 1);
        cr_assert_eq(save(&w), 0);
    }
    set_back(&w, 5 * 3600 * 1000);
    somebody_views(&w, "a", 9);
    cr_assert_eq(save(&w), 0);
    cr_expect_eq(fake_store_row(&w.store, CHANGE_QUARTER, "a", quarter(&w))->views,
                 1 + 9);
    set_back(&w, (int64_t)15 * DAY_MS);
    somebody_views(&w, "a", 1000);
    cr_assert_eq(save(&w), 0);
    cr_expect_eq(fake_store_row(&w.store, CHANGE_QUARTER, "a", quarter(&w))->views,
                 1 + 1000);
    world_release(&w);
}

/* --- A reload meanwhile --- */

/* New terms, and the grace after which the old ones are freed. */
static void reload(void *context)
{
    struct world *w = context;

    registry_reload(w->registry, w->config);
    pass_time(w, 0);
    pass_time(w, 1);
}

Test(saver, a_reload_while_the_store_is_asked_takes_nothing_from_under_it)
{
    struct world w;

    world_init(&w);
    w.store.context = &w;
    w.store.during = reload;
    for (int i = 0; i < 60 * 96; i++) { /* more quarters of two sites than a buffer has */
        pass_time(&w, QUARTER_MS);
        somebody_views(&w, "a", 1);
        somebody_views(&w, "b", 1);
    }
    cr_assert_eq(save(&w), 0);
    cr_expect_geq(w.store.calls, 2);
    expect_row(&w, CHANGE_DAY, "b", day(&w) - 1, 96, 96, 96);
    world_release(&w);
}

/* --- The status, and the thread --- */

Test(saver, the_status_tells_good_saves_from_bad_ones)
{
    struct world w;
    struct saver_status status;

    world_init(&w);
    status = saver_status(w.saver);
    cr_expect_not(status.durable);
    somebody_views(&w, "a", 1);
    cr_assert_eq(save(&w), 0);
    status = saver_status(w.saver);
    cr_expect_eq(status.saves, w.store.saves);
    cr_expect_eq(status.rows, w.store.changes);
    cr_expect_eq(status.durable_since_ms, w.ms);
    cr_expect_eq(status.error, 0);
    w.store.error = ERR_NOSPACE;
    pass_time(&w, 1000);
    cr_expect_eq(save(&w), ERR_NOSPACE);
    status = saver_status(w.saver);
    cr_expect_eq(status.error, ERR_NOSPACE);
    cr_expect_eq(status.failures, 1);
    cr_expect_eq(status.durable_since_ms, w.ms - 1000);
    world_release(&w);
}

static struct saver *started(struct world *w, struct store *store)
{
    struct saver_options options = {.registry = w->registry,
                                    .clock = &w->clock,
                                    .store = store,
                                    .incarnation = 1,
                                    .period_ms = 3600 * 1000};
    struct saver *s;

    cr_assert_eq(saver_start(&s, &options), 0);
    return s;
}

Test(saver, stopping_saves_once_more_and_closes_the_store)
{
    struct world w;
    struct fake_store store;
    struct saver *s;

    world_init(&w);
    fake_store_init(&store);
    s = started(&w, &store.store);
    somebody_views(&w, "a", 3);
    saver_stop(s, 10000);
    cr_assert_not_null(fake_store_row(&store, CHANGE_TOTAL, "a", 0));
    cr_expect_eq(fake_store_row(&store, CHANGE_TOTAL, "a", 0)->views, 3);
    cr_expect_not_null(fake_store_row(&store, CHANGE_SKETCH, "a", day(&w)));
    cr_expect_eq(store.closed, 1);
    fake_store_release(&store);
    world_release(&w);
}

Test(saver, without_a_store_nothing_is_durable)
{
    struct world w;
    struct saver *s;

    world_init(&w);
    s = started(&w, NULL);
    somebody_views(&w, "a", 3);
    cr_expect_not(saver_status(s).durable);
    cr_expect_eq(saver_status(s).saves, 0);
    saver_stop(s, 10);
    saver_stop(NULL, 10);
    world_release(&w);
}
