#include <criterion/criterion.h>

#include "parse/forwarded.h"

/* The client as text, with 127.0.0.0/8, ::1 and 10.0.0.0/8 trusted; "" when there is
 * none. */
static const char *client(const char *header)
{
    static char text[ADDRESS_TEXT_MAX];
    struct networks trusted;
    struct address address;
    cr_assert_eq(networks_parse(&trusted, SLICE("loopback, 10.0.0.0/8")), 0);
    if (!forwarded_client(&address, slice_of(header), &trusted))
        return "";
    address_write(&address, text);
    return text;
}

Test(forwarded, is_the_first_untrusted_address_from_the_right)
{
    cr_expect_str_eq(client("203.0.113.9"), "203.0.113.9");
    cr_expect_str_eq(client("203.0.113.9, 10.0.0.1"), "203.0.113.9");
    cr_expect_str_eq(client("1.1.1.1, 203.0.113.9, 10.0.0.1,127.0.0.1"), "203.0.113.9");
    cr_expect_str_eq(client("1.1.1.1, 203.0.113.9"), "203.0.113.9",
                     "what a client claims is ignored");
    cr_expect_str_eq(client(" 2001:db8::1 ,\t::1 "), "2001:db8::1");
}

Test(forwarded, is_the_leftmost_when_all_are_trusted)
{
    cr_expect_str_eq(client("10.0.0.7, 10.0.0.1"), "10.0.0.7");
}

Test(forwarded, tolerates_ports_and_brackets)
{
    cr_expect_str_eq(client("203.0.113.9:4711"), "203.0.113.9");
    cr_expect_str_eq(client("203.0.113.9:4711, 10.0.0.1:80"), "203.0.113.9");
    cr_expect_str_eq(client("[2001:db8::1]"), "2001:db8::1");
    cr_expect_str_eq(client("[2001:db8::1]:80"), "2001:db8::1");
    cr_expect_str_eq(client("::ffff:203.0.113.9"), "203.0.113.9");
}

Test(forwarded, stops_at_garbage)
{
    cr_expect_str_eq(client(""), "");
    cr_expect_str_eq(client("unknown"), "");
    cr_expect_str_eq(client("203.0.113.9, unknown"), "");
    cr_expect_str_eq(client("203.0.113.9,"), "");
    cr_expect_str_eq(client(","), "");
    cr_expect_str_eq(client("203.0.113.9, unknown, 10.0.0.1"), "10.0.0.1");
    cr_expect_str_eq(client("203.0.113.9, [::1, 10.0.0.1"), "10.0.0.1");
    cr_expect_str_eq(client("203.0.113.9, <script>, 10.0.0.1"), "10.0.0.1");
}
