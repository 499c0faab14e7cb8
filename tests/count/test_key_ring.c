/* The ring by itself; races are in tests/stress/stress_key_ring.c. */
#include "count/key_ring.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/error.h"

static struct hash_key key_of_byte(uint8_t byte)
{
    struct hash_key key;

    memset(&key, byte, sizeof key);
    return key;
}

static void put(struct key_ring *r, enum period_kind kind, int64_t from, int64_t until,
                uint8_t byte)
{
    struct hash_key key = key_of_byte(byte);

    cr_assert_eq(key_ring_put(r, kind, from, until, &key), 0);
}

Test(key_ring, finds_the_key_of_that_very_period_and_kind)
{
    struct key_ring *r = key_ring_new();
    struct hash_key key = {{0}};

    cr_expect_not(key_ring_find(r, PERIOD_MONTH, 100, &key));
    put(r, PERIOD_MONTH, 100, 200, 7);
    put(r, PERIOD_DAY, 100, 110, 8);
    cr_expect(key_ring_find(r, PERIOD_MONTH, 100, &key) && key.bytes[0] == 7);
    cr_expect(key_ring_find(r, PERIOD_DAY, 100, &key) && key.bytes[15] == 8);
    cr_expect_not(key_ring_has(r, PERIOD_MONTH, 101));
    cr_expect_not(key_ring_has(r, PERIOD_MONTH, 99));
    key_ring_free(r);
}

Test(key_ring, forgets_a_period_as_it_ends_and_erases_its_key)
{
    struct key_ring *r = key_ring_new();
    uint8_t *byte = (uint8_t *)r;
    size_t left = 0;

    put(r, PERIOD_MONTH, 100, 200, 0xa7);
    key_ring_sweep(r, 199);
    cr_expect(key_ring_has(r, PERIOD_MONTH, 100));
    key_ring_sweep(r, 200);
    cr_expect_not(key_ring_has(r, PERIOD_MONTH, 100));
    for (size_t i = 0; i < 64; i++)
        left += byte[i] == 0xa7;
    cr_expect_eq(left, 0);
    key_ring_free(r);
}

Test(key_ring, forgets_a_period_that_the_clock_went_far_back_from)
{
    struct key_ring *r = key_ring_new();

    put(r, PERIOD_MONTH, 3000000, 3200000, 1);
    key_ring_sweep(r, 2900000); /* 14 days: that is the next month */
    cr_expect(key_ring_has(r, PERIOD_MONTH, 3000000));
    key_ring_sweep(r, 2500000);
    cr_expect_not(key_ring_has(r, PERIOD_MONTH, 3000000));
    key_ring_free(r);
}

Test(key_ring, says_when_it_is_full_and_has_room_again)
{
    struct key_ring *r = key_ring_new();
    struct hash_key key = key_of_byte(1);
    int64_t n = 0;

    while (key_ring_put(r, PERIOD_DAY, n, n + 10, &key) == 0)
        n++;
    cr_expect_geq(n, 128, "32 zones, both identities, this period and the next one");
    cr_expect_eq(key_ring_put(r, PERIOD_DAY, n, n + 10, &key), ERR_FULL);
    key_ring_sweep(r, 10);
    put(r, PERIOD_DAY, n, n + 10, 2);
    cr_expect(key_ring_find(r, PERIOD_DAY, n, &key) && key.bytes[0] == 2);
    cr_expect_not(key_ring_has(r, PERIOD_DAY, 0));
    key_ring_free(r);
}
