/* The tables of a database of ours. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/store_sqlite.h"

/* Numbers of days, quarters (900 s), weeks and months count from 1970; days, weeks and
 * months in the site's zone. A run is one life of the counters on one node. */
static const char schema[] =
    "CREATE TABLE luot(version INTEGER NOT NULL) STRICT;"
    "CREATE TABLE site(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " host TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL DEFAULT 0,"
    " first_live INTEGER NOT NULL DEFAULT 0, last_view INTEGER NOT NULL DEFAULT 0) "
    "STRICT;"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, node TEXT NOT NULL, incarnation TEXT NOT "
    "NULL, UNIQUE(node, incarnation)) STRICT;"
    "CREATE TABLE total(site INTEGER NOT NULL, run INTEGER NOT NULL,"
    " views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " PRIMARY KEY(site, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE day(site INTEGER NOT NULL, day INTEGER NOT NULL, run INTEGER NOT NULL,"
    " views INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " exact INTEGER NOT NULL, PRIMARY KEY(site, day, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE quarter(site INTEGER NOT NULL, quarter INTEGER NOT NULL,"
    " run INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " PRIMARY KEY(site, quarter, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE week(site INTEGER NOT NULL, week INTEGER NOT NULL, run INTEGER NOT "
    "NULL,"
    " visitors INTEGER NOT NULL, exact INTEGER NOT NULL,"
    " PRIMARY KEY(site, week, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE month(site INTEGER NOT NULL, month INTEGER NOT NULL,"
    " run INTEGER NOT NULL, visitors INTEGER NOT NULL, exact INTEGER NOT NULL,"
    " PRIMARY KEY(site, month, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sketch(site INTEGER NOT NULL, day INTEGER NOT NULL, run INTEGER NOT "
    "NULL,"
    " visitors BLOB NOT NULL, PRIMARY KEY(site, day, run)) STRICT;"
    "CREATE TABLE alive(run INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE gap(node TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,"
    " PRIMARY KEY(begins, node)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE seed(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " metric INTEGER NOT NULL, at INTEGER NOT NULL, uid INTEGER NOT NULL,"
    " as_of INTEGER NOT NULL, total INTEGER NOT NULL, today INTEGER, week INTEGER,"
    " month INTEGER, offset_total INTEGER NOT NULL, offset_today INTEGER NOT NULL,"
    " offset_week INTEGER NOT NULL, offset_month INTEGER NOT NULL, note TEXT NOT NULL,"
    " adjusted INTEGER NOT NULL) STRICT;"
    "CREATE INDEX seed_of_site ON seed(site, metric);"
    "CREATE TABLE adjust(id INTEGER PRIMARY KEY AUTOINCREMENT, site INTEGER NOT NULL,"
    " metric INTEGER NOT NULL, day INTEGER NOT NULL, change INTEGER NOT NULL,"
    " at INTEGER NOT NULL, uid INTEGER NOT NULL, note TEXT NOT NULL) STRICT;"
    "CREATE INDEX adjust_of_day ON adjust(site, day);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " at INTEGER NOT NULL, uid INTEGER NOT NULL, what TEXT NOT NULL) STRICT;"
    "CREATE INDEX audit_of_site ON audit(site);"
    "CREATE TABLE source(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " first_line TEXT NOT NULL, bytes INTEGER NOT NULL, lines INTEGER NOT NULL,"
    " parsed INTEGER NOT NULL, malformed INTEGER NOT NULL, views INTEGER NOT NULL,"
    " skipped INTEGER NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,"
    " name TEXT NOT NULL, UNIQUE(site, first_line)) STRICT;"
    "CREATE TABLE imported_day(site INTEGER NOT NULL, day INTEGER NOT NULL,"
    " source INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, PRIMARY KEY(site, day, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_hour(site INTEGER NOT NULL, hour INTEGER NOT NULL,"
    " source INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, PRIMARY KEY(site, hour, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_week(site INTEGER NOT NULL, week INTEGER NOT NULL,"
    " source INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " PRIMARY KEY(site, week, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_month(site INTEGER NOT NULL, month INTEGER NOT NULL,"
    " source INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " PRIMARY KEY(site, month, source)) STRICT, WITHOUT ROWID;"
    "CREATE VIEW days(site, day, views, visits, visitors) AS"
    " SELECT site.key, date(kept.day * 86400, 'unixepoch'), sum(kept.views),"
    " sum(kept.visits), sum(kept.visitors) FROM"
    " (SELECT site, day, views, visits, visitors FROM day"
    " UNION ALL SELECT site, day, views, visits, visitors FROM imported_day"
    " UNION ALL SELECT site, day, iif(metric = 0, change, 0), iif(metric = 1, change, 0),"
    " iif(metric = 2, change, 0) FROM adjust) AS kept JOIN site ON site.id = kept.site"
    " GROUP BY kept.site, kept.day ORDER BY site.key, kept.day;";

/* What came after the first databases: made when it is not there, and an older luotd does
 * without. `growth` is the database's size at each day's first save; `name` is what people
 * said of sites (count/site_names); `engaged` is how many of a day's visits by known
 * visitors had a second view. */
static const char later[] =
    "CREATE TABLE IF NOT EXISTS growth(day INTEGER PRIMARY KEY, bytes INTEGER NOT NULL) "
    "STRICT;"
    "CREATE TABLE IF NOT EXISTS name(kind TEXT NOT NULL, subject TEXT NOT NULL, object "
    "TEXT "
    "NOT NULL, host TEXT NOT NULL, at INTEGER NOT NULL, uid INTEGER NOT NULL, "
    "PRIMARY KEY(kind, subject)) STRICT;"
    "CREATE TABLE IF NOT EXISTS engaged(site INTEGER NOT NULL, day INTEGER NOT NULL, run "
    "INTEGER NOT NULL, visits INTEGER NOT NULL, engaged INTEGER NOT NULL, "
    "PRIMARY KEY(site, day, run)) STRICT, WITHOUT ROWID;"
    /* key '': what has no row, and `lacks` what any row may lack. */
    "CREATE TABLE IF NOT EXISTS top(site INTEGER NOT NULL, day INTEGER NOT NULL,"
    " of TEXT NOT NULL, run INTEGER NOT NULL, key TEXT NOT NULL, views INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, lacks INTEGER NOT NULL,"
    " PRIMARY KEY(site, day, of, run, key)) STRICT, WITHOUT ROWID;"
    /* Of months that are over for more than 25 months; day is the month's first. */
    "CREATE TABLE IF NOT EXISTS top_month(site INTEGER NOT NULL, day INTEGER NOT NULL,"
    " of TEXT NOT NULL, run INTEGER NOT NULL, key TEXT NOT NULL, views INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, lacks INTEGER NOT NULL,"
    " PRIMARY KEY(site, day, of, run, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS page(site INTEGER NOT NULL, page TEXT NOT NULL,"
    " run INTEGER NOT NULL, views INTEGER NOT NULL, PRIMARY KEY(site, page, run)) "
    "STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS page_seed(site INTEGER NOT NULL, page TEXT NOT NULL,"
    " views INTEGER NOT NULL, counted INTEGER NOT NULL, at INTEGER NOT NULL,"
    " uid INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY(site, page)) "
    "STRICT, WITHOUT ROWID;"
    "CREATE VIEW IF NOT EXISTS tops(site, day, of, key, views, visitors) AS"
    " SELECT site.key, date(kept.day * 86400, 'unixepoch'), kept.of,"
    " iif(kept.key = '', '(other)', kept.key), sum(kept.views), sum(kept.visitors) FROM"
    " (SELECT * FROM top UNION ALL SELECT * FROM top_month) AS kept"
    " JOIN site ON site.id = kept.site GROUP BY kept.site, kept.day, kept.of, kept.key;";

static const char first_table[] = "CREATE TABLE luot(version";

int sqlite_run_sql(sqlite3 *db, const char *sql)
{
    return sqlite_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

bool sqlite_tables_are_in(const void *bytes, size_t n)
{
    return memmem(bytes, n, first_table, sizeof first_table - 1) != NULL;
}

int sqlite_tables_make(sqlite3 *db)
{
    char finish[128];
    int rv = sqlite_run_sql(db, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;");

    snprintf(
        finish, sizeof finish,
        "INSERT INTO luot VALUES(%d); PRAGMA application_id = %d; PRAGMA user_version "
        "= %d; COMMIT;",
        STORE_VERSION, STORE_APPLICATION_ID, STORE_VERSION);
    if (rv == 0)
        rv = sqlite_run_sql(db, schema);
    if (rv == 0)
        rv = sqlite_run_sql(db, later);
    if (rv == 0)
        rv = sqlite_run_sql(db, finish);
    return rv;
}

int sqlite_tables_add(sqlite3 *db)
{
    return sqlite_run_sql(db, later);
}

int sqlite_tables_check(sqlite3 *db)
{
    static const char ask[] = "SELECT type, name, ifnull(sql, '') FROM sqlite_schema";
    static const char same[] = "SELECT count(*) FROM sqlite_schema WHERE type = ?1 AND "
                               "name = ?2 AND ifnull(sql, '') = ?3";
    sqlite3 *right = NULL;
    sqlite3_stmt *want = NULL, *have = NULL;
    int rv = sqlite_error(NULL, sqlite3_open(":memory:", &right)), result;

    if (rv == 0)
        rv = sqlite_run_sql(right, schema);
    if (rv == 0)
        rv = sqlite_error(right, sqlite3_prepare_v2(right, ask, -1, &want, NULL));
    if (rv == 0) {
        result = sqlite3_prepare_v2(db, same, -1, &have, NULL);
        rv = (result & 0xff) == SQLITE_ERROR ? ERR_CORRUPT : sqlite_error(db, result);
    }
    while (rv == 0 && sqlite3_step(want) == SQLITE_ROW) {
        for (int i = 0; i < 3; i++)
            sqlite3_bind_value(have, i + 1, sqlite3_column_value(want, i));
        result = sqlite3_step(have);
        if (result != SQLITE_ROW)
            rv = sqlite_error(db, result);
        else if (sqlite3_column_int(have, 0) != 1)
            rv = ERR_CORRUPT;
        sqlite3_reset(have);
    }
    sqlite3_finalize(want);
    sqlite3_finalize(have);
    sqlite3_close(right);
    return rv;
}

/* A damaged header that its tables set right again. */
int sqlite_tables_mend(sqlite3 *db, int64_t application, int64_t version, int64_t tables)
{
    char sql[128];

    if (application == STORE_APPLICATION_ID && version == STORE_VERSION &&
        tables == STORE_VERSION)
        return 0;
    snprintf(sql, sizeof sql,
             "PRAGMA application_id = %d; PRAGMA user_version = %d; UPDATE luot SET "
             "version = %d;",
             STORE_APPLICATION_ID, STORE_VERSION, STORE_VERSION);
    return sqlite_run_sql(db, sql);
}
