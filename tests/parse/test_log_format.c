#include "parse/log_format.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/expect_text.h"

#define COMMON                                                                           \
    "10.0.0.1 - - [23/Nov/2026:00:27:48 +0000] \"GET /t\\xC3\\xACm HTTP/1.1\" 200 5"
#define COMBINED COMMON " \"https://a.vn/\\x22x\" \"a\\x22b\""

static char scratch[4096];

Test(log_format, reads_common_and_combined_with_or_without_a_virtual_host)
{
    static const char *const hosts[][2] = {
        {"", ""}, {"a.vn ", "a.vn"}, {"a.vn:443 ", "a.vn"}, {"[::1]:80 ", "::1"}};

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char text[300];
        struct log_line l;

        snprintf(text, sizeof text, "%s%s", hosts[i][0], COMMON);
        cr_assert_eq(log_format_read(&l, slice_of(text), scratch), 0, "%s", text);
        expect_text(l.vhost, hosts[i][1]);
        expect_text(l.host, "10.0.0.1");
        expect_text(l.target, "/t\xC3\xACm");
        cr_expect_not(l.has_agent);
        snprintf(text, sizeof text, "%s%s", hosts[i][0], COMBINED);
        cr_assert_eq(log_format_read(&l, slice_of(text), scratch), 0, "%s", text);
        expect_text(l.vhost, hosts[i][1]);
        expect_text(l.target, "/t\xC3\xACm");
        expect_text(l.referrer, "https://a.vn/\"x");
        expect_text(l.user_agent, "a\\x22b");
        cr_expect(l.has_agent);
    }
}

Test(log_format, reads_json)
{
    struct log_line l;

    cr_assert_eq(log_format_read(&l,
                                 SLICE("{\"ip\":\"::1\",\"request\":\"GET / HTTP/1.1\","
                                       "\"status\":200}"),
                                 scratch),
                 0);
    cr_expect_eq(l.kind, LOG_JSON);
}

Test(log_format, a_word_too_many_is_a_virtual_host_before_an_address_only)
{
    struct log_line l;

    cr_expect_eq(log_format_read(&l, SLICE("a.vn " COMMON), scratch), 0);
    cr_expect_eq(log_format_read(&l,
                                 SLICE("10.0.0.1 - an binh [23/Nov/2026:00:27:48 +0000] "
                                       "\"GET / HTTP/1.1\" 200 5"),
                                 scratch),
                 ERR_MALFORMED);
    cr_expect_eq(log_format_read(&l, SLICE("a b " COMMON), scratch), ERR_MALFORMED);
    cr_expect_eq(log_format_read(&l, SLICE("a "), scratch), ERR_MALFORMED);
    cr_expect_eq(log_format_read(&l, SLICE(""), scratch), ERR_MALFORMED);
}

Test(log_format, a_beacon_does_not_look_like_a_line)
{
    static const char *const beacons[] = {"s=a&p=/&i=10.0.0.1&u=Mozilla/5.0 (X11; x) [y]",
                                          "p=/ a b [c]",
                                          "utm=1 - - [&s=a",
                                          "e=download",
                                          "",
                                          "x",
                                          "=",
                                          "s&p=/ x"};
    static const char *const lines[] = {
        COMMON,
        COMBINED,
        "a.vn:443 " COMBINED,
        "{",
        "{}",
        "h - - [",
        "x y",
        "127.0.0.1:43108 [23/Nov/2026:00:27:52.295] f3 b/s 0/0/0/0/0 200 501 - -"};

    for (size_t i = 0; i < sizeof beacons / sizeof *beacons; i++)
        cr_expect_not(log_format_begins(slice_of(beacons[i])), "%s", beacons[i]);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(log_format_begins(slice_of(lines[i])), "%s", lines[i]);
}
