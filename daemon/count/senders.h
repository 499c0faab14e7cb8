/* Floor 2 (count). Which signed datagrams were seen: a window of sequence numbers for each
 * sender, shared by the workers, in the arena, so that nobody can send again what came
 * before a kill -9. A sender is one process that signs: a writer's ID and a random number.
 *
 * Only datagrams whose signature is right and whose time is within SENDERS_TIME_S of ours
 * come here: strangers fill nothing. */
#ifndef LUOT_COUNT_SENDERS_H
#define LUOT_COUNT_SENDERS_H

#include "base/arena.h"
#include "base/slice.h"

enum {
    SENDERS_MAX = 1024,   /* at once                                              */
    SENDERS_WINDOW = 128, /* datagrams that may overtake one another              */
    SENDERS_TIME_S = 60   /* a datagram's time is at most so far from ours        */
};
#define SENDERS_SEQ_MAX (((uint64_t)1 << 48) - 1)

struct senders; /* in the arena */

/* Backs the table, 1.1 MiB at the end of the first range. Before any worker. ERR_NOSPACE,
 * ERR_IO. */
int senders_open(struct senders **ret_senders, struct arena *a);

/* Which sender of all writers' this is. */
uint64_t sender_id(struct slice writer, uint64_t number);

enum senders_verdict {
    SENDERS_NEW,  /* never seen: count it        */
    SENDERS_SEEN, /* seen, or beyond the window  */
    SENDERS_FULL  /* no room for another sender  */
};
struct senders_gap {
    uint64_t skipped; /* numbers between the newest before and this one */
    bool late;        /* it fills a number that was skipped             */
};
/* Any worker. `seq` is 1 to SENDERS_SEQ_MAX. */
enum senders_verdict senders_take(struct senders *t, uint64_t id, uint64_t seq,
                                  int64_t now_ms, struct senders_gap *ret_gap);

#endif
