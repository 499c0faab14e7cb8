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

/* --- The clock was set back ---
 *
 * Views of days to come stay on those days, and so do those who came then: nobody is a
 * visitor of a day that has no view of theirs. Who comes again is then the first view of
 * now's day, so they are parked before it: on the first slot of the week or month that has
 * them in it already, or of the table, since who is there and nowhere later tells nothing of
 * a day (visitors_adopt). When that day itself comes again they are parked anew, with who
 * really came in its first 12 s. Where there is no such slot they are known, and of no
 * period: who comes again is in the number of now's week or month twice, and so are their
 * views. */

struct set_back {
    int64_t base, now_slot;
    const struct visit_periods *now;
    const int64_t *until; /* of each kind: where now's period ends */
};

static bool is_parked(const struct set_back *b, int64_t slot)
{
    return slot == b->now->start[PERIOD_DAY] || slot == b->base + 1;
}

/* Where a visitor goes, relative to the table's base; 0: of no period. */
static uint64_t moved_to(const struct set_back *b, int64_t slot)
{
    int64_t before = b->now->start[PERIOD_DAY], at = b->base;

    if (b->now_slot <= b->base) /* its key has not begun yet */
        return 0;
    if (slot < b->until[PERIOD_DAY] && !is_parked(b, slot))
        return (uint64_t)(b->now_slot - b->base);
    for (unsigned kind = PERIOD_WEEK; kind < PERIOD_KINDS; kind++)
        if (slot >= b->until[kind] && b->now->start[kind] < before)
            before = b->now->start[kind];
    for (unsigned kind = PERIOD_WEEK; kind < PERIOD_KINDS; kind++)
        if (slot < b->until[kind] && b->now->start[kind] < before &&
            b->now->start[kind] > at)
            at = b->now->start[kind];
    if (at == b->base && b->base + 1 < before)
        at++;
    return (uint64_t)(at - b->base);
}

/* A worker that moves the word meanwhile has the new time already: it wins, and is
 * right. */
static void move_back(const struct set_back *b, _Atomic uint64_t *word)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);

    while (word_is_visitor(seen)) {
        int64_t slot = b->base + (int64_t)word_slot(seen);

        if (slot == b->base || (slot <= b->now_slot && slot != b->now->start[PERIOD_DAY]))
            return;
        if (atomic_compare_exchange_weak_explicit(
                word, &seen,
                word_pack(word_fp(seen), moved_to(b, slot)) | (seen & WORD_ENGAGED),
                memory_order_acq_rel, memory_order_acquire))
            return;
    }
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

/* In now's period of a kind. */
static uint64_t seen_in(const struct visitors_table *t, size_t end,
                        const struct set_back *b, unsigned kind)
{
    uint64_t n = 0;

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_acquire);
        int64_t slot = b->base + (int64_t)word_slot(word);

        n += word_is_visitor(word) && slot > b->base && slot >= b->now->start[kind] &&
             slot < b->until[kind] && (kind > PERIOD_DAY || !is_parked(b, slot));
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
                       const struct visit_periods *now, const int64_t until[PERIOD_KINDS])
{
    const struct set_back back = {
        .base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed),
        .now_slot = now_slot,
        .now = now,
        .until = until};
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);
    size_t end = visitors_part_start(cur + 1);

    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++) {
        forget_after(t->head->tally[kind], now->number[kind]);
        forget_after(t->head->estimate[kind], now->number[kind]);
        /* Its place may have been a later period's. Who is being counted by a worker in
         * this moment may be counted twice. */
        raise_tally(&t->head->tally[kind][now->number[kind] % 4], now->number[kind],
                    seen_in(t, end, &back, kind));
    }
    for (size_t i = 0; i < end; i++)
        move_back(&back, &t->word[i]);
    if (atomic_load_explicit(&t->head->mode, memory_order_relaxed) != VISITORS_EXACT)
        distinct_adopt(t->matrix, was_slot, now_slot);
}
