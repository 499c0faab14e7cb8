/* Who counts beside us: the roll call, places of runs, and what an operator must be told. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "keep/nodes_inner.h"

enum { FORGET_S = 26 * 3600, COMPANY_S = 600, SURE_ROUNDS = 8, CLOCK_MS = 2000 };

static struct peer_run *place_of(struct nodes *n, const char *run)
{
    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (strcmp(n->peer[i].run, run) == 0)
            return &n->peer[i];
    return NULL;
}

/* A free place, or that of the run which is silent for longest, when that is longer. */
static struct peer_run *take_place(struct nodes *n, const struct node_row *row)
{
    struct peer_run *p = place_of(n, row->run), *oldest = NULL;

    for (unsigned i = 0; i < PEERS_MAX && p == NULL; i++)
        if (n->peer[i].run[0] == '\0')
            p = &n->peer[i];
    for (unsigned i = 0; i < PEERS_MAX && p == NULL; i++)
        if (oldest == NULL || n->peer[i].wrote_s < oldest->wrote_s)
            oldest = &n->peer[i];
    if (p == NULL && oldest->wrote_s < row->wrote_s) {
        nodes_forget_run(n, (unsigned)(oldest - n->peer));
        p = oldest;
    }
    if (p != NULL && strcmp(p->run, row->run) != 0) {
        p->since = 0;
        p->here_rounds = 0;
        p->shares = p->said_twice = p->said_clock = false;
        memcpy(p->run, row->run, sizeof p->run);
        memcpy(p->node, row->node, sizeof p->node);
    }
    return p;
}

static void tell_clock(struct peer_run *p, const struct node_row *row)
{
    int64_t differs = row->clock_ms - row->seen_ms;
    bool wrong = row->seen_ms != 0 && llabs(differs) > CLOCK_MS;

    if (wrong && !p->said_clock)
        log_warn("event=node_clock node=%s ahead_ms=%lld next=set_that_machines_clock_"
                 "and_redis_machines_by_ntp",
                 row->node, (long long)differs);
    p->said_clock = wrong;
}

static void meet(struct nodes *n, const struct node_row *row)
{
    struct peer_run *p;

    if (row->now_s - row->wrote_s > FORGET_S)
        return;
    p = take_place(n, row);
    if (p == NULL)
        return;
    p->wrote_s = row->wrote_s;
    p->here = row->here;
    p->silent_s = row->now_s - row->wrote_s;
    p->here_rounds = row->here ? p->here_rounds + 1 : 0;
    /* Silent at first sight: by its last word, in our time. */
    atomic_store_explicit(&p->heard_slot,
                          instant_slot(n->now) -
                              (row->here ? 0 : (row->now_s - row->wrote_s) / 12 + 1),
                          memory_order_relaxed);
    tell_clock(p, row);
}

/* Another run under our name that goes on writing: not what a restart left behind. */
static void tell_names(struct nodes *n, const struct node_row *ours)
{
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        struct peer_run *p = &n->peer[i];
        bool twice = p->run[0] != '\0' && strcmp(p->node, ours->node) == 0 &&
                     p->here_rounds >= SURE_ROUNDS;

        if (twice && !p->said_twice)
            log_warn("event=node_name_twice node=%s other=%s next=both_are_counted_give_"
                     "each_machine_its_own_node",
                     p->node, p->run);
        p->said_twice = twice;
    }
}

struct roll {
    struct node_row row[NODES_LISTED];
    unsigned count;
};

static void note(void *context, struct node_row *row)
{
    struct roll *r = context;

    if (r->count < NODES_LISTED)
        r->row[r->count++] = *row;
}

int nodes_roll(struct nodes *n)
{
    struct store *store = n->options.store;
    struct roll *r = calloc(1, sizeof *r);
    unsigned here = 1;
    int rv;

    if (r == NULL)
        return 0;
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        n->peer[i].here = false;
        n->peer[i].silent_s = FORGET_S;
    }
    rv = store->ops->nodes(store, NODES_LISTED, note, r, n->deadline);
    for (unsigned i = 0; i < r->count && rv == 0; i++) {
        struct node_row *row = &r->row[i];
        const struct peer_run *p;

        if (!row->ours) {
            meet(n, row);
            here += row->here;
            p = place_of(n, row->run);
            row->shares = p != NULL && p->shares;
        }
    }
    n->company = false;
    for (unsigned i = 0; i < r->count; i++)
        n->company = n->company || (!r->row[i].ours &&
                                    r->row[i].now_s - r->row[i].wrote_s <= COMPANY_S);
    for (unsigned i = 0; i < r->count && rv == 0; i++)
        if (r->row[i].ours) {
            tell_names(n, &r->row[i]);
            memcpy(n->own_node, r->row[i].node, sizeof n->own_node);
            memcpy(n->own_run, r->row[i].run, sizeof n->own_run);
        }
    pthread_mutex_lock(&n->lock);
    if (rv == 0) {
        memcpy(n->status.row, r->row, sizeof r->row);
        n->status.count = r->count;
        n->status.here = here;
    }
    pthread_mutex_unlock(&n->lock);
    free(r);
    return rv;
}
