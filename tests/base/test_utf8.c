#include "base/utf8.h"

#include <criterion/criterion.h>

static void expect(const char *bytes, size_t length, bool valid)
{
    bool got_valid;
    size_t got = utf8_take(slice_of(bytes), &got_valid);

    cr_expect_eq(got, length, "%s: %zu", bytes, got);
    cr_expect_eq(got_valid, valid, "%s", bytes);
}

Test(utf8, takes_one_character)
{
    expect("a\xff", 1, true);
    expect("\xc4\x91x", 2, true);
    expect("\xe1\x9e\x96", 3, true);
    expect("\xf0\x9f\x98\x80", 4, true);
    expect("\xf4\x8f\xbf\xbf", 4, true);
}

Test(utf8, what_is_none_is_as_long_as_what_could_have_begun_one)
{
    expect("\x80\x80", 1, false);
    expect("\xc0\x80", 1, false);
    expect("\xc4z", 1, false);
    expect("\xe1\x9e", 2, false);
    expect("\xe0\x80\x80", 1, false); /* not the shortest form */
    expect("\xed\xa0\x80", 1, false); /* a surrogate */
    expect("\xf0\x9f\x98z", 3, false);
    expect("\xf4\x90\x80\x80", 1, false); /* over U+10FFFF */
    expect("\xff", 1, false);
}

Test(utf8, all_of_it_or_not)
{
    cr_expect(utf8_is_valid(SLICE("")));
    cr_expect(utf8_is_valid(SLICE("a đ ព 😀")));
    cr_expect(!utf8_is_valid(SLICE("a\xc4")));
    cr_expect(!utf8_is_valid(SLICE("\xc4\x91\x80")));
}
