/* The clock was set back.
 *
 * Quarters from `now` on are closed and hold counts dated after now. Workers go on
 * counting all the time, at the floor; so first everything that exists is closed
 * (begin raises the floor above it, a grace, finish closes), and then, while nobody
 * touches the quarters [now, rolled_q), rolled_q goes back, and the floor last:
 *
 *      reopen       their slots are all still in the ring (about 75 min back): they are
 *                   simply open again, and hits that are dated into them add to what is
 *                   there
 *      restart      else their counts become stored days, which are of no quarter, and
 *                   the quarters begin again at 0; of which day they were a site keeps
 *                   (count/site_aside)
 *
 * What a site counts during the grace it gives to overrun (hits_add_undated). What is
 * added at the slot of the raised floor all the same stays there, as a word dated after
 * now; the few hits that meet that word a lap earlier are overrun. So far back that its
 * tag would mean another lap (166 days) it is overrun itself, as is what a turn that has
 * the raised floor still adds. */
#include "count/hits.h"
#include "count/hits_keep_inner.h"

static int64_t floor_now(const struct hits *h)
{
    return atomic_load_explicit(&h->floor_q, memory_order_relaxed);
}

/* The latest quarter that a word of the ring is of; at least rolled_q - 1. */
static int64_t newest(const struct hits *h)
{
    int64_t open_slot = rolled(h) * QUARTER_SLOTS, latest = open_slot - 1;

    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_relaxed);
        int64_t slot = word == 0 ? -1 : ring_word_slot(word, i, open_slot);

        if (slot > latest)
            latest = slot;
    }
    return latest / QUARTER_SLOTS;
}

static bool ring_has_all_of(const struct hits *h, int64_t from_q, int64_t until_q)
{
    if (until_q - from_q > RING_QUARTERS)
        return false;
    for (int64_t q = from_q; q < until_q; q++) {
        struct hit_count stored = hits_stored(h, q);
        struct hit_count slots =
            hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);

        if (slots.visits != stored.visits || slots.views != stored.views)
            return false;
    }
    return true;
}

/* Total is the same before and after: what leaves the stored days is in the words of the
 * quarters. */
static void unfold(struct hits *h, int64_t from_q)
{
    const struct hits_base *b = base_now(h);
    struct hit_count back;

    if (through(h) <= from_q)
        return;
    back = hits_stored_sum(h, from_q, through(h));
    hits_base_choose(h, from_q, base_visits(b) - back.visits, base_views(b) - back.views);
}

/* Once all is folded, what quarters < rolled_q and their slots hold is in no sum of
 * ours. Words of quarters before from_q stay, in whatever place: the clock may have been
 * far ahead. */
static void empty_quarters(struct hits *h, int64_t from_q)
{
    int64_t until_q = rolled(h), minute;

    for (int index = 0; index < QUARTERS; index++)
        for (int i = 0; i < 2; i++) {
            uint64_t word = hits_quarter_word(h, index, i);

            if (word != 0 && quarter_of_word(word, index, until_q) >= from_q)
                hits_put_quarter_word(h, index, i, 0);
        }
    minute = until_q * QUARTER_MINUTES - MINUTES;
    if (minute < from_q * QUARTER_MINUTES)
        minute = from_q * QUARTER_MINUTES;
    for (; minute < until_q * QUARTER_MINUTES; minute++) {
        _Atomic uint64_t *word = &h->minute[minute % MINUTES];

        if (atomic_load_explicit(word, memory_order_relaxed) >> 56 == minute_tag(minute))
            store_word(word, 0);
    }
    hits_clear_slots(h, from_q * QUARTER_SLOTS, until_q * QUARTER_SLOTS);
}

static void restart(struct hits *h, int64_t from_q)
{
    const struct hits_base *b;

    hits_fold(h, rolled(h));
    empty_quarters(h, from_q);
    if (from_q < atomic_load_explicit(&h->first_q, memory_order_relaxed))
        atomic_store_explicit(&h->first_q, from_q, memory_order_release);
    b = base_now(h);
    hits_base_choose(h, from_q, base_visits(b), base_views(b));
}

/* The word of a slot that is too far ahead of rolled_q, which has just gone back, to be
 * told by its tag. */
static void overrun_word(struct hits *h, int64_t slot)
{
    _Atomic uint64_t *word = &h->ring[slot % RING_SLOTS];
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    struct hit_count count;

    do
        if (seen == 0 || ring_word_tag(seen) != ring_tag(slot))
            return;
    while (!atomic_compare_exchange_weak_explicit(word, &seen, 0, memory_order_acq_rel,
                                                  memory_order_acquire));
    HITS_SEAM("overrun word");
    count = ring_word_count(seen);
    atomic_fetch_add_explicit(&h->overrun_visits, count.visits, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->overrun_views, count.views, memory_order_relaxed);
}

void hits_set_back_begin(struct hits *h, int64_t now_slot)
{
    if (now_slot / QUARTER_SLOTS < floor_now(h))
        hits_close_begin(h, newest(h) + 1);
}

bool hits_set_back_restarts(const struct hits *h, int64_t now_slot)
{
    int64_t q = now_slot / QUARTER_SLOTS;

    return q < floor_now(h) &&
           (q < atomic_load_explicit(&h->first_q, memory_order_relaxed) ||
            !ring_has_all_of(h, q, rolled(h)));
}

static void go_back_to(struct hits *h, int64_t q)
{
    int64_t raised = floor_now(h);

    HITS_SEAM("set back");
    atomic_store_explicit(&h->rolled_q, q, memory_order_release);
    if ((raised - q) * QUARTER_SLOTS >= RING_AHEAD_SLOTS)
        overrun_word(h, raised * QUARTER_SLOTS);
    hits_floor_store(h, q);
}

void hits_restart(struct hits *h, int64_t q)
{
    restart(h, q);
    go_back_to(h, q);
}

bool hits_set_back_finish(struct hits *h, int64_t now_slot)
{
    int64_t q = now_slot / QUARTER_SLOTS;

    if (q >= floor_now(h))
        return false;
    hits_close_finish(h);
    if (hits_set_back_restarts(h, now_slot)) {
        hits_restart(h, q);
        return true;
    }
    unfold(h, q);
    go_back_to(h, q);
    return false;
}
