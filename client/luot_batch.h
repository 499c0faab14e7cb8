/* Lines gather in datagrams, datagrams leave together. Internal to libluot; not locked:
 * the handle (luot.c) lets one thread in at a time. */
#ifndef LUOT_CLIENT_BATCH_H
#define LUOT_CLIENT_BATCH_H

#include <netinet/in.h>
#include <stdbool.h>

#include "luot.h"
#include "luot_seam.h"
#include "luot_sign.h"

/* The options, checked and with their defaults. */
struct luot_plan {
    const struct luot_seam *seam;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    socklen_t to_length;
    size_t bytes;       /* of a datagram, but for a single longer line */
    unsigned lines;     /* of a datagram                               */
    unsigned datagrams; /* of a batch                                  */
    unsigned wait_ms;   /* before the oldest line is late              */
    bool plain;         /* no UDP_SEGMENT                              */
    struct luot_signer signer;
};

struct luot_batch;

/* Empty and without a socket. Keeps `plan`. NULL: no memory. */
struct luot_batch *luot_batch_new(const struct luot_plan *plan);
/* Forgets what waits and closes the socket. NULL is a no-op. */
void luot_batch_free(struct luot_batch *b);

/* Opens the socket now, so that the caller learns what is wrong. 0 or errno's value. A
 * network that is not there yet is not wrong. */
int luot_batch_prepare(struct luot_batch *b);
/* Closes the socket, if its number still means that socket; the next send opens
 * another. */
void luot_batch_let_go(struct luot_batch *b);

/* Takes a line of at most LUOT_BEACON_MAX bytes, and sends when it is time. */
void luot_batch_add(struct luot_batch *b, const char *line, size_t length);
/* Sends everything; afterwards the batch is empty, whatever the network said. */
void luot_batch_send(struct luot_batch *b);

struct luot_stats luot_batch_stats(const struct luot_batch *b);

#endif
