/* Which store is shared, and the secret beside it. */
#include <stdio.h>

#include "base/error.h"
#include "daemon_inner.h"

enum { START_MS = 2000 };

/* NULL: none. */
static const char *shared_store(const struct places *p)
{
    for (unsigned i = 0; i < p->stores; i++)
        if (redis_where_is(slice_of(p->store[i])))
            return p->store[i];
    return NULL;
}

int daemon_load_secret(const struct daemon *d, const struct settings *s,
                       struct secret **ret_secret, char ret_sentence[512])
{
    *ret_secret = NULL;
    if (s->cluster_secret_file[0] == '\0')
        return 0;
    if (shared_store(&d->places) != NULL)
        return secret_load(ret_secret, s->cluster_secret_file, ret_sentence);
    snprintf(
        ret_sentence, 512,
        "cluster_secret_file is for nodes that share a Redis; add redis://... to store, "
        "or leave cluster_secret_file empty");
    return ERR_MALFORMED;
}

static int open_sharer(struct daemon *d, const char *where, char ret_sentence[512])
{
    struct store *store;
    int rv =
        store_open(&store, where, d->node, d->arena_report.incarnation, ret_sentence);

    if (rv != 0)
        return rv;
    rv = sharer_new(&d->sharer, store, d->ring);
    if (rv != 0)
        store->ops->close(store);
    return rv;
}

int daemon_open_sharing(struct daemon *d, char ret_sentence[512])
{
    const char *where = shared_store(&d->places);
    struct secret *secret;
    int rv = daemon_load_secret(d, &d->config->settings, &secret, ret_sentence);

    if (rv != 0 || where == NULL)
        return rv;
    d->ring = key_ring_new();
    rv = d->ring == NULL ? ERR_NOMEM : open_sharer(d, where, ret_sentence);
    if (rv != 0) {
        secret_free(secret);
        return rv;
    }
    sharer_use(d->sharer, secret);
    sharer_round(d->sharer, d->config, NULL, d->started, deadline_in(START_MS));
    return 0;
}

int daemon_start_sharing(struct daemon *d)
{
    return d->sharer == NULL ? 0 : sharer_start(d->sharer, d->registry, &d->clock);
}

void daemon_close_sharing(struct daemon *d)
{
    key_ring_free(d->ring);
}
