#include "base/slice.h"

#include <criterion/criterion.h>

#include "base/error.h"

static bool is(struct slice s, const char *text)
{
    return slice_equal(s, slice_of(text));
}

Test(slice, of_null_is_empty)
{
    cr_expect(slice_is_empty(slice_of(NULL)));
    cr_expect(slice_equal(slice_of(NULL), slice_of("")));
}

Test(slice, equal_nocase_folds_ascii_only)
{
    cr_expect(slice_equal_nocase(SLICE("Content-Length"), SLICE("content-LENGTH")));
    cr_expect_not(slice_equal_nocase(SLICE("a"), SLICE("ab")));
    cr_expect_not(slice_equal_nocase(SLICE("@["), SLICE("`{")));
    cr_expect_not(slice_equal_nocase(SLICE("\xC3\x89"), SLICE("\xC3\xA9")));
}

Test(slice, starts_and_ends_accept_the_empty_and_the_whole)
{
    struct slice none = {NULL, 0};
    cr_expect(slice_starts(none, none) && slice_ends(none, none));
    cr_expect(slice_starts(SLICE("abc"), none) && slice_ends(SLICE("abc"), none));
    cr_expect(slice_starts(SLICE("abc"), SLICE("abc")) &&
              slice_ends(SLICE("abc"), SLICE("abc")));
    cr_expect(slice_starts(SLICE("abc"), SLICE("ab")) &&
              slice_ends(SLICE("abc"), SLICE("bc")));
    cr_expect_not(slice_starts(SLICE("abc"), SLICE("abcd")));
    cr_expect_not(slice_ends(SLICE("abc"), SLICE("ab")));
}

Test(slice, trim_takes_blanks_off_both_ends_only)
{
    cr_expect(is(slice_trim(SLICE(" \t a b \r\n")), "a b"));
    cr_expect(is(slice_trim(SLICE(" \r\n\t")), ""));
    cr_expect(is(slice_trim((struct slice){NULL, 0}), ""));
    cr_expect(is(slice_trim(SLICE("\va\f")), "\va\f"));
}

Test(slice, cut_walks_a_list_to_its_end)
{
    struct slice rest = SLICE("a,,b");
    cr_expect(is(slice_cut(&rest, ','), "a"));
    cr_expect(is(slice_cut(&rest, ','), ""));
    cr_expect(is(slice_cut(&rest, ','), "b"));
    cr_expect_null(rest.at);
    cr_expect_eq(rest.length, 0);
    cr_expect(is(slice_cut(&rest, ','), ""));
}

Test(slice, cut_tells_a_separator_at_the_end_from_none)
{
    struct slice rest = SLICE("a,");
    cr_expect(is(slice_cut(&rest, ','), "a"));
    cr_expect_not_null(rest.at);
    cr_expect_eq(rest.length, 0);
}

Test(slice, find_gives_the_first_or_the_length)
{
    cr_expect_eq(slice_find(SLICE("abcb"), 'b'), 1);
    cr_expect_eq(slice_find(SLICE("abc"), 'x'), 3);
    cr_expect_eq(slice_find((struct slice){NULL, 0}, 'x'), 0);
}

Test(slice, number_takes_digits_up_to_63_bits)
{
    uint64_t n = 7;
    cr_expect_eq(slice_number(SLICE("0"), &n), 0);
    cr_expect_eq(n, 0);
    cr_expect_eq(slice_number(SLICE("0009223372036854775807"), &n), 0);
    cr_expect_eq(n, INT64_MAX);
    cr_expect_eq(slice_number(SLICE("9223372036854775808"), &n), ERR_RANGE);
    cr_expect_eq(slice_number(SLICE("99999999999999999999999999"), &n), ERR_RANGE);
    cr_expect_eq(n, INT64_MAX, "untouched on failure");
}

Test(slice, number_refuses_what_is_not_all_digits)
{
    const char *bad[] = {
        "", " 1", "1 ", "+1", "-1", "0x1", "1e3", "1.0", "99999999999999999999999999x"};
    uint64_t n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(slice_number(slice_of(bad[i]), &n), ERR_MALFORMED, "%s", bad[i]);
    cr_expect_eq(slice_number((struct slice){NULL, 0}, &n), ERR_MALFORMED);
}

Test(slice, signed_reaches_both_ends)
{
    int64_t n = 7;
    cr_expect_eq(slice_signed(SLICE("-9223372036854775808"), &n), 0);
    cr_expect_eq(n, INT64_MIN);
    cr_expect_eq(slice_signed(SLICE("+9223372036854775807"), &n), 0);
    cr_expect_eq(n, INT64_MAX);
    cr_expect_eq(slice_signed(SLICE("-0"), &n), 0);
    cr_expect_eq(n, 0);
    cr_expect_eq(slice_signed(SLICE("-42"), &n), 0);
    cr_expect_eq(n, -42);
    cr_expect_eq(slice_signed(SLICE("-9223372036854775809"), &n), ERR_RANGE);
    cr_expect_eq(slice_signed(SLICE("9223372036854775808"), &n), ERR_RANGE);
    cr_expect_eq(slice_signed(SLICE("--1"), &n), ERR_MALFORMED);
    cr_expect_eq(slice_signed(SLICE("-"), &n), ERR_MALFORMED);
    cr_expect_eq(slice_signed(SLICE(""), &n), ERR_MALFORMED);
}

Test(slice, hex_is_1_to_16_lower_case_digits)
{
    const char *bad[] = {"", "g", "A", "0x1", " 1", "-1", "\x10", "11112222333344445"};
    uint64_t n = 7;
    cr_expect_eq(slice_hex(SLICE("0"), &n), 0);
    cr_expect_eq(n, 0);
    cr_expect_eq(slice_hex(SLICE("00000000000000ff"), &n), 0);
    cr_expect_eq(n, 255);
    cr_expect_eq(slice_hex(SLICE("fedcba9876543210"), &n), 0);
    cr_expect_eq(n, 0xfedcba9876543210);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(slice_hex(slice_of(bad[i]), &n), ERR_MALFORMED, "%s", bad[i]);
    cr_expect_eq(n, 0xfedcba9876543210, "untouched on failure");
}
