#include "answer/arguments.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

static bool is(struct slice s, const char *text)
{
    return slice_equal(s, slice_of(text));
}

Test(arguments, a_line_is_a_name_and_words)
{
    struct arguments a;

    cr_assert_eq(arguments_split(&a, SLICE("  seed\tdemo   50510 \r\n")), 0);
    cr_expect(is(a.name, "seed"));
    cr_assert_eq(a.places, 2u);
    cr_expect(is(a.place[0], "demo"));
    cr_expect(is(a.place[1], "50510"));
    cr_expect_not(a.json);
    cr_assert_eq(arguments_split(&a, SLICE("json json json")), 0);
    cr_expect(a.json);
    cr_expect(is(a.name, "json"));
    cr_expect_eq(a.places, 1u);
    cr_assert_eq(arguments_split(&a, SLICE("")), 0);
    cr_expect_eq(a.name.length, 0u);
}

Test(arguments, quotes_hold_spaces_quotes_and_backslashes)
{
    struct arguments a;

    cr_assert_eq(arguments_split(
                     &a, SLICE("x \"a b\" \"note=say \\\"hi\\\" \\\\ \" \"\" c\"d e\"")),
                 0);
    cr_assert_eq(a.places, 4u);
    cr_expect(is(a.place[0], "a b"));
    cr_expect(is(a.place[1], "note=say \"hi\" \\ "));
    cr_expect(is(a.place[2], ""));
    cr_expect(is(a.place[3], "cd e"));
    cr_expect_eq(arguments_split(&a, SLICE("x \"never ends")), ERR_MALFORMED);
}

Test(arguments, options_come_in_three_spellings)
{
    struct arguments a;
    struct slice wrong, value;

    cr_assert_eq(arguments_split(&a, SLICE("seed demo --metric visits --total=5 as_of=7 "
                                           "x=y")),
                 0);
    cr_assert_eq(arguments_options(&a, "metric total as_of", &wrong), 0);
    cr_assert_eq(a.places, 2u);
    cr_expect(is(a.place[0], "demo"));
    cr_expect(is(a.place[1], "x=y"), "no option of this command");
    cr_expect(arguments_option(&a, "metric", &value) && is(value, "visits"));
    cr_expect(arguments_option(&a, "total", &value) && is(value, "5"));
    cr_expect(arguments_option(&a, "as-of", &value) && is(value, "7"));
    cr_expect_not(arguments_option(&a, "week", &value));
    cr_assert_eq(arguments_split(&a, SLICE("seed --as-of 9")), 0);
    cr_assert_eq(arguments_options(&a, "metric as_of", &wrong), 0);
    cr_expect(arguments_option(&a, "as_of", &value) && is(value, "9"));
}

Test(arguments, wrong_options_are_named)
{
    struct arguments a;
    struct slice wrong;

    cr_assert_eq(arguments_split(&a, SLICE("seed demo --colour red")), 0);
    cr_expect_eq(arguments_options(&a, "metric", &wrong), ERR_NOT_FOUND);
    cr_expect(is(wrong, "colour"));
    cr_assert_eq(arguments_split(&a, SLICE("seed demo --metric")), 0);
    cr_expect_eq(arguments_options(&a, "metric", &wrong), ERR_PARTIAL);
    cr_expect(is(wrong, "metric"));
}

Test(arguments, limits_are_errors)
{
    static char line[COMMAND_LINE_MAX + 2];
    struct arguments a;

    memset(line, 'x', sizeof line);
    cr_expect_eq(arguments_split(&a, (struct slice){line, COMMAND_LINE_MAX}), 0);
    cr_expect_eq(arguments_split(&a, (struct slice){line, COMMAND_LINE_MAX + 1}),
                 ERR_TOO_LONG);
    for (size_t i = 0; i < sizeof line; i += 2)
        line[i] = ' ';
    cr_expect_eq(arguments_split(&a, (struct slice){line, 300}), ERR_FULL);
}
