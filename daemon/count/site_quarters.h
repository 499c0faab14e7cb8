/* Floor 2 (count), private to site_*.c and registry*.c: the pages of a site's quarter-hours,
 * which are backed when they are needed (count/hits_pages.h). */
#ifndef LUOT_COUNT_SITE_QUARTERS_H
#define LUOT_COUNT_SITE_QUARTERS_H

#include "count/site.h"

/* Backs and zeroes a new site's block but for them. Before any other thread has it.
 * ERR_NOSPACE, ERR_IO. */
int site_quarters_make(struct site *s, struct arena *a);
/* Asks the file which are there. Before anything reads quarters, and any other thread. */
void site_quarters_find(struct site *s, struct arena *a);
/* What views are waiting for. Keeper, or before any other thread. ERR_NOSPACE, ERR_IO:
 * quarters are not to be assigned now; until they are, hits stay in the ring, and later in
 * overrun. */
int site_quarters_back(struct site *s, struct arena *a);
/* That of one quarter, for what a store restores. */
int site_quarters_back_one(struct site *s, struct arena *a, int64_t q);

#endif
