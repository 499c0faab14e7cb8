/* What takes something out of a table of visitors: its end, and a clock that was set
 * back. All else only adds. */
#include "count/visitors_inner.h"

enum { TALLY_COUNT_BITS = 40 };

static void clear_numbers(_Atomic uint64_t numbers[PERIOD_KINDS][4])
{
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        for (unsigned i = 0; i < 4; i++)
            atomic_store_explicit(&numbers[kind][i], 0, memory_order_relaxed);
}

/* Relaxed: no worker looks any more, and what somebody else still reads of a table that
 * is not linked is only a number. */
void visitors_clear(const struct visitors_table *t)
{
    struct visitors *h = t->head;

    atomic_store_explicit(&h->linked, 0, memory_order_relaxed);
    atomic_store_explicit(&h->cur, 0, memory_order_relaxed);
    atomic_store_explicit(&h->ready, 0, memory_order_relaxed);
    atomic_store_explicit(&h->mode, VISITORS_EXACT, memory_order_relaxed);
    atomic_store_explicit(&h->words, 0, memory_order_relaxed);
    atomic_store_explicit(&h->unplaced, 0, memory_order_relaxed);
    atomic_store_explicit(&h->joins, 0, memory_order_relaxed);
    atomic_store_explicit(&h->base_slot, 0, memory_order_relaxed);
    atomic_store_explicit(&h->fill, 0, memory_order_relaxed);
    clear_numbers(h->tally);
    clear_numbers(h->estimate);
    for (unsigned i = 0; i < 2; i++) {
        atomic_store_explicit(&h->day_number[i], 0, memory_order_relaxed);
        atomic_store_explicit(&h->day_start[i], 0, memory_order_relaxed);
    }
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        atomic_store_explicit(&h->sketched_from[kind], 0, memory_order_relaxed);
}

/* A worker that moves the word meanwhile has the new time already: it wins, and is
 * right. */
static void move_back(_Atomic uint64_t *word, uint64_t now)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);

    while (word_is_visitor(seen) && word_slot(seen) > now)
        if (atomic_compare_exchange_weak_explicit(
                word, &seen, word_pack(word_fp(seen), now) | (seen & WORD_ENGAGED),
                memory_order_acq_rel, memory_order_acquire))
            return;
}

static void forget_after(_Atomic uint64_t cells[4], uint32_t number)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t seen = atomic_load_explicit(&cells[i], memory_order_acquire);

        while (seen >> TALLY_COUNT_BITS > (uint64_t)number + 1)
            if (atomic_compare_exchange_weak_explicit(
                    &cells[i], &seen, 0, memory_order_acq_rel, memory_order_acquire))
                break;
    }
}

static uint64_t seen_since(const struct visitors_table *t, size_t end, int64_t from_slot)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    uint64_t n = 0;

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_acquire);

        n += word_is_visitor(word) && base + (int64_t)word_slot(word) >= from_slot;
    }
    return n;
}

static void raise_tally(_Atomic uint64_t *tally, uint32_t number, uint64_t count)
{
    uint64_t least = ((uint64_t)number + 1) << TALLY_COUNT_BITS | count;
    uint64_t seen = atomic_load_explicit(tally, memory_order_acquire);

    while (seen < least) /* of an older period, or less */
        if (atomic_compare_exchange_weak_explicit(
                tally, &seen, least, memory_order_acq_rel, memory_order_acquire))
            return;
}

void visitors_set_back(const struct visitors_table *t, int64_t was_slot, int64_t now_slot,
                       const struct visit_periods *now)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);
    size_t end = visitors_part_start(cur + 1);
    uint64_t slot = now_slot > base ? (uint64_t)(now_slot - base) : 1;

    for (size_t i = 0; i < end; i++)
        move_back(&t->word[i], slot);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++) {
        forget_after(t->head->tally[kind], now->number[kind]);
        forget_after(t->head->estimate[kind], now->number[kind]);
        /* Who was counted for a period to come is one of now's. Who is being counted by a
         * worker in this moment may be counted twice. */
        raise_tally(&t->head->tally[kind][now->number[kind] % 4], now->number[kind],
                    seen_since(t, end, now->start[kind]));
    }
    if (atomic_load_explicit(&t->head->mode, memory_order_relaxed) != VISITORS_EXACT)
        distinct_adopt(t->matrix, was_slot, now_slot);
}
