/* Floor 3 (store). Copies what one store keeps into another one: a dump of the one that is
 * a load of the other, with no file between. To load is to keep the greater, the later or
 * the one that was read further, so copies may be repeated, may cross, and may be broken
 * off: nothing falls and nothing is doubled, and what is missing comes with the next one.
 *
 * Rows wait in a page until it is full or flushed: many small sites are one transaction of
 * the store they go to, a large site is many. What was imported of a site is always whole
 * in one page. One thread. */
#ifndef LUOT_STORE_REPLICATE_H
#define LUOT_STORE_REPLICATE_H

#include "base/clock.h"
#include "store/store.h"

struct replicate;

enum replicate_what {
    REPLICATE_ALL,    /* of a site                                                    */
    REPLICATE_OPEN,   /* totals, and what runs count into now: two days, four hours   */
    REPLICATE_LATELY, /* the same of two months, for a run that was away              */
    REPLICATE_SAID    /* what people said and brought: adjustments, seeds, imports    */
};

struct replicate_options {
    struct store *from, *to; /* the caller's */
    /* Rows of this run are not copied with REPLICATE_OPEN: whoever counts them writes them
     * into both. May be NULL. */
    const char *node;
    uint64_t incarnation;
    size_t page_bytes; /* 0: 256 KiB. It grows to 64 MiB for what must not be parted. */
};

/* ERR_NOMEM; ERR_VERSION: one of the stores cannot. */
int replicate_new(struct replicate **ret_r, const struct replicate_options *options);
void replicate_free(struct replicate *r); /* what was not flushed is forgotten. NULL is a
                                             no-op */
/* Rows of a site. They are in the other store when a flush has returned 0 after it. An
 * error: nothing of this site waits, what waited before it does; after one of a flush, all
 * since the good one before is to be copied again. A site that `from` does not know is 0 rows. */
int replicate_site(struct replicate *r, struct slice site, enum replicate_what what,
                   struct instant now);
/* Times when nobody counted, of every node. */
int replicate_gaps(struct replicate *r);
/* What people said of sites: names, mergers, who is archived. */
int replicate_names(struct replicate *r);
int replicate_flush(struct replicate *r);
/* Rows that were loaded since replicate_new, those that were there already too. */
uint64_t replicate_rows(const struct replicate *r);

#endif
