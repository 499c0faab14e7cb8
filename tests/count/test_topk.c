#include "count/topk.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/topk_inner.h"
#include "lib/repeat.h"
#include "lib/topk_place.h"

static void add_many(struct topk_place *p, enum dimension d, const char *key, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        topk_place_add(p, d, key, false);
}

/* Of a key that is nowhere: 0. */
static uint64_t views_of(const struct topk_place *p, enum dimension d, const char *key)
{
    static struct place_top top;
    const struct place_row *row;

    topk_place_read(p, d, &top);
    row = place_row_of(&top, key);
    return row == NULL ? 0 : row->views;
}

Test(topk, is_exact_while_every_key_has_a_row)
{
    static struct place_top top;
    struct topk_place p;
    char key[32];

    topk_place_open(&p);
    for (int i = 0; i < 600; i++) {
        snprintf(key, sizeof key, "/page-%d", i);
        add_many(&p, DIM_PAGES, key, (unsigned)i + 1);
        topk_place_tick(&p);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, 600 * 601 / 2);
    cr_expect_eq(top.error, 0);
    cr_expect_eq(top.count, TOPK_LIST_MAX);
    for (unsigned i = 0; i < top.count; i++) {
        snprintf(key, sizeof key, "/page-%u", 599 - i);
        cr_expect_str_eq(top.row[i].key, key);
        cr_expect_eq(top.row[i].views, 600 - i);
    }
    topk_place_close(&p);
}

Test(topk, dimensions_know_nothing_of_each_other)
{
    struct topk_place p;

    topk_place_open(&p);
    for (int d = 0; d < DIMENSIONS; d++)
        add_many(&p, (enum dimension)d, "the same", (unsigned)d + 1);
    for (int d = 0; d < DIMENSIONS; d++)
        cr_expect_eq(views_of(&p, (enum dimension)d, "the same"), (uint64_t)d + 1);
    topk_place_close(&p);
}

Test(topk, keeps_names_of_every_length)
{
    static struct place_top top;
    struct topk_place p;
    char key[NAME_MAX_BYTES + 2];

    topk_place_open(&p);
    for (unsigned n = 1; n <= NAME_MAX_BYTES; n++) {
        memset(key, 'a' + (int)(n % 26), n);
        key[n] = '\0';
        /* Those of the first 100 lengths have more views than the others. */
        add_many(&p, DIM_PAGES, key, n <= TOPK_LIST_MAX ? 2 : 1);
        topk_place_tick(&p);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    for (unsigned i = 0; i < top.count; i++)
        cr_expect_leq(strlen(top.row[i].key), TOPK_LIST_MAX);
    cr_expect_eq(top.total, NAME_MAX_BYTES + TOPK_LIST_MAX);
    cr_expect_eq(top.error, 0);
    memset(key, 'x', NAME_MAX_BYTES + 1); /* one too many: cut, not refused */
    key[NAME_MAX_BYTES + 1] = '\0';
    add_many(&p, DIM_PAGES, key, 5);
    key[NAME_MAX_BYTES] = '\0';
    cr_expect_eq(views_of(&p, DIM_PAGES, key), 5);
    topk_place_close(&p);
}

Test(topk, a_row_knows_the_visitors_who_began_their_day_with_it)
{
    static struct place_top top;
    struct topk_place p;

    topk_place_open(&p);
    for (int i = 0; i < 10; i++)
        topk_place_add(&p, DIM_PAGES, "/a", i % 2 == 0);
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.row[0].views, 10);
    cr_expect_eq(top.row[0].visitors, 5);
    topk_place_close(&p);
}

Test(topk, a_lane_adds_at_the_end_of_its_turn_and_nothing_twice)
{
    static struct place_top top;
    struct name_lane *lane;
    struct topk_place p;
    char key[32];

    topk_place_open(&p);
    lane = name_lane_new();
    for (int turn = 0; turn < 50; turn++) {
        for (int i = 0; i < 400; i++) {
            snprintf(key, sizeof key, "/%d", i % 100);
            topk_add(&p.table, lane, DIM_PAGES, slice_of(key), i < 100);
        }
        name_lane_flush(lane);
        topk_place_tick(&p);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, 50 * 400);
    /* A key that found no room in the first turn lacks what `error` says. */
    for (unsigned i = 0; i < top.count; i++) {
        cr_expect_leq(top.row[i].views, 200);
        cr_expect_geq(top.row[i].views + top.row[i].lacks, 200);
        cr_expect_leq(top.row[i].visitors, 50);
    }
    name_lane_free(lane);
    topk_place_close(&p);
}

/* --- Floods --- */

/* 100,000 beacons a second, and workers who ring when a table needs room. */
static void tick_now_and_then(struct topk_place *p, uint64_t beacons)
{
    if (beacons % 10000 == 0 || (beacons % 256 == 0 && topk_wants(&p->table)))
        topk_place_tick(p);
}

/* Twenty pages, the first with the most views. */
static unsigned page_by_share(uint64_t *random)
{
    unsigned ticket = (unsigned)random_below(random, 210);

    for (unsigned page = 0, shares = 20;; page++, shares--) {
        if (ticket < shares)
            return page;
        ticket -= shares;
    }
}

Test(topk, in_a_flood_of_random_paths_the_real_pages_stay_with_their_true_count)
{
    static struct place_top top;
    const uint64_t beacons = number_from("TOPK_BEACONS", 1000000);
    uint64_t truth[20] = {0}, random = 7, used = 0;
    struct topk_place p;
    char key[64];

    topk_place_open(&p);
    for (uint64_t i = 0; i < beacons; i++) {
        if (random_below(&random, 10) > 0) {
            snprintf(key, sizeof key, "/%016llx",
                     (unsigned long long)random_below(&random, UINT64_MAX));
        } else {
            unsigned page = page_by_share(&random);

            snprintf(key, sizeof key, "/trang-%u", page);
            truth[page]++;
        }
        topk_place_add(&p, DIM_PAGES, key, false);
        tick_now_and_then(&p, i);
        if (i == beacons / 2)
            used = arena_bytes_used(p.arena);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    printf("%llu beacons, 90 %% random: error %llu\n", (unsigned long long)beacons,
           (unsigned long long)top.error);
    cr_expect_eq(top.total, beacons);
    cr_expect_leq(top.error, 3 * beacons / TOPK_YARD);
    cr_expect_eq(arena_bytes_used(p.arena), used, "memory grew in the flood");
    for (unsigned i = 0; i < 20; i++) {
        const struct place_row *row;

        snprintf(key, sizeof key, "/trang-%u", i);
        row = place_row_of(&top, key);
        cr_assert_not_null(row, "%s is not listed", key);
        cr_expect_leq(row->views, truth[i], "%s", key);
        cr_expect_geq(row->views + row->lacks, truth[i], "%s", key);
        cr_expect_leq(row->lacks, top.error);
    }
    topk_place_close(&p);
}

Test(topk, pages_that_come_after_the_flood_are_found_too)
{
    static struct place_top top;
    const uint64_t beacons = number_from("TOPK_BEACONS", 1000000);
    uint64_t random = 11, truth = 0;
    const struct place_row *row;
    struct topk_place p;
    char key[64];

    topk_place_open(&p);
    for (uint64_t i = 0; i < beacons; i++) {
        snprintf(key, sizeof key, "/%016llx",
                 (unsigned long long)random_below(&random, UINT64_MAX));
        topk_place_add(&p, DIM_PAGES, key, false);
        if (i > beacons / 2 && i % 100 == 0) {
            topk_place_add(&p, DIM_PAGES, "/late", false);
            truth++;
        }
        tick_now_and_then(&p, i);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    row = place_row_of(&top, "/late");
    cr_assert_not_null(row);
    cr_expect_leq(row->views, truth);
    cr_expect_geq(row->views + row->lacks, truth);
    cr_expect_leq(truth, row->views + top.error);
    cr_expect_eq(top.total, beacons + truth);
    topk_place_close(&p);
}

Test(topk, distinct_paths_and_referrers_take_no_more_memory)
{
    static struct place_top top;
    const uint64_t paths = number_from("TOPK_BEACONS", 1000000);
    uint64_t used = 0;
    struct topk_place p;
    char key[96];

    topk_place_open(&p);
    for (uint64_t i = 0; i < paths; i++) {
        snprintf(key, sizeof key, "/a-path-of-some-length/that-is-never-the-same/%llu",
                 (unsigned long long)i);
        topk_place_add(&p, DIM_PAGES, key, true);
        if (i % 10 == 0) {
            snprintf(key, sizeof key, "host-%llu.example.net", (unsigned long long)i);
            topk_place_add(&p, DIM_REFERRERS, key, false);
        }
        tick_now_and_then(&p, i);
        if (i == paths / 4)
            used = arena_bytes_used(p.arena);
    }
    cr_expect_leq(arena_bytes_used(p.arena), used + 4096);
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, paths);
    cr_expect_leq(top.sum, top.total);
    topk_place_read(&p, DIM_REFERRERS, &top);
    cr_expect_eq(top.total, (paths + 9) / 10);
    topk_place_close(&p);
}

/* Keys that all fall on one counter of an unkeyed hash, and as many that do not. */
static uint64_t error_of(bool crafted)
{
    static struct place_top top;
    struct topk_place p;
    unsigned n = 0;
    char key[32];

    topk_place_open(&p);
    for (uint64_t i = 0; n < 40000; i++) {
        snprintf(key, sizeof key, "/%llx", (unsigned long long)i);
        if (crafted && hash_fast(key, strlen(key)) >> 58 != 0)
            continue;
        topk_place_add(&p, DIM_PAGES, key, false);
        tick_now_and_then(&p, n++);
    }
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, 40000);
    topk_place_close(&p);
    return top.error;
}

Test(topk, keys_that_were_made_to_collide_do_not)
{
    double honest[12], mean = 0, spread = 0;

    for (int i = 0; i < 12; i++) {
        honest[i] = (double)error_of(false);
        mean += honest[i] / 12;
    }
    for (int i = 0; i < 12; i++)
        spread += (honest[i] - mean) * (honest[i] - mean) / 11;
    spread = sqrt(spread > 1 ? spread : 1);
    for (int i = 0; i < 4; i++)
        cr_expect_leq(fabs((double)error_of(true) - mean), 3 * spread);
}

/* --- Purges --- */

/* Until the purge is at a step. */
static void fill_until(struct topk_place *p, enum topk_step step, uint64_t *added)
{
    char key[32];

    for (unsigned i = 0; topk_step(atomic_load(&p->table.head->phase)) != step; i++) {
        cr_assert_lt(i, 100000);
        snprintf(key, sizeof key, "/%u", i);
        for (unsigned n = 0; n < 8; n++) { /* enough for any door */
            topk_place_add(p, DIM_PAGES, key, false);
            topk_place_add(p, DIM_PAGES, "/often", false);
        }
        *added += 16;
        topk_place_tick(p);
    }
}

Test(topk, a_purge_that_was_killed_at_any_step_loses_nothing)
{
    static const enum topk_step steps[] = {TOPK_CLOSING, TOPK_DYING};
    static struct place_top top;

    for (unsigned i = 0; i < 2; i++) {
        struct topk_place p;
        uint64_t added = 0, often;

        topk_place_open(&p);
        fill_until(&p, steps[i], &added);
        often = views_of(&p, DIM_PAGES, "/often");
        cr_assert_eq(topk_adopt(&p.table), 0);
        topk_place_read(&p, DIM_PAGES, &top);
        cr_expect_eq(top.total, added);
        cr_expect_eq(views_of(&p, DIM_PAGES, "/often"), often);
        cr_expect_eq(topk_step(atomic_load(&p.table.head->phase)), TOPK_OPEN);
        p.ticket = 0;
        fill_until(&p, TOPK_DYING, &added); /* it goes on */
        topk_place_tick(&p);
        topk_place_read(&p, DIM_PAGES, &top);
        cr_expect_eq(top.total, added);
        topk_place_close(&p);
    }
}

Test(topk, buried_rows_are_in_lost_and_count_once)
{
    static struct place_top top;
    struct topk_place p;
    uint64_t added = 0, phase;

    topk_place_open(&p);
    fill_until(&p, TOPK_DYING, &added);
    /* As if the keeper had turned to BURIED and been killed before it freed anything. */
    phase = atomic_load(&p.table.head->phase);
    topk_place_tick(&p);
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, added);
    cr_expect_neq(topk_copy(phase), topk_copy(atomic_load(&p.table.head->phase)));
    atomic_store(&p.table.head->phase,
                 topk_phase(atomic_load(&p.table.head->phase), TOPK_BURIED,
                            topk_copy(atomic_load(&p.table.head->phase))));
    cr_assert_eq(topk_adopt(&p.table), 0);
    topk_place_read(&p, DIM_PAGES, &top);
    cr_expect_eq(top.total, added);
    topk_place_close(&p);
}

Test(topk, a_key_that_went_and_comes_again_knows_what_it_had)
{
    static struct place_top top;
    const struct place_row *row;
    struct topk_place p;
    uint64_t added = 0;

    topk_place_open(&p);
    add_many(&p, DIM_PAGES, "/now-and-then", 1);
    fill_until(&p, TOPK_DYING, &added);
    topk_place_tick(&p);
    cr_expect_eq(views_of(&p, DIM_PAGES, "/now-and-then"), 0);
    add_many(&p, DIM_PAGES, "/now-and-then", 500);
    topk_place_read(&p, DIM_PAGES, &top);
    row = place_row_of(&top, "/now-and-then");
    cr_assert_not_null(row);
    cr_expect_leq(row->views, 501);
    cr_expect_geq(row->views + row->lacks, 501);
    topk_place_close(&p);
}
