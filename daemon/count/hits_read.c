/* Reading, from any thread, while workers add and the keeper closes. The rule for one
 * quarter or minute:
 *
 *      before rolled_q (read first, with acquire)     its word: final
 *      from rolled_q on                               its slots, then its word; the
 * greater of both
 *
 * The greater, because the keeper may close the quarter meanwhile: a slot that then reads
 * as taken over or cleared says, through its release, that the word read after it is
 * final. Slots of an open quarter only grow, and the word is an earlier sum of them, so
 * no reader sees a number fall. */
#include <stddef.h>

#include "count/hits.h"
#include "count/hits_word.h"

static int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_acquire);
}

static void add(struct hit_count *sum, struct hit_count c)
{
    sum->views += c.views;
    sum->visits += c.visits;
}

static struct hit_count greater(struct hit_count a, struct hit_count b)
{
    return (struct hit_count){.views = a.views > b.views ? a.views : b.views,
                              .visits = a.visits > b.visits ? a.visits : b.visits};
}

struct hit_count hits_slots(const struct hits *h, int64_t from, int64_t until)
{
    struct hit_count sum = {0};
    uint64_t tag = ring_tag(from);

    for (int64_t i = from % RING_SLOTS, end = i + (until - from); i < end; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_acquire);

        if (ring_word_tag(word) == tag)
            add(&sum, ring_word_count(word));
    }
    return sum;
}

struct hit_count hits_stored(const struct hits *h, int64_t q)
{
    uint64_t word[2];

    for (int i = 0; i < 2; i++) {
        word[i] =
            atomic_load_explicit(&h->quarter[q % QUARTERS][i], memory_order_acquire);
        word[i] = word[i] >> 48 == quarter_tag(q) ? word[i] & QUARTER_COUNT_MAX : 0;
    }
    return (struct hit_count){.visits = word[0], .views = word[1]};
}

int64_t hits_newest(const struct hits *h)
{
    int64_t open_slot = rolled(h) * QUARTER_SLOTS, newest = open_slot - 1;

    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_acquire);
        int64_t slot = word == 0 ? -1 : ring_word_slot(word, i, open_slot);

        if (slot > newest)
            newest = slot;
    }
    /* A word that was cleared while we looked is of a quarter before this. */
    open_slot = rolled(h) * QUARTER_SLOTS;
    return (newest >= open_slot ? newest : open_slot - 1) / QUARTER_SLOTS;
}

static struct hit_count quarter(const struct hits *h, int64_t q, int64_t rolled_q)
{
    struct hit_count slots;

    if (q < rolled_q)
        return hits_stored(h, q);
    slots = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    return greater(slots, hits_stored(h, q));
}

/* Quarters [from_q, until_q) as far as there is anything; rolled_q was read before the
 * first of them. */
static struct hit_count quarters(const struct hits *h, int64_t from_q, int64_t until_q,
                                 int64_t rolled_q)
{
    struct hit_count sum = {0};

    if (from_q < rolled_q - QUARTERS)
        from_q = rolled_q - QUARTERS;
    if (from_q < 0)
        from_q = 0;
    if (until_q > rolled_q + 1) {
        int64_t newest = hits_newest(h);

        if (until_q > newest + 1)
            until_q = newest + 1;
    }
    for (int64_t q = from_q; q < until_q; q++)
        add(&sum, quarter(h, q, rolled_q));
    return sum;
}

struct hit_count hits_quarter(const struct hits *h, int64_t q)
{
    return q < 0 ? (struct hit_count){0} : quarter(h, q, rolled(h));
}

struct hit_count hits_sum(const struct hits *h, int64_t from_q, int64_t until_q, bool own)
{
    int64_t r = rolled(h),
            first = atomic_load_explicit(&h->first_q, memory_order_acquire);

    return quarters(h, own && from_q < first ? first : from_q, until_q, r);
}

bool hits_minute(const struct hits *h, int64_t minute, struct hit_count *ret_count)
{
    bool open = minute / QUARTER_MINUTES >= rolled(h), stored;
    struct hit_count slots = {0}, count = {0};
    uint64_t word;

    if (minute < 0)
        return false;
    if (open)
        slots = hits_slots(h, minute * MINUTE_SLOTS, (minute + 1) * MINUTE_SLOTS);
    word = atomic_load_explicit(&h->minute[minute % MINUTES], memory_order_acquire);
    stored = word >> 56 == minute_tag(minute);
    if (!open && !stored)
        return false;
    if (stored)
        count = (struct hit_count){.visits = word >> 28 & MINUTE_COUNT_MAX,
                                   .views = word & MINUTE_COUNT_MAX};
    slots.visits = at_most(slots.visits, MINUTE_COUNT_MAX);
    slots.views = at_most(slots.views, MINUTE_COUNT_MAX);
    *ret_count = greater(slots, count);
    return true;
}

/* Slots [from, until) of quarter q, not all of it. The ring still has a closed quarter
 * when its slots add up to the final word; else the quarter's share by time. */
static struct hit_count edge(const struct hits *h, int64_t q, int64_t from, int64_t until)
{
    struct hit_count all, slots, part;
    uint64_t n = (uint64_t)(until - from);
    bool open = q >= rolled(h);

    part = hits_slots(h, from, until);
    slots = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    all = hits_stored(h, q);
    if (open || (slots.visits == all.visits && slots.views == all.views))
        return part;
    return (struct hit_count){
        .views = (all.views * n + QUARTER_SLOTS / 2) / QUARTER_SLOTS,
        .visits = (all.visits * n + QUARTER_SLOTS / 2) / QUARTER_SLOTS};
}

struct hit_count hits_window(const struct hits *h, int64_t now_slot, int64_t slots)
{
    int64_t first = now_slot - slots + 1, last_q = now_slot / QUARTER_SLOTS;
    struct hit_count sum = {0};

    if (first < (last_q - QUARTERS + 1) * QUARTER_SLOTS)
        first = (last_q - QUARTERS + 1) * QUARTER_SLOTS;
    if (first < 0)
        first = 0;
    for (int64_t q = first / QUARTER_SLOTS; q <= last_q; q++) {
        int64_t from = q * QUARTER_SLOTS, until = from + QUARTER_SLOTS;

        if (from >= first && until <= now_slot + 1)
            add(&sum, quarter(h, q, rolled(h)));
        else
            add(&sum, edge(h, q, from < first ? first : from,
                           until <= now_slot ? until : now_slot + 1));
    }
    return sum;
}

struct hit_count hits_total(const struct hits *h)
{
    struct hit_count total;
    uint64_t i, again = atomic_load_explicit(&h->base_i, memory_order_acquire);

    do { /* once more only while the keeper folds, once a day */
        const struct hits_base *b = &h->base[(i = again) & 1];
        int64_t from = atomic_load_explicit(&b->through_q, memory_order_acquire);

        total.visits = atomic_load_explicit(&b->visits, memory_order_acquire);
        total.views = atomic_load_explicit(&b->views, memory_order_acquire);
        add(&total, quarters(h, from, INT64_MAX, rolled(h)));
        again = atomic_load_explicit(&h->base_i, memory_order_acquire);
    } while (again != i);
    total.visits += atomic_load_explicit(&h->overrun_visits, memory_order_acquire);
    total.views += atomic_load_explicit(&h->overrun_views, memory_order_acquire);
    return total;
}
