/* What an adoption believes of the ring. Three things are wrong with a word:
 *
 *      no hit leaves it    a tag without a count, a count without a tag
 *      dated after now     a tag was changed; unless a clock was set back (hits_keep.c)
 *      less, or far more,  than the keeper's minute says, which is a tick old
 *
 * A minute is believed when the minutes of its quarter add up to the quarter's word: the
 * keeper writes them first. */
#include "count/hits_seal_inner.h"
#include "count/hits_word.h"

static uint64_t ring_at(const struct hits *h, int i)
{
    return atomic_load_explicit(&h->ring[i], memory_order_relaxed);
}

static void set_ring(struct hits *h, int i, uint64_t word)
{
    atomic_store_explicit(&h->ring[i], word, memory_order_relaxed);
}

static int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
}

/* --- Words that are none --- */

static void drop_blanks(struct hits *h, struct hits_adopting *a)
{
    for (int i = ring_next_word(h, 0, RING_SLOTS); i < RING_SLOTS;
         i = ring_next_word(h, i + 1, RING_SLOTS)) {
        struct hit_count count = ring_word_count(ring_at(h, i));

        if (count.views + count.visits != 0)
            continue;
        hits_mend(a);
        set_ring(h, i, 0);
    }
}

/* --- Minutes of open quarters --- */

static struct hit_count minute_stored(const struct hits *h, int64_t m)
{
    uint64_t word = atomic_load_explicit(&h->minute[m % MINUTES], memory_order_relaxed);

    if (word >> 56 != minute_tag(m))
        return (struct hit_count){0};
    return (struct hit_count){.visits = word >> 28 & MINUTE_COUNT_MAX,
                              .views = word & MINUTE_COUNT_MAX};
}

static struct hit_count minute_slots(const struct hits *h, int64_t m)
{
    return hits_slots(h, m * MINUTE_SLOTS, (m + 1) * MINUTE_SLOTS);
}

static bool minutes_are_sound(const struct hits *h, int64_t q)
{
    struct hit_count sum = {0}, all = hits_stored(h, q);

    for (int64_t m = q * QUARTER_MINUTES; m < (q + 1) * QUARTER_MINUTES; m++) {
        struct hit_count c = minute_stored(h, m);

        if (c.views == MINUTE_COUNT_MAX || c.visits == MINUTE_COUNT_MAX)
            return false;
        sum.views += c.views;
        sum.visits += c.visits;
    }
    return sum.views == all.views && sum.visits == all.visits;
}

static bool has_less(struct hit_count now, struct hit_count then)
{
    return now.views < then.views || now.visits < then.visits;
}

static bool has_far_more(struct hit_count now, struct hit_count then)
{
    return now.views >= then.views + RING_GROWTH ||
           now.visits >= then.visits + RING_GROWTH;
}

/* A word of another lap that holds what is missing: it is this minute's. */
static bool find_retagged(const struct hits *h, int64_t m, struct hit_count missing,
                          int *ret_i)
{
    uint64_t tag = ring_tag(m * MINUTE_SLOTS);

    for (int i = 0; i < MINUTE_SLOTS; i++) {
        int at = (int)((m * MINUTE_SLOTS + i) % RING_SLOTS);
        struct hit_count count = ring_word_count(ring_at(h, at));

        *ret_i = at;
        if (ring_word_tag(ring_at(h, at)) != tag && count.views + count.visits != 0 &&
            !has_less(count, missing))
            return true;
    }
    return false;
}

/* A slot's count such that its minute's becomes what it was then. */
static uint64_t settled(uint64_t count, uint64_t now, uint64_t then)
{
    if (then > now)
        return at_most(count + (then - now), RING_COUNT_MAX);
    if (now < then + RING_GROWTH)
        return count;
    return count > now - then ? count - (now - then) : 0;
}

static void settle_slot(struct hits *h, int64_t m, struct hit_count now,
                        struct hit_count then)
{
    uint64_t tag = ring_tag(m * MINUTE_SLOTS);
    int best = -1;
    struct hit_count count = {0};

    for (int i = 0; i < MINUTE_SLOTS; i++) { /* the greatest, else an empty one */
        int at = (int)((m * MINUTE_SLOTS + i) % RING_SLOTS);
        uint64_t word = ring_at(h, at);
        struct hit_count c = ring_word_count(word);

        if (ring_word_tag(word) == tag &&
            c.views + c.visits > count.views + count.visits) {
            best = at;
            count = c;
        } else if (best < 0 && word == 0) {
            best = at;
        }
    }
    if (best < 0)
        best = (int)(m * MINUTE_SLOTS % RING_SLOTS);
    count.views = settled(count.views, now.views, then.views);
    count.visits = settled(count.visits, now.visits, then.visits);
    set_ring(h, best, ring_word(tag, count.visits, count.views));
}

static void check_minute(struct hits *h, int64_t m, struct hits_adopting *a)
{
    struct hit_count then = minute_stored(h, m), now = minute_slots(h, m), missing;
    int at;

    if (!has_less(now, then) && !(a->alive && has_far_more(now, then)))
        return;
    hits_mend(a);
    missing.views = then.views > now.views ? then.views - now.views : 0;
    missing.visits = then.visits > now.visits ? then.visits - now.visits : 0;
    if (has_less(now, then) && find_retagged(h, m, missing, &at)) {
        struct hit_count count = ring_word_count(ring_at(h, at));
        set_ring(h, at, ring_word(ring_tag(m * MINUTE_SLOTS), count.visits, count.views));
    } else {
        settle_slot(h, m, now, then);
    }
    a->quarter = m / QUARTER_MINUTES;
}

/* What the keeper wrote last, where that is not to be believed: it is written again from
 * the ring (hits_assign). */
static bool is_overstated(const struct hits *h, int64_t q)
{
    struct hit_count slots = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);

    if (has_less(slots, hits_stored(h, q)))
        return true;
    for (int64_t m = q * QUARTER_MINUTES; m < (q + 1) * QUARTER_MINUTES; m++)
        if (has_less(minute_slots(h, m), minute_stored(h, m)))
            return true;
    return false;
}

/* Nothing in its slots, its minutes and its word, which then agree. */
static bool is_blank(const struct hits *h, int64_t q)
{
    int slot = (int)(q * QUARTER_SLOTS % RING_SLOTS);
    int minute = (int)(q * QUARTER_MINUTES % MINUTES);
    uint64_t any = 0;

    static_assert(MINUTES % QUARTER_MINUTES == 0, "a quarter's minutes are of one lap");
    if (ring_next_word(h, slot, slot + QUARTER_SLOTS) < slot + QUARTER_SLOTS)
        return false;
    for (int i = 0; i < QUARTER_MINUTES; i++)
        any |= atomic_load_explicit(&h->minute[minute + i], memory_order_relaxed) << 8;
    return any == 0 && hits_stored(h, q).views + hits_stored(h, q).visits == 0;
}

static void check_open_quarter(struct hits *h, int64_t q, struct hits_adopting *a)
{
    if (is_blank(h, q))
        return;
    if (minutes_are_sound(h, q))
        for (int64_t m = q * QUARTER_MINUTES; m < (q + 1) * QUARTER_MINUTES; m++)
            check_minute(h, m, a);
    else if (is_overstated(h, q)) {
        hits_mend(a);
        a->quarter = q;
    }
}

/* --- Words dated after now --- */

/* A closed quarter lacks exactly this word: it is that quarter's. */
static bool is_of_closed(const struct hits *h, int i, struct hit_count count,
                         int64_t *ret_slot)
{
    int64_t last = rolled(h) * QUARTER_SLOTS - 1, q;
    struct hit_count all, slots;

    *ret_slot = last - (last - i) % RING_SLOTS;
    q = *ret_slot / QUARTER_SLOTS;
    if (q < rolled(h) - RING_KEPT)
        return false;
    all = hits_stored(h, q);
    slots = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    return slots.views + count.views == all.views &&
           slots.visits + count.visits == all.visits;
}

/* In total, and in no series: it may have been counted. */
static void overrun_word(struct hits *h, struct hit_count count)
{
    atomic_fetch_add_explicit(&h->overrun_visits, count.visits, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->overrun_views, count.views, memory_order_relaxed);
}

/* After a clock was set back words lie ahead by up to a lap, and one at the start of a
 * quarter by any time; all of them where it went back before what lay behind was closed.
 * There a closed quarter that has begun again may lack just as much by chance, so where the
 * clock has jumped no word is taken for that quarter's: its views would be gone. */
static bool may_lie_ahead(int64_t slot, const struct hits_adopting *a)
{
    return a->jumped || slot <= a->last_slot + RING_SLOTS || slot % QUARTER_SLOTS == 0;
}

static void check_ahead(struct hits *h, struct hits_adopting *a)
{
    for (int i = ring_next_word(h, 0, RING_SLOTS); i < RING_SLOTS;
         i = ring_next_word(h, i + 1, RING_SLOTS)) {
        uint64_t word = ring_at(h, i), tag = ring_word_tag(word);
        struct hit_count count = ring_word_count(word);
        int64_t slot, own;

        slot = ring_word_slot(word, i, rolled(h) * QUARTER_SLOTS);
        if (tag != 0 && slot <= a->last_slot)
            continue;
        if (!a->jumped && is_of_closed(h, i, count, &own)) {
            hits_mend(a);
            set_ring(h, i, ring_word(ring_tag(own), count.visits, count.views));
        } else if (tag == 0) {
            hits_mend(a);
            set_ring(h, i, 0); /* never was one */
        } else if (!may_lie_ahead(slot, a)) {
            hits_lose(a);
            set_ring(h, i, 0);
            if (count.views <= RING_GROWTH && count.visits <= RING_GROWTH)
                overrun_word(h, count);
        }
    }
}

void hits_check_ring(struct hits *h, struct hits_adopting *a)
{
    drop_blanks(h, a);
    for (int64_t q = rolled(h); q < rolled(h) + RING_QUARTERS; q++)
        check_open_quarter(h, q, a);
    check_ahead(h, a);
}
