/* Floor 4 (keep), private to replicator.c: what it remembers of each site. Memory only: a
 * process that begins takes each site whole once. */
#ifndef LUOT_KEEP_REPLICATOR_SITES_H
#define LUOT_KEEP_REPLICATOR_SITES_H

#include "store/store.h"

struct site_state {
    char key[64];
    bool young;  /* it was not there when the first pass began       */
    bool whole;  /* all of it was taken in this process              */
    bool given;  /* ... and given to the far store                   */
    bool behind; /* open rows came since its last two months were taken */
    uint64_t live, seen_live;
    int64_t far_said;
    int64_t whole_ms, lately_ms; /* CLOCK_MONOTONIC */
};

struct site_states {
    struct site_state **at; /* in the order in which they were found */
    size_t count, room, limit;
    size_t *slot; /* a table of 2^n by key: index + 1, or 0 */
    size_t slots;
};

/* Adds the sites of a store that are not there yet. ERR_NOMEM, or the store's error. */
int site_states_find(struct site_states *s, struct store *store, bool young);
void site_states_release(struct site_states *s);

#endif
