/* Floor 4 (keep), private to saver*.c: what the saver knows to be in the store of one
 * site, so that it only writes what changed. */
#ifndef LUOT_KEEP_SAVER_SHADOW_H
#define LUOT_KEEP_SAVER_SHADOW_H

#include "count/site.h"
#include "keep/saver_tops.h"
#include "store/store.h"

enum {
    SHADOW_AGE_MS = 60000,    /* what was confirmed since may be lost with a server */
    SHADOW_AGAIN_MS = 600000, /* after so long everything is written again       */
    SHADOW_DAYS = 4,          /* rows remembered of each kind: index number % N */
    SHADOW_QUARTERS = 16,
    SHADOW_PERIODS = 4
};

struct saved_row {
    int64_t number;
    uint64_t views, visits, visitors;
    bool exact, known;
};

/* Rows before these are saved and will not change. */
struct shadow_edges {
    int64_t day, quarter, week, month;
    int64_t sketched_s; /* the moment at which its sketch was last due; 0: none yet */
};

struct shadow {
    struct shadow *finished; /* next of those whose `next` waits for the save */
    bool known;              /* `edges` are set                               */
    bool quiet;              /* nothing changed when we looked last           */
    bool all;                /* its quarters wait to be written from the first on */
    struct shadow_edges edges, next;
    uint64_t aside, next_aside;   /* site_aside_changes of what is saved; 0: nothing is */
    struct shadow_edges older[2]; /* what they were; the second one SHADOW_AGE_MS ago */
    int64_t older_ms, again_ms;   /* CLOCK_MONOTONIC: of the first; when to begin again */
    struct saved_row site, total, sketch;
    struct saved_row day[SHADOW_DAYS], quarter[SHADOW_QUARTERS];
    struct saved_row week[SHADOW_PERIODS], month[SHADOW_PERIODS];
    struct saved_row engaged[SHADOW_DAYS]; /* saved before their day's row */
    struct shadow_tops tops;
};

/* The place of a change's row. */
struct saved_row *shadow_row(struct shadow *shadow, enum change_kind kind,
                             int64_t number);
bool shadow_has(struct shadow *shadow, const struct change *c);
void shadow_keep(struct shadow *shadow, const struct change *c);
/* Finds where a site's saving must begin: at what this incarnation saved last. */
int shadow_begin(struct shadow *shadow, const struct site *site, struct store *store,
                 struct instant now);

/* --- Of a store that may forget: see store_lost --- */

/* Begins without asking: at all that is in the arena; its quarters only with `all`. */
void shadow_begin_all(struct shadow *shadow, const struct site *site, struct instant now,
                      bool all);
/* The quarters that wait, from the first one on. */
void shadow_take_all(struct shadow *shadow, const struct site *site, struct instant now);
void shadow_lost(struct shadow *shadow, enum store_lost lost);
/* Its edges moved, and so did time. */
void shadow_age(struct shadow *shadow, int64_t now_ms);

#endif
