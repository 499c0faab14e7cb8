/* Floor 3 (store), private to store_redis*.c. conf/redis.md is the page of the keys. */
#ifndef LUOT_STORE_STORE_REDIS_H
#define LUOT_STORE_STORE_REDIS_H

#include "base/buffer.h"
#include "store/store.h"
#include "store/store_redis_link.h"

enum {
    FLUSH_MS = 2000, /* a save, or a question, from begin to end */
    KEY_MAX = 288,   /* bytes of a key: luot:{63}:top:2026-11-23:referrers:node:run */
    FIELD_MAX = 128,
    SCAN_COUNT = 256
};

/* Rows of one site and kind, as they were read a moment ago. */
struct redis_row {
    int64_t number;
    uint64_t views, visits, visitors;
    uint64_t who;  /* hash of its field: a row may be read twice */
    unsigned part; /* one of history_part                        */
    bool exact;
};

struct redis_rows {
    struct redis_row *row;
    size_t count, room;
};

struct redis_kept {
    char site[64];
    int64_t from, until, read_ms; /* read_ms 0: nothing is kept */
    unsigned parts;
    struct redis_rows rows;
};

enum { KEPT_KINDS = 8 };

struct redis_store {
    struct store store; /* first: what callers hold */
    struct redis_link *link;
    char node[64], run[96]; /* run: node:incarnation, the latter in hex          */
    char incarnation[17];
    uint64_t connections; /* of the link, when we last said what may be lost   */
    struct redis_kept kept[KEPT_KINDS];
    struct redis_ahead *ahead; /* NULL: nothing was fetched ahead */
};

static inline struct redis_store *redis_store_of(struct store *s)
{
    return (struct redis_store *)s;
}

/* Connected, and until when this call may take. */
int redis_ready(struct redis_store *s, struct deadline d, int64_t *ret_give_up_ms);

/* --- store_redis_keys.c: names --- */
struct slice redis_key(char memory[KEY_MAX], struct slice site, const char *what);
/* luot:{site}:WHAT:LABEL */
struct slice redis_key_of(char memory[KEY_MAX], struct slice site, const char *what,
                          const char *label);
/* 2026-11-23, 2026-W47, 2026-11: the label of a number of a kind. */
void redis_label(enum change_kind kind, int64_t number, char ret_label[16]);
/* "day", "week", "month": the hash of a kind, and what its index is called: "days" ... */
const char *redis_kind(enum change_kind kind);
const char *redis_kinds(enum change_kind kind);
/* As many numbers as stand in a text, with their signs; returns how many. */
size_t redis_numbers(struct slice text, int64_t *ret_number, size_t limit);
struct slice redis_text(const redisReply *reply); /* empty when it is none */

/* --- store_redis_save.c --- */
int redis_save(struct store *store, const struct change *changes, size_t n,
               struct deadline d);
/* Is our run among those that the server knows? */
int redis_knows_run(struct redis_store *s, int64_t give_up_ms, bool *ret_knows);

/* --- store_redis_history.c --- */
int redis_history(struct store *store, struct slice site, enum change_kind kind,
                  unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                  void *context);
int redis_total(struct store *store, struct slice site, unsigned parts, int64_t since_day,
                struct history_row *ret_row);
int redis_imported_hours(struct store *store, struct slice site, int64_t from,
                         int64_t until, history_row_fn *row, void *context);

/* --- store_redis_rows.c --- */
/* Rows of [from, until) and of these parts, and perhaps more, by number; ours until the next
 * call. */
int redis_take_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                    unsigned parts, int64_t from, int64_t until,
                    const struct redis_rows **ret_rows);
/* Before which number the rows of the next `count` numbers from `from` on end, or of all
 * until `until` when there are fewer. What people adjusted is not looked at. */
int redis_step_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                    unsigned parts, int64_t from, int64_t until, size_t count,
                    int64_t *ret_until, bool *ret_any);
void redis_forget(struct redis_store *s); /* what was read before: we wrote */
void redis_release_kept(struct redis_store *s);

/* --- store_redis_read.c: reading hashes, sorted sets and lists a page at a time --- */
typedef int redis_pair_fn(void *context, struct slice field, struct slice value);
/* Each field of a hash, at least once. */
int redis_read_hash(struct redis_store *s, struct slice key, redis_pair_fn *pair,
                    void *context, int64_t give_up_ms);
/* Many hashes at once: `tag` comes back with each field. */
struct redis_scan {
    char key[KEY_MAX];
    int64_t number;
    unsigned part;
    uint64_t cursor;
    bool done;
};
typedef int redis_scan_fn(void *context, const struct redis_scan *scan,
                          struct slice field, struct slice value);
int redis_read_hashes(struct redis_store *s, struct redis_scan *scan, size_t n,
                      redis_scan_fn *fn, void *context, int64_t give_up_ms);
/* Elements of a list, in order. */
typedef int redis_element_fn(void *context, size_t index, struct slice element);
int redis_read_list(struct redis_store *s, struct slice key, redis_element_fn *element,
                    void *context, int64_t give_up_ms);
/* Members of a sorted set whose score is in [from, until), ascending. */
int redis_read_members(struct redis_store *s, struct slice key, int64_t from,
                       int64_t until,
                       int (*member)(void *, int64_t score, struct slice member),
                       void *context, int64_t give_up_ms);
/* Scores of a sorted set in [from, until), ascending, all of them. */
int redis_read_scores(struct redis_store *s, struct slice key, int64_t from,
                      int64_t until, int (*score)(void *, int64_t), void *context,
                      int64_t give_up_ms);
/* The same of the first `limit`. */
int redis_read_first_scores(struct redis_store *s, struct slice key, int64_t from,
                            int64_t until, size_t limit, int (*score)(void *, int64_t),
                            void *context, int64_t give_up_ms);
/* [from, until) as ZRANGEBYSCORE has it. */
void redis_write_range(char low[32], char high[32], int64_t from, int64_t until);

/* --- store_redis_ahead_plan.c: see struct store_ops, and store_redis_ahead.h --- */
size_t redis_ahead(struct store *store, const struct ahead_site *sites, size_t n);
/* Without HISTORY_LIVE_OTHER where it is known that only we counted. */
unsigned redis_ahead_parts(const struct redis_store *s, struct slice site,
                           unsigned parts);

/* --- store_redis_tops.c --- */
enum {
    TOPS_KEPT_S = STORE_TOPS_DAYS * 86400,
    REDIS_TOPS_OF_A_DAY = 256, /* a day's numbers in the index */
    REDIS_TOP_ROWS = 112       /* that a command has words for  */
};
/* A group: the rows of one day, dimension and run. `month`: of a whole month. */
struct redis_top_words {
    char key[KEY_MAX], index[KEY_MAX], score[24], member[KEY_MAX], sum[24], keep[16];
};
int redis_top_words(struct redis_top_words *w, struct slice site, bool month, int64_t day,
                    struct slice of, struct slice run, uint64_t sum);
int redis_say_tops(struct redis_store *s, struct redis_link *l, const struct change *c);
/* Adds rows of a past log, whose first line's hash is `source`, to those of the run
 * "imported:source", of a month that is over for as long as its days would be kept. */
int redis_say_imported_tops(struct redis_link *l, struct slice site, struct slice source,
                            int64_t today, const struct change *c);
int redis_tops(struct store *store, struct slice site, const char *of, unsigned parts,
               int64_t from_day, int64_t until_day, top_row_fn *row, void *context);
/* Each group of an index, from a number on: member and score. */
const char *redis_tops_index(bool month);

/* --- store_redis_pages.c --- */
/* Where a page's views are: the hash, what has the runs, and the run. */
int redis_page_words(char key[KEY_MAX], char index[KEY_MAX], struct slice site,
                     struct slice run);
int redis_pages(struct store *store, struct slice site, unsigned limit, top_row_fn *row,
                void *context);
int redis_page_seed(struct store *store, struct slice site, const struct page_seed *seed);

/* --- store_redis_own.c --- */
int redis_own(struct store *store, struct own_hits *rows, size_t n, struct deadline d);

/* --- store_redis_seeds.c --- */
int redis_seed_set(struct store *store, struct slice site, const struct seed_row *row);
int redis_seed_get(struct store *store, struct slice site, int metric,
                   struct seed_row *ret_row);
int redis_adjust_add(struct store *store, struct slice site,
                     const struct adjust_row *row);
int redis_audit(struct store *store, struct slice site,
                int (*row)(void *, int64_t at_s, uint32_t uid, const char *what),
                void *context);
int redis_audit_add(struct store *store, int64_t at_s, uint32_t uid, const char *what);
/* Adjustments of a site, in order; `metric` days and amounts. */
struct redis_adjustment {
    int metric;
    int64_t day, by;
};
int redis_read_adjustments(struct redis_store *s, struct slice site,
                           int (*one)(void *, size_t index,
                                      const struct redis_adjustment *),
                           void *context, int64_t give_up_ms);
/* How many adjustments a metric's seed has in it. */
int redis_seed_adjusted(struct redis_store *s, struct slice site, size_t ret_adjusted[3],
                        int64_t give_up_ms);

/* --- store_redis_imports.c --- */
int redis_source_get(struct store *store, struct slice site, uint64_t first_line,
                     struct import_source *ret_source);
int redis_import(struct store *store, struct slice site,
                 const struct import_source *source, uint32_t uid, int64_t at_s,
                 const struct change *rows, size_t n);

/* --- store_redis_gaps.c --- */
int redis_gap_add(struct store *store, int64_t from_s, int64_t to_s);
int redis_gaps(struct store *store, int64_t from_s, int64_t to_s,
               int (*row)(void *, int64_t from_s, int64_t to_s), void *context);
int redis_last_alive(struct store *store, int64_t *ret_s);

/* --- store_redis_sites.c --- */
int redis_site_first(struct store *store, struct slice site, int64_t *ret_created_s,
                     int64_t *ret_first_live_s);
int redis_sites(struct store *store,
                int (*site)(void *, struct slice key, struct slice host), void *context);
/* --- store_redis_key_ring.c --- */
int redis_share(struct store *store, const char *name, const char *offer, int64_t life_ms,
                char ret_text[SHARED_MAX], struct deadline d);
/* --- store_redis_nodes.c: see struct store_ops --- */
int redis_sheets_put(struct store *store, const struct sheet_row *rows, size_t n,
                     struct deadline d);
int redis_sheets_get(struct store *store, const struct sheet_row *places, size_t n,
                     void (*sheet)(void *, size_t index, struct slice bytes),
                     void *context, struct deadline d);
int redis_sheets_since(struct store *store, const char *run, int64_t since,
                       unsigned limit, void (*site)(void *, struct slice, int64_t at),
                       void *context, struct deadline d);
int redis_nodes(struct store *store, unsigned limit,
                void (*node)(void *, struct node_row *), void *context,
                struct deadline d);
int redis_run_visitors(struct store *store, struct slice site, enum change_kind kind,
                       int64_t number,
                       void (*run)(void *, struct slice, uint64_t visitors, bool exact),
                       void *context, struct deadline d);

/* --- store_redis.c --- */
int redis_store_open(struct store **ret_store, const char *where, const char *node,
                     uint64_t incarnation, char ret_sentence[512]);

#endif
