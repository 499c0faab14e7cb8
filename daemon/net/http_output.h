/* Floor 4 (net). Bytes out of a connection: what the kernel takes at once, and the rest
 * when the reader is ready. */
#ifndef LUOT_NET_HTTP_OUTPUT_H
#define LUOT_NET_HTTP_OUTPUT_H

#include "net/http_conn.h"

/* Sends `bytes`; what does not go at once is copied and c->unsent is set. Only when
 * nothing is unsent. Stops the connection when it is broken or when too much is
 * unsent. `last`: if all of it goes, the caller closes the connection at once; the kernel
 * then has one packet to send for the two. */
void http_output_send(struct http_conn *c, struct slice bytes, bool last);
/* Tries once: how many bytes the kernel took. Stops the connection when it is broken. */
size_t http_output_now(struct http_conn *c, struct slice bytes);
/* The same for c->reply, without a copy. */
void http_output_send_reply(struct http_conn *c);
/* Counts an answer by its class. */
void http_output_count(struct http *h, unsigned status);

#endif
