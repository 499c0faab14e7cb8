/* The keeper's side: whole slots become quarters and minutes, closed quarters become
 * stored days. Nothing here adds to what it finds: a word is assigned the sum of its
 * slots, so each step may be late, repeated, or cut off by kill -9, and adoption goes
 * on from whatever it finds. What makes each step harmless:
 *
 *      closing q    floor_q = q + 1, a grace, assign q, rolled_q = q + 1: readers take
 *                   the slots before, the word after: equal
 *      clearing     words of quarter q - 6 become 0 when q closes: no lap is mistaken for
 *                   another one 170 days later
 *      folding      the other copy of the stored days is filled, then base_i chooses it:
 *                   both sides of a sum move at once
 *      set back     hits_set_back.c
 *
 * Orders. The keeper is the only writer of everything but the ring, overrun and late,
 * so it loads its own words relaxed. What a reader must not see before its cause is
 * stored with release and loaded with acquire, and no fence is needed: a reader of a
 * base's words loads base_i afterwards, and one word of a newer filling shows it the
 * base_i stored before that. */
#include <assert.h>
#include <stddef.h>

#include "count/check_word.h"
#include "count/damage.h"
#include "count/hits.h"
#include "count/hits_keep_inner.h"
#include "count/hits_pages.h"
#include "count/hits_word.h"

static void store_quarter(struct hits *h, int64_t q, struct hit_count count)
{
    hits_put_quarter_word(h, q, 0, quarter_word(q, count.visits));
    hits_put_quarter_word(h, q, 1, quarter_word(q, count.views));
}

/* --- Stored days --- */

struct hit_count hits_stored_sum(const struct hits *h, int64_t from_q, int64_t until_q)
{
    struct hit_count sum = {0};

    if (from_q < until_q - QUARTERS)
        from_q = until_q - QUARTERS; /* skipped while the ring was empty: nothing there */
    for (int64_t q = from_q; q < until_q; q++) {
        struct hit_count c = hits_stored(h, q);

        sum.views += c.views;
        sum.visits += c.visits;
    }
    return sum;
}

void hits_base_choose(struct hits *h, int64_t through_q, uint64_t visits, uint64_t views)
{
    uint64_t i = atomic_load_explicit(&h->base_i, memory_order_relaxed) + 1;
    struct hits_base *b = &h->base[i & 1];

    atomic_store_explicit(&b->through_q, through_q, memory_order_release);
    HITS_SEAM("fold");
    atomic_store_explicit(&b->visits, check_word(through_q, visits),
                          memory_order_release);
    atomic_store_explicit(&b->views, check_word(through_q, views), memory_order_release);
    HITS_SEAM("fold chosen");
    atomic_store_explicit(&h->base_i, i, memory_order_release);
}

/* The same stored days once more, with their checks. */
static void base_restate(struct hits *h, int64_t through_q)
{
    const struct hits_base *b = base_now(h);

    hits_base_choose(h, through_q, base_visits(b), base_views(b));
}

void hits_fold(struct hits *h, int64_t until_q)
{
    const struct hits_base *b = base_now(h);
    int64_t from_q = through(h);
    struct hit_count moved;

    assert(until_q <= rolled(h));
    if (until_q <= from_q)
        return;
    moved = hits_stored_sum(h, from_q, until_q);
    hits_base_choose(h, until_q, base_visits(b) + moved.visits,
                     base_views(b) + moved.views);
}

/* --- Assigning --- */

/* Assigns quarter q, which is open, and its minutes up to that of now_slot: a minute to
 * come still holds yesterday's count. */
static void assign(struct hits *h, int64_t q, int64_t now_slot)
{
    struct hit_count minute[QUARTER_MINUTES], sum = {0};
    int64_t first = q * QUARTER_MINUTES;

    for (int i = 0; i < QUARTER_MINUTES; i++) {
        int64_t slot = (first + i) * MINUTE_SLOTS;

        minute[i] = hits_slots(h, slot, slot + MINUTE_SLOTS);
        sum.visits += minute[i].visits;
        sum.views += minute[i].views;
    }
    if (through(h) <= q - QUARTERS)
        /* The words we write over are still in the sum of quarters. */
        hits_fold(h, rolled(h));
    for (int64_t m = first; m < first + QUARTER_MINUTES && m <= now_slot / MINUTE_SLOTS;
         m++)
        store_word(&h->minute[m % MINUTES], minute_word(m, minute[m - first]));
    /* What came since the keeper backed pages waits for his next tick. Before a quarter is
     * closed all of it was there. */
    if (now_slot == INT64_MAX || hits_quarter_is_there(h, q))
        store_quarter(h, q, sum);
}

bool hits_folds_alone(const struct hits *h)
{
    uint64_t i = atomic_load_explicit(&h->base_i, memory_order_relaxed);

    return atomic_load_explicit(&h->base[i & 1].through_q, memory_order_relaxed) <=
           rolled(h) + 2 * RING_QUARTERS - QUARTERS;
}

void hits_assign(struct hits *h, int64_t now_slot)
{
    int64_t from = rolled(h), until = now_slot / QUARTER_SLOTS + 1;

    /* What is open for longer than a lap can wait: readers take it from the slots. */
    if (until > from + RING_QUARTERS)
        until = from + RING_QUARTERS;
    for (int64_t q = from; q < until; q++)
        assign(h, q, now_slot);
}

/* --- Closing --- */

/* Zeroes the ring's words of slots [from, until), which nobody adds to any more. */
void hits_clear_slots(struct hits *h, int64_t from, int64_t until)
{
    int64_t open_slot = rolled(h) * QUARTER_SLOTS;

    for (int i = ring_next_word(h, 0, RING_SLOTS); i < RING_SLOTS;
         i = ring_next_word(h, i + 1, RING_SLOTS)) {
        uint64_t seen = atomic_load_explicit(&h->ring[i], memory_order_relaxed);
        int64_t slot;

        if (seen == 0)
            continue;
        slot = ring_word_slot(seen, i, open_slot);
        if (slot < from || slot >= until)
            continue;
        HITS_SEAM("clear");
        /* Fails when a worker takes it over, and then it is cleared. Release: who reads
         * the 0 sees that rolled_q has passed. */
        atomic_compare_exchange_strong_explicit(
            &h->ring[i], &seen, 0, memory_order_acq_rel, memory_order_relaxed);
    }
}

static bool ring_is_empty(const struct hits *h)
{
    for (int i = 0; i < RING_SLOTS; i++)
        if (atomic_load_explicit(&h->ring[i], memory_order_relaxed) != 0)
            return false;
    return true;
}

/* A minute that is not there any more is not a quiet one. */
static void skip_minutes(struct hits *h, int64_t from_q, int64_t until_q)
{
    int64_t first = from_q * QUARTER_MINUTES, until = until_q * QUARTER_MINUTES;

    if (first < until - MINUTES)
        first = until - MINUTES;
    for (int64_t m = first; m < until; m++)
        store_word(&h->minute[m % MINUTES], minute_word(m, (struct hit_count){0}));
}

/* After a stop, or a clock that jumped, there are quarters that cannot hold anything:
 * their words are of older ones, and so read as 0. Days that may hold something are not
 * folded on the way if it can be helped: their owner wants to see them go. */
static bool skip_empty(struct hits *h, int64_t until_q)
{
    if (until_q - rolled(h) <= RING_QUARTERS || !ring_is_empty(h))
        return false;
    skip_minutes(h, rolled(h), until_q);
    if (until_q - through(h) > QUARTERS)
        hits_fold(h, rolled(h));
    HITS_SEAM("skip");
    atomic_store_explicit(&h->rolled_q, until_q, memory_order_release);
    if (until_q - through(h) > QUARTERS)
        hits_fold(h, until_q - QUARTERS);
    return true;
}

int64_t hits_closable(const struct hits *h, int64_t now_slot)
{
    int64_t until = (now_slot - LATE_SLOTS) / QUARTER_SLOTS, r = rolled(h);
    int64_t floor_q = atomic_load_explicit(&h->floor_q, memory_order_relaxed);

    if (until < floor_q)
        until = floor_q; /* begun before, and not finished */
    return until > r ? until : r;
}

void hits_floor_store(struct hits *h, int64_t q)
{
    HITS_SEAM("floor");
    /* seq_cst, before a grace: turn.c. */
    atomic_store_explicit(&h->floor_q, q, memory_order_seq_cst);
}

void hits_close_begin(struct hits *h, int64_t until_q)
{
    if (until_q > atomic_load_explicit(&h->floor_q, memory_order_relaxed))
        hits_floor_store(h, until_q);
}

void hits_close_finish(struct hits *h)
{
    (void)hits_close_some(h, INT64_MAX);
}

bool hits_close_some(struct hits *h, int64_t quarters)
{
    int64_t floor_q = atomic_load_explicit(&h->floor_q, memory_order_relaxed);
    int64_t until = floor_q - rolled(h) > quarters ? rolled(h) + quarters : floor_q;

    for (int64_t q = rolled(h); q < until; q = rolled(h)) {
        if (skip_empty(h, until))
            continue;
        assign(h, q, INT64_MAX);
        HITS_SEAM("close");
        atomic_store_explicit(&h->rolled_q, q + 1, memory_order_release);
        HITS_SEAM("closed");
        hits_clear_slots(h, INT64_MIN, (q + 1 - RING_KEPT) * QUARTER_SLOTS);
    }
    return rolled(h) < floor_q;
}

/* --- Adoption and restoring: one thread, before any worker --- */

static bool base_holds(const struct hits_base *b)
{
    int64_t q = atomic_load_explicit(&b->through_q, memory_order_relaxed);

    return check_word_holds(q, atomic_load_explicit(&b->visits, memory_order_relaxed)) &&
           check_word_holds(q, atomic_load_explicit(&b->views, memory_order_relaxed));
}

/* Not before what is closed, and no further back than quarters go. */
static bool base_reaches(const struct hits *h, int64_t q)
{
    return q > 0 && q <= rolled(h) && q >= rolled(h) - QUARTERS;
}

enum hits_state hits_check(struct hits *h, struct damage *d)
{
    const struct hits_base *b = base_now(h), *old = &h->base[b == &h->base[0]];
    int64_t q = through(h),
            old_q = atomic_load_explicit(&old->through_q, memory_order_relaxed);

    if (base_holds(b) && q <= rolled(h)) { /* version 1 gave no check: now it has one */
        if (atomic_load_explicit(&b->visits, memory_order_relaxed) >> CHECK_WORD_BITS ==
            0)
            base_restate(h, q);
        return HITS_WHOLE;
    }
    if (base_holds(old) && base_reaches(h, old_q)) {
        damage_mend(d);
        atomic_fetch_add_explicit(&h->base_i, 1, memory_order_release);
        return HITS_MENDED;
    }
    damage_lose(d);
    /* Said once, not at every start; and no day that is open may look folded. */
    hits_base_choose(h,
                     base_reaches(h, q)       ? q
                     : base_reaches(h, old_q) ? old_q
                                              : rolled(h),
                     0, 0);
    return HITS_LOST;
}

void hits_add_stored(struct hits *h, struct hit_count more)
{
    const struct hits_base *b = base_now(h);

    hits_base_choose(h, through(h), base_visits(b) + more.visits,
                     base_views(b) + more.views);
}

bool hits_raise_total(struct hits *h, struct hit_count least)
{
    struct hit_count now = hits_total(h), more = {0};

    if (now.views < least.views)
        more.views = least.views - now.views;
    if (now.visits < least.visits)
        more.visits = least.visits - now.visits;
    if (more.views + more.visits != 0)
        hits_add_stored(h, more);
    return more.views + more.visits != 0;
}

void hits_sweep(struct hits *h)
{
    /* Killed between closing a quarter and clearing: do it again. */
    hits_clear_slots(h, INT64_MIN, (rolled(h) - RING_KEPT) * QUARTER_SLOTS);
}

bool hits_adopt(struct hits *h, int64_t now_slot)
{
    bool restarted;

    hits_sweep(h);
    hits_set_back_begin(h, now_slot);
    restarted = hits_set_back_finish(h, now_slot);
    hits_close_begin(h, hits_closable(h, now_slot));
    hits_close_finish(h);
    hits_assign(h, now_slot);
    return restarted;
}

void hits_restore(struct hits *h, int64_t q, struct hit_count count)
{
    if (q < 0 || q >= atomic_load_explicit(&h->first_q, memory_order_relaxed) ||
        q < rolled(h) + RING_QUARTERS - QUARTERS)
        return; /* the word is, or soon will be, a later quarter's */
    store_quarter(h, q, count);
}
