#include "net/place.h"

#include <string.h>

void place_set_port(struct place *p, uint16_t port)
{
    if (p->at.any.sa_family == AF_INET)
        p->at.v4.sin_port = htons(port);
    else
        p->at.v6.sin6_port = htons(port);
}

uint16_t place_port(const struct place *p)
{
    return ntohs(p->at.any.sa_family == AF_INET ? p->at.v4.sin_port : p->at.v6.sin6_port);
}

uint16_t bound_port(int fd)
{
    struct place p = {.length = sizeof p.at};
    return getsockname(fd, &p.at.any, &p.length) == 0 ? place_port(&p) : 0;
}

struct place place_of(const struct address *a)
{
    struct place p = {.length = sizeof p.at.v6};
    p.at.v6.sin6_family = AF_INET6;
    memcpy(&p.at.v6.sin6_addr, a->bytes, 16);
    if (address_is_v4(a)) {
        p = (struct place){.length = sizeof p.at.v4};
        p.at.v4.sin_family = AF_INET;
        memcpy(&p.at.v4.sin_addr, a->bytes + 12, 4);
    }
    return p;
}

/* --- what was handed to us ---------------------------------------------------------- */

static int option(int fd, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

static bool is_bound_to(int fd, const struct place *p)
{
    struct place bound = {.length = sizeof bound.at};
    if (getsockname(fd, &bound.at.any, &bound.length) != 0 ||
        bound.at.any.sa_family != p->at.any.sa_family || place_port(&bound) == 0 ||
        (place_port(p) != 0 && place_port(&bound) != place_port(p)))
        return false;
    if (p->at.any.sa_family == AF_INET)
        return bound.at.v4.sin_addr.s_addr == p->at.v4.sin_addr.s_addr;
    return memcmp(&bound.at.v6.sin6_addr, &p->at.v6.sin6_addr, 16) == 0;
}

bool handed_fits(struct net_handed *h, const struct place *p, int type)
{
    int protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (h->fate != NET_REFUSED || option(h->fd, SO_TYPE) != type ||
        option(h->fd, SO_PROTOCOL) != protocol || !is_bound_to(h->fd, p))
        return false;
    if (option(h->fd, SO_REUSEPORT) != 1)
        h->why = "it does not share its port; set ReusePort=yes where it is opened";
    else if (type == SOCK_STREAM && option(h->fd, SO_ACCEPTCONN) != 1)
        h->why = "it does not listen";
    else
        return true;
    return false;
}
