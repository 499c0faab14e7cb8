/* Floor 4 (net). Answers on their way to a loop from other threads: a list under a mutex,
 * and a bell. The bell coalesces, so who hears it empties the list. */
#ifndef LUOT_NET_MAILBOX_H
#define LUOT_NET_MAILBOX_H

#include <uv.h>

#include "net/net.h"

struct letter {
    struct letter *next;
    struct reply_token token;
    char *bytes; /* malloc'ed; the reader's from here on */
    size_t length;
    unsigned status;
};

struct mailbox {
    uv_mutex_t lock; /* holds everything below                               */
    uv_async_t bell; /* rung only under the lock, so never after its closing */
    struct letter *first, **end;
    bool open;
};

/* ERR_NOMEM. `on_bell` runs on the loop's thread, with `data` in the handle. */
int mailbox_init(struct mailbox *m, uv_loop_t *loop, uv_async_cb on_bell, void *data);
/* The loop's thread: what is left is dropped, later letters too; closes the bell.
 * `on_closed` may be NULL. */
void mailbox_close(struct mailbox *m, uv_close_cb on_closed);
/* When the loop has closed the bell. */
void mailbox_release(struct mailbox *m);
/* Any thread. Takes `bytes` over, whatever happens to them. */
void mailbox_put(struct mailbox *m, struct reply_token token, char *bytes, size_t length,
                 unsigned status);
/* Any thread: just the bell. */
void mailbox_ring(struct mailbox *m);
/* The loop's thread: all letters in the order they came; free() each and its bytes. */
struct letter *mailbox_take(struct mailbox *m);

#endif
