/* A site whose time is not what it was: after kill -9 or a stop of any length, and when
 * the clock was set back. */
#include "base/error.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_quarters.h"
#include "count/site_seal.h"

enum { STEP_QUARTERS = 192 /* closed at once, then whole days are folded */ };

static void periods_at(void *context, int64_t slot, struct visit_periods *ret)
{
    *ret = site_periods(context, slot);
}

/* A view long after the keeper's last tick, and after now, is from before a clock was set
 * back, or was none. It was one when something was counted then: a slot's, or overrun. */
static bool is_believed(const struct site *s, int64_t view, int64_t kept,
                        int64_t now_slot)
{
    if (view < 0)
        return false;
    if (kept == 0 || view <= kept + HOUR_SLOTS || view <= now_slot)
        return true;
    return hits_has_slot(&s->block->hits, view) || site_aside_has_overrun(s);
}

/* The last slot that a view was counted in. `alive`: of hits_adopting. */
static int64_t last_view_slot(struct site *s, int64_t kept, int64_t now_slot,
                              bool *ret_alive)
{
    _Atomic int64_t *last_view = &s->block->last_view_s;
    int64_t view = atomic_load_explicit(last_view, memory_order_relaxed) / SLOT_S;

    *ret_alive = site_saw_view(s, view, kept);
    if (!is_believed(s, view, kept, now_slot)) {
        view = kept;
        atomic_store_explicit(last_view, view * SLOT_S, memory_order_relaxed);
    }
    return view;
}

static void adopt_visitors(struct site *s, int64_t last, int64_t now_slot)
{
    struct site_terms *terms = atomic_load_explicit(&s->terms, memory_order_relaxed);

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct visitors_table *t = &s->table[i];

        if (!site_key_is_linked(s, i))
            continue;
        visitors_adopt(t, periods_at, terms, site_aside_changes(s) != 0);
        if (atomic_load_explicit(&t->head->mode, memory_order_relaxed) != VISITORS_EXACT)
            distinct_adopt(t->matrix, last, now_slot);
    }
}

/* Closes all that there is, and folds every whole day, before quarters begin again. */
static int set_back_hits(struct site *s, struct arena *a, int64_t now_slot)
{
    struct hits *h = &s->block->hits;
    bool more;
    int rv;

    if (now_slot / QUARTER_SLOTS >= hits_floor(h))
        return 0;
    rv = site_quarters_back(s, a);
    if (rv != 0)
        return rv;
    do {
        more = hits_close_some(h, STEP_QUARTERS);
        site_fold_days(s);
    } while (more);
    rv = hits_set_back_restarts(h, now_slot) ? site_aside_make_room(s, a) : ERR_EXISTS;
    if (rv == 0)
        site_aside_restart(s, now_slot);
    else
        (void)hits_set_back_finish(h, now_slot);
    return rv == ERR_EXISTS ? 0 : rv;
}

/* Days that hold something are closed and folded first: site_closable. What a set-back
 * found no room for is in total only. */
static void adopt_hits(struct site *s, struct arena *a, int64_t now_slot)
{
    struct hits *h = &s->block->hits;
    int64_t q;

    hits_sweep(h);
    if (site_quarters_back(s, a) != 0)
        return; /* the keeper tries again, and says so */
    hits_set_back_begin(h, now_slot);
    (void)set_back_hits(s, a, now_slot);
    do { /* a day that holds something may end in the next step only */
        q = site_closable(s, now_slot);
        hits_close_begin(h, q);
        (void)hits_close_some(
            h, q - atomic_load_explicit(&h->rolled_q, memory_order_relaxed));
        site_fold_days(s);
    } while (q < hits_closable(h, now_slot));
    hits_adopt(h, now_slot);
    site_fold_days(s);
}

static void set_back_visitors(struct site *s, int64_t was_slot, int64_t now_slot)
{
    const struct site_terms *terms = site_terms_of(s);
    struct visit_periods now = site_periods(terms, now_slot);
    int64_t until[PERIOD_KINDS];

    for (int kind = 0; kind < PERIOD_KINDS; kind++)
        until[kind] =
            period_at(&terms->calendar, (enum period_kind)kind, now_slot).until_slot;
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (site_key_is_linked(s, i))
            visitors_set_back(&s->table[i], was_slot, now_slot, &now, until);
    site_engaged_set_back(s, now.number[PERIOD_DAY]);
}

static int64_t day_at(const struct site *s, int64_t slot)
{
    return period_at(&site_terms_of(s)->calendar, PERIOD_DAY, slot).number;
}

void site_adopt(struct site *s, struct arena *a, struct instant now)
{
    struct site_block *b = s->block;
    int64_t now_slot = instant_slot(now), kept = count_head_kept(arena_head(a));
    bool alive;
    int64_t view = last_view_slot(s, kept, now_slot, &alive);
    int64_t last = kept > view ? kept : view; /* that the arena has seen: what was counted
                                                 then must not be lost when its key is
                                                 over by now */

    bool moving;

    if (last == 0)
        last = now_slot;
    damage_adopt(&s->seal->damage, &s->block->hits);
    /* It may have been killed while the clock was set back: visitors were dated ahead. */
    moving = hits_seal_is_moving(&s->seal->hits);
    site_check_rest(s, a, last);
    site_check(s, last, kept, alive);
    site_seal_open_from(s, now_slot / QUARTER_SLOTS);
    site_aside_adopt(s);
    if (view > 0) /* the keeper did not see it any more */
        (void)site_aside_book(s, a, view);
    if (now_slot < last || (day_at(s, last) != day_at(s, now_slot) &&
                            day_at(s, last) + 1 != day_at(s, now_slot)))
        (void)site_aside_make_room(s, a); /* rows will be taken from days still wanted */
    site_adopt_keys(s, a, INT64_MIN);     /* what is whole may still be asked */
    adopt_visitors(s, last, now_slot);
    site_keep_rows(s, last);
    adopt_hits(s, a, now_slot);
    if (now_slot < last || moving)
        set_back_visitors(s, last > now_slot ? last : now_slot, now_slot);
    site_adopt_keys(s, a, now_slot);
    site_adopt_sharing(s, a);
    /* No room: the keeper tries again, and says so. */
    (void)site_tops_make(s, a, false, now_slot);
    site_engaged_adopt(s, day_at(s, now_slot));
    (void)site_refused_keep(s, a, instant_seconds(now));
    /* Killed while history was written: the reader writes it again from the store before
     * anyone is answered. */
    if (atomic_load_explicit(&b->history_version, memory_order_relaxed) & 1)
        atomic_fetch_add_explicit(&b->history_version, 1, memory_order_relaxed);
    damage_settle(&s->seal->damage, &s->block->hits);
    site_seal_close(s);
}

int site_set_back(struct site *s, struct arena *a, struct instant now, bool finish)
{
    int64_t now_slot = instant_slot(now);
    int64_t was = atomic_load_explicit(&s->scan.slot, memory_order_relaxed);
    int rv;

    if (!finish) {
        site_seal_open(s); /* until it is finished workers may add to overrun */
        s->setting_back = true;
        hits_set_back_begin(&s->block->hits, now_slot);
        return 0;
    }
    s->setting_back = false;
    if (now_slot < was)
        site_keep_rows(s, was);
    site_seal_open_from(s, now_slot / QUARTER_SLOTS);
    (void)site_aside_make_room(s, a); /* its word says that the clock has jumped */
    rv = set_back_hits(s, a, now_slot);
    atomic_fetch_add_explicit(&s->jumps, 1, memory_order_release);
    s->close_ticket = 0; /* all that was closing is closed */
    if (now_slot < was)
        set_back_visitors(s, was, now_slot);
    site_seal_close(s);
    s->keys_changed = true; /* scan again: last seen has changed */
    return rv;
}
