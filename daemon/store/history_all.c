/* All sites at a start, and those that came since: opened again where the store knows their
 * host, and loaded. */
#include "base/error.h"
#include "base/log.h"
#include "store/history.h"
#include "store/history_inner.h"
#include "store/merged.h"

struct restoring {
    struct registry *registry;
    struct site *site;
};

static int restore_quarter(void *context, const struct history_row *row)
{
    const struct restoring *r = context;
    int rv = row->views + row->visits == 0
                 ? 0
                 : registry_back_quarter(r->registry, r->site, row->number);

    if (rv != 0)
        return rv;
    hits_restore(&r->site->block->hits, row->number,
                 (struct hit_count){.views = row->views, .visits = row->visits});
    return 0;
}

static int restore_quarters(struct registry *registry, struct site *site,
                            struct store *store, struct instant now)
{
    struct restoring r = {registry, site};
    int64_t first =
        atomic_load_explicit(&site->block->hits.first_q, memory_order_relaxed);

    return merged_history(store, site, CHANGE_QUARTER, HISTORY_LIVE_OTHER,
                          instant_slot(now) / QUARTER_SLOTS - QUARTERS + 1, first,
                          restore_quarter, &r);
}

static int load_logged(struct registry *registry, struct site *site, struct store *store,
                       struct instant now, bool fresh)
{
    int rv = fresh ? restore_quarters(registry, site, store, now) : 0;

    if (rv == 0)
        rv = history_load(site, store, now);
    if (rv == 0) {
        (void)history_load_pages(site, store); /* history_load_new comes back */
        rv = history_load_tops(site, store, now);
    }
    /* A server's trouble is the same for every site, and its saver says it once. */
    if (rv != 0 && store->ops->trouble == NULL)
        log_warn("event=history_failed site=%s error=\"%s\" "
                 "next=the_site_counts_without_its_history",
                 site->block->key, error_text(rv));
    return rv;
}

int history_load_all(struct registry *registry, struct store *store, struct instant now,
                     bool fresh)
{
    int failed = 0;

    if (store->ops->moment != NULL)
        store->ops->moment(store, true);
    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_at(registry, i);
        int rv = site == NULL ? 0 : load_logged(registry, site, store, now, fresh);
        if (rv != 0)
            failed = rv;
        if (rv != 0 && store->ops->trouble != NULL)
            break; /* nor will the others be answered: history_load_new comes back */
    }
    if (store->ops->moment != NULL)
        store->ops->moment(store, false);
    return failed;
}

struct reopening {
    struct registry *registry;
    struct instant now;
    unsigned reopened, left;
};

static int reopen(void *context, struct slice key, struct slice host)
{
    struct reopening *o = context;
    int rv = host.length == 0 ? ERR_NOT_FOUND
                              : registry_reopen(o->registry, key, host, o->now);

    o->reopened += rv == 0;
    o->left += rv != 0 && rv != ERR_NOT_FOUND && rv != ERR_EXISTS;
    return 0;
}

int history_reopen_sites(struct registry *registry, struct store *store,
                         struct instant now, unsigned *ret_reopened)
{
    struct reopening o = {.registry = registry, .now = now};
    int rv = store->ops->sites(store, reopen, &o);

    if (o.left > 0)
        log_error("event=sites_full sites=%u "
                  "next=not_counted_raise_auto_sites_max_or_sites_max",
                  o.left);
    *ret_reopened = o.reopened;
    return rv;
}

int history_load_new(struct registry *registry, struct store *store, struct instant now,
                     bool fresh)
{
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_at(registry, i);
        if (site == NULL)
            continue;
        if (site_has_history(site) && !history_is_of_another_day(site, now)) {
            if (!atomic_load_explicit(&site->tops.pages_loaded, memory_order_relaxed))
                (void)history_load_pages(site, store);
            continue;
        }
        failed = load_logged(registry, site, store, now, fresh);
        if (failed != 0)
            return failed; /* the others fail as well; the next call tries again */
    }
    return failed;
}
