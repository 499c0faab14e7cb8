/* Numbers of the arena that somebody else changed, and those of an arena of version 1. */
#include <criterion/criterion.h>
#include <string.h>

#include "count/check_word.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_seal.h"
#include "lib/repeat.h"
#include "lib/world.h"

enum { DAYS = 4 };

static struct world w;
static struct site_block saved;
static struct site_seal saved_seal;
static int64_t first_day;

struct truth {
    uint64_t total, metric[DAYS][METRIC_KINDS], week, month;
};

static struct truth numbers(void)
{
    const struct site *s = world_site(&w, "a");
    struct truth t = {.total = hits_total(&s->block->hits).views,
                      .week = world_metric(&w, "a", SPAN_WEEK, METRIC_VISITORS),
                      .month = world_metric(&w, "a", SPAN_MONTH, METRIC_VISITORS)};

    for (int d = 0; d < DAYS; d++) {
        struct site_numbers n = {0};

        cr_assert(site_own_day(s, first_day + d, w.now, &n));
        memcpy(t.metric[d], n.metric, sizeof t.metric[d]);
    }
    return t;
}

static struct site_block *block(void)
{
    return world_site(&w, "a")->block;
}

static void save_block(void)
{
    struct site *s = world_site(&w, "a");

    memcpy((void *)&saved, (void *)s->block, sizeof saved);
    memcpy((void *)&saved_seal, (void *)s->seal, sizeof saved_seal);
}

/* Four days with numbers of their own; the first three are folded. */
static void four_days(void)
{
    struct instant at = world_time("2024-05-14 12:00:00");

    first_day = at.ms / 86400000;
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", at);
    for (unsigned d = 0; d < DAYS; d++) {
        for (unsigned v = 0; v < 5 + d; v++)
            for (unsigned n = 0; n < 2; n++)
                cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
        world_ticks(&w, 3);
        if (d + 1 < DAYS)
            world_restart(&w, instant_after(at, (d + 1) * 86400));
    }
    world_restart(&w, w.now);
    save_block();
    w.may_be_damaged = true;
}

static void put_back(void)
{
    struct site *s = world_site(&w, "a");

    memcpy((void *)s->block, (void *)&saved, sizeof saved);
    memcpy((void *)s->seal, (void *)&saved_seal, sizeof saved_seal);
}

/* Each byte of the words at `at`, in three ways: the truth, or damage that is said.
 * Returns how many times it was the truth. */
static unsigned flip_each(size_t at, size_t bytes, const struct truth *truth)
{
    static const unsigned char how[] = {0x01, 0x80, 0xff};
    unsigned same = 0;

    for (size_t i = 0; i < bytes * sizeof how; i++) {
        struct truth now;
        bool is_same;

        put_back();
        ((unsigned char *)block())[at + i / sizeof how] ^= how[i % sizeof how];
        world_restart(&w, w.now);
        now = numbers();
        is_same = memcmp(&now, truth, sizeof now) == 0;
        same += is_same;
        cr_assert(is_same || w.damage > 0, "byte %zu ^ %02x: wrong and not said",
                  at + i / sizeof how, how[i % sizeof how]);
        world_restart(&w, w.now);
        cr_assert_eq(w.damage, 0, "byte %zu: said again", at + i / sizeof how);
    }
    return same;
}

Test(site_check, no_changed_byte_of_a_folded_day_gives_a_silent_wrong_number)
{
    struct truth truth;

    four_days();
    truth = numbers();
    cr_assert_eq(w.damage, 0);
    cr_assert_eq(truth.total, 2 * (5 + 6 + 7 + 8));
    for (int d = 0; d < DAYS - 1; d++) {
        size_t at = offsetof(struct site_block, day) +
                    (size_t)(first_day + d) % SITE_DAYS * sizeof(struct site_day);

        /* The tag; then views and visits: the quarters have them still. */
        cr_expect_eq(flip_each(at, 8, &truth), 24);
        cr_expect_eq(flip_each(at + offsetof(struct site_day, own.views), 16, &truth),
                     48);
        flip_each(at + offsetof(struct site_day, own.visitors), 8, &truth);
    }
    world_close(&w);
}

Test(site_check, no_changed_byte_of_the_stored_days_gives_a_silent_wrong_total)
{
    struct truth truth;

    four_days();
    truth = numbers();
    flip_each(offsetof(struct site_block, hits.base), sizeof saved.hits.base, &truth);
    world_close(&w);
}

Test(site_check, no_changed_byte_of_a_week_or_month_gives_a_silent_wrong_number)
{
    struct period p;
    struct truth truth;

    four_days();
    truth = numbers();
    p = period_at(&site_terms_of(world_site(&w, "a"))->calendar, PERIOD_WEEK,
                  instant_slot(w.now));
    flip_each(offsetof(struct site_block, week) +
                  (size_t)p.number % SITE_WEEKS * sizeof(struct site_row),
              16, &truth);
    p = period_at(&site_terms_of(world_site(&w, "a"))->calendar, PERIOD_MONTH,
                  instant_slot(w.now));
    flip_each(offsetof(struct site_block, month) +
                  (size_t)p.number % SITE_MONTHS * sizeof(struct site_row),
              16, &truth);
    world_close(&w);
}

Test(site_check, no_changed_byte_of_name_state_or_moments_loses_a_site)
{
    struct truth truth;

    four_days();
    truth = numbers();
    /* Each is had again, or is nobody's. */
    cr_expect_eq(flip_each(offsetof(struct site_block, key), 8, &truth), 24);
    cr_expect_eq(flip_each(offsetof(struct site_block, host), 8, &truth), 24);
    cr_expect_eq(flip_each(offsetof(struct site_block, state), 4, &truth), 12);
    cr_expect_eq(flip_each(offsetof(struct site_block, created_s), 24, &truth), 72);
    world_close(&w);
}

Test(site_check, no_changed_byte_of_where_the_hits_are_is_silent)
{
    struct truth truth;

    four_days();
    truth = numbers();
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.floor_q), 24, &truth), 72);
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.base_i), 8, &truth), 24);
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.overrun_visits), 16, &truth),
                 48);
    world_close(&w);
}

/* By an hour ahead for two days, and back to where it was. */
static void four_days_and_a_jump(void)
{
    struct instant then;

    four_days();
    then = w.now;
    w.now = instant_after(w.now, 49 * 3600);
    world_ticks(&w, 6);
    for (unsigned v = 0; v < 3; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
    world_ticks(&w, 2);
    world_set_back(&w, instant_after(then, 3600));
    world_ticks(&w, 6);
    for (unsigned v = 0; v < 2; v++)
        cr_assert_eq(world_view(&w, "a", v), OUTCOME_VIEW);
    world_ticks(&w, 3);
    cr_assert_neq(site_aside_changes(world_site(&w, "a")), 0);
    w.may_be_damaged = false;
    world_restart(&w, w.now);
    save_block();
    w.may_be_damaged = true;
}

/* The seals hold once more when the keeper has followed. */
Test(site_check, no_changed_byte_is_silent_where_the_clock_has_jumped)
{
    struct truth truth;

    four_days_and_a_jump();
    truth = numbers();
    cr_assert_eq(truth.total, 2 * (5 + 6 + 7 + 8) + 5);
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.floor_q), 24, &truth), 72);
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.base_i), 8, &truth), 24);
    cr_expect_eq(flip_each(offsetof(struct site_block, hits.overrun_visits), 16, &truth),
                 48);
    cr_expect_eq(flip_each(offsetof(struct site_block, created_s), 16, &truth), 48);
    flip_each(offsetof(struct site_block, keys), sizeof saved.keys, &truth);
    for (int d = 0; d < DAYS - 1; d++) {
        size_t at = offsetof(struct site_block, day) +
                    (size_t)(first_day + d) % SITE_DAYS * sizeof(struct site_day);
        int64_t q = (first_day + d) * 96 + 48; /* noon, when they came */

        flip_each(at + offsetof(struct site_day, own.views), 16, &truth);
        flip_each(offsetof(struct site_block, hits.quarter) +
                      (size_t)(q % QUARTERS) * 2 * sizeof(uint64_t),
                  16, &truth);
    }
    world_close(&w);
}

Test(site_check, no_changed_byte_of_a_key_or_of_the_head_of_its_table_is_silent)
{
    struct truth truth;

    four_days();
    truth = numbers();
    flip_each(offsetof(struct site_block, keys), sizeof saved.keys, &truth);
    flip_each(offsetof(struct site_block, visitors), 48, &truth);
    flip_each(offsetof(struct site_block, visitors[1]), 48, &truth);
    world_close(&w);
}

Test(site_check, no_changed_byte_of_what_a_store_told_is_silent)
{
    const uint64_t other[METRIC_KINDS] = {7, 5, 3}, imported[METRIC_KINDS] = {90, 50, 9};
    const struct site_seed seed[METRIC_KINDS] = {{.as_of_s = 0}};
    const struct site_totals totals = {.live = {70, 50, 30}, .since_day = 19000};
    struct truth truth;

    four_days();
    site_set_totals(world_site(&w, "a"), seed, &totals);
    site_set_day(world_site(&w, "a"), first_day, other, imported);
    site_set_row(world_site(&w, "a"), PERIOD_WEEK, 2836, 12);
    save_block();
    truth = numbers();
    flip_each(offsetof(struct site_block, history), sizeof saved.history, &truth);
    flip_each(offsetof(struct site_block, day) +
                  (size_t)first_day % SITE_DAYS * sizeof(struct site_day) +
                  offsetof(struct site_day, other_tag),
              sizeof(struct site_day) - offsetof(struct site_day, other_tag), &truth);
    flip_each(offsetof(struct site_block, week) +
                  2836 % SITE_WEEKS * sizeof(struct site_row) +
                  offsetof(struct site_row, other_tag),
              16, &truth);
    world_close(&w);
}

Test(site_check, no_changed_byte_of_its_own_seal_makes_a_number_wrong)
{
    struct truth truth, now;
    size_t end = offsetof(struct site_seal, key_copy);

    four_days();
    truth = numbers();
    for (size_t at = 0; at < end; at++) {
        if (at >= offsetof(struct site_seal, hits.group) &&
            at < offsetof(struct site_seal, name) && at % 16 != 0)
            continue; /* thousands of the same */
        put_back();
        ((unsigned char *)world_site(&w, "a")->seal)[at] ^= 0xff;
        world_restart(&w, w.now);
        now = numbers();
        cr_assert_arr_eq(&now, &truth, sizeof now, "byte %zu", at);
    }
    world_close(&w);
}

/* All that a store has is the total. */
static unsigned raise_total(uint64_t views)
{
    struct site_saved late = {.total = {.views = views}};

    site_raise(world_site(&w, "a"), &late);
    return late.raised;
}

static void lose_stored_days(void)
{
    for (int i = 0; i < 2; i++) {
        block()->hits.base[i].views ^= 1 << 4;
        block()->hits.base[i].visits ^= 1 << 4;
    }
}

/* Both copies of the stored days: what the rows of days say, and then what a store has. */
Test(site_check, has_stored_days_again_from_their_rows)
{
    struct truth truth, now;
    struct site *s;

    four_days();
    truth = numbers();
    lose_stored_days();
    world_restart(&w, w.now);
    now = numbers();
    s = world_site(&w, "a");
    cr_expect_eq(s->damage.lost, 1);
    cr_expect_arr_eq(&now, &truth, sizeof now);
    cr_expect(site_awaits_saved(s));
    cr_expect_eq(raise_total(truth.total + 5), 1);
    cr_expect_not(site_awaits_saved(s));
    cr_expect_eq(numbers().total, truth.total + 5);
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 0);
    cr_expect_eq(numbers().total, truth.total + 5);
    world_close(&w);
}

/* What came since the adoption is beside what a store that answers late has, whatever else
 * happens meanwhile; and it is added once. */
Test(site_check, what_was_lost_waits_for_a_store_and_is_added_to_what_came_since)
{
    uint64_t truth, came = 0;

    four_days();
    truth = numbers().total;
    lose_stored_days();
    for (int d = 0; d < DAYS - 1; d++)
        block()->day[(first_day + d) % SITE_DAYS].own_tag = 0;
    world_restart(&w, w.now);
    cr_expect_eq(world_site(&w, "a")->damage.lost, 1);
    cr_expect_eq(hits_total(&block()->hits).views, 2 * (4 + DAYS));
    for (unsigned i = 0; i < 4; i++) { /* ticks, kills, an hour, a day */
        cr_assert_eq(world_view(&w, "a", i), OUTCOME_VIEW);
        came++;
        world_ticks(&w, 4);
        world_restart(&w, instant_after(w.now, i < 2 ? 0 : i == 2 ? 3600 : 86400));
        cr_expect_eq(w.damage, 0);
        cr_assert(site_awaits_saved(world_site(&w, "a")));
    }
    cr_expect_eq(raise_total(truth), 1);
    cr_expect_eq(hits_total(&block()->hits).views, truth + came);
    world_restart(&w, w.now);
    cr_expect_not(site_awaits_saved(world_site(&w, "a")));
    cr_assert_eq(world_view(&w, "a", 9), OUTCOME_VIEW);
    world_ticks(&w, 4);
    cr_expect_eq(hits_total(&block()->hits).views, truth + came + 1);
    world_close(&w);
}

/* The reader leaves it to the keeper's tick, which is its only other thread. */
Test(site_check, the_keeper_raises_what_a_store_brings_late)
{
    struct site_saved late = {.total = {.views = 0}};
    struct site *s;

    four_days();
    late.total.views = numbers().total + 7;
    lose_stored_days();
    world_restart(&w, w.now);
    s = world_site(&w, "a");
    site_raise_soon(s, &late);
    cr_expect_null(site_raise_done(s));
    cr_expect(site_raise_waits(s));
    cr_assert_eq(world_view(&w, "a", 1), OUTCOME_VIEW);
    world_ticks(&w, 1);
    cr_expect_eq(site_raise_done(s), &late);
    cr_expect_not(site_raise_waits(s));
    cr_expect_eq(numbers().total, late.total.views + 1);
    world_ticks(&w, 3);
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 0);
    cr_expect_eq(numbers().total, late.total.views + 1);
    world_close(&w);
}

/* A start that is killed early says it for itself only; the first that lives says it for all,
 * and then it is said. */
static void expect_said_once(unsigned damage)
{
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, damage);
    w.is_killed_early = false;
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, damage);
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 0);
    world_close(&w);
}

/* A start that is killed before its line has set it right already. */
Test(site_check, damage_that_was_not_said_is_said_by_the_next_start)
{
    four_days();
    block()->hits.overrun_views ^= 1;
    w.is_killed_early = true;
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 1);
    world_ticks(&w, 3);
    expect_said_once(1);
}

/* The same of the words before the sites. */
Test(site_check, damage_of_the_head_that_was_not_said_is_said_by_the_next_start)
{
    struct count_head *head;

    four_days();
    head = arena_head(w.arena);
    head->made[0] ^= 0xff;
    head->kept_slot ^= 1 << 3;
    w.is_killed_early = true;
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 2);
    head = arena_head(w.arena);
    cr_expect_eq(head->made[0], COUNT_HEAD_MADE, "it is set right");
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 2);
    head = arena_head(w.arena);
    head->mended ^= 1; /* one more, which says nothing of the others */
    expect_said_once(1);
}

/* Pages of zeros, and of junk: which ranges are sites they say themselves. */
Test(site_check, a_head_of_junk_loses_no_site_and_makes_none)
{
    uint64_t random = number_from("SEED", 1);
    struct truth truth, now;
    struct count_head *head;

    four_days();
    truth = numbers();
    w.may_be_damaged = true;
    for (int round = 0; round < 40; round++) {
        head = arena_head(w.arena);
        for (size_t i = 0; i < SITES_LIMIT; i++)
            head->made[i] = round == 0 ? 0 : (uint32_t)random_next(&random) | 1;
        world_restart(&w, w.now);
        cr_expect_geq(w.damage, round == 0 ? 1 : SITES_LIMIT);
        now = numbers();
        cr_expect_arr_eq(&now, &truth, sizeof now);
        cr_expect_eq(w.report.adopted, 1);
    }
    world_close(&w);
}

Test(site_check, raises_days_and_periods_to_what_was_saved)
{
    const uint64_t day[METRIC_KINDS] = {100, 50, 30}, less[METRIC_KINDS] = {1, 1, 1};
    struct site_numbers n;
    struct period month;
    struct site *s;
    bool exact;

    four_days();
    s = world_site(&w, "a");
    month = period_at(&site_terms_of(s)->calendar, PERIOD_MONTH, instant_slot(w.now));
    cr_expect_not(site_raise_day(s, first_day, less));
    cr_expect(site_raise_day(s, first_day, day));
    cr_assert(site_own_day(s, first_day, w.now, &n));
    cr_expect_arr_eq(n.metric, day, sizeof day);
    cr_expect(site_raise_row(s, PERIOD_MONTH, month.number, 99));
    cr_expect_eq(site_own_visitors(s, PERIOD_MONTH, &month, &exact), 99);
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 0);
    world_close(&w);
}

/* What version 1 wrote: the same words in the same places, without checks and seals. */
static void as_version_1(struct site_block *b)
{
    struct count_head *head = arena_head(w.arena);

    memset((void *)world_site(&w, "a")->seal, 0, sizeof saved_seal);
    head->kept_slot &= CHECK_WORD_MAX;
    for (size_t i = 0; i < w.ranges; i++)
        head->made[i] = head->made[i] != 0;
    for (int i = 0; i < SITE_DAYS; i++) {
        b->day[i].own.views &= CHECK_WORD_MAX;
        b->day[i].own.visits &= CHECK_WORD_MAX;
        b->day[i].own.visitors &= CHECK_WORD_MAX;
    }
    for (int i = 0; i < SITE_WEEKS; i++)
        b->week[i].own_visitors &= CHECK_WORD_MAX;
    for (int i = 0; i < SITE_MONTHS; i++)
        b->month[i].own_visitors &= CHECK_WORD_MAX;
    for (int i = 0; i < 2; i++) {
        b->hits.base[i].views &= CHECK_WORD_MAX;
        b->hits.base[i].visits &= CHECK_WORD_MAX;
    }
}

Test(site_check, an_arena_of_version_1_is_read_and_gets_its_checks)
{
    struct truth truth, now;
    const struct site_day *day;

    four_days();
    truth = numbers();
    as_version_1(block());
    world_restart(&w, w.now);
    now = numbers();
    cr_expect_eq(w.damage, 0);
    cr_expect_arr_eq(&now, &truth, sizeof now);
    day = &block()->day[first_day % SITE_DAYS];
    cr_expect_eq(day->own.views, check_word(first_day, 10));
    cr_expect_eq(day->own.visitors, check_word(first_day, 5));
    cr_expect_neq(block()->hits.base[block()->hits.base_i & 1].views, 0);
    cr_expect_neq(block()->hits.base[block()->hits.base_i & 1].views >> CHECK_WORD_BITS,
                  0);
    cr_expect_eq(((struct count_head *)arena_head(w.arena))->made[0], COUNT_HEAD_MADE);
    cr_expect_neq(world_site(&w, "a")->seal->hits.rolled_q, 0);
    cr_expect_neq(world_site(&w, "a")->seal->name, 0);
    world_close(&w);
}

Test(check_word, sees_every_change_within_a_byte)
{
    for (uint64_t value = 0; value < 300; value++)
        for (int byte = 0; byte < 8; byte++)
            for (uint64_t how = 1; how < 256; how++) {
                uint64_t word = check_word(19000, value) ^ how << 8 * byte;

                cr_assert(!check_word_holds(19000, word) ||
                          check_word_value(word) == value);
            }
    cr_expect_not(check_word_holds(19001, check_word(19000, 7)));
}

static uint16_t crc_bit_by_bit(uint16_t crc, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        crc ^= (uint16_t)((value >> shift & 0xff) << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

Test(check_word, is_the_crc_that_it_says)
{
    uint16_t zeros = 0xffff;
    uint64_t value = 0;

    for (unsigned i = 0; i < 5000; i++, value = value * 6364136223846793005U + 1442695041)
        for (int cut = 0; cut < 64; cut += 7) /* of every length */
            cr_assert_eq(check_word_crc((uint16_t)i, value >> cut),
                         crc_bit_by_bit((uint16_t)i, value >> cut));
    for (unsigned crc = 0; crc <= UINT16_MAX; crc++)
        cr_assert_eq(check_word_crc((uint16_t)crc, 0), crc_bit_by_bit((uint16_t)crc, 0));
    for (int word = 0; word < 7; word++)
        zeros = check_word_crc(zeros, 0);
    cr_expect_eq(zeros, CHECK_WORD_ZEROS_7);
}

/* As after a reboot: quarters of before come from the store while the first of ours are
 * already sealed, and then we are killed. */
Test(site_check, what_a_store_brings_of_before_is_no_damage_and_costs_no_view)
{
    struct site *s;
    int64_t first_q;

    for (int hours = 0; hours < 5; hours++) {
        world_open(&w, 4, "[site a]\ntimezone = UTC\n",
                   world_time("2024-05-14 12:20:00"));
        for (int i = 0; i < 4 * hours; i++) { /* a quarter-hour each */
            world_view(&w, "a", 1);
            w.now = instant_after(w.now, 900);
            world_ticks(&w, 6);
        }
        s = world_site(&w, "a");
        first_q = atomic_load(&s->block->hits.first_q);
        for (int64_t q = first_q - 40; q < first_q; q++)
            hits_restore(&s->block->hits, q, (struct hit_count){.views = 7, .visits = 3});
        world_restart(&w, w.now); /* aborts when it takes that for damage */
        s = world_site(&w, "a");
        cr_expect_eq(hits_total(&s->block->hits).views, (uint64_t)(4 * hours));
        cr_expect_eq(hits_quarter(&s->block->hits, first_q - 1).views, 7);
        world_close(&w);
    }
}

/* --- Where the clock was wrong: which copy of what is kept aside is valid --- */

enum { JUMPED_DAYS = 3 };

struct jumped_truth {
    uint64_t total, views[JUMPED_DAYS];
};

static struct jumped_truth jumped_numbers(void)
{
    const struct site *s = world_site(&w, "a");
    struct jumped_truth t = {.total = hits_total(&s->block->hits).views};

    for (int d = 0; d < JUMPED_DAYS; d++) {
        struct site_numbers n = {0};

        site_kept_day(s, first_day + d, &n);
        t.views[d] = n.metric[METRIC_VIEWS];
    }
    return t;
}

/* A day ahead and back, twice, so that both copies hold their checks and differ. */
static void days_of_a_wrong_clock(void)
{
    struct instant at = world_time("2024-05-14 12:00:00");

    first_day = at.ms / 86400000;
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", at);
    for (unsigned turn = 0; turn < 2; turn++) {
        world_view(&w, "a", 1);
        world_ticks(&w, 3);
        w.now = instant_after(w.now, 86400 + 3600);
        world_ticks(&w, 3);
        for (unsigned v = 0; v < 5 + turn; v++)
            world_view(&w, "a", v);
        world_ticks(&w, 3);
        world_set_back(&w, instant_after(w.now, -86400));
        world_ticks(&w, 3);
    }
    world_view(&w, "a", 2);
    world_ticks(&w, 3);
    world_restart(&w, w.now);
    w.may_be_damaged = true;
}

Test(site_check, no_changed_byte_of_the_word_of_what_is_kept_aside_is_silent)
{
    static const unsigned char how[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x80, 0xff};
    struct jumped_truth truth, now;

    for (size_t i = 0; i < sizeof(uint64_t) * sizeof how; i++) {
        size_t at = offsetof(struct site_block, aside) + i / sizeof how;

        days_of_a_wrong_clock();
        truth = jumped_numbers();
        cr_assert_eq(truth.total, 2 + 5 + 6 + 1);
        cr_assert_eq(truth.views[1], 5 + 6);
        ((unsigned char *)block())[at] ^= how[i % sizeof how];
        world_restart(&w, w.now);
        now = jumped_numbers();
        cr_expect_arr_eq(&now, &truth, sizeof now, "byte %zu ^ %02x: day %lu of %lu",
                         i / sizeof how, how[i % sizeof how], now.views[1],
                         truth.views[1]);
        cr_expect_eq(w.damage, 1, "byte %zu ^ %02x: said %u times", i / sizeof how,
                     how[i % sizeof how], w.damage);
        world_restart(&w, w.now);
        cr_expect_eq(w.damage, 0, "said again");
        world_close(&w);
    }
}

Test(site_check, the_seal_of_that_word_changes_no_number_and_both_lost_are_said)
{
    struct jumped_truth truth, now;

    days_of_a_wrong_clock();
    truth = jumped_numbers();
    for (size_t i = 0; i < sizeof(uint64_t); i++) {
        world_site(&w, "a")->seal->aside ^= UINT64_C(0xff) << 8 * i;
        world_restart(&w, w.now);
        now = jumped_numbers();
        cr_expect_arr_eq(&now, &truth, sizeof now, "byte %zu", i);
        cr_expect_eq(w.damage, 0);
        cr_expect_eq(atomic_load(&world_site(&w, "a")->seal->aside),
                     atomic_load(&block()->aside));
    }
    block()->aside ^= 0xff;
    world_site(&w, "a")->seal->aside ^= 0xff;
    world_restart(&w, w.now);
    cr_expect_eq(world_site(&w, "a")->damage.lost, 1);
    cr_expect_eq(jumped_numbers().total, truth.total);
    world_restart(&w, w.now);
    cr_expect_eq(w.damage, 0);
    world_close(&w);
}

/* A clock that never jumped has 0 there, and no room behind it. */
Test(site_check, no_changed_byte_of_that_word_is_silent_where_the_clock_never_jumped)
{
    struct truth truth;

    world_open(&w, 4, "[site a]\ntimezone = UTC\n", world_time("2024-05-14 12:00:00"));
    first_day = w.now.ms / 86400000 - (DAYS - 1);
    world_view(&w, "a", 1);
    world_ticks(&w, 3);
    save_block();
    w.may_be_damaged = true;
    truth = numbers();
    cr_assert_eq(atomic_load(&block()->aside), 0);
    cr_expect_eq(flip_each(offsetof(struct site_block, aside), 8, &truth), 24);
    cr_expect_eq(atomic_load(&block()->aside), 0);
    world_close(&w);
}
