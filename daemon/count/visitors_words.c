/* Words of a table for other nodes, and one word looked up: what a union of two tables of
 * one key is made of. */
#include <stdlib.h>

#include "count/visitors.h"
#include "count/visitors_inner.h"

static int by_slot_newest_first(const void *a, const void *b)
{
    uint64_t left = word_slot(*(const uint64_t *)a);
    uint64_t right = word_slot(*(const uint64_t *)b);

    return left < right ? 1 : left > right ? -1 : 0;
}

/* Keeps the newest `limit`, whole slots only; returns how many. Moves *least up to the
 * first slot of which all are there. */
static size_t cut(uint64_t *word, size_t n, size_t limit, uint64_t *least)
{
    qsort(word, n, sizeof *word, by_slot_newest_first);
    if (n <= limit)
        return n;
    *least = word_slot(word[limit]) + 1;
    for (n = limit; n > 0 && word_slot(word[n - 1]) < *least; n--)
        continue;
    return n;
}

size_t visitors_newest(const struct visitors_table *t, size_t limit, uint64_t *ret_word,
                       int64_t *ret_since_slot)
{
    size_t end = visitors_part_start(
        atomic_load_explicit(&t->head->cur, memory_order_acquire) + 1);
    uint64_t least = 0;
    size_t n = 0;

    if (atomic_load_explicit(&t->head->mode, memory_order_acquire) == VISITORS_SKETCHED ||
        atomic_load_explicit(&t->head->unplaced, memory_order_relaxed) != 0) {
        *ret_since_slot = INT64_MAX;
        return 0;
    }
    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_acquire);

        if (!word_is_visitor(word) || word_slot(word) < least)
            continue;
        if (n == 2 * limit)
            n = cut(ret_word, n, limit, &least);
        if (word_slot(word) >= least)
            ret_word[n++] = word_pack(word_fp(word), word_slot(word));
    }
    n = cut(ret_word, n, limit, &least);
    *ret_since_slot =
        atomic_load_explicit(&t->head->base_slot, memory_order_relaxed) + (int64_t)least;
    return n;
}

bool visitors_last_seen(const struct visitors_table *t, uint64_t fp, int64_t *ret_slot)
{
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);

    for (unsigned part = cur + 1; part-- > 0;) {
        struct path path = visitors_path(fp, part);

        for (uint32_t step = 0; step < path.length; step++) {
            uint64_t seen = atomic_load_explicit(&t->word[path_index(&path, step)],
                                                 memory_order_acquire);
            if (!word_is_visitor(seen))
                break;
            if (word_fp(seen) != fp)
                continue;
            *ret_slot = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed) +
                        (int64_t)word_slot(seen);
            return true;
        }
    }
    return false;
}
