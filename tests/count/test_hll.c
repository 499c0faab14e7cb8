#include "count/hll.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/repeat.h"

static struct hll *hll_with(uint64_t seed, unsigned n)
{
    struct hll *h = calloc(1, sizeof *h);

    cr_assert_not_null(h);
    while (n-- > 0)
        hll_add(h, random_fp(&seed));
    return h;
}

static struct slice redis_bytes(const struct hll *h, uint8_t bytes[HLL_REDIS_MAX])
{
    return (struct slice){(const char *)bytes, hll_to_redis(h, bytes)};
}

static bool same(const struct hll *a, const struct hll *b)
{
    return memcmp((const void *)a, (const void *)b, sizeof *a) == 0;
}

Test(hll, has_the_error_of_the_theory)
{
    const double sigma = 1.04 / 128;
    const unsigned sizes[] = {10, 84, 1000, 20000, 200000},
                   runs[] = {300, 300, 300, 100, 30};

    for (unsigned i = 0; i < 5; i++) {
        double sum = 0, squares = 0;

        for (unsigned run = 0; run < runs[i]; run++) {
            struct hll *h = hll_with(7919u * sizes[i] + run * 0x51ed270b77u, sizes[i]);
            double error = hll_estimate(h) / sizes[i] - 1;

            sum += error;
            squares += error * error;
            free(h);
        }
        cr_expect_leq(sqrt(squares / runs[i]), sigma * (1 + 3 / sqrt(2.0 * runs[i])),
                      "n=%u", sizes[i]);
        cr_expect_leq(fabs(sum / runs[i]), 3 * sigma / sqrt(runs[i]) + 0.0005, "n=%u",
                      sizes[i]);
    }
}

Test(hll, says_0_of_nobody_and_counts_nobody_twice)
{
    struct hll *h = hll_with(1, 0);

    cr_expect_eq(hll_estimate(h), 0);
    for (unsigned i = 0; i < 100; i++)
        hll_add(h, 0x123456789ab);
    cr_expect_eq(lround(hll_estimate(h)), 1);
    hll_clear(h);
    cr_expect_eq(hll_estimate(h), 0);
    free(h);
}

Test(hll, never_falls_while_it_is_added_to)
{
    struct hll *h = hll_with(1, 0);
    uint64_t seed = 3;
    double before = 0, now;

    for (unsigned i = 0; i < 2000; i++, before = now) {
        hll_add(h, random_fp(&seed));
        now = hll_estimate(h);
        cr_assert_geq(now, before);
    }
    free(h);
}

Test(hll, takes_index_and_rank_from_the_44_bits)
{
    struct hll *h = hll_with(1, 0);

    hll_add(h, 5);                  /* no bit above the index: the highest rank */
    hll_add(h, 6 | 1ull << 14);     /* the first                                */
    hll_add(h, 16383 | 1ull << 43); /* the last bit of 44                       */
    cr_expect_eq(atomic_load(&h->reg[5]), 31);
    cr_expect_eq(atomic_load(&h->reg[6]), 1);
    cr_expect_eq(atomic_load(&h->reg[16383]), 30);
    free(h);
}

Test(hll, merges_to_the_union)
{
    struct hll *a = hll_with(1, 5000), *b = hll_with(2, 7000), *both = hll_with(1, 5000);
    uint64_t seed = 2;

    for (unsigned i = 0; i < 7000; i++)
        hll_add(both, random_fp(&seed));
    hll_merge(a, b);
    cr_expect(same(a, both));
    hll_merge(a, b);
    cr_expect(same(a, both), "merging again changes nothing");
    free(a);
    free(b);
    free(both);
}

Test(hll, reads_back_what_it_writes_for_redis)
{
    const unsigned sizes[] = {0, 1, 84, 1000, 1400, 1700, 3000, 20000, 200000};
    uint8_t bytes[HLL_REDIS_MAX];

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct hll *h = hll_with(i, sizes[i]), *back = hll_with(99, 10);
        struct slice written = redis_bytes(h, bytes);

        cr_expect_eq(hll_from_redis(back, written), 0);
        cr_expect(same(h, back));
        cr_expect(bytes[4] == 1 ? written.length < 3000
                                : written.length == HLL_REDIS_MAX);
        cr_expect_eq(bytes[4], sizes[i] <= 1400, "n=%u is %s", sizes[i],
                     bytes[4] ? "sparse" : "dense");
        cr_expect_eq(bytes[15], 0x80);
        free(h);
        free(back);
    }
}

/* The layouts of redis 7.0.15, src/hyperloglog.c. */
Test(hll, writes_the_layouts_of_redis)
{
    static const uint8_t empty[] = "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff";
    static const uint8_t few[] = "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80"
                                 "\x04\x80\x3f\xf9\x84\x7f\xb6";
    struct hll *h = hll_with(0, 0);
    uint8_t bytes[HLL_REDIS_MAX];

    cr_expect_eq(hll_to_redis(h, bytes), 18);
    cr_expect_arr_eq(bytes, empty, 18);
    atomic_store(&h->reg[5], 1);   /* ZERO 5, VAL 1 once    */
    atomic_store(&h->reg[70], 31); /* ZERO 64, VAL 31 twice */
    atomic_store(&h->reg[71], 31);
    atomic_store(&h->reg[72], 2); /* VAL 2 once, XZERO 16311 */
    cr_expect_eq(hll_to_redis(h, bytes), 16 + 7);
    cr_expect_arr_eq(bytes, few, 16 + 7);
    atomic_store(&h->reg[0], 33); /* does not fit into sparse: dense */
    atomic_store(&h->reg[1], 1);
    atomic_store(&h->reg[2], 0);
    atomic_store(&h->reg[3], 51);
    cr_expect_eq(hll_to_redis(h, bytes), HLL_REDIS_MAX);
    cr_expect_eq(bytes[4], 0);
    cr_expect_eq(bytes[16], 33 | (1 & 3) << 6);
    cr_expect_eq(bytes[17], 0);
    cr_expect_eq(bytes[18], 51 << 2);
    free(h);
}

static int read_text(const char *at, size_t length)
{
    struct hll *h = hll_with(4, 100), *before = hll_with(4, 100);
    int rv = hll_from_redis(h, (struct slice){at, length});

    cr_expect(rv == 0 || same(h, before), "untouched on failure");
    free(h);
    free(before);
    return rv;
}

#define HEAD(kind) "HYLL" kind "\0\0\0\0\0\0\0\0\0\0\x80"
#define READ(text) read_text(text, sizeof(text) - 1)

Test(hll, refuses_what_is_no_hyperloglog)
{
    cr_expect_eq(READ(HEAD("\1") "\x7f\xff"), 0);
    cr_expect_eq(read_text(NULL, 0), ERR_MALFORMED);
    cr_expect_eq(READ("HYLL"), ERR_MALFORMED);
    cr_expect_eq(READ(HEAD("\1")), ERR_MALFORMED, "no registers");
    cr_expect_eq(READ(HEAD("\1") "\x7f"), ERR_MALFORMED, "half an opcode");
    cr_expect_eq(READ(HEAD("\1") "\x7f\xfe"), ERR_MALFORMED, "one register short");
    cr_expect_eq(READ(HEAD("\1") "\x7f\xff\x80"), ERR_MALFORMED, "one register too many");
    cr_expect_eq(READ(HEAD("\1") "\x7f\xfe\x81"), ERR_MALFORMED, "a run over the end");
    cr_expect_eq(READ(HEAD("\2") "\x7f\xff"), ERR_MALFORMED, "an unknown encoding");
    cr_expect_eq(READ(HEAD("\0") "\x7f\xff"), ERR_MALFORMED, "dense, but short");
    cr_expect_eq(READ("HYLM\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff"), ERR_MALFORMED);
}

Test(hll, refuses_a_dense_value_of_another_length_or_with_an_impossible_rank)
{
    struct hll *h = hll_with(3, 20000), *back = hll_with(0, 0);
    char bytes[HLL_REDIS_MAX + 1];

    cr_expect_eq(hll_to_redis(h, (uint8_t *)bytes), HLL_REDIS_MAX);
    for (size_t length = 0; length <= sizeof bytes; length++)
        cr_assert_eq(hll_from_redis(back, (struct slice){bytes, length}) == 0,
                     length == HLL_REDIS_MAX);
    bytes[16] |= 63;
    cr_expect_eq(hll_from_redis(back, (struct slice){bytes, HLL_REDIS_MAX}),
                 ERR_MALFORMED);
    free(h);
    free(back);
}

Test(hll, survives_any_bytes)
{
    struct hll *h = hll_with(0, 0);
    uint64_t seed = 17;
    char bytes[64] = HEAD("\1");

    for (unsigned i = 0; i < 100000; i++) {
        size_t length = 16 + random_fp(&seed) % 48;

        for (size_t k = 16; k < length; k++)
            bytes[k] = (char)random_fp(&seed);
        if (hll_from_redis(h, (struct slice){bytes, length}) == 0)
            cr_assert(isfinite(hll_estimate(h)));
    }
    free(h);
}

Test(hll, answers_full_registers_with_a_finite_number)
{
    struct hll *h = hll_with(0, 0);

    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        atomic_store(&h->reg[i], 255);
    cr_expect_eq(hll_estimate(h), 9007199254740991.0);
    free(h);
}
