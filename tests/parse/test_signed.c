#include "parse/signed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define MAC    "000102030405060708090a0b0c0d0e0f"
#define SENDER "0123456789abcdef"

Test(signed_header, is_read)
{
    static const char text[] =
        "luot1 cms-1 " SENDER " 42 1700000000123 " MAC "\ns=a&p=/\ns=b";
    struct signed_header h;

    cr_assert_eq(signed_parse(&h, slice_of(text)), 0);
    cr_expect(slice_equal(h.key_id, SLICE("cms-1")));
    cr_expect_eq(h.sender, UINT64_C(0x0123456789abcdef));
    cr_expect_eq(h.seq, 42u);
    cr_expect_eq(h.unix_ms, INT64_C(1700000000123));
    for (unsigned i = 0; i < SIGNED_MAC_BYTES; i++)
        cr_expect_eq(h.mac[i], i);
    cr_expect(slice_equal(h.body, SLICE("s=a&p=/\ns=b")));
}

/* The three pieces are the whole datagram, with zeros for the MAC. */
Test(signed_header, covers_everything_but_the_mac)
{
    static const char text[] = "luot1 a " SENDER " 1 0 " MAC "\ns=a";
    struct signed_header h;
    char whole[128] = "";

    cr_assert_eq(signed_parse(&h, slice_of(text)), 0);
    for (int i = 0; i < 3; i++)
        strncat(whole, h.covered[i].at, h.covered[i].length);
    cr_expect_str_eq(whole,
                     "luot1 a " SENDER " 1 0 00000000000000000000000000000000\ns=a");
}

Test(signed_header, may_have_no_line)
{
    struct signed_header h;

    cr_expect_eq(signed_parse(&h, SLICE("luot1 a " SENDER " 1 0 " MAC "\n")), 0);
    cr_expect_eq(h.body.length, 0u);
    cr_expect_eq(h.covered[2].length, 1u);
}

Test(signed_header, is_refused_when_anything_is_wrong)
{
    static const char *const wrong[] = {
        "",
        "luot1",
        "luot1 ",
        "luot1 a",
        "luot1 a " SENDER " 1 0 " MAC, /* no end of line      */
        "luot2 a " SENDER " 1 0 " MAC "\n",
        "luot1  " SENDER " 1 0 " MAC "\n", /* no ID               */
        "luot1 a/b " SENDER " 1 0 " MAC "\n",
        "luot1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa " SENDER " 1 0 " MAC "\n", /* 32 */
        "luot1 a 0123456789abcde 1 0 " MAC "\n", /* 15 digits           */
        "luot1 a 0123456789ABCDEF 1 0 " MAC "\n",
        "luot1 a " SENDER " 0 0 " MAC "\n", /* numbers begin at 1  */
        "luot1 a " SENDER " -1 0 " MAC "\n",
        "luot1 a " SENDER " 281474976710656 0 " MAC "\n", /* 2^48         */
        "luot1 a " SENDER " 1 -5 " MAC "\n",
        "luot1 a " SENDER " 1 99999999999999999999 " MAC "\n",
        "luot1 a " SENDER " 1  " MAC "\n",
        "luot1 a " SENDER " 1 0\n",
        "luot1 a " SENDER " 1 0 " MAC "0\n",
        "luot1 a " SENDER " 1 0 " MAC " \n",
        "luot1 a " SENDER " 1 0 " MAC "\r\n",
        "luot1 a " SENDER " 1 0 0001\n",
        "luot1 a " SENDER " 1 0 000102030405060708090a0b0c0d0e0g\n",
        "luot1 a " SENDER " 1 0  " MAC "\n",
    };
    struct signed_header h;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(signed_parse(&h, slice_of(wrong[i])), ERR_MALFORMED, "%s", wrong[i]);
    cr_expect_eq(
        signed_parse(&h, SLICE("luot1 a " SENDER " 281474976710655 0 " MAC "\n")), 0);
}

Test(signed_header, is_told_from_a_line)
{
    cr_expect(signed_is(SLICE("luot1 anything")));
    cr_expect_not(signed_is(SLICE("s=a&p=/")));
    cr_expect_not(signed_is(SLICE("luot1=a")));
    cr_expect_not(signed_is((struct slice){NULL, 0}));
}
