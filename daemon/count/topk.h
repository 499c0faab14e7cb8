/* Floor 2 (count). What a site's views of one day were, by what they are counted by: a row
 * a page, country, browser and so on (identify/dimension.h), in one table of names.
 *
 * A row counts exactly from when it is there. While a dimension has room (topk_capacity),
 * every key gets a row at once and all of it is exact. When it is nearly full:
 *
 *   yard   4,096 counters a dimension. Views of a key without a row are added to the
 *          counter that its hash says, so a counter is never less than all the views that
 *          its keys had without a row (a count-min sketch of one line).
 *   door   a key gets a row when its counter (and what no yard saw, `blind`) has reached
 *          the door, and notes that as what may be missing (`lacks`): views <= truth <=
 *          views + lacks.
 *   purge  the keeper takes the lower half of a dimension's rows out (Misra and Gries, by
 *          the median of a sample of views + lacks), which becomes the door; what a row
 *          may have had is put back into the yard. In between it lifts the door above the
 *          yard's noise (mean and four standard deviations).
 *
 * So no key with more than `error` views is missing, and no row is wrong by more; with
 * N views of strangers that never come again `error` is about N / 4,096. What has no row
 * is counted as `other`: rows + other = total, always, because total is their sum; and
 * every view is in one of the two. Keyed hashes: nobody can aim at a counter.
 *
 * A purge, kill -9 safe, each step one store of `phase` (seq:32 | copy:1 | step:2):
 *   OPEN -> CLOSING, a grace: nobody makes rows     -> rows are marked DYING
 *        -> DYING, a grace: nobody counts in those  -> lost[other copy] = lost + theirs
 *        -> BURIED, which turns `copy`: they are in lost now, and their cells are freed
 *        -> OPEN. Adoption goes on from whatever step it finds. */
#ifndef LUOT_COUNT_TOPK_H
#define LUOT_COUNT_TOPK_H

#include "count/name_lane.h"
#include "identify/visit.h"

enum {
    TOPK_YARD = 4096, /* counters, 4 bytes each */
    TOPK_WORDS_0 = 64,
    TOPK_WORDS_1 = 1024,
    TOPK_WORDS_2 = 16384,
    TOPK_CELLS = 16384,    /* at most                               */
    TOPK_FIRST_CELLS = 56, /* in the first page, after part 0's words */
    TOPK_LIST_MAX = 100    /* rows that anybody ever asks for       */
};

struct topk_dimension {
    _Atomic uint32_t rows;    /* LIVE ones                                           */
    _Atomic uint32_t door;    /* 0: open, there was always room                      */
    _Atomic uint32_t worst;   /* a counter beyond the door whose key found no room   */
    _Atomic uint32_t blind;   /* views without a row that no yard saw: any key's */
    _Atomic uint64_t passed;  /* views without a row                               */
    _Atomic uint64_t lost[2]; /* views of rows that went                           */
};

/* One day of one site, in the arena. */
struct topk {
    struct hash_key key;   /* of this table                                       */
    _Atomic int64_t day;   /* local day + 1; 0: nobody's yet, the first comer's   */
    _Atomic uint64_t life; /* another number for each table that ever was         */
    _Atomic uint64_t phase;
    _Atomic uint32_t yards; /* bit d: backed                                      */
    _Atomic uint32_t wants; /* a key found no room: before the next tick          */
    struct name_head names;
    struct topk_dimension of[DIMENSIONS];
};

struct topk_table { /* as a process sees it */
    struct topk *head;
    struct names_table names;
    _Atomic uint32_t *yard; /* DIMENSIONS * TOPK_YARD */
};

/* How many keys of a dimension have a row before any goes. */
uint32_t topk_capacity(enum dimension d);

/* --- Worker, inside a turn --- */

/* One view (or event, or bot) of a key; `visitor`: it is the visitor's first of the day.
 * With a lane it is added when that is flushed, without one (NULL) at once. Of an empty
 * key: nothing. The lane's note of the row; NULL: it has none. */
struct name_note *topk_add(const struct topk_table *t, struct name_lane *lane,
                           enum dimension d, struct slice key, bool visitor);
/* Another number for each table and each time between two purges; 0: one is going on. A row
 * that was LIVE in a turn that read it is LIVE in every turn that reads it: who takes rows
 * away turns `phase` first, and waits. */
uint64_t topk_era(const struct topk_table *t);
static inline uint64_t topk_life(const struct topk_table *t)
{
    return atomic_load_explicit(&t->head->life, memory_order_relaxed);
}

/* The same where the lane knows the row by heart; NULL: it does not. `hash` is the key's by
 * the lane's secret. What is done for every key of every view. */
static inline struct name_note *topk_add_known(const struct topk_table *t,
                                               struct name_lane *lane, enum dimension d,
                                               uint64_t hash, bool visitor)
{
    struct name_note *note = name_lane_find(lane, name_lane_hash(topk_life(t), d, hash));

    if (note != NULL)
        name_lane_add(lane, note, visitor);
    return note;
}

/* --- Keeper --- */
/* A new table: cleared, its first page backed and zero. */
void topk_init(const struct topk_table *t);
/* Makes a new one as large as the day before it is: a busy portal does not begin each day
 * with a table that is too small for its first second. ERR_NOSPACE. */
int topk_make_room(const struct topk_table *t, struct arena *a,
                   const struct topk_table *before);
/* Nobody uses it any more: its head is as if it had never been. */
void topk_clear(const struct topk_table *t);
/* One tick: room, doors, and the next step of a purge. *ticket is the grace it waits for,
 * 0: none. `begun` and `over` are of the graces (count/site.h). ERR_NOSPACE. */
int topk_keep(const struct topk_table *t, struct arena *a, uint64_t *ticket,
              uint64_t begun, uint64_t over);
/* Should the keeper come before its next tick? Workers ask too. */
bool topk_wants(const struct topk_table *t);
/* Before any worker: a purge that was killed is finished, cells are freed. ERR_NOMEM. */
int topk_adopt(const struct topk_table *t);

/* --- Any thread --- */

struct topk_row {
    const struct name_cell *cell;
    uint64_t hash; /* the cell's is another one when it was given away since */
    uint64_t views;
    uint32_t visitors, lacks;
};

struct topk_list {        /* of one dimension: its first rows, most views first */
    struct topk_row *row; /* room for `limit` rows, the caller's */
    unsigned limit, count;
    uint64_t total; /* of all views, with a row or not                      */
    uint64_t error; /* no row lacks more, no key without a row has more     */
    uint32_t rows;  /* keys that have one                                   */
};
/* All dimensions whose list has a limit, in one look at the table. */
void topk_read(const struct topk_table *t, struct topk_list list[DIMENSIONS]);
/* The key of a row; false: it went meanwhile. */
bool topk_key(const struct topk_table *t, const struct topk_row *row,
              char ret_text[NAME_MAX_BYTES], size_t *ret_length);

#endif
