/* Pages, and today's tops, as the store knows them: what other runs counted and people said, put beside what
 * the arena counts. A new arena has room for few pages; the keeper makes it when they do
 * not fit, and the reader comes back a second later. */
#include <stdlib.h>

#include "base/error.h"
#include "count/top_sum.h"
#include "store/history.h"

struct bringing {
    const struct pages_table *pages;
    uint32_t limit;
    uint64_t further; /* views of pages that have no row, by the setting */
    bool again;
};

static int bring(void *context, const struct top_row *row)
{
    struct bringing *b = context;
    int rv;

    if (row->key.length == 0) {
        b->further += row->views;
        return 0;
    }
    rv = pages_set_base(b->pages, row->key, b->limit, row->views);
    if (rv == ERR_RANGE)
        b->further += row->views;
    b->again = b->again || rv == ERR_FULL;
    return 0;
}

int history_load_pages(struct site *site, struct store *store)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    struct bringing b = {.pages = site_pages(site), .limit = terms->config.pages};
    int rv;

    if (store->ops->pages == NULL)
        return 0;
    if (b.pages == NULL)
        return ERR_FULL;
    rv = store->ops->pages(store, slice_of(site->block->key), b.limit + 1, bring, &b);
    if (rv == 0 && b.again)
        rv = ERR_FULL;
    if (rv != 0)
        return rv;
    (void)pages_set_base(b.pages, (struct slice){NULL, 0}, b.limit, b.further);
    atomic_store_explicit(&site->tops.pages_loaded, true, memory_order_release);
    return 0;
}

/* --- Today's tops --- */

static int add_row(void *context, const struct top_row *row)
{
    struct top_sum *sum = context;

    if (row->key.length == 0)
        top_sum_rest(sum, row->views, row->lacks);
    else
        top_sum_add(sum, row->key, row->views, row->visitors);
    return sum->failed;
}

int history_load_tops(struct site *site, struct store *store, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t day = zone_day(terms->zone, instant_seconds(now));
    struct tops_base *base;
    bool any = false;
    int rv = 0;

    if (store->ops->tops == NULL)
        return 0;
    base = calloc(1, sizeof *base);
    if (base == NULL)
        return ERR_NOMEM;
    base->day = day;
    for (int d = 0; d < DIMENSIONS && rv == 0; d++) {
        rv = store->ops->tops(store, slice_of(site->block->key),
                              dimension_word((enum dimension)d), HISTORY_LIVE_OTHER, day,
                              day + 1, add_row, &base->of[d]);
        any = any || base->of[d].rows > 0 || base->of[d].other > 0;
    }
    if (rv != 0 || !any) {
        tops_base_free(base);
        base = NULL;
    }
    if (rv == 0)
        site_tops_install(site, base);
    return rv;
}

/* --- seed --page --- */

int history_seed_page(struct site *site, struct store *store,
                      const struct page_seed *seed, uint64_t *ret_old)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    const struct pages_table *pages = site_pages(site);
    uint32_t limit = terms->config.pages;
    struct page_numbers n = {.views = 0};
    struct page_seed said = *seed;
    int rv;

    if (store->ops->page_seed == NULL)
        return ERR_VERSION;
    if (seed->views >= (uint64_t)1 << 53)
        return ERR_RANGE;
    if (pages == NULL)
        return ERR_FULL;
    if (!pages_get(pages, seed->page, 0, &n)) {
        rv = pages_set_base(pages, seed->page, limit, 0);
        if (rv != 0)
            return ERR_FULL;
        (void)pages_get(pages, seed->page, 0, &n);
    }
    *ret_old = n.views;
    said.counted = n.own; /* the store adds what other runs counted */
    rv = store->ops->page_seed(store, slice_of(site->block->key), &said);
    if (rv == 0) /* as two's complement: own + base is the seed */
        rv = pages_set_base(pages, seed->page, limit, seed->views - n.own);
    return rv;
}
