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

/* --- All of them: some hundred are told to the store before they are asked for --- */

enum { AHEAD_SITES = 128 };

struct ahead {
    struct store *store;
    struct instant now;
    bool fresh, all; /* all: whatever they have already */
    struct ahead_site site[AHEAD_SITES];
    size_t of[AHEAD_SITES]; /* whose key it is: its place in the registry */
    size_t count, limit;
    size_t known; /* sites of a place before this one */
};

/* It has none yet, or that of another day. */
static bool needs_history(const struct site *site, struct instant now)
{
    return !site_has_history(site) || history_is_of_another_day(site, now);
}

static bool tell(struct ahead *a, size_t index, const struct site *site, const char *key)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    const int64_t slot = instant_slot(a->now);
    struct ahead_site *one = &a->site[a->count];

    if (a->count == a->limit)
        return false;
    *one = (struct ahead_site){
        .site = slice_of(key),
        .today = zone_day(terms->zone, instant_seconds(a->now)),
        .week = period_at(&terms->calendar, PERIOD_WEEK, slot).number - SITE_WEEKS + 1,
        .quarter = a->fresh ? slot / QUARTER_SLOTS - QUARTERS + 1 : INT64_MAX,
        .own = key != site->block->key,
    };
    one->day = one->today - SITE_DAYS + 1;
    a->of[a->count++] = index;
    return true;
}

/* The site under its own key and under those that were merged into it. */
static bool tell_all(struct ahead *a, size_t index, const struct site *site)
{
    const struct site_merged *merged =
        atomic_load_explicit(&site->merged, memory_order_acquire);
    bool told = tell(a, index, site, site->block->key);

    for (unsigned i = 0; told && merged != NULL && i < merged->count; i++)
        told = tell(a, index, site, merged->of[i].key);
    return told;
}

/* From a place in the registry on; a site that is told in part is asked for in the next round
 * unless it is the only one. */
static void look_ahead(struct ahead *a, struct registry *registry, size_t from)
{
    size_t end = registry_limit(registry), known;

    a->known = end;
    if (a->store->ops->ahead == NULL)
        return;
    a->count = 0;
    for (size_t i = from; i < end && a->known == end; i++) {
        const struct site *site = registry_at(registry, i);
        if (site != NULL && (a->all || needs_history(site, a->now)) &&
            !tell_all(a, i, site))
            a->known = i;
    }
    if (a->count > 0) {
        known = a->store->ops->ahead(a->store, a->site, a->count);
        if (known < a->count)
            a->known = a->of[known];
        a->limit = known < AHEAD_SITES / 2 ? 2 * known : AHEAD_SITES;
    }
    if (a->known <= from)
        a->known = from + 1;
}

static void begin_ahead(struct ahead *a, struct store *store, struct instant now,
                        bool fresh, bool all)
{
    *a = (struct ahead){
        .store = store, .now = now, .fresh = fresh, .all = all, .limit = AHEAD_SITES};
    if (store->ops->moment != NULL)
        store->ops->moment(store, true);
}

static void end_ahead(const struct ahead *a)
{
    if (a->store->ops->ahead != NULL)
        (void)a->store->ops->ahead(a->store, NULL, 0);
    if (a->store->ops->moment != NULL)
        a->store->ops->moment(a->store, false);
}

int history_load_all(struct registry *registry, struct store *store, struct instant now,
                     bool fresh)
{
    struct ahead ahead;
    int failed = 0;

    begin_ahead(&ahead, store, now, fresh, true);
    for (size_t i = 0; i < registry_limit(registry); i++) {
        struct site *site = registry_at(registry, i);
        int rv;

        if (site == NULL)
            continue;
        if (i >= ahead.known)
            look_ahead(&ahead, registry, i);
        rv = load_logged(registry, site, store, now, fresh);
        if (rv != 0)
            failed = rv;
        if (rv != 0 && store->ops->trouble != NULL)
            break; /* nor will the others be answered: history_load_new comes back */
    }
    end_ahead(&ahead);
    return failed;
}

/* The first one is asked for alone: however bad the way to a server is, it goes on. */
int history_load_new(struct registry *registry, struct store *store, struct instant now,
                     bool fresh)
{
    struct ahead ahead;
    unsigned loaded = 0;
    int failed = 0;

    for (size_t i = 0; i < registry_limit(registry) && failed == 0; i++) {
        struct site *site = registry_at(registry, i);

        if (site == NULL)
            continue;
        if (!needs_history(site, now)) {
            if (!atomic_load_explicit(&site->tops.pages_loaded, memory_order_relaxed))
                (void)history_load_pages(site, store);
            continue;
        }
        if (loaded == 1)
            begin_ahead(&ahead, store, now, fresh, false);
        if (loaded > 0 && i >= ahead.known)
            look_ahead(&ahead, registry, i);
        /* When it fails the others fail as well; the next call tries again. */
        failed = load_logged(registry, site, store, now, fresh);
        loaded++;
    }
    if (loaded > 1)
        end_ahead(&ahead);
    return failed;
}

/* --- Sites that opened by themselves --- */

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
