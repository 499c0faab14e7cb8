/* Floor 4 (net). An answer that does not end: a connection that listens. It is asked for
 * nothing more, keeps no request and no input, and once a second gets what the handler
 * stream() has for it.
 *
 * Happy path: http_stream_begin -> (a turn) -> stream() -> one write. All that listen are
 * spread over STREAM_TURNS turns of a second, so that no turn keeps beacons waiting for
 * long. What is sent is shared: a listener costs its slot of the connections and what the
 * kernel holds for it, which STREAM_SEND_BUFFER bounds.
 *
 * It ends when: the client closes, stream() says so, we stop, or the client is behind. Who
 * has not taken all of the last bytes misses the next ones; who takes nothing for
 * STREAM_STUCK_MS is closed, as is, by the kernel, who acknowledges nothing for twice as
 * long. */
#ifndef LUOT_NET_HTTP_STREAM_H
#define LUOT_NET_HTTP_STREAM_H

#include "net/http_conn.h"

enum {
    STREAM_STUCK_MS = 30000,
    STREAM_SEND_BUFFER = 16384 /* asked; the kernel doubles it */
};

/* The loop's timer. It runs while somebody listens. */
void http_stream_init(struct http *h);
/* c->streams is set, and all that was written before is sent. */
void http_stream_begin(struct http_conn *c);
/* The connection ends; before or after http_stream_begin, once. No-op for others. */
void http_stream_leave(struct http_conn *c);
/* Closes the timer. */
void http_stream_close(struct http *h);

#endif
