/* The path of a hit. A worker adds up its turn and adds it to the word of its slot
 * with one CAS; what could go wrong is decided by that CAS, because the word holds lap
 * and counts together:
 *
 *      the word is of our lap      add; 26 bits would overflow: overrun
 *      of an older lap, or 0       take it over, unless its quarter is not closed yet
 *                                  (the keeper is > 90 min late): overrun
 *      of a later lap              overrun; cannot happen but after a clock was set back
 *
 * A hit cannot land in a quarter that the keeper has closed: it is dated at or after
 * floor_q as it was when its turn began, and the keeper closes a quarter only after it
 * has raised floor_q and then waited for every turn (count/turn). */
#include "count/hits.h"

#include <stddef.h>

#include "count/hits_word.h"

#ifdef LUOT_SEAMS
void (*hits_seam)(const char *where);
#endif

void hits_init(struct hits *h, int64_t now_slot)
{
    int64_t q = now_slot / QUARTER_SLOTS;

    /* Before any worker: whoever starts the threads publishes this. */
    atomic_store_explicit(&h->first_q, q, memory_order_relaxed);
    atomic_store_explicit(&h->rolled_q, q, memory_order_relaxed);
    atomic_store_explicit(&h->floor_q, q, memory_order_relaxed);
    atomic_store_explicit(&h->base[0].through_q, q, memory_order_relaxed);
}

int64_t hits_floor(const struct hits *h)
{
    /* seq_cst, with turn_begin before it: turn.c. */
    return atomic_load_explicit(&h->floor_q, memory_order_seq_cst);
}

int64_t hits_date(int64_t slot, int64_t now_slot, int64_t floor_q, bool *ret_late)
{
    int64_t earliest = now_slot - LATE_SLOTS, floor_slot = floor_q * QUARTER_SLOTS;

#ifdef LUOT_MUTANT_NO_FLOOR
    floor_slot = 0;
#endif
    if (earliest < floor_slot)
        earliest = floor_slot;
    if (slot > now_slot)
        slot = now_slot;
    *ret_late = slot < earliest;
    return *ret_late ? earliest : slot;
}

/* The two words are added one after the other: kill -9 between them counts visits without
 * their views. Relaxed: they are only counts, and the end of the turn publishes them. */
static void overrun(struct hits *h, uint32_t visits, uint32_t views)
{
    HITS_SEAM("overrun");
    atomic_fetch_add_explicit(&h->overrun_visits, visits, memory_order_relaxed);
    HITS_SEAM("overrun between");
    atomic_fetch_add_explicit(&h->overrun_views, views, memory_order_relaxed);
}

void hits_add_undated(struct hits *h, uint32_t visits, uint32_t views)
{
    overrun(h, visits, views);
}

/* What the word becomes; 0: it may not take this hit. */
static uint64_t word_after(uint64_t seen, int64_t slot, int64_t open_slot,
                           uint32_t visits, uint32_t views)
{
    uint64_t tag = ring_tag(slot);
    struct hit_count count = ring_word_count(seen);
    int laps = seen == 0 ? 0 : ring_laps_after(tag, ring_word_tag(seen));

    if (laps < 0)
        return 0;
    if (laps > 0 && slot - (int64_t)laps * RING_SLOTS >= open_slot)
        return 0; /* the old lap is not saved yet */
    if (laps > 0)
        count = (struct hit_count){0};
    if (count.visits + visits > RING_COUNT_MAX || count.views + views > RING_COUNT_MAX)
        return 0;
    return ring_word(tag, count.visits + visits, count.views + views);
}

void hits_add(struct hits *h, int64_t slot, uint32_t visits, uint32_t views)
{
    _Atomic uint64_t *word = &h->ring[slot % RING_SLOTS];
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire), next;
    int64_t open_slot;

    do {
        /* Acquire: a quarter that reads as closed here has its words stored. An older
         * value is only stricter. */
        open_slot =
            QUARTER_SLOTS * atomic_load_explicit(&h->rolled_q, memory_order_acquire);
        next = slot - open_slot < RING_AHEAD_SLOTS
                   ? word_after(seen, slot, open_slot, visits, views)
                   : 0;
        if (next == 0) {
            overrun(h, visits, views);
            return;
        }
        HITS_SEAM("add");
        /* Release: who reads the new lap also sees that the old one was closed. */
    } while (!atomic_compare_exchange_weak_explicit(
        word, &seen, next, memory_order_acq_rel, memory_order_acquire));
}
