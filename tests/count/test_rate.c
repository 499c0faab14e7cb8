/* Token buckets: against one that is kept the slow way, at every edge, and what a table of a
 * fixed size forgets. */
#include "count/rate.h"

#include <criterion/criterion.h>

#include "lib/repeat.h"

static const struct rate_limit ten = {.cost_us = 100000, .capacity_us = 10000000};
static const struct rate_limit off = {.cost_us = 0};

enum { NOON = 1700000000 };
static const int64_t now_ms = (int64_t)NOON * 1000;

static unsigned take_many(struct rate *r, const struct rate_limit *limit, uint64_t who,
                          int64_t ms, unsigned n)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < n; i++)
        taken += rate_take(r, limit, who, ms);
    return taken;
}

Test(rate, a_burst_at_once_and_then_as_many_as_the_rate_says)
{
    struct rate *r = rate_new(64);

    cr_expect_eq(take_many(r, &ten, 7, now_ms, 1000), 100u);
    cr_expect_eq(take_many(r, &ten, 7, now_ms + 99, 1000), 0u);
    cr_expect_eq(take_many(r, &ten, 7, now_ms + 100, 1000), 1u);
    cr_expect_eq(take_many(r, &ten, 7, now_ms + 1100, 1000), 10u);
    cr_expect_eq(take_many(r, &ten, 7, now_ms + 3600000, 1000), 100u);
    rate_free(r);
}

Test(rate, a_rule_is_worked_out)
{
    struct rate_limit limit =
        rate_limit_of(&(struct rate_rule){.events = 10, .per_s = 1, .burst = 100});

    cr_expect_eq(limit.cost_us, ten.cost_us);
    cr_expect_eq(limit.capacity_us, ten.capacity_us);
    cr_expect_eq(rate_limit_of(&(struct rate_rule){.events = 0}).cost_us, 0u);
}

Test(rate, asking_takes_nothing)
{
    struct rate *r = rate_new(64);

    cr_expect(rate_has(r, &ten, 7, now_ms));
    cr_expect_eq(take_many(r, &ten, 7, now_ms, 99), 99u);
    for (int i = 0; i < 5; i++)
        cr_expect(rate_has(r, &ten, 7, now_ms));
    cr_expect(rate_take(r, &ten, 7, now_ms));
    cr_expect_not(rate_has(r, &ten, 7, now_ms));
    cr_expect(rate_has(r, &ten, 7, now_ms + 100));
    rate_free(r);
}

Test(rate, off_is_no_limit)
{
    struct rate *r = rate_new(64);
    _Atomic uint64_t word = 0;

    cr_expect_eq(take_many(r, &off, 7, now_ms, 5000), 5000u);
    cr_expect(rate_has(r, &off, 7, now_ms));
    cr_expect(rate_take_word(&word, &off, now_ms));
    rate_free(r);
}

Test(rate, one_stranger_does_not_pay_for_another)
{
    struct rate *r = rate_new(64);

    for (uint64_t i = 0; i < 64; i++) /* eight a line, each with its tag */
        cr_expect_eq(take_many(r, &ten, (i + 1) << 48 | i, now_ms, 150), 100u, "%d",
                     (int)i);
    rate_free(r);
}

/* The one that has taken least makes room. */
Test(rate, a_full_line_forgives_the_one_that_took_least)
{
    struct rate *r = rate_new(8);

    for (uint64_t i = 1; i <= 8; i++)
        (void)take_many(r, &ten, i << 48, now_ms, (unsigned)(10 * i));
    cr_expect(rate_take(r, &ten, UINT64_C(9) << 48, now_ms));
    cr_expect_eq(take_many(r, &ten, UINT64_C(8) << 48, now_ms, 1000), 20u);
    cr_expect_eq(take_many(r, &ten, UINT64_C(2) << 48, now_ms, 1000), 80u);
    rate_free(r);
}

Test(rate, a_clock_that_goes_back_fills_every_bucket)
{
    struct rate *r = rate_new(64);

    (void)take_many(r, &ten, 7, now_ms, 1000);
    cr_expect_eq(take_many(r, &ten, 7, now_ms - 86400000, 1000), 100u);
    cr_expect_eq(take_many(r, &ten, 7, now_ms - 86400000, 1000), 0u);
    rate_free(r);
}

Test(rate, another_rule_finds_no_bucket_that_is_empty_for_ever)
{
    const struct rate_limit daily =
        rate_limit_of(&(struct rate_rule){.events = 1, .per_s = 86400, .burst = 300});
    struct rate *r = rate_new(64);

    (void)take_many(r, &daily, 7, now_ms, 1000); /* empty for 300 days */
    cr_expect_eq(take_many(r, &ten, 7, now_ms, 1000), 100u);
    rate_free(r);
}

/* A bucket of tokens in nanoseconds, refilled each time. */
struct slow_bucket {
    int64_t tokens_ns, at_ms;
};

static bool slow_take(struct slow_bucket *b, const struct rate_rule *rule, int64_t ms)
{
    int64_t cost = (int64_t)rule->per_s * 1000000 / rule->events * 1000;
    int64_t most = cost * rule->burst;

    b->tokens_ns += (ms - b->at_ms) * 1000000;
    b->at_ms = ms;
    if (b->tokens_ns > most)
        b->tokens_ns = most;
    if (b->tokens_ns < cost)
        return false;
    b->tokens_ns -= cost;
    return true;
}

Test(rate, agrees_with_a_bucket_that_is_kept_the_slow_way)
{
    uint64_t random = number_from("SEED", 1);

    for (int round = 0; round < 200; round++) {
        struct rate_rule rule = {(unsigned)(1 + random_below(&random, 50)),
                                 random_below(&random, 2) ? 1 : 60,
                                 (unsigned)(1 + random_below(&random, 40))};
        struct rate_limit limit = rate_limit_of(&rule);
        struct slow_bucket slow = {INT64_MAX / 2, now_ms};
        struct rate *r = rate_new(8);
        _Atomic uint64_t word = 0;
        int64_t ms = now_ms;

        for (int i = 0; i < 500; i++) {
            bool expected;

            ms += (int64_t)random_below(&random, random_below(&random, 20) ? 300 : 90000);
            expected = slow_take(&slow, &rule, ms);
            cr_assert_eq(rate_take(r, &limit, 99, ms), expected, "%d %d", round, i);
            cr_assert_eq(rate_take_word(&word, &limit, ms), expected, "%d %d", round, i);
        }
        rate_free(r);
    }
}
