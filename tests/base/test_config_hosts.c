/* Site keys, host patterns and the addresses to listen on. */
#include "base/config.h"

#include <criterion/criterion.h>

#include "base/error.h"

#define SIXTY_THREE "012345678901234567890123456789012345678901234567890123456789012"

Test(config_hosts, knows_a_site_key)
{
    static const char *const VALID[] = {"a", "0", "so-y-te_2", "a--", SIXTY_THREE};
    static const char *const INVALID[] = {"",    "A",   "-a",       "_a",           "a.b",
                                          "a b", "a\n", "\xC3\xA1", SIXTY_THREE "0"};
    for (size_t i = 0; i < sizeof(VALID) / sizeof(VALID[0]); i++)
        cr_expect(site_key_is_valid(slice_of(VALID[i])), "%s", VALID[i]);
    for (size_t i = 0; i < sizeof(INVALID) / sizeof(INVALID[0]); i++)
        cr_expect_not(site_key_is_valid(slice_of(INVALID[i])), "%s", INVALID[i]);
}

static const struct {
    const char *patterns;
    const char *host;
    bool match;
} HOSTS[] = {
    {"a.gov.vn", "a.gov.vn", true},
    {"a.gov.vn", "A.Gov.VN", true},
    {"A.GOV.VN", "a.gov.vn", true},
    {"a.gov.vn", "a.gov.vn.", true},
    {"a.gov.vn", "b.a.gov.vn", false},
    {"a.gov.vn", "xa.gov.vn", false},
    {"*.a.gov.vn", "b.a.gov.vn", true},
    {"*.a.gov.vn", "C.B.A.gov.vn", true},
    {"*.a.gov.vn", "a.gov.vn", false},
    {"*.a.gov.vn", ".a.gov.vn", false},
    {"*.a.gov.vn", "xa.gov.vn", false},
    {"b.vn, *.a.vn ,c.vn", "x.a.vn", true},
    {"b.vn, *.a.vn ,c.vn", "c.vn", true},
    {"b.vn, *.a.vn ,c.vn", "d.vn", false},
    {"", "a.vn", false},
    {"a.vn", "", false},
    {"a.vn", ".", false},
};

Test(config_hosts, matches_names_and_subdomains)
{
    for (size_t i = 0; i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++)
        cr_expect_eq(hosts_match(HOSTS[i].patterns, slice_of(HOSTS[i].host)),
                     HOSTS[i].match, "%s in %s", HOSTS[i].host, HOSTS[i].patterns);
}

Test(config_hosts, reads_addresses_and_ports)
{
    struct endpoint endpoints[LISTEN_MAX];
    struct address expected;
    size_t count = 0;
    cr_assert_eq(listen_parse(endpoints, &count, SLICE("127.0.0.1:80, [2001:db8::1]:0")),
                 0);
    cr_assert_eq(count, 2u);
    cr_assert_eq(address_parse(&expected, SLICE("127.0.0.1")), 0);
    cr_expect(address_equal(&endpoints[0].address, &expected));
    cr_expect_eq(endpoints[0].port, 80);
    cr_assert_eq(address_parse(&expected, SLICE("2001:db8::1")), 0);
    cr_expect(address_equal(&endpoints[1].address, &expected));
    cr_expect_eq(endpoints[1].port, 0);
}

Test(config_hosts, says_what_is_wrong_with_a_listen_and_touches_nothing)
{
    struct endpoint endpoints[LISTEN_MAX];
    size_t count = 77;
    cr_expect_eq(listen_parse(endpoints, &count, SLICE("")), ERR_MALFORMED);
    cr_expect_eq(listen_parse(endpoints, &count, SLICE("1.1.1.1")), ERR_MALFORMED);
    cr_expect_eq(listen_parse(endpoints, &count, SLICE("1.1.1.1:65536")), ERR_RANGE);
    cr_expect_eq(listen_parse(endpoints, &count, SLICE("[::1]:1,[::1]:1")), ERR_EXISTS);
    cr_expect_eq(listen_parse(endpoints, &count,
                              SLICE("[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,"
                                    "[::]:0,[::]:0")),
                 ERR_FULL);
    cr_expect_eq(count, 77u);
}
