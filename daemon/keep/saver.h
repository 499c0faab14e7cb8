/* Floor 4 (keep). The saver: one thread and one store. Each second it writes what changed
 * (one transaction of small rows), each 60 s the sketches, spread over the sites. A store
 * that is stuck or gone delays nobody: counting goes on, `durable` is false, everything
 * arrives when it is back, because values are absolute. A store that may forget (a server
 * that fails over to another one) is written to again: what it confirmed in the minute
 * before its connection broke at once, and all of it every ten minutes. Happy path: look -> collect
 * changes -> save -> remember what was saved. It fails when: the disk is full, read-only
 * or away (logged once when it begins and once when it ends; tried again each second). */
#ifndef LUOT_KEEP_SAVER_H
#define LUOT_KEEP_SAVER_H

#include "base/clock.h"
#include "count/registry.h"
#include "store/store.h"

struct saver;

struct saver_options {
    struct registry *registry;
    const struct clock *clock;
    struct store *store; /* the saver's own; closed by it; NULL: nothing is kept */
    uint64_t incarnation;
    unsigned period_ms;  /* 0: 1,000 */
    const char *version; /* of this program, for a store that nodes share; may be NULL */
    const char *where; /* of the store, for the log, which hides its password; or NULL */
    /* Where a save is noted that the store has confirmed, as its `index`-th; NULL: nowhere.
     * With `where`, and of a store that forgets nothing only. */
    struct count_head *head;
    unsigned index;
};

/* Any thread. */
struct saver_status {
    bool durable;             /* what was counted 2 periods ago is saved */
    int64_t durable_since_ms; /* luot's clock; of the last good save     */
    uint64_t saves, rows, failures;
    int error;          /* of the last try: 0 or an error code */
    char sentence[320]; /* what the store says about it; ""    */
    double last_ms;     /* how long the last save took         */
};

/* ERR_NOMEM; the store is then still the caller's. */
int saver_start(struct saver **ret_saver, const struct saver_options *options);
struct saver_status saver_status(struct saver *s);
/* Any thread: it is to save once more, and saver_stop will come. Several are told before
 * one is waited for. NULL is a no-op. */
void saver_end(struct saver *s, unsigned deadline_ms);
/* Saves once more, everything, at most deadline_ms; joins the thread. A store that does
 * not come back from the system by then is left behind, and said. NULL is a no-op. */
void saver_stop(struct saver *s, unsigned deadline_ms);

/* --- The same without the thread, for tests and tools --- */
int saver_new(struct saver **ret_saver, const struct saver_options *options);
void saver_free(struct saver *s); /* saves nothing */
/* One round: what changed since the last one that was saved; with `everything` the
 * sketches too. 0 or the store's error. */
int saver_round(struct saver *s, struct instant now, bool everything, struct deadline d);

#endif
