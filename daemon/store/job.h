/* Floor 3 (store). Work that needs the store: made by whoever answers, run once on the
 * reader thread, which then owns nothing of it. `run` delivers its own result (a bell, a
 * mailbox) and frees the job. At most JOBS_MAX wait; one more is ERR_FULL and stays its
 * maker's. Those of who operates luotd have JOBS_MAX places of their own and go first:
 * the others are asked for by strangers. */
#ifndef LUOT_STORE_JOB_H
#define LUOT_STORE_JOB_H

#include "base/clock.h"
#include "store/store.h"

enum { JOBS_MAX = 16 };

struct job {
    /* `store` is NULL with store = none. `canceled`: we are stopping; answer so and
     * free. */
    void (*run)(struct job *job, struct store *store, struct instant now, bool canceled);
    bool operators;   /* or luotd's own */
    struct job *next; /* the queue's    */
};

#endif
