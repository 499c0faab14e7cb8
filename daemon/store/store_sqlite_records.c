/* What people said and brought: seeds, adjustments, imports. Each is one transaction with
 * its line of the audit trail. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_sqlite.h"

static const char *const metric_names[] = {"views", "visits", "visitors"};

int sqlite_audit_add(struct sqlite_store *s, int64_t site, int64_t at_s, uint32_t uid,
                     const char *what)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_AUDIT_ADD, site);

    sqlite3_bind_int64(st, 1, site); /* also 0 */
    sqlite3_bind_int64(st, 2, at_s);
    sqlite3_bind_int64(st, 3, uid);
    sqlite_bind_slice(st, 4, slice_of(what));
    return sqlite_do(s, st);
}

/* --- Seeds --- */

static void bind_part(sqlite3_stmt *st, int at, bool has, uint64_t number)
{
    if (has)
        sqlite3_bind_int64(st, at, (int64_t)number);
    else
        sqlite3_bind_null(st, at);
}

static int put_seed(struct sqlite_store *s, int64_t site, const struct seed_row *row)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SEED_ADD, site);

    sqlite3_bind_int(st, 2, row->metric);
    sqlite3_bind_int64(st, 3, row->at_s);
    sqlite3_bind_int64(st, 4, row->uid);
    sqlite3_bind_int64(st, 5, row->as_of_s);
    sqlite3_bind_int64(st, 6, (int64_t)row->total);
    bind_part(st, 7, row->has_today, row->today);
    bind_part(st, 8, row->has_week, row->week);
    bind_part(st, 9, row->has_month, row->month);
    sqlite3_bind_int64(st, 10, (int64_t)row->offset_total);
    sqlite3_bind_int64(st, 11, (int64_t)row->offset_today);
    sqlite3_bind_int64(st, 12, (int64_t)row->offset_week);
    sqlite3_bind_int64(st, 13, (int64_t)row->offset_month);
    sqlite_bind_slice(st, 14, slice_of(row->note));
    return sqlite_do(s, st);
}

static void describe_seed(const struct seed_row *row, char what[512])
{
    const struct {
        const char *name;
        bool has;
        uint64_t number;
    } part[] = {{"today", row->has_today, row->today},
                {"week", row->has_week, row->week},
                {"month", row->has_month, row->month}};
    int n = snprintf(what, 512, "seed metric=%s total=%llu", metric_names[row->metric],
                     (unsigned long long)row->total);

    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (part[i].has)
            n += snprintf(what + n, 512 - (size_t)n, " %s=%llu", part[i].name,
                          (unsigned long long)part[i].number);
    snprintf(what + n, 512 - (size_t)n, " as_of=%lld%s%.255s", (long long)row->as_of_s,
             row->note[0] != '\0' ? " note=" : "", row->note);
}

int sqlite_seed_set(struct store *store, struct slice key, const struct seed_row *row)
{
    struct sqlite_store *s = sqlite_store_of(store);
    char what[512];
    int64_t site;
    int rv = sqlite_begin(s, (struct deadline){0});

    describe_seed(row, what);
    if (rv == 0)
        rv = sqlite_site(s, key, true, &site);
    if (rv == 0)
        rv = put_seed(s, site, row);
    if (rv == 0)
        rv = sqlite_audit_add(s, site, row->at_s, row->uid, what);
    return sqlite_end(s, rv);
}

static bool read_part(sqlite3_stmt *st, int at, uint64_t *ret_number)
{
    *ret_number = (uint64_t)sqlite3_column_int64(st, at);
    return sqlite3_column_type(st, at) != SQLITE_NULL;
}

static void read_text(sqlite3_stmt *st, int at, char *text, size_t size)
{
    const char *said = (const char *)sqlite3_column_text(st, at);

    snprintf(text, size, "%s", said == NULL ? "" : said);
}

int sqlite_seed_get(struct store *store, struct slice key, int metric,
                    struct seed_row *ret_row)
{
    struct sqlite_store *s = sqlite_store_of(store);
    struct seed_row row = {.metric = metric};
    sqlite3_stmt *st;
    int64_t site;
    int rv;

    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_site(s, key, false, &site);
    if (rv == 0 && s->moment.lasts && !s->moment.seeded)
        rv = ERR_NOT_FOUND;
    if (rv != 0)
        return rv;
    st = sqlite_take(s, STATEMENT_SEED_GET, site);
    sqlite3_bind_int(st, 2, metric);
    rv = sqlite_one(s, st);
    if (rv != 0)
        return rv;
    row.at_s = sqlite3_column_int64(st, 0);
    row.uid = (uint32_t)sqlite3_column_int64(st, 1);
    row.as_of_s = sqlite3_column_int64(st, 2);
    row.total = (uint64_t)sqlite3_column_int64(st, 3);
    row.has_today = read_part(st, 4, &row.today);
    row.has_week = read_part(st, 5, &row.week);
    row.has_month = read_part(st, 6, &row.month);
    row.offset_total = (uint64_t)sqlite3_column_int64(st, 7);
    row.offset_today = (uint64_t)sqlite3_column_int64(st, 8);
    row.offset_week = (uint64_t)sqlite3_column_int64(st, 9);
    row.offset_month = (uint64_t)sqlite3_column_int64(st, 10);
    read_text(st, 11, row.note, sizeof row.note);
    sqlite3_reset(st);
    *ret_row = row;
    return 0;
}

/* --- Adjustments --- */

int sqlite_adjust_add(struct store *store, struct slice key, const struct adjust_row *row)
{
    struct sqlite_store *s = sqlite_store_of(store);
    char what[512];
    int64_t site;
    int rv = sqlite_begin(s, (struct deadline){0});

    snprintf(what, sizeof what, "adjust metric=%s day=%lld by=%+lld%s%.255s",
             metric_names[row->metric], (long long)row->day, (long long)row->by,
             row->note[0] != '\0' ? " note=" : "", row->note);
    if (rv == 0)
        rv = sqlite_site(s, key, true, &site);
    if (rv == 0) {
        sqlite3_stmt *st = sqlite_take(s, STATEMENT_ADJUST_ADD, site);
        sqlite3_bind_int(st, 2, row->metric);
        sqlite3_bind_int64(st, 3, row->day);
        sqlite3_bind_int64(st, 4, row->by);
        sqlite3_bind_int64(st, 5, row->at_s);
        sqlite3_bind_int64(st, 6, row->uid);
        sqlite_bind_slice(st, 7, slice_of(row->note));
        rv = sqlite_do(s, st);
    }
    if (rv == 0)
        rv = sqlite_audit_add(s, site, row->at_s, row->uid, what);
    return sqlite_end(s, rv);
}

int sqlite_audit(struct store *store, struct slice key,
                 int (*row)(void *, int64_t at_s, uint32_t uid, const char *what),
                 void *context)
{
    struct sqlite_store *s = sqlite_store_of(store);
    sqlite3_stmt *st;
    int64_t site = 0; /* of no site */
    int rv, said = 0;

    sqlite_patience(s, (struct deadline){0});
    rv = key.length == 0 ? 0 : sqlite_site(s, key, false, &site);
    if (rv != 0)
        return rv == ERR_NOT_FOUND ? 0 : rv;
    st = sqlite_take(s, STATEMENT_AUDIT, site);
    sqlite3_bind_int64(st, 1, site); /* also 0 */
    while (said == 0 && (rv = sqlite_one(s, st)) == 0) {
        const char *what = (const char *)sqlite3_column_text(st, 2);
        said = row(context, sqlite3_column_int64(st, 0),
                   (uint32_t)sqlite3_column_int64(st, 1), what == NULL ? "" : what);
    }
    sqlite3_reset(st);
    if (said != 0)
        return said;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

int sqlite_audit_own(struct store *store, int64_t at_s, uint32_t uid, const char *what)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int rv = sqlite_begin(s, (struct deadline){0});

    return rv != 0 ? rv : sqlite_end(s, sqlite_audit_add(s, 0, at_s, uid, what));
}

/* --- Imports --- */

static void write_hash(uint64_t hash, char text[17])
{
    snprintf(text, 17, "%016llx", (unsigned long long)hash);
}

/* 0 with a row to read, as sqlite_one. */
static int find_source(struct sqlite_store *s, int64_t site, uint64_t first_line,
                       char text[17], sqlite3_stmt **ret_st)
{
    write_hash(first_line, text);
    *ret_st = sqlite_take(s, STATEMENT_SOURCE_GET, site);
    sqlite_bind_slice(*ret_st, 2, slice_of(text));
    return sqlite_one(s, *ret_st);
}

int sqlite_source_get(struct store *store, struct slice key, uint64_t first_line,
                      struct import_source *ret_source)
{
    struct sqlite_store *s = sqlite_store_of(store);
    char text[17];
    sqlite3_stmt *st;
    int64_t site;
    int rv;

    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_site(s, key, false, &site);
    if (rv == 0)
        rv = find_source(s, site, first_line, text, &st);
    if (rv != 0)
        return rv;
    *ret_source = (struct import_source){
        .first_line = first_line,
        .bytes = (uint64_t)sqlite3_column_int64(st, 1),
        .lines = (uint64_t)sqlite3_column_int64(st, 2),
        .parsed = (uint64_t)sqlite3_column_int64(st, 3),
        .malformed = (uint64_t)sqlite3_column_int64(st, 4),
        .views = (uint64_t)sqlite3_column_int64(st, 5),
        .skipped = (uint64_t)sqlite3_column_int64(st, 6),
        .from_s = sqlite3_column_int64(st, 7),
        .to_s = sqlite3_column_int64(st, 8),
    };
    read_text(st, 9, ret_source->name, sizeof ret_source->name);
    sqlite3_reset(st);
    return 0;
}

static int put_source(struct sqlite_store *s, int64_t site,
                      const struct import_source *source, int64_t *ret_id)
{
    const uint64_t numbers[] = {source->bytes,     source->lines, source->parsed,
                                source->malformed, source->views, source->skipped};
    char text[17];
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SOURCE_PUT, site);
    int rv;

    write_hash(source->first_line, text);
    sqlite_bind_slice(st, 2, slice_of(text));
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(st, 3 + i, (int64_t)numbers[i]);
    sqlite3_bind_int64(st, 9, source->from_s);
    sqlite3_bind_int64(st, 10, source->to_s);
    sqlite_bind_slice(st, 11, slice_of(source->name));
    rv = sqlite_do(s, st);
    if (rv == 0)
        rv = find_source(s, site, source->first_line, text, &st);
    if (rv == 0) {
        *ret_id = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return rv;
}

static const enum statement import_statement[] = {
    [CHANGE_DAY] = STATEMENT_IMPORT_DAY,
    [CHANGE_WEEK] = STATEMENT_IMPORT_WEEK,
    [CHANGE_MONTH] = STATEMENT_IMPORT_MONTH,
    [CHANGE_HOUR] = STATEMENT_IMPORT_HOUR,
};

static int put_rows(struct sqlite_store *s, int64_t site, int64_t source,
                    const struct change *rows, size_t n)
{
    int rv = 0;

    for (size_t i = 0; i < n && rv == 0; i++) {
        sqlite3_stmt *st = sqlite_take(s, import_statement[rows[i].kind], site);
        sqlite3_bind_int64(st, 2, source);
        sqlite3_bind_int64(st, 3, rows[i].number);
        sqlite3_bind_int64(st, 4, (int64_t)rows[i].views);
        sqlite3_bind_int64(st, 5, (int64_t)rows[i].visits);
        sqlite3_bind_int64(st, 6, (int64_t)rows[i].visitors);
        rv = sqlite_do(s, st);
    }
    return rv;
}

int sqlite_import(struct store *store, struct slice key,
                  const struct import_source *source, uint32_t uid, int64_t at_s,
                  const struct change *rows, size_t n)
{
    struct sqlite_store *s = sqlite_store_of(store);
    char what[512];
    int64_t site = 0, id = 0;
    size_t days_and_more = n;
    int rv = sqlite_begin(s, (struct deadline){0});

    snprintf(what, sizeof what, "import source=%016llx bytes=%llu views=%llu name=%.255s",
             (unsigned long long)source->first_line, (unsigned long long)source->bytes,
             (unsigned long long)source->views, source->name);
    if (rv == 0)
        rv = sqlite_site(s, key, true, &site);
    if (rv == 0)
        rv = put_source(s, site, source, &id);
    while (days_and_more > 0 && rows[days_and_more - 1].kind == CHANGE_TOPS)
        days_and_more--;
    if (rv == 0)
        rv = put_rows(s, site, id, rows, days_and_more);
    if (rv == 0)
        rv = sqlite_import_tops(s, site, source->first_line, at_s,
                                days_and_more < n ? &rows[days_and_more] : NULL,
                                n - days_and_more);
    if (rv == 0)
        rv = sqlite_audit_add(s, site, at_s, uid, what);
    return sqlite_end(s, rv);
}
