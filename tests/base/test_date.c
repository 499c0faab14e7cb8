#include "base/date.h"

#include <criterion/criterion.h>
#include <time.h>

#include "base/error.h"

Test(date, agrees_with_gmtime_for_eight_hundred_years)
{
    for (int64_t day = -146097; day <= 146097; day++) {
        time_t t = day * 86400;
        struct tm tm;
        struct date d = date_of_day(day);
        gmtime_r(&t, &tm);
        cr_assert(d.year == tm.tm_year + 1900 && d.month == (unsigned)tm.tm_mon + 1 &&
                      d.day == (unsigned)tm.tm_mday,
                  "day %ld", (long)day);
        cr_assert_eq(weekday_of_day(day), ((unsigned)tm.tm_wday + 6) % 7);
        cr_assert_eq(day_of_date(d), day);
    }
}

Test(date, goes_there_and_back_at_the_ends_of_time)
{
    int64_t days[] = {-719529, -719528, -1, 2932896, 700000000000, -700000000000};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        cr_expect_eq(day_of_date(date_of_day(days[i])), days[i]);
    date_of_day(INT64_MAX);
    date_of_day(INT64_MIN);
    cr_expect_lt(weekday_of_day(INT64_MAX), 7);
    cr_expect_lt(weekday_of_day(INT64_MIN), 7);
}

Test(date, weeks_begin_on_any_weekday)
{
    for (int64_t day = -20; day < 20; day++) {
        for (unsigned first = 0; first < 7; first++) {
            int64_t begin = week_first_day(day, first);
            cr_expect(begin <= day && begin > day - 7);
            cr_expect_eq(weekday_of_day(begin), first);
        }
    }
}

Test(date, months_are_counted_from_1970)
{
    cr_expect_eq(month_of_day(0), 0);
    cr_expect_eq(month_of_day(-1), -1);
    cr_expect_eq(month_of_day(day_of_date((struct date){2026, 2, 28})), 56 * 12 + 1);
    cr_expect_eq(month_first_day(1), 31);
    cr_expect_eq(month_first_day(-1), -31);
    for (int64_t month = -30000; month < 30000; month++) {
        int64_t first = month_first_day(month);
        cr_assert_eq(month_of_day(first), month);
        cr_assert_eq(month_of_day(first - 1), month - 1);
    }
}

Test(date, is_written_and_read_back)
{
    char text[11];
    int64_t day = 0;
    date_write(day_of_date((struct date){2025, 12, 31}), text);
    cr_expect_str_eq(text, "2025-12-31");
    for (int64_t d = day_of_date((struct date){0, 1, 1}); d < 2932897; d += 97) {
        date_write(d, text);
        cr_assert_eq(date_parse(slice_of(text), &day), 0, "%s", text);
        cr_assert_eq(day, d);
    }
    date_write(INT64_MAX, text);
    cr_expect_str_eq(text, "9999-12-31");
    date_write(INT64_MIN, text);
    cr_expect_str_eq(text, "0000-01-01");
}

Test(date, refuses_dates_that_do_not_exist)
{
    const char *bad[] = {
        "",           "2025-02-29", "1900-02-29",  "2025-04-31", "2025-00-01",
        "2025-13-01", "2025-01-00", "2025-01-32",  "2025-1-01",  "2025-01-1",
        "2025/01/01", "20250101",   "2025-01-01 ", "-025-01-01", "+025-01-01",
        "2025-+1-01", "2025-01- 1"};
    int64_t day;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(date_parse(slice_of(bad[i]), &day), ERR_MALFORMED, "%s", bad[i]);
    cr_expect_eq(date_parse(SLICE("2000-02-29"), &day), 0);
    cr_expect_eq(date_parse(SLICE("2024-02-29"), &day), 0);
}
