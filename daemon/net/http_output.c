#include "net/http_output.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Only when nothing is in libuv's hands: what it still has to write goes first. */
static size_t send_now(struct http_conn *c, struct slice bytes, int flags)
{
    ssize_t sent = send(c->fd, bytes.at, bytes.length, MSG_NOSIGNAL | flags);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
        http_conn_stop(c);
    return 0;
}

size_t http_output_now(struct http_conn *c, struct slice bytes)
{
    return send_now(c, bytes, 0);
}

static void forget_unsent(struct http_conn *c)
{
    c->http->unsent -= c->unsent.length;
    free(c->unsent.block);
    c->unsent = (struct http_bytes){.block = NULL};
}

static void on_written(uv_write_t *write, int status)
{
    struct http_conn *c = write->data;
    forget_unsent(c);
    if (status < 0)
        http_conn_stop(c);
    else
        http_conn_advance(c);
}

/* Takes the block over. */
static void send_later(struct http_conn *c, struct http_bytes bytes)
{
    union {
        const char *in;
        char *out;
    } rest = {bytes.at};
    uv_buf_t buf = uv_buf_init(rest.out, (unsigned)bytes.length);
    assert(c->unsent.block == NULL);
    if (!http_conn_watch(c)) {
        free(bytes.block);
        return;
    }
    c->unsent = bytes;
    c->http->unsent += bytes.length;
    c->write.data = c;
    c->phase = PHASE_NONE; /* each write has a deadline of its own */
    http_conn_enter(c, PHASE_WRITE);
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        forget_unsent(c);
        http_conn_stop(c);
    }
}

void http_output_send(struct http_conn *c, struct slice bytes, bool last)
{
    if (c->stopped || bytes.length == 0)
        return;
    size_t sent = send_now(c, bytes, last ? MSG_MORE : 0);
    size_t left = bytes.length - sent;
    if (c->stopped || left == 0)
        return;
    char *copy = NULL;
    if (c->http->unsent + left <= UNSENT_BYTES_MAX)
        copy = malloc(left);
    if (copy == NULL) {
        metrics_bump(c->http->lane.row, http_turned_away, 1);
        http_conn_stop(c);
        return;
    }
    memcpy(copy, bytes.at + sent, left);
    send_later(c, (struct http_bytes){.block = copy, .at = copy, .length = left});
}

void http_output_send_reply(struct http_conn *c)
{
    struct http_bytes reply = c->reply;
    c->reply = (struct http_bytes){.block = NULL};
    size_t sent = http_output_now(c, (struct slice){reply.at, reply.length});
    reply.at += sent;
    reply.length -= sent;
    if (c->stopped || reply.length == 0)
        free(reply.block);
    else
        send_later(c, reply);
}

void http_output_count(struct http *h, unsigned status)
{
    if (status >= 500)
        metrics_bump(h->lane.row, http_responses_5xx, 1);
    else if (status >= 400)
        metrics_bump(h->lane.row, http_responses_4xx, 1);
    else if (status >= 300)
        metrics_bump(h->lane.row, http_responses_3xx, 1);
    else
        metrics_bump(h->lane.row, http_responses_2xx, 1);
}
