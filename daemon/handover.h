/* Floor 5. Sockets that outlive the process: systemd's $LISTEN_FDS, and what we have it
 * keep (FDSTORE). Both ways in are one: a socket unit's sockets and those that the luotd
 * before us stored come as the same list.
 *
 * An upgrade: this luotd opens sockets -> handover_store -> it is told to stop, and leaves
 * the doors' queues -> the manager, who still holds the sockets, starts the next one with
 * them -> handover_init -> net_open takes them. In between the kernel queues. */
#ifndef LUOT_HANDOVER_H
#define LUOT_HANDOVER_H

#include "net/net.h"
#include "notify.h"

enum { HANDOVER_NAME_MAX = 63 };

struct handover {
    struct net_handed *sockets; /* in the order they were bound                */
    char (
        *names)[HANDOVER_NAME_MAX + 1]; /* of each                                     */
    size_t count;
    unsigned next; /* number of the next name that we give: luot-N        */
    bool kept;     /* the manager holds all that we opened                */
};

/* Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of the environment, and the
 * descriptors when they are for this process. Before any other descriptor is closed.
 * ERR_NOMEM. */
int handover_init(struct handover *h);
/* After net_open: closes what it refused, and says so; has the manager forget that and
 * what leaves, and keep what is new. */
void handover_store(struct handover *h, const struct net *net, const struct notify *n);
void handover_release(struct handover *h);

#endif
