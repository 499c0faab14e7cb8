#include "count/hits.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    Q0 = 1950000, /* a quarter of August 2025 */
    S0 = Q0 * QUARTER_SLOTS,
    MINUTE0 = Q0 * 15,
    DAY_SLOTS = 7200,
    COUNT_MAX = (1 << 26) - 1
};

static struct hits *hits_at(int64_t now_slot)
{
    struct hits *h = calloc(1, sizeof *h);

    hits_init(h, now_slot);
    return h;
}

/* One turn with one visit's worth. */
static void add(struct hits *h, int64_t slot, int64_t now_slot, uint32_t visits,
                uint32_t views)
{
    bool late;

    hits_add(h, hits_date(slot, now_slot, hits_floor(h), &late), visits, views);
}

/* A keeper's tick, with a grace that is over at once. */
static void tick(struct hits *h, int64_t now_slot)
{
    hits_assign(h, now_slot);
    hits_close_begin(h, hits_closable(h, now_slot));
    hits_close_finish(h);
}

static void expect_count(struct hit_count c, uint64_t visits, uint64_t views)
{
    cr_expect_eq(c.visits, visits, "visits %lu, not %lu", c.visits, visits);
    cr_expect_eq(c.views, views, "views %lu, not %lu", c.views, views);
}

static uint64_t overrun_views(struct hits *h)
{
    return atomic_load(&h->overrun_views);
}

Test(hits, a_fresh_ring_is_empty)
{
    struct hits *h = hits_at(S0);

    expect_count(hits_total(h), 0, 0);
    expect_count(hits_quarter(h, Q0), 0, 0);
    expect_count(hits_window(h, S0, 300), 0, 0);
    cr_expect_eq(hits_closable(h, S0), Q0);
    free(h);
}

Test(hits, what_is_added_shows_at_once_everywhere)
{
    struct hits *h = hits_at(S0);
    struct hit_count c;

    add(h, S0 + 3, S0 + 3, 1, 1);
    add(h, S0 + 3, S0 + 3, 0, 4);
    add(h, S0 + 7, S0 + 7, 2, 2);
    expect_count(hits_total(h), 3, 7);
    expect_count(hits_quarter(h, Q0), 3, 7);
    expect_count(hits_sum(h, Q0, Q0 + 96, true), 3, 7);
    cr_expect(hits_minute(h, MINUTE0, &c));
    expect_count(c, 1, 5);
    cr_expect(hits_minute(h, MINUTE0 + 1, &c));
    expect_count(c, 2, 2);
    expect_count(hits_window(h, S0 + 7, 4), 2, 2);
    expect_count(hits_window(h, S0 + 7, 5), 3, 7);
    free(h);
}

/* --- Dates --- */

Test(hits, a_visit_is_counted_in_its_own_slot_for_15_minutes)
{
    bool late = true;

    cr_expect_eq(hits_date(S0 - 75, S0, Q0 - 2, &late), S0 - 75);
    cr_expect_not(late);
    cr_expect_eq(hits_date(S0, S0, Q0 - 2, &late), S0);
    cr_expect_not(late);
}

Test(hits, an_older_visit_is_moved_up_and_is_late)
{
    bool late = false;

    cr_expect_eq(hits_date(S0 - 76, S0, Q0 - 2, &late), S0 - 75);
    cr_expect(late);
    late = false;
    cr_expect_eq(hits_date(S0 - 10, S0 + 5, Q0, &late), S0);
    cr_expect(late);
}

Test(hits, a_visit_dated_after_now_is_counted_now)
{
    bool late = true;

    cr_expect_eq(hits_date(S0 + 1000, S0, Q0 - 2, &late), S0);
    cr_expect_not(late);
}

Test(hits, the_floor_wins_over_a_worker_whose_clock_is_behind)
{
    bool late = false;

    cr_expect_eq(hits_date(S0 - 100, S0 - 100, Q0, &late), S0);
    cr_expect(late);
}

/* --- The ring --- */

Test(hits, a_new_lap_takes_the_slot_over_once_its_quarter_is_closed)
{
    struct hits *h = hits_at(S0);

    add(h, S0, S0, 1, 10);
    tick(h, S0 + 600);
    add(h, S0 + 600, S0 + 600, 2, 20);
    expect_count(hits_quarter(h, Q0), 1, 10);
    expect_count(hits_quarter(h, Q0 + 8), 2, 20);
    expect_count(hits_total(h), 3, 30);
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

Test(hits, a_lap_that_is_not_saved_yet_is_not_taken_over)
{
    struct hits *h = hits_at(S0);

    add(h, S0, S0, 1, 10);
    hits_add(h, S0 + 600, 2, 20); /* the keeper has not come by */
    expect_count(hits_quarter(h, Q0), 1, 10);
    expect_count(hits_total(h), 3, 30);
    cr_expect_eq(overrun_views(h), 20);
    free(h);
}

Test(hits, a_slot_that_is_full_overruns_and_total_stays_exact)
{
    struct hits *h = hits_at(S0);

    hits_add(h, S0, 1, COUNT_MAX);
    hits_add(h, S0, 1, 1);
    hits_add(h, S0, 1, 0);
    expect_count(hits_quarter(h, Q0), 2, COUNT_MAX);
    cr_expect_eq(overrun_views(h), 1);
    expect_count(hits_total(h), 3, (uint64_t)COUNT_MAX + 1);
    hits_add(h, S0 + 1, COUNT_MAX, COUNT_MAX);
    hits_add(h, S0 + 1, COUNT_MAX, COUNT_MAX);
    expect_count(hits_total(h), 3 + 2 * (uint64_t)COUNT_MAX, 1 + 3 * (uint64_t)COUNT_MAX);
    free(h);
}

Test(hits, an_older_lap_never_writes_over_a_later_one)
{
    struct hits *h = hits_at(S0);

    hits_add(h, S0 + 600, 1, 1);
    hits_add(h, S0, 1, 5);
    expect_count(hits_quarter(h, Q0 + 8), 1, 1);
    cr_expect_eq(overrun_views(h), 5);
    expect_count(hits_total(h), 2, 6);
    free(h);
}

Test(hits, a_date_too_far_ahead_for_its_tag_is_in_total_only)
{
    struct hits *h = hits_at(S0);

    hits_add(h, S0, 1, 1);
    hits_add(h, S0 + 4095 * RING_SLOTS, 1, 7); /* the same word, the same tag */
    expect_count(hits_quarter(h, Q0), 1, 1);
    expect_count(hits_total(h), 2, 8);
    free(h);
}

Test(hits, tag_4095_is_followed_by_tag_1)
{
    int64_t lap = S0 / RING_SLOTS / 4095 * 4095 + 4094, s = lap * RING_SLOTS;
    struct hits *h = hits_at(s);

    add(h, s + 5, s + 5, 1, 3);
    cr_expect_eq(atomic_load(&h->ring[5]) >> 52, 4095);
    tick(h, s + 605);
    add(h, s + 605, s + 605, 1, 4);
    cr_expect_eq(atomic_load(&h->ring[5]) >> 52, 1);
    add(h, s + 610, s + 610, 0, 5);
    expect_count(hits_quarter(h, s / QUARTER_SLOTS), 1, 3);
    expect_count(hits_quarter(h, s / QUARTER_SLOTS + 8), 1, 9);
    expect_count(hits_total(h), 2, 12);
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

/* --- The keeper --- */

Test(hits, a_quarter_is_closable_once_nothing_can_be_dated_into_it)
{
    struct hits *h = hits_at(S0);

    cr_expect_eq(hits_closable(h, S0 + 149), Q0);
    cr_expect_eq(hits_closable(h, S0 + 150), Q0 + 1);
    cr_expect_eq(hits_closable(h, S0 + 75 * 10), Q0 + 9);
    free(h);
}

Test(hits, closing_changes_no_number)
{
    struct hits *h = hits_at(S0);

    for (int i = 0; i < 150; i++)
        add(h, S0 + i, S0 + i, 1, 2);
    for (int64_t now = S0 + 150; now < S0 + 2000; now += 10) {
        tick(h, now);
        expect_count(hits_total(h), 150, 300);
        expect_count(hits_quarter(h, Q0), 75, 150);
        expect_count(hits_quarter(h, Q0 + 1), 75, 150);
        expect_count(hits_sum(h, Q0, Q0 + 96, true), 150, 300);
    }
    free(h);
}

Test(hits, every_step_of_the_keeper_may_be_run_twice)
{
    struct hits *h = hits_at(S0);

    add(h, S0 + 1, S0 + 1, 1, 2);
    for (int i = 0; i < 2; i++)
        hits_assign(h, S0 + 300);
    for (int i = 0; i < 2; i++)
        hits_close_begin(h, Q0 + 3);
    for (int i = 0; i < 2; i++)
        hits_close_finish(h);
    for (int i = 0; i < 2; i++)
        hits_fold(h, Q0 + 2);
    expect_count(hits_total(h), 1, 2);
    expect_count(hits_quarter(h, Q0), 1, 2);
    cr_expect_eq(atomic_load(&h->rolled_q), Q0 + 3);
    free(h);
}

Test(hits, a_begun_closing_is_offered_again)
{
    struct hits *h = hits_at(S0);

    hits_close_begin(h, Q0 + 5);
    cr_expect_eq(hits_closable(h, S0), Q0 + 5);
    hits_close_begin(h, Q0 + 2); /* the floor never falls by it */
    cr_expect_eq(hits_floor(h), Q0 + 5);
    hits_close_finish(h);
    cr_expect_eq(hits_closable(h, S0), Q0 + 5);
    cr_expect_eq(atomic_load(&h->rolled_q), Q0 + 5);
    free(h);
}

Test(hits, while_a_closing_waits_the_quarter_stays_open_for_who_is_inside)
{
    struct hits *h = hits_at(S0);
    int64_t floor_q = hits_floor(h);
    bool late;

    hits_close_begin(h, Q0 + 1);
    hits_add(h, hits_date(S0 + 74, S0 + 100, floor_q, &late), 1, 1);
    expect_count(hits_total(h), 1, 1);
    hits_close_finish(h);
    expect_count(hits_quarter(h, Q0), 1, 1);
    add(h, S0 + 74, S0 + 100, 1, 1); /* a later turn sees the floor */
    expect_count(hits_quarter(h, Q0 + 1), 1, 1);
    free(h);
}

Test(hits, words_of_quarters_closed_90_minutes_ago_are_cleared)
{
    struct hits *h = hits_at(S0);

    add(h, S0, S0, 1, 1);
    hits_close_begin(h, Q0 + 6);
    hits_close_finish(h);
    cr_expect_neq(atomic_load(&h->ring[S0 % RING_SLOTS]), 0);
    hits_close_begin(h, Q0 + 7);
    hits_close_finish(h);
    cr_expect_eq(atomic_load(&h->ring[S0 % RING_SLOTS]), 0);
    expect_count(hits_total(h), 1, 1);
    free(h);
}

Test(hits, a_keeper_90_minutes_late_loses_nothing_from_the_series)
{
    struct hits *h = hits_at(S0);
    int64_t end = S0 + 600;

    for (int64_t s = S0; s < end; s++)
        add(h, s, s, 1, 2);
    cr_expect_eq(overrun_views(h), 0);
    tick(h, end - 1);
    expect_count(hits_sum(h, Q0, Q0 + 8, true), 600, 1200);
    expect_count(hits_total(h), 600, 1200);
    free(h);
}

Test(hits, a_keeper_a_day_late_keeps_total_exact)
{
    struct hits *h = hits_at(S0);
    uint64_t n = 0;

    for (int64_t s = S0; s < S0 + DAY_SLOTS; s += 7, n++) {
        add(h, s, s, 1, 2);
        expect_count(hits_total(h), n + 1, 2 * (n + 1));
    }
    cr_expect_gt(overrun_views(h), 0);
    tick(h, S0 + DAY_SLOTS);
    expect_count(hits_total(h), n, 2 * n);
    cr_expect_eq(hits_sum(h, Q0, Q0 + 97, true).views + overrun_views(h), 2 * n);
    free(h);
}

/* --- Stored days --- */

Test(hits, folding_moves_quarters_and_leaves_total)
{
    struct hits *h = hits_at(S0);

    for (int64_t s = S0; s < S0 + DAY_SLOTS; s += 25) {
        add(h, s, s, 1, 2);
        tick(h, s);
    }
    for (int64_t q = Q0; q <= atomic_load(&h->rolled_q); q += 5) {
        hits_fold(h, q);
        expect_count(hits_total(h), 288, 576);
        expect_count(hits_sum(h, Q0, Q0 + 96, true), 288, 576);
    }
    hits_fold(h, Q0); /* an older one changes nothing */
    expect_count(hits_total(h), 288, 576);
    free(h);
}

Test(hits, quarters_of_36_days_ago_are_folded_before_they_are_written_over)
{
    struct hits *h = hits_at(S0);
    uint64_t n = 0;

    for (int64_t q = Q0; q < Q0 + 3 * QUARTERS; q++, n++) {
        add(h, q * 75, q * 75, 1, 3);
        tick(h, q * 75);
        if (q % 64 == 0)
            expect_count(hits_total(h), n + 1, 3 * (n + 1));
    }
    expect_count(hits_total(h), n, 3 * n);
    expect_count(hits_quarter(h, Q0 + 3 * QUARTERS - 100), 1, 3);
    expect_count(hits_quarter(h, Q0 + 2 * QUARTERS - 100), 0, 0);
    free(h);
}

Test(hits, quarter_tags_wrap_at_65536)
{
    int64_t q = (int64_t)Q0 / 65536 * 65536 + 65534;
    struct hits *h = hits_at(q * 75);

    for (int64_t i = q; i < q + 8; i++) {
        add(h, i * 75, i * 75, 1, 2);
        tick(h, i * 75);
    }
    tick(h, (q + 20) * 75);
    for (int64_t i = q; i < q + 8; i++)
        expect_count(hits_quarter(h, i), 1, 2);
    expect_count(hits_quarter(h, q + 8), 0, 0);
    expect_count(hits_quarter(h, q - 1), 0, 0);
    expect_count(hits_total(h), 8, 16);
    free(h);
}

/* --- Adoption --- */

Test(hits, adoption_after_two_hours_finds_all_of_it)
{
    struct hits *h = hits_at(S0);

    for (int i = 0; i < 200; i++)
        add(h, S0 + i, S0 + i, 1, 2);
    cr_expect_not(hits_adopt(h, S0 + 200 + 600));
    expect_count(hits_total(h), 200, 400);
    expect_count(hits_quarter(h, Q0), 75, 150);
    expect_count(hits_quarter(h, Q0 + 2), 50, 100);
    add(h, S0 + 800, S0 + 800, 1, 2);
    expect_count(hits_total(h), 201, 402);
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

Test(hits, adoption_after_170_days_and_more_mistakes_no_lap)
{
    /* 170, 171, 341 days, and exactly 4095 laps: the old words' tags read as newer, or as
     * ours. */
    const int64_t stop[] = {170 * DAY_SLOTS, 171 * DAY_SLOTS, 341 * DAY_SLOTS,
                            4095 * RING_SLOTS, 4000 * (int64_t)DAY_SLOTS};

    for (size_t i = 0; i < sizeof stop / sizeof *stop; i++) {
        struct hits *h = hits_at(S0);

        for (int s = 0; s < 600; s++)
            add(h, S0 + s, S0 + s, 1, 2);
        hits_adopt(h, S0 + stop[i]);
        expect_count(hits_total(h), 600, 1200);
        expect_count(hits_quarter(h, (S0 + stop[i]) / 75), 0, 0);
        expect_count(hits_window(h, S0 + stop[i], 300), 0, 0);
        for (int s = 0; s < 600; s++) {
            tick(h, S0 + stop[i] + s);
            add(h, S0 + stop[i] + s, S0 + stop[i] + s, 1, 2);
        }
        expect_count(hits_total(h), 1200, 2400);
        cr_expect_eq(overrun_views(h), 0);
        free(h);
    }
}

Test(hits, adoption_may_be_repeated)
{
    struct hits *h = hits_at(S0);

    add(h, S0, S0, 1, 2);
    for (int i = 0; i < 5; i++)
        hits_adopt(h, S0 + 40 * i);
    expect_count(hits_total(h), 1, 2);
    expect_count(hits_quarter(h, Q0), 1, 2);
    free(h);
}

Test(hits, adoption_finishes_what_was_cut_off)
{
    struct hits *h = hits_at(S0);

    add(h, S0, S0, 1, 2);
    hits_close_begin(h, Q0 + 1); /* killed in the grace */
    hits_adopt(h, S0 + 80);
    cr_expect_eq(atomic_load(&h->rolled_q), Q0 + 1);
    expect_count(hits_quarter(h, Q0), 1, 2);
    expect_count(hits_total(h), 1, 2);
    free(h);
}

/* A clock that was in 1970 until NTP answered: no quarter between is walked through. */
Test(hits, a_jump_over_half_a_century_is_quick_and_exact)
{
    struct hits *h = hits_at(100);

    add(h, 100, 100, 1, 2);
    tick(h, S0);
    expect_count(hits_total(h), 1, 2);
    add(h, S0, S0, 1, 2);
    expect_count(hits_total(h), 2, 4);
    expect_count(hits_quarter(h, Q0), 1, 2);
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

/* --- The clock was set back --- */

static void set_back(struct hits *h, int64_t now_slot, bool restarts)
{
    hits_set_back_begin(h, now_slot);
    cr_expect_eq(hits_set_back_finish(h, now_slot), restarts);
}

static struct hits *hits_of_a_day(void)
{
    struct hits *h = hits_at(S0);

    for (int64_t s = S0; s < S0 + DAY_SLOTS; s++) {
        add(h, s, s, 1, 2);
        tick(h, s);
    }
    return h;
}

Test(hits, set_back_within_the_open_quarters_needs_nothing)
{
    struct hits *h = hits_of_a_day();
    int64_t floor_q = hits_floor(h);

    set_back(h, S0 + DAY_SLOTS - 70, false);
    cr_expect_eq(hits_floor(h), floor_q);
    add(h, S0 + DAY_SLOTS - 70, S0 + DAY_SLOTS - 70, 1, 2);
    expect_count(hits_total(h), DAY_SLOTS + 1, 2 * (DAY_SLOTS + 1));
    free(h);
}

Test(hits, set_back_by_an_hour_adds_to_what_is_there)
{
    struct hits *h = hits_of_a_day();
    int64_t now = S0 + DAY_SLOTS - 300;

    hits_fold(h, atomic_load(&h->rolled_q));
    set_back(h, now, false);
    cr_expect_eq(hits_floor(h), now / 75);
    expect_count(hits_total(h), DAY_SLOTS, 2 * DAY_SLOTS);
    for (int i = 0; i < 700; i++) {
        add(h, now + i, now + i, 1, 2);
        tick(h, now + i);
        expect_count(hits_total(h), DAY_SLOTS + 1 + i, 2 * (DAY_SLOTS + 1 + i));
    }
    tick(h, now + 2000);
    expect_count(hits_quarter(h, Q0 + 93), 150, 300);
    expect_count(hits_quarter(h, Q0 + 96), 75, 150);
    expect_count(hits_sum(h, Q0, Q0 + 200, true), DAY_SLOTS + 700, 2 * (DAY_SLOTS + 700));
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

Test(hits, set_back_by_hours_begins_those_quarters_again_and_keeps_total)
{
    struct hits *h = hits_of_a_day();
    int64_t now = S0 + DAY_SLOTS / 2 + 10, q = now / 75;
    struct hit_count c;

    set_back(h, now, true);
    expect_count(hits_total(h), DAY_SLOTS, 2 * DAY_SLOTS);
    expect_count(hits_quarter(h, q - 1), 75, 150);
    expect_count(hits_quarter(h, q), 0, 0);
    expect_count(hits_sum(h, Q0, Q0 + 200, true), DAY_SLOTS / 2, DAY_SLOTS);
    cr_expect(hits_minute(h, q * 15, &c));
    expect_count(c, 0, 0);
    for (int i = 0; i < DAY_SLOTS; i++) {
        add(h, now + i, now + i, 1, 2);
        tick(h, now + i);
    }
    expect_count(hits_total(h), 2 * DAY_SLOTS, 4 * DAY_SLOTS);
    expect_count(hits_quarter(h, q + 1), 75, 150);
    cr_expect_eq(overrun_views(h), 0);
    free(h);
}

Test(hits, hits_in_the_grace_of_a_set_back_are_in_total)
{
    struct hits *h = hits_of_a_day();
    int64_t now = S0 + 1000;

    hits_set_back_begin(h, now);
    add(h, now, now, 1, 2); /* at the raised floor */
    expect_count(hits_total(h), DAY_SLOTS + 1, 2 * (DAY_SLOTS + 1));
    cr_expect(hits_set_back_finish(h, now));
    add(h, now, now, 1, 2);
    expect_count(hits_total(h), DAY_SLOTS + 2, 2 * (DAY_SLOTS + 2));
    for (int i = 0; i < 2 * DAY_SLOTS; i++) {
        add(h, now + i, now + i, 1, 2);
        tick(h, now + i);
    }
    expect_count(hits_total(h), 3 * DAY_SLOTS + 2, 2 * (3 * DAY_SLOTS + 2));
    free(h);
}

/* To 1970, as a clock without a battery: the tag of the word that the grace's hits are in
 * would mean another lap. */
Test(hits, hits_in_the_grace_of_a_far_set_back_are_in_total_too)
{
    const int64_t now[] = {2, S0 - 170 * DAY_SLOTS, S0 - 300 * DAY_SLOTS};

    for (size_t n = 0; n < sizeof now / sizeof now[0]; n++) {
        struct hits *h = hits_of_a_day();
        int64_t raised;

        hits_set_back_begin(h, now[n]);
        raised = hits_floor(h) * QUARTER_SLOTS;
        add(h, now[n], now[n], 1, 2);
        cr_expect(hits_set_back_finish(h, now[n]));
        hits_add(h, raised, 1, 2); /* of a turn that still has the raised floor */
        for (int i = 0; i < DAY_SLOTS; i++) {
            add(h, now[n] + i, now[n] + i, 1, 2);
            tick(h, now[n] + i);
        }
        expect_count(hits_total(h), 2 * DAY_SLOTS + 2, 2 * (2 * DAY_SLOTS + 2));
        free(h);
    }
}

Test(hits, set_back_before_the_beginning_counts_on)
{
    struct hits *h = hits_of_a_day();
    int64_t now = S0 - 5 * DAY_SLOTS;

    hits_restore(h, Q0 - 10, (struct hit_count){.views = 9, .visits = 9});
    set_back(h, now, true);
    expect_count(hits_quarter(h, Q0 - 10), 0, 0);
    add(h, now, now, 1, 2);
    expect_count(hits_total(h), DAY_SLOTS + 1, 2 * (DAY_SLOTS + 1));
    expect_count(hits_sum(h, 0, Q0 + 100, true), 1, 2);
    free(h);
}

Test(hits, adoption_with_a_clock_that_is_behind_sets_back)
{
    struct hits *h = hits_of_a_day();
    int64_t now = S0 + 2000;

    cr_expect(hits_adopt(h, now));
    expect_count(hits_total(h), DAY_SLOTS, 2 * DAY_SLOTS);
    cr_expect_eq(hits_floor(h), now / 75);
    cr_expect_not(hits_adopt(h, now + 100));
    add(h, now + 100, now + 100, 1, 2);
    expect_count(hits_total(h), DAY_SLOTS + 1, 2 * (DAY_SLOTS + 1));
    free(h);
}

/* --- Restoring --- */

Test(hits, restored_quarters_show_and_are_in_no_sum_of_ours)
{
    struct hits *h = hits_at(S0 + 30);

    hits_restore(h, Q0 - 1, (struct hit_count){.views = 750, .visits = 75});
    hits_restore(h, Q0 - 2, (struct hit_count){.views = 100, .visits = 50});
    add(h, S0 + 30, S0 + 30, 1, 2);
    expect_count(hits_quarter(h, Q0 - 1), 75, 750);
    expect_count(hits_sum(h, Q0 - 96, Q0 + 1, false), 126, 852);
    expect_count(hits_sum(h, Q0 - 96, Q0 + 1, true), 1, 2);
    expect_count(hits_total(h), 1, 2);
    /* A share of 30/75. */
    expect_count(hits_window(h, S0 + 30, 31 + 30), 1 + 30, 2 + 300);
    free(h);
}

Test(hits, a_restored_quarter_is_before_the_first_and_not_too_old)
{
    struct hits *h = hits_at(S0);

    hits_restore(h, Q0, (struct hit_count){.views = 5, .visits = 5});
    hits_restore(h, Q0 + 3, (struct hit_count){.views = 5, .visits = 5});
    hits_restore(h, Q0 - QUARTERS, (struct hit_count){.views = 5, .visits = 5});
    hits_restore(h, -1, (struct hit_count){.views = 5, .visits = 5});
    expect_count(hits_sum(h, 0, Q0 + 96, false), 0, 0);
    hits_restore(h, Q0 - 35 * 96, (struct hit_count){.views = 5, .visits = 5});
    expect_count(hits_sum(h, 0, Q0 + 96, false), 5, 5);
    free(h);
}

/* --- Minutes and windows --- */

Test(hits, minutes_stay_for_a_day)
{
    struct hits *h = hits_at(S0);
    struct hit_count c;

    for (int64_t s = S0; s < S0 + DAY_SLOTS + 200; s += MINUTE_SLOTS) {
        add(h, s, s, 1, (uint32_t)((s - S0) / MINUTE_SLOTS % 100));
        tick(h, s);
    }
    for (int64_t i = 40; i < MINUTES; i++) {
        cr_expect(hits_minute(h, MINUTE0 + i, &c));
        expect_count(c, 1, (uint64_t)i % 100);
    }
    cr_expect_not(hits_minute(h, MINUTE0 + 5, &c));
    cr_expect_not(hits_minute(h, MINUTE0 - 5, &c));
    cr_expect_not(hits_minute(h, -1, &c));
    free(h);
}

Test(hits, a_quiet_minute_is_0_and_not_missing)
{
    struct hits *h = hits_at(S0);
    struct hit_count c = {9, 9};

    tick(h, S0 + 1000);
    cr_expect(hits_minute(h, MINUTE0 + 3, &c));
    expect_count(c, 0, 0);
    free(h);
}

Test(hits, a_minute_saturates)
{
    struct hits *h = hits_at(S0);
    struct hit_count c;

    for (int i = 0; i < MINUTE_SLOTS; i++)
        hits_add(h, S0 + i, COUNT_MAX, COUNT_MAX);
    cr_expect(hits_minute(h, MINUTE0, &c));
    expect_count(c, (1 << 28) - 1, (1 << 28) - 1);
    tick(h, S0 + 300);
    cr_expect(hits_minute(h, MINUTE0, &c));
    expect_count(c, (1 << 28) - 1, (1 << 28) - 1);
    expect_count(hits_quarter(h, Q0), 5 * (uint64_t)COUNT_MAX, 5 * (uint64_t)COUNT_MAX);
    free(h);
}

Test(hits, the_last_hour_is_exact_to_the_slot)
{
    struct hits *h = hits_at(S0);

    for (int64_t s = S0; s < S0 + 3000; s++) {
        add(h, s, s, 1, (uint32_t)(s % 10));
        tick(h, s);
        if (s >= S0 + 300)
            cr_expect_eq(hits_window(h, s, 300).views, 1350);
    }
    cr_expect_eq(hits_window(h, S0 + 2999, 1).visits, 1);
    cr_expect_eq(hits_window(h, S0 + 2999, 0).visits, 0);
    free(h);
}

Test(hits, the_last_24_hours_share_only_the_oldest_quarter)
{
    struct hits *h = hits_at(S0);

    for (int64_t s = S0; s < S0 + 9 * DAY_SLOTS; s++) {
        add(h, s, s, 1, 2);
        if (s % 5 == 0)
            tick(h, s);
    }
    for (int64_t now = S0 + 9 * DAY_SLOTS - 80; now < S0 + 9 * DAY_SLOTS; now++) {
        expect_count(hits_window(h, now, DAY_SLOTS), DAY_SLOTS, 2 * DAY_SLOTS);
        expect_count(hits_window(h, now, 7 * DAY_SLOTS), 7 * DAY_SLOTS, 14 * DAY_SLOTS);
    }
    free(h);
}

Test(hits, the_size_in_the_arena_is_what_the_page_says)
{
    cr_expect_eq(sizeof(struct hits), 8 * (600 + 1440 + 2 * 3456 + 4 + 6 + 3));
}
