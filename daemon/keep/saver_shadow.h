/* Floor 4 (keep), private to saver*.c: what the saver knows to be in the store of one
 * site, so that it only writes what changed. */
#ifndef LUOT_KEEP_SAVER_SHADOW_H
#define LUOT_KEEP_SAVER_SHADOW_H

#include "count/site.h"
#include "store/store.h"

enum {
    SHADOW_DAYS = 4, /* rows remembered of each kind: index number % N */
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
};

struct shadow {
    struct shadow *finished; /* next of those whose `next` waits for the save */
    bool known;              /* `edges` are set                               */
    bool quiet;              /* nothing changed when we looked last           */
    struct shadow_edges edges, next;
    struct saved_row site, total, sketch;
    struct saved_row day[SHADOW_DAYS], quarter[SHADOW_QUARTERS];
    struct saved_row week[SHADOW_PERIODS], month[SHADOW_PERIODS];
};

/* The place of a change's row. */
struct saved_row *shadow_row(struct shadow *shadow, enum change_kind kind,
                             int64_t number);
bool shadow_has(struct shadow *shadow, const struct change *c);
void shadow_keep(struct shadow *shadow, const struct change *c);
/* Finds where a site's saving must begin: at what this incarnation saved last. */
int shadow_begin(struct shadow *shadow, const struct site *site, struct store *store,
                 struct instant now);

#endif
