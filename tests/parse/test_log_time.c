#include "parse/log_time.h"

#include <criterion/criterion.h>

#include "base/error.h"

static void expect_time(const char *text, int64_t s, int32_t offset_s)
{
    struct log_time t = {-1, -1};

    cr_expect_eq(log_time_any(&t, slice_of(text)), 0, "%s", text);
    cr_expect_eq(t.s, s, "%s: %lld", text, (long long)t.s);
    cr_expect_eq(t.offset_s, offset_s, "%s", text);
}

Test(log_time, one_instant_however_it_is_written)
{
    expect_time("23/Nov/2026:00:27:48 +0000", 1795393668, 0);
    expect_time("23/Nov/2026:07:27:48 +0700", 1795393668, 25200);
    expect_time("2026-11-23T00:27:48+00:00", 1795393668, 0);
    expect_time("2026-11-23T07:27:48+07:00", 1795393668, 25200);
    expect_time("2026-11-22T20:57:48-0330", 1795393668, -12600);
    expect_time("2026-11-23T00:27:48Z", 1795393668, 0);
    expect_time("2026-11-23 00:27:48.999999Z", 1795393668, 0);
    expect_time("1795393668", 1795393668, 0);
    expect_time("1795393668.769", 1795393668, 0);
    expect_time("1795393668.", 1795393668, 0);
    expect_time("0", 0, 0);
    expect_time("2026-12-31T23:59:60Z", 1798761599, 0);
}

Test(log_time, what_does_not_exist_or_goes_on_is_no_time)
{
    static const char *const wrong[] = {
        "",
        "-1",
        "1795393668x",
        "1795393668.7.6",
        "9999999999999",
        "1.8e9",
        "2026-11-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T00:60:00Z",
        "2026-11-23T00:00:00",
        "2026-11-23T00:00:00.Z",
        "2026-11-23T00:00:00z",
        "2026-11-23T00:00:00+7",
        "2026-11-23T00:00:00+07:00 ",
        "2026-11-23",
        "23/Nov/2026:00:27:48 +00:00",
        "23/nov/2026:00:27:48 +0000",
        "Nov 23 00:27:48",
    };
    struct log_time t = {7, 7};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(log_time_any(&t, slice_of(wrong[i])), ERR_MALFORMED, "%s", wrong[i]);
    cr_expect_eq(t.s, 7, "untouched");
}

Test(log_time, each_reader_takes_its_own_form_only)
{
    struct log_time t;

    cr_expect_neq(log_time_clf(&t, SLICE("2026-11-23T00:27:48Z")), 0);
    cr_expect_neq(log_time_iso(&t, SLICE("23/Nov/2026:00:27:48 +0000")), 0);
    cr_expect_neq(log_time_unix(&t, SLICE("2026-11-23T00:27:48Z")), 0);
}
