/* Questions about what was counted. A number may have several rows (runs, sources,
 * adjustments); they come next to each other and are added up here. */
#include "base/error.h"
#include "store/store_sqlite.h"

static const enum statement history_statement[] = {
    [CHANGE_DAY] = STATEMENT_HISTORY_DAY,   [CHANGE_QUARTER] = STATEMENT_HISTORY_QUARTER,
    [CHANGE_WEEK] = STATEMENT_HISTORY_WEEK, [CHANGE_MONTH] = STATEMENT_HISTORY_MONTH,
    [CHANGE_HOUR] = STATEMENT_HISTORY_HOUR, [CHANGE_ENGAGED] = STATEMENT_HISTORY_ENGAGED,
};

struct sum { /* of the rows of one number */
    struct history_row row;
    bool any, imported; /* imported rows are one part: their marks were joined */
    unsigned with_visitors;
};

static void sum_begin(struct sum *sum, int64_t number)
{
    *sum = (struct sum){.row = {.number = number, .exact = true, .deduplicated = true},
                        .any = true};
}

static void sum_add(struct sum *sum, sqlite3_stmt *st)
{
    unsigned part = (unsigned)sqlite3_column_int(st, 5);
    uint64_t visitors = (uint64_t)sqlite3_column_int64(st, 3);

    sum->row.views += (uint64_t)sqlite3_column_int64(st, 1);
    sum->row.visits += (uint64_t)sqlite3_column_int64(st, 2);
    sum->row.visitors += visitors;
    sum->row.exact = sum->row.exact && sqlite3_column_int(st, 4) != 0;
    if (part == HISTORY_ADJUSTED || visitors == 0)
        return;
    sum->with_visitors += part != HISTORY_IMPORTED || !sum->imported;
    sum->imported = sum->imported || part == HISTORY_IMPORTED;
    sum->row.deduplicated = sum->with_visitors <= 1;
}

static int walk(struct sqlite_store *s, sqlite3_stmt *st, history_row_fn *row,
                void *context)
{
    struct sum sum = {.any = false};
    int rv, said = 0;

    while (said == 0 && (rv = sqlite_one(s, st)) == 0) {
        int64_t number = sqlite3_column_int64(st, 0);
        if (sum.any && sum.row.number != number)
            said = row(context, &sum.row);
        if (!sum.any || sum.row.number != number)
            sum_begin(&sum, number);
        sum_add(&sum, st);
    }
    sqlite3_reset(st);
    if (said != 0)
        return said;
    if (rv != ERR_NOT_FOUND)
        return rv;
    return sum.any ? row(context, &sum.row) : 0;
}

/* The parts and our run; 0, or ERR_NOT_FOUND for a site that has nothing of them. */
static int ask(struct sqlite_store *s, struct slice site, enum statement which,
               unsigned parts, sqlite3_stmt **ret_st)
{
    int64_t id;
    int rv;

    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_run(s, false);
    if (rv == 0)
        rv = sqlite_site(s, site, false, &id);
    if (rv != 0)
        return rv;
    parts = sqlite_moment_parts(s, parts);
    if (parts == 0)
        return ERR_NOT_FOUND;
    *ret_st = sqlite_take(s, which, id);
    sqlite3_bind_int64(*ret_st, 4, s->run);
    sqlite3_bind_int(*ret_st, 5, (parts & HISTORY_LIVE_OTHER) != 0);
    sqlite3_bind_int(*ret_st, 6, (parts & HISTORY_LIVE_OWN) != 0);
    sqlite3_bind_int(*ret_st, 7, (parts & HISTORY_IMPORTED) != 0);
    sqlite3_bind_int(*ret_st, 8, (parts & HISTORY_ADJUSTED) != 0);
    return 0;
}

int sqlite_history(struct store *store, struct slice site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st;
    int rv = ask(s, site, history_statement[kind], parts, &st);

    if (rv != 0)
        return rv == ERR_NOT_FOUND ? 0 : rv;
    sqlite3_bind_int64(st, 2, from);
    sqlite3_bind_int64(st, 3, until);
    return walk(s, st, row, context);
}

int sqlite_imported_hours(struct store *store, struct slice site, int64_t from,
                          int64_t until, history_row_fn *row, void *context)
{
    return sqlite_history(store, site, CHANGE_HOUR, HISTORY_IMPORTED, from, until, row,
                          context);
}

static int total_of(struct sqlite_store *s, struct slice site, enum statement which,
                    unsigned parts, int64_t since_day, struct history_row *sum)
{
    sqlite3_stmt *st;
    int rv = ask(s, site, which, parts, &st);

    if (rv != 0)
        return rv == ERR_NOT_FOUND ? 0 : rv;
    if (which == STATEMENT_TOTAL_IMPORTED_SINCE)
        sqlite3_bind_int64(st, 2, since_day);
    while ((rv = sqlite_one(s, st)) == 0) {
        sum->views += (uint64_t)sqlite3_column_int64(st, 0);
        sum->visits += (uint64_t)sqlite3_column_int64(st, 1);
        sum->visitors += (uint64_t)sqlite3_column_int64(st, 2);
        sum->exact = sum->exact && sqlite3_column_int(st, 3) != 0;
        /* Visitors of several months, or of two parts, may be the same. */
        if (sqlite3_column_int64(st, 2) != 0)
            sum->number += sqlite3_column_int64(st, 4);
    }
    sum->deduplicated = sum->number <= 1;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

int sqlite_total(struct store *store, struct slice site, unsigned parts,
                 int64_t since_day, struct history_row *ret_row)
{
    struct sqlite_store *s = sqlite_store_of(store);
    struct history_row sum = {.exact = true, .deduplicated = true};
    int rv = 0;

    if (parts & (HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN))
        rv = total_of(s, site, STATEMENT_TOTAL_LIVE, parts, since_day, &sum);
    if (rv == 0 && parts & HISTORY_IMPORTED)
        rv = total_of(s, site,
                      since_day == INT64_MIN ? STATEMENT_TOTAL_IMPORTED
                                             : STATEMENT_TOTAL_IMPORTED_SINCE,
                      parts, since_day, &sum);
    if (rv == 0 && parts & HISTORY_ADJUSTED)
        rv = total_of(s, site, STATEMENT_TOTAL_ADJUSTED, parts, since_day, &sum);
    if (rv != 0)
        return rv;
    sum.number = 0;
    *ret_row = sum;
    return 0;
}

/* --- Gaps, and what there is --- */

int sqlite_gap_add(struct store *store, int64_t from_s, int64_t to_s)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int rv = sqlite_begin(s, (struct deadline){0});

    if (rv == 0) {
        sqlite3_stmt *st = sqlite_take(s, STATEMENT_GAP_ADD, 0);
        sqlite_bind_slice(st, 1, slice_of(s->node));
        sqlite3_bind_int64(st, 2, from_s);
        sqlite3_bind_int64(st, 3, to_s);
        rv = sqlite_do(s, st);
    }
    return sqlite_end(s, rv);
}

int sqlite_gaps(struct store *store, int64_t from_s, int64_t to_s,
                int (*row)(void *, int64_t from_s, int64_t to_s), void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_GAPS, 0);
    int rv, said = 0;

    sqlite_patience(s, (struct deadline){0});
    sqlite3_bind_int64(st, 1, from_s);
    sqlite3_bind_int64(st, 2, to_s);
    while (said == 0 && (rv = sqlite_one(s, st)) == 0)
        said = row(context, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1));
    sqlite3_reset(st);
    if (said != 0)
        return said;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

int sqlite_last_alive(struct store *store, int64_t *ret_s)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_LAST_ALIVE, 0);
    int rv;

    sqlite_patience(s, (struct deadline){0});
    sqlite_bind_slice(st, 1, slice_of(s->node));
    rv = sqlite_one(s, st);
    if (rv != 0)
        return rv;
    if (sqlite3_column_type(st, 0) == SQLITE_NULL)
        rv = ERR_NOT_FOUND;
    else
        *ret_s = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return rv;
}

int sqlite_site_first(struct store *store, struct slice site, int64_t *ret_created_s,
                      int64_t *ret_first_live_s)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SITE_FIRST, 0);
    int rv;

    sqlite_patience(s, (struct deadline){0});
    sqlite_bind_slice(st, 1, site);
    rv = sqlite_one(s, st);
    if (rv != 0)
        return rv;
    *ret_created_s = sqlite3_column_int64(st, 0);
    *ret_first_live_s = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return 0;
}

static struct slice column_text(sqlite3_stmt *st, int i)
{
    const char *at = (const char *)sqlite3_column_text(st, i);

    return (struct slice){at, at == NULL ? 0 : (size_t)sqlite3_column_bytes(st, i)};
}

int sqlite_sites(struct store *store,
                 int (*site)(void *, struct slice key, struct slice host), void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SITES, 0);
    int rv, said = 0;

    sqlite_patience(s, (struct deadline){0});
    while (said == 0 && (rv = sqlite_one(s, st)) == 0)
        said = site(context, column_text(st, 0), column_text(st, 1));
    sqlite3_reset(st);
    if (said != 0)
        return said;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}
