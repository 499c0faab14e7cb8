/* What a seed says of parts that it was not told: an old counter rarely shows a month. */
#include "store/history.h"

#include <criterion/criterion.h>

#include "lib/province.h"

enum { DAY_S = 86400, HOUR_S = 3600 };
/* 2024-03-06 10:05 UTC, a Wednesday; and 1 May, another, whose week began in April. */
static const int64_t wednesday = 19788 * (int64_t)DAY_S + 10 * HOUR_S + 300;
static const int64_t first_of_may = 19844 * (int64_t)DAY_S + 10 * HOUR_S;

static const struct seed_request seeded = {.metric = METRIC_VISITS,
                                           .total = 50510,
                                           .today = 2,
                                           .week = 84,
                                           .month = 300,
                                           .has_today = true,
                                           .has_week = true,
                                           .has_month = true,
                                           .note = "the old counter"};

static uint64_t number(const struct province *p, enum site_span span)
{
    return province_number(p, "demo", span, METRIC_VISITS);
}

static void seed(struct province *p, struct store *s, const struct seed_request *r)
{
    cr_assert_eq(history_seed(province_site(p, "demo"), s, r, 0, p->now), 0);
}

/* Thirty visits on Tuesday and twenty on Wednesday: 20, 50 and 50. */
static void count_two_days(struct province *p)
{
    province_open(p, NULL, (struct instant){(wednesday - DAY_S) * 1000});
    for (uint32_t v = 1; v <= 30; v++)
        province_view(p, "demo", v);
    province_until(p, wednesday);
    for (uint32_t v = 31; v <= 50; v++)
        province_view(p, "demo", v);
}

Test(history_seed, raises_a_part_that_is_not_told_to_the_told_ones_in_it)
{
    static const struct {
        bool has_today, has_week, has_month;
        uint64_t today, week, month;
    } table[] = {
        {true, true, true, 2, 84, 300},    {true, true, false, 2, 84, 84},
        {true, false, true, 2, 50, 300},   {true, false, false, 2, 50, 50},
        {false, false, false, 20, 50, 50}, {false, true, false, 20, 84, 84},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct province p;
        struct seed_request r = seeded;
        struct store *s;

        count_two_days(&p);
        s = province_store(&p);
        r.has_today = table[i].has_today;
        r.has_week = table[i].has_week;
        r.has_month = table[i].has_month;
        seed(&p, s, &r);
        cr_expect_eq(number(&p, SPAN_TODAY), table[i].today, "%zu", i);
        cr_expect_eq(number(&p, SPAN_WEEK), table[i].week, "%zu", i);
        cr_expect_eq(number(&p, SPAN_MONTH), table[i].month, "%zu", i);
        province_view(&p, "demo", 99);
        cr_expect_eq(number(&p, SPAN_MONTH), table[i].month + 1, "%zu", i);
        r = seeded;
        r.has_week = r.has_month = false;
        r.today = 500;
        seed(&p, s, &r);
        cr_expect_eq(number(&p, SPAN_WEEK), 500u);
        cr_expect_eq(number(&p, SPAN_MONTH), 500u);
        s->ops->close(s);
        province_close(&p);
    }
}

Test(history_seed, leaves_a_month_below_a_week_that_began_before_it)
{
    struct seed_request r = seeded;
    struct province p;
    struct store *s;

    province_open(&p, NULL, (struct instant){first_of_may * 1000});
    s = province_store(&p);
    r.has_month = false;
    seed(&p, s, &r);
    cr_expect_eq(number(&p, SPAN_WEEK), 84u);
    cr_expect_eq(number(&p, SPAN_MONTH), 2u, "what today had, it had");
    s->ops->close(s);
    province_close(&p);
}

Test(history_seed, raises_nothing_that_is_over)
{
    struct seed_request r = seeded;
    struct province p;
    struct store *s;

    count_two_days(&p);
    s = province_store(&p);
    province_until(&p, wednesday + 7 * DAY_S);
    r.as_of_s = wednesday;
    r.today = 500;
    r.has_week = r.has_month = false;
    seed(&p, s, &r);
    cr_expect_eq(number(&p, SPAN_LAST_WEEK), 50u);
    cr_expect_eq(number(&p, SPAN_WEEK), 0u);
    cr_expect_eq(number(&p, SPAN_MONTH), 520u, "which goes on: 20 came after 10:00");
    s->ops->close(s);
    province_close(&p);
}
