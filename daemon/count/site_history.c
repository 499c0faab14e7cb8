/* What the store knows beyond this arena, put beside the site's own counts by the reader
 * thread. */
#include <string.h>

#include "count/site_layout.h"

uint64_t site_changes(const struct site *s, struct instant now)
{
    int64_t slot = instant_slot(now);
    uint64_t seen[] = {
        atomic_load_explicit(&s->block->hits.ring[slot % RING_SLOTS],
                             memory_order_acquire),
        atomic_load_explicit(&s->block->hits.late, memory_order_relaxed),
        atomic_load_explicit(&s->block->hits.overrun_views, memory_order_relaxed),
        atomic_load_explicit(&s->table[0].head->joins, memory_order_relaxed),
        atomic_load_explicit(&s->table[1].head->joins, memory_order_relaxed),
        atomic_load_explicit(&s->block->seed_version, memory_order_relaxed),
    };

    return hash_fast(seen, sizeof seen);
}

void site_set_day(struct site *s, int64_t day, const uint64_t other[METRIC_KINDS],
                  const uint64_t imported[METRIC_KINDS])
{
    struct site_day *row = &s->block->day[day % SITE_DAYS];

    atomic_store_explicit(&row->other_tag, 0, memory_order_seq_cst);
    atomic_store_explicit(&row->other.views, other[METRIC_VIEWS], memory_order_relaxed);
    atomic_store_explicit(&row->other.visits, other[METRIC_VISITS], memory_order_relaxed);
    atomic_store_explicit(&row->other.visitors, other[METRIC_VISITORS],
                          memory_order_relaxed);
    atomic_store_explicit(&row->imported.views, imported[METRIC_VIEWS],
                          memory_order_relaxed);
    atomic_store_explicit(&row->imported.visits, imported[METRIC_VISITS],
                          memory_order_relaxed);
    atomic_store_explicit(&row->imported.visitors, imported[METRIC_VISITORS],
                          memory_order_relaxed);
    atomic_store_explicit(&row->other_tag, day + 1, memory_order_release);
}

void site_set_row(struct site *s, enum period_kind kind, int64_t number,
                  uint64_t other_visitors)
{
    struct site_row *row = kind == PERIOD_WEEK ? &s->block->week[number % SITE_WEEKS]
                                               : &s->block->month[number % SITE_MONTHS];

    atomic_store_explicit(&row->other_tag, 0, memory_order_seq_cst);
    atomic_store_explicit(&row->other_visitors, other_visitors, memory_order_relaxed);
    atomic_store_explicit(&row->other_tag, number + 1, memory_order_release);
}

void site_set_totals(struct site *s, const struct site_seed seed[METRIC_KINDS],
                     const struct site_totals *totals)
{
    struct site_block *b = s->block;
    uint64_t version =
        atomic_load_explicit(&b->seed_version, memory_order_relaxed) & ~(uint64_t)1;

    atomic_store_explicit(&b->seed_version, version + 1, memory_order_seq_cst);
    atomic_thread_fence(memory_order_release);
    memcpy(b->seed, seed, sizeof b->seed);
    b->totals = *totals;
    atomic_store_explicit(&b->seed_version, version + 2, memory_order_release);
}
