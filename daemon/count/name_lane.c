#include "count/name_lane.h"

#include <stdlib.h>

#include "count/pages.h"

enum { NOTES = 4096 };

struct name_lane {
    uint64_t secret; /* nobody outside can choose which notes meet */
    unsigned count;
    uint16_t todo[NOTES]; /* notes with something to add */
    struct name_note note[NOTES];
};

struct name_lane *name_lane_new(void)
{
    struct name_lane *lane = calloc(1, sizeof *lane);

    if (lane != NULL)
        lane->secret = hash_random64();
    return lane;
}

void name_lane_free(struct name_lane *lane)
{
    free(lane);
}

void name_pay(struct name_cell *cell, uint32_t views, uint32_t visitors, uint32_t day)
{
    /* Relaxed: numbers on their own. */
    atomic_fetch_add_explicit(&cell->views, views, memory_order_relaxed);
    if (day > 0)
        pages_add_to_day(cell, views, day);
    else if (visitors > 0)
        atomic_fetch_add_explicit(&cell->extra, visitors, memory_order_relaxed);
}

static bool is_right(const struct name_note *n, const struct names_table *t,
                     uint64_t fast, uint64_t life, struct slice name)
{
    /* life first: of a table that is no more not even the memory may be there. */
    return n->fast == fast && n->life == life &&
           name_state(atomic_load_explicit(&n->cell->meta, memory_order_seq_cst)) ==
               NAME_LIVE &&
           atomic_load_explicit(&n->cell->hash, memory_order_relaxed) == n->hash &&
           names_is(t, n->cell, name);
}

/* A name has two places: what many names share one of is not taken away each time. */
struct name_note *name_lane_find(struct name_lane *lane, const struct names_table *t,
                                 uint64_t life, unsigned kind, struct slice name,
                                 struct name_note *ret_free[1], uint64_t *ret_fast)
{
    uint64_t fast =
        hash_seeded(lane->secret ^ life ^ (uint64_t)kind << 56, name.at, name.length);
    struct name_note *first = &lane->note[(fast >> 1) % NOTES];
    struct name_note *second = &lane->note[(fast >> 1) % NOTES ^ 1];

    fast |= 1; /* 0: none */
    if (is_right(first, t, fast, life, name))
        return first;
    if (is_right(second, t, fast, life, name))
        return second;
    *ret_free =
        first->views == 0 && (first->fast == 0 || second->views > 0 || second->fast != 0)
            ? first
        : second->views == 0 ? second
                             : NULL;
    *ret_fast = fast;
    return NULL;
}

void name_lane_add(struct name_lane *lane, struct name_note *note, bool visitor)
{
    if (note->views++ == 0)
        lane->todo[lane->count++] = (uint16_t)(note - lane->note);
    note->visitors += visitor;
}

void name_lane_flush(struct name_lane *lane)
{
    for (unsigned i = 0; i < lane->count; i++) {
        struct name_note *n = &lane->note[lane->todo[i]];

        name_pay(n->cell, n->views, n->visitors, n->day);
        n->views = n->visitors = 0;
    }
    lane->count = 0;
}
