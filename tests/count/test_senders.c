/* A number of a sender is new once, in whatever order, over kill -9, and whoever leaves. */
#include "count/senders.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "lib/repeat.h"
#include "lib/world.h"

static struct world w;
static struct senders *senders;
static const int64_t now_ms = INT64_C(1700000000000);

static void start(void)
{
    world_open(&w, 2, "[site a]\n", world_time("2024-05-15 12:00:00"));
    cr_assert_eq(senders_open(&senders, w.arena), 0);
}

static enum senders_verdict take(uint64_t id, uint64_t seq, int64_t ms)
{
    struct senders_gap gap;

    return senders_take(senders, id, seq, ms, &gap);
}

Test(senders, take_each_number_once_in_any_order)
{
    static const uint64_t order[] = {5, 4, 6, 1, 100, 2, 130, 3, 131};
    uint64_t id;

    start();
    id = sender_id(SLICE("cms"), 77);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        /* 130 - 2 and 131 - 3 are the window's last; 130 made 2 too old, had it come. */
        bool beyond = order[i] == 3 && 130 - 3 >= SENDERS_WINDOW;

        cr_expect_eq(take(id, order[i], now_ms), beyond ? SENDERS_SEEN : SENDERS_NEW,
                     "%d", (int)order[i]);
        cr_expect_eq(take(id, order[i], now_ms), SENDERS_SEEN, "%d", (int)order[i]);
    }
    cr_expect_eq(take(id, 7, now_ms), SENDERS_NEW);
    cr_expect_eq(take(id, SENDERS_SEQ_MAX, now_ms), SENDERS_NEW);
    cr_expect_eq(take(id, SENDERS_SEQ_MAX - SENDERS_WINDOW, now_ms), SENDERS_SEEN,
                 "beyond the window although it never came");
    cr_expect_eq(take(id, SENDERS_SEQ_MAX - SENDERS_WINDOW + 1, now_ms), SENDERS_NEW);
    world_close(&w);
}

Test(senders, count_what_is_skipped_and_what_comes_late)
{
    static const uint64_t order[] = {1000, 1001, 1005, 1003, 1003, 1006, 1004};
    uint64_t skipped = 0, late = 0, id;

    start();
    id = sender_id(SLICE("cms"), 77);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct senders_gap gap;

        (void)senders_take(senders, id, order[i], now_ms, &gap);
        skipped += gap.skipped;
        late += gap.late;
    }
    cr_expect_eq(skipped, 3u); /* 1002 to 1004 */
    cr_expect_eq(late, 2u);    /* 1003 and 1004: 1002 is lost */
    world_close(&w);
}

Test(senders, are_told_apart_by_writer_and_number)
{
    start();
    cr_expect_eq(take(sender_id(SLICE("a"), 1), 9, now_ms), SENDERS_NEW);
    cr_expect_eq(take(sender_id(SLICE("b"), 1), 9, now_ms), SENDERS_NEW);
    cr_expect_eq(take(sender_id(SLICE("a"), 2), 9, now_ms), SENDERS_NEW);
    cr_expect_eq(take(sender_id(SLICE("a"), 1), 9, now_ms), SENDERS_SEEN);
    world_close(&w);
}

Test(senders, remember_over_a_kill)
{
    uint64_t id;

    start();
    id = sender_id(SLICE("cms"), 77);
    cr_expect_eq(take(id, 9, now_ms), SENDERS_NEW);
    world_restart(&w, world_time("2024-05-15 12:00:01"));
    cr_assert_eq(senders_open(&senders, w.arena), 0);
    cr_expect_eq(take(id, 9, now_ms), SENDERS_SEEN);
    cr_expect_eq(take(id, 10, now_ms), SENDERS_NEW);
    world_close(&w);
}

/* Senders that look at the same places, with marks of their own in the cells. */
static uint64_t neighbour(uint64_t i)
{
    return i << 48 | i << 24;
}

/* 64 places are looked at; more senders of one neighbourhood find no room until one of them
 * has been silent for two minutes. */
Test(senders, make_room_when_one_is_silent)
{
    enum { NEAR = 64 };

    start();
    for (uint64_t i = 1; i <= NEAR; i++)
        cr_expect_eq(take(neighbour(i), 1, now_ms), SENDERS_NEW);
    cr_expect_eq(take(neighbour(NEAR + 1), 1, now_ms + 119000), SENDERS_FULL);
    for (uint64_t i = 2; i <= NEAR; i++)
        cr_expect_eq(take(neighbour(i), 2, now_ms + 119000), SENDERS_NEW);
    cr_expect_eq(take(neighbour(NEAR + 1), 1, now_ms + 121000), SENDERS_NEW);
    cr_expect_eq(take(neighbour(NEAR + 2), 1, now_ms + 121000), SENDERS_FULL);
    cr_expect_eq(take(neighbour(2), 2, now_ms + 121000), SENDERS_SEEN);
    world_close(&w);
}

/* What the place was left with means nothing to who takes it. */
Test(senders, begin_anew_in_a_place_of_another)
{
    uint64_t last = 0;

    start();
    for (uint64_t i = 1; i <= 64; i++)
        cr_expect_eq(take(i << 48 | 1, 1000000, now_ms), SENDERS_NEW);
    for (uint64_t i = 101; i <= 164; i++, last++)
        cr_expect_eq(take(i << 48 | 2, 1, now_ms + 121000), SENDERS_NEW, "%d", (int)i);
    for (uint64_t i = 101; i <= 164; i++)
        cr_expect_eq(take(i << 48 | 2, 1, now_ms + 121000), SENDERS_SEEN);
    cr_expect_eq(last, 64u);
    world_close(&w);
}

Test(senders, agree_with_a_list_of_what_came)
{
    enum { N = 4000 };
    uint64_t random = number_from("SEED", 1), id, newest = 0;
    bool *came = calloc(N + 300, 1);

    start();
    id = sender_id(SLICE("cms"), 1);
    for (uint64_t at = 1; at < N; at += random_below(&random, 3)) {
        uint64_t back = random_below(&random, 200), seq = at > back ? at - back : at;
        bool is_new = !came[seq] && seq + SENDERS_WINDOW > newest;

        cr_assert_eq(take(id, seq, now_ms), is_new ? SENDERS_NEW : SENDERS_SEEN, "%d",
                     (int)seq);
        came[seq] = came[seq] || is_new;
        newest = is_new && seq > newest ? seq : newest;
    }
    free(came);
    world_close(&w);
}
