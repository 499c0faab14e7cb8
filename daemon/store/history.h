/* Floor 3 (store). What the store knows, brought to the sites: at start before any
 * worker, and on the reader thread after a seed, an adjustment or an import. Logs; never
 * fatal: a site without history still counts. */
#ifndef LUOT_STORE_HISTORY_H
#define LUOT_STORE_HISTORY_H

#include "base/clock.h"
#include "count/registry.h"
#include "store/store.h"

/* One site: day rows, weeks, months, totals, seeds (with what is imported since as_of). 0
 * or the store's error. */
int history_load(struct site *site, struct store *store, struct instant now);
/* All of them; with `fresh` (the arena is new) also the quarter-hours of the last 36
 * days, for sliding windows and series. */
int history_load_all(struct registry *registry, struct store *store, struct instant now,
                     bool fresh);

/* `seed`: sets the numbers of one metric as of a time; offsets are computed here. Reader
 * thread. */
struct seed_request {
    enum metric metric;
    int64_t as_of_s; /* 0: now */
    uint64_t total, today, week, month;
    bool has_today, has_week, has_month;
    char note[256];
};
int history_seed(struct site *site, struct store *store,
                 const struct seed_request *request, uint32_t uid, struct instant now);
int history_adjust(struct site *site, struct store *store, const struct adjust_row *row,
                   struct instant now);

/* `load`: a document of one source (see client/import: the format is "luot-load 1"). On
 * success the rows are in the store and in the answers. ERR_EXISTS: already imported,
 * nothing changed. ERR_MALFORMED with a sentence. */
struct load_result {
    struct import_source source;
    uint64_t visits, visitors, days; /* added */
    char sentence[256];
};
int history_import(struct registry *registry, struct store *store, const char *run_dir,
                   struct slice document, uint32_t uid, struct instant now,
                   struct load_result *ret_result);

#endif
