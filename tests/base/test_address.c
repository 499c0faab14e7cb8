#include "base/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
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

/* --- As inet_pton reads it --- */

static int parse_by_inet_pton(struct address *ret_address, const char *text)
{
    uint8_t four[4];

    if (inet_pton(AF_INET6, text, ret_address->bytes) == 1)
        return 0;
    if (inet_pton(AF_INET, text, four) != 1)
        return ERR_MALFORMED;
    *ret_address = address_of_v4(four);
    return 0;
}

/* In memory that ends where the text does, so that a byte too many is found. */
static void expect_as_inet_pton(const char *text)
{
    struct address read, wanted;
    size_t length = strlen(text);
    char *exact = malloc(length + 1);
    int rv, wanted_rv = parse_by_inet_pton(&wanted, text);

    memcpy(exact + 1, text, length);
    rv = address_parse(&read, (struct slice){exact + 1, length});
    cr_assert_eq(rv, wanted_rv, "%s: %d", text, rv);
    if (rv == 0)
        cr_assert(address_equal(&read, &wanted), "%s", text);
    free(exact);
}

static unsigned random_below(uint64_t *state, unsigned n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)((*state >> 33) % n);
}

static void write_random_v6(uint64_t *state, char *to, size_t room)
{
    unsigned groups = 6 + random_below(state, 4), none = random_below(state, 16);

    for (unsigned i = 0; i < groups; i++) {
        unsigned bits = 4 * random_below(state, 5);
        size_t used = strlen(to);

        if (i == none)
            snprintf(to + used, room - used, i + 1 == groups ? ":" : "");
        else
            snprintf(to + used, room - used, random_below(state, 2) ? "%x" : "%X",
                     random_below(state, 1U << bits) & 0xFFFF);
        used = strlen(to);
        if (i + 1 < groups)
            snprintf(to + used, room - used, ":");
    }
}

/* A text that is an address or nearly one. */
static void write_random(uint64_t *state, char *to, size_t room)
{
    static const char bytes[] = "0123456789abcdefABCDEFgG::..//@[] -%";
    static const unsigned most[] = {10, 100, 256, 300, 1000};

    to[0] = '\0';
    if (random_below(state, 2) == 0)
        write_random_v6(state, to, room);
    else
        snprintf(to, room, "%u.%u.%u.%u",
                 random_below(state, most[random_below(state, 5)]),
                 random_below(state, most[random_below(state, 5)]),
                 random_below(state, most[random_below(state, 4)]),
                 random_below(state, most[random_below(state, 4)]));
    for (unsigned n = random_below(state, 3); n > 0 && to[0] != '\0'; n--) {
        size_t length = strlen(to), at = random_below(state, (unsigned)length);

        if (random_below(state, 3) == 0)
            memmove(to + at, to + at + 1, length - at);
        else
            to[at] = bytes[random_below(state, sizeof bytes - 1)];
    }
}

Test(address, is_read_as_inet_pton_reads_it)
{
    uint64_t state = 20261127;
    char text[80];

    for (unsigned i = 0; i < 300000; i++) {
        write_random(&state, text, sizeof text);
        if (text[0] != '[')
            expect_as_inet_pton(text);
    }
}

/* Each number with each length, in each place. */
Test(address, is_read_as_inet_pton_reads_it_whatever_its_numbers)
{
    char text[80];

    for (unsigned i = 0; i < 4; i++)
        for (unsigned n = 0; n < 1100; n++)
            for (unsigned other = 1; other < 1000; other *= 10) {
                unsigned of[4] = {other, other, other, other};

                of[i] = n;
                snprintf(text, sizeof text, "%u.%u.%u.%u", of[0], of[1], of[2], of[3]);
                expect_as_inet_pton(text);
                snprintf(text, sizeof text, "%02u.%u.%03u.%u", of[0], of[1], of[2],
                         of[3]);
                expect_as_inet_pton(text);
            }
    for (unsigned byte = 1; byte < 256; byte++)
        for (unsigned at = 0; at < 39; at++) {
            snprintf(text, sizeof text, "2001:0db8:85A3:0000:0000:8a2e:0370:7334");
            text[at] = (char)byte;
            if (text[0] != '[')
                expect_as_inet_pton(text);
            snprintf(text, sizeof text, "203.113.131.255");
            text[at % 15] = (char)byte;
            if (text[0] != '[')
                expect_as_inet_pton(text);
        }
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
