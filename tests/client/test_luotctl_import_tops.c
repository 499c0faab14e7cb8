/* The tops of a piece of an import: rows, rests, visitors and their limits. */
#include "import_tops.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1 << 20 };

static void add(struct import_tops *t, int64_t day, const char *page, uint64_t fp)
{
    const struct visit visit = {.kind = VISIT_VIEW, .key[DIM_PAGES] = slice_of(page)};

    import_tops_add(t, day, &visit, fp);
}

/* malloc'ed; clears it. */
static char *written(struct import_tops *t)
{
    char *text = malloc(TEXT);
    struct buffer b;

    buffer_init(&b, text, TEXT - 1);
    cr_assert_eq(import_tops_write(t, &b), 0);
    cr_assert_eq(buffer_error(&b), 0);
    cr_assert_leq(b.length, t->bytes);
    text[b.length] = '\0';
    import_tops_clear(t);
    return text;
}

Test(import_tops, has_a_row_a_page_and_a_visitor_where_the_first_view_of_its_day_was)
{
    struct import_tops t = {.days = 0};
    char *text;

    add(&t, 20001, "/b c%", 1);
    add(&t, 20000, "/a", 1);
    add(&t, 20000, "/b", 1);
    add(&t, 20000, "/b", 2);
    add(&t, 20000, "/b", 1);
    text = written(&t);
    cr_expect_str_eq(text, "top 2024-10-04 pages 3 1 0 /b\n"
                           "top 2024-10-04 pages 1 1 0 /a\n"
                           "top 2024-10-05 pages 1 1 0 /b%20c%25\n");
    free(text);
}

Test(import_tops, keeps_the_first_rows_and_says_what_the_rest_lacks)
{
    struct import_tops t = {.days = 0};
    char page[32];
    char *text;

    for (int i = 0; i < 3 * IMPORT_TOPS_ROWS; i++)
        for (int n = 0; n < (i < IMPORT_TOPS_ROWS ? 5 : 2); n++) {
            snprintf(page, sizeof page, "/%d", i);
            add(&t, 20000, page, (uint64_t)(i * 10 + n + 1));
        }
    text = written(&t);
    cr_expect_not_null(strstr(text, "top 2024-10-04 pages 5 5 0 /99\n"));
    cr_expect_null(strstr(text, "/100\n"));
    cr_expect_not_null(strstr(text, "top 2024-10-04 pages 400 0 2 \n"));
    free(text);
}

Test(import_tops, is_full_with_the_days_that_it_has_room_for)
{
    struct import_tops t = {.days = 0};

    for (int64_t day = 0; day < IMPORT_TOPS_DAYS; day++) {
        cr_expect_not(import_tops_is_full(&t));
        add(&t, day, "/", 1);
    }
    cr_expect(import_tops_is_full(&t));
    add(&t, 3, "/", 1); /* a day that is there is no other */
    cr_expect_eq(t.failed, 0);
    import_tops_clear(&t);
    cr_expect_not(import_tops_is_full(&t));
}

Test(import_tops, of_100000_pages_and_visitors_add_up)
{
    struct import_tops t = {.days = 0};
    unsigned long long views, visitors, lacks, sum = 0;
    char page[32];
    char *text, *at;

    for (int i = 0; i < 100000; i++) {
        snprintf(page, sizeof page, "/%d", i);
        add(&t, 20000, page, (uint64_t)i + 1);
    }
    text = written(&t);
    for (at = text; (at = strstr(at, "pages ")) != NULL; at++)
        if (sscanf(at, "pages %llu %llu %llu", &views, &visitors, &lacks) == 3)
            sum += views;
    cr_expect_eq(sum, 100000);
    free(text);
}
