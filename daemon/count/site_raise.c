/* Own numbers that an adoption lost, raised to what a store has of this very run: it was
 * saved from here, so the truth is no less. */
#include "count/check_word.h"
#include "count/damage.h"
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

static bool raise_quarter(struct site *s, int64_t q, struct hit_count least)
{
    struct hits *h = &s->block->hits;

    damage_had_more(&s->seal->damage, hits_quarter_lacks(h, q, least));
    return hits_raise_quarter(h, &s->seal->hits, q, least);
}

static bool raise_own(struct site *s, const struct saved_own *row)
{
    switch (row->kind) {
    case SAVED_DAY:
        return site_raise_day(s, row->number, row->metric);
    case SAVED_WEEK:
        return site_raise_row(s, PERIOD_WEEK, row->number, row->metric[METRIC_VISITORS]);
    case SAVED_MONTH:
        return site_raise_row(s, PERIOD_MONTH, row->number, row->metric[METRIC_VISITORS]);
    case SAVED_QUARTER:
        return raise_quarter(s, row->number,
                             (struct hit_count){.views = row->metric[METRIC_VIEWS],
                                                .visits = row->metric[METRIC_VISITS]});
    }
    return false;
}

bool site_awaits_saved(const struct site *s)
{
    return damage_waits(&s->seal->damage);
}

void site_damage_told(struct site *s)
{
    damage_told(&s->seal->damage);
}

/* Days before their quarters, which are part of them, and the total last: then it waits no
 * more, and killed before that it is all done again. */
void site_raise(struct site *s, struct site_saved *saved)
{
    struct hit_count lacks;

    site_seal_open(s);
    saved->raised = 0;
    for (size_t i = 0; i < saved->count; i++)
        saved->raised += raise_own(s, &saved->row[i]);
    lacks = damage_lacks(&s->seal->damage, saved->total);
    saved->raised += lacks.views + lacks.visits != 0;
    damage_raise(&s->seal->damage, &s->block->hits, lacks);
    if (!s->setting_back)
        site_seal_close(s);
}

void site_raise_soon(struct site *s, struct site_saved *saved)
{
    atomic_init(&saved->done, false);
    atomic_store_explicit(&s->saved, saved, memory_order_release);
}

bool site_raise_waits(const struct site *s)
{
    return atomic_load_explicit(&s->saved, memory_order_relaxed) != NULL;
}

struct site_saved *site_raise_done(struct site *s)
{
    struct site_saved *saved = atomic_load_explicit(&s->saved, memory_order_relaxed);

    if (saved == NULL || !atomic_load_explicit(&saved->done, memory_order_acquire))
        return NULL;
    atomic_store_explicit(&s->saved, NULL, memory_order_release);
    return saved;
}
