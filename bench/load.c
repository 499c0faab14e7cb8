/* The load generator: UDP beacons as portals send them (pool.h), bounded in count.
 * Loopback only.
 *
 *   load [-l LINES] [-g SEGMENTS] [-b BATCH] [-r RATE] [-d MS] [-s SITES] [-e VISITORS] PORT FILE COUNT
 *
 * -l  beacons in a datagram (1)
 * -g  datagrams of one beacon each that one system call hands to the kernel in one piece
 *     (UDP_SEGMENT); as all segments have one size, they are beacons of one length
 * -b  datagrams that one sendmmsg sends (32); 1 is one by one
 * -r  beacons a second, as evenly as it can; 0 is as fast as it goes
 * -d  milliseconds after which it ends, whatever COUNT says
 * -s  sites, in turn
 * -e  so many visitors in turn, whatever the file says, a beacon each; not with -g
 *
 * Prints what was sent, and how long it took. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH_MAX = 64, SEGMENTS_MAX = 64, SOCKETS = 16, DATAGRAM_MAX = 8192 };

struct load {
    struct pool pool;
    int socket[SOCKETS];
    unsigned lines, segments, batch;
    double rate;
    double seconds;  /* 0: until all is sent */
    size_t next;     /* line of the pool */
    uint32_t *start; /* where so many lines as a call has segments have one length */
    size_t starts;   /* in by_length                                              */
    uint32_t *by_length;
    uint64_t datagrams, bytes;
    struct mmsghdr message[BATCH_MAX];
    struct iovec part[BATCH_MAX];
    char memory[BATCH_MAX][DATAGRAM_MAX + POOL_LINE_MAX];
};

static void fail(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(71);
}

static void open_sockets(struct load *l, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < SOCKETS; i++) {
        l->socket[i] = socket(AF_INET, SOCK_DGRAM, 0);
        if (l->socket[i] < 0 ||
            connect(l->socket[i], (struct sockaddr *)&to, sizeof to) != 0)
            fail(strerror(errno));
    }
}

/* Counting sort: lines by their length, and in their order within one. */
static void sort_by_length(struct load *l)
{
    const struct pool *p = &l->pool;
    static size_t end[POOL_LINE_MAX + 1];
    size_t at;

    l->by_length = calloc(p->count, sizeof *l->by_length);
    l->start = calloc(p->count, sizeof *l->start);
    if (l->by_length == NULL || l->start == NULL)
        fail("no memory");
    for (size_t i = 0; i < p->count; i++)
        end[p->line[i].length + 1 < POOL_LINE_MAX ? p->line[i].length + 1
                                                  : POOL_LINE_MAX]++;
    for (size_t i = 1; i <= POOL_LINE_MAX; i++)
        end[i] += end[i - 1];
    for (size_t i = 0; i < p->count; i++)
        l->by_length[end[p->line[i].length]++] = (uint32_t)i;
    for (at = 0; at + l->segments <= p->count; at++)
        if (p->line[l->by_length[at]].length ==
            p->line[l->by_length[at + l->segments - 1]].length)
            l->start[l->starts++] = (uint32_t)at;
    if (l->starts == 0)
        fail("no length has lines enough for one message");
}

static uint64_t send_segments(struct load *l, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control = {0};
    size_t at = l->start[pool_random(&l->pool.random) % l->starts], length = 0;
    struct iovec part = {l->memory, 0};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    uint16_t size;
    ssize_t sent;

    for (unsigned i = 0; i < l->segments; i++)
        length += pool_write(&l->pool, l->by_length[at + i], (char *)l->memory + length);
    size = (uint16_t)(length / l->segments);
    part.iov_len = length;
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
    sent = sendmsg(fd, &message, 0);
    if (sent != (ssize_t)length)
        fail(sent < 0 ? strerror(errno) : "a message was cut");
    l->datagrams += l->segments;
    l->bytes += length;
    return l->segments;
}

static size_t fill_datagram(struct load *l, char *to)
{
    size_t length = 0;

    for (unsigned i = 0; i < l->lines; i++) {
        length += pool_write(&l->pool, l->next, to + length);
        l->next = pool_next(&l->pool, l->next);
        if (i + 1 < l->lines)
            to[length++] = '\n';
        if (length > DATAGRAM_MAX)
            fail("so many beacons do not fit in a datagram of 8,192 bytes: fewer -l");
    }
    return length;
}

static uint64_t send_batch(struct load *l, int fd)
{
    unsigned done = 0;

    for (unsigned i = 0; i < l->batch; i++) {
        l->part[i] = (struct iovec){l->memory[i], fill_datagram(l, l->memory[i])};
        l->message[i] =
            (struct mmsghdr){.msg_hdr = {.msg_iov = &l->part[i], .msg_iovlen = 1}};
        l->bytes += l->part[i].iov_len;
    }
    while (done < l->batch) {
        int n = sendmmsg(fd, l->message + done, l->batch - done, 0);

        if (n <= 0)
            fail(strerror(errno));
        done += (unsigned)n;
    }
    l->datagrams += l->batch;
    return (uint64_t)l->batch * l->lines;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static unsigned number(const char *text, unsigned low, unsigned high)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || n < low || n > high) {
        fprintf(stderr, "load: %s is not a number from %u to %u\n", text, low, high);
        exit(64);
    }
    return (unsigned)n;
}

static void read_options(struct load *l, int argc, char **argv)
{
    int option;

    l->lines = 1;
    l->batch = 32;
    while ((option = getopt(argc, argv, "l:g:b:r:d:s:e:")) != -1) {
        if (option == 'l')
            l->lines = number(optarg, 1, 64);
        else if (option == 'g')
            l->segments = number(optarg, 1, SEGMENTS_MAX);
        else if (option == 'b')
            l->batch = number(optarg, 1, BATCH_MAX);
        else if (option == 'r')
            l->rate = number(optarg, 0, 1000000000);
        else if (option == 'd')
            l->seconds = number(optarg, 1, 60000) * 1e-3;
        else if (option == 's')
            l->pool.sites = number(optarg, 1, 20000);
        else if (option == 'e')
            l->pool.each = number(optarg, 1, 100000000);
        else
            exit(64);
    }
    if (argc - optind != 3 || (l->segments > 0 && (l->lines > 1 || l->pool.each > 0))) {
        fprintf(stderr, "usage: load [-l LINES | -g SEGMENTS] [-b BATCH] [-r RATE] "
                        "[-d MS] [-s SITES] [-e VISITORS] PORT FILE COUNT\n");
        exit(64);
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    struct pool pool;
    uint64_t sent = 0, count;
    double began, took;

    read_options(&load, argc, argv);
    open_sockets(&load, (uint16_t)number(argv[optind], 1, 65535));
    if (!pool_open(&pool, argv[optind + 1]))
        fail("the file is not there, or not one that lib/input.mjs made");
    pool.sites = load.pool.sites == 0 ? 1 : load.pool.sites;
    pool.each = load.pool.each;
    load.pool = pool;
    count = number(argv[optind + 2], 1, 1000000000);
    if (load.segments > 0)
        sort_by_length(&load);
    began = now_s();
    for (unsigned turn = 0; sent < count; turn++) {
        int fd = load.socket[turn % SOCKETS];

        sent += load.segments > 0 ? send_segments(&load, fd) : send_batch(&load, fd);
        while (load.rate > 0 && (double)sent > (now_s() - began) * load.rate)
            ; /* a sleep would gather what should come one by one */
        if (load.seconds > 0 && now_s() - began >= load.seconds)
            break;
    }
    took = now_s() - began;
    printf("beacons %llu datagrams %llu bytes %llu seconds %.4f\n",
           (unsigned long long)sent, (unsigned long long)load.datagrams,
           (unsigned long long)load.bytes, took);
    pool_close(&load.pool);
    return 0;
}
