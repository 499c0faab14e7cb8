#include "store/merged.h"

#include <stdlib.h>

#include "base/error.h"

static const struct site_merged *merged_of(const struct site *site)
{
    return atomic_load_explicit(&site->merged, memory_order_acquire);
}

static int ask(struct store *store, struct slice key, enum change_kind kind,
               unsigned parts, int64_t from, int64_t until, history_row_fn *row,
               void *context)
{
    if (kind == CHANGE_HOUR)
        return store->ops->imported_hours(store, key, from, until, row, context);
    return store->ops->history(store, key, kind, parts, from, until, row, context);
}

/* What is asked of another key: all its runs are others. */
static unsigned parts_of_merged(unsigned parts)
{
    unsigned others = parts & ~(unsigned)HISTORY_LIVE_OWN;

    return (others & HISTORY_LIVE_OTHER) != 0 ? others | HISTORY_LIVE_OWN : others;
}

/* --- Rows --- */

struct rows { /* of several keys */
    struct history_row *at;
    size_t count, room;
};

static int gather(void *context, const struct history_row *row)
{
    struct rows *r = context;

    if (r->count == r->room) {
        size_t room = r->room * 2 + 128;
        struct history_row *more = realloc(r->at, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        r->at = more;
        r->room = room;
    }
    r->at[r->count++] = *row;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct history_row *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void add(struct history_row *sum, const struct history_row *row)
{
    sum->deduplicated = sum->visitors == 0   ? row->deduplicated
                        : row->visitors == 0 ? sum->deduplicated
                                             : false;
    sum->views += row->views;
    sum->visits += row->visits;
    sum->visitors += row->visitors;
    sum->exact = sum->exact && row->exact;
}

static int give(struct rows *r, history_row_fn *row, void *context)
{
    int said = 0;

    if (r->count > 0)
        qsort(r->at, r->count, sizeof *r->at, by_number);
    for (size_t i = 0; i < r->count && said == 0;) {
        struct history_row sum = r->at[i++];

        while (i < r->count && r->at[i].number == sum.number)
            add(&sum, &r->at[i++]);
        said = row(context, &sum);
    }
    return said;
}

int merged_history(struct store *store, const struct site *site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context)
{
    const struct site_merged *merged = merged_of(site);
    struct slice key = slice_of(site->block->key);
    struct rows rows = {.count = 0};
    int rv;

    if (merged == NULL || parts_of_merged(parts) == 0)
        return ask(store, key, kind, parts, from, until, row, context);
    rv = ask(store, key, kind, parts, from, until, gather, &rows);
    for (unsigned i = 0; i < merged->count && rv == 0; i++)
        rv = ask(store, slice_of(merged->of[i].key), kind, parts_of_merged(parts), from,
                 until, gather, &rows);
    if (rv == 0)
        rv = give(&rows, row, context);
    free(rows.at);
    return rv;
}

static int64_t lesser_known(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

int merged_site_first(struct store *store, const struct site *site,
                      int64_t *ret_created_s, int64_t *ret_first_live_s)
{
    const struct site_merged *merged = merged_of(site);
    unsigned n = merged == NULL ? 0 : merged->count;
    int64_t created = 0, live = 0;
    bool any = false;

    for (unsigned i = 0; i <= n; i++) {
        struct slice key =
            i == 0 ? slice_of(site->block->key) : slice_of(merged->of[i - 1].key);
        int64_t one_created, one_live;
        int rv = store->ops->site_first(store, key, &one_created, &one_live);

        if (rv == ERR_NOT_FOUND)
            continue;
        if (rv != 0)
            return rv;
        any = true;
        created = lesser_known(created, one_created);
        live = lesser_known(live, one_live);
    }
    if (!any)
        return ERR_NOT_FOUND;
    *ret_created_s = created;
    *ret_first_live_s = live;
    return 0;
}

/* --- Totals --- */

struct totalling {
    struct store *store;
    struct slice key; /* of a merged site */
    const struct zone *zone;
};

static int read_total(const struct totalling *t, unsigned part, int64_t since_day,
                      uint64_t ret_total[METRIC_KINDS])
{
    struct history_row row;
    int rv = t->store->ops->total(t->store, t->key, part, since_day, &row);

    if (rv != 0)
        return rv;
    ret_total[METRIC_VIEWS] = row.views;
    ret_total[METRIC_VISITS] = row.visits;
    ret_total[METRIC_VISITORS] = row.visitors;
    return 0;
}

/* One metric of what is no live counting. */
static int add_said(const struct totalling *t, int metric,
                    const uint64_t adjusted[METRIC_KINDS], const struct site_seed *into,
                    bool in_seed, struct site_totals *totals)
{
    struct seed_row seed = {.total = 0};
    uint64_t imported[METRIC_KINDS];
    int64_t since_s = in_seed ? into->as_of_s : 0;
    int rv = t->store->ops->seed_get(t->store, t->key, metric, &seed);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    if (!in_seed && rv == 0) {
        since_s = seed.as_of_s;
        totals->adjusted[metric] += (int64_t)(seed.total - seed.offset_total);
    }
    if (!in_seed)
        totals->adjusted[metric] += (int64_t)adjusted[metric];
    rv = read_total(t, HISTORY_IMPORTED,
                    since_s == 0 ? INT64_MIN : zone_day_from(t->zone, since_s), imported);
    if (rv == 0)
        totals->imported[metric] += imported[metric];
    return rv;
}

int merged_totals(struct store *store, const struct site *site, const struct zone *zone,
                  const struct site_seed seed[METRIC_KINDS],
                  const int64_t seeded_s[METRIC_KINDS], struct site_totals *totals)
{
    const struct site_merged *merged = merged_of(site);
    int rv = 0;

    for (unsigned i = 0; merged != NULL && i < merged->count && rv == 0; i++) {
        struct totalling t = {store, slice_of(merged->of[i].key), zone};
        uint64_t live[METRIC_KINDS], adjusted[METRIC_KINDS];

        rv = read_total(&t, HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN, INT64_MIN, live);
        if (rv == 0)
            rv = read_total(&t, HISTORY_ADJUSTED, INT64_MIN, adjusted);
        for (int m = 0; m < METRIC_KINDS && rv == 0; m++) {
            totals->live[m] += live[m];
            rv = add_said(&t, m, adjusted, &seed[m],
                          seeded_s[m] != 0 && seeded_s[m] * 1000 >= merged->of[i].at_ms,
                          totals);
        }
    }
    return rv;
}
