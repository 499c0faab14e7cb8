/* Floor 4 (net). How long a UDP socket may be left alone under load.
 *
 * A datagram that comes alone costs its wake-up, which is several times what receiving it
 * costs. From 8,000 a second on nobody wants each of them at once: the socket is not
 * polled any more, they gather in the kernel's buffer, and a timer says when to look. A
 * nap is
 *
 *     min(1 ms, room / (4 * rate), twice the nap before)
 *
 * room: bytes that the buffer still takes; rate: bytes a second that it took in, by the
 * kernel's own account, which is several times what is in them. So a load that becomes four
 * times as heavy within one nap still fits, and with the 4 MiB that we ask for so does a
 * burst of nine tenths of them (a nap of 1 ms at 200,000 a second uses 3 %). The rate rises
 * at once and falls by half at most each time. A socket that gets less is polled: what comes
 * alone is counted at once.
 *
 * Pure: the time, what came and what the kernel says are arguments. */
#ifndef LUOT_NET_NAP_H
#define LUOT_NET_NAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NAP_NS_MAX = 1000000,
    NAP_NS_FIRST = 250000, /* before the rate in bytes is known             */
    NAP_NS_MIN = 50000,    /* less is not worth two system calls            */
    NAP_BEGINS = 8000,     /* messages a second from which on naps are taken */
    NAP_GOES_ON = 2000     /* ... and below which they end                  */
};

struct nap {
    uint64_t since_ns;  /* the queue was empty then                    */
    uint64_t length_ns; /* of the nap that is taken; 0: polled         */
    uint64_t came;      /* messages since then                         */
    uint64_t messages;  /* a second                                    */
    uint64_t bytes;     /* a second, as the kernel's buffer counts them */
};

/* The nap's arithmetic alone: ns, at most NAP_NS_MAX. */
uint64_t nap_length(uint64_t room, uint64_t bytes_a_second);
/* A nap is over: `held` bytes are in the buffer, and nothing has been taken out yet. */
void nap_over(struct nap *n, uint64_t now_ns, uint64_t held);
/* `came` messages were taken and the queue is empty; the buffer takes `room` bytes. For
 * how many ns to leave it alone; 0: poll it. */
uint64_t nap_next(struct nap *n, uint64_t now_ns, uint64_t came, uint64_t room);

#endif
