/* The front of the arena, before the sites' ranges. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "count/check_word.h"
#include "count/site.h"

enum { OF_KEPT = 1, OF_MENDED, OF_CONFIRMED, MADE_BY_OLDER = 1 };

static_assert(offsetof(struct count_head, confirmed[STORES_MAX - 1]) / 64 ==
                  (sizeof(struct count_head) - 1) / 64,
              "the head is as long as it was");

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

/* --- What is found changed --- */

/* One that was changed itself is one more. */
static unsigned not_said(const struct count_head *head)
{
    uint64_t word = atomic_load_explicit(&head->mended, memory_order_relaxed);

    if (word == 0)
        return 0;
    return check_word_holds(OF_MENDED, word) ? (unsigned)check_word_value(word) : 1;
}

/* Before it is set right. Kill -9 keeps the program's order; the fence keeps the
 * compiler's. */
static void mend(struct count_head *head)
{
    atomic_store_explicit(&head->mended, check_word(OF_MENDED, not_said(head) + 1),
                          memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
}

void count_head_told(struct count_head *head)
{
    if (atomic_load_explicit(&head->mended, memory_order_relaxed) != 0)
        atomic_store_explicit(&head->mended, 0, memory_order_release);
}

static bool is_written(const struct arena *a, size_t i)
{
    return arena_is_written(a, arena_range(a, i), sizeof(struct site_block));
}

/* A range gets a name, and lives, once it is made. */
static bool has_lived(const struct arena *a, size_t i)
{
    const struct site_block *b = arena_range(a, i);
    uint32_t state =
        is_written(a, i) ? atomic_load_explicit(&b->state, memory_order_relaxed) : 0;

    return state == SITE_LIVE || state == SITE_ARCHIVED;
}

/* The range itself tells: only one that was made is written; and where the word says that it
 * was not, it may be only begun. */
static void check_made(struct count_head *head, const struct arena *a, size_t i,
                       bool older)
{
    uint32_t word = atomic_load_explicit(&head->made[i], memory_order_relaxed), right;
    bool is_there = i < arena_ranges(a), by_older = older && word == MADE_BY_OLDER;

    if (!is_there)
        right = 0;
    else if (word == 0)
        right = has_lived(a, i) ? COUNT_HEAD_MADE : 0;
    else
        right =
            by_older || word == COUNT_HEAD_MADE || is_written(a, i) ? COUNT_HEAD_MADE : 0;
    if (word == right)
        return;
    if (!by_older)
        mend(head);
    atomic_store_explicit(&head->made[i], right, memory_order_relaxed);
}

unsigned count_head_check(struct count_head *head, const struct arena *a)
{
    uint64_t kept = atomic_load_explicit(&head->kept_slot, memory_order_relaxed);
    bool older = kept >> CHECK_WORD_BITS == 0;

    for (size_t i = 0; i < SITES_LIMIT; i++)
        check_made(head, a, i, older);
    if (kept == 0)
        return not_said(head);
    /* The keeper's heartbeat is of the same tick. */
    if (!older && !check_word_holds(OF_KEPT, kept)) {
        mend(head);
        kept = (uint64_t)instant_slot((struct instant){arena_alive_ms(a)});
    }
    atomic_store_explicit(&head->kept_slot, check_word(OF_KEPT, check_word_value(kept)),
                          memory_order_relaxed);
    return not_said(head);
}

/* --- What stores have confirmed --- */

static uint64_t place_of(const char *where)
{
    return (hash_fast(where, strlen(where)) & 0xffff) << 32;
}

void count_head_confirm(struct count_head *head, unsigned store, const char *where,
                        int64_t s)
{
    uint64_t value = place_of(where) | (s > 0 ? (uint64_t)s & UINT32_MAX : 0);

    atomic_store_explicit(&head->confirmed[store],
                          check_word(OF_CONFIRMED + (int64_t)store, value),
                          memory_order_relaxed);
}

int64_t count_head_confirmed(const struct count_head *head, unsigned store,
                             const char *where)
{
    uint64_t word = atomic_load_explicit(&head->confirmed[store], memory_order_relaxed);
    uint64_t value = check_word_value(word);

    if (word == 0 || word != check_word(OF_CONFIRMED + (int64_t)store, value) ||
        (value & ~(uint64_t)UINT32_MAX) != place_of(where))
        return 0;
    return (int64_t)(value & UINT32_MAX);
}
