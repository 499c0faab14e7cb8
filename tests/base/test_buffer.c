#include "base/buffer.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>

#include "base/error.h"

static char memory[4096];

static struct buffer fresh(void)
{
    struct buffer b;
    buffer_init(&b, memory, sizeof memory);
    return b;
}

static bool holds(const struct buffer *b, const char *text)
{
    bool same = buffer_error(b) == 0 && slice_equal(buffer_written(b), slice_of(text));
    if (!same)
        cr_log_error("has %.*s, not %s", (int)b->length, b->at, text);
    return same;
}

Test(buffer, takes_exactly_its_limit_and_no_byte_more)
{
    struct buffer b;
    buffer_init(&b, memory, 3);
    buffer_text(&b, "abc");
    cr_expect(holds(&b, "abc"));
    buffer_byte(&b, 'd');
    cr_expect_eq(buffer_error(&b), ERR_FULL);
    cr_expect_eq(b.length, 3);
}

Test(buffer, remembers_its_first_error)
{
    struct buffer b;
    buffer_init(&b, memory, 3);
    buffer_text(&b, "abcd");
    buffer_text(&b, "a");
    cr_expect_eq(buffer_error(&b), ERR_FULL);
    cr_expect_eq(b.length, 0, "a later write that would fit does nothing");
}

Test(buffer, of_nothing_takes_nothing)
{
    struct buffer b;
    buffer_init(&b, NULL, 0);
    buffer_text(&b, "");
    buffer_slice(&b, (struct slice){NULL, 0});
    buffer_format(&b, "%s", "");
    cr_expect_eq(buffer_error(&b), 0);
    buffer_format(&b, "%d", 1);
    cr_expect_eq(buffer_error(&b), ERR_FULL);
}

Test(buffer, writes_numbers_to_their_ends)
{
    struct buffer b = fresh();
    buffer_number(&b, 0);
    buffer_byte(&b, ' ');
    buffer_number(&b, UINT64_MAX);
    buffer_byte(&b, ' ');
    buffer_signed(&b, INT64_MIN);
    buffer_byte(&b, ' ');
    buffer_signed(&b, INT64_MAX);
    buffer_byte(&b, ' ');
    buffer_hex(&b, "\x00\x7f\xff", 3);
    cr_expect(holds(
        &b, "0 18446744073709551615 -9223372036854775808 9223372036854775807 007fff"));
}

static void expect_decimal(double number, unsigned digits, const char *text)
{
    struct buffer b = fresh();
    buffer_decimal(&b, number, digits);
    cr_expect(holds(&b, text));
}

Test(buffer, decimal_rounds_and_never_says_minus_zero)
{
    expect_decimal(1.005, 2, "1.00"); /* the double is below 1.005 */
    expect_decimal(0.126, 2, "0.13");
    expect_decimal(-2.5, 1, "-2.5");
    expect_decimal(99.96, 1, "100.0");
    expect_decimal(-0.001, 2, "0.00");
    expect_decimal(-0.0, 0, "0");
    expect_decimal(7, 0, "7");
    expect_decimal(NAN, 2, "null");
    expect_decimal(-INFINITY, 2, "null");
}

Test(buffer, decimal_writes_the_largest_double)
{
    struct buffer b = fresh();
    buffer_decimal(&b, -1.7976931348623157e308, 99);
    cr_expect_eq(buffer_error(&b), 0);
    cr_expect_eq(b.length, 1 + 309 + 1 + 20);
}

Test(buffer, decimal_does_not_depend_on_the_locale)
{
    const char *comma[] = {"de_DE.UTF-8", "vi_VN.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    size_t set = 0;
    for (size_t i = 0; i < sizeof comma / sizeof comma[0]; i++) {
        if (setlocale(LC_ALL, comma[i]) == NULL)
            continue;
        set++;
        expect_decimal(-1234.5678, 3, "-1234.568");
    }
    if (set == 0)
        puts("skipped: no locale with another decimal point is installed");
}

Test(buffer, format_needs_one_byte_more)
{
    struct buffer b;
    buffer_init(&b, memory, 4);
    buffer_format(&b, "%d", 123);
    cr_expect(holds(&b, "123"));
    buffer_format(&b, "%d", 4);
    cr_expect_eq(buffer_error(&b), ERR_FULL);
    cr_expect_eq(b.length, 3);
}

static void expect_json(struct slice in, const char *text)
{
    struct buffer b = fresh();
    buffer_json(&b, in);
    cr_expect(holds(&b, text));
}

Test(buffer, json_escapes_what_json_and_html_may_not_see)
{
    expect_json(SLICE(""), "\"\"");
    expect_json((struct slice){NULL, 0}, "\"\"");
    expect_json(SLICE("a\"b\\c"), "\"a\\\"b\\\\c\"");
    expect_json(SLICE("\n\r\t\x01\x7f"), "\"\\n\\r\\t\\u0001\\u007f\"");
    expect_json(SLICE("</script>&"), "\"\\u003c/script\\u003e\\u0026\"");
    expect_json(SLICE("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"),
                "\"\\u2028\\u2029\xE2\x80\xAA\"");
    expect_json(SLICE("B\xC3\xACnh \xC4\x90\xE1\xBB\x8Bnh \xF0\x9F\x87\xBB"),
                "\"B\xC3\xACnh \xC4\x90\xE1\xBB\x8Bnh \xF0\x9F\x87\xBB\"");
}

/* Unicode 15, section 3.9, tables 3-8 to 3-11: one U+FFFD a maximal subpart. */
Test(buffer, json_replaces_what_is_not_utf8)
{
#define R "\xEF\xBF\xBD"
    expect_json(SLICE("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
                "\"" R R R R R R R R "A\"");
    expect_json(SLICE("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
                "\"" R R R R R R R R "A\"");
    expect_json(SLICE("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
                "\"" R R R R R "A" R R "B\"");
    expect_json(SLICE("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), "\"" R R R R "A\"");
    expect_json(SLICE("\xE2\x80"), "\"" R "\"");
    expect_json(SLICE("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\"");
}

Test(buffer, json_of_any_bytes_is_read_back_by_a_json_parser)
{
    uint64_t random = 42;
    char bytes[64];
    for (unsigned round = 0; round < 20000; round++) {
        size_t length = round % sizeof bytes;
        for (size_t i = 0; i < length; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = (char)(random >> (round % 2 ? 56 : 33));
        }
        struct buffer b = fresh();
        buffer_json(&b, (struct slice){bytes, length});
        json_error_t error;
        json_t *back =
            json_loadb(b.at, b.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        cr_assert_not_null(back, "%s: %.*s", error.text, (int)b.length, b.at);
        json_decref(back);
    }
}

Test(buffer, json_fills_up_without_writing_past_its_limit)
{
    for (size_t limit = 0; limit < 12; limit++) {
        struct buffer b;
        memset(memory, '#', sizeof memory);
        buffer_init(&b, memory, limit);
        buffer_json(&b, SLICE("a<\xC3\xA9"));
        cr_expect_eq(buffer_error(&b), limit < 11 ? ERR_FULL : 0);
        cr_expect_eq(memory[limit], '#');
    }
}

Test(buffer, html_escapes_text_and_attributes)
{
    struct buffer b = fresh();
    buffer_html(&b, SLICE("<a href=\"x\">'&\n\x01\xC3\xA9\xC3"));
    cr_expect(holds(&b, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\n" R "\xC3\xA9" R));
}

Test(buffer, log_field_is_one_quoted_word)
{
    struct buffer b = fresh();
    buffer_log_field(&b, SLICE("a b\"\\\r\n\x1b[1m\x7f\xC2\x9B\xC3\xA9\xFF"));
    cr_expect(
        holds(&b, "\"a b\\x22\\x5c\\x0d\\x0a\\x1b[1m\\x7f\\xc2\\x9b\xC3\xA9\\xff\""));
}

Test(buffer, log_field_is_cut_between_characters)
{
    char in[2048];
    struct buffer b = fresh();
    memset(in, 'x', sizeof in);
    buffer_log_field(&b, (struct slice){in, sizeof in});
    cr_expect_eq(b.length, 514);

    memcpy(in + 511, "\xC3\xA9", 2);
    b = fresh();
    buffer_log_field(&b, (struct slice){in, sizeof in});
    cr_expect_eq(b.length, 513, "half a character is not written");

    memset(in, '\n', sizeof in);
    b = fresh();
    buffer_log_field(&b, (struct slice){in, sizeof in});
    cr_expect_eq(b.length, 514);
}
