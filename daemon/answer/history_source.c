#include "answer/history_source.h"

#include "base/error.h"
#include "store/merged.h"

struct passing { /* from the store's row to the timeline's */
    kept_row_fn *row;
    void *context;
};

static int pass(void *context, const struct history_row *row)
{
    const struct passing *p = context;
    struct kept_row kept = {.number = row->number,
                            .metric = {[METRIC_VIEWS] = row->views,
                                       [METRIC_VISITS] = row->visits,
                                       [METRIC_VISITORS] = row->visitors},
                            .exact = row->exact};

    return p->row(p->context, &kept);
}

static int rows(void *context, enum kept_kind kind, bool own, int64_t from, int64_t until,
                kept_row_fn *row, void *row_context)
{
    static const enum change_kind changes[] = {
        [KEPT_HOURS] = CHANGE_HOUR,   [KEPT_QUARTERS] = CHANGE_QUARTER,
        [KEPT_DAYS] = CHANGE_DAY,     [KEPT_WEEKS] = CHANGE_WEEK,
        [KEPT_MONTHS] = CHANGE_MONTH, [KEPT_ENGAGED] = CHANGE_ENGAGED};
    const struct history_source *h = context;
    struct passing p = {row, row_context};
    unsigned parts = own ? HISTORY_LIVE_OWN : HISTORY_ALL & ~(unsigned)HISTORY_LIVE_OWN;

    return merged_history(h->store, h->site, changes[kind], parts, from, until, pass, &p);
}

int history_source_open(struct timeline_source *ret_source,
                        struct history_source *ret_context, struct store *store,
                        const struct site *site)
{
    int64_t created, first = 0;
    int rv = merged_site_first(store, site, &created, &first);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    *ret_context = (struct history_source){.store = store, .site = site};
    *ret_source = (struct timeline_source){.context = ret_context,
                                           .rows = rows,
                                           .first_live_s = first > 0 ? first : INT64_MAX};
    return 0;
}
