#include "net/http_conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_batch.h"
#include "net/http_output.h"
#include "net/http_stream.h"

static_assert((int)INPUT_BYTES >= (int)HTTP_HEAD_MAX + (int)HTTP_BODY_MAX,
              "one request must fit into a connection's input");

bool http_conn_is_blocked(const struct http_conn *c)
{
    return c->stopped || c->unsent.block != NULL || c->awaits_reply || c->streams;
}

static unsigned limit_ms(const struct http_shared *s, enum http_phase phase)
{
    switch (phase) {
    case PHASE_HEADER:
        return s->header_ms;
    case PHASE_BODY:
        return s->body_ms;
    case PHASE_WRITE:
        return s->write_ms;
    case PHASE_LINGER:
        return LINGER_MS;
    case PHASE_NONE:
    case PHASE_IDLE:
    case PHASE_ANSWER:
    case PHASE_STREAM: /* has one of its own */
        break;
    }
    return s->idle_ms;
}

void http_conn_enter(struct http_conn *c, enum http_phase phase)
{
    if (c->phase == phase)
        return;
    c->phase = phase;
    c->deadline = uv_now(c->http->loop) + limit_ms(c->http->shared, phase);
}

/* --- The end --- */

/* What was answered is not kept: behind `end` everything becomes zero, and the pages that
 * only a large request needs go back. */
static void forget_input(struct http_conn *c)
{
    size_t written = c->touched;
    if (c->end == 0 && written > INPUT_KEPT_BYTES) {
        (void)madvise(c->input + INPUT_KEPT_BYTES, INPUT_BYTES - INPUT_KEPT_BYTES,
                      MADV_DONTNEED);
        written = INPUT_KEPT_BYTES;
    }
    if (written > c->end)
        memset(c->input + c->end, 0, written - c->end);
    c->touched = c->end;
}

static void unlink_conn(struct http_conn *c)
{
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        c->http->conns = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
}

static void give_slot_back(struct http_conn *c)
{
    struct http *h = c->http;
    http_batch_put(h, c->batch);
    free(c->reply.block);
    c->begin = c->end = 0;
    forget_input(c);
    unlink_conn(c);
    metrics_drop(h->lane.row, http_connections, 1);
    struct address peer = c->peer;
    c->peer = (struct address){0};
    /* From here on it is not ours. */
    admission_leave(&h->shared->admission, &peer, c->slot);
}

static void on_closed(uv_handle_t *handle)
{
    give_slot_back(handle->data);
}

void http_conn_bury(struct http *h)
{
    while (h->gone != NULL) {
        struct http_conn *c = h->gone;
        h->gone = c->next_ready;
        give_slot_back(c);
    }
}

static void leave_ready(struct http_conn *c)
{
    struct http_conn **at = &c->http->ready;
    while (c->ready && *at != NULL) {
        if (*at == c) {
            *at = c->next_ready;
            c->ready = false;
        } else {
            at = &(*at)->next_ready;
        }
    }
}

void http_conn_void_token(struct http_conn *c)
{
    /* Its owner alone writes it. Another worker may look at the generation of a slot that
     * was its own once; it never finds its old number again, and that is all it needs:
     * relaxed. */
    atomic_fetch_add_explicit(&c->http->shared->generations[c->slot], 1,
                              memory_order_relaxed);
}

struct reply_token http_conn_token(const struct http_conn *c)
{
    return (struct reply_token){
        .worker = c->http->worker,
        .connection = c->slot,
        .generation = atomic_load_explicit(&c->http->shared->generations[c->slot],
                                           memory_order_relaxed)};
}

void http_conn_stop(struct http_conn *c)
{
    if (c->stopped)
        return;
    c->stopped = true;
    http_conn_void_token(c);
    http_stream_leave(c);
    leave_ready(c);
    if (c->watched) {
        uv_close((uv_handle_t *)&c->tcp, on_closed);
        return;
    }
    close(c->fd);
    c->next_ready = c->http->gone;
    c->http->gone = c;
}

/* --- Waiting --- */

static void lend_input(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct http_conn *c = handle->data;
    (void)suggested;
    *ret_buf = uv_buf_init(c->input + c->end, (unsigned)(INPUT_BYTES - c->end));
}

static void received(struct http_conn *c, size_t bytes)
{
    if (c->touched < c->end + bytes)
        c->touched = c->end + bytes;
    if (c->phase == PHASE_LINGER || c->phase == PHASE_STREAM)
        return; /* what comes then is not wanted, `end` stays */
    c->end += bytes;
    http_conn_advance(c);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct http_conn *c = stream->data;
    (void)buf;
    if (nread < 0)
        http_conn_stop(c); /* the client has closed, or an error: nothing is owed */
    else if (nread > 0)
        received(c, (size_t)nread);
}

bool http_conn_watch(struct http_conn *c)
{
    if (c->watched)
        return true;
    /* Cannot fail: without a family it opens no socket. */
    (void)uv_tcp_init(c->http->loop, &c->tcp);
    c->tcp.data = c;
    c->watched = true;
    if (uv_tcp_open(&c->tcp, c->fd) == 0)
        return true;
    close(c->fd);
    http_conn_stop(c);
    return false;
}

void http_conn_listen(struct http_conn *c)
{
    if (!http_conn_watch(c))
        return;
    int rv = uv_read_start((uv_stream_t *)&c->tcp, lend_input, on_read);
    if (rv != 0 && rv != UV_EALREADY)
        http_conn_stop(c);
}

static void stop_reading(struct http_conn *c)
{
    if (c->watched)
        uv_read_stop((uv_stream_t *)&c->tcp);
}

bool http_conn_is_at_end(const struct http_conn *c)
{
    return c->last_said && c->begin == c->end;
}

/* We have written our last byte: say so, then read until the client closes too. Closing
 * at once with unread input would be a reset, which can take our answer away from the
 * client. Where it sends no more closing is enough, and costs half. */
static void linger(struct http_conn *c)
{
    if (c->phase == PHASE_LINGER)
        return;
    if (http_conn_is_at_end(c)) {
        http_conn_stop(c);
        return;
    }
    http_conn_enter(c, PHASE_LINGER);
    c->begin = c->end = 0;
    if (shutdown(c->fd, SHUT_WR) != 0)
        http_conn_stop(c);
    else
        http_conn_listen(c);
}

/* A slow reader or an answer that is not complete: no further requests are read
 * meanwhile. */
static void hold(struct http_conn *c)
{
    stop_reading(c);
    http_conn_enter(c, c->unsent.block != NULL ? PHASE_WRITE : PHASE_ANSWER);
}

static void on_next_turn(uv_idle_t *idle)
{
    struct http *h = idle->data;
    struct http_conn *c = h->ready;
    h->ready = NULL;
    uv_idle_stop(idle);
    while (c != NULL) {
        struct http_conn *next = c->next_ready;
        c->ready = false;
        http_conn_advance(c);
        c = next;
    }
    http_conn_bury(h);
}

/* 64 requests are answered; the others of the loop come first, then the rest of this
 * one's. */
static void take_turns(struct http_conn *c)
{
    struct http *h = c->http;
    stop_reading(c);
    c->ready = true;
    c->next_ready = h->ready;
    h->ready = c;
    if (!uv_is_active((uv_handle_t *)&h->next_turn))
        uv_idle_start(&h->next_turn, on_next_turn);
}

static void await_input(struct http_conn *c)
{
    if (c->begin > 0) {
        memmove(c->input, c->input + c->begin, c->end - c->begin);
        c->end -= c->begin;
        c->begin = 0;
    }
    forget_input(c);
    if (c->end == 0) {
        http_conn_enter(c, PHASE_IDLE);
    } else if (!http_parser_in_body(&c->parser)) {
        http_conn_enter(c, PHASE_HEADER);
    } else {
        http_conn_enter(c, PHASE_BODY);
        if (http_parser_expects_continue(&c->parser) && !c->continued) {
            c->continued = true;
            http_output_send(c, SLICE("HTTP/1.1 100 Continue\r\n\r\n"), false);
        }
    }
    if (c->unsent.block != NULL)
        hold(c);
    else if (!c->stopped)
        http_conn_listen(c);
}

void http_conn_advance(struct http_conn *c)
{
    if (!http_conn_is_blocked(c) && c->reply.block != NULL)
        http_output_send_reply(c);
    if (!http_conn_is_blocked(c) && c->batch == NULL && !c->close_after)
        http_batch_read(c);
    if (!http_conn_is_blocked(c) && c->batch != NULL)
        http_batch_answer(c);
    if (c->stopped)
        return;
    if (c->streams && c->unsent.block == NULL)
        http_stream_begin(c);
    else if (http_conn_is_blocked(c))
        hold(c);
    else if (c->close_after)
        linger(c);
    else if (c->more)
        take_turns(c);
    else
        await_input(c);
}

/* --- The beginning --- */

static void link_conn(struct http_conn *c)
{
    struct http *h = c->http;
    c->next = h->conns;
    if (h->conns != NULL)
        h->conns->previous = c;
    h->conns = c;
}

static struct http_conn *admit(struct http *h, int fd, const struct address *peer)
{
    struct http_shared *s = h->shared;
    const struct networks *unlimited =
        atomic_load_explicit(&s->unlimited, memory_order_acquire);
    uint32_t slot;
    bool free_of_limit = unlimited != NULL && networks_contain(unlimited, peer);
    if (admission_enter(&s->admission, peer, free_of_limit, &slot) != 0)
        return NULL;
    struct http_conn *c = &s->conns[slot];
    *c = (struct http_conn){.http = h,
                            .peer = *peer,
                            .slot = slot,
                            .fd = fd,
                            .input = s->inputs + (size_t)slot * INPUT_BYTES};
    return c;
}

/* A client sends its request right behind its handshake, and under load it is there before
 * we are: then a connection for one request is never waited for, and costs the loop
 * nothing. */
static void read_at_once(struct http_conn *c)
{
    ssize_t got = recv(c->fd, c->input, INPUT_BYTES, 0);
    if (got > 0)
        received(c, (size_t)got);
    else if (got < 0 && (errno == EAGAIN || errno == EINTR))
        http_conn_listen(c);
    else
        http_conn_stop(c);
}

void http_conn_start(struct http *h, int fd, const struct address *peer)
{
    struct http_conn *c = admit(h, fd, peer);
    if (c == NULL) {
        metrics_bump(h->lane.row, http_turned_away, 1);
        close(fd);
        return;
    }
    metrics_bump(h->lane.row, http_accepted, 1);
    metrics_bump(h->lane.row, http_connections, 1);
    http_parser_init(&c->parser);
    http_conn_enter(c, PHASE_HEADER);
    link_conn(c);
    read_at_once(c);
}
