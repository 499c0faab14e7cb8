/* Floor 4 (keep), private to nodes*.c. */
#ifndef LUOT_KEEP_NODES_INNER_H
#define LUOT_KEEP_NODES_INNER_H

#include <pthread.h>

#include "keep/nodes.h"

struct heard { /* one run's sheet of one site, as it came */
    char *at;  /* NULL: none */
    size_t length;
    uint64_t total, state; /* of it, to see what changed */
};

struct told {               /* of a site; made when it is first met */
    char key[64];           /* it had then: a range may be another's later */
    uint64_t changes, hash; /* what our last sheet was made of, and it */
    int64_t slot, told_ms;  /* when it was looked at, and published    */
    struct heard run[PEERS_MAX];
    struct peers_rest rest[SHEET_PERIODS];
    int64_t rest_ms;
    bool awaits;             /* a run saved rows, and its sheet is still to come  */
    bool refused[PEERS_MAX]; /* it came, and there was no room or it was garbage  */
    uint64_t noted;          /* site_changes() when its open periods were noted */
    bool dirty;              /* readers do not have it yet */
};

struct peer_run { /* an other run; keeps its place while it is remembered */
    char run[96]; /* "": free */
    char node[64];
    _Atomic int64_t heard_slot; /* readers look at it */
    int64_t wrote_s, since;
    int64_t silent_s;     /* since it wrote, by the server's clock */
    unsigned here_rounds; /* one after another     */
    bool here, shares;
    bool said_twice, said_clock; /* in the log */
};

struct nodes {
    struct nodes_options options;
    struct told **told; /* one a range of the registry */
    size_t limit, publish_at, note_at;
    size_t bytes; /* of sheets, and of what readers have */
    unsigned live_sites;
    char own_node[64], own_run[96]; /* "": the roll does not have us yet */
    bool company; /* somebody else wrote in the last ten minutes: there is a reader */
    uint64_t published, heard, refused; /* of the status, this thread's */
    struct peer_run peer[PEERS_MAX];
    struct site_peers *retired;
    struct sheet_work *work;
    char *out; /* of PUBLISH_BYTES */
    struct instant now;
    int64_t now_ms, said_refused_ms;
    struct deadline deadline;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t bell;
    bool stopping;
    struct nodes_status status;
};

enum { PUBLISH_BYTES = 512 * 1024, AGAIN_MS = 600000 };

/* nodes_publish.c */
int nodes_publish(struct nodes *n);
void nodes_say_again(struct nodes *n); /* everything, in the next rounds */
struct told *nodes_told(struct nodes *n, const struct site *s); /* NULL: no memory */
/* nodes_hear.c */
int nodes_hear(struct nodes *n);
void nodes_drop(struct nodes *n, struct heard *h);
void nodes_free_retired(struct nodes *n);
void nodes_forget_run(struct nodes *n, unsigned run);
/* nodes_roll.c: who is there, and what is odd about it. */
int nodes_roll(struct nodes *n);

#endif
