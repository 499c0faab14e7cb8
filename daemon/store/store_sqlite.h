/* Floor 3 (store), private to store_sqlite*.c: one connection to one database. */
#ifndef LUOT_STORE_STORE_SQLITE_H
#define LUOT_STORE_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/store.h"

enum statement {
#define STATEMENT(name, sql) STATEMENT_##name,
#include "store/store_sqlite.def"
    STATEMENTS
};

enum {
    STORE_APPLICATION_ID = 0x6c756f74, /* "luot", in the file's header            */
    STORE_VERSION = 1,                 /* of the tables; PRAGMA user_version      */
    STORE_PATIENCE_MS = 10000          /* of an operation that brings no deadline */
};

/* What there is, while a moment lasts: of all sites, and of the one asked for last. */
struct sqlite_moment {
    bool lasts, others; /* runs that are not ours                           */
    int64_t site;       /* its id; 0: there is none of that key             */
    unsigned parts;     /* enum history_part: those it may have anything of */
    bool seeded, pages; /* it has a seed; pages that the store knows of     */
    size_t key_length;  /* 0: none was asked for                            */
    char key[64];
};

struct sqlite_store {
    struct store store; /* first: what callers hold */
    sqlite3 *db;        /* its own connection       */
    sqlite3_stmt *statement[STATEMENTS];
    _Atomic int64_t
        hurry_ms;         /* as give_up_ms, for all operations; 0: no hurry. Any thread */
    int64_t give_up_ms;   /* CLOCK_MONOTONIC: the operation under way ends then */
    char node[64];        /* whose rows we write                                */
    char incarnation[17]; /* hex                                                */
    struct sqlite_moment moment;
    int64_t run;        /* the id of node and incarnation; 0: not there yet   */
    int64_t swept_day;  /* unix day of the sweep that is under way or done    */
    int64_t swept_site; /* last site it swept; INT64_MAX: all                 */
};

static inline struct sqlite_store *sqlite_store_of(struct store *s)
{
    return (struct sqlite_store *)s;
}

/* --- store_sqlite.c --- */
int sqlite_store_open(struct store **ret_store, const char *path, const char *node,
                      uint64_t incarnation, char ret_sentence[512]);
/* Begins an operation: from now on whatever waits or works gives up at the deadline. */
void sqlite_patience(struct sqlite_store *s, struct deadline d);
int64_t sqlite_now_ms(void); /* CLOCK_MONOTONIC */
/* The nearest code for an SQLite result. */
int sqlite_error(sqlite3 *db, int result);
/* A statement, reset, with its site bound (0: none). */
sqlite3_stmt *sqlite_take(struct sqlite_store *s, enum statement which, int64_t site);
void sqlite_bind_slice(sqlite3_stmt *st, int at, struct slice text);
/* Runs a statement that gives no row, and resets it. */
int sqlite_do(struct sqlite_store *s, sqlite3_stmt *st);
/* Runs a statement: 0 with a row to read (sqlite3_reset when done), ERR_NOT_FOUND, or an
 * error; both reset it. */
int sqlite_one(struct sqlite_store *s, sqlite3_stmt *st);
/* ERR_NOT_FOUND; with `add`, inside a transaction, it is made. */
int sqlite_site(struct sqlite_store *s, struct slice key, bool add, int64_t *ret_site);
int sqlite_run(struct sqlite_store *s, bool add);
int sqlite_begin(struct sqlite_store *s, struct deadline d);
/* Commits when rv is 0, else rolls back; returns the first error. */
int sqlite_end(struct sqlite_store *s, int rv);

/* --- store_sqlite_moment.c --- */
void sqlite_moment(struct store *s, bool begins);
/* What is known of the site; *ret_moment NULL: nothing, no moment lasts. */
int sqlite_moment_site(struct sqlite_store *s, struct slice key,
                       const struct sqlite_moment **ret_moment);
/* Those of the parts that the site looked up last may have anything of. */
unsigned sqlite_moment_parts(const struct sqlite_store *s, unsigned parts);

/* --- store_sqlite_file.c: what is at a path --- */
/* Opens or makes the database: directory, mode, checks, tables. What is damaged is moved
 * aside. As store_open. */
int sqlite_file_open(sqlite3 **ret_db, const char *path, char ret_sentence[512]);
/* Another connection to what `first` is one to, and has checked. */
int sqlite_file_again(sqlite3 **ret_db, sqlite3 *first, char ret_sentence[512]);

/* --- store_sqlite_tables.c: what is in a database of ours --- */
/* Of a connection whose statements are not prepared yet. */
int sqlite_run_sql(sqlite3 *db, const char *sql);
/* Into an empty database, all or nothing. */
int sqlite_tables_make(sqlite3 *db);
/* What a database of an older luotd does not have yet. */
int sqlite_tables_add(sqlite3 *db);
/* Is everything that we make there, to the letter? ERR_CORRUPT when not. */
int sqlite_tables_check(sqlite3 *db);
/* A damaged header, or version, that the rest sets right again. */
int sqlite_tables_mend(sqlite3 *db, int64_t application, int64_t version, int64_t tables);
/* Do a file's first bytes show our first table? */
bool sqlite_tables_are_in(const void *bytes, size_t n);

/* --- store_sqlite_history.c --- */
int sqlite_history(struct store *s, struct slice site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context);
int sqlite_total(struct store *s, struct slice site, unsigned parts, int64_t since_day,
                 struct history_row *ret_row);
int sqlite_imported_hours(struct store *s, struct slice site, int64_t from, int64_t until,
                          history_row_fn *row, void *context);
int sqlite_gap_add(struct store *s, int64_t from_s, int64_t to_s);
int sqlite_gaps(struct store *s, int64_t from_s, int64_t to_s,
                int (*row)(void *, int64_t from_s, int64_t to_s), void *context);
int sqlite_last_alive(struct store *s, int64_t *ret_s);
int sqlite_site_first(struct store *s, struct slice site, int64_t *ret_created_s,
                      int64_t *ret_first_live_s);
int sqlite_sites(struct store *s,
                 int (*site)(void *, struct slice key, struct slice host), void *context);

/* --- store_sqlite_log.c --- */
/* Of a database's log, before it is opened: how many commits, at least, are lost behind a
 * place that is damaged, though they had been confirmed. 0: none, or it is not known. */
unsigned sqlite_log_lost(const char *log);

/* --- store_sqlite_records.c: seeds, adjustments, imports, the audit trail --- */
int sqlite_seed_set(struct store *s, struct slice site, const struct seed_row *row);
int sqlite_seed_get(struct store *s, struct slice site, int metric,
                    struct seed_row *ret_row);
int sqlite_adjust_add(struct store *s, struct slice site, const struct adjust_row *row);
int sqlite_audit(struct store *s, struct slice site,
                 int (*row)(void *, int64_t at_s, uint32_t uid, const char *what),
                 void *context);
int sqlite_audit_own(struct store *s, int64_t at_s, uint32_t uid, const char *what);
int sqlite_source_get(struct store *s, struct slice site, uint64_t first_line,
                      struct import_source *ret_source);
int sqlite_import(struct store *s, struct slice site, const struct import_source *source,
                  uint32_t uid, int64_t at_s, const struct change *rows, size_t n);

/* One line of the audit trail, inside a transaction. */
int sqlite_audit_add(struct sqlite_store *s, int64_t site, int64_t at_s, uint32_t uid,
                     const char *what);

/* store_sqlite.c: the unix day that the clock says, or an earlier one where days are missing
 * on which something was saved: what is swept goes by it. */
int sqlite_believed_day(struct sqlite_store *s, int64_t now_s, int64_t *ret_day);

/* --- store_sqlite_tops.c --- */
/* Inside a transaction: CHANGE_TOPS, CHANGE_PAGE. */
int sqlite_save_tops(struct sqlite_store *s, const struct change *c, int64_t site);
int sqlite_save_page(struct sqlite_store *s, const struct change *c, int64_t site);
/* Whole months before unix day `before` become rows of their month; one a call. */
int sqlite_sweep_tops(struct sqlite_store *s, int64_t site, int64_t before);
/* store_sqlite_import_tops.c: rows of CHANGE_TOPS, days ascending, inside a transaction. */
int sqlite_import_tops(struct sqlite_store *s, int64_t site, uint64_t first_line,
                       int64_t at_s, const struct change *tops, size_t n);
int sqlite_tops(struct store *s, struct slice site, const char *of, unsigned parts,
                int64_t from_day, int64_t until_day, top_row_fn *row, void *context);
int sqlite_pages(struct store *s, struct slice site, unsigned limit, top_row_fn *row,
                 void *context);
/* While a dump is loaded: of which day, dimension and run rows come now. */
struct sqlite_top_group {
    enum dump_kind kind;
    int64_t site, number, run;
    bool taken; /* they are newer than what is here, which is gone then */
};
bool sqlite_is_top(enum dump_kind kind);
/* Of other kinds of rows: nothing. */
int sqlite_top_begin(struct sqlite_store *s, struct sqlite_top_group *group,
                     const struct dump_row *row, int64_t site, int64_t run);
int sqlite_page_seed(struct store *s, struct slice site, const struct page_seed *seed);

/* --- store_sqlite_health.c --- */
int sqlite_health(struct store *s, struct store_health *ret_health);

/* --- store_sqlite_dump.c --- */
int sqlite_dump(struct store *s, struct slice site, struct dump_place from,
                enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state);
/* `live` is 0 and `copied` -1: nobody asks SQLite what other nodes did. */
int sqlite_look(struct store *s, struct slice site, struct store_look *ret_look);
int sqlite_load(struct store *s, dump_next_fn *next, void *context, uint32_t uid,
                int64_t at_s, const char *note);

#endif
