/* What an adoption lost of our own numbers, had again from what this very run saved: rows of
 * a store are absolute and only grow, and were written from here, so the truth is no less.
 * Days first, then their quarters, then the total. Before the first save and any worker. */
#include "base/error.h"
#include "base/log.h"
#include "store/history.h"

struct raising {
    struct site *site;
    enum change_kind kind;
    unsigned raised;
};

static int raise_one(void *context, const struct history_row *row)
{
    struct raising *r = context;
    const uint64_t metric[METRIC_KINDS] = {[METRIC_VIEWS] = row->views,
                                           [METRIC_VISITS] = row->visits,
                                           [METRIC_VISITORS] = row->visitors};
    const struct hit_count hits = {.views = row->views, .visits = row->visits};

    if (r->kind == CHANGE_DAY)
        r->raised += site_raise_day(r->site, row->number, metric);
    else if (r->kind == CHANGE_QUARTER)
        r->raised += site_raise_quarter(r->site, row->number, hits);
    else
        r->raised +=
            site_raise_row(r->site, r->kind == CHANGE_WEEK ? PERIOD_WEEK : PERIOD_MONTH,
                           row->number, row->visitors);
    return 0;
}

/* The last `count` of a kind, up to the one of `newest`. */
static int raise_all(struct raising *r, struct store *store, enum change_kind kind,
                     int64_t newest, int64_t count)
{
    r->kind = kind;
    return store->ops->history(store, slice_of(r->site->block->key), kind,
                               HISTORY_LIVE_OWN, newest - count + 1, newest + 1,
                               raise_one, r);
}

static int raise_total(struct raising *r, struct store *store)
{
    struct history_row row;
    int rv = store->ops->total(store, slice_of(r->site->block->key), HISTORY_LIVE_OWN,
                               INT64_MIN, &row);

    if (rv == 0)
        r->raised += site_raise_total(
            r->site, (struct hit_count){.views = row.views, .visits = row.visits});
    return rv;
}

static int raise_site(struct site *site, struct store *store, struct instant now,
                      unsigned *ret_raised)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t slot = instant_slot(now);
    /* Where the clock jumped a day's row, or a quarter, is only a part of what was saved of
     * it (count/site_aside.h): what is lost of those is in total only. */
    bool jumped = site_aside_changes(site) != 0;
    struct raising r = {.site = site};
    int rv = jumped ? 0
                    : raise_all(&r, store, CHANGE_DAY,
                                zone_day(terms->zone, instant_seconds(now)), SITE_DAYS);

    if (rv == 0)
        rv = raise_all(&r, store, CHANGE_WEEK,
                       period_at(&terms->calendar, PERIOD_WEEK, slot).number, SITE_WEEKS);
    if (rv == 0)
        rv = raise_all(&r, store, CHANGE_MONTH,
                       period_at(&terms->calendar, PERIOD_MONTH, slot).number,
                       SITE_MONTHS);
    if (rv == 0 && !jumped)
        rv = raise_all(&r, store, CHANGE_QUARTER, slot / QUARTER_SLOTS, QUARTERS);
    if (rv == 0)
        rv = raise_total(&r, store);
    *ret_raised = r.raised;
    return rv;
}

int history_raise_lost(struct registry *registry, struct store *store, struct instant now)
{
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_at(registry, i);
        unsigned raised = 0;
        int rv;

        if (site == NULL || site->damage.lost == 0)
            continue;
        rv = raise_site(site, store, now, &raised);
        if (rv != 0)
            log_error("event=arena_not_mended site=%s error=\"%s\" "
                      "next=numbers_that_were_lost_stay_so",
                      site->block->key, error_text(rv));
        else
            log_warn("event=arena_mended site=%s numbers=%u "
                     "next=they_are_what_was_saved_last",
                     site->block->key, raised);
        failed = rv != 0 ? rv : failed;
    }
    return failed;
}
