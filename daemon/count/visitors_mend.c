/* A table's head that somebody else changed, as far as the table itself and its owner's
 * seal tell. */
#include "count/damage.h"
#include "count/visitors_inner.h"

enum {
    FULL_WORDS = VISITORS_WORDS / 4, /* far below what makes a table sketched */
    TALLY_COUNT_BITS = 40
};

static bool part_is_used(const struct visitors_table *t, unsigned part)
{
    for (size_t i = visitors_part_start(part); i < visitors_part_start(part + 1); i++)
        if (atomic_load_explicit(&t->word[i], memory_order_relaxed) != WORD_EMPTY)
            return true;
    return false;
}

static unsigned set(_Atomic uint32_t *at, uint32_t value, struct damage *d)
{
    if (atomic_load_explicit(at, memory_order_relaxed) == value)
        return 0;
    damage_mend(d);
    atomic_store_explicit(at, value, memory_order_relaxed);
    return 1;
}

/* Of parts that are backed, the last that something is in; at least `cur` where that can
 * be. */
static uint32_t newest_part(const struct visitors_table *t, uint32_t cur, uint32_t ready)
{
    uint32_t newest = cur < ready ? cur : 0;

    for (uint32_t part = newest + 1; part < ready; part++)
        if (part_is_used(t, part))
            newest = part;
    return newest;
}

static uint64_t occupied(const struct visitors_table *t, uint32_t parts)
{
    size_t end = visitors_part_start(parts);
    uint64_t n = 0;

    for (size_t i = 0; i < end; i++)
        n += word_is_visitor(atomic_load_explicit(&t->word[i], memory_order_relaxed));
    return n;
}

/* Else one word would say which day it is. */
static unsigned date_words(const struct visitors_table *t, size_t end, uint64_t last,
                           struct damage *d)
{
    unsigned changed = 0;

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_relaxed);

        if (!word_is_visitor(word) || word_slot(word) <= last)
            continue;
        damage_mend(d);
        atomic_store_explicit(&t->word[i],
                              word_pack(word_fp(word), last) | (word & WORD_ENGAGED),
                              memory_order_relaxed);
        changed++;
    }
    return changed;
}

unsigned visitors_mend(const struct visitors_table *t, int64_t base_slot, unsigned ready,
                       struct damage *d)
{
    struct visitors *h = t->head;
    uint32_t now = atomic_load_explicit(&h->ready, memory_order_relaxed);
    uint32_t cur = atomic_load_explicit(&h->cur, memory_order_relaxed);
    uint32_t mode = atomic_load_explicit(&h->mode, memory_order_relaxed);
    unsigned changed = 0;

    if (ready < 2 || ready > VISITORS_PARTS) /* no seal: what a new table has */
        ready = now < 2 || now > VISITORS_PARTS ? 2 : now;
    if (now != ready + 1 || now > VISITORS_PARTS) /* else killed before it was sealed */
        changed += set(&h->ready, ready, d);
    now = atomic_load_explicit(&h->ready, memory_order_relaxed);
    changed += set(&h->cur, newest_part(t, cur, now), d);
    /* Only a table that is nearly full is ever filling or sketched. */
    if (mode > VISITORS_SKETCHED ||
        (mode != VISITORS_EXACT && occupied(t, now) < FULL_WORDS))
        changed +=
            set(&h->mode,
                now == VISITORS_PARTS && occupied(t, now) >= FULL_WORDS ? VISITORS_FILLING
                                                                        : VISITORS_EXACT,
                d);
    if (atomic_load_explicit(&h->base_slot, memory_order_relaxed) != base_slot) {
        damage_mend(d);
        atomic_store_explicit(&h->base_slot, base_slot, memory_order_relaxed);
        changed++;
    }
    return changed;
}

unsigned visitors_mend_dates(const struct visitors_table *t, int64_t last_slot,
                             struct damage *d)
{
    const struct visitors *h = t->head;
    int64_t base_slot = atomic_load_explicit(&h->base_slot, memory_order_relaxed);
    uint32_t ready = atomic_load_explicit(&h->ready, memory_order_relaxed);

    if (last_slot <= base_slot || last_slot - base_slot >= SLOT_LAST)
        return 0;
    return date_words(t, visitors_part_start(ready), (uint64_t)(last_slot - base_slot),
                      d);
}

static unsigned lower(_Atomic uint64_t *cell, uint32_t number, uint64_t most,
                      struct damage *d)
{
    uint64_t word = atomic_load_explicit(cell, memory_order_relaxed);

    if (word >> TALLY_COUNT_BITS != (uint64_t)number + 1 ||
        (word & (((uint64_t)1 << TALLY_COUNT_BITS) - 1)) <= most)
        return 0;
    damage_mend(d);
    atomic_store_explicit(cell, ((uint64_t)number + 1) << TALLY_COUNT_BITS | most,
                          memory_order_relaxed);
    return 1;
}

unsigned visitors_lower(const struct visitors_table *t, enum period_kind kind,
                        uint32_t number, uint64_t most, struct damage *d)
{
    return lower(&t->head->tally[kind][number % 4], number, most, d) +
           lower(&t->head->estimate[kind][number % 4], number, most, d);
}
