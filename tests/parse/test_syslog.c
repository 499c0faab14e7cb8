#include "parse/syslog.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/expect_text.h"

#define LINE "10.0.0.1 - - [23/Nov/2026:00:27:48 +0000] \"GET / HTTP/1.1\" 200 5"

static void expect_envelope(const char *text, const char *host, const char *tag,
                            const char *line)
{
    struct syslog s;

    cr_expect(syslog_begins(slice_of(text)), "%s", text);
    cr_assert_eq(syslog_parse(&s, slice_of(text)), 0, "%s", text);
    expect_text(s.host, host);
    expect_text(s.tag, tag);
    expect_text(s.line, line);
}

Test(syslog, reads_rfc_3164_with_and_without_a_host)
{
    expect_envelope("<190>Nov 23 00:27:48 vm nginx: " LINE, "vm", "nginx", LINE);
    expect_envelope("<157>Nov 23 00:27:48 web_vn: " LINE, "", "web_vn", LINE);
    expect_envelope("<0>Jan  3 00:27:48 vm haproxy[29662]: " LINE "\n", "vm", "haproxy",
                    LINE);
    expect_envelope("<190>Nov 23 00:27:48 a.example.vn php-fpm8.2: " LINE, "a.example.vn",
                    "php-fpm8.2", LINE);
    expect_envelope("<190>Nov 23 00:27:48 2001:db8::1 nginx: " LINE, "2001:db8::1",
                    "nginx", LINE);
    expect_envelope("<190>Nov 23 00:27:48 vm nginx:  " LINE, "vm", "nginx", LINE);
    expect_envelope("<190>Nov 23 00:27:48 vm nginx:{\"a\":1}", "vm", "nginx",
                    "{\"a\":1}");
    expect_envelope("<190>Nov 23 00:27:48 vm nginx: @cee: {\"a\":1}", "vm", "nginx",
                    "{\"a\":1}");
    expect_envelope("<190>Nov 23 00:27:48 vm nginx: " LINE "\r\n", "vm", "nginx", LINE);
}

Test(syslog, reads_what_is_sent_as_rfc_3164_and_is_not)
{
    expect_envelope("<190>nginx: " LINE, "", "nginx", LINE);
    expect_envelope("<190>vm nginx: " LINE, "vm", "nginx", LINE);
    expect_envelope("<190>" LINE, "", "", LINE);
    expect_envelope("<190>Nov 23 00:27:48 " LINE, "", "", LINE);
    expect_envelope("<190>2026-11-23T00:27:55.198321+07:00 vm nginx: " LINE, "vm",
                    "nginx", LINE);
    expect_envelope("Nov 23 00:27:48 vm nginx: " LINE, "vm", "nginx", LINE);
    expect_envelope("2026-11-23T00:27:55Z vm nginx: " LINE, "vm", "nginx", LINE);
}

/* The line itself may begin with what looks like a tag or a host. */
Test(syslog, takes_no_part_of_a_line_without_a_tag_for_one)
{
    static const char *const lines[] = {
        "fe80::1 - - [23/Nov/2026:00:27:48 +0000] \"GET / HTTP/1.1\" 200 5",
        "fe80:: - - [23/Nov/2026:00:27:48 +0000] \"GET / HTTP/1.1\" 200 5",
        "::1 - - [23/Nov/2026:00:27:48 +0000] \"GET / HTTP/1.1\" 200 5",
        "a.vn:443 10.0.0.1 - - [23/Nov/2026:00:27:48 +0000] \"GET / HTTP/1.1\" 200 5",
        "{\"a\": 1}",
        "{ \"a\": 1}",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[200];
        snprintf(text, sizeof text, "<190>Nov 23 00:27:48 %s", lines[i]);
        expect_envelope(text, "", "", lines[i]);
        snprintf(text, sizeof text, "<190>Nov 23 00:27:48 vm nginx: %s", lines[i]);
        expect_envelope(text, "vm", "nginx", lines[i]);
    }
}

Test(syslog, reads_rfc_5424)
{
    expect_envelope("<134>1 2026-11-23T00:27:52.1+00:00 - haproxy 29662 - - " LINE "\n",
                    "", "haproxy", LINE);
    expect_envelope("<182>1 2026-11-23T00:28:04Z vm httpd - - [timeQuality tzKnown=\"1\" "
                    "isSynced=\"0\"] " LINE,
                    "vm", "httpd", LINE);
    expect_envelope("<182>1 - - httpd - - - " LINE, "", "httpd", LINE);
    expect_envelope("<182>1 - - - - - - \xEF\xBB\xBF" LINE, "", "", LINE);
    expect_envelope("<182>1 - h a 1 2 [x a=\"\\\"]\\\\\"][y b=\"[\"] " LINE, "h", "a",
                    LINE);
    expect_envelope("<182>1 - h a 1 2 -", "h", "a", "");
    expect_envelope("<182>1 - h a 1 2 [x]", "h", "a", "");
}

Test(syslog, refuses_what_is_cut_or_no_envelope)
{
    static const char *const wrong[] = {
        "",
        "<",
        "<>",
        "<1",
        "<192>x",
        "<0190>x",
        "<-1>x",
        "<1a>x",
        "< 1>x",
        "<190",
        "<2026-11-23T00:27:55Z vm nginx: x",
        "<190>1 2026",
        "<190>1 - h a 1 2",
        "<190>1 - h a 1 2 ",
        "<190>1 - h a 1 2 [x",
        "<190>1 - h a 1 2 [x a=\"]",
        "<190>1 - h a 1 2 [x a=\"\\",
        "<190>1 - h a 1 2 [x]y",
        "<190>1 - h a 1 2 --",
        "s=a&p=/",
        "Nov 23 00:27:48",
        "Nov 23 0:27:48 x",
        "nov 23 00:27:48 x",
        LINE,
    };
    struct syslog s = {.line = SLICE("untouched")};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(syslog_parse(&s, slice_of(wrong[i])), ERR_MALFORMED, "%s", wrong[i]);
    expect_text(s.line, "untouched");
    cr_expect_not(syslog_begins(SLICE("s=a&p=/")));
    cr_expect_not(syslog_begins(SLICE(LINE)));
    cr_expect_not(syslog_begins(SLICE("{\"a\":1}")));
}

Test(syslog, a_nul_behind_the_line_is_no_part_of_it)
{
    struct syslog s;

    cr_assert_eq(syslog_parse(&s, SLICE("<190>nginx: x\n\0")), 0);
    expect_text(s.line, "x");
}
