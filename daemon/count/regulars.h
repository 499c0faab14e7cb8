/* Floor 2 (count). Regulars: parts of views that come again and again, with the rows in which
 * they count. Of a person these are his country, browser, system, device, language and
 * screen; of a page its row of the day, its campaign and its row for ever; of a referrer its
 * host and class.
 * One hash of all that the keys of a part are found out from (visit->habit) stands for the
 * looks at lists and for the look-ups of rows, so that a part that the worker met before is
 * an increment a row.
 *
 * What is remembered is which notes of the worker's name_lane the rows have. It is believed
 *   while no note became another one since at one of these places, which the number of notes
 *     that there ever were tells (one that is made where none was takes nothing away);
 *   while no row can have gone, which the table's era tells (topk_era): when that has changed
 *     each row is looked at again, once, and while rows go nothing is known by heart.
 * A day's table is in the hash, so a new day (or site) begins with no regulars.
 *
 * What lies here of people are marks, so it is emptied each quarter-hour, as count/met. Its
 * worker's alone. */
#ifndef LUOT_COUNT_REGULARS_H
#define LUOT_COUNT_REGULARS_H

#include <stdalign.h>

#include "base/prefetch.h"
#include "count/name_lane.h"

enum {
    REGULARS = 32768, /* 1 MiB, as they come */
    REGULARS_WAYS = 2,
    REGULAR_ROWS = 7
};

struct regular {
    uint64_t tag;                /* 0: nothing                                 */
    uint64_t made : 48;          /* name_lane's `made` when it was last so     */
    uint64_t rows : 8;           /* how many of `note`                         */
    uint64_t entry : 8;          /* of a referrer: visit->entry                */
    uint16_t note[REGULAR_ROWS]; /* of its rows, and NO_NOTE                   */
    uint16_t entry_note;         /* of a page: of its row of entry pages, or NO_NOTE */
};

struct regulars {
    struct hash_text_key secret; /* of visit->habit */
    void *memory;                /* what calloc gave */
    alignas(64) struct regular regular[REGULARS / REGULARS_WAYS][REGULARS_WAYS];
};

struct regulars *regulars_new(void); /* NULL: no memory */
void regulars_free(struct regulars *r);
/* Nobody is known any more, and who comes has another habit. */
void regulars_forget(struct regulars *r);

/* `life` is the day's table's. */
static inline uint64_t regulars_tag(uint64_t life, uint64_t habit)
{
    uint64_t tag = habit ^ life;

    return tag == 0 ? 1 : tag;
}

/* Notes became others since: is it still true? Where its entry page was is forgotten alone. */
bool regular_holds(struct regular *is, const struct name_lane *lane);

/* Asks for the memory that regulars_find will look at. */
static inline void regulars_expect(const struct regulars *r, uint64_t tag)
{
    prefetch_for_write(r->regular[tag % (REGULARS / REGULARS_WAYS)]);
}

/* Whether regulars_find may know it. */
static inline bool regulars_has(const struct regulars *r, uint64_t tag)
{
    const struct regular *set = r->regular[tag % (REGULARS / REGULARS_WAYS)];

    return (set[0].tag == tag) | (set[1].tag == tag);
}

/* NULL: not known. Good until the lane makes another note, or the next regulars_put. */
static inline struct regular *regulars_find(struct regulars *r,
                                            const struct name_lane *lane, uint64_t tag)
{
    struct regular *set = r->regular[tag % (REGULARS / REGULARS_WAYS)];
    struct regular *is = &set[set[1].tag == tag];

    return is->tag == tag && (is->made >= lane->lost_at || regular_holds(is, lane))
               ? is
               : NULL;
}

/* A view of it, of which `rows` are looked at, some of them NO_NOTE perhaps; `visitor` as for
 * topk_add: mostly not. */
static inline void regular_count(const struct regular *is, struct name_lane *lane,
                                 unsigned rows, bool visitor)
{
    name_lane_add_views(lane, is->note, rows);
    for (unsigned i = 0; visitor && i < rows; i++)
        lane->note[is->note[i]].visitors++;
}

/* In place of the one that was met longer ago. */
void regulars_put(struct regulars *r, const struct regular *is);

#endif
