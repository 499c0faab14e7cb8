/* What keeps the numbers: the stores that `store` names, each with a connection for each
 * thread that uses it, and those threads. Stores are opened before the sites, which are
 * read from them; a store is its thread's from the thread's start on, and what has no
 * thread yet is closed here. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon.h"
#include "daemon_inner.h"
#include "node_name.h"
#include "store/store_awaited.h"

enum {
    HOLDER_WAIT_MS = 5000, /* of a database, that is exiting */
    LAST_SAVE_MS = 1000,
    FILL_MS = 3000,      /* an empty disk waits so long for what Redis has */
    LOST_WAIT_MS = 60000 /* a damaged site so long for a second store, when one works */
};

/* --- Stores --- */

static int lock_state(struct daemon *d)
{
    char sentence[512];

    if (state_lock_take(&d->state_lock, &d->places, HOLDER_WAIT_MS, sentence) == 0)
        return EXIT_OK;
    return daemon_fail(EXIT_CANTCREAT, "state", sentence);
}

/* Another name would save what the arena has a second time. */
static void keep_name(struct daemon *d)
{
    const char *wanted = d->config->settings.node;
    int rv = node_name_keep(d->places.run_dir, d->arena_report.incarnation, d->node);

    if (rv != 0)
        log_warn("event=node_name error=\"%s\" next=do_not_change_node_while_dir=%s_is_"
                 "kept",
                 error_text(rv), d->places.run_dir);
    if (strcmp(d->node, wanted) != 0)
        log_warn("event=node_renamed node=%s wanted=%s next=it_is_saved_as_%s_until_the_"
                 "machine_starts_anew_or_the_arena_is_removed",
                 d->node, wanted, d->node);
}

/* What may pass while we run: then an arena that holds counts is worth more than a refusal,
 * which an operator who installs luotd is to see. */
static bool may_await(const struct daemon *d, int error)
{
    return d->arena_report.outcome == ARENA_ADOPTED &&
           (error == ERR_NOSPACE || error == ERR_IO || error == ERR_DENIED);
}

static int await_store(struct daemon *d, const char *where, struct store **ret_store,
                       int error, const char *sentence, bool tell)
{
    int rv;

    if (d->gate == NULL && (d->gate = store_gate_new()) == NULL)
        return ERR_NOMEM;
    rv = store_await(ret_store, d->gate, where, d->node, d->arena_report.incarnation,
                     error, sentence);
    if (rv == 0 && tell)
        log_error("event=store_away error=\"%s\" "
                  "next=counting_in_memory_tried_again_each_second",
                  sentence);
    return rv;
}

/* The store at that place which is open already, and knows how to be opened again. */
static struct store *first_at(const struct daemon *d, const char *where)
{
    for (unsigned i = 0; i < d->places.stores; i++)
        if (d->saver_store[i] != NULL && d->saver_store[i]->ops->again != NULL &&
            strcmp(d->places.store[i], where) == 0)
            return d->saver_store[i];
    return NULL;
}

static int open_store(struct daemon *d, const char *where, struct store **ret_store,
                      bool tell)
{
    char sentence[512] = "";
    struct store *first = first_at(d, where);
    int rv = first != NULL ? first->ops->again(first, ret_store, sentence)
                           : store_open(ret_store, where, d->node,
                                        d->arena_report.incarnation, sentence);

    if (rv != 0 && may_await(d, rv) &&
        await_store(d, where, ret_store, rv, sentence, tell) == 0)
        return EXIT_OK;
    if (rv != 0)
        return daemon_fail(rv == ERR_FOREIGN || rv == ERR_VERSION ? EXIT_CONFIG
                           : rv == ERR_IO                         ? EXIT_IOERR
                                                                  : EXIT_CANTCREAT,
                           "store", sentence);
    if (tell && sentence[0] != '\0')
        log_warn("event=store sentence=\"%s\"", sentence);
    return EXIT_OK;
}

/* The store that is asked: one on this machine rather than a server. */
static const char *store_to_read(const struct places *p)
{
    for (unsigned i = 0; i < p->stores; i++)
        if (!redis_where_is(slice_of(p->store[i])))
            return p->store[i];
    return p->store[0];
}

/* The first store of a kind; -1: there is none. */
static int store_of_kind(const struct places *p, bool redis)
{
    for (unsigned i = 0; i < p->stores; i++)
        if (redis_where_is(slice_of(p->store[i])) == redis)
            return (int)i;
    return -1;
}

/* A disk and a server: each is to have what the other has. */
static int open_replica(struct daemon *d)
{
    const int near = store_of_kind(&d->places, false),
              far = store_of_kind(&d->places, true);
    int64_t alive_s;
    unsigned sites = 0;
    int rv;

    if (near < 0 || far < 0)
        return EXIT_OK;
    rv = open_store(d, d->places.store[near], &d->near_store, false);
    if (rv == EXIT_OK)
        rv = open_store(d, d->places.store[far], &d->far_store, false);
    if (rv == EXIT_OK) /* else its thread brings what is there */
        (void)replicator_fill(d->near_store, d->far_store, d->started,
                              deadline_in(FILL_MS), &sites);
    /* When we counted last only Redis knows then. */
    if (sites > 0 && d->far_store->ops->last_alive(d->far_store, &alive_s) == 0 &&
        alive_s * 1000 > d->arena_report.last_alive_ms)
        d->arena_report.last_alive_ms = alive_s * 1000;
    return rv;
}

static int open_stores(struct daemon *d)
{
    int rv = EXIT_OK;

    if (d->places.stores == 0) {
        log_warn("event=store_none next=counts_are_lost_at_a_reboot");
        return EXIT_OK;
    }
    for (unsigned i = 0; i < d->places.stores && rv == EXIT_OK; i++)
        rv = open_store(d, d->places.store[i], &d->saver_store[i], true);
    if (rv == EXIT_OK)
        rv = open_store(d, store_to_read(&d->places), &d->reader_store, false);
    for (unsigned i = 0; i < d->places.stores && rv == EXIT_OK; i++)
        if (d->nodes_store == NULL && d->saver_store[i]->ops->sheets_put != NULL)
            rv = open_store(d, d->places.store[i], &d->nodes_store, false);
    return rv == EXIT_OK ? open_replica(d) : rv;
}

int daemon_open_stores(struct daemon *d)
{
    int rv = lock_state(d);

    if (rv != EXIT_OK)
        return rv;
    keep_name(d);
    rv = open_stores(d);
    return rv == EXIT_OK ? lock_state(d) : rv; /* of a directory that opening has made */
}

/* What a kill leaves a store has: it had confirmed it. So a database that ends before the
 * last save that it has confirmed was damaged (of its log the last save alone, which SQLite
 * drops without a word) or is another one. */
void daemon_look_for_lost_saves(struct daemon *d)
{
    for (unsigned i = 0; i < d->places.stores; i++) {
        const char *where = d->places.store[i];
        int64_t last = 0,
                confirmed = count_head_confirmed(arena_head(d->arena), i, where);

        if (confirmed == 0 || d->saver_store[i]->ops->attend != NULL ||
            d->saver_store[i]->ops->last_alive(d->saver_store[i], &last) != 0 ||
            last >= confirmed)
            continue;
        d->lost_saves_s[i] = confirmed - last;
        log_error("event=store_lacks_saves store=%s seconds=%lld "
                  "next=what_was_counted_is_saved_again_from_the_arena_look_for_seeds_"
                  "adjustments_and_imports_of_then",
                  where, (long long)d->lost_saves_s[i]);
    }
}

/* A site that waits is saved nowhere, so that is over as soon as can be. Who asks later is
 * the reader, with a connection of its own to each store. */
int daemon_raise_lost(struct daemon *d)
{
    struct history_stores stores = {.count = d->places.stores};
    int rv = EXIT_OK;

    for (unsigned i = 0; i < stores.count; i++) {
        stores.store[i] = d->saver_store[i];
        stores.where[i] = d->places.store[i];
    }
    if (history_raise_lost(d->registry, &stores, d->started) == 0)
        return EXIT_OK;
    d->lost_until_ms = deadline_in(LOST_WAIT_MS).at_ms;
    for (; d->lost.count < stores.count && rv == EXIT_OK; d->lost.count++) {
        d->lost.where[d->lost.count] = stores.where[d->lost.count];
        rv = open_store(d, stores.where[d->lost.count], &d->lost.store[d->lost.count],
                        false);
    }
    return rv;
}

static void close_store(struct store *store)
{
    if (store != NULL)
        store->ops->close(store);
}

void daemon_close_stores(struct daemon *d)
{
    for (unsigned i = 0; i < STORES_MAX; i++)
        close_store(d->saver_store[i]);
    close_store(d->reader_store);
    close_store(d->near_store);
    close_store(d->far_store);
    close_store(d->nodes_store);
    for (unsigned i = 0; i < d->lost.count; i++)
        close_store(d->lost.store[i]);
    store_gate_let_go(d->gate);
    free(d->came);
}

/* --- Threads --- */

/* One a store; without a store one that does nothing. */
static int start_savers(struct daemon *d)
{
    unsigned n = d->places.stores == 0 ? 1 : d->places.stores;
    int rv = 0;

    for (unsigned i = 0; i < n && rv == 0; i++) {
        struct saver_options options = {
            .registry = d->registry,
            .clock = &d->clock,
            .store = d->saver_store[i],
            .incarnation = d->arena_report.incarnation,
            .version = d->service.version,
            .where = d->places.stores == 0 ? NULL : d->places.store[i],
            .head = d->places.stores == 0 ? NULL : arena_head(d->arena),
            .index = i};
        rv = saver_start(&d->saver[i], &options);
        if (rv == 0)
            d->saver_store[i] = NULL; /* its thread's now */
    }
    return rv;
}

static int start_replicator(struct daemon *d)
{
    const struct replicator_options options = {
        .near = d->near_store,
        .far = d->far_store,
        .clock = &d->clock,
        .node = d->node,
        .incarnation = d->arena_report.incarnation,
        .sites_max = 2 * d->config->settings.sites_max, /* archived ones too */
        .came = daemon_rows_came,
        .context = d,
    };
    int rv;

    if (d->near_store == NULL)
        return 0;
    d->came = calloc(registry_limit(d->registry), sizeof *d->came);
    rv = d->came == NULL ? ERR_NOMEM : replicator_start(&d->replicator, &options);
    if (rv == 0)
        d->near_store = d->far_store = NULL; /* its thread's now */
    return rv;
}

static int start_nodes(struct daemon *d)
{
    struct nodes_options options = {.registry = d->registry,
                                    .clock = &d->clock,
                                    .store = d->nodes_store,
                                    .node = d->node};
    int rv = nodes_start(&d->nodes, &options);

    if (rv == 0)
        d->nodes_store = NULL; /* its thread's now */
    return rv;
}

int daemon_start_keeping(struct daemon *d)
{
    int rv = start_savers(d);

    if (rv == 0)
        rv = daemon_start_sharing(d);
    if (rv == 0)
        rv = reader_start(&d->reader, d->reader_store, &d->clock);
    if (rv == 0) {
        d->reader_store = NULL;
        rv = start_replicator(d);
    }
    if (rv == 0 && d->nodes_store != NULL)
        rv = start_nodes(d);
    return rv;
}

/* The savers are told before anyone is waited for. */
void daemon_stop_keeping(struct daemon *d)
{
    for (unsigned i = 0; i < STORES_MAX; i++)
        saver_end(d->saver[i], LAST_SAVE_MS);
    replicator_stop(d->replicator, LAST_SAVE_MS);
    for (unsigned i = 0; i < STORES_MAX; i++)
        saver_stop(d->saver[i], LAST_SAVE_MS);
    nodes_stop(d->nodes);
    sharer_stop(d->sharer);
    for (unsigned i = 0; i < d->lost.count; i++)
        if (d->lost.store[i]->ops->hurry != NULL)
            d->lost.store[i]->ops->hurry(d->lost.store[i], deadline_in(LAST_SAVE_MS));
    reader_stop(d->reader);
}
