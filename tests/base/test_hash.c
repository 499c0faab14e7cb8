#include "base/hash.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A: key 00..0f,
 * input 00..0e. */
Test(hash, keyed_is_siphash_2_4)
{
    struct hash_key key;
    uint8_t input[15];
    for (uint8_t i = 0; i < 16; i++)
        key.bytes[i] = i;
    for (uint8_t i = 0; i < 15; i++)
        input[i] = i;
    cr_expect_eq(hash_start(), 0);
    cr_expect_eq(hash_keyed(&key, input, sizeof input), 0xA129CA6149BE45E5U);
    /* The reference implementation's first vector: no bytes at all. */
    cr_expect_eq(hash_keyed(&key, NULL, 0), 0x726FDB47DD0E0E31U);
}

/* xxHash's own test of the empty input, seed 0. */
Test(hash, fast_is_xxh3_64)
{
    cr_expect_eq(hash_fast(NULL, 0), 0x2D06800538D394C2U);
    cr_expect_neq(hash_fast("a", 1), hash_fast("b", 1));
}

Test(hash, random_keys_differ_and_can_be_erased)
{
    struct hash_key a, b, zero = {{0}};
    cr_expect_eq(hash_start(), 0);
    hash_key_random(&a);
    hash_key_random(&b);
    cr_expect_neq(memcmp(&a, &b, sizeof a), 0);
    cr_expect_neq(hash_random64(), hash_random64());
    hash_key_erase(&a);
    cr_expect_eq(memcmp(&a, &zero, sizeof a), 0);
}

Test(hash, start_can_be_called_again)
{
    cr_expect_eq(hash_start(), 0);
    cr_expect_eq(hash_start(), 0);
}

/* What the header promises, at the size of a test: no two of many pairs that differ little
 * have one hash, with any key, and the key matters. */
Test(hash, of_a_pair_depends_on_both_and_on_the_key)
{
    struct hash_pair_key key, other;

    cr_assert_eq(hash_start(), 0);
    hash_pair_key_random(&key);
    hash_pair_key_random(&other);
    for (uint64_t a = 0; a < 40; a++)
        for (uint64_t b = 0; b < 40; b++) {
            uint64_t h = hash_pair(&key, a, b << 32);

            cr_expect_neq(h, hash_pair(&other, a, b << 32));
            for (uint64_t c = 0; c < a; c++)
                cr_expect_neq(h, hash_pair(&key, c, b << 32));
            for (uint64_t c = 0; c < b; c++)
                cr_expect_neq(h, hash_pair(&key, a, c << 32));
        }
}

/* By hand: the upper half of k0 + k1 * a + k2 * b. */
Test(hash, of_a_pair_is_multilinear)
{
    struct hash_pair_key key = {{3, UINT64_MAX, 0, 1, 2, 0}};

    cr_expect_eq(hash_pair(&key, 0, 0), 3u);
    cr_expect_eq(hash_pair(&key, 1, 0), 4u); /* the carry */
    cr_expect_eq(hash_pair(&key, 0, 5), 13u);
}
