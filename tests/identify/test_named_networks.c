#include "identify/named_networks.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/repeat.h"

static struct config *config_of(const char *text)
{
    struct config_error error;
    struct config *c = NULL;

    cr_assert_eq(config_parse(&c, slice_of(text), "test.conf", &error), 0, "%s",
                 error.text);
    return c;
}

static struct named_networks *networks_of(const char *text)
{
    struct config *c = config_of(text);
    struct named_networks *n = NULL;

    cr_assert_eq(named_networks_new(&n, c->rules, c->rule_count), 0);
    config_free(c);
    return n;
}

static void expect(const struct named_networks *n, const char *text, const char *country,
                   const char *name)
{
    struct address a;
    struct slice found;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0, "%s", text);
    found = named_networks_find(n, &a, slice_of(country));
    cr_expect(slice_equal(found, slice_of(name)), "%s is in %.*s, not %s", text,
              (int)found.length, found.at, name);
}

Test(named_networks, the_longest_prefix_wins_whatever_the_order)
{
    static const char *const orders[] = {"network Tỉnh = 10.0.0.0/8\nnetwork Sở = "
                                         "10.1.0.0/16\nnetwork Phòng = 10.1.2.0/24\n",
                                         "network Phòng = 10.1.2.0/24\nnetwork Sở = "
                                         "10.1.0.0/16\nnetwork Tỉnh = 10.0.0.0/8\n"};

    for (unsigned i = 0; i < 2; i++) {
        struct named_networks *n = networks_of(orders[i]);
        expect(n, "9.255.255.255", "", "");
        expect(n, "10.0.0.0", "", "Tỉnh");
        expect(n, "10.1.1.255", "", "Sở");
        expect(n, "10.1.2.0", "", "Phòng");
        expect(n, "10.1.2.255", "", "Phòng");
        expect(n, "10.1.3.0", "", "Sở");
        expect(n, "10.2.0.0", "", "Tỉnh");
        expect(n, "10.255.255.255", "", "Tỉnh");
        expect(n, "11.0.0.0", "", "");
        named_networks_free(n);
    }
}

Test(named_networks, of_the_same_network_the_first_in_the_file_wins)
{
    struct named_networks *n =
        networks_of("network b = 10.0.0.0/8, country:VN, ::/0\n"
                    "network a = 10.0.0.0/8 country:VN ::/0 0.0.0.0/0\n");

    expect(n, "10.0.0.1", "", "b");
    expect(n, "1.2.3.4", "VN", "b");
    expect(n, "2001::1", "", "b");
    expect(n, "1.2.3.4", "", "a");
    named_networks_free(n);
}

Test(named_networks, a_country_is_less_than_a_network_and_more_than_all_the_rest)
{
    struct named_networks *n = networks_of("network Nước ngoài = 0.0.0.0/0, ::/0\n"
                                           "network Trong nước = country:VN\n"
                                           "network Nội bộ = 113.160.0.0/16\n");

    expect(n, "113.160.0.1", "VN", "Nội bộ");
    expect(n, "113.161.0.1", "VN", "Trong nước");
    expect(n, "113.161.0.1", "KH", "Nước ngoài");
    expect(n, "113.161.0.1", "", "Nước ngoài");
    expect(n, "2001:ee0::1", "VN", "Trong nước");
    expect(n, "2001:ee0::1", "", "Nước ngoài");
    named_networks_free(n);
}

Test(named_networks, a_name_that_is_said_again_adds)
{
    struct named_networks *n = networks_of("network Nội bộ = 10.0.0.0/8\n"
                                           "network Khác = 11.0.0.0/8\n"
                                           "network Nội bộ = 12.0.0.0/8, private\n");

    expect(n, "10.1.1.1", "", "Nội bộ");
    expect(n, "11.1.1.1", "", "Khác");
    expect(n, "12.1.1.1", "", "Nội bộ");
    expect(n, "192.168.1.1", "", "Nội bộ");
    expect(n, "fd00::1", "", "Nội bộ");
    named_networks_free(n);
}

Test(named_networks, the_ends_of_both_families_are_right)
{
    struct named_networks *n =
        networks_of("network top = 255.0.0.0/8, ff00::/8\n"
                    "network last = 255.255.255.255, ffff:ffff:ffff:ffff:ffff:ffff:ffff:"
                    "ffff\nnetwork half = 128.0.0.0/1, 8000::/1\nnetwork first = "
                    "0.0.0.0/32, ::/128\n");

    expect(n, "0.0.0.0", "", "first");
    expect(n, "0.0.0.1", "", "");
    expect(n, "128.0.0.0", "", "half");
    expect(n, "255.255.255.254", "", "top");
    expect(n, "255.255.255.255", "", "last");
    expect(n, "::", "", "first");
    expect(n, "::1", "", "");
    expect(n, "9000::", "", "half");
    expect(n, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "", "top");
    expect(n, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "last");
    named_networks_free(n);
}

/* Against a search through all of them. */
Test(named_networks, a_list_of_thousands_says_what_a_search_one_by_one_says)
{
    enum { MANY = 3000 };
    static char text[MANY * 80];
    uint64_t state = number_from("SEED", 1);
    struct named_networks *n = NULL;
    struct config *c;
    size_t length = 0;

    for (unsigned i = 0; i < MANY; i++) {
        uint64_t r = random_next(&state);
        length += (size_t)sprintf(text + length,
                                  i % 2 == 0 ? "network n%u = 10.%u.%u.%u/%u\n"
                                             : "network n%u = fd%02x:%x:%x::/%u\n",
                                  (unsigned)(r % 40), (unsigned)(r >> 8 & 3),
                                  (unsigned)(r >> 16 & 255), (unsigned)(r >> 24 & 255),
                                  (unsigned)(9 + (r >> 32) % (i % 2 == 0 ? 24 : 56)));
    }
    c = config_of(text);
    cr_assert_eq(c->rule_count, (size_t)MANY);
    cr_assert_eq(named_networks_new(&n, c->rules, c->rule_count), 0);
    for (unsigned i = 0; i < 20000; i++) {
        const struct network_rule *best = NULL;
        struct address a = c->rules[random_below(&state, MANY)].network.first;
        for (unsigned b = 13; b < 16; b++)
            a.bytes[b] ^= (uint8_t)(random_next(&state) >> random_below(&state, 9));
        for (size_t k = 0; k < c->rule_count; k++) {
            struct networks one = {.network = {c->rules[k].network}, .count = 1};
            if (networks_contain(&one, &a) &&
                (best == NULL || best->network.bits < c->rules[k].network.bits))
                best = &c->rules[k];
        }
        struct slice found = named_networks_find(n, &a, (struct slice){NULL, 0});
        cr_assert(slice_equal(found, slice_of(best == NULL ? "" : best->name)),
                  "%u: %.*s, not %s", i, (int)found.length, found.at,
                  best == NULL ? "" : best->name);
    }
    named_networks_free(n);
    config_free(c);
}
