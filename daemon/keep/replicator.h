/* Floor 4 (keep). The replicator: one thread that keeps a near store (SQLite, on this
 * machine's disk) and a far one (Redis, which other nodes write too) equal, with
 * connections of its own. So a node answers the history of all nodes from its own disk;
 * what people said while the far store was away reaches it; and whichever of the two lost
 * everything gets it back from the other.
 *
 * Each second it looks at each site in the far store. Happy path: other runs counted ->
 * their open days come here. Besides: what people changed there comes here; all that is
 * here goes there when people changed something here, and when the far store does not know
 * any more how much it was given (it is new, or has lost everything). A site that this
 * process has not seen yet is taken whole, and everything is exchanged each hour. A round
 * works for at most its budget and goes on where it ended, so a refill of any size delays
 * nobody. Rows are only ever raised (store/replicate.h): it may stop anywhere.
 *
 * It fails when a store is away: the savers say so, it says nothing and comes back. */
#ifndef LUOT_KEEP_REPLICATOR_H
#define LUOT_KEEP_REPLICATOR_H

#include "base/clock.h"
#include "store/store.h"

struct replicator;

struct replicator_options {
    struct store *near, *far; /* the replicator's own; closed by it */
    const struct clock *clock;
    const char *node; /* ours, with `incarnation`: whose rows the savers bring */
    uint64_t incarnation;
    size_t sites_max;   /* more are not copied                */
    unsigned period_ms; /* of rounds; 0: 1,000                */
    unsigned budget_ms; /* a round works so long; 0: 400      */
    /* Rows of this site came into the near store. The replicator's thread. May be NULL. */
    void (*came)(void *context, struct slice site);
    void *context;
};

struct replicator_status {
    uint64_t rounds, failures;
    uint64_t sites;      /* that are known                                     */
    uint64_t came, went; /* rows to the near store, to the far one             */
    bool refilling;      /* at it                                              */
    int error;           /* of the last round                                  */
};

/* ERR_NOMEM; ERR_VERSION: one of the stores cannot. The stores are then the caller's. */
int replicator_start(struct replicator **ret_r, const struct replicator_options *options);
/* Any thread. */
struct replicator_status replicator_status(struct replicator *r);
/* Stops after what is under way, at most deadline_ms; a store that does not come back by
 * then is left behind, and `came` is not called any more. NULL is a no-op. */
void replicator_stop(struct replicator *r, unsigned deadline_ms);

/* Takes all sites from `far` into an empty `near`, until the deadline; what is missing then
 * is the thread's to bring. *ret_sites: how many came. 0 also when `near` has sites:
 * nothing is done then. Before the thread starts. */
int replicator_fill(struct store *near, struct store *far, struct instant now,
                    struct deadline d, unsigned *ret_sites);

/* --- The same without the thread, for tests --- */
int replicator_new(struct replicator **ret_r, const struct replicator_options *options);
/* now_ms: CLOCK_MONOTONIC, for what is done now and then. 0, or a store's error: what was
 * not copied is copied by a later round. */
int replicator_round(struct replicator *r, struct instant now, int64_t now_ms);
/* Has each site that is known been looked at since it was? */
bool replicator_is_level(struct replicator *r);
void replicator_free(struct replicator *r);

#endif
