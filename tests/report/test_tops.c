#include "report/tops.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "base/error.h"

static struct zone *utc;

static void load_zone(void)
{
    cr_assert_eq(zone_load(&utc, SLICE("UTC")), 0);
}

static void free_zone(void)
{
    zone_free(utc);
}

TestSuite(tops, .init = load_zone, .fini = free_zone);

static struct tops of(enum dimension d, struct top_sum *sum)
{
    return (struct tops){.site = SLICE("demo"),
                         .of = d,
                         .from_day = 20782,
                         .until_day = 20784,
                         .zone = utc,
                         .sum = sum};
}

static struct slice write(void (*how)(struct buffer *, const struct tops *),
                          const struct tops *t, char memory[8192])
{
    struct buffer b;

    buffer_init(&b, memory, tops_limit(t->sum) < 8192 ? tops_limit(t->sum) : 8192);
    how(&b, t);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return buffer_written(&b);
}

Test(tops, a_table_for_a_spreadsheet_runs_no_formula)
{
    struct top_sum sum;
    char memory[8192];
    struct tops t;

    top_sum_init(&sum);
    top_sum_add(&sum, SLICE("=1+1"), 6, 1);
    top_sum_add(&sum, SLICE("+84"), 5, 1);
    top_sum_add(&sum, SLICE("-x"), 4, 1);
    top_sum_add(&sum, SLICE("@a"), 3, 1);
    top_sum_add(&sum, SLICE("say \"a\", b"), 2, 1);
    top_sum_add(&sum, SLICE("\tx"), 1, 1);
    top_sum_rest(&sum, 9, 0);
    top_sum_finish(&sum, 100);
    t = of(DIM_PAGES, &sum);
    write(tops_csv, &t, memory);
    cr_expect_str_eq(memory, "\xEF\xBB\xBF\"pages\",views,visitors\r\n"
                             "\"'=1+1\",6,1\r\n\"'+84\",5,1\r\n\"'-x\",4,1\r\n"
                             "\"'@a\",3,1\r\n\"say \"\"a\"\", b\",2,1\r\n"
                             "\"'\tx\",1,1\r\n\"(other)\",9,\r\n");
    t.of = DIM_EVENTS; /* has no visitors */
    write(tops_csv, &t, memory);
    cr_expect_not_null(strstr(memory, "\"events\",views\r\n\"'=1+1\",6\r\n"));
    top_sum_release(&sum);
}

Test(tops, a_document_says_its_days_its_error_and_adds_up)
{
    struct document d = {.now = {1795600000000}};
    struct top_sum sum;
    char memory[8192];
    struct buffer b;
    struct tops t;
    json_t *j, *row;
    size_t i;
    json_int_t n = 0;

    top_sum_init(&sum);
    top_sum_add(&sum,
                SLICE("/t\xE1\xBB\xA9"
                      "c"),
                6, 2);
    top_sum_add(&sum, SLICE("/\xFF"), 5, 1);
    top_sum_rest(&sum, 9, 4);
    top_sum_finish(&sum, 100);
    t = of(DIM_PAGES, &sum);
    buffer_init(&b, memory, sizeof memory);
    tops_json(&b, &t, &d);
    j = json_loadb(memory, b.length, 0, NULL);
    cr_assert_not_null(j);
    cr_expect_str_eq(json_string_value(json_object_get(j, "from")), "2026-11-25");
    cr_expect_str_eq(json_string_value(json_object_get(j, "to")), "2026-11-27");
    cr_expect_eq(json_integer_value(json_object_get(j, "error")), 4);
    json_array_foreach(json_object_get(j, "rows"), i, row)
    {
        n += json_integer_value(json_object_get(row, "views"));
    }
    cr_expect_eq(n + json_integer_value(json_object_get(j, "other")),
                 json_integer_value(json_object_get(j, "total")));
    cr_expect_eq(json_integer_value(json_object_get(j, "total")), 20);
    json_decref(j);
    top_sum_release(&sum);
}

Test(tops, a_terminal_is_told_nothing_that_it_would_act_on)
{
    struct top_sum sum;
    char memory[8192];
    struct tops t;

    top_sum_init(&sum);
    top_sum_add(&sum, SLICE("/\x1B[2Jgone"), 6, 1);
    top_sum_finish(&sum, 100);
    t = of(DIM_PAGES, &sum);
    write(tops_text, &t, memory);
    cr_expect_null(strchr(memory, 0x1B));
    cr_expect_not_null(strstr(memory, "/?[2Jgone"));
    top_sum_release(&sum);
}

Test(tops, every_dimension_has_a_word_and_is_found_by_it)
{
    enum dimension found;

    for (int d = 0; d < DIMENSIONS; d++) {
        cr_assert_eq(dimension_parse(&found, slice_of(dimension_word((enum dimension)d))),
                     0);
        cr_expect_eq(found, (enum dimension)d);
    }
    cr_expect_eq(dimension_parse(&found, SLICE("stars")), ERR_NOT_FOUND);
}
