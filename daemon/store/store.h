/* Floor 3 (store). Where numbers are kept for ever: one small blocking interface with
 * deadlines. A store is used by one thread; open a second one for a second thread (the
 * saver has one, the reader another).
 *
 * Values are absolute and monotone per (site, day, node, incarnation), so a save may be
 * repeated, arrive twice or late: a store keeps the greater of what it has and what it is
 * given. `node` and `incarnation` are the opener's, given once. */
#ifndef LUOT_STORE_STORE_H
#define LUOT_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "store/dump.h"

struct store;

typedef int dump_row_fn(void *context, const struct dump_row *row);
/* *ret_row is good until the next call. */
typedef int dump_next_fn(void *context, const struct dump_row **ret_row);

struct deadline {
    int64_t at_ms; /* CLOCK_MONOTONIC milliseconds; 0: the store's own, some seconds */
};

/* So many milliseconds from now. */
struct deadline deadline_in(unsigned ms);

enum change_kind {
    /* number = created_s, views = first_live_s, visits = last_view_s; blob = host of an
     * auto site. */
    CHANGE_SITE,
    /* All views and visits of this incarnation, overrun too; its visitors are the sum of
     * its months. */
    CHANGE_TOTAL,
    CHANGE_DAY,     /* number = local day                    */
    CHANGE_QUARTER, /* number = slot / 75                    */
    CHANGE_WEEK,    /* number of count/period; visitors only */
    CHANGE_MONTH,
    /* number = local day; of its visits by visitors that are known (`visits`) those with a
     * second view (`views`). */
    CHANGE_ENGAGED,
    CHANGE_SKETCH, /* number = local day; blob = its visitors as Redis' HyperLogLog  */
    CHANGE_ALIVE,  /* no site; number = unix seconds: luotd was running and counting */
    CHANGE_HOUR,   /* of an import only; number = unix hour                          */
    /* Of stores with `tops`. number = local day, visits = enum dimension, blob = all of its
     * rows: an array of struct top_row. Replaces what there was of this run. */
    CHANGE_TOPS,
    CHANGE_PAGE /* blob = the page, views = all that this run counted; "": further pages */
};

/* A row of tops; key "": what has no row, and `lacks` then what any row may lack. */
struct top_row {
    struct slice key;
    uint64_t views, visitors, lacks;
};
typedef int top_row_fn(void *context, const struct top_row *row);

struct change {
    enum change_kind kind;
    struct slice site; /* key; lives until store_save returns */
    int64_t number;
    uint64_t views, visits, visitors;
    bool exact; /* the visitors */
    struct slice blob;
};

/* What people say of one page: so many views, when this run had counted so many. */
struct page_seed {
    struct slice page, note;
    uint64_t views, counted;
    int64_t at_s;
    uint32_t uid;
};

/* A row of history, summed over what the question says. */
struct history_row {
    int64_t number; /* day, quarter, week or month */
    uint64_t views, visits, visitors;
    bool exact, deduplicated;
};
/* Returns 0 to go on; else reading ends and returns the same. */
typedef int history_row_fn(void *context, const struct history_row *row);

enum history_part {
    HISTORY_LIVE_OTHER = 1, /* counted live by other incarnations (of any node) */
    HISTORY_LIVE_OWN = 2,   /* counted live by this one, as saved               */
    HISTORY_IMPORTED = 4,
    HISTORY_ADJUSTED = 8,
    HISTORY_ALL = 15
};

/* A seed or an adjustment as it was given; the audit trail. */
struct seed_row {
    int64_t at_s; /* when it was said */
    uint32_t uid; /* by whom          */
    int metric;   /* enum metric      */
    int64_t as_of_s;
    uint64_t total, today, week, month, offset_total, offset_today, offset_week,
        offset_month;
    bool has_today, has_week, has_month;
    char note[256];
};

struct adjust_row {
    int64_t at_s;
    uint32_t uid;
    int metric;
    int64_t day; /* local day it is booked on */
    int64_t by;  /* may be negative           */
    char note[256];
};

/* One source of imported rows: a log file, by the hash of its first line. */
struct import_source {
    uint64_t first_line; /* hash of the first line                       */
    uint64_t bytes;      /* consumed so far, always at the end of a line */
    uint64_t lines, parsed, malformed, views, skipped;
    int64_t from_s, to_s; /* of its page views                */
    char name[256];       /* the file's base name, for people */
};

/* What a store may have lost of what was saved before. */
enum store_lost {
    STORE_LOST_NOTHING,
    STORE_LOST_RECENT, /* what it confirmed in the last minute, perhaps              */
    STORE_LOST_ALL
};

/* How a store is, for `luotctl check`. */
struct store_health {
    uint64_t bytes, free_bytes; /* it takes; left where it is                       */
    uint64_t bytes_a_day;       /* it grew by lately; 0: not known, or it did not   */
    bool growth_known;          /* there is a day or more to tell by                */
    bool whole;                 /* false: it is damaged, or not all of it was looked at */
    bool looked_at;             /* all of it                                        */
    char place[256];            /* where it is, for people                          */
    char trouble[256];          /* what is damaged, or ""                           */
};

/* What is kept of our own run and one site; views and visits. */
struct own_hits {
    struct slice site; /* asked                                  */
    int64_t day;       /* asked: which local day                 */
    uint64_t views, visits, day_views, day_visits; /* 0: nothing */
};

enum { SHARED_MAX = 128 }; /* of what is shared under a name */
enum { STORE_TOPS_DAYS = 762 /* so long tops are kept by day: 25 months */ };

/* What a store has of a site, to see that it changed. */
struct store_look {
    uint64_t live; /* another one when other incarnations counted, or are lost */
    int64_t said;  /* as dump's state: grows when people change or import      */
    /* What `mark` was told last, or -1: never, or it is forgotten. */
    int64_t copied;
};

/* One run that counts for the same store, or did. */
struct node_row {
    char run[96], node[64], incarnation[17], version[32];
    int64_t wrote_s; /* when, by the server's clock                              */
    int64_t now_s;   /* the server's clock now                                   */
    int64_t clock_ms, seen_ms; /* its own and the server's, at one moment; 0: not told */
    bool here;                 /* it wrote a moment ago                                */
    bool ours, shares; /* this one; its visitors can be told from ours (keep/nodes)    */
};

/* What a run says of a site, as count/sheet writes it. */
struct sheet_row {
    struct slice site, run, bytes;
};

/* A site that is read next: the first day, week and quarter at hand. */
struct ahead_site {
    struct slice site; /* lives until `ahead` is called again     */
    int64_t today, day, week;
    int64_t quarter; /* INT64_MAX: quarters will not be asked for      */
    bool own;        /* rows of our own run will be, of days and longer */
};

struct store_ops {
    int (*save)(struct store *s, const struct change *changes, size_t n,
                struct deadline d);
    /* Rows of one kind (CHANGE_DAY, _QUARTER, _WEEK, _MONTH, _ENGAGED) of a site with from <=
     * number < until, ascending, the parts added up. Visitors of one number from two
     * parts are a sum: deduplicated = false. */
    int (*history)(struct store *s, struct slice site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context);
    /* The sum of everything of the parts: visitors of months, adjustments that were made
     * since the metric's seed (as two's complement). Imported rows only from since_day on
     * (INT64_MIN: all), their visitors then a sum of days. */
    int (*total)(struct store *s, struct slice site, unsigned parts, int64_t since_day,
                 struct history_row *ret_row);
    /* Imported rows of hours: number = unix hour (period_at). */
    int (*imported_hours)(struct store *s, struct slice site, int64_t from, int64_t until,
                          history_row_fn *row, void *context);
    int (*seed_set)(struct store *s, struct slice site, const struct seed_row *row);
    /* ERR_NOT_FOUND. */
    int (*seed_get)(struct store *s, struct slice site, int metric,
                    struct seed_row *ret_row);
    int (*adjust_add)(struct store *s, struct slice site, const struct adjust_row *row);
    /* Seeds, adjustments, imports, names, oldest first. Without a site: what was done to
     * luotd itself. */
    int (*audit)(struct store *s, struct slice site,
                 int (*row)(void *, int64_t at_s, uint32_t uid, const char *what),
                 void *context);
    /* A line of what concerns no site: at most 600 bytes. It stays in this store; dumps and
     * other stores do not have it. */
    int (*audit_add)(struct store *s, int64_t at_s, uint32_t uid, const char *what);
    /* ERR_NOT_FOUND. */
    int (*source_get)(struct store *s, struct slice site, uint64_t first_line,
                      struct import_source *ret_source);
    /* One transaction: the source as it now is and the rows that it changes
     * (CHANGE_DAY, _WEEK, _MONTH, _HOUR), which hold what is to be ADDED, as two's
     * complement, for this source and number; kept by (site, source, number). Then those of
     * CHANGE_TOPS, last, to be ADDED to the tops of the source, which is a run of its own. */
    int (*import)(struct store *s, struct slice site, const struct import_source *source,
                  uint32_t uid, int64_t at_s, const struct change *rows, size_t n);
    /* Times when nobody counted, ascending, that overlap [from_s, to_s): from
     * CHANGE_ALIVE and gap_add. */
    int (*gap_add)(struct store *s, int64_t from_s, int64_t to_s);
    int (*gaps)(struct store *s, int64_t from_s, int64_t to_s,
                int (*row)(void *, int64_t from_s, int64_t to_s), void *context);
    int (*last_alive)(struct store *s, int64_t *ret_s); /* of this node; ERR_NOT_FOUND */
    /* Of any incarnation; ERR_NOT_FOUND. */
    int (*site_first)(struct store *s, struct slice site, int64_t *ret_created_s,
                      int64_t *ret_first_live_s);
    int (*sites)(struct store *s,
                 int (*site)(void *, struct slice key, struct slice host), void *context);
    /* The next two may be NULL: the store is always there and forgets nothing.
     * attend: is it there? Before a round of saves. What it may have lost since it was
     * asked last is then the saver's to write again. */
    int (*attend)(struct store *s, struct deadline d, enum store_lost *ret_lost);
    /* "" or what is wrong and what to do, in a line that may be logged; the number is
     * another one when the trouble is another one. Of the last call. */
    const char *(*trouble)(const struct store *s, unsigned *ret_number);
    void (*close)(struct store *s);
    /* What follows may be NULL: this kind of store cannot do it (yet). */
    /* Takes seconds: looks at all of it. */
    int (*health)(struct store *s, struct store_health *ret_health);
    /* Any thread, until close: whatever is under way then, or begins later, has given up
     * by this deadline (ERR_TIMEOUT), however patient it was. For a stop. */
    void (*hurry)(struct store *s, struct deadline d);
    /* All that is kept of a site as the rows of store/dump.h, in their order, from a place
     * on (see there) until the last one of kind `last`, as it was at one moment; without a
     * site what belongs to none, and then every site. `row` returns 0, or what ends it and
     * is returned. *ret_state changes when people change or import something.
     * ERR_NOT_FOUND: there is no such site.
     * A store that has no one moment (Redis) gives each number as it was at some moment
     * meanwhile, and ERR_PARTIAL at the end when the state changed: once more. */
    int (*dump)(struct store *s, struct slice site, struct dump_place from,
                enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state);
    /* One transaction: takes rows until `next` returns ERR_NOT_FOUND; another code undoes
     * all of it and is returned. Rows that are here already change nothing. `note` goes
     * once into the audit trail of each site that has a row; NULL: it does not. (Redis: what
     * was imported of a site is one transaction, the rest is taken row by row; after an
     * error some of it is here, and to load it again brings the rest.) */
    int (*load)(struct store *s, dump_next_fn *next, void *context, uint32_t uid,
                int64_t at_s, const char *note);
    /* What is kept of our run, all rows in one question. NULL: only we write there. */
    int (*own)(struct store *s, struct own_hits *rows, size_t n, struct deadline d);
    /* A text under a name, the same for all who share the store: `offer` when there is none
     * yet, which then goes away life_ms later, else what is there. 1 to SHARED_MAX - 1 bytes;
     * ERR_MALFORMED: what is there is not. */
    int (*share)(struct store *s, const char *name, const char *offer, int64_t life_ms,
                 char ret_text[SHARED_MAX], struct deadline d);
    /* A site that is not there: all 0. Cheap: asked of each site, each second. */
    int (*look)(struct store *s, struct slice site, struct store_look *ret_look);
    /* This node has given it all that its own disk keeps of the site, which is in this
     * state (store_look.said there). NULL: it need not be told. */
    int (*mark)(struct store *s, struct slice site, int64_t said);
    /* Many nodes that count one portal. NULL: this store is of one machine. */
    int (*sheets_put)(struct store *s, const struct sheet_row *rows, size_t n,
                      struct deadline d);
    /* `bytes` is empty where there is none. */
    int (*sheets_get)(struct store *s, const struct sheet_row *places, size_t n,
                      void (*sheet)(void *, size_t index, struct slice bytes),
                      void *context, struct deadline d);
    /* The sites of a run whose sheets came since, at most `limit`, oldest first; `at`
     * grows. */
    int (*sheets_since)(struct store *s, const char *run, int64_t since, unsigned limit,
                        void (*site)(void *, struct slice site, int64_t at),
                        void *context, struct deadline d);
    /* Tops. NULL: this kind of store keeps none. Rows of [from_day, until_day) that the
     * parts live_own and live_other have, in no order, a key as often as it was kept; of
     * days of more than 25 months ago those of whole months, which stand on their first
     * day. */
    int (*tops)(struct store *s, struct slice site, const char *of, unsigned parts,
                int64_t from_day, int64_t until_day, top_row_fn *row, void *context);
    /* All views of pages but those of this run, seeds too (as two's complement), most
     * first: `views` of each row. "": further pages. */
    int (*pages)(struct store *s, struct slice site, unsigned limit, top_row_fn *row,
                 void *context);
    /* Replaces an earlier one of that page; a line of the audit trail. */
    int (*page_seed)(struct store *s, struct slice site, const struct page_seed *seed);
    /* Another connection to the same store, for another thread, as store_open. It may cost
     * less: what is at the place was checked when this one was opened. NULL: it costs the
     * same. */
    int (*again)(struct store *s, struct store **ret_store, char ret_sentence[512]);
    /* True: what is read from now on is all of one moment, and may cost less; false: no more.
     * Nothing is written meanwhile. NULL, or what fails: each answer is of its own. */
    void (*moment)(struct store *s, bool begins);
    /* What history_load and the like ask of a site is asked next of these, in their order: a
     * store that is far away gets it for many at once. Returns for how many it has, of the
     * first ones; at least 1: what cannot be had says so when it is asked for. They are known
     * as they were now, until the next call, or until something is written; n = 0 lets go of
     * them. NULL: a question costs no journey. */
    size_t (*ahead)(struct store *s, const struct ahead_site *sites, size_t n);
    /* The runs that wrote last, newest first, this one too. */
    int (*nodes)(struct store *s, unsigned limit, void (*node)(void *, struct node_row *),
                 void *context, struct deadline d);
    /* Visitors of one day, week or month as each other run saved them: this one's own are
     * not said, whether or not it is in the roll yet. */
    int (*run_visitors)(struct store *s, struct slice site, enum change_kind kind,
                        int64_t number,
                        void (*run)(void *, struct slice run, uint64_t visitors,
                                    bool exact),
                        void *context, struct deadline d);
};

struct store {
    const struct store_ops *ops;
};

/* "sqlite:PATH", or "redis://..." as in base/store_where.h, which opens whether the server
 * is there or not. What opens is checked first: ERR_FOREIGN (not a database of ours: left
 * alone), ERR_VERSION (a newer luotd's: left alone), ERR_DENIED, ERR_NOSPACE, ERR_IO,
 * ERR_TIMEOUT (another process holds it), ERR_MALFORMED (no such kind of store).
 * ret_sentence then ends with what to do. Ours but damaged: it is moved to PATH.bad-<unix
 * seconds>, with its -wal, a new one is made and 0 is returned; ret_sentence says so.
 * Else 0 and "". */
int store_open(struct store **ret_store, const char *where, const char *node,
               uint64_t incarnation, char ret_sentence[512]);

#endif
