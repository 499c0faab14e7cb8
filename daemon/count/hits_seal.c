#include "count/hits_seal.h"

#include <stddef.h>

#include "count/check_word.h"
#include "count/hits_word.h"

enum { OF_MOVING = 1, OF_FIRST, OF_ROLLED, OF_BASE, OF_VISITS, OF_VIEWS };

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
}

static uint16_t crc_of(const struct hits *h, int64_t from_q, int64_t until_q)
{
    uint16_t crc = 0xffff;

    for (int64_t q = from_q; q < until_q; q++)
        for (int i = 0; i < 2; i++)
            crc = check_word_crc(crc, relaxed(&h->quarter[q % QUARTERS][i]));
    return crc != 0 ? crc : 1;
}

static int64_t group_start(int64_t q)
{
    return q / SEAL_QUARTERS * SEAL_QUARTERS;
}

static _Atomic uint16_t *group_of(struct hits_seal *seal, int64_t q)
{
    return &seal->group[q / SEAL_QUARTERS % SEAL_GROUPS];
}

/* --- Sealing ---
 *
 * Release all along: kill -9 keeps program order anyway, and no other thread reads. */

static void seal_word(_Atomic uint64_t *at, int64_t of, uint64_t value)
{
    uint64_t word = relaxed(at);

    if (word >> CHECK_WORD_BITS != 0 && check_word_value(word) == value)
        return;
    HITS_SEAM("seal");
    atomic_store_explicit(at, check_word(of, value), memory_order_release);
}

static void seal_crc(_Atomic uint16_t *at, uint16_t crc)
{
    if (atomic_load_explicit(at, memory_order_relaxed) == crc)
        return;
    HITS_SEAM("seal crc");
    atomic_store_explicit(at, crc, memory_order_release);
}

void hits_seal_open(struct hits_seal *seal)
{
    seal_word(&seal->moving, OF_MOVING, 1);
}

void hits_seal_open_from(struct hits_seal *seal, const struct hits *h, int64_t q)
{
    hits_seal_open(seal);
    if (q < rolled(h) - QUARTERS)
        q = rolled(h) - QUARTERS;
    if (q < rolled(h))
        for (int i = 0; i < SEAL_QUARTERS; i++)
            seal_crc(&seal->last[i], 0);
    for (q = q > 0 ? group_start(q) : 0; q < rolled(h); q += SEAL_QUARTERS)
        seal_crc(group_of(seal, q), 0);
}

/* The oldest eight closed quarters whose words no open one writes over. */
static int64_t oldest(const struct hits *h)
{
    int64_t from = rolled(h) + 3 * RING_QUARTERS - QUARTERS;

    return from > 0 ? group_start(from) : 0;
}

/* Of the quarters until `until`, those that are not eight yet. */
static void seal_last(struct hits_seal *seal, const struct hits *h, int64_t until)
{
    for (int64_t q = group_start(until); q < until; q++)
        seal_crc(&seal->last[q % SEAL_QUARTERS], crc_of(h, q, q + 1));
}

/* Quarters that were closed since, or are open again and then all: what lies behind them
 * may have been emptied. Those ahead are written over quarters of 36 days ago. */
static void seal_quarters(struct hits_seal *seal, const struct hits *h)
{
    int64_t until = rolled(h), from = oldest(h), q;
    int64_t was = (int64_t)check_word_value(relaxed(&seal->rolled_q));

    if (relaxed(&seal->rolled_q) != 0 && was <= until && group_start(was) > from)
        from = group_start(was);
    for (q = from; q + SEAL_QUARTERS <= until; q += SEAL_QUARTERS)
        seal_crc(group_of(seal, q), crc_of(h, q, q + SEAL_QUARTERS));
    for (; q < until + 2 * RING_QUARTERS; q += SEAL_QUARTERS)
        seal_crc(group_of(seal, q), 0);
    seal_last(seal, h, until);
}

void hits_seal_close(struct hits_seal *seal, const struct hits *h)
{
    uint64_t was = relaxed(&seal->rolled_q);

    if (was == 0 || (int64_t)check_word_value(was) != rolled(h))
        seal_quarters(seal, h);
    seal_word(&seal->rolled_q, OF_ROLLED, (uint64_t)rolled(h));
    seal_word(&seal->first_q, OF_FIRST,
              (uint64_t)atomic_load_explicit(&h->first_q, memory_order_relaxed));
    seal_word(&seal->base_i, OF_BASE, relaxed(&h->base_i));
    seal_word(&seal->overrun_visits, OF_VISITS, relaxed(&h->overrun_visits));
    seal_word(&seal->overrun_views, OF_VIEWS, relaxed(&h->overrun_views));
    seal_word(&seal->moving, OF_MOVING, 0);
}

/* --- Where it is --- */

/* False: there is no such word, or it is damaged itself. */
static bool sealed(const _Atomic uint64_t *at, int64_t of, struct hits_adopting *a,
                   uint64_t *ret_value)
{
    uint64_t word = relaxed(at);

    if (word == 0)
        return false;
    *ret_value = check_word_value(word);
    if (word == check_word(of, *ret_value))
        return true;
    a->mended++; /* what it is of is taken as it is, and sealed again */
    return false;
}

static void check_signed(_Atomic int64_t *word, const _Atomic uint64_t *at, int64_t of,
                         struct hits_adopting *a)
{
    uint64_t value;

    if (!sealed(at, of, a, &value) ||
        (int64_t)value == atomic_load_explicit(word, memory_order_relaxed))
        return;
    atomic_store_explicit(word, (int64_t)value, memory_order_relaxed);
    a->mended++;
}

/* Which stored days hold is a parity; how often they were chosen nobody asks. */
static void check_base(struct hits *h, const struct hits_seal *seal,
                       struct hits_adopting *a)
{
    uint64_t value;

    if (!sealed(&seal->base_i, OF_BASE, a, &value) || value == relaxed(&h->base_i))
        return;
    atomic_store_explicit(&h->base_i, value, memory_order_relaxed);
    a->mended++;
}

static void check_overrun(_Atomic uint64_t *word, const _Atomic uint64_t *at, int64_t of,
                          struct hits_adopting *a)
{
    uint64_t value, now = relaxed(word);

    if (!sealed(at, of, a, &value) || now == value || (now > value && !a->alive))
        return;
    atomic_store_explicit(word, value, memory_order_relaxed);
    a->mended++;
}

/* The floor is not compared: before any worker it may be where open quarters begin. */
void hits_check_place(struct hits *h, const struct hits_seal *seal,
                      struct hits_adopting *a)
{
    uint64_t moving = 0;

    if (!sealed(&seal->moving, OF_MOVING, a, &moving) || moving == 0) {
        check_signed(&h->first_q, &seal->first_q, OF_FIRST, a);
        check_signed(&h->rolled_q, &seal->rolled_q, OF_ROLLED, a);
        check_base(h, seal, a);
        check_overrun(&h->overrun_visits, &seal->overrun_visits, OF_VISITS, a);
        check_overrun(&h->overrun_views, &seal->overrun_views, OF_VIEWS, a);
    }
    atomic_store_explicit(&h->floor_q, rolled(h), memory_order_seq_cst);
}

/* --- Closed quarters --- */

/* A stretch of quarters that one CRC is of. */
struct stretch {
    int64_t from, until;
    _Atomic uint16_t *crc;
};

static struct stretch stretch_of(struct hits_seal *seal, int64_t q, int64_t until)
{
    if (group_start(q) + SEAL_QUARTERS <= until)
        return (struct stretch){group_start(q), group_start(q) + SEAL_QUARTERS,
                                group_of(seal, q)};
    return (struct stretch){q, q + 1, &seal->last[q % SEAL_QUARTERS]};
}

static bool holds(const struct hits *h, const struct stretch *s)
{
    uint16_t crc = atomic_load_explicit(s->crc, memory_order_relaxed);

    return crc == 0 || crc == crc_of(h, s->from, s->until);
}

bool hits_quarter_holds(const struct hits *h, struct hits_seal *seal, int64_t q)
{
    const struct stretch s = stretch_of(seal, q, rolled(h));

    return holds(h, &s);
}

static void set_quarter(struct hits *h, int64_t q, struct hit_count count)
{
    atomic_store_explicit(&h->quarter[q % QUARTERS][0], quarter_word(q, count.visits),
                          memory_order_relaxed);
    atomic_store_explicit(&h->quarter[q % QUARTERS][1], quarter_word(q, count.views),
                          memory_order_relaxed);
}

static bool from_ring(const struct hits *h, int64_t q, struct hit_count *ret_count)
{
    if (q < rolled(h) - RING_KEPT)
        return false;
    *ret_count = hits_slots(h, q * QUARTER_SLOTS, (q + 1) * QUARTER_SLOTS);
    return true;
}

/* The sum of those of q's minutes that are there, and how many are not. false: one is
 * saturated. */
static bool minutes_of(const struct hits *h, int64_t q, struct hit_count *ret_sum,
                       unsigned *ret_missing, int64_t *ret_missed)
{
    *ret_sum = (struct hit_count){0};
    *ret_missing = 0;
    for (int64_t m = q * QUARTER_MINUTES; m < (q + 1) * QUARTER_MINUTES; m++) {
        uint64_t word = relaxed(&h->minute[m % MINUTES]);
        uint64_t views = word & MINUTE_COUNT_MAX, visits = word >> 28 & MINUTE_COUNT_MAX;

        if (word >> 56 != minute_tag(m)) {
            ++*ret_missing;
            *ret_missed = m;
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
            ret_kept->word[q - s->from][i] = relaxed(&h->quarter[q % QUARTERS][i]);
}

static void put_back(struct hits *h, const struct stretch *s, const struct kept *kept)
{
    for (int64_t q = s->from; q < s->until; q++)
        for (int i = 0; i < 2; i++)
            atomic_store_explicit(&h->quarter[q % QUARTERS][i],
                                  kept->word[q - s->from][i], memory_order_relaxed);
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

static bool is_moving(const struct hits_seal *seal)
{
    return relaxed(&seal->moving) == check_word(OF_MOVING, 1);
}

/* Killed between closing quarters and sealing them: those have no seal of theirs yet, nor
 * have those that are not eight. */
static int64_t sealed_until(const struct hits *h, const struct hits_seal *seal)
{
    uint64_t word = relaxed(&seal->rolled_q);
    int64_t q = (int64_t)check_word_value(word);

    if (word != check_word(OF_ROLLED, check_word_value(word)) || q > rolled(h))
        q = rolled(h);
    return is_moving(seal) ? group_start(q) : q;
}

static void check_quarters(struct hits *h, struct hits_seal *seal,
                           struct hits_adopting *a)
{
    int64_t until = sealed_until(h, seal);
    struct stretch s;

    for (int64_t q = oldest(h); q < until; q = s.until) {
        struct kept kept;
        bool mended;

        s = stretch_of(seal, q, until);
        if (holds(h, &s))
            continue;
        keep(h, &s, &kept);
        mended = mend_one(h, &s, &kept, a) || mend_all(h, &s, &kept) ||
                 keep_confirmed(h, &s, a);
        seal_crc(s.crc, crc_of(h, s.from, s.until));
        a->mended += mended;
        a->lost += !mended;
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
    bool mended = true;

    if (!minutes_of(h, q, &sum, &missing, &missed) || missing > 1)
        return; /* too many hits to tell, or it was restored, or this arena is younger */
    if (missing == 0 && sum.views == all.views && sum.visits == all.visits)
        return;
    if (missing == 1 && sum.views <= all.views && sum.visits <= all.visits)
        set_minute(
            h, missed,
            minute_word(missed, (struct hit_count){.views = all.views - sum.views,
                                                   .visits = all.visits - sum.visits}));
    else
        mended = mend_minutes(h, q);
    a->mended += mended;
    a->lost += !mended;
    a->quarter = q;
}

void hits_check_words(struct hits *h, struct hits_seal *seal, struct hits_adopting *a)
{
    int64_t q = rolled(h) - MINUTES / QUARTER_MINUTES + RING_QUARTERS;

    check_quarters(h, seal, a);
    if (is_moving(seal)) /* minutes to come may be written over those of yesterday */
        q = rolled(h);
    for (q = q > 0 ? q : 0; q < rolled(h); q++)
        check_minutes(h, q, a);
    hits_check_ring(h, a);
}

bool hits_raise_quarter(struct hits *h, struct hits_seal *seal, int64_t q,
                        struct hit_count least)
{
    struct hit_count now = hits_stored(h, q);
    struct stretch s;

    if (q < oldest(h) || q >= rolled(h) ||
        (now.views >= least.views && now.visits >= least.visits))
        return false;
    set_quarter(h, q,
                (struct hit_count){
                    .views = now.views > least.views ? now.views : least.views,
                    .visits = now.visits > least.visits ? now.visits : least.visits});
    s = stretch_of(seal, q, rolled(h));
    seal_crc(s.crc, crc_of(h, s.from, s.until));
    return true;
}
