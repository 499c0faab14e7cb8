/* check: the nodes that count the same portals through one store. */
#include <stdlib.h>
#include <string.h>

#include "answer/checking.h"
#include "base/error.h"

/* The first of those that are here under one name. */
static bool is_first(const struct nodes_seen *seen, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (seen->row[k].here && strcmp(seen->row[k].node, seen->row[i].node) == 0)
            return false;
    return true;
}

static bool check_node(struct checking *c, const struct nodes_seen *seen, unsigned i)
{
    const struct node_row *row = &seen->row[i];
    bool twice = node_is_twice(seen, row) && is_first(seen, i);
    bool differs = row->here && node_clock_differs(row);

    if (twice)
        checking_say(c, false, "nodes",
                     "two machines call themselves %s: both are counted, but nobody can "
                     "tell which is which; give each its own `node`",
                     row->node);
    if (differs)
        checking_say(c, false, "nodes",
                     "the clock of %s differs from Redis' by %lld ms: what it counts may "
                     "be of another day; set both by NTP",
                     row->node, (long long)node_ahead_ms(row));
    return !twice && !differs;
}

void checking_nodes(struct checking *c)
{
    struct nodes_seen *seen = malloc(sizeof *seen);
    bool well = true;

    if (seen == NULL) {
        checking_say(c, false, "nodes", "%s", error_text(ERR_NOMEM));
        return;
    }
    c->job->service->nodes(c->job->service->context, seen);
    for (unsigned i = 0; seen->shared && i < seen->count; i++)
        well = check_node(c, seen, i) && well;
    if (seen->shared && seen->error != 0)
        checking_say(c, false, "nodes",
                     "what other nodes count cannot be read (%s): answers have of them "
                     "what was known last",
                     error_text(seen->error));
    else if (seen->shared && well && seen->here > 1)
        checking_say(c, true, "nodes", "%u count together, this one among them",
                     seen->here);
    else if (seen->shared && well)
        checking_say(c, true, "nodes", "no other node counts with this one now");
    free(seen);
}
