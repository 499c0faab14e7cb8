/* Floor 5. One luotd a database. Two that wrote to one would each believe that what the
 * other saved is an earlier run's, and answer neither's numbers; with one run_dir the
 * arena's lock keeps them apart, with two only this does.
 *
 * An open-file-description lock on PATH.lock beside the database (SQLite's own locks are
 * on the database, and closing any descriptor of it would drop ours): it goes with the
 * process, however that ends, and hinders no reader. The file stays, with the last
 * holder's pid in it. */
#ifndef LUOT_STATE_LOCK_H
#define LUOT_STATE_LOCK_H

#include "places.h"

struct state_lock { /* zero is a valid start */
    int fd[STORES_MAX];
    bool held[STORES_MAX];
};

/* Each SQLite database of `places` that is not held yet; waits up to wait_ms for a holder
 * that is exiting. ERR_IN_USE, with who it is and what to do. A directory in which no
 * file can be made is 0: what is wrong with it the store says better, or it makes it, and
 * then this is called again. */
int state_lock_take(struct state_lock *l, const struct places *places, unsigned wait_ms,
                    char ret_sentence[512]);
void state_lock_release(struct state_lock *l);

#endif
