#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/expect_text.h"
#include "luot_beacon.h"
#include "parse/beacon.h"

static char scratch[BEACON_SCRATCH];

static int parse(struct beacon *b, const char *line)
{
    return beacon_parse(b, slice_of(line), scratch);
}

Test(beacon, reads_every_key_of_the_grammar)
{
    struct beacon b;
    cr_assert_eq(
        parse(&b, "s=demo&p=/tin%2Ftuc&r=https://a.vn/?q%3D1&t=Tin+t%E1%BB%A9c&k=view&w="
                  "390&l=vi-VN&i=2001:db8::1&u=Mozilla/5.0+(X11)"),
        0);
    expect_text(b.site, "demo");
    expect_text(b.page, "/tin/tuc");
    expect_text(b.referrer, "https://a.vn/?q=1");
    expect_text(b.title, "Tin tức");
    expect_text(b.event, "");
    expect_text(b.language, "vi-VN");
    expect_text(b.user_agent, "Mozilla/5.0 (X11)");
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect_eq(b.screen_width, 390);
    struct address expected;
    cr_assert_eq(address_parse(&expected, SLICE("2001:db8::1")), 0);
    cr_expect(b.has_address && address_equal(&b.address, &expected));
}

Test(beacon, is_a_view_unless_k_or_e_say_otherwise)
{
    struct beacon b;
    cr_expect(parse(&b, "s=a") == 0 && b.kind == BEACON_VIEW);
    cr_expect(parse(&b, "s=a&k=ping") == 0 && b.kind == BEACON_PING);
    cr_expect(parse(&b, "s=a&k=p%69ng") == 0 && b.kind == BEACON_PING);
    cr_expect(parse(&b, "s=a&e=download") == 0 && b.kind == BEACON_EVENT);
    cr_expect(parse(&b, "s=a&k=ping&e=download") == 0 && b.kind == BEACON_EVENT);
    cr_expect(parse(&b, "s=a&e=") == 0 && b.kind == BEACON_VIEW);
    cr_expect(!b.off);
    cr_expect(parse(&b, "s=a&k=off") == 0 && b.off);
    cr_expect_eq(parse(&b, "s=a&k=pong"), ERR_MALFORMED);
    cr_expect_eq(parse(&b, "s=a&k=View"), ERR_MALFORMED);
}

Test(beacon, an_empty_value_is_as_good_as_none)
{
    struct beacon b;
    cr_assert_eq(parse(&b, "s=&p=&k=&w=&i=&u=&e="), 0);
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect_eq(b.site.length, 0);
    cr_expect_eq(b.screen_width, 0);
    cr_expect_not(b.has_address);
}

Test(beacon, ignores_unknown_keys_and_takes_the_first_of_repeated_ones)
{
    struct beacon b;
    cr_assert_eq(parse(&b, "&S=upper&site=long&s&x=%zz&=y&==z&s=one&s=TWO&p=/1&p=%zz&&"),
                 0);
    expect_text(b.site, "one");
    expect_text(b.page, "/1");
    cr_assert_eq(parse(&b, "hello"), 0);
    cr_expect_eq(b.site.length, 0);
}

Test(beacon, values_without_an_escape_point_into_the_line)
{
    struct beacon b;
    struct slice line = SLICE("s=demo&p=/a%20b&t=/c");
    cr_assert_eq(beacon_parse(&b, line, scratch), 0);
    cr_expect_eq(b.site.at, line.at + 2);
    cr_expect_eq(b.title.at, line.at + 18);
    cr_expect(b.page.at >= scratch && b.page.at < scratch + sizeof scratch);
}

Test(beacon, checks_the_site_key)
{
    struct beacon b;
    char key[80] = "s=";
    memset(key + 2, 'a', 63);
    cr_expect_eq(parse(&b, key), 0);
    key[65] = 'a';
    cr_expect_eq(parse(&b, key), ERR_MALFORMED, "64 bytes");
    const char *good[] = {"s=a", "s=0", "s=a-b_c-", "s=%61", "s=so-tu-phap"};
    const char *bad[] = {"s=A",   "s=-a",  "s=_a",     "s=a.b",
                         "s=a+b", "s=a/b", "s=%C4%91", "s=a\xc4"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(parse(&b, good[i]), 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(parse(&b, bad[i]), ERR_MALFORMED, "%s", bad[i]);
}

Test(beacon, checks_width_address_and_event)
{
    struct beacon b;
    char event[80] = "s=a&e=";
    memset(event + 6, 'x', LUOT_EVENT_MAX);
    cr_expect_eq(parse(&b, event), 0);
    event[6 + LUOT_EVENT_MAX] = 'x';
    cr_expect_eq(parse(&b, event), ERR_MALFORMED);
    const char *good[] = {"w=1",     "w=65535",  "w=0", "i=203.162.4.191",
                          "i=[::1]", "i=%3A%3a1"};
    const char *bad[] = {
        "w=-1",        "w=1.5",   "w=390px",     "w=65536", "w=99999999999999999999",
        "i=localhost", "i=1.2.3", "i=1.2.3.4:5", "i=::g"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(parse(&b, good[i]), 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(parse(&b, bad[i]), ERR_MALFORMED, "%s", bad[i]);
}

Test(beacon, refuses_raw_control_bytes_anywhere)
{
    for (int c = 0; c < 256; c++) {
        char line[4][10] = {"s=a&p=/?", "?=&s=aaa", "s=a&xx?1", "s=a&x=1?"};
        bool control = c < 0x20 || c == 0x7f;
        if (c == '%' || c == '&' || c == '=')
            continue;
        for (size_t i = 0; i < 4; i++) {
            struct beacon b;
            *strchr(line[i], '?') = (char)c;
            cr_expect_eq(beacon_parse(&b, (struct slice){line[i], 8}, scratch),
                         control ? ERR_MALFORMED : 0, "byte %d in form %zu", c, i);
        }
    }
}

Test(beacon, refuses_an_empty_line_a_bad_escape_and_an_encoded_nul)
{
    struct beacon b = {.screen_width = 77};
    const char *bad[] = {"",      "p=%",     "p=/%4",       "t=100%&s=a",
                         "p=%00", "u=a%00b", "s=a&r=%u0041"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(parse(&b, bad[i]), ERR_MALFORMED, "%s", bad[i]);
    cr_expect_eq(beacon_parse(&b, (struct slice){NULL, 0}, scratch), ERR_MALFORMED);
    cr_expect_eq(b.screen_width, 77, "untouched on failure");
}

Test(beacon, keeps_invalid_utf8_for_whoever_writes_it_out)
{
    struct beacon b;
    cr_assert_eq(parse(&b, "p=/\xc3(&t=%ff"), 0);
    expect_text(b.page, "/\xc3(");
    expect_text(b.title, "\xff");
}

Test(beacon, has_a_longest_line)
{
    struct beacon b;
    char line[LUOT_BEACON_MAX + 1];
    memset(line, '+', sizeof line);
    memcpy(line, "s=a&p=", 6);
    cr_assert_eq(beacon_parse(&b, (struct slice){line, LUOT_BEACON_MAX}, scratch), 0);
    cr_expect_eq(b.page.length, LUOT_BEACON_MAX - 6);
    cr_expect_eq(beacon_parse(&b, (struct slice){line, sizeof line}, scratch),
                 ERR_TOO_LONG);
}

static void expect_lines(const char *text, const char *const *lines)
{
    struct slice rest = slice_of(text), line;
    size_t i = 0;
    for (; beacon_next_line(&rest, &line); i++) {
        cr_assert_not_null(lines[i], "a line too many in \"%s\"", text);
        expect_text(line, lines[i]);
    }
    cr_expect_null(lines[i], "a line is missing in \"%s\"", text);
}

Test(beacon, lines_end_in_lf_or_crlf_or_the_end)
{
    expect_lines("", (const char *[]){NULL});
    expect_lines("a", (const char *[]){"a", NULL});
    expect_lines("a\n", (const char *[]){"a", NULL});
    expect_lines("a\r\nb\r\n", (const char *[]){"a", "b", NULL});
    expect_lines("a\n\nb", (const char *[]){"a", "", "b", NULL});
    expect_lines("\n", (const char *[]){"", NULL});
    expect_lines("a\r\r\n", (const char *[]){"a\r", NULL});
}
