#include "answer/tops_source.h"

#include "count/site.h"

static int add_row(void *context, const struct top_row *row)
{
    struct top_sum *sum = context;

    if (row->key.length == 0)
        top_sum_rest(sum, row->views, row->lacks);
    else
        top_sum_add(sum, row->key, row->views, row->visitors);
    return 0;
}

/* Of a merged site all runs are others: nothing of it is read from the arena. */
static int add_stored(struct top_sum *sum, struct store *store, const struct tops_span *t,
                      unsigned parts, int64_t from, int64_t until)
{
    const unsigned all = HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN;
    const struct site_merged *merged =
        atomic_load_explicit(&t->site->merged, memory_order_acquire);
    const char *of = dimension_word(t->of);
    int rv;

    if (store == NULL || store->ops->tops == NULL || from >= until)
        return 0;
    rv = store->ops->tops(store, slice_of(t->site->block->key), of, parts, from, until,
                          add_row, sum);
    for (unsigned i = 0; merged != NULL && i < merged->count && rv == 0; i++)
        rv = store->ops->tops(store, slice_of(merged->of[i].key), of, all, from, until,
                              add_row, sum);
    return rv;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the arena has of a day is newer than what this run saved of it. */
int tops_source_add(struct top_sum *sum, struct store *store, const struct tops_span *t)
{
    const unsigned all = HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN;
    int64_t day = lesser(t->until_day, t->today - 1);
    int rv = add_stored(sum, store, t, all, t->from_day, day);

    for (day = day > t->from_day ? day : t->from_day;
         rv == 0 && day < t->until_day && day <= t->today; day++) {
        bool live = top_sum_live(sum, t->site, t->of, day);
        rv = add_stored(sum, store, t, live ? HISTORY_LIVE_OTHER : all, day, day + 1);
    }
    return rv != 0 ? rv : sum->failed;
}
