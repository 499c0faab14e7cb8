/* Copies from one store into another: whatever the size of a page, wherever one is broken
 * off, and in whichever order they cross, both have the same in the end and never more. */
#include "store/replicate.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/faulty_vfs.h"
#include "lib/replica_place.h"
#include "lib/stumbling_store.h"

static const struct instant now = {(REPLICA_DAY * INT64_C(86400) + 3600) * 1000};

static int copy(struct store *from, struct store *to, enum replicate_what what,
                size_t page_bytes)
{
    const struct replicate_options options = {.from = from,
                                              .to = to,
                                              .node = "node",
                                              .incarnation = 1,
                                              .page_bytes = page_bytes};
    struct replicate *r;
    int rv;

    cr_assert_eq(replicate_new(&r, &options), 0);
    rv = replicate_site(r, SLICE("demo"), what, now);
    if (rv == 0 && what == REPLICATE_ALL)
        rv = replicate_gaps(r);
    if (rv == 0)
        rv = replicate_flush(r);
    replicate_free(r);
    return rv;
}

Test(replicate, with_pages_of_any_size_all_of_a_site_is_there_and_twice_changes_nothing)
{
    static const size_t pages[] = {1, 1200, 5000, 20000, 0};
    struct scratch dir = scratch_new();
    struct store *from = replica_open(&dir, "from.db", 1);

    replica_count(from, "demo", 3);
    replica_say(from, "demo");
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        char file[16];
        struct store *to;
        snprintf(file, sizeof file, "to%zu.db", i);
        to = replica_open(&dir, file, 2);
        for (int twice = 0; twice < 2; twice++) {
            cr_assert_eq(copy(from, to, REPLICATE_ALL, pages[i]), 0);
            cr_expect_str_eq(replica_document(to, "demo"),
                             replica_document(from, "demo"));
            cr_expect_str_eq(replica_document(to, ""), replica_document(from, ""));
        }
        to->ops->close(to);
    }
    from->ops->close(from);
    scratch_free(&dir);
}

/* Breaks off at each step of one side; the next copy brings the rest. */
static void break_off(bool at_the_source)
{
    struct scratch dir = scratch_new();
    struct store *from = replica_open(&dir, "from.db", 1);
    struct stumbling_store source, target;
    struct history_row imported;
    struct import_source log;
    unsigned n = 1;
    bool broke = true;

    replica_count(from, "demo", 3);
    replica_say(from, "demo");
    stumbling_store_init(&source, from);
    for (; broke; n += 3) {
        char file[16];
        struct store *to;
        snprintf(file, sizeof file, "to%u.db", n);
        to = replica_open(&dir, file, 2);
        stumbling_store_init(&target, to);
        source.steps = 0;
        (at_the_source ? &source : &target)->fail_at = n;
        broke = copy(&source.store, &target.store, REPLICATE_ALL, 5000) != 0;
        cr_expect_leq(replica_views(to, "demo"), replica_views(from, "demo"));
        cr_assert_eq(
            to->ops->total(to, SLICE("demo"), HISTORY_IMPORTED, INT64_MIN, &imported), 0);
        /* Else the next import would go on behind rows that are not there. */
        cr_expect_eq(imported.views,
                     to->ops->source_get(to, SLICE("demo"), 77, &log) == 0 ? 240 : 0);
        source.fail_at = target.fail_at = 0;
        cr_assert_eq(copy(&source.store, &target.store, REPLICATE_ALL, 5000), 0);
        cr_expect_str_eq(replica_document(to, "demo"), replica_document(from, "demo"));
        to->ops->close(to);
    }
    cr_expect_gt(n, 50, "there was something to break off");
    from->ops->close(from);
    scratch_free(&dir);
}

Test(replicate, broken_off_at_the_source_the_next_copy_brings_the_rest)
{
    break_off(true);
}

Test(replicate, broken_off_at_the_target_the_next_copy_brings_the_rest)
{
    break_off(false);
}

Test(replicate, copies_that_cross_make_both_the_same)
{
    struct scratch dir = scratch_new();
    struct store *a = replica_open(&dir, "a.db", 1), *b = replica_open(&dir, "b.db", 2);
    struct store *a_of_2 = replica_open(&dir, "a.db", 2);

    replica_count(a, "demo", 3);
    replica_count(a_of_2, "demo", 9); /* a has an older state of run 2 than b, or newer */
    replica_count(b, "demo", 5);
    replica_say(b, "demo");
    cr_assert_eq(copy(a, b, REPLICATE_ALL, 0), 0);
    cr_assert_eq(copy(b, a, REPLICATE_ALL, 0), 0);
    cr_expect_eq(replica_views(a, "demo"), 150 * (3 + 9) - 4 + 240);
    cr_expect_eq(replica_views(b, "demo"), replica_views(a, "demo"));
    replica_count(b, "demo", 11);
    cr_assert_eq(copy(b, a, REPLICATE_OPEN, 0), 0);
    cr_expect_eq(replica_views(a, "demo"), 150 * (3 + 11) - 4 + 240);
    a->ops->close(a);
    a_of_2->ops->close(a_of_2);
    b->ops->close(b);
    scratch_free(&dir);
}

static int count_row(void *context, const struct history_row *row)
{
    (void)row;
    ++*(unsigned *)context;
    return 0;
}

Test(replicate, of_open_rows_are_those_of_other_runs_and_of_late)
{
    struct scratch dir = scratch_new();
    struct store *own = replica_open(&dir, "from.db", 1);
    struct store *other = replica_open(&dir, "from.db", 2);
    struct store *to = replica_open(&dir, "to.db", 3);
    unsigned days = 0;

    replica_count(own, "demo", 3);
    cr_assert_eq(copy(own, to, REPLICATE_OPEN, 0), 0);
    cr_expect_eq(replica_views(to, "demo"), 0, "its savers bring what it counts itself");
    replica_count(other, "demo", 5);
    cr_assert_eq(copy(own, to, REPLICATE_OPEN, 0), 0);
    cr_expect_eq(replica_views(to, "demo"), 150 * 5);
    cr_assert_eq(to->ops->history(to, SLICE("demo"), CHANGE_DAY, HISTORY_ALL, INT64_MIN,
                                  INT64_MAX, count_row, &days),
                 0);
    cr_expect_eq(days, 1, "the day of three months ago is not open");
    own->ops->close(own);
    other->ops->close(other);
    to->ops->close(to);
    scratch_free(&dir);
}

Test(replicate, of_a_site_that_is_not_there_is_nothing)
{
    struct scratch dir = scratch_new();
    struct store *from = replica_open(&dir, "from.db", 1);
    struct store *to = replica_open(&dir, "to.db", 2);

    cr_expect_eq(copy(from, to, REPLICATE_ALL, 0), 0);
    cr_expect_eq(copy(from, to, REPLICATE_OPEN, 0), 0);
    from->ops->close(from);
    to->ops->close(to);
    scratch_free(&dir);
}

Test(replicate, a_disk_that_fails_at_any_write_loses_nothing_for_good)
{
    struct scratch dir = scratch_new();
    struct store *from, *to;
    unsigned failed = 0;

    faulty_vfs_register();
    from = replica_open(&dir, "from.db", 1);
    to = replica_open(&dir, "to.db", 2);
    replica_count(from, "demo", 1);
    replica_say(from, "demo");
    for (unsigned n = 1; n < 60; n++) {
        replica_count(from, "demo", n); /* so that there is something to write */
        faulty_vfs_fail(n, n % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_FSYNC, n % 3 == 0);
        failed += copy(from, to, REPLICATE_ALL, 5000) != 0;
        faulty_vfs_fail(0, 0, false);
        cr_expect_leq(replica_views(to, "demo"), replica_views(from, "demo"));
        cr_assert_eq(copy(from, to, REPLICATE_ALL, 5000), 0);
        cr_expect_str_eq(replica_document(to, "demo"), replica_document(from, "demo"));
    }
    cr_expect_geq(failed, 5);
    from->ops->close(from);
    to->ops->close(to);
    scratch_free(&dir);
}
