/* What an adoption believes of closed quarters and their minutes. A quarter is had again
 * from the ring (the last six), its minutes (a day), or what its day has beside its other
 * quarters; the CRC says which number is the right one. */
#include <stddef.h>

#include "count/hits_pages.h"
#include "count/hits_seal_inner.h"
#include "count/hits_word.h"

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
}

/* --- Closed quarters --- */

/* A stretch of quarters that one CRC is of. */
struct stretch {
    int64_t from, until;
    _Atomic uint16_t *crc;
};

static struct stretch stretch_of(const struct hits *h, struct hits_seal *seal, int64_t q,
                                 int64_t until)
{
    if (hits_group_start(q) + SEAL_QUARTERS <= until)
        return (struct stretch){hits_own_from(h, hits_group_start(q)),
                                hits_group_start(q) + SEAL_QUARTERS,
                                hits_seal_group(seal, q)};
    return (struct stretch){q, q + 1, &seal->last[q % SEAL_QUARTERS]};
}

static bool holds(const struct hits *h, const struct stretch *s)
{
    uint16_t crc = atomic_load_explicit(s->crc, memory_order_relaxed);

    return crc == 0 || crc == hits_quarters_crc(h, s->from, s->until);
}

bool hits_quarter_holds(const struct hits *h, struct hits_seal *seal, int64_t q)
{
    const struct stretch s = stretch_of(h, seal, q, rolled(h));

    return holds(h, &s);
}

static void set_quarter(struct hits *h, int64_t q, struct hit_count count)
{
    hits_put_quarter_word(h, q, 0, quarter_word(q, count.visits));
    hits_put_quarter_word(h, q, 1, quarter_word(q, count.views));
}

static bool from_ring(const struct hits *h, int64_t q, struct hit_count *ret_count)
{
    if (q < rolled(h) - RING_KEPT)
        return false;
    *ret_count = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    return true;
}

/* The sum of those of q's minutes that are there, and how many are not: 2 or more are of no
 * use to anybody, and not counted further. false: one is saturated. */
static bool minutes_of(const struct hits *h, int64_t q, struct hit_count *ret_sum,
                       unsigned *ret_missing, int64_t *ret_missed)
{
    const int64_t first = q * QUARTER_MINUTES;
    const _Atomic uint64_t *minute = &h->minute[first % MINUTES];
    const uint64_t tag = minute_tag(first);

    static_assert(MINUTES % QUARTER_MINUTES == 0, "a quarter's minutes are of one lap");
    *ret_sum = (struct hit_count){0};
    *ret_missing = 0;
    for (int i = 0; i < QUARTER_MINUTES && *ret_missing < 2; i++) {
        uint64_t word = relaxed(&minute[i]);
        uint64_t views = word & MINUTE_COUNT_MAX, visits = word >> 28 & MINUTE_COUNT_MAX;

        if (word >> 56 != tag) {
            ++*ret_missing;
            *ret_missed = first + i;
            continue;
        }
        if (views == MINUTE_COUNT_MAX || visits == MINUTE_COUNT_MAX)
            return false;
        ret_sum->views += views;
        ret_sum->visits += visits;
    }
    return true;
}

static bool from_minutes(const struct hits *h, int64_t q, struct hit_count *ret_count)
{
    unsigned missing;
    int64_t missed;

    return q >= rolled(h) - MINUTES / QUARTER_MINUTES + RING_QUARTERS &&
           minutes_of(h, q, ret_count, &missing, &missed) && missing == 0;
}

enum { SOURCES = 3 };

static bool source_of(const struct hits *h, int64_t q, int which,
                      const struct hits_adopting *a, struct hit_count *ret_count)
{
    return which == 0   ? from_ring(h, q, ret_count)
           : which == 1 ? from_minutes(h, q, ret_count)
                        : a->other != NULL && a->other(a->context, q, ret_count);
}

/* The words as they are, to be tried with others and put back. */
struct kept {
    uint64_t word[SEAL_QUARTERS][2];
};

static void keep(const struct hits *h, const struct stretch *s, struct kept *ret_kept)
{
    for (int64_t q = s->from; q < s->until; q++)
        for (int i = 0; i < 2; i++)
            ret_kept->word[q - s->from][i] = hits_quarter_word(h, q, i);
}

static void put_back(struct hits *h, const struct stretch *s, const struct kept *kept)
{
    for (int64_t q = s->from; q < s->until; q++)
        for (int i = 0; i < 2; i++)
            hits_put_quarter_word(h, q, i, kept->word[q - s->from][i]);
}

/* One quarter was changed: with its number from elsewhere the CRC holds. */
static bool mend_one(struct hits *h, const struct stretch *s, const struct kept *kept,
                     const struct hits_adopting *a)
{
    struct hit_count count;

    for (int64_t q = s->from; q < s->until; q++)
        for (int which = 0; which < SOURCES; which++) {
            if (!source_of(h, q, which, a, &count))
                continue;
            set_quarter(h, q, count);
            if (holds(h, s))
                return true;
            put_back(h, s, kept);
        }
    return false;
}

/* Several were. */
static bool mend_all(struct hits *h, const struct stretch *s, const struct kept *kept)
{
    struct hit_count count;

    for (int64_t q = s->from; q < s->until; q++)
        if (from_ring(h, q, &count) || from_minutes(h, q, &count))
            set_quarter(h, q, count);
    if (holds(h, s))
        return true;
    put_back(h, s, kept);
    return false;
}

static bool is_confirmed(const struct hits *h, int64_t q, const struct hits_adopting *a)
{
    struct hit_count is = hits_stored(h, q), count;

    for (int which = 0; which < SOURCES; which++)
        if (source_of(h, q, which, a, &count) && count.views == is.views &&
            count.visits == is.visits)
            return true;
    return false;
}

/* What no source confirms is 0 then. True: all are, it was the CRC that was changed. */
static bool keep_confirmed(struct hits *h, const struct stretch *s,
                           const struct hits_adopting *a)
{
    bool confirmed[SEAL_QUARTERS] = {false}, all = true;

    for (int64_t q = s->from; q < s->until; q++) {
        confirmed[q - s->from] = is_confirmed(h, q, a);
        all = all && confirmed[q - s->from];
    }
    for (int64_t q = s->from; q < s->until; q++)
        if (!confirmed[q - s->from])
            set_quarter(h, q, (struct hit_count){0});
    return all;
}

static void check_quarters(struct hits *h, struct hits_seal *seal,
                           struct hits_adopting *a)
{
    int64_t until = hits_sealed_until(h, seal);
    struct stretch s;

    for (int64_t q = hits_oldest_sealed(h); q < until; q = s.until) {
        struct kept kept;

        s = stretch_of(h, seal, q, until);
        if (holds(h, &s))
            continue;
        keep(h, &s, &kept);
        hits_lose(a);
        if (mend_one(h, &s, &kept, a) || mend_all(h, &s, &kept) ||
            keep_confirmed(h, &s, a))
            hits_lost_one_less(a);
        hits_seal_crc(s.crc, hits_quarters_crc(h, s.from, s.until));
        a->quarter = q;
    }
}

/* --- Minutes of closed quarters --- */

static void set_minute(struct hits *h, int64_t m, uint64_t word)
{
    atomic_store_explicit(&h->minute[m % MINUTES], word, memory_order_relaxed);
}

/* Once more from the ring, or none of them: a series says null. */
static bool mend_minutes(struct hits *h, int64_t q)
{
    struct hit_count slots, all = hits_stored(h, q);
    bool whole =
        from_ring(h, q, &slots) && slots.views == all.views && slots.visits == all.visits;

    for (int64_t m = q * QUARTER_MINUTES; m < (q + 1) * QUARTER_MINUTES; m++)
        set_minute(h, m,
                   whole ? minute_word(
                               m, hits_slots(h, m * MINUTE_SLOTS, (m + 1) * MINUTE_SLOTS))
                         : 0);
    return whole;
}

/* They add up to the quarter; of one that is missing the others say what it was. */
static void check_minutes(struct hits *h, int64_t q, struct hits_adopting *a)
{
    struct hit_count sum, all = hits_stored(h, q);
    unsigned missing;
    int64_t missed;

    if (!minutes_of(h, q, &sum, &missing, &missed) || missing > 1)
        return; /* too many hits to tell, or it was restored, or this arena is younger */
    if (sum.views == all.views && sum.visits == all.visits) {
        if (missing == 1) /* begun again, and passed without a view: 0, not null */
            set_minute(h, missed, minute_word(missed, (struct hit_count){0}));
        return;
    }
    hits_lose(a);
    if (missing == 1 && sum.views <= all.views && sum.visits <= all.visits) {
        set_minute(
            h, missed,
            minute_word(missed, (struct hit_count){.views = all.views - sum.views,
                                                   .visits = all.visits - sum.visits}));
        hits_lost_one_less(a);
    } else if (mend_minutes(h, q)) {
        hits_lost_one_less(a);
    }
    a->quarter = q;
}

void hits_check_words(struct hits *h, struct hits_seal *seal, struct hits_adopting *a)
{
    int64_t q = rolled(h) - MINUTES / QUARTER_MINUTES + RING_QUARTERS;

    check_quarters(h, seal, a);
    if (hits_seal_is_moving(
            seal)) /* minutes to come may be written over those of yesterday */
        q = rolled(h);
    for (q = q > 0 ? q : 0; q < rolled(h); q++)
        check_minutes(h, q, a);
    hits_check_ring(h, a);
}

static bool may_raise(const struct hits *h, int64_t q)
{
    return q >= hits_oldest_sealed(h) && q < rolled(h);
}

struct hit_count hits_quarter_lacks(const struct hits *h, int64_t q,
                                    struct hit_count least)
{
    struct hit_count now = hits_stored(h, q);
    uint64_t i = relaxed(&h->base_i);

    if (!may_raise(h, q) ||
        q < atomic_load_explicit(&h->base[i & 1].through_q, memory_order_relaxed))
        return (struct hit_count){0};
    return (struct hit_count){
        .views = least.views > now.views ? least.views - now.views : 0,
        .visits = least.visits > now.visits ? least.visits - now.visits : 0};
}

bool hits_raise_quarter(struct hits *h, struct hits_seal *seal, int64_t q,
                        struct hit_count least)
{
    struct hit_count now = hits_stored(h, q);
    struct stretch s;

    if (!may_raise(h, q) || (now.views >= least.views && now.visits >= least.visits))
        return false;
    s = stretch_of(h, seal, q, rolled(h));
    hits_seal_crc(s.crc, 0); /* killed here it is believed */
    set_quarter(h, q,
                (struct hit_count){
                    .views = now.views > least.views ? now.views : least.views,
                    .visits = now.visits > least.visits ? now.visits : least.visits});
    hits_seal_crc(s.crc, hits_quarters_crc(h, s.from, s.until));
    return true;
}
