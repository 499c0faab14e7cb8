#include "count/site_engaged.h"

#include <string.h>

#include "count/site_layout.h"

enum { COUNT_BITS = 40 };

#define COUNT_MAX (((uint64_t)1 << COUNT_BITS) - 1)

static_assert((int)ENGAGED_DAYS == (int)SITE_DAYS, "a row of each day at hand");
static_assert(sizeof(struct site_engaged) <= 4096, "one page a site");

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

int site_engaged_make(struct site *s, struct arena *a)
{
    struct site_engaged *page = site_place(s, ENGAGED_AT);
    int rv = arena_back(a, page, sizeof *page);

    if (rv != 0)
        return rv;
    memset((void *)page, 0, sizeof *page);
    publish(s, page, 0); /* nothing was counted before */
    return 0;
}

int site_engaged_adopt(struct site *s, struct arena *a, int64_t today)
{
    struct site_engaged *page = site_place(s, ENGAGED_AT);
    int rv = page_of(s) != NULL ? 0 : arena_back(a, page, sizeof *page);

    if (rv == 0 && page_of(s) == NULL)
        publish(s, page, today + 1);
    return rv;
}

static void cell_add(_Atomic uint64_t *cell, uint32_t day, uint32_t n)
{
    uint64_t tag = ((uint64_t)day + 1) << COUNT_BITS;
    uint64_t seen = atomic_load_explicit(cell, memory_order_relaxed), next, held;

    if (n == 0)
        return;
    do {
        held = seen & ~COUNT_MAX;
        if (held > tag)
            return; /* of a day 80 days back: its number has gone */
        next = held == tag ? seen + n : tag + n;
        /* Relaxed: only a number, nothing is read behind it. */
    } while (!atomic_compare_exchange_weak_explicit(
        cell, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

/* Visits first: who reads the other number has read this one's part of it, or more. */
void site_engaged_add(const struct site *s, uint32_t day, uint32_t visits,
                      uint32_t engaged)
{
    struct site_engaged *page = page_of(s);

    if (page == NULL)
        return;
    cell_add(&page->visits[day % ENGAGED_DAYS], day, visits);
    cell_add(&page->engaged[day % ENGAGED_DAYS], day, engaged);
}

static bool forget(_Atomic uint64_t cells[ENGAGED_DAYS], uint64_t last)
{
    bool any = false;

    for (unsigned i = 0; i < ENGAGED_DAYS; i++) {
        uint64_t seen = atomic_load_explicit(&cells[i], memory_order_relaxed);

        while (seen > last &&
               !atomic_compare_exchange_weak_explicit(
                   &cells[i], &seen, 0, memory_order_relaxed, memory_order_relaxed))
            continue;
        any = any || seen > last;
    }
    return any;
}

void site_engaged_set_back(const struct site *s, int64_t today)
{
    struct site_engaged *page = page_of(s);
    uint64_t last = (uint64_t)(today + ENGAGED_DAYS) << COUNT_BITS | COUNT_MAX;
    bool any;

    if (page == NULL)
        return;
    any = forget(page->visits, last);
    any = forget(page->engaged, last) || any;
    if (any) /* they may have taken the places of today and of days before it */
        atomic_store_explicit(&page->from_day, today + 2, memory_order_relaxed);
}

/* false: a later day has its place. */
static bool cell_read(const _Atomic uint64_t cells[ENGAGED_DAYS], int64_t day,
                      uint64_t *ret_count)
{
    uint64_t cell =
        atomic_load_explicit(&cells[(uint64_t)day % ENGAGED_DAYS], memory_order_relaxed);
    uint64_t tag = cell >> COUNT_BITS;

    *ret_count = tag == (uint64_t)day + 1 ? cell & COUNT_MAX : 0;
    return tag <= (uint64_t)day + 1;
}

bool site_engaged_day(const struct site *s, int64_t day, struct engaged_count *ret_count)
{
    const struct site_engaged *page = page_of(s);
    uint64_t engaged;

    if (page == NULL ||
        day + 1 < atomic_load_explicit(&page->from_day, memory_order_relaxed))
        return false;
    if (!cell_read(page->engaged, day, &engaged) ||
        !cell_read(page->visits, day, &ret_count->visits))
        return false;
    /* A visit that began before a clock was set back may be in the one alone. */
    ret_count->engaged = engaged < ret_count->visits ? engaged : ret_count->visits;
    return true;
}
