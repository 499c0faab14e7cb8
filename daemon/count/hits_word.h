/* Floor 2 (count); only hits*.c include this. How counts
 * are written into words:
 *
 *      ring     63      52 51          26 25           0
 *              +----------+--------------+--------------+   tag: slot / 600 % 4095 + 1,
 *              |   tag    |    visits    |    views     |   the lap. A word of another
 *              +----------+--------------+--------------+   lap counts as 0 for this
 *                                                           one; 0 is a word never used.
 *      minute   63      56 55          28 27           0    tag: minute / 1440 % 255 + 1,
 *                                                           the day
 *      quarter  63      48 47                          0    tag: (q + 1) mod 65536;
 *                                                           twice: visits, views
 *
 * A lap's tag comes back after 4095 laps (341 days). Every word in a ring is of a slot
 * at most 7 quarters before rolled_q and less than RING_AHEAD_SLOTS after the start of
 * rolled_q (hits_add refuses more), so read next to rolled_q a tag means one lap. */
#ifndef LUOT_COUNT_HITS_WORD_H
#define LUOT_COUNT_HITS_WORD_H

#include <assert.h>

#include "count/hits.h"

#ifdef LUOT_SEAMS
#define HITS_SEAM(where)                                                                 \
    do {                                                                                 \
        if (hits_seam != NULL)                                                           \
            hits_seam(where);                                                            \
    } while (0)
#else
#define HITS_SEAM(where) ((void)0)
#endif

enum {
    RING_LAPS = 4095,
    RING_AHEAD_SLOTS = 2000 * RING_SLOTS, /* 166 days */
    RING_QUARTERS = RING_SLOTS / QUARTER_SLOTS,
    RING_KEPT = 6, /* closed quarters whose words are still there */
    QUARTER_MINUTES = QUARTER_SLOTS / MINUTE_SLOTS,
    MINUTE_TAGS = 255
};

#define RING_COUNT_MAX    ((UINT64_C(1) << 26) - 1)
#define MINUTE_COUNT_MAX  ((UINT64_C(1) << 28) - 1)
#define QUARTER_COUNT_MAX ((UINT64_C(1) << 48) - 1)

static_assert(RING_SLOTS % QUARTER_SLOTS == 0, "a quarter's slots are of one lap");
static_assert(QUARTER_SLOTS % MINUTE_SLOTS == 0, "a quarter is whole minutes");
static_assert(QUARTERS == 27 * 128, "quarter_of_word counts on it");
static_assert(RING_AHEAD_SLOTS / RING_SLOTS < RING_LAPS / 2,
              "a tag near rolled_q means one lap");

static inline uint64_t ring_tag(int64_t slot)
{
    return (uint64_t)(slot / RING_SLOTS % RING_LAPS + 1);
}

static inline uint64_t ring_word(uint64_t tag, uint64_t visits, uint64_t views)
{
    return tag << 52 | visits << 26 | views;
}

static inline uint64_t ring_word_tag(uint64_t word)
{
    return word >> 52;
}

static inline struct hit_count ring_word_count(uint64_t word)
{
    return (struct hit_count){.views = word & RING_COUNT_MAX,
                              .visits = word >> 26 & RING_COUNT_MAX};
}

/* The first word of the ring in [i, until) that is not 0; else `until`. Of a quiet site most
 * are 0: four at once. */
static inline int ring_next_word(const struct hits *h, int i, int until)
{
    const _Atomic uint64_t *w = h->ring;
    const memory_order relaxed = memory_order_relaxed;

    while (i + 4 <= until && (atomic_load_explicit(&w[i], relaxed) |
                              atomic_load_explicit(&w[i + 1], relaxed) |
                              atomic_load_explicit(&w[i + 2], relaxed) |
                              atomic_load_explicit(&w[i + 3], relaxed)) == 0)
        i += 4;
    while (i < until && atomic_load_explicit(&w[i], relaxed) == 0)
        i++;
    return i;
}

/* How many laps `tag` is after `than`: -2047 .. 2047. */
static inline int ring_laps_after(uint64_t tag, uint64_t than)
{
    int laps = (int)tag - (int)than;

    if (laps > RING_LAPS / 2)
        return laps - RING_LAPS;
    if (laps < -(RING_LAPS / 2))
        return laps + RING_LAPS;
    return laps;
}

/* The slot of a word that is not 0, found at `index`; `near` is a slot it is close to. */
static inline int64_t ring_word_slot(uint64_t word, int index, int64_t near)
{
    int64_t lap =
        near / RING_SLOTS + ring_laps_after(ring_word_tag(word), ring_tag(near));

    return lap * RING_SLOTS + index;
}

static inline uint64_t at_most(uint64_t count, uint64_t limit)
{
    return count < limit ? count : limit;
}

static inline uint64_t minute_tag(int64_t minute)
{
    return (uint64_t)(minute / MINUTES % MINUTE_TAGS + 1);
}

static inline uint64_t minute_word(int64_t minute, struct hit_count c)
{
    return minute_tag(minute) << 56 | at_most(c.visits, MINUTE_COUNT_MAX) << 28 |
           at_most(c.views, MINUTE_COUNT_MAX);
}

static inline uint64_t quarter_tag(int64_t q)
{
    return (uint64_t)(q + 1) & 0xffff;
}

/* Which quarter a word that is not 0 is of: the latest one before `before` that has this
 * place and this tag; the next such is 50 years away. 27 * 128 places, 512 * 128 tags, and
 * 27 * 19 = 1 modulo 512. */
static inline int64_t quarter_of_word(uint64_t word, int index, int64_t before)
{
    const int64_t cycle = (int64_t)QUARTERS * 512;
    uint64_t tag = word >> 48, laps = (tag - 1 - (uint64_t)index) / 128 * 19 % 512;
    int64_t q = index + (int64_t)laps * QUARTERS;

    return q < before ? q + (before - 1 - q) / cycle * cycle : q - cycle;
}

static inline uint64_t quarter_word(int64_t q, uint64_t count)
{
    return quarter_tag(q) << 48 | at_most(count, QUARTER_COUNT_MAX);
}

/* What the ring holds of slots [from, until), all of one quarter. Of an open quarter this
 * is all of it: its words are not taken over, so a word of a later lap stands where it
 * had none. Of a closed quarter it may be less than the quarter's word. */
struct hit_count hits_slots(const struct hits *h, int64_t from, int64_t until);
/* What the words of quarter q hold: the keeper's last sum; 0 when they are of another
 * quarter. */
struct hit_count hits_stored(const struct hits *h, int64_t q);

#endif
