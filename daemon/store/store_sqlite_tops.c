/* Tops by day, then by month, and pages for ever. A day's rows of one dimension and run are
 * replaced together: a row that is no longer among the first has become part of the rest. */
#include <stdio.h>

#include "base/date.h"
#include "base/error.h"
#include "identify/dimension.h"
#include "store/store_sqlite.h"

int sqlite_save_tops(struct sqlite_store *s, const struct change *c, int64_t site)
{
    const struct top_row *row = (const struct top_row *)(const void *)c->blob.at;
    size_t n = c->blob.length / sizeof *row;
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_TOPS_DROP, site);
    int rv;

    sqlite3_bind_int64(st, 2, c->number);
    sqlite_bind_slice(st, 3, slice_of(dimension_word((enum dimension)c->visits)));
    sqlite3_bind_int64(st, 4, s->run);
    rv = sqlite_do(s, st);
    for (size_t i = 0; i < n && rv == 0; i++) {
        st = sqlite_take(s, STATEMENT_TOPS_ADD, site);
        sqlite3_bind_int64(st, 2, c->number);
        sqlite_bind_slice(st, 3, slice_of(dimension_word((enum dimension)c->visits)));
        sqlite3_bind_int64(st, 4, s->run);
        sqlite_bind_slice(st, 5, row[i].key);
        sqlite3_bind_int64(st, 6, (int64_t)row[i].views);
        sqlite3_bind_int64(st, 7, (int64_t)row[i].visitors);
        sqlite3_bind_int64(st, 8, (int64_t)row[i].lacks);
        rv = sqlite_do(s, st);
    }
    return rv;
}

int sqlite_save_page(struct sqlite_store *s, const struct change *c, int64_t site)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_PAGE_SAVE, site);

    sqlite_bind_slice(st, 2, c->blob);
    sqlite3_bind_int64(st, 3, s->run);
    sqlite3_bind_int64(st, 4, (int64_t)c->views);
    return sqlite_do(s, st);
}

/* The first day that is kept by day, INT64_MAX: none. */
static int first_day(struct sqlite_store *s, int64_t site, int64_t *ret_day)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_TOPS_FIRST, site);
    int rv = sqlite_one(s, st);

    if (rv != 0)
        return rv;
    *ret_day = sqlite3_column_type(st, 0) == SQLITE_NULL ? INT64_MAX
                                                         : sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

int sqlite_sweep_tops(struct sqlite_store *s, int64_t site, int64_t before)
{
    static const enum statement steps[] = {STATEMENT_TOPS_MONTH, STATEMENT_TOPS_SWEEP};
    int64_t first, month, until;
    int rv = first_day(s, site, &first);

    if (rv != 0 || first >= before)
        return rv;
    month = month_of_day(first);
    until = month_first_day(month + 1);
    if (until > before)
        return 0;
    for (int i = 0; i < 2 && rv == 0; i++) {
        sqlite3_stmt *st = sqlite_take(s, steps[i], site);

        sqlite3_bind_int64(st, 2, month_first_day(month));
        sqlite3_bind_int64(st, 3, until);
        rv = sqlite_do(s, st);
    }
    return rv;
}

/* --- Reading --- */

static struct slice text_of(sqlite3_stmt *st, int column)
{
    const char *at = (const char *)sqlite3_column_text(st, column);

    return (struct slice){at, at == NULL ? 0 : (size_t)sqlite3_column_bytes(st, column)};
}

/* The site and our run; ERR_NOT_FOUND: there is nothing. */
static int ask(struct sqlite_store *s, struct slice site, enum statement which,
               sqlite3_stmt **ret_st)
{
    int64_t id;
    int rv;

    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_run(s, false);
    if (rv == 0)
        rv = sqlite_site(s, site, false, &id);
    if (rv != 0)
        return rv;
    *ret_st = sqlite_take(s, which, id);
    sqlite3_bind_int64(*ret_st, 4, s->run);
    return 0;
}

static int walk(struct sqlite_store *s, sqlite3_stmt *st, bool all, top_row_fn *row,
                void *context)
{
    int rv, said = 0;

    while (said == 0 && (rv = sqlite_one(s, st)) == 0) {
        struct top_row one = {.key = text_of(st, 0),
                              .views = (uint64_t)sqlite3_column_int64(st, 1)};

        if (all) {
            one.visitors = (uint64_t)sqlite3_column_int64(st, 2);
            one.lacks = (uint64_t)sqlite3_column_int64(st, 3);
        }
        said = row(context, &one);
    }
    sqlite3_reset(st);
    if (said != 0)
        return said;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

int sqlite_tops(struct store *store, struct slice site, const char *of, unsigned parts,
                int64_t from_day, int64_t until_day, top_row_fn *row, void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st;
    int rv = ask(s, site, STATEMENT_TOPS, &st);

    if (rv != 0 || sqlite_moment_parts(s, parts) == 0)
        return rv == ERR_NOT_FOUND ? 0 : rv;
    sqlite3_bind_int64(st, 2, from_day);
    sqlite3_bind_int64(st, 3, until_day);
    sqlite3_bind_int(st, 5, (parts & HISTORY_LIVE_OTHER) != 0);
    sqlite3_bind_int(st, 6, (parts & HISTORY_LIVE_OWN) != 0);
    sqlite_bind_slice(st, 9, slice_of(of));
    return walk(s, st, true, row, context);
}

int sqlite_pages(struct store *store, struct slice site, unsigned limit, top_row_fn *row,
                 void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st;
    int rv = ask(s, site, STATEMENT_PAGES, &st);

    if (rv != 0 || (s->moment.lasts && !s->moment.pages))
        return rv == ERR_NOT_FOUND ? 0 : rv;
    sqlite3_bind_int64(st, 2, limit);
    return walk(s, st, false, row, context);
}

static int put_seed(struct sqlite_store *s, int64_t site, const struct page_seed *seed)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_PAGE_SEED, site);
    char what[600];
    int rv;

    sqlite_bind_slice(st, 2, seed->page);
    sqlite3_bind_int64(st, 3, (int64_t)seed->views);
    sqlite3_bind_int64(st, 4, (int64_t)seed->counted);
    sqlite3_bind_int64(st, 5, seed->at_s);
    sqlite3_bind_int64(st, 6, seed->uid);
    sqlite_bind_slice(st, 7, seed->note);
    sqlite3_bind_int64(st, 8, s->run);
    rv = sqlite_do(s, st);
    if (rv != 0)
        return rv;
    snprintf(what, sizeof what, "seed page=%.*s views=%llu counted=%llu note=%.*s",
             (int)seed->page.length, seed->page.at, (unsigned long long)seed->views,
             (unsigned long long)seed->counted, (int)seed->note.length,
             seed->note.length == 0 ? "" : seed->note.at);
    return sqlite_audit_add(s, site, seed->at_s, seed->uid, what);
}

int sqlite_page_seed(struct store *store, struct slice key, const struct page_seed *seed)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int64_t site = 0;
    int rv = sqlite_begin(s, (struct deadline){0});

    if (rv == 0)
        rv = sqlite_run(s, false);
    if (rv == 0)
        rv = sqlite_site(s, key, true, &site);
    if (rv == 0)
        rv = put_seed(s, site, seed);
    return sqlite_end(s, rv);
}

/* --- Rows of a dump --- */

bool sqlite_is_top(enum dump_kind kind)
{
    return kind == DUMP_TOP || kind == DUMP_TOP_MONTH;
}

static int of_group(struct sqlite_store *s, const char *sql, const struct dump_row *row,
                    int64_t site, int64_t run, int64_t *ret_sum)
{
    sqlite3_stmt *st = NULL;
    int rv = sqlite_error(s->db, sqlite3_prepare_v2(s->db, sql, -1, &st, NULL));

    if (rv == 0) {
        sqlite3_bind_int64(st, 1, site);
        sqlite3_bind_int64(st, 2, row->value[1].number);
        sqlite_bind_slice(st, 3, row->value[2].text);
        sqlite3_bind_int64(st, 4, run);
        rv = ret_sum != NULL ? sqlite_one(s, st) : sqlite_do(s, st);
    }
    if (rv == 0 && ret_sum != NULL)
        *ret_sum = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rv;
}

/* They replace those that are here if they are of more views: of a later moment. All of
 * them or none. */
int sqlite_top_begin(struct sqlite_store *s, struct sqlite_top_group *group,
                     const struct dump_row *row, int64_t site, int64_t run)
{
#define OF_GROUP " WHERE site = ?1 AND day = ?2 AND of = ?3 AND run = ?4"
    static const char *const sum[] = {
        "SELECT ifnull(sum(views), -1) FROM top" OF_GROUP,
        "SELECT ifnull(sum(views), -1) FROM top_month" OF_GROUP};
    static const char *const drop[] = {"DELETE FROM top" OF_GROUP,
                                       "DELETE FROM top_month" OF_GROUP};
    const int month = row->kind == DUMP_TOP_MONTH;
    int64_t here;
    int rv;

    if (!sqlite_is_top(row->kind) ||
        (group->kind == row->kind && group->site == site && group->run == run &&
         group->number == row->value[0].number))
        return 0;
    rv = of_group(s, sum[month], row, site, run, &here);
    if (rv != 0)
        return rv;
    *group = (struct sqlite_top_group){.kind = row->kind,
                                       .site = site,
                                       .number = row->value[0].number,
                                       .run = run,
                                       .taken = here < row->value[7].number};
    return group->taken ? of_group(s, drop[month], row, site, run, NULL) : 0;
}
