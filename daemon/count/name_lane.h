/* Floor 2 (count). What one worker knows by heart: rows of tables of names that it met, and
 * what it adds to them at its turn's end, so that a page that a thousand ask for in a turn
 * costs one write to a shared line. A note is a guess only: the row is looked at again,
 * name and all, before it is believed. Its worker's alone. */
#ifndef LUOT_COUNT_NAME_LANE_H
#define LUOT_COUNT_NAME_LANE_H

#include "count/names.h"

struct name_note {
    uint64_t fast;       /* of table, kind and name; 0: none            */
    uint64_t hash, life; /* of the row; of its table                    */
    struct name_cell *cell;
    uint32_t views, visitors; /* to add; views > 0: it is in this turn's list */
    uint32_t day; /* > 0: `extra` is a page's day word (count/pages), else visitors */
};

struct name_lane;

struct name_lane *name_lane_new(void); /* NULL: no memory */
void name_lane_free(struct name_lane *lane);

/* A name of a table that the turn keeps in place; `life` is another number for each table
 * that ever was. The note of its row, or NULL; then *ret_free is where one may be made
 * (name_lane_note), NULL when that place is taken in this turn. */
struct name_note *name_lane_find(struct name_lane *lane, const struct names_table *t,
                                 uint64_t life, unsigned kind, struct slice name,
                                 struct name_note *ret_free[1], uint64_t *ret_fast);
void name_lane_add(struct name_lane *lane, struct name_note *note, bool visitor);
/* Before the turn ends: all of it to the rows. */
void name_lane_flush(struct name_lane *lane);

/* To a row itself. */
void name_pay(struct name_cell *cell, uint32_t views, uint32_t visitors, uint32_t day);

#endif
