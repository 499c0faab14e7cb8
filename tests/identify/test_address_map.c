#include "identify/address_map.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/repeat.h"

static struct address address(const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0, "%s", text);
    return a;
}

static struct address_map *made(struct address_map_draft *d)
{
    struct address_map *m = NULL;

    cr_assert_eq(address_map_make(&m, d), 0);
    return m;
}

static void from_v4(struct address_map_draft *d, const char *first, uint16_t value)
{
    const uint8_t *b = address(first).bytes;

    address_map_from_v4(
        d, (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15],
        value);
}

static void from_v6(struct address_map_draft *d, const char *first, uint16_t value)
{
    struct address a = address(first);

    address_map_from_v6(d, a.bytes, value);
}

static void expect(const struct address_map *m, const char *text, uint16_t value)
{
    struct address a = address(text);
    uint16_t found = address_map_find(m, &a);

    cr_expect_eq(found, value, "%s is %u, not %u", text, found, value);
}

Test(address_map, knows_nothing_of_an_empty_draft)
{
    struct address_map_draft d = {.error = 0};
    struct address_map *m = made(&d);

    expect(m, "0.0.0.0", 0);
    expect(m, "255.255.255.255", 0);
    expect(m, "::", 0);
    expect(m, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0);
    address_map_free(m);
}

Test(address_map, holds_from_each_first_address_to_the_next)
{
    struct address_map_draft d = {.error = 0};
    struct address_map *m;

    from_v4(&d, "0.0.0.1", 1);
    from_v4(&d, "10.0.0.0", 2);
    from_v4(&d, "10.1.2.3", 3);
    from_v4(&d, "10.1.2.4", 2);
    from_v4(&d, "255.255.255.255", 4);
    from_v6(&d, "2001:db8::", 5);
    from_v6(&d, "2001:db8:0:1::", 6);
    from_v6(&d, "2001:db8:0:1::1", 7);
    from_v6(&d, "2001:db8:0:1::2", 8);
    from_v6(&d, "2001:db8:0:2::", 0);
    from_v6(&d, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDRESS_MAP_VALUE_MAX);
    m = made(&d);
    expect(m, "0.0.0.0", 0);
    expect(m, "0.0.0.1", 1);
    expect(m, "9.255.255.255", 1);
    expect(m, "10.0.0.0", 2);
    expect(m, "10.1.2.2", 2);
    expect(m, "10.1.2.3", 3);
    expect(m, "10.1.2.4", 2);
    expect(m, "255.255.255.254", 2);
    expect(m, "255.255.255.255", 4);
    expect(m, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", 0);
    expect(m, "2001:db8::ffff", 5);
    expect(m, "2001:db8:0:1::", 6);
    expect(m, "2001:db8:0:1::1", 7);
    expect(m, "2001:db8:0:1::2", 8);
    expect(m, "2001:db8:0:1:ffff:ffff:ffff:ffff", 8);
    expect(m, "2001:db8:0:2::", 0);
    expect(m, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 0);
    expect(m, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDRESS_MAP_VALUE_MAX);
    address_map_free(m);
}

Test(address_map, an_IPv4_address_is_never_looked_for_among_those_of_IPv6)
{
    struct address_map_draft d = {.error = 0};
    struct address_map *m;

    from_v6(&d, "::", 1);
    from_v4(&d, "1.0.0.0", 2);
    m = made(&d);
    expect(m, "::ffff:0.0.0.1", 0);
    expect(m, "::ffff:1.0.0.0", 2);
    expect(m, "::1.0.0.0", 1);
    expect(m, "::fffe:1.0.0.0", 1);
    address_map_free(m);
}

Test(address_map, the_same_first_address_again_replaces)
{
    struct address_map_draft d = {.error = 0};
    struct address_map *m;

    from_v4(&d, "1.0.0.0", 1);
    from_v4(&d, "2.0.0.0", 9);
    from_v4(&d, "2.0.0.0", 1);
    from_v4(&d, "3.0.0.0", 2);
    from_v6(&d, "1::", 3);
    from_v6(&d, "1::", 0);
    cr_expect_eq(d.v4_count, 2u, "neighbours with one number are one");
    cr_expect_eq(d.v6_count, 0u);
    m = made(&d);
    expect(m, "2.0.0.0", 1);
    expect(m, "3.0.0.0", 2);
    expect(m, "1::", 0);
    address_map_free(m);
}

/* --- Against a list that is searched one by one --- */

enum { MANY = 3000 };

static int ascending(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* Crowded and lonely places, so that all kinds of slots, nodes and blocks are there. */
static struct address some_address(uint64_t *state, bool v4)
{
    struct address a = {.bytes = {[10] = 0xFF, 0xFF}};
    unsigned from = v4 ? 12 : 0, fixed = (unsigned)random_below(state, 17 - from);

    if (!v4)
        memset(a.bytes, 0, sizeof a.bytes);
    for (unsigned i = from; i < 16; i++)
        a.bytes[i] = i < from + fixed
                         ? (uint8_t)(i == from ? 0x20 : random_below(state, 2))
                         : (uint8_t)random_next(state);
    return a;
}

static uint16_t slowly(const struct address *first, const uint16_t *value, size_t count,
                       const struct address *a)
{
    uint16_t found = 0;

    for (size_t i = 0; i < count && memcmp(&first[i], a, sizeof *a) <= 0; i++)
        found = value[i];
    return found;
}

static void add_or_subtract_one(struct address *a, int step)
{
    for (int i = 15; i >= 0; i--) {
        a->bytes[i] = (uint8_t)(a->bytes[i] + step);
        if (a->bytes[i] != (step > 0 ? 0 : 0xFF))
            return;
    }
}

static void compare(bool v4, uint64_t seed)
{
    static struct address first[MANY];
    static uint16_t value[MANY];
    struct address_map_draft d = {.error = 0};
    struct address_map *m;
    uint64_t state = seed;

    for (size_t i = 0; i < MANY; i++)
        first[i] = some_address(&state, v4);
    qsort(first, MANY, sizeof first[0], ascending);
    for (size_t i = 0; i < MANY; i++) {
        const uint8_t *b = first[i].bytes;
        value[i] = (uint16_t)random_below(&state, 5);
        if (v4)
            address_map_from_v4(&d,
                                (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
                                    (uint32_t)b[14] << 8 | b[15],
                                value[i]);
        else
            address_map_from_v6(&d, b, value[i]);
    }
    m = made(&d);
    for (size_t i = 0; i < 3 * MANY; i++) {
        struct address a = first[i % MANY];
        if (i >= MANY)
            add_or_subtract_one(&a, i < 2 * MANY ? 1 : -1);
        if (address_is_v4(&a) == v4)
            cr_assert_eq(address_map_find(m, &a), slowly(first, value, MANY, &a),
                         "seed %llu, i %zu", (unsigned long long)seed, i);
        a = some_address(&state, v4);
        cr_assert_eq(address_map_find(m, &a), slowly(first, value, MANY, &a));
    }
    address_map_free(m);
}

Test(address_map, says_what_a_search_one_by_one_says)
{
    uint64_t seed = number_from("SEED", 1);

    for (uint64_t i = 0; i < 4; i++) {
        compare(true, seed + i);
        compare(false, seed + i);
    }
}

Test(address_map, a_draft_remembers_that_it_was_full)
{
    struct address_map_draft d = {.v4_count = 0};
    struct address_map *m = NULL;

    for (uint32_t i = 0; i <= ADDRESS_MAP_BOUNDARIES; i++)
        address_map_from_v4(&d, 2 * i, (uint16_t)(i % 2 + 1));
    cr_expect_neq(d.error, 0);
    cr_expect_neq(address_map_make(&m, &d), 0);
    cr_expect_null(m);
}
