/* Dump and load: a statement for each kind of line, whose columns, or parameters, are the
 * line's values in their order.
 *
 *   dump   ?1 is the site, ?2 the number to begin at
 *   load   ?1 is the site, ?2 and on the values, ?20 the run, ?21 a merged sketch
 *
 * To load is to keep the greater of two values, so nothing that is there is lost, and the
 * same again changes nothing. Rows of imports are not monotone (a visit of one file may
 * join one of another): they are taken when the source here is in the state that they
 * are of. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/hll.h"
#include "identify/dimension.h"
#include "store/store_sqlite.h"

enum { RUN_AT = 20, BLOB_AT = 21, LOAD_MS = 60000 };

#define OF_RUN "node, incarnation"
#define WITH_RUN(table)                                                                  \
    " FROM " table " JOIN run ON run.id = " table ".run WHERE site = ?1 "
#define IMPORTED_FROM(table)                                                             \
    "source.bytes, first_line FROM " table " AS kept JOIN source ON source.id = "        \
    "kept.source WHERE kept.site = ?1 "
#define IMPORTED_INTO(table, columns, values, of, source, set)                           \
    "INSERT INTO " table "(site, source, " columns ") SELECT ?1, id, " values            \
    " FROM source WHERE site = ?1 AND first_line = " source " AND bytes = " of           \
    " ON CONFLICT DO UPDATE SET " set

/* day * 256 and where its dimension stands in the list: what a piece can begin at. */
#define DIMENSION_WORD(name, word, has_visitors) #word ","
#define TOP_NUMBER                                                                       \
    "day * 256 + instr('," DIMENSION_ROWS(DIMENSION_WORD) "', ',' || of || ',')"
#define TOP_DUMP(table)                                                                  \
    "SELECT " TOP_NUMBER " AS number, day, of, kept.key, views, visitors, lacks, "       \
    "sum(views) OVER (PARTITION BY day, of, run), " OF_RUN " FROM " table " AS kept "    \
    "JOIN run ON run.id = kept.run WHERE site = ?1 AND number >= ?2 "                    \
    "ORDER BY number, run, kept.key"
#define TOP_LOAD(table)                                                                  \
    "INSERT OR REPLACE INTO " table "(site, run, day, of, key, views, visitors, lacks) " \
    "VALUES(?1, ?20, ?3, ?4, ?5, ?6, ?7, ?8)"

#define SITE_COLUMNS    "SELECT key, host, created, first_live, last_view FROM site "
#define GREATER(column) column " = max(" column ", excluded." column ")"

/* clang-format off */
static const struct {
    const char *dump, *load;
} sections[DUMP_KINDS] = {
    [DUMP_GAP] = {
        "SELECT begins, ends, node FROM gap ORDER BY begins, node",
        "INSERT INTO gap(begins, ends, node) VALUES(?2, ?3, ?4) ON CONFLICT DO UPDATE SET " GREATER("ends")},
    /* The later of two, or the one whose text is greater: as count/site_names. */
    [DUMP_NAME] = {
        "SELECT subject, kind, object, host, at, uid FROM name ORDER BY kind, subject",
        "INSERT INTO name(subject, kind, object, host, at, uid) VALUES(?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
        "object = excluded.object, host = excluded.host, at = excluded.at, uid = excluded.uid "
        "WHERE (excluded.at, excluded.object, excluded.host) > (at, object, host)"},
    [DUMP_SITE] = {
        SITE_COLUMNS "WHERE id = ?1",
        "UPDATE site SET created = CASE WHEN created = 0 OR ?4 BETWEEN 1 AND created THEN ?4 ELSE created END, "
        "first_live = CASE WHEN first_live = 0 OR ?5 BETWEEN 1 AND first_live THEN ?5 ELSE first_live END, "
        "last_view = max(last_view, ?6), host = CASE WHEN ?3 = '' THEN host ELSE ?3 END WHERE id = ?1"},
    [DUMP_TOTAL] = {
        "SELECT views, visits, " OF_RUN WITH_RUN("total") "ORDER BY run",
        "INSERT INTO total(site, run, views, visits) VALUES(?1, ?20, ?2, ?3) ON CONFLICT DO UPDATE SET "
        GREATER("views") ", " GREATER("visits")},
    [DUMP_DAY] = {
        "SELECT day, views, visits, visitors, exact, " OF_RUN WITH_RUN("day") "AND day >= ?2 ORDER BY day, run",
        "INSERT INTO day(site, run, day, views, visits, visitors, exact) VALUES(?1, ?20, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT DO UPDATE SET " GREATER("views") ", " GREATER("visits") ", " GREATER("visitors")
        ", exact = min(exact, excluded.exact)"},
    [DUMP_QUARTER] = {
        "SELECT quarter, views, visits, " OF_RUN WITH_RUN("quarter") "AND quarter >= ?2 ORDER BY quarter, run",
        "INSERT INTO quarter(site, run, quarter, views, visits) VALUES(?1, ?20, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
        GREATER("views") ", " GREATER("visits")},
    [DUMP_WEEK] = {
        "SELECT week, visitors, exact, " OF_RUN WITH_RUN("week") "AND week >= ?2 ORDER BY week, run",
        "INSERT INTO week(site, run, week, visitors, exact) VALUES(?1, ?20, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
        GREATER("visitors") ", exact = min(exact, excluded.exact)"},
    [DUMP_MONTH] = {
        "SELECT month, visitors, exact, " OF_RUN WITH_RUN("month") "AND month >= ?2 ORDER BY month, run",
        "INSERT INTO month(site, run, month, visitors, exact) VALUES(?1, ?20, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
        GREATER("visitors") ", exact = min(exact, excluded.exact)"},
    [DUMP_ENGAGED] = {
        "SELECT day, engaged, visits, " OF_RUN WITH_RUN("engaged") "AND day >= ?2 ORDER BY day, run",
        "INSERT INTO engaged(site, run, day, engaged, visits) VALUES(?1, ?20, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
        GREATER("engaged") ", " GREATER("visits")},
    [DUMP_SKETCH] = {
        "SELECT day, " OF_RUN ", visitors" WITH_RUN("sketch") "AND day >= ?2 ORDER BY day, run",
        "INSERT INTO sketch(site, run, day, visitors) VALUES(?1, ?20, ?2, ?21) "
        "ON CONFLICT DO UPDATE SET visitors = excluded.visitors"},
    [DUMP_TOP] = {TOP_DUMP("top"), TOP_LOAD("top")},
    [DUMP_TOP_MONTH] = {TOP_DUMP("top_month"), TOP_LOAD("top_month")},
    [DUMP_PAGE] = {
        "SELECT n, page, views, " OF_RUN " FROM (SELECT row_number() OVER (ORDER BY page, " OF_RUN ") AS n, page, views, " OF_RUN
        " FROM page JOIN run ON run.id = page.run WHERE site = ?1) WHERE n >= ?2 ORDER BY n",
        "INSERT INTO page(site, page, run, views) VALUES(?1, ?3, ?20, ?4) ON CONFLICT DO UPDATE SET " GREATER("views")},
    [DUMP_PAGE_SEED] = {
        "SELECT n, page, views, counted, at, uid, note FROM (SELECT row_number() OVER (ORDER BY page) AS n, * FROM page_seed "
        "WHERE site = ?1) WHERE n >= ?2 ORDER BY n",
        "INSERT INTO page_seed(site, page, views, counted, at, uid, note) VALUES(?1, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO "
        "UPDATE SET views = excluded.views, counted = excluded.counted, at = excluded.at, uid = excluded.uid, note = excluded.note "
        "WHERE excluded.at > at"},
    [DUMP_ADJUST] = {
        "SELECT day, metric, change, at, uid, row_number() OVER (PARTITION BY day, metric, change, at, uid, note ORDER BY id), "
        "note FROM adjust WHERE site = ?1 ORDER BY id",
        "INSERT INTO adjust(site, day, metric, change, at, uid, note) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?8 WHERE "
        "(SELECT count(*) FROM adjust WHERE site = ?1 AND day = ?2 AND metric = ?3 AND change = ?4 AND at = ?5 AND uid = ?6 "
        "AND note = ?8) < ?7"},
    [DUMP_SEED] = {
        "SELECT metric, total, today, week, month, as_of, offset_total, offset_today, offset_week, offset_month, "
        "(SELECT count(*) FROM adjust WHERE adjust.site = seed.site AND adjust.id <= seed.adjusted), at, uid, note "
        "FROM seed WHERE site = ?1 ORDER BY id",
        /* `adjusted`: the last of the adjustments that it has in it. */
        "INSERT INTO seed(site, metric, total, today, week, month, as_of, offset_total, offset_today, offset_week, "
        "offset_month, adjusted, at, uid, note) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "iif(?12 = 0, 0, ifnull((SELECT id FROM adjust WHERE site = ?1 ORDER BY id LIMIT 1 OFFSET ?12 - 1), "
        "(SELECT ifnull(max(id), 0) FROM adjust))), ?13, ?14, ?15 WHERE NOT EXISTS (SELECT 1 FROM seed WHERE site = ?1 "
        "AND metric = ?2 AND total = ?3 AND today IS ?4 AND week IS ?5 AND month IS ?6 AND as_of = ?7 AND at = ?13 "
        "AND uid = ?14 AND note = ?15)"},
    [DUMP_AUDIT] = {
        "SELECT at, uid, row_number() OVER (PARTITION BY at, uid, what ORDER BY id), what FROM audit WHERE site = ?1 "
        "ORDER BY id",
        "INSERT INTO audit(site, at, uid, what) SELECT ?1, ?2, ?3, ?5 WHERE (SELECT count(*) FROM audit WHERE site = ?1 "
        "AND at = ?2 AND uid = ?3 AND what = ?5) < ?4"},
    [DUMP_SOURCE] = {
        "SELECT first_line, bytes, lines, parsed, malformed, views, skipped, begins, ends, name FROM source "
        "WHERE site = ?1 ORDER BY id",
        "INSERT INTO source(site, first_line, bytes, lines, parsed, malformed, views, skipped, begins, ends, name) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO UPDATE SET bytes = excluded.bytes, "
        "lines = excluded.lines, parsed = excluded.parsed, malformed = excluded.malformed, views = excluded.views, "
        "skipped = excluded.skipped, begins = excluded.begins, ends = excluded.ends, name = excluded.name "
        "WHERE excluded.bytes > bytes"},
    [DUMP_IMPORTED_DAY] = {
        "SELECT day, kept.views, visits, visitors, " IMPORTED_FROM("imported_day") "AND day >= ?2 ORDER BY day, source",
        IMPORTED_INTO("imported_day", "day, views, visits, visitors", "?2, ?3, ?4, ?5", "?6", "?7",
                      "views = excluded.views, visits = excluded.visits, visitors = excluded.visitors")},
    [DUMP_IMPORTED_HOUR] = {
        "SELECT hour, kept.views, visits, visitors, " IMPORTED_FROM("imported_hour") "AND hour >= ?2 ORDER BY hour, source",
        IMPORTED_INTO("imported_hour", "hour, views, visits, visitors", "?2, ?3, ?4, ?5", "?6", "?7",
                      "views = excluded.views, visits = excluded.visits, visitors = excluded.visitors")},
    [DUMP_IMPORTED_WEEK] = {
        "SELECT week, visits, visitors, " IMPORTED_FROM("imported_week") "AND week >= ?2 ORDER BY week, source",
        IMPORTED_INTO("imported_week", "week, visits, visitors", "?2, ?3, ?4", "?5", "?6",
                      "visits = excluded.visits, visitors = excluded.visitors")},
    [DUMP_IMPORTED_MONTH] = {
        "SELECT month, visits, visitors, " IMPORTED_FROM("imported_month") "AND month >= ?2 ORDER BY month, source",
        IMPORTED_INTO("imported_month", "month, visits, visitors", "?2, ?3, ?4", "?5", "?6",
                      "visits = excluded.visits, visitors = excluded.visitors")},
};
static const char all_sites[] = SITE_COLUMNS "ORDER BY key";
static const char state_of[] = "SELECT ifnull(max(id), 0) FROM audit WHERE site = ?1";
static const char run_of[] = "SELECT id FROM run WHERE node = ?1 AND incarnation = ?2";
static const char run_add[] = "INSERT OR IGNORE INTO run(node, incarnation) VALUES(?1, ?2)";
static const char sketch_of[] = "SELECT visitors FROM sketch WHERE site = ?1 AND day = ?2 AND run = ?3";
static const char note_add[] =
    "INSERT INTO audit(site, at, uid, what) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS "
    "(SELECT 1 FROM audit WHERE site = ?1 AND what = ?4)";
/* clang-format on */

static int prepare(struct sqlite_store *s, const char *sql, sqlite3_stmt **ret_st)
{
    return sqlite_error(s->db, sqlite3_prepare_v2(s->db, sql, -1, ret_st, NULL));
}

/* --- Dump --- */

static void read_row(sqlite3_stmt *st, enum dump_kind kind, struct dump_row *row)
{
    row->kind = kind;
    for (unsigned i = 0; i < dump_field_count(kind); i++) {
        struct dump_value *v = &row->value[i];
        const void *bytes = NULL;

        *v = (struct dump_value){.number = 0};
        if (dump_is_blob(kind, i))
            bytes = sqlite3_column_blob(st, (int)i);
        else if (dump_is_text(kind, i))
            bytes = sqlite3_column_text(st, (int)i);
        else
            v->number = sqlite3_column_int64(st, (int)i);
        v->absent = sqlite3_column_type(st, (int)i) == SQLITE_NULL;
        if (bytes != NULL)
            v->text = (struct slice){bytes, (size_t)sqlite3_column_bytes(st, (int)i)};
    }
}

static int dump_section(struct sqlite_store *s, const char *sql, enum dump_kind kind,
                        int64_t site, int64_t from, dump_row_fn *row, void *context)
{
    struct dump_row one;
    sqlite3_stmt *st = NULL;
    int rv = prepare(s, sql, &st), said = 0;

    if (rv == 0 && sqlite3_bind_parameter_count(st) > 0)
        sqlite3_bind_int64(st, 1, site);
    if (rv == 0 && sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_int64(st, 2, from);
    while (rv == 0 && said == 0 && (rv = sqlite_one(s, st)) == 0) {
        read_row(st, kind, &one);
        said = row(context, &one);
    }
    sqlite3_finalize(st);
    if (said != 0)
        return said;
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

static int read_state(struct sqlite_store *s, int64_t site, int64_t *ret_state)
{
    sqlite3_stmt *st = NULL;
    int rv = prepare(s, state_of, &st);

    if (rv == 0) {
        sqlite3_bind_int64(st, 1, site);
        rv = sqlite_one(s, st);
    }
    if (rv == 0)
        *ret_state = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rv;
}

static int dump_site(struct sqlite_store *s, struct slice key, struct dump_place from,
                     enum dump_kind last, dump_row_fn *row, void *context,
                     int64_t *ret_state)
{
    int64_t site;
    int rv = sqlite_site(s, key, false, &site);

    if (rv == 0)
        rv = read_state(s, site, ret_state);
    if (rv == 0) /* each piece says whose it is */
        rv = dump_section(s, sections[DUMP_SITE].dump, DUMP_SITE, site, 0, row, context);
    for (int k = DUMP_SITE + 1; k < DUMP_KINDS && k <= (int)last && rv == 0; k++)
        if (k >= (int)from.kind)
            rv =
                dump_section(s, sections[k].dump, (enum dump_kind)k, site,
                             k == (int)from.kind ? from.number : INT64_MIN, row, context);
    return rv;
}

int sqlite_dump(struct store *store, struct slice key, struct dump_place from,
                enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int rv;

    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_run_sql(s->db, "BEGIN"); /* all of it as it is now */
    if (rv == 0 && key.length > 0)
        rv = dump_site(s, key, from, last, row, context, ret_state);
    for (int k = DUMP_GAP; k <= DUMP_NAME && rv == 0 && key.length == 0; k++)
        if (k >= (int)from.kind && k <= (int)last)
            rv = dump_section(s, sections[k].dump, (enum dump_kind)k, 0, 0, row, context);
    if (rv == 0 && key.length == 0 && last >= DUMP_SITE)
        rv = dump_section(s, all_sites, DUMP_SITE, 0, 0, row, context);
    return sqlite_end(s, rv);
}

int sqlite_look(struct store *store, struct slice key, struct store_look *ret_look)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int64_t site;
    int rv;

    *ret_look = (struct store_look){.copied = -1};
    sqlite_patience(s, (struct deadline){0});
    rv = sqlite_site(s, key, false, &site);
    if (rv == 0)
        rv = read_state(s, site, &ret_look->said);
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

/* --- Load --- */

struct loading {
    struct sqlite_store *s;
    sqlite3_stmt *statement[DUMP_KINDS]; /* prepared when first needed */
    int64_t site, run;
    char node[64], incarnation[96]; /* whose `run` is            */
    uint32_t uid;
    int64_t at_s;
    const char *note;
    struct hll *kept, *loaded; /* to merge two sketches in; NULL until needed */
    struct sqlite_top_group top;
    uint8_t sketch[HLL_REDIS_MAX];
};

static int find_run(struct loading *l, const struct dump_row *row)
{
    int at = dump_node_field(row->kind);
    struct slice node, incarnation;
    sqlite3_stmt *st = NULL;
    int rv;

    if (at < 0)
        return 0;
    node = row->value[at].text;
    incarnation = row->value[at + 1].text;
    if (l->run != 0 && slice_equal(node, slice_of(l->node)) &&
        slice_equal(incarnation, slice_of(l->incarnation)))
        return 0;
    if (node.length >= sizeof l->node || incarnation.length >= sizeof l->incarnation)
        return ERR_MALFORMED;
    l->run = 0;
    for (int i = 0; i < 2; i++) {
        rv = prepare(l->s, i == 0 ? run_add : run_of, &st);
        if (rv == 0) {
            sqlite_bind_slice(st, 1, node);
            sqlite_bind_slice(st, 2, incarnation);
            rv = i == 0 ? sqlite_do(l->s, st) : sqlite_one(l->s, st);
        }
        if (rv == 0 && i == 1)
            l->run = sqlite3_column_int64(st, 0);
        sqlite3_finalize(st);
        if (rv != 0)
            return rv;
    }
    memcpy(l->node, node.at, node.length);
    l->node[node.length] = '\0';
    memcpy(l->incarnation, incarnation.at, incarnation.length);
    l->incarnation[incarnation.length] = '\0';
    return 0;
}

static int begin_site(struct loading *l, struct slice key)
{
    sqlite3_stmt *st = NULL;
    int rv = sqlite_site(l->s, key, true, &l->site);

    if (rv != 0 || l->note == NULL)
        return rv;
    rv = prepare(l->s, note_add, &st);
    if (rv == 0) {
        sqlite3_bind_int64(st, 1, l->site);
        sqlite3_bind_int64(st, 2, l->at_s);
        sqlite3_bind_int64(st, 3, l->uid);
        sqlite_bind_slice(st, 4, slice_of(l->note));
        rv = sqlite_do(l->s, st);
    }
    sqlite3_finalize(st);
    return rv;
}

/* The union with what is here: who was there is there. */
static int merge_sketch(struct loading *l, const struct dump_row *row,
                        struct slice *ret_blob)
{
    struct slice given = row->value[3].text, kept = {NULL, 0};
    sqlite3_stmt *st = NULL;
    int rv;

    if (l->kept == NULL)
        l->kept = calloc(1, sizeof *l->kept);
    if (l->loaded == NULL)
        l->loaded = calloc(1, sizeof *l->loaded);
    if (l->kept == NULL || l->loaded == NULL)
        return ERR_NOMEM;
    if (hll_from_redis(l->loaded, given) != 0)
        return ERR_MALFORMED;
    rv = prepare(l->s, sketch_of, &st);
    if (rv == 0) {
        sqlite3_bind_int64(st, 1, l->site);
        sqlite3_bind_int64(st, 2, row->value[0].number);
        sqlite3_bind_int64(st, 3, l->run);
        rv = sqlite_one(l->s, st);
    }
    if (rv == 0)
        kept = (struct slice){sqlite3_column_blob(st, 0),
                              (size_t)sqlite3_column_bytes(st, 0)};
    *ret_blob = given;
    if (rv == 0 && hll_from_redis(l->kept, kept) == 0) {
        hll_merge(l->kept, l->loaded);
        *ret_blob =
            (struct slice){(const char *)l->sketch, hll_to_redis(l->kept, l->sketch)};
    }
    sqlite3_finalize(st);
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

static int load_row(struct loading *l, const struct dump_row *row)
{
    sqlite3_stmt **st = &l->statement[row->kind];
    struct slice blob = {NULL, 0};
    int rv = *st == NULL ? prepare(l->s, sections[row->kind].load, st) : 0;

    if (rv == 0 && row->kind == DUMP_SITE)
        rv = begin_site(l, row->value[0].text);
    if (rv == 0)
        rv = find_run(l, row);
    if (rv == 0 && row->kind == DUMP_SKETCH)
        rv = merge_sketch(l, row, &blob);
    if (rv == 0)
        rv = sqlite_top_begin(l->s, &l->top, row, l->site, l->run);
    if (rv != 0 || (sqlite_is_top(row->kind) && !l->top.taken))
        return rv;
    sqlite3_bind_int64(*st, 1, l->site);
    for (unsigned i = 0; i < dump_field_count(row->kind); i++) {
        const struct dump_value *v = &row->value[i];
        if (dump_is_blob(row->kind, i))
            continue;
        if (dump_is_text(row->kind, i))
            sqlite_bind_slice(*st, (int)i + 2, v->text);
        else if (v->absent)
            sqlite3_bind_null(*st, (int)i + 2);
        else
            sqlite3_bind_int64(*st, (int)i + 2, v->number);
    }
    sqlite3_bind_int64(*st, RUN_AT, l->run);
    if (row->kind == DUMP_SKETCH)
        sqlite3_bind_blob(*st, BLOB_AT, blob.at, (int)blob.length, SQLITE_STATIC);
    return sqlite_do(l->s, *st);
}

int sqlite_load(struct store *store, dump_next_fn *next, void *context, uint32_t uid,
                int64_t at_s, const char *note)
{
    struct loading *l = calloc(1, sizeof *l);
    const struct dump_row *row;
    int rv;

    if (l == NULL)
        return ERR_NOMEM;
    l->s = sqlite_store_of(store);
    l->uid = uid;
    l->at_s = at_s;
    l->note = note;
    rv = sqlite_begin(l->s, deadline_in(LOAD_MS));
    while (rv == 0 && (rv = next(context, &row)) == 0)
        rv = load_row(l, row);
    for (int k = 0; k < DUMP_KINDS; k++)
        sqlite3_finalize(l->statement[k]);
    rv = sqlite_end(l->s, rv == ERR_NOT_FOUND ? 0 : rv);
    free(l->kept);
    free(l->loaded);
    free(l);
    return rv;
}
