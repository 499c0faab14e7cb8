/* Tops by day, then by month, and pages, as the database keeps them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/date.h"
#include "base/error.h"
#include "identify/dimension.h"
#include "lib/scratch.h"
#include "store/store.h"

enum { ROWS_MAX = 512, KEPT_DAYS = 762 };

static const struct deadline none = {0};
static const struct slice demo = SLICE("demo");
static const unsigned all = HISTORY_LIVE_OWN | HISTORY_LIVE_OTHER;

struct kept {
    char key[64];
    uint64_t views, visitors, lacks;
};

struct rows {
    struct kept row[ROWS_MAX];
    int n;
    uint64_t total;
};

static struct store *open_as(const struct scratch *dir, uint64_t incarnation)
{
    char where[300], sentence[512];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, "luot.db"));
    cr_assert_eq(store_open(&s, where, "node", incarnation, sentence), 0, "%s", sentence);
    return s;
}

static int keep(void *context, const struct top_row *row)
{
    struct rows *rows = context;
    struct kept *to = &rows->row[rows->n++];

    cr_assert_lt(rows->n, ROWS_MAX);
    cr_assert_lt(row->key.length, sizeof to->key);
    *to = (struct kept){
        .views = row->views, .visitors = row->visitors, .lacks = row->lacks};
    if (row->key.length > 0)
        memcpy(to->key, row->key.at, row->key.length);
    rows->total += row->views;
    return 0;
}

static struct rows tops(struct store *s, unsigned parts, int64_t from, int64_t until)
{
    struct rows rows = {.n = 0};

    cr_assert_eq(s->ops->tops(s, demo, "pages", parts, from, until, keep, &rows), 0);
    return rows;
}

static struct rows pages(struct store *s)
{
    struct rows rows = {.n = 0};

    cr_assert_eq(s->ops->pages(s, demo, 100, keep, &rows), 0);
    return rows;
}

static const struct kept *row_of(const struct rows *rows, const char *key)
{
    for (int i = 0; i < rows->n; i++)
        if (strcmp(rows->row[i].key, key) == 0)
            return &rows->row[i];
    return NULL;
}

static void save_tops(struct store *s, int64_t day, const struct top_row *row, size_t n)
{
    const struct change c = {.kind = CHANGE_TOPS,
                             .site = demo,
                             .number = day,
                             .visits = DIM_PAGES,
                             .blob = {(const char *)row, n * sizeof *row}};

    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

static void save_page(struct store *s, const char *page, uint64_t views)
{
    const struct change c = {
        .kind = CHANGE_PAGE, .site = demo, .views = views, .blob = slice_of(page)};

    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

Test(store_sqlite_tops, a_later_save_replaces_the_days_rows)
{
    const struct top_row first[] = {{SLICE("/a"), 5, 2, 0}, {SLICE("/b"), 3, 1, 0}};
    const struct top_row later[] = {{SLICE("/a"), 7, 3, 0}, {SLICE(""), 9, 0, 4}};
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct rows rows;

    save_tops(s, 100, first, 2);
    save_tops(s, 100, later, 2);
    save_tops(s, 101, first, 2);
    rows = tops(s, all, 100, 101);
    cr_expect_eq(rows.n, 2);
    cr_expect_eq(row_of(&rows, "/a")->views, 7);
    cr_expect_eq(row_of(&rows, "/a")->visitors, 3);
    cr_expect_eq(row_of(&rows, "")->views, 9);
    cr_expect_eq(row_of(&rows, "")->lacks, 4);
    cr_expect_eq(tops(s, all, 100, 102).total, 24);
    cr_expect_eq(tops(s, all, 102, 200).n, 0);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store_sqlite_tops, runs_are_kept_apart_and_add_up)
{
    const struct top_row row[] = {{SLICE("/a"), 5, 2, 0}};
    struct scratch dir = scratch_new();
    struct store *one = open_as(&dir, 1), *two = open_as(&dir, 2);

    save_tops(one, 100, row, 1);
    save_tops(two, 100, row, 1);
    cr_expect_eq(tops(two, all, 100, 101).total, 10);
    cr_expect_eq(tops(two, HISTORY_LIVE_OTHER, 100, 101).total, 5);
    cr_expect_eq(tops(two, HISTORY_LIVE_OWN, 100, 101).total, 5);
    one->ops->close(one);
    two->ops->close(two);
    scratch_free(&dir);
}

/* A day's rows: /often and 60 pages of that day alone, 61 + 10 views in all. */
static void save_day(struct store *s, int64_t day)
{
    struct top_row row[62] = {{SLICE("/often"), 10, 1, 0}};
    char key[62][24];

    for (int i = 1; i < 61; i++) {
        snprintf(key[i], sizeof key[i], "/%lld-%d", (long long)day, i);
        row[i] = (struct top_row){slice_of(key[i]), 1, 0, 0};
    }
    row[61] = (struct top_row){SLICE(""), 1, 0, 2};
    save_tops(s, day, row, 62);
}

Test(store_sqlite_tops, after_25_months_a_months_days_become_its_first_100_rows)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    int64_t first = day_of_date((struct date){2024, 3, 1});
    int64_t until = day_of_date((struct date){2024, 5, 1});
    struct change alive = {.kind = CHANGE_ALIVE};
    struct rows march, april;

    for (int64_t day = first; day < until; day++)
        save_day(s, day);
    /* The first of April is 25 months ago: March is over for so long, April is not. */
    alive.number = (first + 31 + KEPT_DAYS) * 86400;
    cr_assert_eq(s->ops->save(s, &alive, 1, none), 0);
    march = tops(s, all, first, first + 1); /* it stands on its first day */
    cr_expect_eq(march.n, 101);
    cr_expect_eq(march.total, 31 * 71);
    cr_expect_eq(row_of(&march, "/often")->views, 310);
    cr_expect_eq(row_of(&march, "")->lacks, 62 + 1,
                 "errors add up, with a row's that is cut");
    cr_expect_eq(tops(s, all, first + 1, first + 31).n, 0);
    april = tops(s, all, first + 31, first + 32);
    cr_expect_eq(april.n, 62);
    /* The same again changes nothing. */
    alive.number += 86400;
    cr_assert_eq(s->ops->save(s, &alive, 1, none), 0);
    march = tops(s, all, first, first + 1);
    cr_expect_eq(march.total, 31 * 71);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store_sqlite_tops, pages_never_fall_and_seeds_are_said_beside_them)
{
    struct scratch dir = scratch_new();
    struct store *one = open_as(&dir, 1), *two = open_as(&dir, 2);
    struct page_seed seed = {
        .page = SLICE("/a"), .note = SLICE("old"), .views = 1000, .counted = 4};
    struct rows rows;

    save_page(one, "/a", 30);
    save_page(one, "/a", 20); /* late */
    save_page(one, "/b", 5);
    save_page(two, "/a", 4);
    rows = pages(two); /* what others had */
    cr_expect_eq(rows.n, 2);
    cr_expect_eq(row_of(&rows, "/a")->views, 30);
    cr_expect_eq(row_of(&rows, "/b")->views, 5);
    /* As of now 1,000: with our own 4 and the others' 30. */
    cr_assert_eq(two->ops->page_seed(two, demo, &seed), 0);
    rows = pages(two);
    cr_expect_eq(row_of(&rows, "/a")->views + 4, 1000);
    cr_assert_eq(two->ops->page_seed(two, demo, &seed), 0);
    rows = pages(two);
    cr_expect_eq(row_of(&rows, "/a")->views + 4, 1000, "the same again");
    one->ops->close(one);
    two->ops->close(two);
    scratch_free(&dir);
}

Test(store_sqlite_tops, a_site_that_is_not_there_has_nothing)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);

    cr_expect_eq(tops(s, all, 0, 1000).n, 0);
    cr_expect_eq(pages(s).n, 0);
    s->ops->close(s);
    scratch_free(&dir);
}

/* --- Past logs --- */

static void import_tops(struct store *s, int64_t now_day, uint64_t bytes, int64_t day,
                        const struct top_row *row, size_t n)
{
    const struct import_source source = {
        .first_line = 7, .bytes = bytes, .views = bytes, .name = "a.log"};
    const struct change rows[] = {{.kind = CHANGE_DAY, .number = day, .views = 5},
                                  {.kind = CHANGE_TOPS,
                                   .number = day,
                                   .visits = DIM_PAGES,
                                   .blob = {(const char *)row, n * sizeof *row}}};

    cr_assert_eq(s->ops->import(s, demo, &source, 0, now_day * 86400, rows, 2), 0);
}

Test(store_sqlite_tops, pieces_of_a_past_log_add_up_beside_what_was_counted)
{
    const struct top_row live[] = {{SLICE("/a"), 5, 2, 0}};
    const struct top_row one[] = {{SLICE("/a"), 3, 1, 0}, {SLICE(""), 4, 0, 2}};
    const struct top_row two[] = {
        {SLICE("/a"), 2, 1, 0}, {SLICE("/b"), 1, 1, 0}, {SLICE(""), 1, 0, 1}};
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct rows rows;

    save_tops(s, 20000, live, 1);
    import_tops(s, 20010, 1, 20000, one, 2);
    import_tops(s, 20010, 2, 20000, two, 3);
    rows = tops(s, HISTORY_LIVE_OTHER, 20000, 20001); /* a run that is not ours */
    cr_expect_eq(row_of(&rows, "/a")->views, 5);
    cr_expect_eq(row_of(&rows, "/a")->visitors, 2);
    cr_expect_eq(row_of(&rows, "/b")->views, 1);
    cr_expect_eq(row_of(&rows, "")->views, 5);
    cr_expect_eq(row_of(&rows, "")->lacks, 3);
    cr_expect_eq(tops(s, HISTORY_LIVE_OWN, 20000, 20001).total, 5);
    cr_expect_eq(tops(s, all, 20000, 20001).total, 16);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store_sqlite_tops, a_past_log_of_long_ago_is_summed_up_by_month_piece_by_piece)
{
    const struct top_row row[] = {{SLICE("/a"), 3, 1, 0}, {SLICE(""), 4, 0, 2}};
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    int64_t first = day_of_date((struct date){2020, 3, 1});
    int64_t now = day_of_date((struct date){2026, 3, 1});
    struct rows rows;

    for (int piece = 1; piece <= 3; piece++)
        import_tops(s, now, (uint64_t)piece, first + piece, row, 2);
    import_tops(s, now, 4, first + 31 + 5, row, 2);
    rows = tops(s, all, first, first + 1); /* it stands on its first day */
    cr_expect_eq(rows.n, 2);
    cr_expect_eq(row_of(&rows, "/a")->views, 9);
    cr_expect_eq(row_of(&rows, "")->views, 12);
    cr_expect_eq(row_of(&rows, "")->lacks, 6);
    cr_expect_eq(tops(s, all, first + 1, first + 31).n, 0);
    cr_expect_eq(tops(s, all, first + 31, first + 61).total, 7);
    s->ops->close(s);
    scratch_free(&dir);
}
