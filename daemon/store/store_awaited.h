/* Floor 3 (store). A store that cannot be opened yet: its disk is full, or does not let us
 * in. Counting goes on in the arena meanwhile, so a luotd that was killed then comes back.
 *
 * Every call tries to open it, at most once a second, and is that store's call once it is
 * open; until then it returns the error of the last try, and `trouble` says its sentence.
 * What opening has to say (a damaged file was moved aside) is logged. One thread, but for
 * `hurry`, as any store. */
#ifndef LUOT_STORE_STORE_AWAITED_H
#define LUOT_STORE_STORE_AWAITED_H

#include "store/store.h"

/* Who shares it opens one after the other: a new database is made once. Kept as long as
 * somebody holds it. */
struct store_gate;

struct store_gate *store_gate_new(void);         /* NULL: no memory */
void store_gate_let_go(struct store_gate *gate); /* NULL is a no-op */

/* Only for a kind that nodes do not share. `error` and `sentence` are those of the try
 * that failed. ERR_NOMEM, ERR_TOO_LONG. */
int store_await(struct store **ret_store, struct store_gate *gate, const char *where,
                const char *node, uint64_t incarnation, int error, const char *sentence);

#endif
