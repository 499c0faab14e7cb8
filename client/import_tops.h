/* The tops of a piece of an import: of each of its days and of each dimension, the first
 * rows, and the rest. As in live tops a row's visitors are those whose first view of the day
 * had its key; of a day that is in two pieces, or two files, first views of each. */
#ifndef LUOT_IMPORT_TOPS_H
#define LUOT_IMPORT_TOPS_H

#include "base/buffer.h"
#include "count/top_sum.h"

/* Days at once: each may take 17 lists of 10 KiB and what its keys need. A view adds no more
 * than IMPORT_TOPS_VIEW_BYTES to a document. */
enum {
    IMPORT_TOPS_DAYS = 32,
    IMPORT_TOPS_ROWS = 100,
    IMPORT_TOPS_VIEW_BYTES = DIMENSIONS * 1024
};

struct import_top_day {
    int64_t day;
    struct top_sum of[DIMENSIONS];
};

struct import_tops { /* all zero: empty */
    struct import_top_day *day;
    size_t days;
    size_t bytes;   /* of a document that it needs at most            */
    uint64_t *seen; /* open table: visitor and day                    */
    size_t seen_slots, seen_count;
    int failed; /* ERR_NOMEM: nothing more is added, and writing says so */
};

/* A view of a local day by a visitor (visitors_fingerprint: 44 bits). */
void import_tops_add(struct import_tops *t, int64_t day, const struct visit *visit,
                     uint64_t fp);
/* There is no room for another day. */
bool import_tops_is_full(const struct import_tops *t);
/* Lines of a document (store/load_document.h), days ascending. 0 or ERR_NOMEM. Ends the
 * adding. */
int import_tops_write(struct import_tops *t, struct buffer *b);
/* Empty, as at first. */
void import_tops_clear(struct import_tops *t);

#endif
