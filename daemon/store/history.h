/* Floor 3 (store). What the store knows, brought to the sites: at start before any
 * worker, and on the reader thread after a seed, an adjustment or an import. Logs; never
 * fatal: a site without history still counts. */
#ifndef LUOT_STORE_HISTORY_H
#define LUOT_STORE_HISTORY_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/store_where.h"
#include "count/registry.h"
#include "store/store.h"

/* Sites that had opened by themselves and are in the store only: the arena went with a
 * reboot. At start, before any worker and before history_load_all. Logs what finds no
 * room. 0 or the store's error. */
int history_reopen_sites(struct registry *registry, struct store *store,
                         struct instant now, unsigned *ret_reopened);

/* One site: day rows, weeks, months, totals, seeds (with what is imported since as_of). 0
 * or the store's error. */
int history_load(struct site *site, struct store *store, struct instant now);
/* All of them; with `fresh` (the arena is new) also the quarter-hours of the last 36
 * days, for sliding windows and series. */
int history_load_all(struct registry *registry, struct store *store, struct instant now,
                     bool fresh);

/* All stores, each as the calling thread has it; they hold what the settings say. */
struct history_stores {
    unsigned count; /* 0: there is none, and nothing to have again */
    struct store *store[STORES_MAX];
    const char *where[STORES_MAX]; /* for the log, which hides passwords */
};

/* Sites whose adoption lost numbers: what this very run has saved of them is had again. At
 * start, after history_load_all, before the first save; a store that does not answer is asked
 * once. One that has something of the site is enough. Logs. 0, or an error when a site
 * waits on. */
int history_raise_lost(struct registry *registry, const struct history_stores *stores,
                       struct instant now);
/* The same for those of which it could not be read then: the keeper raises what is read, and
 * the next call says so. When the time is over, what the stores have that work is enough,
 * be it nothing. Cheap when there are none; the reader thread, each second. 0, or a store's
 * error. */
int history_raise_late(struct registry *registry, const struct history_stores *stores,
                       struct instant now, bool is_time_over);

/* Sites that opened by themselves since, or that found no store: the same, for those that
 * have no history yet, or that of another day than it is, after a clock was wrong; `fresh` when history_load_all said so and could not. Cheap when
 * there are none; the reader thread calls it each second or so. */
int history_load_new(struct registry *registry, struct store *store, struct instant now,
                     bool fresh);

/* Sites of which other nodes counted, or people said, something since (peer_stale_ms, and
 * once after it): their open periods and totals anew, as many sites as fit in a fifth of a
 * second; `at` remembers where to go on, after one that cannot be read too. Once a minute
 * all that a site has at hand. The reader thread, each second. */
struct history_refresh {
    size_t at;
    struct history_read {
        int64_t any_ms, whole_ms; /* CLOCK_MONOTONIC: when it was read, and all of it */
    } * read;                     /* a range; made when it is needed                  */
};
int history_refresh(struct registry *registry, struct store *store, struct instant now,
                    struct history_refresh *refresh);

/* At start: notes that nobody counted since arena_last_alive_ms (of arena_report; 0: not
 * known) or the store's last sign of life, whichever is later, when that is 12 s or more
 * ago. */
int history_gap(struct store *store, int64_t arena_last_alive_ms, struct instant now);
/* The same later, when the store was away at start: only the arena is believed. */
int history_gap_late(struct store *store, int64_t arena_last_alive_ms,
                     struct instant started);
/* The gaps that overlap [from_s, until_s), ascending, joined where they touch. At most
 * `limit`: the oldest are then left out. */
int history_gaps(struct store *store, int64_t from_s, int64_t until_s,
                 struct time_span *ret_gaps, size_t limit, size_t *ret_count);

/* `seed`: sets the numbers of one metric as of a time; offsets are computed here. Reader
 * thread. As of now, the next answers are exactly these. A time that is past is cut to
 * whole quarters (to whole days when it is more than 35 days ago); visitors before it are
 * then estimated by the share of visits. A week or month that is not told has at least what
 * the told parts in it have. ERR_RANGE: in the future, or over 2^53. */
struct seed_request {
    enum metric metric;
    int64_t as_of_s; /* 0: now */
    uint64_t total, today, week, month;
    bool has_today, has_week, has_month;
    char note[256];
};
int history_seed(struct site *site, struct store *store,
                 const struct seed_request *request, uint32_t uid, struct instant now);
/* ERR_RANGE: a day that is not yet, or one that would fall below 0. */
int history_adjust(struct site *site, struct store *store, const struct adjust_row *row,
                   struct instant now);

/* What the store has of a site's pages. ERR_FULL: not all of it had room yet; again. Before
 * any worker, or the reader thread. */
int history_load_pages(struct site *site, struct store *store);
/* What other runs counted of today's tops. The same threads. */
int history_load_tops(struct site *site, struct store *store, struct instant now);
/* `seed --page`: as of now the page has so many views. `counted` is filled in here.
 * ERR_FULL: there is no room for the page (yet); ERR_RANGE: over 2^53; ERR_VERSION: this
 * kind of store keeps no pages. Reader thread. */
int history_seed_page(struct site *site, struct store *store,
                      const struct page_seed *seed, uint64_t *ret_old);

/* `load`: a document of one source, "luot-load 1": store/load_document.h says what is in
 * it. On success the rows are in the store and in the answers. ERR_EXISTS: imported
 * already, nothing changed. ERR_RANGE: the piece does not begin where the store ended, or
 * has lines at or after the first live view. ERR_NOT_FOUND: no such site. ERR_MALFORMED.
 * Always with a sentence when not 0. */
struct load_result {
    struct import_source source;     /* as it is now in the store         */
    uint64_t visits, visitors, days; /* added; visits as two's complement */
    char sentence[256];
};
int history_import(struct registry *registry, struct store *store, const char *run_dir,
                   struct slice document, uint32_t uid, struct instant now,
                   struct load_result *ret_result);
/* What a piece is hashed with, and the number that stands for it in the document (`key`).
 * It lives as long as the site's identity's key: never store it. */
struct hash_key history_import_key(const struct site *site, uint64_t *ret_key_id);
/* Erases the marks of sites whose import key has changed since. The reader thread, now
 * and then. */
int history_expire_marks(struct registry *registry, const char *run_dir);
/* Lines from this instant on are skipped: the site's first live view, of any incarnation,
 * in unix seconds; INT64_MAX: none yet. `store` may be NULL. */
int64_t history_first_live(const struct site *site, struct store *store);

/* A piece of a dump (store/dump.h): of one site from a place on, or, without a key, of
 * what belongs to none and of every site's name. The document ends with where the next
 * piece begins when `out` has no more room. ERR_NOT_FOUND: no such site; ERR_VERSION: this
 * kind of store cannot be dumped. Reader thread. */
int history_dump(struct store *store, struct slice key, struct dump_place from,
                 const char *version, const char *node, struct instant now,
                 struct buffer *out);

/* `load` of such a document: all of it or, with an error and a sentence, nothing. Sites
 * that are not live here are kept all the same: `strange` names some of them. ERR_VERSION:
 * a newer luot's, or a kind of store that cannot. */
struct dump_result {
    uint64_t sites, rows;
    uint64_t strangers; /* sites that are not live here  */
    char strange[256];  /* the first of them             */
    char sentence[256];
};
int history_load_dump(struct registry *registry, struct store *store,
                      struct slice document, uint32_t uid, struct instant now,
                      struct dump_result *ret_result);
/* Is it such a document, and not one of `luotctl import`? */
bool history_is_dump(struct slice document);

#endif
