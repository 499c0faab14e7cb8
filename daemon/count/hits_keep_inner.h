/* Floor 2 (count), private to hits_keep.c and hits_set_back.c: the keeper's own words. It is
 * their only writer, so it loads them relaxed. */
#ifndef LUOT_COUNT_HITS_KEEP_INNER_H
#define LUOT_COUNT_HITS_KEEP_INNER_H

#include "count/check_word.h"
#include "count/hits.h"
#include "count/hits_pages.h"
#include "count/hits_word.h"

static inline int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
}

static inline struct hits_base *base_now(struct hits *h)
{
    return &h->base[atomic_load_explicit(&h->base_i, memory_order_relaxed) & 1];
}

static inline uint64_t base_visits(const struct hits_base *b)
{
    return check_word_value(atomic_load_explicit(&b->visits, memory_order_relaxed));
}

static inline uint64_t base_views(const struct hits_base *b)
{
    return check_word_value(atomic_load_explicit(&b->views, memory_order_relaxed));
}

static inline int64_t through(struct hits *h)
{
    return atomic_load_explicit(&base_now(h)->through_q, memory_order_relaxed);
}

/* Words that already hold the value are left alone: a quiet site's lines stay clean. */
static inline void store_word(_Atomic uint64_t *word, uint64_t value)
{
    if (atomic_load_explicit(word, memory_order_relaxed) == value)
        return;
    HITS_SEAM("store");
    atomic_store_explicit(word, value, memory_order_release);
}

/* --- hits_keep.c --- */
/* What the quarters [from_q, until_q) hold. */
struct hit_count hits_stored_sum(const struct hits *h, int64_t from_q, int64_t until_q);
/* The stored days are these from now on: all that was before through_q. */
void hits_base_choose(struct hits *h, int64_t through_q, uint64_t visits, uint64_t views);
/* Slots [from, until) become 0. */
void hits_clear_slots(struct hits *h, int64_t from, int64_t until);
void hits_floor_store(struct hits *h, int64_t q);

#endif
