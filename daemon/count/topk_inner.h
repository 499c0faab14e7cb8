/* Floor 2 (count), private to topk*.c: the word of a purge, and what `extra` holds. */
#ifndef LUOT_COUNT_TOPK_INNER_H
#define LUOT_COUNT_TOPK_INNER_H

#include "count/topk.h"

enum topk_step { TOPK_OPEN, TOPK_CLOSING, TOPK_DYING, TOPK_BURIED };

static inline enum topk_step topk_step(uint64_t phase)
{
    return (enum topk_step)(phase & 3);
}

static inline unsigned topk_copy(uint64_t phase)
{
    return phase >> 2 & 1;
}

/* The next word: another number each time, so that a reader sees that it turned. */
static inline uint64_t topk_phase(uint64_t phase, enum topk_step step, unsigned copy)
{
    return ((phase >> 3) + 1) << 3 | (uint64_t)copy << 2 | step;
}

/* --- extra: lacks:32 | visitors:32 --- */

static inline uint64_t topk_extra(uint32_t lacks, uint32_t visitors)
{
    return (uint64_t)lacks << 32 | visitors;
}

static inline uint32_t topk_visitors(uint64_t extra)
{
    return (uint32_t)extra;
}

static inline uint32_t topk_lacks(uint64_t extra)
{
    return (uint32_t)(extra >> 32);
}

/* The counter of a key without a row. */
static inline _Atomic uint32_t *topk_counter(const struct topk_table *t, enum dimension d,
                                             uint64_t hash)
{
    return &t->yard[(size_t)d * TOPK_YARD + (hash * 0xD6E8FEB86659FD93U >> 52)];
}

static inline uint32_t topk_capped(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Saturating; what it was before. */
static inline uint32_t topk_count(_Atomic uint32_t *counter, uint32_t n)
{
    uint32_t seen = atomic_load_explicit(counter, memory_order_relaxed);

    /* seq_cst: topk.c, "Who is first". */
    while (!atomic_compare_exchange_weak_explicit(
        counter, &seen, topk_capped(seen, n), memory_order_seq_cst, memory_order_relaxed))
        ;
    return seen;
}

static inline void topk_raise(_Atomic uint32_t *most, uint32_t to)
{
    uint32_t seen = atomic_load_explicit(most, memory_order_relaxed);

    while (seen < to && !atomic_compare_exchange_weak_explicit(
                            most, &seen, to, memory_order_relaxed, memory_order_relaxed))
        ;
}

static inline bool topk_has_yard(const struct topk_table *t, enum dimension d)
{
    /* Acquire: who sees the bit sees it backed. */
    return atomic_load_explicit(&t->head->yards, memory_order_acquire) >> d & 1;
}

/* Before a dimension is this full every key gets a row at once. */
static inline bool topk_is_filling(enum dimension d, uint32_t rows)
{
    return 4 * (uint64_t)rows >= 3 * (uint64_t)topk_capacity(d);
}

#endif
