/* The front of the arena, before the sites' ranges. */
#include "base/clock.h"
#include "count/check_word.h"
#include "count/site.h"

enum { OF_KEPT = 1, MADE_BY_OLDER = 1 };

static unsigned ones(uint32_t word)
{
    unsigned n = 0;

    for (; word != 0; word &= word - 1)
        n++;
    return n;
}

int64_t count_head_kept(const struct count_head *head)
{
    return (int64_t)check_word_value(
        atomic_load_explicit(&head->kept_slot, memory_order_relaxed));
}

void count_head_keep(struct count_head *head, int64_t slot)
{
    /* Once a slot: ten ticks in each would compute the same. */
    if (count_head_kept(head) == slot)
        return;
    atomic_store_explicit(&head->kept_slot,
                          check_word(OF_KEPT, slot > 0 ? (uint64_t)slot : 0),
                          memory_order_relaxed);
}

static unsigned check_made(_Atomic uint32_t *at, bool older, bool is_there)
{
    uint32_t word = atomic_load_explicit(at, memory_order_relaxed), right;

    if (word == 0 || (word == COUNT_HEAD_MADE && is_there))
        return 0;
    if (older && word == MADE_BY_OLDER)
        right = COUNT_HEAD_MADE;
    else
        right = ones(word ^ COUNT_HEAD_MADE) < ones(word) ? COUNT_HEAD_MADE : 0;
    if (!is_there)
        right = 0;
    atomic_store_explicit(at, right, memory_order_relaxed);
    return !(older && word == MADE_BY_OLDER);
}

unsigned count_head_check(struct count_head *head, const struct arena *a)
{
    uint64_t kept = atomic_load_explicit(&head->kept_slot, memory_order_relaxed);
    bool older = kept >> CHECK_WORD_BITS == 0;
    size_t there = arena_ranges(a);
    unsigned changed = 0;

    for (size_t i = 0; i < SITES_LIMIT; i++)
        changed += check_made(&head->made[i], older, i < there);
    if (kept == 0)
        return changed;
    /* The keeper's heartbeat is of the same tick. */
    if (!older && !check_word_holds(OF_KEPT, kept)) {
        kept = (uint64_t)instant_slot((struct instant){arena_alive_ms(a)});
        changed++;
    }
    atomic_store_explicit(&head->kept_slot, check_word(OF_KEPT, check_word_value(kept)),
                          memory_order_relaxed);
    return changed;
}
