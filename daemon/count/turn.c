#include "count/turn.h"

#include <assert.h>

/* Why no turn is overlooked: the worker stores `turn`, then loads what the keeper may
 * change; the keeper stores the change, then loads `turn`. All four are seq_cst
 * operations, so they stand in one order: either the keeper sees the turn as open and
 * waits, or the worker sees the change. Plain acquire loads of the worker would not do
 * (C11 7.17.3); a fence would, but the thread sanitizer does not model fences, and a
 * seq_cst load costs nothing on x86-64 and one ldar on AArch64. */

void turn_begin(struct turn_line *line)
{
    uint64_t turn = atomic_load_explicit(&line->turn, memory_order_relaxed); /* ours */

    assert(turn % 2 == 0);
    atomic_store_explicit(&line->turn, turn + 1, memory_order_seq_cst);
}

void turn_end(struct turn_line *line)
{
    uint64_t turn = atomic_load_explicit(&line->turn, memory_order_relaxed); /* ours */

    assert(turn % 2 == 1);
    /* Release: who sees that the turn has ended sees everything it added. */
    atomic_store_explicit(&line->turn, turn + 1, memory_order_release);
}

void grace_begin(struct grace *g, struct turns *turns, unsigned workers)
{
    assert(workers <= WORKERS_MAX);
    g->workers = workers;
    for (unsigned i = 0; i < workers; i++)
        g->seen[i] = atomic_load_explicit(&turns->line[i].turn, memory_order_seq_cst);
}

bool grace_is_over(const struct grace *g, struct turns *turns)
{
#ifdef LUOT_MUTANT_NO_GRACE
    return true;
#endif
    for (unsigned i = 0; i < g->workers; i++)
        if (g->seen[i] % 2 == 1 &&
            atomic_load_explicit(&turns->line[i].turn, memory_order_acquire) ==
                g->seen[i])
            return false;
    return true;
}

void turns_reset(struct turns *turns)
{
    /* Relaxed: the workers are started after this, and starting a thread publishes it. */
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        atomic_store_explicit(&turns->line[i].turn, 0, memory_order_relaxed);
}
