/* Reading, from any thread, while workers add and the keeper closes.
 *
 * One quarter or minute, wait-free: before rolled_q (read first, with acquire) its word,
 * which is final; from rolled_q on its slots, then its word, and the greater of both. The
 * greater, because the keeper may close the quarter meanwhile: a slot that then reads as
 * taken over or cleared says, through its release, that the word read after it is final.
 *
 * A sum over quarters: the words of closed ones, then one pass over the ring for the open
 * ones, and once more if rolled_q has moved, which it does every 15 minutes. If it has
 * not moved, no slot of an open quarter was cleared or taken over before it was read, for
 * that would have shown us the rolled_q stored before it.
 *
 * Slots of an open quarter only grow, and its word is an earlier sum of them, so no
 * reader sees a number fall. */
#include <stddef.h>

#include "count/check_word.h"
#include "count/hits.h"
#include "count/hits_pages.h"
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

int64_t hits_next_slot(const struct hits *h, int64_t from)
{
    int64_t next = -1, open_slot = rolled(h) * QUARTER_SLOTS;

    if (from < open_slot)
        from = open_slot;
    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_relaxed);
        int64_t slot = word == 0 ? -1 : ring_word_slot(word, i, open_slot);

        if (slot >= from && (next < 0 || slot < next))
            next = slot;
    }
    return next;
}

bool hits_has_slot(const struct hits *h, int64_t slot)
{
    uint64_t word =
        atomic_load_explicit(&h->ring[(uint64_t)slot % RING_SLOTS], memory_order_relaxed);
    int64_t open_slot = rolled(h) * QUARTER_SLOTS;

    return word != 0 && slot >= 0 &&
           ring_word_slot(word, (int)(slot % RING_SLOTS), open_slot) == slot;
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
        word[i] = hits_quarter_word(h, q, i);
        word[i] = word[i] >> 48 == quarter_tag(q) ? word[i] & QUARTER_COUNT_MAX : 0;
    }
    return (struct hit_count){.visits = word[0], .views = word[1]};
}

struct hit_count hits_quarter(const struct hits *h, int64_t q)
{
    struct hit_count slots;

    if (q < 0)
        return (struct hit_count){0};
    if (q < rolled(h))
        return hits_stored(h, q);
    slots = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    return greater(slots, hits_stored(h, q));
}

/* What the ring holds of slots [from, until), of whatever quarters, none closed. */
static struct hit_count open_slots(const struct hits *h, int64_t from, int64_t until)
{
    struct hit_count sum = {0};
    uint64_t near = ring_tag(from), tag = 0;
    int64_t lap_start = 0;

    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&h->ring[i], memory_order_acquire);

        if (word == 0)
            continue;
        if (ring_word_tag(word) != tag) { /* seldom: neighbours are of one lap */
            tag = ring_word_tag(word);
            lap_start = (from / RING_SLOTS + ring_laps_after(tag, near)) * RING_SLOTS;
        }
        if (lap_start + i >= from && lap_start + i < until)
            add(&sum, ring_word_count(word));
    }
    return sum;
}

static struct hit_count quarters(const struct hits *h, int64_t from_q, int64_t until_q)
{
    struct hit_count sum;
    int64_t r, again = rolled(h);

    do {
        int64_t from, until;

        r = again;
        sum = (struct hit_count){0};
        from = from_q > r - QUARTERS ? from_q : r - QUARTERS;
        for (int64_t q = from > 0 ? from : 0; q < until_q && q < r; q++)
            add(&sum, hits_stored(h, q));
        from = from_q > r ? from_q : r;
        until = r + RING_AHEAD_SLOTS / QUARTER_SLOTS;
        if (until > until_q)
            until = until_q;
        if (from < until)
            add(&sum, open_slots(h, from * QUARTER_SLOTS, until * QUARTER_SLOTS));
        again = rolled(h);
    } while (again != r);
    return sum;
}

struct hit_count hits_sum(const struct hits *h, int64_t from_q, int64_t until_q, bool own)
{
    int64_t first = atomic_load_explicit(&h->first_q, memory_order_acquire);

    return quarters(h, own && from_q < first ? first : from_q, until_q);
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
            add(&sum, hits_quarter(h, q));
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

        total.visits =
            check_word_value(atomic_load_explicit(&b->visits, memory_order_acquire));
        total.views =
            check_word_value(atomic_load_explicit(&b->views, memory_order_acquire));
        add(&total, quarters(h, from, INT64_MAX));
        again = atomic_load_explicit(&h->base_i, memory_order_acquire);
    } while (again != i);
    total.visits += atomic_load_explicit(&h->overrun_visits, memory_order_acquire);
    total.views += atomic_load_explicit(&h->overrun_views, memory_order_acquire);
    return total;
}
