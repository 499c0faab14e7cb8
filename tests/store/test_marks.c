/* Marks: pieces of a log, in any order, are the log. */
#include "store/marks.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/repeat.h"
#include "lib/scratch.h"

enum { IDLE = 150, DAY = 7200, HOUR = 300, VIEWS = 4000 };
/* 2024-03-04 00:00 UTC, a Monday. */
static const int64_t monday = 19786 * (int64_t)DAY;

static struct calendar utc(void)
{
    struct zone *zone;

    cr_assert_eq(zone_load(&zone, SLICE("UTC")), 0);
    return (struct calendar){zone, 0};
}

static int save(const struct marks *m, const char *run_dir, struct slice site,
                uint64_t key_id)
{
    int rv = marks_prepare(m, run_dir, site, key_id);

    return rv != 0 ? rv : marks_commit(run_dir, site);
}

static void let_go(struct calendar *c)
{
    zone_free((struct zone *)(uintptr_t)c->zone);
}

static struct marks marks_of(const struct mark *mark, size_t n)
{
    struct marks m = {.mark = malloc((n + 1) * sizeof *mark), .count = n};

    cr_assert_not_null(m.mark);
    if (n > 0)
        memcpy(m.mark, mark, n * sizeof *mark);
    return m;
}

static struct marks views_of(const struct mark *mark, size_t n, const struct calendar *c)
{
    struct marks m = marks_of(mark, n);

    marks_settle(&m, c, IDLE);
    return m;
}

Test(marks, join_views_that_are_less_than_an_idle_time_apart_in_one_hour)
{
    const struct mark views[] = {
        {7, monday + 200, monday + 200}, {7, monday, monday},
        {7, monday + 149, monday + 149}, {8, monday, monday},
        {8, monday + 150, monday + 150}, {9, monday + 299, monday + 299},
        {9, monday + 300, monday + 300}};
    struct calendar c = utc();
    struct marks m = views_of(views, 7, &c);

    cr_assert_eq(m.count, 5);
    cr_expect_eq(m.mark[0].fp, 7);
    cr_expect_eq(m.mark[0].first_slot, monday);
    cr_expect_eq(m.mark[0].last_slot, monday + 200);
    cr_expect_eq(m.mark[1].fp, 8);
    cr_expect_eq(m.mark[3].fp, 9, "an hour ends a mark");
    marks_release(&m);
    let_go(&c);
}

static struct marks_row row_of(const struct marks_row *rows, size_t n,
                               enum period_kind kind, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].kind == kind && rows[i].number == number)
            return rows[i];
    return (struct marks_row){.kind = kind};
}

Test(marks, count_visits_by_the_rule_of_the_live_counters)
{
    const struct mark views[] = {
        {1, monday + DAY - 10, monday + DAY - 10}, /* before midnight          */
        {1, monday + DAY + 10, monday + DAY + 10}, /* a midnight between: new  */
        {2, monday + 290, monday + 290},           /* over the hour: one visit */
        {2, monday + 310, monday + 310},
        {2, monday + 310 + IDLE, monday + 310 + IDLE}, /* as long as idle: new */
    };
    struct calendar c = utc();
    struct marks m = views_of(views, 5, &c);
    struct marks_row *rows;
    size_t n;

    cr_assert_eq(marks_count(&m, &c, IDLE, &rows, &n), 0);
    cr_expect_eq(row_of(rows, n, PERIOD_DAY, 19786).visits, 3);
    cr_expect_eq(row_of(rows, n, PERIOD_DAY, 19786).visitors, 2);
    cr_expect_eq(row_of(rows, n, PERIOD_DAY, 19787).visits, 1);
    cr_expect_eq(row_of(rows, n, PERIOD_DAY, 19787).visitors, 1);
    cr_expect_eq(row_of(rows, n, PERIOD_MONTH, 650).visitors, 2);
    cr_expect_eq(row_of(rows, n, PERIOD_HOUR, 19786 * 24).visits, 1);
    cr_expect_eq(row_of(rows, n, PERIOD_HOUR, 19786 * 24 + 1).visits, 1);
    cr_expect_eq(row_of(rows, n, PERIOD_HOUR, 19786 * 24 + 1).visitors, 1);
    for (size_t i = 1; i < n; i++)
        cr_expect(
            rows[i - 1].kind < rows[i].kind ||
            (rows[i - 1].kind == rows[i].kind && rows[i - 1].number < rows[i].number));
    free(rows);
    marks_release(&m);
    let_go(&c);
}

Test(marks, of_nothing_are_no_rows)
{
    struct calendar c = utc();
    struct marks m = views_of(NULL, 0, &c);
    struct marks_row *rows;
    size_t n;

    cr_assert_eq(marks_count(&m, &c, IDLE, &rows, &n), 0);
    cr_expect_eq(n, 0);
    free(rows);
    marks_release(&m);
    let_go(&c);
}

static void expect_same(const struct marks *a, const struct marks *b,
                        const struct calendar *c)
{
    struct marks_row *x, *y;
    size_t n, k;

    cr_assert_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        cr_expect_eq(a->mark[i].fp, b->mark[i].fp);
        cr_expect_eq(a->mark[i].first_slot, b->mark[i].first_slot);
        cr_expect_eq(a->mark[i].last_slot, b->mark[i].last_slot);
    }
    cr_assert_eq(marks_count(a, c, IDLE, &x, &n), 0);
    cr_assert_eq(marks_count(b, c, IDLE, &y, &k), 0);
    cr_assert_eq(n, k);
    for (size_t i = 0; i < n; i++)
        cr_expect(x[i].visits == y[i].visits && x[i].visitors == y[i].visitors);
    free(x);
    free(y);
}

Test(marks, of_pieces_in_any_order_are_those_of_the_whole)
{
    static struct mark views[VIEWS], piece[VIEWS];
    struct calendar c = utc();
    uint64_t seed = 42;

    for (int i = 0; i < VIEWS; i++) {
        int64_t slot = monday + (int64_t)(random_next(&seed) % (3 * DAY));
        views[i] = (struct mark){1 + random_next(&seed) % 60, slot, slot};
    }
    for (int round = 0; round < 20; round++) {
        struct marks whole = views_of(views, VIEWS, &c), sum = {NULL, 0};
        unsigned pieces = 2 + (unsigned)(random_next(&seed) % 5);
        for (unsigned p = 0; p < pieces; p++) {
            struct marks one, more;
            size_t n = 0;
            for (int i = 0; i < VIEWS; i++) /* cut by time, or dealt like cards */
                if ((round % 2 ? (uint64_t)i : (uint64_t)(views[i].first_slot / 1000)) %
                        pieces ==
                    (p + (unsigned)round) % pieces)
                    piece[n++] = views[i];
            one = views_of(piece, n, &c);
            cr_assert_eq(marks_join(&more, &sum, &one, &c, IDLE), 0);
            marks_release(&one);
            marks_release(&sum);
            sum = more;
        }
        expect_same(&whole, &sum, &c);
        marks_release(&whole);
        marks_release(&sum);
    }
    let_go(&c);
}

Test(marks, refuse_periods_that_no_log_has)
{
    const struct mark views[] = {{1, 0, 0}, {1, (int64_t)1 << 40, (int64_t)1 << 40}};
    struct calendar c = utc();
    struct marks m = marks_of(views, 2);
    struct marks_row *rows;
    size_t n;

    cr_expect_eq(marks_count(&m, &c, IDLE, &rows, &n), ERR_RANGE);
    marks_release(&m);
    let_go(&c);
}

/* --- The file --- */

static const struct slice demo = SLICE("demo");

static struct marks some(void)
{
    const struct mark views[] = {{1, monday, monday + 90},
                                 {((uint64_t)1 << 44) - 2, monday + 5000, monday + 5000}};

    return marks_of(views, 2);
}

Test(marks, come_back_under_the_same_key)
{
    struct scratch dir = scratch_new();
    struct calendar c = utc();
    struct marks m = some(), got;

    cr_assert_eq(save(&m, dir.dir, demo, 77), 0);
    cr_assert_eq(marks_load(&got, dir.dir, demo, 77), 0);
    expect_same(&m, &got, &c);
    marks_release(&got);
    cr_assert_eq(marks_load(&got, dir.dir, SLICE("other"), 77), 0);
    cr_expect_eq(got.count, 0);
    marks_release(&got);
    marks_release(&m);
    let_go(&c);
    scratch_free(&dir);
}

Test(marks, are_erased_when_the_key_has_changed)
{
    struct scratch dir = scratch_new();
    struct marks m = some(), got;

    cr_assert_eq(save(&m, dir.dir, demo, 77), 0);
    cr_expect_eq(marks_expire(dir.dir, demo, 77), 0);
    cr_expect_eq(scratch_count(&dir, "marks-"), 1);
    cr_expect_eq(marks_expire(dir.dir, demo, 78), 0);
    cr_expect_eq(scratch_count(&dir, "marks-"), 0);
    cr_assert_eq(save(&m, dir.dir, demo, 77), 0);
    cr_assert_eq(marks_load(&got, dir.dir, demo, 78), 0);
    cr_expect_eq(got.count, 0);
    cr_expect_eq(scratch_count(&dir, "marks-"), 0);
    marks_release(&got);
    marks_release(&m);
    scratch_free(&dir);
}

Test(marks, that_were_prepared_only_are_forgotten)
{
    struct scratch dir = scratch_new();
    struct marks m = some(), got;

    cr_assert_eq(marks_prepare(&m, dir.dir, demo, 77), 0);
    cr_assert_eq(marks_load(&got, dir.dir, demo, 77), 0);
    cr_expect_eq(got.count, 0);
    cr_expect_eq(scratch_count(&dir, "marks-"), 0);
    cr_expect_eq(marks_commit(dir.dir, demo), ERR_NOT_FOUND);
    marks_release(&got);
    marks_release(&m);
    scratch_free(&dir);
}

Test(marks, that_are_damaged_are_none)
{
    struct scratch dir = scratch_new();
    struct marks m = some(), got;
    char path[300];

    snprintf(path, sizeof path, "%s", scratch_path(&dir, "marks-demo"));
    for (off_t at = 0; at < 56; at++) {
        char byte;
        int fd;
        cr_assert_eq(save(&m, dir.dir, demo, 77), 0);
        fd = open(path, O_RDWR);
        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        byte = (char)~byte;
        cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        cr_assert_eq(marks_load(&got, dir.dir, demo, 77), 0);
        cr_expect_eq(got.count, 0, "byte %lld", (long long)at);
        marks_release(&got);
        cr_assert_eq(save(&m, dir.dir, demo, 77), 0);
        cr_assert_eq(truncate(path, at), 0);
        cr_assert_eq(marks_load(&got, dir.dir, demo, 77), 0);
        cr_expect_eq(got.count, 0, "length %lld", (long long)at);
        marks_release(&got);
    }
    marks_release(&m);
    scratch_free(&dir);
}
