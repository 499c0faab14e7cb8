#include "count/top_sum.h"

#include <criterion/criterion.h>
#include <stdio.h>

static uint64_t total_of(const struct top_sum *s)
{
    uint64_t total = s->other;

    for (size_t i = 0; i < s->rows; i++)
        total += s->row[i].views;
    return total;
}

Test(top_sum, adds_rows_by_their_key_and_orders_them)
{
    struct top_sum s;

    top_sum_init(&s);
    top_sum_add(&s, SLICE("b"), 3, 1);
    top_sum_add(&s, SLICE("a"), 2, 1);
    top_sum_add(&s, SLICE("c"), 9, 1);
    top_sum_add(&s, SLICE("a"), 1, 4);
    top_sum_rest(&s, 5, 2);
    top_sum_rest(&s, 6, 3);
    top_sum_finish(&s, 10);
    cr_assert_eq(s.rows, 3);
    cr_expect(slice_equal(top_sum_key(&s, &s.row[0]), SLICE("c")));
    cr_expect(slice_equal(top_sum_key(&s, &s.row[1]), SLICE("a")), "equal: by key");
    cr_expect_eq(s.row[1].views, 3);
    cr_expect_eq(s.row[1].visitors, 5);
    cr_expect_eq(s.other, 11);
    cr_expect_eq(s.error, 5);
    top_sum_release(&s);
}

Test(top_sum, what_is_cut_or_folded_is_in_other)
{
    struct top_sum s;
    char key[16];
    uint64_t sum = 0;

    top_sum_init(&s);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        top_sum_add(&s, slice_of(key), i + 1, i % 10);
        sum += i + 1;
    }
    top_sum_finish(&s, 100);
    cr_expect_eq(s.rows, 100);
    cr_expect_eq(s.row[99].views, 901);
    cr_expect_eq(total_of(&s), sum);
    cr_expect_eq(top_sum_fold(&s, 5, true), 50);
    cr_expect_eq(s.rows, 50);
    cr_expect_eq(total_of(&s), sum);
    cr_expect_eq(top_sum_fold(&s, 950, false), 24);
    cr_expect_eq(total_of(&s), sum);
    top_sum_release(&s);
}

Test(top_sum, has_a_limit_of_keys_and_loses_no_view)
{
    struct top_sum s;
    char key[16];

    top_sum_init(&s);
    for (unsigned i = 0; i < TOP_SUM_ROWS + 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        top_sum_add(&s, slice_of(key), 1, 0);
    }
    cr_expect_eq(s.failed, 0);
    cr_expect_eq(s.rows, (size_t)TOP_SUM_ROWS);
    cr_expect_eq(total_of(&s), TOP_SUM_ROWS + 1000);
    top_sum_release(&s);
}
