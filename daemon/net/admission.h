/* Floor 4 (net). Who may come in: how many connections there are, how many of one
 * address, and which slot each has. One for all workers. Its mutex is taken once when a
 * connection opens and once when it closes, never for a request. Nothing is allocated
 * after admission_init. */
#ifndef LUOT_NET_ADMISSION_H
#define LUOT_NET_ADMISSION_H

#include <pthread.h>

#include "base/address.h"
#include "base/hash.h"

struct guests; /* one address unit (IPv6: a /64) and its open connections */

struct admission {
    pthread_mutex_t lock; /* holds everything below                        */
    unsigned limit;       /* connections at once, all addresses together   */
    unsigned per_address; /* of one address unit                           */
    unsigned open;        /* now                                           */
    uint32_t *free_slots; /* a stack: the warmest slot is given out first  */
    struct guests *table; /* open addressing, at most half full            */
    size_t mask;          /* rows of the table, minus one                  */
    struct hash_key key;  /* strangers choose addresses, so rows are keyed */
};

/* ERR_NOMEM. */
int admission_init(struct admission *a, unsigned connections, unsigned per_address);
void admission_release(struct admission *a);
/* Any thread. 0 and a slot below `connections`, else ERR_FULL. `unlimited`: only the
 * limit of all holds. */
int admission_enter(struct admission *a, const struct address *peer, bool unlimited,
                    uint32_t *ret_slot);
/* Any thread: gives back what admission_enter gave. */
void admission_leave(struct admission *a, const struct address *peer, uint32_t slot);

#endif
