/* Floor 4 (net). The answers that net gives itself, before it closes: a request that
 * cannot be read, an answer that does not fit. */
#ifndef LUOT_NET_REFUSAL_H
#define LUOT_NET_REFUSAL_H

#include "base/buffer.h"

/* A whole answer: Connection: close, Cache-Control: no-store, one plain sentence. */
void refusal_write(struct buffer *out, unsigned status);

#endif
