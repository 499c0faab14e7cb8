/* Floor 2 (count). What one worker knows by heart: rows of tables of names that it met, and
 * what it adds to them at its turn's end, so that a page that a thousand ask for in a turn
 * costs one write to a shared line. The row of a note is looked at again before it is
 * believed, once a turn: who takes rows away waits for the turn in which they were last
 * believed, as that is when they are paid. Its name is not, for which the hashes stand: the
 * worker's own of the note, the table's of the row. Its worker's alone. */
#ifndef LUOT_COUNT_NAME_LANE_H
#define LUOT_COUNT_NAME_LANE_H

#include "base/hash_text.h"
#include "count/names.h"

struct name_note {
    uint64_t fast; /* of table, kind and name; 0: none */
    uint64_t hash; /* of the row                       */
    struct name_cell *cell;
    uint32_t views, visitors; /* to add; views > 0: it is in this turn's list */
    uint32_t day; /* > 0: `extra` is a page's day word (count/pages), else visitors */
};

enum { NAME_NOTES = 8192 };

struct name_lane {
    struct hash_text_key secret;
    unsigned count;
    uint16_t todo[NAME_NOTES]; /* notes with something to add */
    struct name_note note[NAME_NOTES];
};

struct name_lane *name_lane_new(void); /* NULL: no memory */
void name_lane_free(struct name_lane *lane);

/* --- A name of a table that the turn keeps in place --- */

/* A hash of a name and of which table and kind it is asked; `hash` is of the name alone, by the
 * lane's secret. `life` is another number for each table that ever was, and random: a note of
 * a table that is no more, whose memory may not be there, has another hash. */
static inline uint64_t name_lane_hash(uint64_t life, unsigned kind, uint64_t hash)
{
    return ((hash + kind * UINT64_C(0x9E3779B97F4A7C15)) ^ life) | 1;
}

/* Looks at the row, unless that was done in this turn. */
static inline bool name_note_is(const struct name_note *n, uint64_t fast)
{
    return n->fast == fast &&
           (n->views > 0 ||
            (name_state(atomic_load_explicit(&n->cell->meta, memory_order_seq_cst)) ==
                 NAME_LIVE &&
             atomic_load_explicit(&n->cell->hash, memory_order_relaxed) == n->hash));
}

/* The note of its row; NULL: it has none, and name_lane_free_note says where one may be. A
 * name has two places: what many names share one of is not taken away each time. */
static inline struct name_note *name_lane_find(struct name_lane *lane, uint64_t fast)
{
    size_t at = (fast >> 1) % NAME_NOTES;

    if (name_note_is(&lane->note[at], fast))
        return &lane->note[at];
    at ^= 1;
    return name_note_is(&lane->note[at], fast) ? &lane->note[at] : NULL;
}

/* NULL: both are taken in this turn. */
struct name_note *name_lane_free_note(struct name_lane *lane, uint64_t fast);

static inline void name_lane_add(struct name_lane *lane, struct name_note *note,
                                 bool visitor)
{
    if (note->views++ == 0)
        lane->todo[lane->count++] = (uint16_t)(note - lane->note);
    note->visitors += visitor;
}

/* Before the turn ends: all of it to the rows. */
void name_lane_flush(struct name_lane *lane);

/* To a row itself. */
void name_pay(struct name_cell *cell, uint32_t views, uint32_t visitors, uint32_t day);

#endif
