#include "count/site_engaged.h"

#include <string.h>

#include "count/site_layout.h"

enum { COUNT_BITS = 27, TAG_SHIFT = 2 * COUNT_BITS };

#define COUNT_MAX (((uint64_t)1 << COUNT_BITS) - 1)

static_assert((int)ENGAGED_DAYS == (int)SITE_DAYS, "a row of each day at hand");
static_assert(sizeof(struct site_engaged) <= ENGAGED_BYTES, "it fits in its room");

static struct site_engaged *page_of(const struct site *s)
{
    /* Acquire: it is backed, and says from when. */
    return atomic_load_explicit(&s->engaged, memory_order_acquire);
}

static void publish(struct site *s, struct site_engaged *page, int64_t from_day)
{
    if (atomic_load_explicit(&page->from_day, memory_order_relaxed) == 0)
        atomic_store_explicit(&page->from_day, from_day + 1, memory_order_relaxed);
    atomic_store_explicit(&s->engaged, page, memory_order_release);
}

void site_engaged_make(struct site *s)
{
    publish(s, site_place(s, ENGAGED_AT), 0); /* nothing was counted before */
}

void site_engaged_adopt(struct site *s, int64_t today)
{
    if (page_of(s) == NULL && atomic_load_explicit(&s->tops.ready, memory_order_acquire))
        publish(s, site_place(s, ENGAGED_AT), today + 1);
}

static uint64_t tag_of(int64_t day)
{
    return (uint64_t)day / ENGAGED_DAYS + 1;
}

static uint64_t add_up(uint64_t count, uint32_t n)
{
    return count + n < COUNT_MAX ? count + n : COUNT_MAX;
}

void site_engaged_add(const struct site *s, uint32_t day, uint32_t visits,
                      uint32_t engaged)
{
    struct site_engaged *page = page_of(s);
    uint64_t tag = tag_of(day), seen, held, next;
    _Atomic uint64_t *word;

    if (page == NULL || visits + engaged == 0)
        return;
    word = &page->day[day % ENGAGED_DAYS];
    seen = atomic_load_explicit(word, memory_order_relaxed);
    do {
        held = seen >> TAG_SHIFT;
        if (held > tag)
            return; /* of a day 80 days back: its numbers have gone */
        next = held == tag ? seen : 0;
        next = tag << TAG_SHIFT |
               add_up(next >> COUNT_BITS & COUNT_MAX, visits) << COUNT_BITS |
               add_up(next & COUNT_MAX, engaged);
        /* Relaxed: only numbers, nothing is read behind them. */
    } while (!atomic_compare_exchange_weak_explicit(
        word, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

void site_engaged_set_back(const struct site *s, int64_t today)
{
    struct site_engaged *page = page_of(s);
    int64_t last = today + ENGAGED_DAYS - 1;
    bool any = false;

    if (page == NULL)
        return;
    for (int64_t day = today; day <= last; day++) {
        _Atomic uint64_t *word = &page->day[(uint64_t)day % ENGAGED_DAYS];
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);

        while (seen >> TAG_SHIFT > tag_of(day) &&
               !atomic_compare_exchange_weak_explicit(
                   word, &seen, 0, memory_order_relaxed, memory_order_relaxed))
            continue;
        any = any || seen >> TAG_SHIFT > tag_of(day);
    }
    if (any) /* they may have taken the places of today and of days before it */
        atomic_store_explicit(&page->from_day, today + 2, memory_order_relaxed);
}

bool site_engaged_day(const struct site *s, int64_t day, struct engaged_count *ret_count)
{
    const struct site_engaged *page = page_of(s);
    uint64_t word, engaged;

    if (page == NULL || day < 0 ||
        day + 1 < atomic_load_explicit(&page->from_day, memory_order_relaxed))
        return false;
    word = atomic_load_explicit(&page->day[(uint64_t)day % ENGAGED_DAYS],
                                memory_order_relaxed);
    if (word >> TAG_SHIFT > tag_of(day))
        return false; /* a later day has its place */
    if (word >> TAG_SHIFT < tag_of(day))
        word = 0;
    engaged = word & COUNT_MAX;
    ret_count->visits = word >> COUNT_BITS & COUNT_MAX;
    /* A visit that began before a clock was set back may be in the one alone. */
    ret_count->engaged = engaged < ret_count->visits ? engaged : ret_count->visits;
    return true;
}
