/* Floor 2 (count). What one worker knows by heart: rows of tables of names that it met, and
 * what it adds to them at its turn's end, so that a page that a thousand ask for in a turn
 * costs one write to a shared line. The row of a note is looked at again before it is
 * believed, once a turn: who takes rows away waits for the turn in which they were last
 * believed, as that is when they are paid. Its name is not, for which the hashes stand: the
 * worker's own of the note, the table's of the row. Its worker's alone. */
#ifndef LUOT_COUNT_NAME_LANE_H
#define LUOT_COUNT_NAME_LANE_H

#include <assert.h>
#include <stdalign.h>

#include "base/hash_text.h"
#include "count/names.h"

struct name_note {
    alignas(64) uint64_t fast; /* of table, kind and name; 0: none */
    uint64_t hash;             /* of the row                       */
    struct name_cell *cell;
    uint64_t made;            /* the how manieth note it is                   */
    uint32_t views, visitors; /* to add; views > 0: it is in this turn's list */
    uint32_t day; /* > 0: `extra` is a page's day word (count/pages), else visitors */
};

static_assert(sizeof(struct name_note) == 64, "a note is a cache line");

enum { NAME_NOTES = 8192, NAME_WAYS = 8 };
#define NO_NOTE NAME_NOTES /* a place in which may be counted, to no end */

struct name_lane {
    struct hash_text_key secret;
    void *memory;        /* what calloc gave                                       */
    uint64_t made;       /* notes that ever were, and what else tells one from another */
    uint64_t live_since; /* `made` when rows of some table may have gone, the last time */
    uint64_t lost_at;    /* ... and when a note became another one, or rows may have    */
    unsigned count;
    uint16_t
        todo[NAME_NOTES + 1]; /* notes with something to add, and room for one more */
    struct name_note
        note[NAME_NOTES + 1]; /* the last: NO_NOTE, whose views are never 0 */
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

/* Is its row there? Looked at once a turn. */
static inline bool name_note_is_live(const struct name_note *n)
{
    return n->views > 0 ||
           (name_state(atomic_load_explicit(&n->cell->meta, memory_order_seq_cst)) ==
                NAME_LIVE &&
            atomic_load_explicit(&n->cell->hash, memory_order_relaxed) == n->hash);
}

/* The note of its row; NULL: it has none, and name_lane_note makes one. A name has eight
 * places: what many names share one of is not taken away each time. */
static inline struct name_note *name_lane_find(struct name_lane *lane, uint64_t fast)
{
    size_t at = (fast >> 1) % NAME_NOTES;

    for (size_t way = 0; way < NAME_WAYS; way++) {
        struct name_note *note = &lane->note[at ^ way];

        if (note->fast == fast)
            return name_note_is_live(note) ? note : NULL;
    }
    return NULL;
}

/* A new note of a row, with nothing to add; NULL: its places are taken in this turn. */
struct name_note *name_lane_note(struct name_lane *lane, uint64_t fast, uint64_t hash,
                                 struct name_cell *cell, uint32_t day);

/* Which of a view's rows are the turn's first follows no rule, so there is no branch. */
static inline void name_lane_add_views(struct name_lane *lane, const uint16_t *at,
                                       unsigned rows)
{
    unsigned count = lane->count;

    for (unsigned i = 0; i < rows; i++) {
        lane->todo[count] = at[i];
        count += lane->note[at[i]].views++ == 0;
    }
    lane->count = count;
}

static inline void name_lane_add_view(struct name_lane *lane, uint16_t at)
{
    name_lane_add_views(lane, &at, 1);
}

static inline void name_lane_add(struct name_lane *lane, struct name_note *note,
                                 bool visitor)
{
    name_lane_add_view(lane, (uint16_t)(note - lane->note));
    note->visitors += visitor;
}

/* From now on the note is another one to whom remembers its place. */
static inline void name_lane_turn(struct name_lane *lane, struct name_note *note)
{
    note->made = lane->lost_at = ++lane->made;
}

/* Rows of a table may have gone since the turn before. */
static inline void name_lane_doubt(struct name_lane *lane)
{
    lane->live_since = lane->lost_at = ++lane->made;
}

/* Before the turn ends: all of it to the rows. */
void name_lane_flush(struct name_lane *lane);

/* To a row itself. */
void name_pay(struct name_cell *cell, uint32_t views, uint32_t visitors, uint32_t day);

#endif
