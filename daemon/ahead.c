/* What a start needs and the sites do not: the lists of agents (5 ms), and the country
 * database as a table (50 ms to make, 1 ms where it was kept). A thread of its own makes them while the main thread
 * takes the sites over. Without that thread the main one makes them at the end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "daemon.h"
#include "daemon_inner.h"

struct ahead {
    pthread_t thread;
    struct daemon *daemon;
    struct agents *agents; /* NULL: they failed   */
    struct atlas *atlas;   /* NULL: out of memory */
    int error;             /* of the agents       */
    char sentence[1024];
};

static void *load(void *context)
{
    struct ahead *a = context;
    const struct config *config = a->daemon->config;

    a->error = daemon_load_agents(a->daemon, &config->settings, &a->agents, a->sentence);
    a->atlas = daemon_new_atlas(a->daemon, config);
    return NULL;
}

void daemon_begin_ahead(struct daemon *d)
{
    struct ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        return;
    a->daemon = d;
    if (pthread_create(&a->thread, NULL, load, a) == 0)
        d->ahead = a;
    else
        free(a);
}

/* What was loaded is used, or freed, by whoever calls. */
static void finish(struct daemon *d, struct ahead *ret_ahead)
{
    struct ahead *a = d->ahead;

    if (a == NULL) {
        *ret_ahead = (struct ahead){.daemon = d};
        (void)load(ret_ahead);
        return;
    }
    d->ahead = NULL;
    (void)pthread_join(a->thread, NULL);
    *ret_ahead = *a;
    free(a);
}

int daemon_end_ahead(struct daemon *d)
{
    struct ahead a;

    finish(d, &a);
    d->has_garbage = true;
    if (a.atlas != NULL)
        daemon_use_atlas(d, a.atlas);
    if (a.error == 0)
        daemon_use_agents(d, a.agents);
    if (a.error == ERR_NOMEM || a.atlas == NULL)
        return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    if (a.error != 0)
        return daemon_fail(EXIT_CONFIG, "agents", a.sentence);
    return EXIT_OK;
}

void daemon_drop_ahead(struct daemon *d)
{
    struct ahead a;

    if (d->ahead == NULL)
        return;
    finish(d, &a);
    if (a.error == 0)
        agents_free(a.agents);
    daemon_free_atlas(a.atlas, NULL);
}
