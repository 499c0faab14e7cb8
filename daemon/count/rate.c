/* A bucket is one word, and one CAS takes a token:
 *
 *      63      48 47                              0
 *     +----------+---------------------------------+   full at: the moment, in us modulo
 *     |   tag    |             full at             |   2^48 (8.9 years), when it will be
 *     +----------+---------------------------------+   full if nobody takes more
 *
 * A token costs `per` = 1/rate; a bucket of `burst` tokens has one left while full at - now
 * <= (burst - 1) * per. (Known as GCRA, the leaky bucket as a meter: no tokens are counted
 * and nobody refills.) A bucket whose moment has passed is full, and so is as good as one
 * that was never used: it may be given away and nothing is forgotten.
 *
 * A hash chooses a line of 8 buckets, and 16 other bits are the tag. Who finds his tag
 * nowhere in the line takes the bucket that is full at the earliest moment.
 *
 *   Two strangers with one line and one tag share a bucket: with n of them active, each has a
 *   partner with a chance of n / (buckets / 8 * 65,536): 1 in 50,000 at n = 10,000 and 64 Ki
 *   buckets. The hash is keyed, so nobody chooses his partner.
 *   More than 8 busy ones in a line: the one whose bucket is fullest is forgiven what it
 *   took, and has at most one burst again. Who holds so many addresses needs no burst.
 *   Two workers that bring a new stranger at once write the same bucket, and one CAS fails
 *   and looks again; after a loss in between both could find room in different buckets:
 *   then the stranger has a token too many for each worker, once. */
#include "count/rate.h"

#include <stdlib.h>

#include "base/prefetch.h"

enum { CACHE_LINE = 64, LINE = 8, TAG_SHIFT = 48, TRIES = 64 };

#define MOMENTS (((uint64_t)1 << TAG_SHIFT) - 1)

struct rate {
    size_t lines;             /* a power of two             */
    void *memory;             /* what calloc gave           */
    _Atomic uint64_t *bucket; /* in it, a line a cache line */
};

struct rate *rate_new(size_t buckets)
{
    struct rate *r = malloc(sizeof *r);

    if (r == NULL)
        return NULL;
    r->lines = buckets / LINE;
    /* calloc: pages that nobody's bucket is in are not touched, and take no memory. */
    r->memory = calloc(buckets * sizeof *r->bucket + CACHE_LINE, 1);
    if (r->memory == NULL) {
        free(r);
        return NULL;
    }
    r->bucket = (_Atomic uint64_t *)(((uintptr_t)r->memory + CACHE_LINE - 1) &
                                     ~(uintptr_t)(CACHE_LINE - 1));
    return r;
}

void rate_free(struct rate *r)
{
    if (r == NULL)
        return;
    free(r->memory);
    free(r);
}

/* --- One word --- */

struct rate_limit rate_limit_of(const struct rate_rule *rule)
{
    uint64_t cost =
        rule->events == 0 ? 0 : (uint64_t)rule->per_s * 1000000 / rule->events;

    return (struct rate_limit){cost, cost * rule->burst};
}

static uint64_t moment(int64_t ms)
{
    return (uint64_t)ms * 1000 & MOMENTS;
}

/* Microseconds from now until the bucket is full. A moment farther away than any that a
 * rule can have was left by a clock that has gone back since, or by a rule that was another:
 * it is taken for passed. */
static uint64_t until_full(uint64_t word, uint64_t now, uint64_t capacity)
{
    uint64_t left = (word - now) & MOMENTS;

    return left > capacity ? 0 : left;
}

static uint64_t tag_of(uint64_t who)
{
    uint64_t tag = who >> TAG_SHIFT;

    return (tag == 0 ? 1 : tag) << TAG_SHIFT;
}

/* What the word becomes; false: it has no token. */
static bool taken(uint64_t word, const struct rate_limit *limit, uint64_t now,
                  uint64_t *ret_word)
{
    uint64_t left = until_full(word, now, limit->capacity_us) + limit->cost_us;

    *ret_word = (word & ~MOMENTS) | ((now + left) & MOMENTS);
    return left <= limit->capacity_us;
}

bool rate_take_word(_Atomic uint64_t *word, const struct rate_limit *limit,
                    int64_t now_ms)
{
    uint64_t seen, next, now = moment(now_ms);

    if (limit->cost_us == 0)
        return true;
    /* Relaxed here and below: the word is all there is to know. */
    seen = atomic_load_explicit(word, memory_order_relaxed);
    do {
        if (!taken(seen, limit, now, &next))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        word, &seen, next, memory_order_relaxed, memory_order_relaxed));
    return true;
}

/* --- The table --- */

static _Atomic uint64_t *line_of(const struct rate *r, uint64_t who)
{
    return &r->bucket[(who & (r->lines - 1)) * LINE];
}

void rate_expect(const struct rate *r, uint64_t who)
{
    prefetch_for_write(line_of(r, who));
}

/* NULL: it has none. */
static _Atomic uint64_t *find(_Atomic uint64_t *line, uint64_t tag, uint64_t *ret_seen)
{
    for (unsigned i = 0; i < LINE; i++) {
        uint64_t seen = atomic_load_explicit(&line[i], memory_order_relaxed);

        if ((seen & ~MOMENTS) == tag) {
            *ret_seen = seen;
            return &line[i];
        }
    }
    return NULL;
}

/* The bucket of the line that is missed least. */
static _Atomic uint64_t *find_room(_Atomic uint64_t *line, const struct rate_limit *limit,
                                   uint64_t now, uint64_t *ret_seen)
{
    _Atomic uint64_t *best = line;
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < LINE; i++) {
        uint64_t seen = atomic_load_explicit(&line[i], memory_order_relaxed);
        uint64_t left = seen == 0 ? 0 : until_full(seen, now, limit->capacity_us);

        if (left < least) {
            least = left;
            best = &line[i];
            *ret_seen = seen;
        }
    }
    return best;
}

bool rate_take(struct rate *r, const struct rate_limit *limit, uint64_t who,
               int64_t now_ms)
{
    _Atomic uint64_t *line = line_of(r, who), *word;
    uint64_t tag = tag_of(who), now = moment(now_ms), seen, next;

    if (limit->cost_us == 0)
        return true;
    /* Others win 64 times in a row only by taking 64 tokens of this line meanwhile. */
    for (unsigned i = 0; i < TRIES; i++) {
        word = find(line, tag, &seen);
        if (word == NULL) {
            word = find_room(line, limit, now, &seen);
            (void)taken(tag | now, limit, now, &next); /* a new bucket is full */
        } else if (!taken(seen, limit, now, &next)) {
            return false;
        }
        if (atomic_compare_exchange_strong_explicit(
                word, &seen, next, memory_order_relaxed, memory_order_relaxed))
            return true;
    }
    return true;
}

bool rate_has(const struct rate *r, const struct rate_limit *limit, uint64_t who,
              int64_t now_ms)
{
    uint64_t seen, next;

    return limit->cost_us == 0 || find(line_of(r, who), tag_of(who), &seen) == NULL ||
           taken(seen, limit, moment(now_ms), &next);
}
