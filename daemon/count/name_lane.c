#include "count/name_lane.h"

#include <stdlib.h>

#include "count/pages.h"

struct name_lane *name_lane_new(void)
{
    struct name_lane *lane = calloc(1, sizeof *lane);

    if (lane != NULL)
        hash_text_key_random(&lane->secret);
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

struct name_note *name_lane_free_note(struct name_lane *lane, uint64_t fast)
{
    struct name_note *first = &lane->note[(fast >> 1) % NAME_NOTES];
    struct name_note *second = &lane->note[(fast >> 1) % NAME_NOTES ^ 1];

    if (first->fast != 0 && second->fast == 0)
        return second;
    return first->views == 0 ? first : second->views == 0 ? second : NULL;
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
