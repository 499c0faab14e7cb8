#include "base/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(metrics, sum_adds_every_row)
{
    static struct metrics_row rows[3];
    struct metrics_total total;
    for (unsigned i = 0; i < 3; i++) {
        metrics_bump(&rows[i], received, 10);
        metrics_bump(&rows[i], received, i);
        metrics_bump(&rows[i], http_proxy_without_xff, 1);
    }
    metrics_sum(rows, 3, &total);
    cr_expect_eq(total.received, 33);
    cr_expect_eq(total.http_proxy_without_xff, 3);
    cr_expect_eq(total.udp_bytes, 0);
    metrics_sum(rows, 0, &total);
    cr_expect_eq(total.received, 0);
}

Test(metrics, a_gauge_goes_down_again_even_on_another_row)
{
    static struct metrics_row rows[2];
    struct metrics_total total;
    metrics_bump(&rows[0], http_connections, 5);
    metrics_drop(&rows[1], http_connections, 3);
    metrics_sum(rows, 2, &total);
    cr_expect_eq(total.http_connections, 2);
}

Test(metrics, an_outcome_is_its_counter)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        enum outcome outcome = (enum outcome)i;
        struct metrics_row row = {.received = 0};
        struct metrics_total total;
        char name[64];
        size_t found = 0;
        metrics_outcome(&row, outcome, 7);
        metrics_sum(&row, 1, &total);
        cr_expect_eq(metrics_of_outcome(&total, outcome), 7);
        snprintf(name, sizeof name, "%s_%s", outcome_class_word(outcome_class(outcome)),
                 outcome_word(outcome));
        for (size_t k = 0; k < METRICS_COUNT; k++) {
            bool same = strcmp(metrics_table[k].name, name) == 0;
            found += same;
            cr_expect_eq(total.by_number[k], same ? 7 : 0, "%s", metrics_table[k].name);
        }
        cr_expect_eq(found, 1, "%s", name);
    }
}

Test(metrics, table_names_every_row_once)
{
    cr_expect_str_eq(metrics_table[METRICS_AT_received].name, "received");
    cr_expect_str_eq(metrics_table[METRICS_AT_http_responses_2xx].name,
                     "http_responses_2xx");
    cr_expect_eq(metrics_table[METRICS_AT_http_connections].kind, METRICS_GAUGE);
    for (size_t a = 0; a < METRICS_COUNT; a++) {
        cr_expect(strlen(metrics_table[a].help) > 5);
        for (size_t b = 0; b < a; b++)
            cr_expect_str_neq(metrics_table[a].name, metrics_table[b].name);
    }
}
