/* Floor 2 (count). Token buckets for strangers: how often each of any number of them may
 * come, in a table of fixed size that all workers share. Nothing waits, nothing allocates
 * after rate_new, and time is an argument.
 *
 * Memory of the process: after a restart every bucket is full. */
#ifndef LUOT_COUNT_RATE_H
#define LUOT_COUNT_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

struct rate; /* opaque: the table */

/* A rule, worked out: what is asked for each line. */
struct rate_limit {
    uint64_t cost_us;     /* until one token is back; 0: off, there is no limit */
    uint64_t capacity_us; /* until an empty bucket is full                      */
};
struct rate_limit rate_limit_of(const struct rate_rule *rule);

/* `buckets`: a power of two, at least 8; 8 bytes each. NULL: no memory. */
struct rate *rate_new(size_t buckets);
void rate_free(struct rate *r); /* NULL is a no-op */

/* Any thread. Takes a token of the bucket that `who`, a keyed hash, has. False: there is
 * none, and nothing is taken. A limit that is off always says true. `now_ms` may be of any
 * clock; where it goes back, buckets that it finds in the future are full again. */
bool rate_take(struct rate *r, const struct rate_limit *limit, uint64_t who,
               int64_t now_ms);
/* Asks for its memory, which is wanted in a moment. */
void rate_expect(const struct rate *r, uint64_t who);
/* The same as rate_take without taking. */
bool rate_has(const struct rate *r, const struct rate_limit *limit, uint64_t who,
              int64_t now_ms);

/* One bucket that is not in a table; 0 is a full one. */
bool rate_take_word(_Atomic uint64_t *word, const struct rate_limit *limit,
                    int64_t now_ms);

#endif
