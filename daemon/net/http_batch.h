/* Floor 4 (net). The requests that were read together: all are counted in one turn, then
 * answered in order.
 *
 * A batch is lent to a connection while it is answered. Usually that is one call; it
 * stays with the connection while an answer is `later` or a slow reader is behind, and
 * then goes on at `next`. */
#ifndef LUOT_NET_HTTP_BATCH_H
#define LUOT_NET_HTTP_BATCH_H

#include "net/http_conn.h"

enum {
    SPARE_BATCHES = 16 /* a worker has at start; more answers `later` at once allocate */
};

struct http_batch {
    struct http_request request[PIPELINED_MAX]; /* slices of the connection's input */
    struct exchange exchange[PIPELINED_MAX];
    unsigned count;   /* requests                           */
    unsigned next;    /* the first without an answer        */
    unsigned refusal; /* status for what follows them, or 0 */
    struct http_batch *next_spare;
};

/* ERR_NOMEM. */
int http_batch_fill(struct http *h);
void http_batch_empty(struct http *h);
void http_batch_put(struct http *h, struct http_batch *batch); /* NULL is a no-op */
/* Takes all complete requests out of the input and hands them to request(), in one turn.
 * c->batch stays NULL when there is none. */
void http_batch_read(struct http_conn *c);
/* Answers until all are answered (c->batch is NULL then), or the connection is blocked or
 * closed. */
void http_batch_answer(struct http_conn *c);

#endif
