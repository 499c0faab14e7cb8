/* A site whose time is not what it was: after kill -9 or a stop of any length, and when
 * the clock was set back. */
#include "count/site_inner.h"
#include "count/site_layout.h"

static void periods_at(void *context, int64_t slot, struct visit_periods *ret)
{
    *ret = site_periods(context, slot);
}

/* The last slot that the arena has seen: what was counted then must not be lost when its
 * key is over by now. */
static int64_t last_slot(const struct site *s, const struct count_head *head)
{
    int64_t kept = atomic_load_explicit(&head->kept_slot, memory_order_relaxed);
    int64_t view = atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed);

    return kept > view / SLOT_S ? kept : view / SLOT_S;
}

static void adopt_visitors(struct site *s, int64_t last, int64_t now_slot)
{
    struct site_terms *terms = atomic_load_explicit(&s->terms, memory_order_relaxed);

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct visitors_table *t = &s->table[i];

        if (!site_key_is_linked(s, i))
            continue;
        visitors_adopt(t, periods_at, terms);
        if (atomic_load_explicit(&t->head->mode, memory_order_relaxed) != VISITORS_EXACT)
            distinct_adopt(t->matrix, last, now_slot);
    }
}

/* Days that hold something are closed and folded first: site_closable. */
static void adopt_hits(struct site *s, int64_t now_slot)
{
    struct hits *h = &s->block->hits;
    int64_t first_q = site_closable(s, now_slot);

    if (first_q < hits_closable(h, now_slot)) {
        hits_adopt(h, first_q * QUARTER_SLOTS + LATE_SLOTS);
        site_fold_days(s);
    }
    hits_adopt(h, now_slot);
    site_fold_days(s);
}

static void set_back_visitors(struct site *s, int64_t was_slot, int64_t now_slot)
{
    struct visit_periods now = site_periods(site_terms_of(s), now_slot);

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (site_key_is_linked(s, i))
            visitors_set_back(&s->table[i], was_slot, now_slot, &now);
    site_forget_rows_after(s, now_slot);
    site_engaged_forget_after(s, now.number[PERIOD_DAY]);
}

void site_adopt(struct site *s, struct arena *a, struct instant now)
{
    struct site_block *b = s->block;
    int64_t now_slot = instant_slot(now), last = last_slot(s, arena_head(a));

    if (last == 0)
        last = now_slot;
    site_check(s, last);
    /* Without room the keeper tries again, and says so. */
    (void)site_engaged_adopt(s, a,
                             zone_day(site_terms_of(s)->zone, instant_seconds(now)));
    site_adopt_keys(s, a, INT64_MIN); /* what is whole may still be asked */
    adopt_visitors(s, last, now_slot);
    site_keep_rows(s, last);
    adopt_hits(s, now_slot);
    if (now_slot < last)
        set_back_visitors(s, last, now_slot);
    site_adopt_keys(s, a, now_slot);
    site_adopt_sharing(s, a);
    /* Killed while history was written: the reader writes it again from the store before
     * anyone is answered. */
    if (atomic_load_explicit(&b->history_version, memory_order_relaxed) & 1)
        atomic_fetch_add_explicit(&b->history_version, 1, memory_order_relaxed);
}

void site_set_back(struct site *s, struct instant now, bool finish)
{
    int64_t now_slot = instant_slot(now);
    int64_t was = atomic_load_explicit(&s->scan.slot, memory_order_relaxed);

    if (!finish) {
        hits_set_back_begin(&s->block->hits, now_slot);
        return;
    }
    (void)hits_set_back_finish(&s->block->hits, now_slot);
    s->close_ticket = 0; /* all that was closing is closed */
    if (now_slot < was)
        set_back_visitors(s, was, now_slot);
    s->keys_changed = true; /* scan again: last seen has changed */
}
