/* Floor 4 (keep), private to saver*.c: tops and pages of a site, as changes. Once a minute
 * and only what is another than was saved: of each dimension the first 100 rows and the
 * rest, of pages those whose views grew. */
#ifndef LUOT_KEEP_SAVER_TOPS_H
#define LUOT_KEEP_SAVER_TOPS_H

#include "count/site.h"
#include "store/store.h"

/* What is known to be in the store, of one site. */
struct shadow_tops {
    int64_t day[TOPS_DAYS];               /* + 1; index day % 3 */
    uint64_t hash[TOPS_DAYS][DIMENSIONS]; /* of a dimension's rows; 0: nothing */
    uint32_t *page; /* views of each cell of count/pages; NULL: none yet             */
    uint32_t pages;
    uint64_t overflow;
};

void shadow_tops_release(struct shadow_tops *s); /* and nothing is known any more */

/* Where the rows of changes lie until they are saved. */
struct tops_room;
struct tops_room *tops_room_new(void); /* NULL: no memory */
void tops_room_free(struct tops_room *r);
/* All of it was saved, or was not: `saved`. */
void tops_room_empty(struct tops_room *r, bool saved);

/* Adds what changed of one site, saving when there is no more room. */
struct collection;
int saver_tops(struct collection *c, struct shadow_tops *shadow, const struct site *site);

#endif
