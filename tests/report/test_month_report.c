/* Which page a month's report names, and how sure it is of it. The rest of the report is
 * tests/e2e/report.test.mjs, against days that were counted. */
#include "report/month_report.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "lib/read_json.h"

static struct month_page page_of(size_t n, const char *const keys[],
                                 const uint64_t views[], uint64_t other, uint64_t error)
{
    struct month_page page;
    struct top_sum sum;

    top_sum_init(&sum);
    for (size_t i = 0; i < n; i++)
        top_sum_add(&sum, slice_of(keys[i]), views[i], 0);
    top_sum_rest(&sum, other, error);
    top_sum_finish(&sum, 2);
    month_page_read(&page, &sum);
    top_sum_release(&sum);
    return page;
}

static const char *const three[] = {"/a", "/tin-tức", "/c"};

Test(month_report, names_no_page_where_none_is_kept)
{
    struct month_page p = page_of(0, NULL, NULL, 7, 0);

    cr_expect_str_eq(p.path, "");
    cr_expect_eq(p.of, 7);
}

Test(month_report, names_the_first_page_and_of_how_many_views)
{
    struct month_page p = page_of(3, three, (const uint64_t[]){5, 9, 1}, 4, 0);

    cr_expect_str_eq(p.path, "/tin-tức");
    cr_expect_eq(p.views, 9);
    cr_expect_eq(p.of, 19);
    cr_expect(p.sure);
}

Test(month_report, is_sure_while_no_other_page_can_have_had_more)
{
    cr_expect(page_of(3, three, (const uint64_t[]){5, 9, 1}, 0, 4).sure);
    cr_expect_not(page_of(3, three, (const uint64_t[]){5, 9, 1}, 0, 5).sure);
    cr_expect(page_of(1, three, (const uint64_t[]){5}, 0, 5).sure);
    cr_expect_not(page_of(1, three, (const uint64_t[]){5}, 0, 6).sure);
}

/* --- Of groups --- */

static struct month_row row_of(const char *site, const char *group, uint64_t views,
                               uint64_t error)
{
    struct month_row row = {
        .top = {.path = "/x", .views = views, .error = error, .of = views, .sure = true}};

    snprintf(row.site, sizeof row.site, "%s", site);
    snprintf(row.group, sizeof row.group, "%s", group);
    snprintf(row.host, sizeof row.host, "%s.gov.vn", site);
    if (views == 0)
        row.top = (struct month_page){.sure = false};
    return row;
}

static json_t *written(struct month_row *row, size_t count)
{
    const struct month_report r = {
        .row = row, .count = count, .year = 2025, .month = 12, .starts_on = 1};
    const struct document d = {.gaps = NULL};
    size_t limit = month_report_limit(count, 0);
    char *memory = malloc(limit);
    struct buffer b;
    json_t *json;

    buffer_init(&b, memory, limit);
    month_report_json(&b, &r, &d);
    cr_assert_eq(buffer_error(&b), 0);
    json = json_loadb(b.at, b.length, 0, NULL);
    cr_assert_not_null(json);
    free(memory);
    return json;
}

Test(month_report, of_a_group_names_the_best_page_and_whose_it_is)
{
    struct month_row rows[] = {row_of("a", "g", 5, 0), row_of("b", "g", 9, 0),
                               row_of("c", "", 11, 0), row_of("d", "", 0, 0)};
    json_t *json = written(rows, 4);
    const json_t *group = json_array_get(json_object_get(json, "groups"), 0);
    const json_t *total = json_object_get(json, "total");
    const json_t *none = json_array_get(json_object_get(json, "rows"), 3);

    cr_expect_str_eq(json_string_value(json_object_get(group, "top_page_site")), "b");
    cr_expect_str_eq(json_string_value(json_object_get(total, "top_page_host")),
                     "c.gov.vn");
    cr_expect(json_is_true(json_object_get(total, "top_page_sure")));
    cr_expect_str_eq(json_string_value(json_object_get(none, "top_page")), "");
    cr_expect_null(json_object_get(none, "top_page_views"));
    json_decref(json);
}

Test(month_report, of_a_group_is_not_sure_where_another_site_may_have_had_more)
{
    struct month_row rows[] = {row_of("a", "g", 5, 5), row_of("b", "g", 9, 0)};
    json_t *json = written(rows, 2);
    const json_t *group = json_array_get(json_object_get(json, "groups"), 0);

    cr_expect_eq(json_integer_value(json_object_get(group, "top_page_views")), 9);
    cr_expect(json_is_false(json_object_get(group, "top_page_sure")));
    json_decref(json);
}

Test(month_report, fits_into_its_limit_with_the_longest_names)
{
    struct month_row row = row_of("a", "g", 5, 5);
    json_t *json;

    memset(row.top.path, '\x01', sizeof row.top.path - 1);
    memset(row.host, '\x01', sizeof row.host - 1);
    memset(row.title, '\x01', sizeof row.title - 1);
    memset(row.group, '\x01', sizeof row.group - 1);
    json = written(&row, 1);
    json_decref(json);
}
