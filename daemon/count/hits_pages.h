/* Floor 2 (count). Quarter-hours that no memory is spent on. A site's 3,456 quarters are 14
 * pages, and one that begins today writes one of them in its first days. So pages that are
 * nothing but quarters are backed when a view falls into one of their quarters (two days
 * and sixteen hours each). Until then a page is absent: its quarters are 0 without being
 * looked at, for looking at a hole of a tmpfs file would back it, and on a full file system
 * kill us.
 *
 * Which pages are absent is in the upper bits of hits.late, where all functions of hits see
 * it; all that earlier versions wrote have 0 there: no page is absent. It is found out anew
 * at each start, from the file (count/site_quarters), so what it says after kill -9, or a
 * changed byte, does not matter.
 *
 * The owner backs what hits_pages_wanted says, before quarters are assigned. Where a word is
 * written all the same (a start mends a damaged one, a store restores it) its page comes by
 * that: kept whole, but not promised on a full file system. */
#ifndef LUOT_COUNT_HITS_PAGES_H
#define LUOT_COUNT_HITS_PAGES_H

#include <stddef.h>

#include "count/hits.h"

enum {
    QUARTER_PAGE = 256,   /* quarters of 16 bytes                        */
    QUARTERS_BEFORE = 18, /* as many would lie before them in their page */
    QUARTER_PAGES = 14,
    QUARTER_PAGES_OWN = ((1 << 12) - 1) << 1, /* all but the first and the last         */
    ABSENT_SHIFT = 48                         /* in hits.late */
};

static inline unsigned hits_page_of(int64_t q)
{
    return (unsigned)(q % QUARTERS + QUARTERS_BEFORE) / QUARTER_PAGE;
}

/* A bit a page. Acquire: who sees that a page came sees its words. */
static inline unsigned hits_pages_absent(const struct hits *h)
{
    return (unsigned)(atomic_load_explicit(&h->late, memory_order_acquire) >>
                      ABSENT_SHIFT);
}

static inline bool hits_quarter_is_there(const struct hits *h, int64_t q)
{
    return (hits_pages_absent(h) >> hits_page_of(q) & 1) == 0;
}

/* Where a page begins, from the beginning of hits. */
static inline size_t hits_page_at(unsigned page)
{
    return offsetof(struct hits, quarter) +
           ((size_t)page * QUARTER_PAGE - QUARTERS_BEFORE) * 16;
}

/* None is absent that quarters from rolled_q to now's are in. A few loads. */
bool hits_pages_suffice(const struct hits *h, int64_t now_slot);
/* Absent pages in which a quarter would be that the ring has something of. 600 loads. */
unsigned hits_pages_wanted(const struct hits *h);
/* They are backed, and zero. Keeper, or before any other thread. */
void hits_pages_came(struct hits *h, unsigned pages);
/* Which are absent, of QUARTER_PAGES_OWN. Before any other thread. */
void hits_pages_find(struct hits *h, unsigned absent);

/* A quarter's word; 0 where its page is absent. */
uint64_t hits_quarter_word(const struct hits *h, int64_t q, int which);
/* Release. A count of 0 makes no page come. */
void hits_put_quarter_word(struct hits *h, int64_t q, int which, uint64_t word);

#endif
