/* Tops of past logs. Each file is a run of its own, "imported" and the hash of its first
 * line, so that its rows are read, swept, dumped and copied as those of any run that is
 * over; but they grow by addition. A file may be of a month that is over for so long that
 * its days were summed up: then that sum becomes days again, and is made anew. */
#include <stdio.h>

#include "base/date.h"
#include "base/error.h"
#include "identify/dimension.h"
#include "store/store_sqlite.h"

#define NODE "imported"

enum { MONTHS_AT_ONCE = 4 /* a piece has few days */ };

static int find_run(struct sqlite_store *s, uint64_t first_line, int64_t *ret_run)
{
    static const enum statement steps[] = {STATEMENT_RUN_ID, STATEMENT_RUN_ADD};
    char hash[17];

    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)first_line);
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *st = sqlite_take(s, steps[i], 0);
        int rv;

        sqlite_bind_slice(st, 1, SLICE(NODE));
        sqlite_bind_slice(st, 2, slice_of(hash));
        rv = i == 0 ? sqlite_one(s, st) : sqlite_do(s, st);
        if (rv == 0) {
            *ret_run =
                i == 0 ? sqlite3_column_int64(st, 0) : sqlite3_last_insert_rowid(s->db);
            sqlite3_reset(st);
            return 0;
        }
        if (i == 1 || rv != ERR_NOT_FOUND)
            return rv;
    }
    return 0;
}

static int bring_back(struct sqlite_store *s, int64_t site, int64_t month, int64_t run)
{
    static const enum statement steps[] = {STATEMENT_TOPS_BACK, STATEMENT_TOPS_BACK_DROP};
    int rv = 0;

    for (int i = 0; i < 2 && rv == 0; i++) {
        sqlite3_stmt *st = sqlite_take(s, steps[i], site);

        sqlite3_bind_int64(st, 2, month);
        sqlite3_bind_int64(st, 4, run);
        rv = sqlite_do(s, st);
    }
    return rv;
}

static int add_rows(struct sqlite_store *s, int64_t site, int64_t run,
                    const struct change *c)
{
    const struct top_row *row = (const struct top_row *)(const void *)c->blob.at;
    size_t n = c->blob.length / sizeof *row;
    int rv = 0;

    for (size_t i = 0; i < n && rv == 0; i++) {
        sqlite3_stmt *st = sqlite_take(s, STATEMENT_TOPS_IMPORT, site);

        sqlite3_bind_int64(st, 2, c->number);
        sqlite_bind_slice(st, 3, slice_of(dimension_word((enum dimension)c->visits)));
        sqlite3_bind_int64(st, 4, run);
        sqlite_bind_slice(st, 5, row[i].key);
        sqlite3_bind_int64(st, 6, (int64_t)row[i].views);
        sqlite3_bind_int64(st, 7, (int64_t)row[i].visitors);
        sqlite3_bind_int64(st, 8, (int64_t)row[i].lacks);
        rv = sqlite_do(s, st);
    }
    return rv;
}

int sqlite_import_tops(struct sqlite_store *s, int64_t site, uint64_t first_line,
                       int64_t at_s, const struct change *tops, size_t n)
{
    int64_t today, before, run = 0, month = INT64_MIN;
    int rv = n == 0 ? 0 : find_run(s, first_line, &run);

    if (n == 0 || rv != 0 || (rv = sqlite_believed_day(s, at_s, &today)) != 0)
        return rv;
    before = today - STORE_TOPS_DAYS;
    for (size_t i = 0; i < n && rv == 0; i++) {
        int64_t first = month_first_day(month_of_day(tops[i].number));

        if (first != month && first < before)
            rv = bring_back(s, site, first, run);
        month = first;
        if (rv == 0)
            rv = add_rows(s, site, run, &tops[i]);
    }
    for (int i = 0; i < MONTHS_AT_ONCE && rv == 0; i++)
        rv = sqlite_sweep_tops(s, site, before);
    return rv;
}
