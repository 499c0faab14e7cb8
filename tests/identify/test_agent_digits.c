/* Which patterns tell no digit from another, and what a skeleton is. */
#include "identify/agent_digits.h"

#include <criterion/criterion.h>

#include "lib/expect_text.h"

Test(agent_digits, are_hidden_one_by_one)
{
    static const char text[] = "0123456789:/@Chrome/126.0.6478.61 \xb9\xe1\xbb\x91";
    char all[256], to[256];

    for (size_t n = 0; n < sizeof text; n++) { /* each length */
        agent_digits_hide(to, (struct slice){text, n});
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(to[i], text[i] >= '0' && text[i] <= '9' ? '0' : text[i]);
    }
    for (unsigned i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    agent_digits_hide(to, (struct slice){all, sizeof all});
    for (unsigned i = 0; i < sizeof all; i++)
        cr_assert_eq(to[i], i >= '0' && i <= '9' ? '0' : (char)i, "byte %u", i);
    agent_digits_hide(all, (struct slice){all, sizeof all}); /* where it is */
    cr_assert_eq(memcmp(all, to, sizeof all), 0);
}

Test(agent_digits, are_one_to_patterns_of_sets_that_have_all_or_none)
{
    static const char *const blind[] = {
        "",
        "Firefox/(\\d+)",
        "Chrome/[\\d.]+ (?!Mobile|Safari)([A-Z][a-z]{2,20})$",
        "\\b(?:AOL|Shield)[ /]v?([0-9]+)\\B",
        "[^;)]+;(?<!x)(?<=y)(?>z)(?=a)(?|b|(c))",
        "[\\w.+-]{1,40}[^\\d]{3}[a-z_]{4,}\\W\\S\\s\\D.",
        "[]a][^]b][\\]c]",
        "[!-~]",
        "[[({]x{y}{,}{a",
        "[\\-a]\\[\\{\\\\",
        "[.-]",
        "^Mozilla/5\\.0",
        "^Mozilla/5\\.0 \\((?:\\d+)\\)",
        "^12345678901x|y",
        "^\\.2",
        "^",
    };
    static const char *const other[] = {
        "Windows NT 10\\.0",
        "Version/([12])",
        "[1-9]",
        "[0-8a-z]",
        "[^0]",
        "[5-~]",
        "(a)\\1",
        "\\x41",
        "\\Q1\\E",
        "\\p{L}",
        "x{7",
        "x{,7}",
        "x\\{7}",
        "x{1,2,3}",
        "x{ 7}",
        "(?i)a",
        "(?x)a",
        "(?P<n>a)",
        "(?<n>a)",
        "(?1)",
        "(?#7)",
        "(*ANY)a",
        "[[:digit:]]",
        "[[.a.]]",
        "[\\x41]",
        "[\\bx]",
        "[\\d-x]",
        "[a-\\d]",
        "[a",
        "[a\\",
        "a\\",
        "(",
        "(?",
        "a(?<",
        "[",
        "[^",
        "\\K",
        "^Mozilla/5\\.0|5",
        "Mozilla/5\\.0",
        "|^5",
        "(?:^5)",
        "^a?5",
        "^a{2}5",
        "^5*",
        "^a.5",
        "^1234567890123",
        "^\\d5",
        "^\\1",
    };

    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
        cr_expect(agent_digits_are_one_to(slice_of(blind[i])), "%s", blind[i]);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        cr_expect_not(agent_digits_are_one_to(slice_of(other[i])), "%s", other[i]);
}

static void expect_loose(const char *pattern, const char *expected)
{
    char to[200];
    size_t n = agent_digits_loosen(slice_of(pattern), to, sizeof to);

    expect_text(((struct slice){to, n}), expected);
}

Test(agent_digits, are_any_where_a_pattern_is_loosened)
{
    static const char *const none[] = {
        "",     "(?=a)1", "(?!a)1", "(?<=a)1", "(?>a)1", "(?|a)1", "(?i)1",  "(*ANY)1",
        "a++1", "a*+1",   "a?+1",   "a{2}+1",  "(a)\\1", "\\x31",  "[^2]",   "[-2]",
        "[]2]", "[a",     "a\\",    "(",       "(?",     "(?:",    "[[:a:]]"};
    char to[8];

    expect_loose("Web0S|WeTab", "Web\\dS|WeTab");
    expect_loose("Windows NT 10\\.0", "Windows NT \\d\\d\\.\\d");
    expect_loose("[;#] (?:\\w{1,16}[ _-])?(?:2[48]|3[29])[a-z]{1,6}?[\\d_-]",
                 "[;#] (?:\\w{1,16}[ _-])?(?:\\d[\\d48]|\\d[\\d29])[a-z]{1,6}?[\\d_-]");
    expect_loose("^(a1|[^\\d]|[^a])+$", "^(a\\d|[^\\d]|[^a])+$");
    expect_loose("x{7", "x{\\d");
    expect_loose("\\++1{2,}", "\\++\\d{2,}");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        cr_expect_eq(agent_digits_loosen(slice_of(none[i]), to, sizeof to), 0, "%s",
                     none[i]);
    cr_expect_eq(agent_digits_loosen(SLICE("1234"), to, sizeof to), 0); /* no room */
    cr_expect_eq(agent_digits_loosen(SLICE("123"), to, sizeof to), 6);
}
