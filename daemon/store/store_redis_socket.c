/* The bytes of a connection: each call waits no longer than until the call under way is to
 * give up. hiredis itself has no bounds: a length is believed and memory grows as bytes
 * come, an array's pointers are allocated when its length is read. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "store/store_redis_link_inner.h"

enum {
    READ_BYTES = 16 * 1024,
    HURRY_LOOK_MS =
        50 /* how late a wait notices a hurry; 20 wakes a second of one that hangs */
};

void redis_link_hang_up(struct redis_link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    if (l->reader != NULL)
        redisReaderFree(l->reader);
    l->fd = -1;
    l->reader = NULL;
    l->out_from = l->out_until = l->said = l->unfinished = 0;
}

int redis_link_wait(struct redis_link *l, short events, short *ret_events)
{
    struct pollfd p = {.fd = l->fd, .events = events};

    for (;;) {
        int64_t hurry_ms = atomic_load_explicit(&l->hurry_ms, memory_order_relaxed);
        int64_t until_ms =
            hurry_ms != 0 && hurry_ms < l->give_up_ms ? hurry_ms : l->give_up_ms;
        int64_t left = until_ms - redis_now_ms();
        int n;

        if (left <= 0)
            return redis_link_fail_late(l);
        n = poll(&p, 1, left > HURRY_LOOK_MS ? HURRY_LOOK_MS : (int)left);
        if (n > 0) {
            *ret_events = p.revents;
            return 0;
        }
        if (n < 0 && errno != EINTR)
            return redis_link_fail_errno(l, errno);
    }
}

int redis_link_send(struct redis_link *l)
{
    ssize_t n = send(l->fd, l->out + l->out_from, l->out_until - l->out_from,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : redis_link_fail_errno(l, errno);
    l->out_from += (size_t)n;
    if (l->out_from == l->out_until)
        l->out_from = l->out_until = 0;
    return 0;
}

int redis_link_read(struct redis_link *l)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(l->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : redis_link_fail_errno(l, errno);
    if (n == 0)
        return redis_link_fail(l, TROUBLE_AWAY, ERR_IO, "it closed the connection");
    if (redisReaderFeed(l->reader, bytes, (size_t)n) != REDIS_OK)
        return redis_link_fail(l, TROUBLE_HOSTILE, ERR_MALFORMED,
                               "what it says is no reply");
    l->unfinished += (size_t)n;
    return 0;
}

int redis_link_take(struct redis_link *l, redisReply **ret_reply)
{
    void *reply = NULL;

    if (redisReaderGetReply(l->reader, &reply) != REDIS_OK)
        return redis_link_fail(l, TROUBLE_HOSTILE, ERR_MALFORMED,
                               "what it says is no reply");
    *ret_reply = reply;
    if (reply != NULL)
        l->unfinished = l->reader->len - l->reader->pos;
    else if (l->unfinished > REPLY_LIMIT)
        return redis_link_fail(l, TROUBLE_HOSTILE, ERR_TOO_LONG,
                               "a reply of more than 64 KiB");
    return 0;
}

static void *create_array(const redisReadTask *task, int elements)
{
    const struct redis_link *l = task->privdata;

    return elements > REPLY_ELEMENTS ? NULL : l->theirs.createArray(task, elements);
}

int redis_link_open(struct redis_link *l, const struct sockaddr *address,
                    socklen_t length)
{
    socklen_t size = sizeof(int);
    int said = 0, rv;
    short events;

    l->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return redis_link_fail_errno(l, errno);
    /* A pipeline's last piece must not wait for an acknowledgement. */
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(l->fd, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return redis_link_fail_errno(l, errno);
    rv = redis_link_wait(l, POLLOUT, &events);
    if (rv == 0 && getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &said, &size) != 0)
        said = errno;
    return rv != 0 || said == 0 ? rv : redis_link_fail_errno(l, said);
}

/* hiredis makes what it reads; the number of an array's elements is ours to judge. */
int redis_link_listen(struct redis_link *l)
{
    l->reader = redisReaderCreate();
    if (l->reader == NULL)
        return redis_link_fail(l, TROUBLE_AWAY, ERR_NOMEM, error_text(ERR_NOMEM));
    l->theirs = l->ours = *l->reader->fn;
    l->ours.createArray = create_array;
    l->reader->fn = &l->ours;
    l->reader->privdata = l;
    return 0;
}

void redis_link_check_silence(struct redis_link *l)
{
    char byte;
    ssize_t n;

    if (l->fd < 0)
        return;
    n = recv(l->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        redis_link_hang_up(l);
}
