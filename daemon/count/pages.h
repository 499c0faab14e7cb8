/* Floor 2 (count). Views of every page of a site by name, exact, for ever and today: a
 * table of names that nothing is ever taken out of. The first `pages` pages (a setting, up
 * to 20,000) have a row; views of further ones are counted together.
 *
 * A row's `views` are what this arena counted; `base` is what else there was: other runs,
 * as the store knows them, and what `luotctl seed --page` says (as two's complement);
 * `extra` is the page's day, tag:24 (local day + 1) | views:40. */
#ifndef LUOT_COUNT_PAGES_H
#define LUOT_COUNT_PAGES_H

#include "count/name_lane.h"

enum {
    PAGES_WORDS_0 = 16,
    PAGES_WORDS_1 = 1024,
    PAGES_WORDS_2 = 32768,
    PAGES_CELLS = 49152,
    PAGES_FIRST_CELLS = 14
};

struct pages { /* in the arena */
    struct hash_key key;
    struct name_head names;
    _Atomic uint64_t life;                    /* 0: not made yet                */
    _Atomic uint64_t overflow, overflow_base; /* views of pages without a row */
};

struct pages_table { /* as a process sees it */
    struct pages *head;
    struct names_table names;
};

struct page_numbers {
    uint64_t views, today; /* with and without what is in the store */
    uint64_t own;          /* this arena's                          */
};

/* --- Worker, inside a turn --- */
/* One view; `limit` is the setting. `day`: local, of the view. `lane` may be NULL. The lane's
 * note of the row, on that day; NULL: it has none. */
struct name_note *pages_add(const struct pages_table *t, struct name_lane *lane,
                            struct slice page, uint32_t limit, uint32_t day);
/* The same where the lane knows the row by heart, with that day; NULL: it does not. `hash` is
 * the page's by its secret. */
static inline struct name_note *pages_add_known(const struct pages_table *t,
                                                struct name_lane *lane, uint64_t hash,
                                                uint32_t day)
{
    uint64_t life = atomic_load_explicit(&t->head->life, memory_order_acquire);
    struct name_note *note = name_lane_find(lane, name_lane_hash(life, 0, hash));

    if (life == 0 || note == NULL || note->day != day + 1)
        return NULL;
    name_lane_add(lane, note, false);
    return note;
}
/* For count/name_lane. `day`: tag. */
void pages_add_to_day(struct name_cell *cell, uint32_t views, uint32_t day);

/* --- Keeper, and before any worker --- */
void pages_init(const struct pages_table *t); /* zero memory, its first cells backed */
int pages_keep(const struct pages_table *t, struct arena *a);

/* --- The reader thread --- */
/* What a page had elsewhere; "": further pages. It gets a row when it has none. ERR_FULL:
 * there is no room for one yet, the keeper makes it; ERR_RANGE: there are `limit` rows. */
int pages_set_base(const struct pages_table *t, struct slice page, uint32_t limit,
                   uint64_t base);

/* --- Any thread --- */
/* false: it has no row. */
bool pages_get(const struct pages_table *t, struct slice page, int64_t today,
               struct page_numbers *ret_numbers);
uint32_t pages_count(const struct pages_table *t);
/* Views of pages without a row: this arena's, and with what is in the store. */
uint64_t pages_overflow(const struct pages_table *t);
uint64_t pages_overflow_all(const struct pages_table *t);
/* Cells that were ever used, and which one a row's is. */
uint32_t pages_cells(const struct pages_table *t);
uint32_t pages_cell_number(const struct pages_table *t, const struct name_cell *cell);

#endif
