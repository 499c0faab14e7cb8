/* Floor 2 (count), private to site_aside*.c: the words of the table. */
#ifndef LUOT_COUNT_SITE_ASIDE_WORDS_H
#define LUOT_COUNT_SITE_ASIDE_WORDS_H

#include "count/check_word.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_seal_inner.h"

/* Of the block's word: what it says beside the number of changes, below the check. */
enum { ASIDE_BUSY = 1, ASIDE_SECOND = 2, ASIDE_BACKED = 4, ASIDE_STEP = 8 };

static_assert(sizeof(struct aside_copy) <= ASIDE_COPY_ROOM, "a copy fits in its room");

static inline struct aside_copy *aside_copy(const struct site *s, uint64_t state)
{
    return site_place(s, ASIDE_AT + ((state & ASIDE_SECOND) != 0 ? ASIDE_COPY_ROOM : 0));
}

static inline uint64_t aside_state(const struct site *s)
{
    return atomic_load_explicit(&s->block->aside, memory_order_acquire);
}

/* Keeper. The seal has it after the block: killed in between, the block's holds. */
static inline void aside_set_state(struct site *s, uint64_t state)
{
    uint64_t word = check_word(SEAL_OF_ASIDE, check_word_value(state));

    atomic_store_explicit(&s->block->aside, word, memory_order_seq_cst);
    SITE_SEAM("aside seal");
    atomic_store_explicit(&s->seal->aside, word, memory_order_release);
}

/* Release and acquire all along: who has read a new word sees that the state changed. */
static inline uint64_t aside_get(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_acquire);
}

static inline void aside_set(_Atomic uint64_t *at, uint64_t value)
{
    SITE_SEAM("aside");
    atomic_store_explicit(at, value, memory_order_release);
}

static inline int64_t aside_tag(const _Atomic int64_t *tag)
{
    return atomic_load_explicit(tag, memory_order_acquire);
}

static inline void aside_set_tag(_Atomic int64_t *at, int64_t value)
{
    SITE_SEAM("aside tag");
    atomic_store_explicit(at, value, memory_order_release);
}

#endif
