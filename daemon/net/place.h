/* Floor 4 (net). Where a socket is bound, in the kernel's form; and whether a socket that
 * was handed to us is bound there. */
#ifndef LUOT_NET_PLACE_H
#define LUOT_NET_PLACE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/net.h"

struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t length;
};

struct place place_of(const struct address *a); /* port 0 */
uint16_t place_port(const struct place *p);
void place_set_port(struct place *p, uint16_t port);
uint16_t bound_port(int fd); /* 0: none */

/* Nobody has taken it, and it is a socket of `type` (a listening SOCK_STREAM, or
 * SOCK_DGRAM) bound to `p`, or to its address when p's port is 0. `why` of a socket that
 * is of this place but cannot be used says so. */
bool handed_fits(struct net_handed *h, const struct place *p, int type);

#endif
