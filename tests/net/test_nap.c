#include "net/nap.h"

#include <criterion/criterion.h>

#include "lib/repeat.h"

enum { MS = 1000000, MESSAGE_BYTES = 1280 /* what the kernel takes for 226 */ };

static const uint64_t four_mib = 8
                                 << 20; /* as the kernel says it: twice what was asked */

/* A worker and its socket, with a clock that we move: what is not taken is `held`. */
struct sleeper {
    struct nap nap;
    uint64_t now, held, most; /* ns; bytes; bytes that were ever held */
    uint64_t limit;
    unsigned naps;
};

static void come(struct sleeper *s, unsigned messages)
{
    s->held += (uint64_t)messages * MESSAGE_BYTES;
    if (s->held > s->most)
        s->most = s->held;
}

/* One look at the socket after what `a_ms` brings in the nap that is taken, or in `poll_ns`
 * when none is. */
static uint64_t look(struct sleeper *s, unsigned a_ms, uint64_t poll_ns)
{
    bool napping = s->nap.length_ns > 0;
    uint64_t passes = napping ? s->nap.length_ns : poll_ns, ns;

    s->now += passes;
    come(s, (unsigned)(a_ms * passes / MS));
    if (napping)
        nap_over(&s->nap, s->now, s->held);
    ns = nap_next(&s->nap, s->now, s->held / MESSAGE_BYTES, s->limit);
    s->held = 0;
    s->naps += ns > 0;
    return ns;
}

Test(nap, is_at_most_a_quarter_of_the_time_in_which_the_buffer_fills)
{
    cr_expect_eq(nap_length(four_mib, 0), MS);
    cr_expect_eq(nap_length(four_mib, 2000000000), MS); /* 8 MiB in 4.2 ms */
    cr_expect_eq(nap_length(8000000, 4000000000), MS / 2);
    cr_expect_eq(nap_length(4000, 1000000), MS);
    cr_expect_eq(nap_length(4000, 10000000), MS / 10);
    cr_expect_eq(nap_length(0, 1), 0);
    cr_expect_eq(nap_length(UINT32_MAX, 1), MS);
}

Test(nap, who_comes_alone_is_never_waited_for)
{
    struct sleeper s = {.limit = four_mib};
    for (int i = 0; i < 10000; i++) /* one a ms, then one a second */
        cr_assert_eq(look(&s, 1, MS), 0);
    for (int i = 0; i < 100; i++) {
        s.now += 999 * (uint64_t)MS;
        cr_assert_eq(look(&s, 1, MS), 0);
    }
}

Test(nap, begins_at_8000_a_second_and_doubles_up_to_a_millisecond)
{
    struct sleeper s = {.limit = four_mib};
    cr_expect_eq(look(&s, 7, MS), 0);
    cr_expect_eq(look(&s, 8, MS), NAP_NS_FIRST);
    cr_expect_eq(look(&s, 8, MS), 2 * NAP_NS_FIRST);
    cr_expect_eq(look(&s, 8, MS), 4 * NAP_NS_FIRST);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(look(&s, 8, MS), MS);
}

Test(nap, a_burst_that_is_over_at_once_begins_none)
{
    struct sleeper s = {.limit = four_mib};
    s.now = 10 * (uint64_t)MS * 1000;
    come(&s, 5000); /* after ten quiet seconds */
    cr_expect_eq(look(&s, 0, 1), 0);
    cr_expect_eq(look(&s, 1, MS), 0);
}

Test(nap, ends_when_it_has_become_quiet_and_what_comes_then_is_not_waited_for)
{
    struct sleeper s = {.limit = four_mib};
    for (int i = 0; i < 20; i++)
        look(&s, 200, MS);
    s.naps = 0;
    while (look(&s, 0, MS) > 0)
        cr_assert_lt(s.naps, 10);
    cr_expect_eq(look(&s, 1, MS), 0);
    cr_expect_eq(look(&s, 7, MS), 0);
}

Test(nap, goes_on_through_a_short_gap)
{
    struct sleeper s = {.limit = four_mib};
    for (int i = 0; i < 20; i++)
        look(&s, 50, MS);
    cr_expect_gt(look(&s, 0, MS), 0);
    cr_expect_gt(look(&s, 0, MS), 0);
    cr_expect_gt(look(&s, 50, MS), 0);
}

Test(nap, is_short_where_the_buffer_is_small_and_none_where_it_is_tiny)
{
    struct sleeper small = {.limit = 2 * 212992}, tiny = {.limit = 8 * MESSAGE_BYTES};
    for (int i = 0; i < 20; i++)
        look(&small, 200, MS);
    cr_expect_gt(small.naps, 10);
    cr_expect_leq(4 * 200 * MESSAGE_BYTES * small.nap.length_ns / MS,
                  small.limit * 21 /
                      20); /* whole messages come: a little less at times */
    cr_expect_gt(small.nap.length_ns, MS / 3);
    for (int i = 0; i < 20; i++)
        look(&tiny, 200, MS);
    cr_expect_leq(tiny.naps, 10); /* only firsts, which measure */
}

/* The promise: whatever it was before, four times as much within one nap still fits. */
Test(nap, a_load_that_becomes_four_times_as_heavy_still_fits)
{
    uint64_t random = number_from("SEED", 1);
    for (int round = 0; round < 200; round++) {
        struct sleeper s = {.limit = 2 * 212992u << random_below(&random, 5)};
        uint64_t a_ms = 8 + random_below(&random, 60);
        for (int i = 0; i < 300; i++) {
            look(&s, (unsigned)a_ms, MS);
            cr_assert_leq(s.most, s.limit, "round %d step %d: %llu a ms", round, i,
                          (unsigned long long)a_ms);
            a_ms = a_ms * (1 + random_below(&random, 400)) / 100;
            a_ms = a_ms < 2 ? 2 : a_ms > 300 ? 300 : a_ms;
        }
        cr_assert_gt(s.naps, 100);
    }
}
