/* The embedded store: one SQLite database that anyone can query (sqlite3 luot.db, try
 * `SELECT * FROM days`). A save is one transaction of upserts that keep the greater
 * value, so the same save again changes nothing.
 *
 * Happy path of a save: BEGIN -> a row for each change -> a slice of the daily sweep ->
 * COMMIT, which waits for the disk (WAL, synchronous=FULL). It fails when: the disk is
 * full or says no, another process holds the database longer than the deadline, or the
 * deadline passes: all of it is rolled back, the connection goes on, the caller saves
 * again later. The file was moved or removed: nothing is written until it is back.
 *
 * Rows are kept for each run, that is node and incarnation; answers add them up. */
#include "store/store_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

static const char *const statements[STATEMENTS] = {
#define STATEMENT(name, sql) sql,
#include "store/store_sqlite.def"
};

enum {
    QUARTERS_KEPT = 35, /* days when one is swept; 36 just before the next      */
    SKETCHES_KEPT = 62, /* days: this month and the whole of last month         */
    DAY_QUARTERS = 96,
    GROWTH_KEPT = 62,    /* days on which something was saved; more than QUARTERS_KEPT */
    PROGRESS_OPS = 2000, /* virtual machine steps between two looks at the clock */
    BUSY_WAIT_MS = 5
};

/* --- Time, errors --- */

int64_t sqlite_now_ms(void)
{
    return deadline_in(0).at_ms;
}

void sqlite_patience(struct sqlite_store *s, struct deadline d)
{
    s->give_up_ms = d.at_ms != 0 ? d.at_ms : sqlite_now_ms() + STORE_PATIENCE_MS;
}

static bool is_out_of_time(const struct sqlite_store *s)
{
    int64_t hurry_ms = atomic_load_explicit(&s->hurry_ms, memory_order_relaxed);
    int64_t now = sqlite_now_ms();

    return now >= s->give_up_ms || (hurry_ms != 0 && now >= hurry_ms);
}

static void hurry(struct store *store, struct deadline d)
{
    /* Relaxed: a number on its own, looked at again and again. */
    atomic_store_explicit(&sqlite_store_of(store)->hurry_ms, d.at_ms,
                          memory_order_relaxed);
}

static int on_progress(void *context)
{
    return is_out_of_time(context);
}

/* Another connection is writing: the reader's or an operator's. */
static int on_busy(void *context, int times)
{
    const struct sqlite_store *s = context;
    const struct timespec wait = {.tv_nsec = BUSY_WAIT_MS * 1000000};

    (void)times;
    if (is_out_of_time(s))
        return 0;
    nanosleep(&wait, NULL);
    return 1;
}

int sqlite_error(sqlite3 *db, int result)
{
    int code;

    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return ERR_NOSPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_DENIED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return ERR_TIMEOUT;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return ERR_CORRUPT;
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        return ERR_RANGE;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        code = db == NULL ? 0 : error_from_errno(sqlite3_system_errno(db));
        return code == ERR_NOSPACE || code == ERR_DENIED ? code : ERR_IO;
    default:
        return ERR_IO;
    }
}

/* --- Statements --- */

sqlite3_stmt *sqlite_take(struct sqlite_store *s, enum statement which, int64_t site)
{
    sqlite3_stmt *st = s->statement[which];

    sqlite3_reset(st);
    if (site != 0)
        sqlite3_bind_int64(st, 1, site);
    return st;
}

void sqlite_bind_slice(sqlite3_stmt *st, int at, struct slice text)
{
    sqlite3_bind_text(st, at, text.length == 0 ? "" : text.at, (int)text.length,
                      SQLITE_STATIC);
}

int sqlite_do(struct sqlite_store *s, sqlite3_stmt *st)
{
    int rv = sqlite_error(s->db, sqlite3_step(st));

    sqlite3_reset(st);
    return rv;
}

int sqlite_one(struct sqlite_store *s, sqlite3_stmt *st)
{
    int result = sqlite3_step(st);
    int rv = result == SQLITE_DONE ? ERR_NOT_FOUND : sqlite_error(s->db, result);

    if (rv != 0)
        sqlite3_reset(st);
    return rv;
}

static int read_id(struct sqlite_store *s, sqlite3_stmt *st, int64_t *ret_id)
{
    int rv = sqlite_one(s, st);

    if (rv != 0)
        return rv;
    *ret_id = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

int sqlite_site(struct sqlite_store *s, struct slice key, bool add, int64_t *ret_site)
{
    const struct sqlite_moment *moment;
    int rv = sqlite_moment_site(s, key, &moment);
    sqlite3_stmt *st;

    if (rv != 0)
        return rv;
    if (moment != NULL) {
        *ret_site = moment->site;
        return moment->site != 0 ? 0 : ERR_NOT_FOUND;
    }
    st = sqlite_take(s, STATEMENT_SITE_ID, 0);
    sqlite_bind_slice(st, 1, key);
    rv = read_id(s, st, ret_site);
    if (rv != ERR_NOT_FOUND || !add)
        return rv;
    st = sqlite_take(s, STATEMENT_SITE_ADD, 0);
    sqlite_bind_slice(st, 1, key);
    rv = sqlite_do(s, st);
    if (rv == 0)
        *ret_site = sqlite3_last_insert_rowid(s->db);
    return rv;
}

static sqlite3_stmt *take_run(struct sqlite_store *s, enum statement which)
{
    sqlite3_stmt *st = sqlite_take(s, which, 0);

    sqlite_bind_slice(st, 1, slice_of(s->node));
    sqlite_bind_slice(st, 2, slice_of(s->incarnation));
    return st;
}

int sqlite_run(struct sqlite_store *s, bool add)
{
    int rv = s->run != 0 ? 0 : read_id(s, take_run(s, STATEMENT_RUN_ID), &s->run);

    if (rv != ERR_NOT_FOUND || !add)
        return rv == ERR_NOT_FOUND ? 0 : rv;
    rv = sqlite_do(s, take_run(s, STATEMENT_RUN_ADD));
    if (rv == 0)
        s->run = sqlite3_last_insert_rowid(s->db);
    return rv;
}

/* What is written to a file without a name is gone when we end, however durable. */
static bool file_is_gone(struct sqlite_store *s)
{
    int moved = 0;

    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
               SQLITE_OK &&
           moved != 0;
}

int sqlite_begin(struct sqlite_store *s, struct deadline d)
{
    sqlite_patience(s, d);
    if (file_is_gone(s))
        return ERR_MOVED;
    return sqlite_do(s, sqlite_take(s, STATEMENT_BEGIN, 0));
}

int sqlite_end(struct sqlite_store *s, int rv)
{
    if (rv == 0)
        rv = sqlite_do(s, sqlite_take(s, STATEMENT_COMMIT, 0));
    if (rv == 0)
        return 0;
    /* Some errors have rolled back already. Undoing is not bound by the deadline. */
    s->give_up_ms = sqlite_now_ms() + STORE_PATIENCE_MS;
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite_do(s, sqlite_take(s, STATEMENT_ROLLBACK, 0));
    s->run = 0; /* it may have been rolled back with the rest */
    return rv;
}

/* --- Saving --- */

static const enum statement save_statement[] = {
    [CHANGE_SITE] = STATEMENT_SAVE_SITE,       [CHANGE_TOTAL] = STATEMENT_SAVE_TOTAL,
    [CHANGE_DAY] = STATEMENT_SAVE_DAY,         [CHANGE_QUARTER] = STATEMENT_SAVE_QUARTER,
    [CHANGE_WEEK] = STATEMENT_SAVE_WEEK,       [CHANGE_MONTH] = STATEMENT_SAVE_MONTH,
    [CHANGE_ENGAGED] = STATEMENT_SAVE_ENGAGED, [CHANGE_SKETCH] = STATEMENT_SAVE_SKETCH,
    [CHANGE_ALIVE] = STATEMENT_SAVE_ALIVE,
};

static int save_site(struct sqlite_store *s, const struct change *c, int64_t site)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SAVE_SITE, site);

    sqlite3_bind_int64(st, 2, c->number);
    sqlite3_bind_int64(st, 3, (int64_t)c->views);
    sqlite3_bind_int64(st, 4, (int64_t)c->visits);
    sqlite_bind_slice(st, 5, c->blob);
    return sqlite_do(s, st);
}

static int save_row(struct sqlite_store *s, const struct change *c, int64_t site)
{
    sqlite3_stmt *st = sqlite_take(s, save_statement[c->kind], site);

    sqlite3_bind_int64(st, 2, s->run);
    sqlite3_bind_int64(st, 3, c->number);
    sqlite3_bind_int64(st, 4, (int64_t)c->views);
    sqlite3_bind_int64(st, 5, (int64_t)c->visits);
    sqlite3_bind_int64(st, 6, (int64_t)c->visitors);
    sqlite3_bind_int64(st, 7, c->exact);
    if (c->kind == CHANGE_SKETCH)
        sqlite3_bind_blob(st, 8, c->blob.at, (int)c->blob.length, SQLITE_STATIC);
    return sqlite_do(s, st);
}

/* How large the database is today, for `luotctl check`; and that today is a day. Old ones go
 * by their number: one whose clock was ahead takes no others with it, and a luotd that runs
 * a day a week still has a QUARTERS_KEPT-th. */
static int note_growth(struct sqlite_store *s, int64_t day)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_GROWTH_ADD, day);
    int rv = sqlite_do(s, st);

    return rv != 0 ? rv
                   : sqlite_do(s, sqlite_take(s, STATEMENT_GROWTH_SWEEP, GROWTH_KEPT));
}

/* What is old goes by this day: by the clock, and by the days on which something was saved.
 * A clock that is years ahead for an hour is one such day more, and what it would take for
 * old is there when it is set right. */
int sqlite_believed_day(struct sqlite_store *s, int64_t now_s, int64_t *ret_day)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_GROWTH_DAY, QUARTERS_KEPT + 1);
    int64_t by_days;
    int rv = sqlite_one(s, st);

    *ret_day = now_s / 86400;
    if (rv != 0)
        return rv;
    by_days = sqlite3_column_int64(st, 0);
    if (sqlite3_column_type(st, 0) != SQLITE_NULL && by_days < *ret_day)
        *ret_day = by_days;
    sqlite3_reset(st);
    return 0;
}

/* Old quarter-hours, sketches and tops go once a day, some sites with each save, so that no
 * save becomes long. SQLite gives their pages to what comes next, so the file grows by
 * days, weeks and months only; it never becomes smaller, and needs no VACUUM for that. */
static int sweep(struct sqlite_store *s, int64_t now_s)
{
    int64_t sites[16], today;
    int n = 0, rv;

    if (now_s / 86400 != s->swept_day) {
        s->swept_day = now_s / 86400;
        s->swept_site = 0;
    }
    if (s->swept_site == INT64_MAX)
        return 0;
    if (s->swept_site == 0 && (rv = note_growth(s, s->swept_day)) != 0)
        return rv;
    if ((rv = sqlite_believed_day(s, now_s, &today)) != 0)
        return rv;
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_SWEEP_SITES, s->swept_site);
    if (s->swept_site == 0)
        sqlite3_bind_int64(st, 1, 0);
    while ((rv = sqlite_one(s, st)) == 0 && n < 16)
        sites[n++] = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    for (int i = 0; i < n; i++) {
        st = sqlite_take(s, STATEMENT_SWEEP_QUARTERS, sites[i]);
        sqlite3_bind_int64(st, 2, (today - QUARTERS_KEPT) * DAY_QUARTERS);
        rv = sqlite_do(s, st);
        st = sqlite_take(s, STATEMENT_SWEEP_SKETCHES, sites[i]);
        sqlite3_bind_int64(st, 2, today - SKETCHES_KEPT);
        rv = rv != 0 ? rv : sqlite_do(s, st);
        rv = rv != 0 ? rv : sqlite_sweep_tops(s, sites[i], today - STORE_TOPS_DAYS);
        if (rv != 0)
            return rv;
    }
    s->swept_site = n < 16 ? INT64_MAX : sites[n - 1];
    return 0;
}

static int save_changes(struct sqlite_store *s, const struct change *changes, size_t n)
{
    struct slice key = {NULL, 0};
    int64_t site = 0;
    int rv = sqlite_run(s, true);

    for (size_t i = 0; i < n && rv == 0; i++) {
        const struct change *c = &changes[i];

        if (c->kind == CHANGE_ALIVE) {
            rv = save_row(s, c, 0);
            rv = rv != 0 ? rv : sweep(s, c->number);
            continue;
        }
        if (site == 0 || !slice_equal(key, c->site)) {
            rv = sqlite_site(s, c->site, true, &site);
            key = c->site;
        }
        if (rv == 0)
            rv = c->kind == CHANGE_SITE   ? save_site(s, c, site)
                 : c->kind == CHANGE_TOPS ? sqlite_save_tops(s, c, site)
                 : c->kind == CHANGE_PAGE ? sqlite_save_page(s, c, site)
                                          : save_row(s, c, site);
    }
    return rv;
}

static int save(struct store *store, const struct change *changes, size_t n,
                struct deadline d)
{
    struct sqlite_store *s = sqlite_store_of(store);
    int64_t day = s->swept_day, site = s->swept_site;
    int rv = sqlite_begin(s, d);

    if (rv == 0)
        rv = save_changes(s, changes, n);
    rv = sqlite_end(s, rv);
    if (rv != 0) {
        s->swept_day = day;
        s->swept_site = site;
    }
    return rv;
}

/* --- Open, close --- */

static void close_store(struct store *store)
{
    struct sqlite_store *s = sqlite_store_of(store);

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statement[i]);
    sqlite3_close(s->db);
    free(s);
}

static int open_again(struct store *store, struct store **ret_store,
                      char ret_sentence[512]);

static const struct store_ops sqlite_ops = {
    .save = save,
    .history = sqlite_history,
    .total = sqlite_total,
    .imported_hours = sqlite_imported_hours,
    .seed_set = sqlite_seed_set,
    .seed_get = sqlite_seed_get,
    .adjust_add = sqlite_adjust_add,
    .audit = sqlite_audit,
    .audit_add = sqlite_audit_own,
    .source_get = sqlite_source_get,
    .import = sqlite_import,
    .gap_add = sqlite_gap_add,
    .gaps = sqlite_gaps,
    .last_alive = sqlite_last_alive,
    .site_first = sqlite_site_first,
    .sites = sqlite_sites,
    .close = close_store,
    .health = sqlite_health,
    .hurry = hurry,
    .dump = sqlite_dump,
    .load = sqlite_load,
    .look = sqlite_look,
    .tops = sqlite_tops,
    .pages = sqlite_pages,
    .page_seed = sqlite_page_seed,
    .moment = sqlite_moment,
    .again = open_again,
};

/* With its database open, or not (rv): the rest. It frees what does not become a store. */
static int finish_open(struct store **ret_store, struct sqlite_store *s, int rv,
                       char ret_sentence[512])
{
    s->store.ops = &sqlite_ops;
    sqlite_patience(s, (struct deadline){0});
    if (rv == 0) {
        sqlite3_progress_handler(s->db, PROGRESS_OPS, on_progress, s);
        sqlite3_busy_handler(s->db, on_busy, s);
    }
    for (int i = 0; i < STATEMENTS && rv == 0; i++) {
        rv = sqlite_error(s->db, sqlite3_prepare_v3(s->db, statements[i], -1,
                                                    SQLITE_PREPARE_PERSISTENT,
                                                    &s->statement[i], NULL));
        if (rv != 0)
            snprintf(ret_sentence, 512, "%.300s: %.80s; try again, or look at its disk",
                     sqlite3_db_filename(s->db, "main"), sqlite3_errmsg(s->db));
    }
    if (rv != 0) {
        close_store(&s->store);
        return rv;
    }
    *ret_store = &s->store;
    return 0;
}

static int open_again(struct store *store, struct store **ret_store,
                      char ret_sentence[512])
{
    const struct sqlite_store *first = sqlite_store_of(store);
    struct sqlite_store *s = calloc(1, sizeof *s);

    ret_sentence[0] = '\0';
    if (s == NULL)
        return ERR_NOMEM;
    memcpy(s->node, first->node, sizeof s->node);
    memcpy(s->incarnation, first->incarnation, sizeof s->incarnation);
    return finish_open(ret_store, s, sqlite_file_again(&s->db, first->db, ret_sentence),
                       ret_sentence);
}

int sqlite_store_open(struct store **ret_store, const char *path, const char *node,
                      uint64_t incarnation, char ret_sentence[512])
{
    struct sqlite_store *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_NOMEM;
    snprintf(s->node, sizeof s->node, "%s", node);
    snprintf(s->incarnation, sizeof s->incarnation, "%016llx",
             (unsigned long long)incarnation);
    return finish_open(ret_store, s, sqlite_file_open(&s->db, path, ret_sentence),
                       ret_sentence);
}
