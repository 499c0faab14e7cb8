#include "count/hits_pages.h"

#include "count/hits_word.h"

static_assert(sizeof(((struct hits *)0)->quarter[0]) * QUARTER_PAGE == 4096,
              "a page is so many quarters");
static_assert((QUARTERS - 1 + QUARTERS_BEFORE) / QUARTER_PAGE == QUARTER_PAGES - 1,
              "and all of them so many pages");

bool hits_pages_suffice(const struct hits *h, int64_t now_slot)
{
    int64_t from = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    int64_t floor_q = atomic_load_explicit(&h->floor_q, memory_order_relaxed);
    int64_t until = now_slot / QUARTER_SLOTS;

    if (hits_pages_absent(h) == 0)
        return true;
    if (until < floor_q)
        until = floor_q;
    return until - from < QUARTER_PAGE && hits_quarter_is_there(h, from) &&
           hits_quarter_is_there(h, until);
}

unsigned hits_pages_wanted(const struct hits *h)
{
    int64_t open_slot =
        QUARTER_SLOTS * atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    unsigned wanted = 0;

    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_acquire);
        int64_t slot = word == 0 ? -1 : ring_word_slot(word, i, open_slot);

        if (slot >= 0)
            wanted |= 1U << hits_page_of(slot / QUARTER_SLOTS);
    }
    return wanted & hits_pages_absent(h);
}

void hits_pages_came(struct hits *h, unsigned pages)
{
    /* Release: hits_pages_absent. */
    (void)atomic_fetch_and_explicit(&h->late, ~((uint64_t)pages << ABSENT_SHIFT),
                                    memory_order_release);
}

void hits_pages_find(struct hits *h, unsigned absent)
{
    uint64_t late = atomic_load_explicit(&h->late, memory_order_relaxed);

    late &= (UINT64_C(1) << ABSENT_SHIFT) - 1;
    atomic_store_explicit(&h->late,
                          late | (uint64_t)(absent & QUARTER_PAGES_OWN) << ABSENT_SHIFT,
                          memory_order_relaxed);
}

uint64_t hits_quarter_word(const struct hits *h, int64_t q, int which)
{
    return hits_quarter_is_there(h, q)
               ? atomic_load_explicit(&h->quarter[q % QUARTERS][which],
                                      memory_order_acquire)
               : 0;
}

void hits_put_quarter_word(struct hits *h, int64_t q, int which, uint64_t word)
{
    _Atomic uint64_t *at = &h->quarter[q % QUARTERS][which];
    bool there = hits_quarter_is_there(h, q);

    if (!there && (word & QUARTER_COUNT_MAX) == 0)
        return;
    if (there && atomic_load_explicit(at, memory_order_relaxed) == word)
        return; /* a quiet site's lines stay clean */
    HITS_SEAM("store");
    atomic_store_explicit(at, word, memory_order_release);
    if (!there)
        hits_pages_came(h, 1U << hits_page_of(q));
}
