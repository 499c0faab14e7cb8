#include "count/site_quarters.h"

#include <string.h>

#include "count/hits_pages.h"
#include "count/site_layout.h"

enum { PAGE = 4096, FIRST_OWN = 1, LAST_OWN = QUARTER_PAGES - 2 };

static_assert((offsetof(struct site_block, hits) + offsetof(struct hits, quarter)) %
                      PAGE ==
                  QUARTERS_BEFORE * 16,
              "quarters lie in pages as count/hits_pages.h says");

static size_t page_at(unsigned page)
{
    return offsetof(struct site_block, hits) + hits_page_at(page);
}

static bool is_there(const struct site *s, const struct arena *a, unsigned page)
{
    return arena_is_written(a, site_place(s, page_at(page)), PAGE);
}

/* From one page that is there to the next: most sites have none or two. */
void site_quarters_find(struct site *s, struct arena *a)
{
    unsigned absent = 0;

    for (unsigned page = FIRST_OWN; page <= LAST_OWN; page++) {
        size_t none = arena_unwritten(a, site_place(s, page_at(page)),
                                      (LAST_OWN + 1 - page) * PAGE) /
                      PAGE;
        for (; none > 0 && page <= LAST_OWN; none--)
            absent |= 1U << page++;
    }
    hits_pages_find(&s->block->hits, absent);
}

int site_quarters_make(struct site *s, struct arena *a)
{
    size_t from = page_at(FIRST_OWN), until = page_at(LAST_OWN + 1);
    int rv = arena_back(a, s->block, from);

    if (rv == 0)
        rv = arena_back(a, site_place(s, until), SITE_BLOCK_ROOM - until);
    if (rv != 0)
        return rv;
    memset((void *)s->block, 0, from);
    memset(site_place(s, until), 0, sizeof *s->block - until);
    for (unsigned page = FIRST_OWN; page <= LAST_OWN; page++)
        if (is_there(s, a, page))
            memset(site_place(s, page_at(page)), 0, PAGE);
    site_quarters_find(s, a);
    return 0;
}

static int back(struct site *s, struct arena *a, unsigned pages)
{
    int rv = 0;

    for (unsigned page = FIRST_OWN; page <= LAST_OWN && rv == 0; page++)
        if (pages >> page & 1) {
            rv = arena_back(a, site_place(s, page_at(page)), PAGE);
            if (rv == 0)
                hits_pages_came(&s->block->hits, 1U << page);
        }
    return rv;
}

int site_quarters_back(struct site *s, struct arena *a)
{
    return back(s, a, hits_pages_wanted(&s->block->hits));
}

int site_quarters_back_one(struct site *s, struct arena *a, int64_t q)
{
    return hits_quarter_is_there(&s->block->hits, q) ? 0
                                                     : back(s, a, 1U << hits_page_of(q));
}
