#include "store/merged.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/replica_place.h"

enum { AT_S = REPLICA_DAY * 86400 + 3600 };

struct place {
    struct scratch dir;
    struct store *store;
    struct zone *zone;
    struct site site;
    struct site_merged *merged;
};

/* Site "into", of which "from" has become a part. */
static void place_init(struct place *p)
{
    *p = (struct place){.dir = scratch_new()};
    p->store = replica_open(&p->dir, "luot.db", 1);
    cr_assert_eq(zone_load(&p->zone, SLICE("Asia/Ho_Chi_Minh")), 0);
    p->site.block = calloc(1, sizeof *p->site.block);
    p->merged = calloc(1, sizeof *p->merged + sizeof p->merged->of[0]);
    cr_assert(p->site.block != NULL && p->merged != NULL);
    snprintf(p->site.block->key, sizeof p->site.block->key, "into");
    p->merged->count = 1;
    snprintf(p->merged->of[0].key, sizeof p->merged->of[0].key, "from");
    p->merged->of[0].at_ms = (int64_t)AT_S * 1000;
    atomic_init(&p->site.merged, p->merged);
}

static void place_release(struct place *p)
{
    p->store->ops->close(p->store);
    zone_free(p->zone);
    free(p->site.block);
    free(p->merged);
    scratch_free(&p->dir);
}

struct days {
    unsigned rows;
    int64_t last;
    uint64_t views;
    bool all_deduplicated;
};

static int add_day(void *context, const struct history_row *row)
{
    struct days *d = context;

    cr_expect(d->rows == 0 || row->number > d->last, "ascending, each once");
    d->rows++;
    d->last = row->number;
    d->views += row->views;
    d->all_deduplicated = d->all_deduplicated && row->deduplicated;
    return 0;
}

static struct days days_of(struct place *p, unsigned parts)
{
    struct days d = {.all_deduplicated = true};

    cr_assert_eq(merged_history(p->store, &p->site, CHANGE_DAY, parts, INT64_MIN,
                                INT64_MAX, add_day, &d),
                 0);
    return d;
}

Test(merged, days_of_both_are_one_row_and_all_of_the_other_key_is_of_other_runs)
{
    struct place p;
    struct days d;

    place_init(&p);
    replica_count(p.store, "into", 1); /* our own run: 150 views on two days */
    replica_count(p.store, "from", 2); /* our own run too, 300 */
    d = days_of(&p, HISTORY_LIVE_OWN);
    cr_expect_eq(d.views, 150);
    d = days_of(&p, HISTORY_LIVE_OTHER);
    cr_expect_eq(d.views, 300);
    cr_expect_eq(d.rows, 2);
    d = days_of(&p, HISTORY_ALL);
    cr_expect_eq(d.views, 450);
    cr_expect_eq(d.rows, 2);
    cr_expect_not(d.all_deduplicated, "visitors of two keys are a sum");
    atomic_store(&p.site.merged, NULL);
    d = days_of(&p, HISTORY_ALL);
    cr_expect_eq(d.views, 150);
    cr_expect(d.all_deduplicated);
    place_release(&p);
}

static int stop_at_first(void *context, const struct history_row *row)
{
    (void)row;
    ++*(int *)context;
    return -1;
}

Test(merged, reading_ends_when_the_reader_has_enough)
{
    struct place p;
    int rows = 0;

    place_init(&p);
    replica_count(p.store, "into", 1);
    replica_count(p.store, "from", 2);
    cr_expect_eq(merged_history(p.store, &p.site, CHANGE_DAY, HISTORY_ALL, INT64_MIN,
                                INT64_MAX, stop_at_first, &rows),
                 -1);
    cr_expect_eq(rows, 1);
    place_release(&p);
}

static int64_t views_of_totals(struct place *p, int64_t seeded_s)
{
    const struct site_seed seed[METRIC_KINDS] = {{.as_of_s = seeded_s}};
    const int64_t seeded[METRIC_KINDS] = {seeded_s, seeded_s, seeded_s};
    struct site_totals totals = {.since_day = 0};

    cr_assert_eq(merged_totals(p->store, &p->site, p->zone, seed, seeded, &totals), 0);
    return (int64_t)(totals.live[METRIC_VIEWS] + totals.imported[METRIC_VIEWS]) +
           totals.adjusted[METRIC_VIEWS];
}

Test(merged, a_total_has_the_other_ones_seed_less_what_that_had_in_it)
{
    const struct seed_row seed = {.metric = METRIC_VIEWS,
                                  .at_s = AT_S - 10,
                                  .as_of_s = AT_S - 10,
                                  .total = 50510,
                                  .offset_total = 100};
    const struct adjust_row adjust = {
        .metric = METRIC_VIEWS, .at_s = AT_S - 5, .day = REPLICA_DAY, .by = -10};
    struct place p;

    place_init(&p);
    cr_expect_eq(views_of_totals(&p, 0), 0);
    replica_count(p.store, "from", 2);
    cr_expect_eq(views_of_totals(&p, 0), 300);
    cr_assert_eq(p.store->ops->seed_set(p.store, SLICE("from"), &seed), 0);
    cr_expect_eq(views_of_totals(&p, 0), 50510 + 300 - 100);
    cr_assert_eq(p.store->ops->adjust_add(p.store, SLICE("from"), &adjust), 0);
    cr_expect_eq(views_of_totals(&p, 0), 50510 + 300 - 100 - 10);
    /* A seed that the site had before the merger knows nothing of the other one. */
    cr_expect_eq(views_of_totals(&p, AT_S - 1), 50510 + 300 - 100 - 10);
    /* One that was said after it has all of that in it, and its offset the live views. */
    cr_expect_eq(views_of_totals(&p, AT_S + 1), 300);
    place_release(&p);
}

Test(merged, begins_when_the_first_of_them_did)
{
    const struct change sites[] = {
        {.kind = CHANGE_SITE, .site = SLICE("into"), .number = 500, .views = 600},
        {.kind = CHANGE_SITE, .site = SLICE("from"), .number = 300, .views = 700}};
    struct place p;
    int64_t created, live;

    place_init(&p);
    cr_expect_eq(merged_site_first(p.store, &p.site, &created, &live), ERR_NOT_FOUND);
    cr_assert_eq(p.store->ops->save(p.store, sites, 1, (struct deadline){0}), 0);
    cr_assert_eq(merged_site_first(p.store, &p.site, &created, &live), 0);
    cr_expect_eq(created, 500);
    cr_assert_eq(p.store->ops->save(p.store, sites, 2, (struct deadline){0}), 0);
    cr_assert_eq(merged_site_first(p.store, &p.site, &created, &live), 0);
    cr_expect_eq(created, 300);
    cr_expect_eq(live, 600);
    place_release(&p);
}
