/* Floor 0 (base). What the daemon counts about itself: one table (metrics.def), one row
 * of numbers a worker.
 *
 * A row has one owner, who alone writes it; anybody may sum the rows at any time. A sum
 * is not a snapshot: it may have seen a line received and not yet its outcome. */
#ifndef LUOT_BASE_METRICS_H
#define LUOT_BASE_METRICS_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE };

/* The number of each row: METRICS_AT_received, METRICS_AT_counted_view, ... */
#define METRIC(name, kind, help) METRICS_AT_##name,
enum metrics_number {
#include "base/metrics.def"
    METRICS_COUNT
};
#undef METRIC

/* One worker's numbers, by name and by number. All zero is a valid start. */
struct metrics_row {
    union {
        alignas(64) _Atomic uint64_t by_number[METRICS_COUNT];
#define METRIC(name, kind, help) _Atomic uint64_t name;
        struct {
#include "base/metrics.def"
        };
#undef METRIC
    };
};

/* The sum of some rows, likewise. */
struct metrics_total {
    union {
        uint64_t by_number[METRICS_COUNT];
#define METRIC(name, kind, help) uint64_t name;
        struct {
#include "base/metrics.def"
        };
#undef METRIC
    };
};

/* For output: metrics_table[METRICS_AT_received].name is "received". */
struct metrics_info {
    const char *name; /* the member's name, as in metrics.def */
    enum metrics_kind kind;
    const char *help; /* a sentence without its full stop */
};
extern const struct metrics_info metrics_table[METRICS_COUNT];

/* The owner alone writes, and readers want only the number: a relaxed load and store, no
 * locked instruction. */
static inline void metrics_add(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t seen = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, seen + n, memory_order_relaxed);
}

/* metrics_bump(row, udp_datagrams, 1); the owner of the row only. */
#define metrics_bump(row, member, n) metrics_add(&(row)->member, (n))
/* The same downwards, for gauges. */
#define metrics_drop(row, member, n) metrics_add(&(row)->member, -(uint64_t)(n))

/* The end of n lines: one of the closed list of outcomes. */
static inline void metrics_outcome(struct metrics_row *row, enum outcome outcome,
                                   uint64_t n)
{
    metrics_add(&row->by_number[METRICS_AT_counted_view + (int)outcome], n);
}

/* Any thread. */
void metrics_sum(const struct metrics_row *rows, size_t n,
                 struct metrics_total *ret_total);
uint64_t metrics_of_outcome(const struct metrics_total *total, enum outcome outcome);

#endif
