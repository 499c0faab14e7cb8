/* What one import found, day by day, for who started it: page views and visitors of the
 * site's local days. 8 bytes a visitor and day. */
#ifndef LUOT_IMPORT_TALLY_H
#define LUOT_IMPORT_TALLY_H

#include "import_piece.h"

struct import_day {
    int64_t day; /* local, since 1970-01-01 */
    uint64_t views, visitors;
};

/* All zero is an empty one. */
struct import_tally {
    struct import_day *day; /* ascending; visitors: after import_tally_count */
    size_t days, days_capacity;
    uint64_t *word; /* ascending, none twice: visitor:44 | day:20 */
    size_t words;
};

void import_tally_release(struct import_tally *t);
/* A piece in order of time. ERR_NOMEM. */
int import_tally_add(struct import_tally *t, const struct import_piece *p,
                     const struct calendar *c);
/* Fills the days' visitors; returns the visitors of all days together. */
uint64_t import_tally_count(struct import_tally *t);

#endif
