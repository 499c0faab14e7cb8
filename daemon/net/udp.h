/* Floor 4 (net). A worker's UDP sockets.
 *
 * Happy path: readable -> recvmmsg (16 buffers of 64 KiB) -> turn_begin -> datagram() for
 * each -> turn_end, at most 4 times a wake-up so that HTTP is not starved. Under load a
 * socket is not polled but looked at when a nap is over (net/nap.h): a timer, which delays
 * nothing else that the loop does. Never sends a byte. It fails when: a datagram did not
 * fit (udp_truncated; what came is handed on), it is empty (udp_empty), or the kernel
 * reports an error on the socket (logged, and polled again). What the kernel dropped is
 * net_kernel_drops(). What was received is forgotten within a second, whether or not
 * something else comes. */
#ifndef LUOT_NET_UDP_H
#define LUOT_NET_UDP_H

#include <uv.h>

#include "net/lane.h"
#include "net/nap.h"

struct udp_memory; /* what recvmmsg writes to */

struct udp_socket {
    uv_poll_t poll;
    uv_poll_t alarm; /* of `alarm_fd`, a timerfd: uv_timer_t knows no part of a ms */
    struct udp *udp;
    int *fd; /* the listener's: it closes it, but for one that leaves */
    int alarm_fd;
    struct nap nap;
    uint64_t came; /* messages since the queue was empty last         */
    uint64_t room; /* bytes that the kernel's buffer takes when empty */
    bool taking;   /* a nap is over, what it brought is being taken   */
};

struct udp {
    struct lane lane;
    struct udp_memory *memory;
    struct udp_socket *sockets;
    size_t count;
    size_t staying; /* sockets; those behind them leave */
};

/* ERR_NOMEM. */
int udp_init(struct udp *u, struct lane lane, size_t sockets);
void udp_release(struct udp *u); /* when the loop has closed its handles */
/* Before the thread starts; those that leave after those that stay. ERR_IO. */
int udp_add(struct udp *u, uv_loop_t *loop, int *fd);
/* The worker's thread: takes what is queued already. */
void udp_drain(struct udp *u);
void udp_leave(struct udp *u); /* the same of those that leave, and closes them */
void udp_close(struct udp *u); /* the handles; the sockets are the listener's */
/* Makes zero what datagrams left in the buffers: once a second. */
void udp_forget(struct udp *u);
/* One recvmmsg and its turn: how many messages came, 0 when there is none. What the poll
 * callback calls. */
unsigned udp_receive(struct udp *u, int fd);

#endif
