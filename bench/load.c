/* The load generator: UDP beacons as portals send them (beacons.h), bounded in count.
 * Loopback only.
 *
 *   load PORT COUNT [per_datagram=1] [segments=0] [visitors=10000] [rate=0] [at_once=32]
 *
 * per_datagram: beacons in one datagram. segments: datagrams that one system call hands
 * to the kernel (UDP_SEGMENT); 0: sendmmsg of single datagrams. rate: beacons a second,
 * 0: as fast as it goes. at_once: datagrams that one sendmmsg hands over; with 1 each goes
 * out at its own time, for which this spins. Prints how many beacons and bytes were sent. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "beacons.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { VARIANTS = 4096, BATCH = 32, SOCKETS = 16, DATAGRAM_MAX = 8192 };

static uint64_t random_state = 1;

struct load {
    int socket[SOCKETS];
    char *datagrams; /* VARIANTS of them, one length each */
    size_t length;
    unsigned segments, at_once;
    struct mmsghdr message[BATCH];
    struct iovec part[BATCH];
};

static void fill(struct load *l, unsigned per_datagram, unsigned visitors)
{
    struct beacons b;

    if (!beacons_make(&b, VARIANTS, per_datagram, visitors, &random_state))
        exit(71);
    if (b.length > DATAGRAM_MAX) {
        fprintf(stderr, "load: %u beacons do not fit in a datagram of %d bytes\n",
                per_datagram, DATAGRAM_MAX);
        exit(64);
    }
    l->datagrams = b.datagrams;
    l->length = b.length;
}

static void open_sockets(struct load *l, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int segment = (int)l->length;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < SOCKETS; i++) {
        l->socket[i] = socket(AF_INET, SOCK_DGRAM, 0);
        if (l->socket[i] < 0 ||
            connect(l->socket[i], (struct sockaddr *)&to, sizeof to) != 0 ||
            (l->segments > 0 && setsockopt(l->socket[i], IPPROTO_UDP, UDP_SEGMENT,
                                           &segment, sizeof segment) != 0)) {
            perror("load");
            exit(71);
        }
    }
}

/* One system call's worth; returns datagrams sent. */
static unsigned send_some(struct load *l, unsigned turn)
{
    int fd = l->socket[turn % SOCKETS];
    size_t first = beacons_random(&random_state) % (VARIANTS - 64);
    int n;

    if (l->segments > 0) {
        ssize_t sent =
            send(fd, l->datagrams + first * l->length, l->segments * l->length, 0);
        return sent < 0 ? 0 : l->segments;
    }
    for (unsigned i = 0; i < l->at_once; i++) {
        l->part[i] = (struct iovec){l->datagrams + (first + i) * l->length, l->length};
        l->message[i] =
            (struct mmsghdr){.msg_hdr = {.msg_iov = &l->part[i], .msg_iovlen = 1}};
    }
    n = sendmmsg(fd, l->message, l->at_once, 0);
    return n < 0 ? 0 : (unsigned)n;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static unsigned argument(int argc, char **argv, int i, unsigned fallback)
{
    return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    struct load load = {.segments = argument(argc, argv, 4, 0),
                        .at_once = argument(argc, argv, 7, BATCH)};
    unsigned port = argument(argc, argv, 1, 0), per_datagram = argument(argc, argv, 3, 1);
    uint64_t count = argument(argc, argv, 2, 0), sent = 0;
    double rate = argument(argc, argv, 6, 0), began;

    if (port == 0 || port > 65535 || count == 0 || per_datagram == 0 ||
        load.at_once == 0 || load.at_once > BATCH) {
        fprintf(stderr, "usage: load PORT COUNT [per_datagram] [segments] [visitors] "
                        "[rate] [at_once]\n");
        return 64;
    }
    fill(&load, per_datagram, argument(argc, argv, 5, 10000));
    if (load.segments * load.length > 65000)
        load.segments = (unsigned)(65000 / load.length);
    open_sockets(&load, (uint16_t)port);
    began = now_s();
    for (unsigned turn = 0; sent < count; turn++) {
        sent += (uint64_t)send_some(&load, turn) * per_datagram;
        while (rate > 0 && (double)sent > (now_s() - began) * rate)
            if (load.at_once > 1)
                usleep(50);
    }
    printf("%llu beacons of %zu bytes a datagram in %.3f s\n", (unsigned long long)sent,
           load.length, now_s() - began);
    return 0;
}
