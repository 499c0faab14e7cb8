/* Floor 5. systemd's notify protocol, 30 lines: READY=1, RELOADING=1, STOPPING=1,
 * WATCHDOG=1, STATUS=… to $NOTIFY_SOCKET. */
#ifndef LUOT_NOTIFY_H
#define LUOT_NOTIFY_H

struct notify {
    int fd; /* -1: nobody to tell */
};

void notify_init(struct notify *n); /* reads and removes NOTIFY_SOCKET */
/* Any thread; never blocks. */
void notify_send(const struct notify *n, const char *message);
void notify_release(struct notify *n);

#endif
