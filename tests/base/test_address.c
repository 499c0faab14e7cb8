#include "base/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

static struct address parsed(const char *text)
{
    struct address a = {{0}};
    cr_assert_eq(address_parse(&a, slice_of(text)), 0, "%s", text);
    return a;
}

static void expect_written(const char *in, const char *out)
{
    struct address a = parsed(in);
    char text[ADDRESS_TEXT_MAX];
    address_write(&a, text);
    cr_expect_str_eq(text, out);
}

static bool contains(const char *networks, const char *address)
{
    struct networks n;
    struct address a = parsed(address);
    cr_assert_eq(networks_parse(&n, slice_of(networks)), 0, "%s", networks);
    return networks_contain(&n, &a);
}

Test(address, is_read_and_written_back)
{
    expect_written("192.0.2.1", "192.0.2.1");
    expect_written("2001:DB8::1", "2001:db8::1");
    expect_written("[2001:db8:0:0:0:0:0:1]", "2001:db8::1");
    expect_written("::ffff:192.0.2.1", "192.0.2.1");
    expect_written("::1", "::1");
    expect_written("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

Test(address, refuses_what_is_none)
{
    const char *bad[] = {
        "",          "[]",         "[",        "1.2.3",    "1.2.3.4.5",
        "1.2.3.256", "01.2.3.4",   " 1.2.3.4", "1.2.3.4 ", "1.2.3.4:80",
        "[1.2.3.4]", "[::1",       "::1]",     ":::",      "fe80::1%eth0",
        "localhost", "0x7f.0.0.1", "1::2::3",  "12345::"};
    struct address a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(address_parse(&a, slice_of(bad[i])), ERR_MALFORMED, "%s", bad[i]);
    cr_expect_eq(address_parse(&a, SLICE("1.2.3.4\0x")), ERR_MALFORMED);
    cr_expect_eq(address_parse(&a, SLICE("1.2.3.4\0")), ERR_MALFORMED);
    cr_expect_eq(address_parse(&a, (struct slice){NULL, 0}), ERR_MALFORMED);
    char long_text[300];
    memset(long_text, '1', sizeof long_text);
    cr_expect_eq(address_parse(&a, (struct slice){long_text, sizeof long_text}),
                 ERR_MALFORMED);
}

Test(address, comes_from_a_socket_and_ipv4_is_the_same_both_ways)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC0000201)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct address a, b, wanted = parsed("192.0.2.1");
    cr_expect_eq(address_from_sockaddr(&a, (const struct sockaddr *)&in), 0);
    cr_expect(address_equal(&a, &wanted));
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
    cr_expect_eq(address_from_sockaddr(&b, (const struct sockaddr *)&in6), 0);
    cr_expect(address_equal(&a, &b));
    cr_expect(address_is_v4(&b));
    cr_expect_eq(address_from_sockaddr(&a, &other), ERR_MALFORMED);
}

Test(address, unit_cuts_ipv6_at_64_bits_and_leaves_ipv4_whole)
{
    struct address six = parsed("2001:db8:1:2:3:4:5:6"), four = parsed("192.0.2.1");
    struct address unit = address_unit(&six), wanted = parsed("2001:db8:1:2::");
    cr_expect(address_equal(&unit, &wanted));
    unit = address_unit(&four);
    cr_expect(address_equal(&unit, &four));
}

Test(network, clears_its_host_bits)
{
    struct network n;
    struct address wanted = parsed("10.16.0.0");
    cr_expect_eq(network_parse(&n, SLICE("10.17.2.3/12")), 0);
    cr_expect_eq(n.bits, 96 + 12);
    cr_expect(address_equal(&n.first, &wanted));
    wanted = parsed("2001:db8::");
    cr_expect_eq(network_parse(&n, SLICE("2001:db8::1/33")), 0);
    cr_expect_eq(n.bits, 33);
    cr_expect(address_equal(&n.first, &wanted));
    cr_expect_eq(network_parse(&n, SLICE("192.0.2.1")), 0);
    cr_expect_eq(n.bits, 128);
}

Test(network, refuses_bits_that_are_too_many_or_none)
{
    struct network n;
    cr_expect_eq(network_parse(&n, SLICE("10.0.0.0/33")), ERR_RANGE);
    cr_expect_eq(network_parse(&n, SLICE("::/129")), ERR_RANGE);
    cr_expect_eq(network_parse(&n, SLICE("10.0.0.0/")), ERR_MALFORMED);
    cr_expect_eq(network_parse(&n, SLICE("10.0.0.0/8/8")), ERR_MALFORMED);
    cr_expect_eq(network_parse(&n, SLICE("10.0.0.0/-1")), ERR_MALFORMED);
    cr_expect_eq(network_parse(&n, SLICE("/8")), ERR_MALFORMED);
}

Test(networks, contain_exactly_their_addresses)
{
    cr_expect(contains("10.0.0.0/8", "10.255.255.255"));
    cr_expect_not(contains("10.0.0.0/8", "11.0.0.0"));
    cr_expect_not(contains("10.0.0.0/8", "::a00:1"));
    cr_expect(contains("10.0.0.0/8, ::1 192.0.2.0/31", "192.0.2.1"));
    cr_expect_not(contains("10.0.0.0/8, ::1 192.0.2.0/31", "192.0.2.2"));
    cr_expect(contains("0.0.0.0/0", "203.0.113.9"));
    cr_expect_not(contains("0.0.0.0/0", "2001:db8::1"));
    cr_expect(contains("::/0", "2001:db8::1"));
    cr_expect_not(contains("::/0", "203.0.113.9"), "all of IPv6 is not all");
    cr_expect(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
}

Test(networks, know_three_words)
{
    cr_expect(contains("loopback", "127.9.9.9"));
    cr_expect(contains("loopback", "::1"));
    cr_expect_not(contains("loopback", "128.0.0.1"));
    cr_expect(contains("Private", "172.31.255.255"));
    cr_expect(contains("private", "fd00::1"));
    cr_expect_not(contains("private", "172.32.0.0"));
    cr_expect(contains("loopback, private,198.51.100.7", "198.51.100.7"));
    cr_expect_not(contains(" none ", "127.0.0.1"));
}

Test(networks, refuse_lists_that_say_nothing_or_too_much)
{
    struct networks n = {.count = 7};
    char text[NETWORKS_MAX * 8 + 16] = "";
    cr_expect_eq(networks_parse(&n, SLICE("")), ERR_MALFORMED);
    cr_expect_eq(networks_parse(&n, SLICE(" , ")), ERR_MALFORMED);
    cr_expect_eq(networks_parse(&n, SLICE("none, 10.0.0.0/8")), ERR_MALFORMED);
    cr_expect_eq(networks_parse(&n, SLICE("10.0.0.0/8;::1")), ERR_MALFORMED);
    cr_expect_eq(networks_parse(&n, SLICE("10.0.0.0/40")), ERR_RANGE);
    cr_expect_eq(networks_parse(&n, SLICE("::1\0")), ERR_MALFORMED);
    for (int i = 0; i < NETWORKS_MAX; i++)
        strcat(text, "1.2.3.4,");
    cr_expect_eq(networks_parse(&n, SLICE("x")), ERR_MALFORMED);
    cr_expect_eq(n.count, 7, "untouched on failure");
    cr_expect_eq(networks_parse(&n, slice_of(text)), 0);
    cr_expect_eq(n.count, NETWORKS_MAX);
    strcat(text, "1.2.3.4");
    cr_expect_eq(networks_parse(&n, slice_of(text)), ERR_FULL);
}
