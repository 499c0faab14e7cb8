/* Floor 4 (net). The sockets of one ADDRESS:PORT: a TCP and a UDP socket for each worker,
 * all on one port number. Sockets that were handed to us come first, what is missing is
 * opened; what is more than there are workers leaves.
 *
 * Before they are opened the port is bound once without SO_REUSEPORT, so that a port in
 * use is an error and never shared by accident. Datagrams are spread over the workers at
 * random by the kernel (a CBPF program), so that one sender is not one worker; TCP keeps
 * the kernel's own hash. */
#ifndef LUOT_NET_LISTENER_H
#define LUOT_NET_LISTENER_H

#include "net/net.h"

enum { BACKLOG = 4096 /* the kernel cuts it at net.core.somaxconn */ };

struct listener {
    struct net_listener opened; /* what net_listeners() shows                      */
    unsigned workers;
    unsigned tcp_handed, udp_handed; /* the first of each array were handed to us       */
    unsigned tcp_count, udp_count;   /* lengths; entry i is worker i % workers's        */
    int *tcp; /* -1: closed. The worker closes its                    */
    int *udp; /* -1: closed. From `workers` on the worker's to close, else ours */
};

/* `text` is ADDRESS:PORT. ERR_MALFORMED, ERR_IN_USE, ERR_DENIED, ERR_NOMEM, ERR_IO with a
 * sentence. */
int listener_open(struct listener *ret_listener, struct slice text,
                  const struct net_options *options, char ret_error[256]);
void listener_close(struct listener *l);
/* Each socket that was not handed to us. */
void listener_show(const struct listener *l, void (*show)(void *context, int fd),
                   void *context);
/* Any thread while the listener is open. */
uint64_t listener_drops(const struct listener *l);

#endif
