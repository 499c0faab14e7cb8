#include "identify/visitor.h"

#include <criterion/criterion.h>
#include <sodium.h>

#include "luot_beacon.h"

static const struct hash_key key = {
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static struct address unit_of(const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0);
    return address_unit(&a);
}

static uint64_t hash_of(const char *site, const char *address, const char *agent)
{
    struct address unit = unit_of(address);

    return visitor_hash(&key, slice_of(site), &unit, slice_of(agent));
}

Test(visitor, is_siphash_of_site_unit_and_agent)
{
    /* "demo", 0, ::ffff:192.0.2.1, "Mozilla/5.0" */
    static const unsigned char input[] = {
        'd',  'e', 'm', 'o', 0, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0xff,
        0xff, 192, 0,   2,   1, 'M', 'o', 'z', 'i', 'l', 'l', 'a', '/', '5', '.', '0'};
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t right = 0;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(crypto_shorthash_BYTES, 8);
    crypto_shorthash(out, input, sizeof input, key.bytes);
    for (int i = 7; i >= 0; i--)
        right = right << 8 | out[i];
    cr_expect_eq(hash_of("demo", "192.0.2.1", "Mozilla/5.0"), right);
}

Test(visitor, is_another_for_another_site_address_agent_or_key)
{
    struct hash_key other = key;
    struct address unit = unit_of("192.0.2.1");
    uint64_t hash = hash_of("demo", "192.0.2.1", "x");

    other.bytes[0]++;
    cr_expect_neq(hash_of("demo2", "192.0.2.1", "x"), hash);
    cr_expect_neq(hash_of("demo", "192.0.2.2", "x"), hash);
    cr_expect_neq(hash_of("demo", "192.0.2.1", "y"), hash);
    cr_expect_neq(hash_of("demo", "192.0.2.1", ""), hash);
    cr_expect_neq(visitor_hash(&other, SLICE("demo"), &unit, SLICE("x")), hash);
    cr_expect_eq(hash_of("demo", "::ffff:192.0.2.1", "x"), hash, "the same address");
}

Test(visitor, an_ipv6_network_is_one)
{
    uint64_t hash = hash_of("demo", "2001:db8:1:1::1", "x");

    cr_expect_eq(hash_of("demo", "2001:db8:1:1:ffff:ffff:ffff:ffff", "x"), hash);
    cr_expect_neq(hash_of("demo", "2001:db8:1:2::1", "x"), hash);
}

Test(visitor, of_an_agent_only_its_first_512_bytes_count)
{
    char agent[LUOT_USER_AGENT_MAX + 2];
    uint64_t hash;

    memset(agent, 'a', sizeof agent);
    agent[LUOT_USER_AGENT_MAX] = '\0';
    hash = hash_of("demo", "192.0.2.1", agent);
    agent[LUOT_USER_AGENT_MAX] = 'b';
    agent[LUOT_USER_AGENT_MAX + 1] = '\0';
    cr_expect_eq(hash_of("demo", "192.0.2.1", agent), hash);
    agent[LUOT_USER_AGENT_MAX - 1] = 'b';
    cr_expect_neq(hash_of("demo", "192.0.2.1", agent), hash);
}

Test(visitor, a_name_in_a_log_stands_for_an_address)
{
    char longest[600];
    uint64_t hash = visitor_hash_name(&key, SLICE("demo"), SLICE("host.vn"), SLICE("x"));

    cr_expect_neq(visitor_hash_name(&key, SLICE("demo"), SLICE("host.vnx"), SLICE("")),
                  hash, "a name ends");
    cr_expect_neq(visitor_hash_name(&key, SLICE("demo"), SLICE("host.v"), SLICE("nx")),
                  hash);
    cr_expect_eq(visitor_hash_name(&key, SLICE("demo"), SLICE("host.vn"), SLICE("x")),
                 hash);
    memset(longest, 'h', sizeof longest);
    (void)visitor_hash_name(&key, (struct slice){longest, sizeof longest},
                            (struct slice){longest, sizeof longest},
                            (struct slice){longest, sizeof longest});
}
