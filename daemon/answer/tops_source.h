/* Floor 4 (answer). One dimension of one site over days, on the reader thread: what the
 * arena has of yesterday and today, and what the store has of all runs, and of the sites
 * that were merged into it. */
#ifndef LUOT_ANSWER_TOPS_SOURCE_H
#define LUOT_ANSWER_TOPS_SOURCE_H

#include "count/top_sum.h"
#include "store/store.h"

struct tops_span {
    const struct site *site;
    enum dimension of;
    int64_t from_day, until_day; /* [from, until), local */
    int64_t today;               /* likewise             */
};

/* Adds to *sum, which is the caller's to finish and release. Without a store (NULL) only
 * yesterday and today are there. ERR_NOMEM, or the store's error. */
int tops_source_add(struct top_sum *sum, struct store *store, const struct tops_span *t);

#endif
