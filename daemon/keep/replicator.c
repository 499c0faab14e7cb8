#include "keep/replicator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "keep/replicator_sites.h"
#include "store/replicate.h"

enum {
    PERIOD_MS = 1000,
    BUDGET_MS = 400,
    NAMES_MS = 5000, /* sites that opened are looked for so often                 */
    GAPS_MS = 60000,
    LATELY_MS = 60000, /* two months of a site that other runs counted in           */
    WHOLE_MS = 3600000 /* all of a site                                             */
};

struct replicator {
    struct replicator_options options;
    struct replicate *in, *out; /* far -> near, near -> far   */
    struct site_states sites;
    size_t at;    /* the site that is next           */
    size_t *open; /* sites whose open rows wait in the page of `in` */
    size_t opens;
    uint64_t passes;           /* times that all sites were looked at */
    int64_t named_ms, gaps_ms; /* when it was done last; 0: never */
    uint64_t refill_sites, refill_rows;
    bool refilling;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t bell;
    bool stopping, ended, abandoned;
    struct replicator_status status;
};

static int64_t monotonic_ms(void)
{
    return deadline_in(0).at_ms;
}

static bool is_stopping(struct replicator *r)
{
    bool stopping;

    pthread_mutex_lock(&r->lock);
    stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return stopping;
}

/* --- A site --- */

static void tell_came(struct replicator *r, const struct site_state *site)
{
    pthread_mutex_lock(&r->lock);
    if (r->options.came != NULL && !r->abandoned)
        r->options.came(r->options.context, slice_of(site->key));
    pthread_mutex_unlock(&r->lock);
}

static int take(struct replicator *r, const struct site_state *site,
                enum replicate_what what, struct instant now)
{
    int rv = replicate_site(r->in, slice_of(site->key), what, now);

    if (rv == 0)
        rv = replicate_flush(r->in);
    if (rv == 0)
        tell_came(r, site);
    return rv;
}

/* A line when it begins; end_pass says when it ends. A site that opens is not what anybody
 * lost. */
static void note_refill(struct replicator *r, const struct site_state *site)
{
    if (site->young && !site->given)
        return;
    if (!r->refilling) {
        log_info("event=refill_begins what=redis_has_lost_it_or_never_had_it "
                 "next=it_gets_what_the_disk_has");
        r->refill_sites = 0;
        r->refill_rows = replicate_rows(r->out);
        r->refilling = true;
    }
    r->refill_sites++;
}

/* All that is here, and how far that was. */
static int give_all(struct replicator *r, struct site_state *site, int64_t said,
                    struct instant now)
{
    int rv = replicate_site(r->out, slice_of(site->key), REPLICATE_ALL, now);

    if (rv == 0)
        rv = replicate_flush(r->out);
    if (rv == 0)
        rv = r->options.far->ops->mark(r->options.far, slice_of(site->key), said);
    site->given = site->given || rv == 0;
    return rv;
}

/* Everything, both ways: at first, and each hour. */
static int exchange_all(struct replicator *r, struct site_state *site, size_t index,
                        const struct store_look *near, const struct store_look *far,
                        struct instant now, int64_t now_ms)
{
    int rv = take(r, site, REPLICATE_ALL, now);

    if (rv == 0 && site->whole)
        rv = give_all(r, site, near->said, now);
    if (rv != 0)
        return rv;
    /* The next time of each site is another one. */
    site->whole_ms = now_ms - (site->whole ? 0 : (int64_t)(index * 7919 % WHOLE_MS));
    site->whole = true;
    site->live = far->live;
    site->far_said = far->said;
    return 0;
}

static int copy_site(struct replicator *r, struct site_state *site, size_t index,
                     struct instant now, int64_t now_ms)
{
    struct store_look near, far;
    int rv = r->options.far->ops->look(r->options.far, slice_of(site->key), &far);

    if (rv == 0)
        rv = r->options.near->ops->look(r->options.near, slice_of(site->key), &near);
    if (rv == 0 && far.copied < 0)
        note_refill(r, site);
    /* It has lost our rows, or people said something here, or it has less of that. */
    if (rv == 0 && (far.copied != near.said || far.said < site->far_said))
        rv = give_all(r, site, near.said, now);
    if (rv == 0 && (!site->whole || now_ms - site->whole_ms >= WHOLE_MS))
        return exchange_all(r, site, index, &near, &far, now, now_ms);
    if (rv == 0 && far.said != site->far_said) {
        rv = take(r, site, REPLICATE_SAID, now);
        if (rv == 0)
            site->far_said = far.said;
    }
    if (rv == 0 && site->behind && now_ms - site->lately_ms >= LATELY_MS) {
        rv = take(r, site, REPLICATE_LATELY, now);
        site->behind = rv != 0;
        site->lately_ms = now_ms;
    }
    if (rv != 0 || far.live == site->live)
        return rv;
    rv = replicate_site(r->in, slice_of(site->key), REPLICATE_OPEN, now);
    if (rv == 0) {
        site->seen_live = far.live;
        r->open[r->opens++] = index;
    }
    return rv;
}

/* --- A round --- */

/* The open rows of many sites are one transaction. */
static int flush_open(struct replicator *r)
{
    int rv = replicate_flush(r->in);

    for (size_t i = 0; i < r->opens && rv == 0; i++) {
        struct site_state *site = r->sites.at[r->open[i]];
        site->live = site->seen_live;
        site->behind = true;
        tell_came(r, site);
    }
    r->opens = 0;
    return rv;
}

/* Both ways, before what sites have: the few facts that a person said. */
static int exchange_names(struct replicator *r)
{
    int rv = replicate_names(r->in);

    if (rv == 0)
        rv = replicate_flush(r->in);
    if (rv == 0)
        rv = replicate_names(r->out);
    return rv != 0 ? rv : replicate_flush(r->out);
}

/* Which there are, and what people said of them. */
static int find_sites(struct replicator *r, int64_t now_ms)
{
    const bool young = r->passes > 0;
    int rv;

    if (r->named_ms != 0 && now_ms - r->named_ms < NAMES_MS)
        return 0;
    rv = site_states_find(&r->sites, r->options.far, young);
    if (rv == 0)
        rv = site_states_find(&r->sites, r->options.near, young);
    if (rv == 0)
        rv = exchange_names(r);
    if (rv == 0)
        r->named_ms = now_ms;
    return rv;
}

static int exchange_gaps(struct replicator *r, int64_t now_ms)
{
    int rv;

    if (r->gaps_ms != 0 && now_ms - r->gaps_ms < GAPS_MS)
        return 0;
    rv = replicate_gaps(r->in);
    if (rv == 0)
        rv = replicate_flush(r->in);
    if (rv == 0)
        rv = replicate_gaps(r->out);
    if (rv == 0)
        rv = replicate_flush(r->out);
    if (rv == 0)
        r->gaps_ms = now_ms;
    return rv;
}

/* All sites were looked at: is a refill over? */
static void end_pass(struct replicator *r, uint64_t sites_before)
{
    r->at = 0;
    r->passes++;
    if (r->refilling && r->refill_sites == sites_before) {
        log_info("event=refill_ends sites=%llu rows=%llu",
                 (unsigned long long)r->refill_sites,
                 (unsigned long long)(replicate_rows(r->out) - r->refill_rows));
        r->refilling = false;
    }
}

static int copy_sites(struct replicator *r, struct instant now, int64_t now_ms)
{
    const int64_t begun_ms = monotonic_ms();
    const uint64_t refilled = r->refill_sites;
    int rv = 0, flushed;

    r->opens = 0;
    for (size_t n = 0; n < r->sites.count && rv == 0; n++) {
        if (monotonic_ms() - begun_ms >= (int64_t)r->options.budget_ms || is_stopping(r))
            break;
        if (r->at >= r->sites.count)
            end_pass(r, refilled);
        rv = copy_site(r, r->sites.at[r->at], r->at, now, now_ms);
        r->at++; /* a site that cannot be copied does not keep the others back */
    }
    flushed = flush_open(r);
    if (rv == 0)
        rv = flushed;
    if (rv == 0 && r->at >= r->sites.count)
        end_pass(r, refilled);
    return rv;
}

int replicator_round(struct replicator *r, struct instant now, int64_t now_ms)
{
    int rv = find_sites(r, now_ms);

    if (rv == 0)
        rv = exchange_gaps(r, now_ms);
    if (rv == 0)
        rv = copy_sites(r, now, now_ms);
    pthread_mutex_lock(&r->lock);
    r->status.rounds++;
    r->status.failures += rv != 0;
    r->status.error = rv;
    r->status.sites = r->sites.count;
    r->status.came = replicate_rows(r->in);
    r->status.went = replicate_rows(r->out);
    r->status.refilling = r->refilling;
    pthread_mutex_unlock(&r->lock);
    return rv;
}

bool replicator_is_level(struct replicator *r)
{
    for (size_t i = 0; i < r->sites.count; i++)
        if (!r->sites.at[i]->whole)
            return false;
    return r->passes > 0 && !r->refilling;
}

struct replicator_status replicator_status(struct replicator *r)
{
    struct replicator_status status;

    pthread_mutex_lock(&r->lock);
    status = r->status;
    pthread_mutex_unlock(&r->lock);
    return status;
}

/* --- Its memory --- */

static void release(struct replicator *r)
{
    replicate_free(r->in);
    replicate_free(r->out);
    site_states_release(&r->sites);
    free(r->open);
    pthread_cond_destroy(&r->bell);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void replicator_free(struct replicator *r)
{
    if (r == NULL)
        return;
    r->options.near->ops->close(r->options.near);
    r->options.far->ops->close(r->options.far);
    release(r);
}

int replicator_new(struct replicator **ret_r, const struct replicator_options *options)
{
    const struct replicate_options in = {.from = options->far,
                                         .to = options->near,
                                         .node = options->node,
                                         .incarnation = options->incarnation};
    const struct replicate_options out = {.from = options->near, .to = options->far};
    struct replicator *r = calloc(1, sizeof *r);
    pthread_condattr_t monotonic;
    int rv;

    if (r == NULL)
        return ERR_NOMEM;
    r->options = *options;
    if (r->options.period_ms == 0)
        r->options.period_ms = PERIOD_MS;
    if (r->options.budget_ms == 0)
        r->options.budget_ms = BUDGET_MS;
    r->sites.limit = options->sites_max;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->bell, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r->open = calloc(options->sites_max, sizeof *r->open);
    rv = r->open == NULL ? ERR_NOMEM : replicate_new(&r->in, &in);
    if (rv == 0)
        rv = replicate_new(&r->out, &out);
    if (rv == 0 && (options->far->ops->look == NULL || options->far->ops->mark == NULL ||
                    options->near->ops->look == NULL))
        rv = ERR_VERSION;
    if (rv != 0) {
        release(r);
        return rv;
    }
    *ret_r = r;
    return 0;
}

/* --- Its thread --- */

/* Waits until then; true: we are to stop. */
static bool wait_until(struct replicator *r, int64_t then_ms)
{
    const struct timespec then = {.tv_sec = then_ms / 1000,
                                  .tv_nsec = then_ms % 1000 * 1000000};
    bool stopping;

    pthread_mutex_lock(&r->lock);
    while (!r->stopping && monotonic_ms() < then_ms)
        pthread_cond_timedwait(&r->bell, &r->lock, &then);
    stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return stopping;
}

static void *replicator_run(void *context)
{
    struct replicator *r = context;

    while (!wait_until(r, monotonic_ms() + r->options.period_ms))
        (void)replicator_round(r, clock_now(r->options.clock), monotonic_ms());
    pthread_mutex_lock(&r->lock);
    r->ended = true;
    pthread_cond_signal(&r->bell);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int replicator_start(struct replicator **ret_r, const struct replicator_options *options)
{
    struct replicator *r;
    int rv = replicator_new(&r, options);

    if (rv != 0)
        return rv;
    rv = pthread_create(&r->thread, NULL, replicator_run, r);
    if (rv != 0) {
        release(r);
        return error_from_errno(rv);
    }
    r->started = true;
    (void)pthread_setname_np(r->thread, "replicator");
    *ret_r = r;
    return 0;
}

static void hurry(struct store *store, unsigned deadline_ms)
{
    if (store->ops->hurry != NULL)
        store->ops->hurry(store, deadline_in(deadline_ms));
}

void replicator_stop(struct replicator *r, unsigned deadline_ms)
{
    const int64_t by_ms = deadline_in(deadline_ms).at_ms;
    const struct timespec by = {.tv_sec = by_ms / 1000,
                                .tv_nsec = by_ms % 1000 * 1000000};
    bool ended;

    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->bell);
    pthread_mutex_unlock(&r->lock);
    hurry(r->options.near, deadline_ms / 2);
    hurry(r->options.far, deadline_ms / 2);
    pthread_mutex_lock(&r->lock);
    while (!r->ended && monotonic_ms() < by_ms)
        pthread_cond_timedwait(&r->bell, &r->lock, &by);
    ended = r->ended;
    r->abandoned = !ended;
    pthread_mutex_unlock(&r->lock);
    if (!ended) {
        (void)pthread_detach(r->thread);
        return;
    }
    pthread_join(r->thread, NULL);
    replicator_free(r);
}
