#include "count/name_lane.h"

#include <stdlib.h>

#include "count/pages.h"

struct name_lane *name_lane_new(void)
{
    size_t line = alignof(struct name_lane);
    char *memory = calloc(1, sizeof(struct name_lane) + line);
    struct name_lane *lane;

    if (memory == NULL)
        return NULL;
    lane = (struct name_lane *)(void *)(memory + line - (uintptr_t)memory % line);
    lane->memory = memory;
    lane->note[NO_NOTE].views = 1;
    hash_text_key_random(&lane->secret);
    return lane;
}

void name_lane_free(struct name_lane *lane)
{
    if (lane != NULL)
        free(lane->memory);
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

/* Its own, an empty one, or one after the other those that are not in use. */
static struct name_note *free_note(struct name_lane *lane, uint64_t fast)
{
    size_t at = (fast >> 1) % NAME_NOTES;
    struct name_note *place = NULL;

    for (size_t way = 0; way < NAME_WAYS; way++) {
        struct name_note *note = &lane->note[at ^ way ^ lane->made % NAME_WAYS];

        if (note->fast == fast)
            return note->views == 0 ? note : NULL;
        if (note->views == 0 && (place == NULL || (note->fast == 0 && place->fast != 0)))
            place = note;
    }
    return place;
}

struct name_note *name_lane_note(struct name_lane *lane, uint64_t fast, uint64_t hash,
                                 struct name_cell *cell, uint32_t day)
{
    struct name_note *note = free_note(lane, fast);

    if (note == NULL)
        return NULL;
    lane->made++;
    if (note->fast != 0)
        lane->lost_at = lane->made;
    *note = (struct name_note){
        .fast = fast, .hash = hash, .cell = cell, .made = lane->made, .day = day};
    return note;
}

void name_lane_flush(struct name_lane *lane)
{
    for (unsigned i = 0; i < lane->count; i++) {
        struct name_note *n = &lane->note[lane->todo[i]];

        name_pay(n->cell, n->views, n->visitors, n->day);
        n->views = n->visitors = 0;
    }
    lane->count = 0;
    lane->note[NO_NOTE].views = 1;
}
