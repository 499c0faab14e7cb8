/* Own numbers that an adoption lost, raised to what a store has of this very run: it was
 * saved from here, so the truth is no less. */
#include "count/check_word.h"
#include "count/site_inner.h"
#include "count/site_seal.h"

static bool raise_word(_Atomic uint64_t *at, int64_t of, uint64_t least)
{
    if (check_word_value(atomic_load_explicit(at, memory_order_relaxed)) >= least)
        return false;
    atomic_store_explicit(at, check_word(of, least), memory_order_relaxed);
    return true;
}

/* A later period's row is left alone. */
static bool take_row(_Atomic int64_t *tag, int64_t number)
{
    if (atomic_load_explicit(tag, memory_order_relaxed) > number + 1)
        return false;
    atomic_store_explicit(tag, number + 1, memory_order_relaxed);
    return true;
}

bool site_raise_day(struct site *s, int64_t day, const uint64_t least[METRIC_KINDS])
{
    struct site_day *row = &s->block->day[(uint64_t)day % SITE_DAYS];
    bool had = atomic_load_explicit(&row->own_tag, memory_order_relaxed) == day + 1;
    bool raised = false;

    if (day < 0 || !take_row(&row->own_tag, day))
        return false;
    if (!had) {
        atomic_store_explicit(&row->own.views, 0, memory_order_relaxed);
        atomic_store_explicit(&row->own.visits, 0, memory_order_relaxed);
        atomic_store_explicit(&row->own.visitors, 0, memory_order_relaxed);
    }
    raised = raise_word(&row->own.visitors, day, least[METRIC_VISITORS]);
    if (!site_day_is_final(s, day))
        return raised; /* its views are in its quarters */
    raised = raise_word(&row->own.views, day, least[METRIC_VIEWS]) || raised;
    return raise_word(&row->own.visits, day, least[METRIC_VISITS]) || raised;
}

bool site_raise_row(struct site *s, enum period_kind kind, int64_t number,
                    uint64_t visitors)
{
    struct site_row *row = kind == PERIOD_WEEK
                               ? &s->block->week[(uint64_t)number % SITE_WEEKS]
                               : &s->block->month[(uint64_t)number % SITE_MONTHS];
    bool had = atomic_load_explicit(&row->own_tag, memory_order_relaxed) == number + 1;

    if (number < 0 || !take_row(&row->own_tag, number))
        return false;
    if (!had)
        atomic_store_explicit(&row->own_visitors, 0, memory_order_relaxed);
    return raise_word(&row->own_visitors, number, visitors);
}

bool site_raise_quarter(struct site *s, int64_t q, struct hit_count least)
{
    return hits_raise_quarter(&s->block->hits, &s->seal->hits, q, least);
}

bool site_raise_total(struct site *s, struct hit_count least)
{
    bool raised;

    site_seal_open(s);
    raised = hits_raise_total(&s->block->hits, least);
    site_seal_close(s);
    return raised;
}
