#include "net/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

enum {
    BATCH = 16,
    DATAGRAM_BYTES = 65536, /* what one recvmmsg entry can hold: more than GRO joins */
    BATCHES_PER_WAKE = 4,
    BATCHES_AT_STOP = 256 /* a sender that never pauses must not keep us from stopping */
};

struct udp_memory {
    char bytes[BATCH][DATAGRAM_BYTES];
    struct mmsghdr message[BATCH];
    struct iovec vector[BATCH];
    struct sockaddr_storage from[BATCH];
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control[BATCH];
    size_t written[BATCH]; /* bytes of each that udp_forget has to make zero */
};

int udp_init(struct udp *u, struct lane lane, size_t sockets)
{
    /* mmap: only the pages that datagrams touch cost memory. */
    void *memory = mmap(NULL, sizeof(struct udp_memory), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return ERR_NOMEM;
    (void)madvise(memory, sizeof(struct udp_memory), MADV_DONTDUMP);
    *u = (struct udp){.lane = lane, .memory = memory};
    u->sockets = calloc(sockets, sizeof *u->sockets);
    if (u->sockets == NULL)
        return ERR_NOMEM;
    for (int i = 0; i < BATCH; i++) {
        struct udp_memory *m = u->memory;
        m->vector[i] = (struct iovec){.iov_base = m->bytes[i], .iov_len = DATAGRAM_BYTES};
        m->message[i].msg_hdr = (struct msghdr){.msg_name = &m->from[i],
                                                .msg_iov = &m->vector[i],
                                                .msg_iovlen = 1,
                                                .msg_control = &m->control[i]};
    }
    return 0;
}

void udp_release(struct udp *u)
{
    if (u->memory != NULL)
        munmap(u->memory, sizeof *u->memory);
    u->memory = NULL;
    free(u->sockets);
}

/* The size of the datagrams that the kernel joined, or 0 when it joined none. */
static size_t segment_size(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    return 0;
}

/* One message is one datagram, or several of equal size (the last may be shorter) that
 * GRO joined. */
static void take(struct udp *u, struct mmsghdr *message, const struct address *from)
{
    const struct lane *lane = &u->lane;
    struct slice all = {message->msg_hdr.msg_iov->iov_base, message->msg_len};
    size_t size = segment_size(&message->msg_hdr);
    uint64_t datagrams = 0;
    if (message->msg_hdr.msg_flags & MSG_TRUNC)
        metrics_bump(lane->row, udp_truncated, 1);
    if (all.length == 0) {
        metrics_bump(lane->row, udp_datagrams, 1);
        metrics_bump(lane->row, udp_empty, 1);
        return;
    }
    if (size == 0)
        size = all.length;
    for (size_t at = 0; at < all.length; at += size) {
        size_t rest = all.length - at;
        struct slice one = {all.at + at, rest < size ? rest : size};
        lane->handlers->datagram(lane->context, one, from);
        datagrams++;
    }
    metrics_bump(lane->row, udp_datagrams, datagrams);
    metrics_bump(lane->row, udp_bytes, all.length);
}

unsigned udp_receive(struct udp *u, int fd)
{
    struct udp_memory *m = u->memory;
    for (int i = 0; i < BATCH; i++) {
        m->message[i].msg_hdr.msg_namelen = sizeof m->from[i];
        m->message[i].msg_hdr.msg_controllen = sizeof m->control[i];
    }
    int count = recvmmsg(fd, m->message, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0)
        return 0;
    u->lane.handlers->turn_begin(u->lane.context);
    for (int i = 0; i < count; i++) {
        struct address from;
        if (m->written[i] < m->message[i].msg_len)
            m->written[i] = m->message[i].msg_len;
        if (address_from_sockaddr(&from, (const struct sockaddr *)&m->from[i]) == 0)
            take(u, &m->message[i], &from);
    }
    u->lane.handlers->turn_end(u->lane.context);
    return (unsigned)count;
}

void udp_forget(struct udp *u)
{
    struct udp_memory *m = u->memory;
    for (int i = 0; i < BATCH; i++) {
        if (m->from[i].ss_family == AF_UNSPEC) /* nothing came in this one */
            continue;
        memset(m->bytes[i], 0, m->written[i]);
        memset(&m->from[i], 0, sizeof m->from[i]);
        m->written[i] = 0;
    }
}

/* Fewer than a full batch: the queue was empty, so it is not worth asking again. False:
 * there may be more. */
static bool receive_up_to(struct udp_socket *s, unsigned batches)
{
    while (batches-- > 0) {
        unsigned count = udp_receive(s->udp, *s->fd);
        s->came += count;
        if (count < BATCH)
            return true;
    }
    return false;
}

/* --- Naps --- */

static void on_readable(uv_poll_t *poll, int status, int events);

/* What the kernel's buffer holds, and how much it may: bytes by its own account. */
static void ask_buffer(int fd, uint64_t *ret_held, uint64_t *ret_limit)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    (void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length);
    *ret_held = memory[SK_MEMINFO_RMEM_ALLOC];
    *ret_limit = memory[SK_MEMINFO_RCVBUF];
}

/* 0: none. What it said before is taken back. */
static void set_alarm(struct udp_socket *s, uint64_t ns)
{
    struct itimerspec when = {.it_value.tv_nsec = (long)ns};
    (void)timerfd_settime(s->alarm_fd, 0, &when, NULL);
}

/* The queue is empty: the socket is polled, or left alone for a while. */
static void rest(struct udp_socket *s)
{
    bool napped = s->nap.length_ns > 0;
    uint64_t ns = nap_next(&s->nap, uv_hrtime(), s->came, s->room);

    s->came = 0;
    s->taking = false;
    if (ns > 0 || napped)
        set_alarm(s, ns);
    if (ns > 0)
        metrics_bump(s->udp->lane.row, udp_naps, 1);
    if (ns > 0 && !napped)
        uv_poll_stop(&s->poll);
    else if (ns == 0 && napped)
        (void)uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

/* The alarm stays readable until it is set again: what one wake-up does not take is the
 * next one's. */
static void on_alarm(uv_poll_t *poll, int status, int events)
{
    struct udp_socket *s = poll->data;
    (void)status;
    (void)events;
    if (!s->taking) {
        uint64_t held;
        ask_buffer(*s->fd, &held, &s->room);
        nap_over(&s->nap, uv_hrtime(), held);
        s->taking = true;
    }
    if (receive_up_to(s, BATCHES_PER_WAKE))
        rest(s);
}

/* libuv stops a poll handle when the socket has an error: we take the error off it and go
 * on. */
static void go_on_after_error(struct udp_socket *s)
{
    int error = 0;
    socklen_t length = sizeof error;
    (void)getsockopt(*s->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    log_warn("event=udp_error error=\"%s\" next=receive_again", strerror(error));
    (void)uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct udp_socket *s = poll->data;
    (void)events;
    if (status < 0)
        go_on_after_error(s);
    else if (receive_up_to(s, BATCHES_PER_WAKE))
        rest(s);
}

int udp_add(struct udp *u, uv_loop_t *loop, int *fd)
{
    struct udp_socket *s = &u->sockets[u->count];
    int alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (alarm_fd < 0)
        return error_from_errno(errno);
    *s = (struct udp_socket){.udp = u, .fd = fd, .alarm_fd = alarm_fd};
    s->poll.data = s->alarm.data = s;
    if (uv_poll_init_socket(loop, &s->poll, *fd) != 0) {
        close(alarm_fd);
        return ERR_IO;
    }
    (void)uv_poll_init(loop, &s->alarm, alarm_fd); /* fails for no timerfd */
    u->count++; /* from here on udp_close() closes the handles */
    if (uv_poll_start(&s->alarm, UV_READABLE, on_alarm) != 0)
        return ERR_IO;
    return uv_poll_start(&s->poll, UV_READABLE, on_readable) == 0 ? 0 : ERR_IO;
}

static void close_handles(struct udp_socket *s)
{
    uv_close((uv_handle_t *)&s->poll, NULL);
    uv_close((uv_handle_t *)&s->alarm, NULL);
    close(s->alarm_fd);
}

void udp_drain(struct udp *u)
{
    for (size_t i = 0; i < u->count; i++)
        (void)receive_up_to(&u->sockets[i], BATCHES_AT_STOP);
}

void udp_leave(struct udp *u)
{
    while (u->count > u->staying) {
        struct udp_socket *s = &u->sockets[--u->count];
        (void)receive_up_to(s, BATCHES_AT_STOP);
        close_handles(s);
        close(*s->fd);
        *s->fd = -1;
    }
}

void udp_close(struct udp *u)
{
    for (size_t i = 0; i < u->count; i++)
        close_handles(&u->sockets[i]);
    u->count = 0;
}
