/* The store: what is saved comes back, whatever fails meanwhile. */
#include "store/store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "identify/dimension.h"
#include "lib/faulty_vfs.h"
#include "lib/scratch.h"

static const struct deadline none = {0};
static const struct slice demo = SLICE("demo");

static struct store *open_as(const struct scratch *dir, uint64_t incarnation)
{
    char where[300], sentence[512];
    struct store *s = NULL;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, "luot.db"));
    cr_assert_eq(store_open(&s, where, "node", incarnation, sentence), 0, "%s", sentence);
    cr_expect_str_empty(sentence);
    return s;
}

static struct change day_of(int64_t day, uint64_t views)
{
    return (struct change){.kind = CHANGE_DAY,
                           .site = demo,
                           .number = day,
                           .views = views,
                           .visits = views / 2,
                           .visitors = views / 4,
                           .exact = true};
}

struct rows {
    struct history_row row[64];
    int n;
};

static int keep_row(void *context, const struct history_row *row)
{
    struct rows *rows = context;

    cr_assert_lt(rows->n, 64);
    rows->row[rows->n++] = *row;
    return 0;
}

static struct rows history(struct store *s, enum change_kind kind, unsigned parts)
{
    struct rows rows = {.n = 0};

    cr_assert_eq(
        s->ops->history(s, demo, kind, parts, INT64_MIN, INT64_MAX, keep_row, &rows), 0);
    return rows;
}

static void save_one(struct store *s, struct change c)
{
    cr_assert_eq(s->ops->save(s, &c, 1, none), 0);
}

/* --- Saving --- */

Test(store, keeps_the_greater_of_what_it_has_and_what_it_is_given)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct rows rows;

    save_one(s, day_of(20000, 100));
    save_one(s, day_of(20000, 100)); /* arrives twice */
    save_one(s, day_of(20000, 60));  /* arrives late  */
    rows = history(s, CHANGE_DAY, HISTORY_ALL);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].number, 20000);
    cr_expect_eq(rows.row[0].views, 100);
    cr_expect_eq(rows.row[0].visits, 50);
    cr_expect_eq(rows.row[0].visitors, 25);
    cr_expect(rows.row[0].exact);
    cr_expect(rows.row[0].deduplicated);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, keeps_how_many_visits_of_a_day_had_a_second_view)
{
    struct scratch dir = scratch_new();
    struct store *one = open_as(&dir, 1), *two = open_as(&dir, 2);
    struct change c = day_of(20000, 0);
    struct rows rows;

    c.kind = CHANGE_ENGAGED;
    c.views = 3;
    c.visits = 7;
    save_one(one, c);
    c.views = 2; /* arrives late */
    save_one(one, c);
    c.visits = 5;
    save_one(two, c);
    save_one(two, day_of(20001, 8));
    rows = history(two, CHANGE_ENGAGED, HISTORY_ALL);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].number, 20000);
    cr_expect_eq(rows.row[0].views, 5);
    cr_expect_eq(rows.row[0].visits, 12);
    rows = history(two, CHANGE_ENGAGED, HISTORY_LIVE_OTHER);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].views, 3);
    rows = history(two, CHANGE_ENGAGED, HISTORY_LIVE_OWN);
    cr_expect_eq(rows.row[0].visits, 5);
    cr_expect_eq(history(two, CHANGE_ENGAGED, HISTORY_IMPORTED | HISTORY_ADJUSTED).n, 0);
    cr_expect_eq(history(two, CHANGE_DAY, HISTORY_ALL).n, 1);
    one->ops->close(one);
    two->ops->close(two);
    scratch_free(&dir);
}

Test(store, adds_up_incarnations_and_says_that_visitors_are_a_sum)
{
    struct scratch dir = scratch_new();
    struct store *one = open_as(&dir, 1), *two = open_as(&dir, 2);
    struct rows rows;
    struct change sketched = day_of(20000, 40);

    sketched.exact = false;
    save_one(one, day_of(20000, 100));
    save_one(two, sketched);
    save_one(two, day_of(20001, 8));
    rows = history(two, CHANGE_DAY, HISTORY_ALL);
    cr_assert_eq(rows.n, 2);
    cr_expect_eq(rows.row[0].views, 140);
    cr_expect_not(rows.row[0].exact);
    cr_expect_not(rows.row[0].deduplicated);
    cr_expect_eq(rows.row[1].views, 8);
    cr_expect(rows.row[1].deduplicated);
    rows = history(two, CHANGE_DAY, HISTORY_LIVE_OTHER);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].views, 100);
    rows = history(two, CHANGE_DAY, HISTORY_LIVE_OWN);
    cr_assert_eq(rows.n, 2);
    cr_expect_eq(rows.row[0].views, 40);
    one->ops->close(one);
    two->ops->close(two);
    scratch_free(&dir);
}

Test(store, keeps_every_kind_of_row)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 7);
    const struct change changes[] = {
        {.kind = CHANGE_SITE,
         .site = demo,
         .number = 50,
         .views = 60,
         .visits = 70,
         .blob = SLICE("demo.example")},
        {.kind = CHANGE_TOTAL, .site = demo, .views = 9, .visits = 8},
        {.kind = CHANGE_QUARTER,
         .site = demo,
         .number = 1900000,
         .views = 5,
         .visits = 4},
        {.kind = CHANGE_WEEK, .site = demo, .number = 2800, .visitors = 3, .exact = true},
        {.kind = CHANGE_MONTH, .site = demo, .number = 660, .visitors = 6, .exact = true},
        {.kind = CHANGE_MONTH, .site = demo, .number = 661, .visitors = 2, .exact = true},
        {.kind = CHANGE_SKETCH, .site = demo, .number = 20000, .blob = SLICE("HYLL")},
        {.kind = CHANGE_ALIVE, .number = 1700000000},
    };
    struct history_row total;
    struct rows rows;
    int64_t created, first, alive;

    cr_expect_eq(s->ops->last_alive(s, &alive), ERR_NOT_FOUND);
    cr_expect_eq(s->ops->site_first(s, demo, &created, &first), ERR_NOT_FOUND);
    cr_assert_eq(s->ops->save(s, changes, sizeof changes / sizeof changes[0], none), 0);
    rows = history(s, CHANGE_QUARTER, HISTORY_LIVE_OWN);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].visits, 4);
    rows = history(s, CHANGE_WEEK, HISTORY_ALL);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].visitors, 3);
    cr_expect_eq(history(s, CHANGE_MONTH, HISTORY_ALL).n, 2);
    cr_assert_eq(s->ops->total(s, demo, HISTORY_LIVE_OWN, INT64_MIN, &total), 0);
    cr_expect_eq(total.views, 9);
    cr_expect_eq(total.visits, 8);
    cr_expect_eq(total.visitors, 8, "visitors of the total are those of the months");
    cr_expect_not(total.deduplicated);
    cr_assert_eq(s->ops->last_alive(s, &alive), 0);
    cr_expect_eq(alive, 1700000000);
    cr_assert_eq(s->ops->site_first(s, demo, &created, &first), 0);
    cr_expect_eq(created, 50);
    cr_expect_eq(first, 60);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, remembers_the_first_time_of_a_site_over_incarnations)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct change c = {.kind = CHANGE_SITE, .site = demo, .number = 500};
    int64_t created, first;

    save_one(s, c);
    c = (struct change){.kind = CHANGE_SITE, .site = demo, .number = 900, .views = 950};
    save_one(s, c);
    c.views = 990;
    save_one(s, c);
    cr_assert_eq(s->ops->site_first(s, demo, &created, &first), 0);
    cr_expect_eq(created, 500);
    cr_expect_eq(first, 950);
    s->ops->close(s);
    scratch_free(&dir);
}

static int64_t sql_number(const struct scratch *dir, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    int64_t n;

    cr_assert_eq(sqlite3_open(scratch_path(dir, "luot.db"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

Test(store, forgets_quarter_hours_after_35_days_and_keeps_days)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct change c = {
        .kind = CHANGE_QUARTER, .site = demo, .number = 1900000, .views = 1};
    struct change alive = {.kind = CHANGE_ALIVE};

    save_one(s, c);
    save_one(s, day_of(100, 4));
    c.number = 1900000 + 36 * 96 - 1;
    save_one(s, c);
    for (int i = 0; i < 40; i++) { /* more sites than one save sweeps */
        char key[16];
        snprintf(key, sizeof key, "site-%d", i);
        c.site = slice_of(key);
        c.number = 1900000;
        save_one(s, c);
    }
    for (int day = 0; day <= 36; day++) {
        cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM quarter"), 42);
        for (int i = 0; i < 4; i++) {
            alive.number = (1900000 + day * 96) * 900;
            save_one(s, alive);
        }
    }
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM quarter"), 1);
    cr_expect_eq(history(s, CHANGE_QUARTER, HISTORY_ALL).n, 1);
    cr_expect_eq(history(s, CHANGE_DAY, HISTORY_ALL).n, 1);
    s->ops->close(s);
    scratch_free(&dir);
}

/* A machine that is on for a day a week: 35 of its days are most of a year. */
Test(store, forgets_quarter_hours_of_a_luotd_that_seldom_runs_too)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct change c = {.kind = CHANGE_QUARTER, .site = demo, .views = 1};
    struct change alive = {.kind = CHANGE_ALIVE};

    for (int week = 0; week < 60; week++) {
        c.number = 1900000 + week * 7 * 96;
        save_one(s, c);
        alive.number = c.number * 900;
        save_one(s, alive);
        save_one(s, alive);
    }
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM quarter"), 36);
    cr_expect_eq(sql_number(&dir, "SELECT max(quarter) FROM quarter"), c.number);
    for (int day = 1; day <= 70; day++) {
        alive.number = (c.number + day * 96) * 900;
        save_one(s, alive);
    }
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM quarter"), 0);
    cr_expect_leq(sql_number(&dir, "SELECT count(*) FROM growth"), 63);
    s->ops->close(s);
    scratch_free(&dir);
}

/* The days in between nobody lived through: what is of now is not old. */
Test(store, keeps_the_quarter_hours_of_now_when_a_clock_is_ahead_for_a_while)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct change c = {.kind = CHANGE_QUARTER, .site = demo, .views = 1};
    struct change alive = {.kind = CHANGE_ALIVE};

    for (int day = 0; day <= 40; day++) {
        c.number = 1900000 + day * 96;
        save_one(s, c);
        alive.number = c.number * 900;
        save_one(s, alive);
    }
    cr_expect_eq(sql_number(&dir, "SELECT min(quarter) FROM quarter"),
                 1900000 / 96 * 96 + 5 * 96 + 1900000 % 96);
    for (int ahead = 1; ahead <= 3; ahead++) { /* a month and more, a year, ten */
        alive.number = (c.number + (ahead == 1   ? 37
                                    : ahead == 2 ? 365
                                                 : 3650) *
                                       96) *
                       900;
        for (int i = 0; i < 3; i++)
            save_one(s, alive);
    }
    cr_expect_geq(sql_number(&dir, "SELECT count(*) FROM quarter"), 33);
    cr_expect_eq(sql_number(&dir, "SELECT max(quarter) FROM quarter"), c.number);
    alive.number = (c.number + 1) * 900; /* set right */
    save_one(s, alive);
    cr_expect_geq(sql_number(&dir, "SELECT count(*) FROM quarter"), 33);
    s->ops->close(s);
    scratch_free(&dir);
}

/* Nor is any of what stays longer: its sketches, and its tops by day. */
Test(store, keeps_the_sketches_and_tops_of_now_when_a_clock_is_ahead_for_a_while)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    const struct top_row row = {SLICE("/a"), 3, 1, 0};
    struct change sketch = {.kind = CHANGE_SKETCH, .site = demo, .blob = SLICE("HYLL")};
    struct change tops = {.kind = CHANGE_TOPS,
                          .site = demo,
                          .visits = DIM_PAGES,
                          .blob = {(const char *)&row, sizeof row}};
    struct change alive = {.kind = CHANGE_ALIVE};
    int64_t today = 19800;

    for (; today <= 19870; today++) {
        sketch.number = tops.number = today;
        save_one(s, sketch);
        save_one(s, tops);
        alive.number = today * 86400;
        save_one(s, alive);
    }
    today--;
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM sketch"), 63);
    for (int years = 1; years <= 9; years += 4) {
        alive.number = (today + years * 365) * 86400;
        for (int i = 0; i < 3; i++)
            save_one(s, alive);
    }
    alive.number = today * 86400 + 1; /* set right */
    save_one(s, alive);
    cr_expect_geq(sql_number(&dir, "SELECT count(*) FROM sketch"), 60);
    cr_expect_eq(sql_number(&dir, "SELECT max(day) FROM sketch"), today);
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM top"), 71);
    cr_expect_eq(sql_number(&dir, "SELECT count(*) FROM top_month"), 0);
    s->ops->close(s);
    scratch_free(&dir);
}

static int take_site(void *context, struct slice key, struct slice host)
{
    cr_expect(slice_equal(key, demo));
    cr_expect(slice_equal(host, SLICE("a.example")));
    ++*(int *)context;
    return 0;
}

Test(store, is_a_database_that_anyone_can_query)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    const struct change c = {
        .kind = CHANGE_SITE, .site = demo, .number = 1, .blob = SLICE("a.example")};
    int sites = 0;
    struct stat st;

    save_one(s, day_of(20000, 100));
    save_one(s, c);
    cr_expect_eq(s->ops->sites(s, take_site, &sites), 0);
    cr_expect_eq(sites, 1);
    cr_expect_eq(sql_number(&dir, "SELECT views FROM days WHERE site = 'demo' AND day = "
                                  "'2024-10-04'"),
                 100);
    cr_expect_eq(sql_number(&dir, "PRAGMA application_id"), 0x6c756f74);
    cr_expect_eq(sql_number(&dir, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"),
                 1);
    cr_assert_eq(stat(scratch_path(&dir, "luot.db"), &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0640);
    s->ops->close(s);
    scratch_free(&dir);
}

/* --- Seeds, adjustments, imports, gaps --- */

static int count_audit(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    static const char *const starts[] = {
        "seed metric=visits total=50510 today=2 as_of=10",
        "adjust metric=visits day=20000 by=-3 note=typo",
        "import source=00000000000000ab bytes=900"};
    int *n = context;

    cr_assert_lt(*n, 3);
    cr_expect_eq(strncmp(what, starts[*n], strlen(starts[*n])), 0, "%s", what);
    cr_expect_eq(at_s, 11 + *n);
    cr_expect_eq(uid, 1000U + (unsigned)*n);
    ++*n;
    return 0;
}

static int keep_line(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    char *line = context;

    snprintf(line + strlen(line), 128 - strlen(line), "%lld %u %s|", (long long)at_s, uid,
             what);
    return 0;
}

Test(store, keeps_what_was_done_to_luotd_apart_from_its_sites)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct adjust_row adjust = {.at_s = 12, .uid = 7, .metric = 1, .day = 20000, .by = 1};
    char line[128] = "";

    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust), 0);
    cr_assert_eq(s->ops->audit_add(s, 13, 1000, "reload node=a"), 0);
    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust), 0);
    cr_assert_eq(s->ops->audit_add(s, 14, 0, "loglevel old=info new=debug"), 0);
    cr_assert_eq(s->ops->audit(s, SLICE(""), keep_line, line), 0);
    cr_expect_str_eq(line, "13 1000 reload node=a|14 0 loglevel old=info new=debug|");
    line[0] = '\0';
    cr_assert_eq(s->ops->audit(s, demo, keep_line, line), 0);
    cr_expect_null(strstr(line, "reload"));
    cr_expect_null(strstr(line, "loglevel"));
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, keeps_what_people_said_with_its_audit_trail)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct seed_row seed = {.at_s = 11,
                            .uid = 1000,
                            .metric = 1,
                            .as_of_s = 10,
                            .total = 50510,
                            .today = 2,
                            .has_today = true,
                            .offset_total = 7,
                            .offset_today = 1};
    struct adjust_row adjust = {
        .at_s = 12, .uid = 1001, .metric = 1, .day = 20000, .by = -3, .note = "typo"};
    struct import_source source = {
        .first_line = 0xab, .bytes = 900, .lines = 9, .name = "access.log"};
    struct seed_row got;
    struct history_row total;
    int n = 0;

    cr_expect_eq(s->ops->seed_get(s, demo, 1, &got), ERR_NOT_FOUND);
    cr_assert_eq(s->ops->seed_set(s, demo, &seed), 0);
    cr_assert_eq(s->ops->adjust_add(s, demo, &adjust), 0);
    cr_assert_eq(s->ops->import(s, demo, &source, 1002, 13, NULL, 0), 0);
    cr_assert_eq(s->ops->seed_get(s, demo, 1, &got), 0);
    cr_expect_eq(got.total, 50510);
    cr_expect(got.has_today);
    cr_expect_not(got.has_week);
    cr_expect_eq(got.offset_total, 7);
    cr_expect_eq(s->ops->audit(s, demo, count_audit, &n), 0);
    cr_expect_eq(n, 3);
    cr_assert_eq(s->ops->total(s, demo, HISTORY_ADJUSTED, INT64_MIN, &total), 0);
    cr_expect_eq((int64_t)total.visits, -3);
    /* A seed sets: adjustments that were made before are in it. */
    cr_assert_eq(s->ops->seed_set(s, demo, &seed), 0);
    cr_assert_eq(s->ops->total(s, demo, HISTORY_ADJUSTED, INT64_MIN, &total), 0);
    cr_expect_eq(total.visits, 0);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, adds_what_an_import_brings_to_what_its_source_brought_before)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct import_source source = {.first_line = 1, .bytes = 100, .views = 5}, got;
    struct change rows[] = {
        {.kind = CHANGE_DAY, .number = 20000, .views = 5, .visits = 3, .visitors = 2},
        {.kind = CHANGE_HOUR, .number = 480000, .views = 5, .visits = 3, .visitors = 2},
        {.kind = CHANGE_WEEK, .number = 2857, .visits = 3, .visitors = 2},
        {.kind = CHANGE_MONTH, .number = 657, .visits = 3, .visitors = 2},
    };
    struct rows hours = {.n = 0}, days;
    struct history_row total;

    cr_assert_eq(s->ops->import(s, demo, &source, 0, 1, rows, 4), 0);
    for (int i = 0; i < 4; i++) { /* later pieces may move a visit */
        rows[i].visits = (uint64_t)-1;
        rows[i].visitors = 1;
    }
    source.bytes = 150;
    source.views = 10;
    cr_assert_eq(s->ops->import(s, demo, &source, 0, 2, rows, 4), 0);
    cr_assert_eq(s->ops->source_get(s, demo, 1, &got), 0);
    cr_expect_eq(got.bytes, 150);
    cr_expect_eq(s->ops->source_get(s, demo, 2, &got), ERR_NOT_FOUND);
    days = history(s, CHANGE_DAY, HISTORY_IMPORTED);
    cr_assert_eq(days.n, 1);
    cr_expect_eq(days.row[0].views, 10);
    cr_expect_eq(days.row[0].visits, 2);
    cr_expect_eq(days.row[0].visitors, 3);
    cr_assert_eq(s->ops->imported_hours(s, demo, 0, INT64_MAX, keep_row, &hours), 0);
    cr_assert_eq(hours.n, 1);
    cr_expect_eq(hours.row[0].number, 480000);
    cr_expect_eq(hours.row[0].views, 10);
    cr_assert_eq(s->ops->total(s, demo, HISTORY_IMPORTED, INT64_MIN, &total), 0);
    cr_expect_eq(total.views, 10);
    cr_assert_eq(s->ops->total(s, demo, HISTORY_IMPORTED, 20001, &total), 0);
    cr_expect_eq(total.views, 0);
    s->ops->close(s);
    scratch_free(&dir);
}

static int keep_gap(void *context, int64_t from_s, int64_t to_s)
{
    cr_expect_eq(from_s, 100);
    cr_expect_eq(to_s, 220);
    ++*(int *)context;
    return 0;
}

Test(store, knows_when_nobody_counted)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    int n = 0;

    cr_assert_eq(s->ops->gap_add(s, 100, 200), 0);
    cr_assert_eq(s->ops->gap_add(s, 100, 220), 0);
    cr_expect_eq(s->ops->gaps(s, 219, 300, keep_gap, &n), 0);
    cr_expect_eq(s->ops->gaps(s, 220, 300, keep_gap, &n), 0);
    cr_expect_eq(s->ops->gaps(s, 0, 100, keep_gap, &n), 0);
    cr_expect_eq(n, 1);
    s->ops->close(s);
    scratch_free(&dir);
}

/* --- Faults --- */

static void read_back(const struct scratch *dir, uint64_t views, uint64_t or_views)
{
    struct store *s = open_as(dir, 1);
    struct rows days = history(s, CHANGE_DAY, HISTORY_ALL);
    struct rows quarters = history(s, CHANGE_QUARTER, HISTORY_ALL);

    cr_assert_eq(days.n, 1);
    cr_assert_eq(quarters.n, 1);
    cr_expect(days.row[0].views == views || days.row[0].views == or_views, "%llu",
              (unsigned long long)days.row[0].views);
    cr_expect_eq(days.row[0].views, quarters.row[0].views, "half of a save is in");
    s->ops->close(s);
}

static void fail_each_call(int result, bool stays, int expected)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    uint64_t views = 100;
    bool failed = true;

    for (unsigned n = 1; failed; n++) {
        struct change changes[] = {day_of(20000, views), day_of(20000, views)};
        int rv;

        changes[1].kind = CHANGE_QUARTER;
        faulty_vfs_fail(n, result, stays);
        rv = s->ops->save(s, changes, 2, none);
        failed = faulty_vfs_failed();
        faulty_vfs_fail(0, 0, false);
        cr_assert(failed || rv == 0);
        cr_expect(rv == 0 || rv == expected || rv == ERR_IO, "call %u: %s", n,
                  error_text(rv));
        if (n > 1)
            read_back(&dir, views, views - 1);
        cr_assert_eq(s->ops->save(s, changes, 2, none), 0, "the store stays usable");
        read_back(&dir, views, views);
        views++;
        if (n % 3 == 0) { /* so that checkpoints fail too */
            s->ops->close(s);
            s = open_as(&dir, 1);
        }
        cr_assert_lt(n, 500);
    }
    cr_expect_gt(views, 102);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, saves_all_or_nothing_when_the_disk_is_full)
{
    faulty_vfs_register();
    fail_each_call(SQLITE_FULL, false, ERR_NOSPACE);
    fail_each_call(SQLITE_FULL, true, ERR_NOSPACE);
}

Test(store, saves_all_or_nothing_when_a_write_or_a_sync_fails)
{
    faulty_vfs_register();
    fail_each_call(SQLITE_IOERR_WRITE, false, ERR_IO);
    fail_each_call(SQLITE_IOERR_FSYNC, true, ERR_IO);
}

Test(store, opens_or_says_why_when_any_call_of_making_it_fails)
{
    bool failed = true;

    faulty_vfs_register();
    for (unsigned n = 1; failed; n++) {
        struct scratch dir = scratch_new();
        char where[300], sentence[512];
        struct store *s = NULL;
        int rv;

        snprintf(where, sizeof where, "sqlite:%s", scratch_path(&dir, "luot.db"));
        faulty_vfs_fail(n, SQLITE_FULL, false);
        rv = store_open(&s, where, "node", 1, sentence);
        failed = faulty_vfs_failed();
        faulty_vfs_fail(0, 0, false);
        cr_expect(rv == 0 || sentence[0] != '\0');
        if (rv == 0)
            s->ops->close(s);
        s = open_as(&dir, 1);
        save_one(s, day_of(20000, 1));
        s->ops->close(s);
        cr_expect_eq(scratch_count(&dir, "luot.db.bad"), 0);
        scratch_free(&dir);
        cr_assert_lt(n, 500);
    }
}

Test(store, gives_up_at_the_deadline_while_another_holds_the_database)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    const struct change c = day_of(20000, 1);
    sqlite3 *db;

    cr_assert_eq(sqlite3_open(scratch_path(&dir, "luot.db"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(s->ops->save(s, &c, 1, deadline_in(30)), ERR_TIMEOUT);
    cr_assert_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(s->ops->save(s, &c, 1, deadline_in(5000)), 0);
    sqlite3_close(db);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, gives_up_when_it_is_hurried_however_patient_it_was)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    const struct change c = day_of(20000, 1);
    struct deadline patience = deadline_in(60000);
    sqlite3 *db;

    cr_assert_eq(sqlite3_open(scratch_path(&dir, "luot.db"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    s->ops->hurry(s, deadline_in(20));
    cr_expect_eq(s->ops->save(s, &c, 1, patience), ERR_TIMEOUT);
    cr_expect_lt(deadline_in(0).at_ms, patience.at_ms, "it was not waited for");
    sqlite3_close(db);
    s->ops->close(s);
    scratch_free(&dir);
}

/* --- What is found at the path --- */

static int open_at(const struct scratch *dir, const char *name, char sentence[512])
{
    char where[300];
    struct store *s = NULL;
    int rv;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, name));
    rv = store_open(&s, where, "node", 1, sentence);
    if (rv == 0)
        s->ops->close(s);
    return rv;
}

static void write_file(const char *path, const void *at, size_t n)
{
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    cr_assert_eq(fwrite(at, 1, n, f), n);
    fclose(f);
}

Test(store, leaves_what_is_not_its_own_alone)
{
    struct scratch dir = scratch_new();
    char sentence[512];
    sqlite3 *db;

    write_file(scratch_path(&dir, "letter"), "Dear all,\n", 10);
    cr_expect_eq(open_at(&dir, "letter", sentence), ERR_FOREIGN);
    cr_expect_not(strstr(sentence, "letter") == NULL, "%s", sentence);
    cr_assert_eq(sqlite3_open(scratch_path(&dir, "music.db"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "CREATE TABLE song(title)", NULL, NULL, NULL),
                 SQLITE_OK);
    sqlite3_close(db);
    cr_expect_eq(open_at(&dir, "music.db", sentence), ERR_FOREIGN);
    cr_expect_eq(scratch_count(&dir, "music.db"), 1);
    scratch_free(&dir);
}

Test(store, waits_for_nobody_where_a_fifo_or_a_directory_is)
{
    struct scratch dir = scratch_new();
    char sentence[512];

    cr_assert_eq(mkfifo(scratch_path(&dir, "fifo"), 0600), 0);
    cr_expect_eq(open_at(&dir, "fifo", sentence), ERR_FOREIGN);
    cr_assert_eq(mkdir(scratch_path(&dir, "folder"), 0700), 0);
    cr_expect_eq(open_at(&dir, "folder", sentence), ERR_FOREIGN);
    cr_expect_str_not_empty(sentence);
    scratch_free(&dir);
}

Test(store, is_not_durable_in_a_file_that_was_moved)
{
    struct scratch dir = scratch_new();
    struct store *s = open_as(&dir, 1);
    struct change c = day_of(20000, 4);
    char from[300], to[300];

    snprintf(from, sizeof from, "%s", scratch_path(&dir, "luot.db"));
    snprintf(to, sizeof to, "%s", scratch_path(&dir, "away"));
    save_one(s, day_of(20000, 3));
    cr_assert_eq(rename(from, to), 0);
    cr_expect_eq(s->ops->save(s, &c, 1, none), ERR_MOVED);
    cr_assert_eq(rename(to, from), 0);
    cr_expect_eq(s->ops->save(s, &c, 1, none), 0);
    cr_expect_eq(history(s, CHANGE_DAY, HISTORY_LIVE_OWN).row[0].views, 4);
    s->ops->close(s);
    scratch_free(&dir);
}

Test(store, refuses_a_newer_luotds)
{
    struct scratch dir = scratch_new();
    char sentence[512];
    struct store *s = open_as(&dir, 1);
    sqlite3 *db;

    s->ops->close(s);
    cr_assert_eq(sqlite3_open(scratch_path(&dir, "luot.db"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 9; UPDATE luot SET version = 9",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    sqlite3_close(db);
    cr_expect_eq(open_at(&dir, "luot.db", sentence), ERR_VERSION);
    cr_expect_eq(scratch_count(&dir, "luot.db.bad"), 0);
    scratch_free(&dir);
}

Test(store, makes_the_directories_it_needs)
{
    struct scratch dir = scratch_new();
    char sentence[512];
    struct stat st;

    cr_expect_eq(open_at(&dir, "a/b/luot.db", sentence), 0, "%s", sentence);
    cr_assert_eq(stat(scratch_path(&dir, "a/b"), &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0750 & ~umask(022));
    scratch_free(&dir);
}

Test(store, knows_no_other_kind_of_store)
{
    char sentence[512];
    struct store *s = NULL;

    cr_expect_eq(store_open(&s, "mysql:host", "node", 1, sentence), ERR_MALFORMED);
    cr_expect_str_not_empty(sentence);
    cr_expect_null(s);
}

/* A small database as bytes. */
static size_t whole_file(const struct scratch *dir, char *bytes, size_t size)
{
    struct store *s = open_as(dir, 1);
    FILE *f;
    size_t n;

    for (int64_t day = 20000; day < 20040; day++)
        save_one(s, day_of(day, (uint64_t)day));
    s->ops->close(s);
    f = fopen(scratch_path(dir, "luot.db"), "r");
    cr_assert_not_null(f);
    n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

/* Whatever is in the file: it opens with the right rows, or it is kept aside by name (or,
 * when nothing says that it is ours, left alone). */
static void expect_right_or_aside(const struct scratch *dir, const char *what, size_t at)
{
    char where[300], sentence[512];
    struct store *s = NULL;
    struct rows rows;
    int rv;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(dir, "luot.db"));
    rv = store_open(&s, where, "node", 1, sentence);
    if (rv != 0) {
        cr_expect_eq(rv, ERR_FOREIGN, "%s %zu: %s", what, at, sentence);
        return;
    }
    rows = history(s, CHANGE_DAY, HISTORY_ALL);
    if (scratch_count(dir, "luot.db.bad-") > 0) {
        cr_expect_eq(rows.n, 0);
        cr_expect_str_not_empty(sentence);
    } else {
        cr_expect_eq(rows.n, 40, "%s %zu: silently lost %d rows", what, at, 40 - rows.n);
        for (int i = 0; i < rows.n; i++)
            cr_expect_eq(rows.row[i].views, (uint64_t)rows.row[i].number);
    }
    save_one(s, day_of(30000, 4));
    s->ops->close(s);
}

static void sweep_bytes(size_t from, size_t step, size_t until)
{
    static char bytes[1 << 19];
    struct scratch model = scratch_new();
    size_t n = whole_file(&model, bytes, sizeof bytes);

    for (size_t at = from; at < until && at < n; at += step) {
        struct scratch dir = scratch_new();
        char was = bytes[at];
        bytes[at] = (char)~was;
        write_file(scratch_path(&dir, "luot.db"), bytes, n);
        expect_right_or_aside(&dir, "byte", at);
        bytes[at] = was;
        scratch_free(&dir);
    }
    scratch_free(&model);
}

Test(store, survives_damage_of_any_byte_of_its_header)
{
    sweep_bytes(0, 1, 112);
}

Test(store, survives_damage_of_bytes_of_its_first_page)
{
    sweep_bytes(112, 13, 4096);
}

Test(store, survives_being_cut_anywhere)
{
    static char bytes[1 << 19];
    struct scratch model = scratch_new();
    size_t n = whole_file(&model, bytes, sizeof bytes);

    for (size_t length = 512; length < n; length += 512) {
        struct scratch dir = scratch_new();
        write_file(scratch_path(&dir, "luot.db"), bytes, length);
        expect_right_or_aside(&dir, "length", length);
        scratch_free(&dir);
    }
    scratch_free(&model);
}

Test(store, moves_the_log_of_a_damaged_database_along)
{
    struct scratch dir = scratch_new();
    char sentence[512];

    write_file(scratch_path(&dir, "luot.db"), "CREATE TABLE luot(version torn", 30);
    write_file(scratch_path(&dir, "luot.db-wal"), "frames", 6);
    cr_expect_eq(open_at(&dir, "luot.db", sentence), 0, "%s", sentence);
    cr_expect_not(strstr(sentence, ".bad-") == NULL, "%s", sentence);
    /* The database, its log, and what SQLite made to read it. */
    cr_expect_eq(scratch_count(&dir, "luot.db.bad-"), 3);
    cr_expect_eq(scratch_count(&dir, "luot.db-"), 0);
    scratch_free(&dir);
}

/* --- Opened again --- */

Test(store, that_is_opened_again_is_another_connection_of_the_same_run)
{
    struct scratch dir = scratch_new();
    struct store *first = open_as(&dir, 1), *again = NULL;
    char sentence[512];
    struct rows rows;

    save_one(first, day_of(20000, 4));
    cr_assert_eq(first->ops->again(first, &again, sentence), 0, "%s", sentence);
    cr_expect_str_empty(sentence);
    rows = history(again, CHANGE_DAY, HISTORY_LIVE_OWN);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].views, 4);
    save_one(again, day_of(20000, 9));
    rows = history(first, CHANGE_DAY, HISTORY_LIVE_OWN);
    cr_assert_eq(rows.n, 1);
    cr_expect_eq(rows.row[0].views, 9);
    first->ops->close(first);
    save_one(again, day_of(20001, 5));
    cr_expect_eq(history(again, CHANGE_DAY, HISTORY_LIVE_OWN).n, 2);
    again->ops->close(again);
    first = open_as(&dir, 1);
    cr_expect_eq(history(first, CHANGE_DAY, HISTORY_LIVE_OWN).n, 2);
    first->ops->close(first);
    scratch_free(&dir);
}

Test(store, whose_file_is_gone_is_not_opened_again)
{
    struct scratch dir = scratch_new();
    struct store *first = open_as(&dir, 1), *again = NULL;
    char sentence[512];

    cr_assert_eq(unlink(scratch_path(&dir, "luot.db")), 0);
    cr_expect_neq(first->ops->again(first, &again, sentence), 0);
    cr_expect_null(again);
    cr_expect_str_not_empty(sentence);
    first->ops->close(first);
    scratch_free(&dir);
}
