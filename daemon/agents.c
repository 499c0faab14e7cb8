/* The lists that tell agents, on the main thread. Happy path: the files are read and
 * compiled -> all workers have the new ones at their next line -> the old ones go a grace
 * later (reload.c). A bad file at start is no start; at a reload the old lists stay.
 *
 * To compile the lists takes 20 ms. At a start a thread of its own does it while the sites
 * are taken over; they have nothing to do with each other. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon_inner.h"
#include "identify/agent_file.h"

int daemon_load_agents(const struct daemon *d, const struct settings *s,
                       struct agents **ret_agents, char ret_sentence[1024])
{
    char trouble[AGENT_FILE_TROUBLE_MAX];
    int rv = agents_open(ret_agents, s->agent_list, s->bot_list, d->workers, trouble);

    if (rv != 0)
        snprintf(ret_sentence, 1024, "%.*s; correct the file or leave the setting empty",
                 900, trouble);
    return rv;
}

/* --- At a start --- */

struct agents_ahead {
    pthread_t thread;
    const struct daemon *daemon;
    struct agents *agents; /* NULL: it failed */
    int error;
    char sentence[1024];
};

static void *load_ahead(void *context)
{
    struct agents_ahead *a = context;

    a->error = daemon_load_agents(a->daemon, &a->daemon->config->settings, &a->agents,
                                  a->sentence);
    return NULL;
}

void daemon_begin_agents(struct daemon *d)
{
    struct agents_ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        return;
    a->daemon = d;
    if (pthread_create(&a->thread, NULL, load_ahead, a) == 0)
        d->agents_ahead = a;
    else
        free(a);
}

int daemon_end_agents(struct daemon *d, struct agents **ret_agents,
                      char ret_sentence[1024])
{
    struct agents_ahead *a = d->agents_ahead;
    int rv;

    if (a == NULL)
        return daemon_load_agents(d, &d->config->settings, ret_agents, ret_sentence);
    d->agents_ahead = NULL;
    (void)pthread_join(a->thread, NULL);
    rv = a->error;
    *ret_agents = a->agents;
    snprintf(ret_sentence, 1024, "%s", a->sentence);
    free(a);
    return rv;
}

void daemon_drop_agents(struct daemon *d)
{
    struct agents *agents;
    char sentence[1024];

    if (d->agents_ahead != NULL && daemon_end_agents(d, &agents, sentence) == 0)
        agents_free(agents);
}

/* --- Later --- */

bool daemon_agents_may_differ(const struct settings *now, const struct settings *new)
{
    return now->agent_list[0] != '\0' || now->bot_list[0] != '\0' ||
           new->agent_list[0] != '\0' || new->bot_list[0] != '\0';
}

void daemon_use_agents(struct daemon *d, struct agents *agents)
{
    const struct settings *s = &d->config->settings;

    d->own_agents = agents;
    atomic_store_explicit(&d->agents, agents, memory_order_release);
    if (!agents_one_pass(agents))
        log_warn("event=agents error=\"this processor lacks what Vectorscan "
                 "needs\" next=try_patterns_one_by_one_new_agents_cost_more");
    log_info("event=agents agent_list=%s bot_list=%s",
             s->agent_list[0] != '\0' ? s->agent_list : "built_in",
             s->bot_list[0] != '\0' ? s->bot_list : "built_in");
}
