#include "base/zone_rule.h"

#include <criterion/criterion.h>

#include "base/date.h"
#include "base/error.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

static struct zone_rule rule_of(const char *text)
{
    struct zone_rule r = {.standard = 0};
    cr_assert_eq(zone_rule_parse(&r, slice_of(text)), 0, "%s", text);
    return r;
}

static int64_t at(int year, unsigned month, unsigned day, int64_t seconds)
{
    return day_of_date((struct date){year, month, day}) * DAY_S + seconds;
}

Test(zone_rule, without_summer_is_one_offset)
{
    cr_expect_eq(rule_of("UTC0").standard, 0);
    cr_expect_eq(rule_of("<+07>-7").standard, 7 * HOUR_S);
    cr_expect_eq(rule_of("<-0330>+3:30").standard, -3 * HOUR_S - 1800);
    cr_expect_eq(rule_of("XXX-1:02:03").standard, HOUR_S + 123);
    cr_expect_not(rule_of("<+07>-7").has_summer);
}

Test(zone_rule, counts_weeks_of_a_month)
{
    struct zone_rule r = rule_of("CET-1CEST,M3.5.0,M10.5.0/3");
    cr_expect_eq(r.summer, 2 * HOUR_S);
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 3, 29, HOUR_S));
    cr_expect_eq(zone_rule_end(&r, 2026), at(2026, 10, 25, HOUR_S));
    r = rule_of("EST5EDT,M3.2.0,M11.1.0");
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 3, 8, 7 * HOUR_S));
    cr_expect_eq(zone_rule_end(&r, 2026), at(2026, 11, 1, 6 * HOUR_S));
    r = rule_of("AAA0BBB,M2.5.6/0,M12.5.3/0"); /* weeks of 28 days, and of December */
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 2, 28, 0));
    cr_expect_eq(zone_rule_end(&r, 2026), at(2026, 12, 30, -HOUR_S));
}

Test(zone_rule, counts_days_with_and_without_the_leap_day)
{
    struct zone_rule r = rule_of("AAA0BBB,J60/0,59/1");
    cr_expect_eq(zone_rule_begin(&r, 2023), at(2023, 3, 1, 0));
    cr_expect_eq(zone_rule_begin(&r, 2024), at(2024, 3, 1, 0));
    cr_expect_eq(zone_rule_end(&r, 2023), at(2023, 3, 1, 0));
    cr_expect_eq(zone_rule_end(&r, 2024), at(2024, 2, 29, 0));
    r = rule_of("AAA0BBB,J59/0,J365/0");
    cr_expect_eq(zone_rule_begin(&r, 2024), at(2024, 2, 28, 0));
    cr_expect_eq(zone_rule_end(&r, 2024), at(2024, 12, 31, -HOUR_S));
}

Test(zone_rule, times_reach_a_week_either_way)
{
    struct zone_rule r = rule_of("<-02>2<-01>,M3.5.0/-1,M10.5.0/167:59:59");
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 3, 29, -HOUR_S + 2 * HOUR_S));
    cr_expect_eq(zone_rule_end(&r, 2026), at(2026, 10, 25, 168 * HOUR_S - 1 + HOUR_S));
    r = rule_of("AAA0BBB,M3.5.0/-167,M10.5.0/+25");
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 3, 29, -167 * HOUR_S));
}

Test(zone_rule, summer_may_be_the_lesser_one)
{
    struct zone_rule r = rule_of("IST-1GMT0,M10.5.0,M3.5.0/1");
    cr_expect_eq(r.standard, HOUR_S);
    cr_expect_eq(r.summer, 0);
    cr_expect_eq(zone_rule_begin(&r, 2026), at(2026, 10, 25, HOUR_S));
    cr_expect_eq(zone_rule_end(&r, 2026), at(2026, 3, 29, HOUR_S));
}

Test(zone_rule, refuses_what_posix_does_not_know)
{
    const char *bad[] = {"",
                         "UTC",
                         "UT0",
                         "<+07-7",
                         "<+7>-7",
                         "<>0",
                         "UTC25x",
                         "UTC168",
                         "UTC0:60",
                         "UTC0 ",
                         "CET-1CEST",
                         "CET-1CEST,M3.5.0",
                         "CET-1CEST,M3.5.0,",
                         "CET-1CEST,M3.5.0,M10.5.0/3x",
                         "CET-1CEST,M13.5.0,M10.5.0",
                         "CET-1CEST,M0.5.0,M10.5.0",
                         "CET-1CEST,M3.6.0,M10.5.0",
                         "CET-1CEST,M3.0.0,M10.5.0",
                         "CET-1CEST,M3.5.7,M10.5.0",
                         "CET-1CEST,J0,M10.5.0",
                         "CET-1CEST,J366,M10.5.0",
                         "CET-1CEST,366,M10.5.0",
                         "CET-1CEST,M3.5.0/168,M10.5.0",
                         "CET-1CEST,M3.5.0/,M10.5.0",
                         "CET-1C,M3.5.0,M10.5.0",
                         "99999999999999999999"};
    struct zone_rule r;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(zone_rule_parse(&r, slice_of(bad[i])), ERR_MALFORMED, "%s", bad[i]);
}
