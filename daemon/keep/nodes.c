#include "keep/nodes.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "keep/nodes_inner.h"

enum {
    PERIOD_MS = 1000,
    ROUND_MS = 5000,
    STOP_MS = 500,
    NOTE_MS = 100,
    MEMORY = 64 << 20
};

/* --- A round --- */

/* A connection that is new may be to a server that has forgotten, or is behind. */
static int attend(struct nodes *n)
{
    struct store *store = n->options.store;
    enum store_lost lost = STORE_LOST_NOTHING;
    int rv =
        store->ops->attend == NULL ? 0 : store->ops->attend(store, n->deadline, &lost);

    if (rv != 0 || lost == STORE_LOST_NOTHING)
        return rv;
    nodes_say_again(n);
    for (size_t i = 0; i < n->limit; i++)
        if (n->told[i] != NULL)
            n->told[i]->rest_ms = 0;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        n->peer[i].since = 0;
    return 0;
}

/* A day that nobody asked for is answered tomorrow: by what was noted of it last, so each
 * second of it, whether the store is there or not. What takes long goes on the next time. */
static void note_periods(struct nodes *n)
{
    int64_t until_ms = deadline_in(NOTE_MS).at_ms;

    for (size_t i = 0; i < n->limit; i++) {
        size_t index = (n->note_at + i) % n->limit;
        const struct site *s = registry_at(n->options.registry, index);
        struct told *t = n->told[index];
        uint64_t changes;

        if (s == NULL || t == NULL || (changes = site_changes(s, n->now)) == t->noted)
            continue;
        t->noted = changes;
        site_peers_note(s, n->now);
        if (deadline_in(0).at_ms < until_ms)
            continue;
        n->note_at = index + 1;
        return;
    }
}

static bool is_stopping(struct nodes *n)
{
    bool stopping;

    pthread_mutex_lock(&n->lock);
    stopping = n->stopping;
    pthread_mutex_unlock(&n->lock);
    return stopping;
}

int nodes_round(struct nodes *n, struct instant now, struct deadline d)
{
    int rv;

    n->now = now;
    n->now_ms = deadline_in(0).at_ms;
    n->deadline = d;
    note_periods(n);
    rv = attend(n);
    if (rv == 0)
        rv = nodes_roll(n);
    if (rv == 0 && n->company && !is_stopping(n))
        rv = nodes_publish(n);
    if (rv == 0 && !is_stopping(n))
        rv = nodes_hear(n);
    note_periods(n);
    pthread_mutex_lock(&n->lock);
    n->status.error = rv;
    n->status.published = n->published;
    n->status.heard = n->heard;
    n->status.refused = n->refused;
    pthread_mutex_unlock(&n->lock);
    return rv;
}

void nodes_status(struct nodes *n, struct nodes_status *ret_status)
{
    if (n == NULL) {
        memset(ret_status, 0, sizeof *ret_status);
        ret_status->here = 1;
        return;
    }
    pthread_mutex_lock(&n->lock);
    *ret_status = n->status;
    pthread_mutex_unlock(&n->lock);
}

unsigned nodes_here(struct nodes *n)
{
    unsigned here = 1;

    if (n == NULL)
        return 1;
    pthread_mutex_lock(&n->lock);
    if (n->status.error == 0)
        here = n->status.here;
    pthread_mutex_unlock(&n->lock);
    return here;
}

/* --- Its memory --- */

static void retire(struct nodes *n, struct site *s)
{
    struct site_peers *old = site_peers_install(s, NULL);

    if (old == NULL)
        return;
    old->next = n->retired;
    n->retired = old;
}

static void release(struct nodes *n)
{
    for (size_t i = 0; n->told != NULL && i < n->limit; i++) {
        struct site *s =
            n->told[i] == NULL ? NULL : registry_site(n->options.registry, i);

        if (s != NULL)
            retire(n, s);
        for (unsigned run = 0; s != NULL && run < PEERS_MAX; run++)
            free(n->told[i]->run[run].at);
        free(n->told[i]);
    }
    while (n->retired != NULL) { /* who looks at one now is done in a moment */
        nodes_free_retired(n);
        (void)sched_yield();
    }
    free(n->told);
    free(n->work);
    free(n->out);
    pthread_cond_destroy(&n->bell);
    pthread_mutex_destroy(&n->lock);
    free(n);
}

void nodes_free(struct nodes *n)
{
    if (n == NULL)
        return;
    n->options.store->ops->close(n->options.store);
    release(n);
}

int nodes_new(struct nodes **ret_nodes, const struct nodes_options *options)
{
    struct nodes *n = calloc(1, sizeof *n);
    pthread_condattr_t monotonic;

    if (n == NULL)
        return ERR_NOMEM;
    n->options = *options;
    if (n->options.memory == 0)
        n->options.memory = MEMORY;
    n->limit = registry_limit(options->registry);
    if (options->node != NULL)
        snprintf(n->own_node, sizeof n->own_node, "%s", options->node);
    n->status.here = 1;
    pthread_mutex_init(&n->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&n->bell, &monotonic);
    pthread_condattr_destroy(&monotonic);
    n->told = calloc(n->limit, sizeof(struct told *));
    n->work = malloc(sizeof *n->work);
    n->out = malloc(PUBLISH_BYTES);
    if (n->told == NULL || n->work == NULL || n->out == NULL) {
        release(n);
        return ERR_NOMEM;
    }
    *ret_nodes = n;
    return 0;
}

/* --- Its thread --- */

/* Waits until then; true: we are to stop. */
static bool wait_until(struct nodes *n, int64_t then_ms)
{
    const struct timespec then = {.tv_sec = then_ms / 1000,
                                  .tv_nsec = then_ms % 1000 * 1000000};
    bool stopping;

    pthread_mutex_lock(&n->lock);
    while (!n->stopping && deadline_in(0).at_ms < then_ms)
        pthread_cond_timedwait(&n->bell, &n->lock, &then);
    stopping = n->stopping;
    pthread_mutex_unlock(&n->lock);
    return stopping;
}

static void *nodes_run(void *context)
{
    struct nodes *n = context;
    int64_t next_ms = deadline_in(0).at_ms;

    while (!wait_until(n, next_ms)) {
        (void)nodes_round(n, clock_now(n->options.clock), deadline_in(ROUND_MS));
        next_ms += PERIOD_MS;
        if (next_ms < deadline_in(0).at_ms)
            next_ms = deadline_in(0).at_ms;
    }
    return NULL;
}

int nodes_start(struct nodes **ret_nodes, const struct nodes_options *options)
{
    struct nodes *n;
    int rv = nodes_new(&n, options);

    if (rv != 0)
        return rv;
    rv = pthread_create(&n->thread, NULL, nodes_run, n);
    if (rv != 0) {
        release(n);
        return error_from_errno(rv);
    }
    n->started = true;
    (void)pthread_setname_np(n->thread, "nodes");
    *ret_nodes = n;
    return 0;
}

void nodes_stop(struct nodes *n)
{
    struct store *store;

    if (n == NULL)
        return;
    store = n->options.store;
    pthread_mutex_lock(&n->lock);
    n->stopping = true;
    pthread_cond_signal(&n->bell);
    pthread_mutex_unlock(&n->lock);
    if (store->ops->hurry != NULL)
        store->ops->hurry(store, deadline_in(STOP_MS));
    pthread_join(n->thread, NULL);
    nodes_free(n);
}
