/* The lists that tell agents, on the main thread. Happy path: the files are read and
 * compiled -> all workers have the new ones at their next line -> the old ones go a grace
 * later (reload.c). A bad file at start is no start; at a reload the old lists stay. */
#include <stdio.h>

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
