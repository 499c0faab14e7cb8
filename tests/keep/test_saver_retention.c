/* How long what is saved stays, and how much it is: a year of quiet sites, in the database
 * that they fill, with the clock of the test. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

#include "keep/saver.h"
#include "lib/province.h"
#include "lib/repeat.h"

enum {
    DAY_S = 86400,
    HOUR_S = 3600,
    QUARTER_S = 900,
    SITES = 4,
    YEAR = 365, /* days */
    VISITORS = 300,
    YEAR_BYTES = 2000000,
    SECOND_YEAR_BYTES = 100000 /* days, weeks and months: nothing else may be more */
};

/* 2024-03-04 00:00 UTC, a Monday. */
static const int64_t monday = 19786 * (int64_t)DAY_S;
static const struct deadline none = {0};
static const char config[] = "[site a]\ntimezone = UTC\n[site b]\ntimezone = UTC\n"
                             "[site c]\ntimezone = UTC\n[site d]\ntimezone = UTC\n";

static int64_t ask(const struct province *p, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t n;

    cr_assert_eq(sqlite3_open_v2(scratch_path(&p->dir, "luot.db"), &db,
                                 SQLITE_OPEN_READONLY, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK, "%s", sql);
    cr_assert_eq(sqlite3_step(st), SQLITE_ROW, "%s", sql);
    n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static int64_t bytes_a_site(const struct province *p, int64_t empty)
{
    return (ask(p, "SELECT page_count * page_size FROM pragma_page_count, "
                   "pragma_page_size") -
            empty) /
           SITES;
}

/* A view of somebody in each quarter-hour of each site: as many rows as a site can have.
 * The keeper ticks with each view; it may be late. */
static void live(struct province *p, struct saver *s, uint64_t *random, int days)
{
    static const char *const keys[SITES] = {"a", "b", "c", "d"};

    for (int quarter = 0; quarter < days * (DAY_S / QUARTER_S); quarter++) {
        for (int i = 0; i < SITES; i++)
            province_view(p, keys[i], 1 + (uint32_t)random_below(random, VISITORS));
        if (quarter % 4 == 3) /* each hour, and a day's last quarter */
            cr_assert_eq(saver_round(s, p->now, true, none), 0);
        p->now.ms += QUARTER_S * 1000;
    }
}

struct year {
    int64_t quarters, sketches, days, weeks, months, first_quarter, first_sketch, bytes;
};

/* What is kept of a site, on average. */
static struct year look(const struct province *p, int64_t empty)
{
    return (struct year){.quarters = ask(p, "SELECT count(*) FROM quarter") / SITES,
                         .sketches = ask(p, "SELECT count(*) FROM sketch") / SITES,
                         .days = ask(p, "SELECT count(*) FROM day") / SITES,
                         .weeks = ask(p, "SELECT count(*) FROM week") / SITES,
                         .months = ask(p, "SELECT count(*) FROM month") / SITES,
                         .first_quarter = ask(p, "SELECT min(quarter) FROM quarter"),
                         .first_sketch = ask(p, "SELECT min(day) FROM sketch"),
                         .bytes = bytes_a_site(p, empty)};
}

Test(saver_retention, a_quiet_sites_year_is_small_and_what_is_old_makes_room,
     .timeout = 300)
{
    struct province p;
    struct saver *s;
    struct year first, second;
    struct saver_options options = {.period_ms = 0};
    uint64_t random = number_from("SEED", 1);
    int64_t empty, today;

    province_open(&p, config, (struct instant){monday * 1000});
    options.registry = p.registry;
    options.store = province_store(&p);
    cr_assert_eq(saver_new(&s, &options), 0);
    empty = bytes_a_site(&p, 0) * SITES;

    live(&p, s, &random, YEAR);
    first = look(&p, empty);
    today = instant_seconds(p.now) / DAY_S - 1;
    cr_expect_geq(first.first_quarter, (today - 35) * (DAY_S / QUARTER_S));
    cr_expect_geq(first.quarters, 35 * (DAY_S / QUARTER_S));
    cr_expect_geq(first.first_sketch, today - 62);
    cr_expect_geq(first.sketches, 62);
    cr_expect_eq(first.days, YEAR);
    cr_expect_eq(first.weeks, 53, "365 days from a Monday");
    cr_expect_eq(first.months, 13, "from March to March");
    cr_expect_eq(ask(&p, "SELECT sum(views) FROM day"), YEAR * SITES * 96);
    cr_expect_leq(first.bytes, YEAR_BYTES);

    live(&p, s, &random, YEAR);
    second = look(&p, empty);
    cr_expect_eq(second.quarters, first.quarters);
    cr_expect_eq(second.sketches, first.sketches);
    cr_expect_eq(second.days, 2 * YEAR);
    cr_expect_leq(second.bytes - first.bytes, SECOND_YEAR_BYTES);
    fprintf(stderr,
            "a quiet site: %lld bytes after a year, %lld more after another; an empty "
            "database %lld; per site %lld quarter-hours, %lld sketches of %lld bytes\n",
            (long long)first.bytes, (long long)(second.bytes - first.bytes),
            (long long)empty, (long long)second.quarters, (long long)second.sketches,
            (long long)ask(&p, "SELECT avg(length(visitors)) FROM sketch"));
    saver_free(s);
    province_close(&p);
}
