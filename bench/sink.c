/* The baseline: receives datagrams and does nothing with them but count. What luot costs
 * above this is what luot does.
 *
 *   sink [gro]      prints `port N`, then at SIGTERM `datagrams N bytes N`
 *
 * Plain: epoll and recvmmsg of 256 datagrams. gro: UDP_GRO and 16 buffers of 64 KiB,
 * split by the segment size, as luotd does. */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { PLAIN = 256, PLAIN_BYTES = 8448, GRO = 16, GRO_BYTES = 65536 };

static volatile sig_atomic_t stopped;

static void on_term(int number)
{
    (void)number;
    stopped = 1;
}

struct sink {
    int fd, messages;
    size_t bytes_each;
    uint64_t datagrams, bytes;
    struct mmsghdr message[PLAIN];
    struct iovec part[PLAIN];
    char control[PLAIN][64];
};

static uint64_t datagrams_in(struct msghdr *m, unsigned length)
{
    int segment = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
    return segment > 0 ? (length + (unsigned)segment - 1) / (unsigned)segment : 1;
}

static void receive(struct sink *s)
{
    for (;;) {
        int n;

        for (int i = 0; i < s->messages; i++)
            s->message[i].msg_hdr.msg_controllen = sizeof s->control[i];
        n = recvmmsg(s->fd, s->message, (unsigned)s->messages, MSG_DONTWAIT, NULL);
        if (n <= 0)
            return;
        for (int i = 0; i < n; i++) {
            s->datagrams += datagrams_in(&s->message[i].msg_hdr, s->message[i].msg_len);
            s->bytes += s->message[i].msg_len;
        }
    }
}

int main(int argc, char **argv)
{
    static struct sink s;
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t length = sizeof at;
    struct epoll_event event = {.events = EPOLLIN};
    struct sigaction term = {.sa_handler = on_term};
    int gro = argc > 1 && strcmp(argv[1], "gro") == 0, on = 1, buffer = 4 << 20, poll;

    s.messages = gro ? GRO : PLAIN;
    s.bytes_each = gro ? GRO_BYTES : PLAIN_BYTES;
    s.fd = socket(AF_INET, SOCK_DGRAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(s.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (gro)
        setsockopt(s.fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    poll = epoll_create1(0);
    if (bind(s.fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(s.fd, (struct sockaddr *)&at, &length) != 0 ||
        epoll_ctl(poll, EPOLL_CTL_ADD, s.fd, &event) != 0)
        return 71;
    for (int i = 0; i < s.messages; i++) {
        s.part[i] = (struct iovec){malloc(s.bytes_each), s.bytes_each};
        s.message[i].msg_hdr = (struct msghdr){
            .msg_iov = &s.part[i], .msg_iovlen = 1, .msg_control = s.control[i]};
    }
    sigaction(SIGTERM, &term, NULL);
    printf("port %u\n", ntohs(at.sin_port));
    fflush(stdout);
    while (!stopped)
        if (epoll_wait(poll, &event, 1, 1000) > 0)
            receive(&s);
    printf("datagrams %llu bytes %llu\n", (unsigned long long)s.datagrams,
           (unsigned long long)s.bytes);
    return 0;
}
