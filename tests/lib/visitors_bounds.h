/* What a table of visitors should say after writers ran freely: each wrote down its own
 * hits, nobody knows in which order they met. A visitor's word went up through some of
 * the slots it was hit in, in any case to the last one; so words, windows and the newest
 * periods are exact, and visits and earlier periods lie between the least and the most
 * that any order gives. A visitor that one writer alone has hit is exact throughout. */
#ifndef LUOT_TESTS_LIB_VISITORS_BOUNDS_H
#define LUOT_TESTS_LIB_VISITORS_BOUNDS_H

#include "count/visitors.h"

enum { BOUNDS_PERIODS = 3600 }; /* of each kind, from the first on: 150 days of hours */

struct visitors_log {
    uint32_t visitor;
    uint32_t writer;
    int64_t slot;
};

struct visitors_bounds {
    int64_t *last; /* of each visitor; 0: never seen */
    size_t visitors;
    uint64_t words;
    int64_t visits_least, visits_most;
    uint32_t first[PERIOD_KINDS];
    int64_t least[PERIOD_KINDS][BOUNDS_PERIODS], most[PERIOD_KINDS][BOUNDS_PERIODS];
};

struct visitors_bounds *visitors_bounds_new(size_t visitors, int64_t base_slot);
void visitors_bounds_free(struct visitors_bounds *b);
/* All that happened since the last time, each writer's hits in its order. Sorts `log`. */
void visitors_bounds_apply(struct visitors_bounds *b, struct visitors_log *log, size_t n);
/* A writer was killed inside this hit, which the table shows: its verdict and its counts
 * may be lost. */
void visitors_bounds_lost(struct visitors_bounds *b, int64_t slot);
/* NULL, else what is wrong, in static memory. `visits`: what the writers were told. */
const char *visitors_bounds_compare(const struct visitors_bounds *b,
                                    const struct visitors_table *t, int64_t now_slot,
                                    uint64_t visits);

#endif
