/* Floor 2 (count). Distinct visitors of any window at once: a matrix of last-seen slots,
 * 4,096 buckets x 20 ranks x 16 bit, rank major. The cells younger than a window are
 * exactly that window's PCSA bitmap (Flajolet-Martin 1985); one Newton solve of the
 * Poisson likelihood gives the count with standard error 0.649/sqrt(4096) = 1.0 %. An add
 * is one plain store, wait-free and idempotent. Derivation: distinct.c; measured by
 * `make bench T=distinct`. */
#ifndef LUOT_COUNT_DISTINCT_H
#define LUOT_COUNT_DISTINCT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DISTINCT_BUCKETS = 4096,
    DISTINCT_RANKS = 20,
    DISTINCT_WINDOW_MAX = 50400, /* slots: 7 days */
    DISTINCT_AHEAD = 600, /* slots (2 h): a cell up to this far after now is young */
    DISTINCT_WINDOWS = 8  /* windows that one scan answers                         */
};

struct distinct { /* in the arena; all zero is empty; 160 KiB */
    union {
        _Atomic uint16_t cell[DISTINCT_RANKS][DISTINCT_BUCKETS];
        _Atomic uint64_t four[DISTINCT_RANKS][DISTINCT_BUCKETS / 4]; /* to scan by */
    };
};

/* `fp` is a 44-bit fingerprint: 12 bits choose the bucket, the rest the rank. `slot`
 * absolute. Any thread. A cell that was seen later (by at most DISTINCT_AHEAD) keeps its
 * slot. */
void distinct_add(struct distinct *d, uint64_t fp, int64_t slot);
/* The replay of a table: keeps the younger of the two, and nothing that is older than
 * DISTINCT_WINDOW_MAX at now_slot. Beside distinct_add. */
void distinct_fill(struct distinct *d, uint64_t fp, int64_t slot, int64_t now_slot);
/* Visitors in slots > now_slot - slots; slots <= DISTINCT_WINDOW_MAX (7 days). Always
 * finite: a full matrix answers as if one cell were empty. Any thread. */
double distinct_estimate(const struct distinct *d, int64_t now_slot, int64_t slots);
/* The same for n <= DISTINCT_WINDOWS windows in one scan, in any order. */
void distinct_estimates(const struct distinct *d, int64_t now_slot, const int64_t *slots,
                        size_t n, double *ret_visitors);
/* Forgets what is older than DISTINCT_WINDOW_MAX. At least every 48 h, else cells wrap.
 * Beside distinct_add. */
void distinct_sweep(struct distinct *d, int64_t now_slot);
/* The sweep after a stop of any length, before any add. `last_slot`: when it was last
 * known that the matrix was swept in time (the arena's last_alive). May be killed inside
 * and run again with the same two slots. */
void distinct_adopt(struct distinct *d, int64_t last_slot, int64_t now_slot);

/* The solver alone: `occupied[r]` of `cells` cells of rank r are set, q_r = 2^-(r+1), the
 * last rank 2^-(ranks-1). Returns n, 0 for nothing, INFINITY when every cell is set.
 * Pure. */
double distinct_solve(const uint32_t *occupied, unsigned ranks, uint32_t cells);

#endif
