/* Floor 5. systemd's notify protocol, over the datagram socket $NOTIFY_SOCKET: READY=1,
 * RELOADING=1, STOPPING=1, WATCHDOG=1, STATUS=…, and the descriptor store: FDSTORE=1 with
 * the descriptor beside the message (SCM_RIGHTS), which the next process is handed. */
#ifndef LUOT_NOTIFY_H
#define LUOT_NOTIFY_H

#include <stdbool.h>

struct notify {
    int fd; /* -1: nobody to tell */
};

void notify_init(struct notify *n); /* reads and removes NOTIFY_SOCKET */
/* Any thread; never blocks. */
void notify_send(const struct notify *n, const char *message);
/* Has `fd` kept under `name`. Waits up to a second for a manager that is busy. False: it
 * is not kept. FDPOLL=0: an error on a UDP socket is no reason to drop it. */
bool notify_store(const struct notify *n, const char *name, int fd);
void notify_forget(const struct notify *n, const char *name);
void notify_release(struct notify *n);

#endif
