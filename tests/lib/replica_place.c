#include "lib/replica_place.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/history.h"

struct store *replica_open(const struct scratch *dir, const char *file,
                           uint64_t incarnation)
{
    char where[300], sentence[512];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, file));
    cr_assert_eq(store_open(&s, where, "node", incarnation, sentence), 0, "%s", sentence);
    return s;
}

void replica_count(struct store *s, const char *site, uint64_t views)
{
    const struct slice key = slice_of(site);
    const int64_t quarter = REPLICA_DAY * 96;
    const struct change changes[] = {
        {CHANGE_SITE, key, 100, 200, 300, 0, false, {NULL, 0}},
        {CHANGE_DAY, key, REPLICA_DAY - 90, 100 * views, 5, 4, true, {NULL, 0}},
        {CHANGE_DAY, key, REPLICA_DAY, 50 * views, 3, 2, false, {NULL, 0}},
        {CHANGE_QUARTER, key, quarter + 3, 50 * views, 3, 0, true, {NULL, 0}},
        {CHANGE_WEEK, key, REPLICA_DAY / 7, 0, 0, 5, true, {NULL, 0}},
        {CHANGE_MONTH, key, 682, 0, 0, 5, true, {NULL, 0}},
        {CHANGE_TOTAL, key, 0, 150 * views, 8, 0, true, {NULL, 0}},
    };

    cr_assert_eq(s->ops->save(s, changes, 7, (struct deadline){0}), 0);
}

void replica_say(struct store *s, const char *site)
{
    const struct slice key = slice_of(site);
    const struct seed_row seed = {.at_s = 50,
                                  .metric = 1,
                                  .as_of_s = 40,
                                  .total = 1000,
                                  .has_week = true,
                                  .week = 9,
                                  .note = "the old one"};
    const struct adjust_row adjust = {.at_s = 60, .day = REPLICA_DAY, .by = -2};
    const struct import_source source = {
        .first_line = 77, .bytes = 900, .views = 240, .name = "a b.log"};
    struct change rows[80];

    for (int i = 0; i < 40; i++) {
        rows[2 * i] = (struct change){CHANGE_DAY, key, 20000 + i, 6, 3, 2, true, {0}};
        rows[2 * i + 1] = rows[2 * i];
        rows[2 * i + 1].kind = CHANGE_HOUR;
        rows[2 * i + 1].number = (20000 + i) * 24;
    }
    cr_assert_eq(s->ops->adjust_add(s, key, &adjust), 0);
    cr_assert_eq(s->ops->seed_set(s, key, &seed), 0);
    cr_assert_eq(s->ops->adjust_add(s, key, &adjust), 0);
    cr_assert_eq(s->ops->import(s, key, &source, 0, 70, rows, 80), 0);
    cr_assert_eq(s->ops->gap_add(s, 10, 30), 0);
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

const char *replica_document(struct store *s, const char *site)
{
    enum { LINES = 4096 };
    static char memory[2][REPLICA_DOCUMENT + 1], document[REPLICA_DOCUMENT + 1];
    static char *line[LINES];
    static unsigned turn;
    char *text = memory[turn++ % 2], *rest = document;
    struct buffer b;
    size_t n = 0, length = 0;

    buffer_init(&b, document, REPLICA_DOCUMENT);
    cr_assert_eq(history_dump(s, slice_of(site), (struct dump_place){DUMP_NONE, 0}, "0",
                              "node", (struct instant){1000000}, &b),
                 0);
    document[b.length] = '\0';
    while (n < LINES && (line[n] = strsep(&rest, "\n")) != NULL)
        n += strncmp(line[n], "end ", 4) != 0;
    qsort((void *)line, n, sizeof line[0], by_text);
    for (size_t i = 0; i < n; i++)
        length +=
            (size_t)snprintf(text + length, REPLICA_DOCUMENT - length, "%s\n", line[i]);
    return text;
}

uint64_t replica_views(struct store *s, const char *site)
{
    struct history_row row;

    cr_assert_eq(s->ops->total(s, slice_of(site), HISTORY_ALL, INT64_MIN, &row), 0);
    return row.views;
}
