#include "net/http_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "net/http_batch.h"
#include "net/http_output.h"

enum { SECOND_MS = 1000, TURN_MS = SECOND_MS / STREAM_TURNS };

/* --- Who is behind --- */

static void is_behind(struct http_conn *c)
{
    if (c->deadline == UINT64_MAX)
        c->deadline = uv_now(c->http->loop) + c->http->shared->stuck_ms;
}

static void caught_up(struct http_conn *c)
{
    c->deadline = UINT64_MAX;
}

/* Some bytes less wait than when we looked last: it goes on. */
static void look_at_rest(struct http_conn *c)
{
    size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);

    if (left >= c->rest_left)
        return;
    c->rest_left = left;
    caught_up(c);
    is_behind(c);
}

/* --- Sending --- */

static void on_rest_written(uv_write_t *write, int status)
{
    struct http_conn *c = write->data;

    shared_bytes_let_go(c->rest);
    c->rest = NULL;
    if (status < 0)
        http_conn_stop(c);
    else
        caught_up(c);
}

/* What the kernel did not take goes when the client is ready, from where it lies. */
static void send_rest(struct http_conn *c, struct shared_bytes *bytes, size_t sent)
{
    uv_buf_t buf = uv_buf_init(bytes->at + sent, (unsigned)(bytes->length - sent));

    c->rest = shared_bytes_hold(bytes);
    c->rest_left = buf.len;
    c->write.data = c;
    is_behind(c);
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_rest_written) == 0)
        return;
    c->rest = NULL;
    shared_bytes_let_go(bytes);
    http_conn_stop(c);
}

/* False: not a byte was taken, or the last ones are still on their way. */
static bool send_shared(struct http_conn *c, struct shared_bytes *bytes)
{
    size_t sent;

    if (c->rest != NULL)
        return false;
    sent = http_output_now(c, (struct slice){bytes->at, bytes->length});
    if (c->stopped)
        return true;
    if (sent == 0) {
        is_behind(c);
        return false;
    }
    caught_up(c);
    if (sent < bytes->length)
        send_rest(c, bytes, sent);
    return true;
}

/* --- Turns --- */

static void serve(struct http_conn *c, uint64_t second)
{
    const struct lane *lane = &c->http->lane;
    struct exchange before = c->stream;
    struct shared_bytes *bytes = NULL;

    if (c->rest != NULL)
        look_at_rest(c);
    if (!lane->handlers->stream(lane->context, &c->stream, second, &bytes)) {
        http_conn_stop(c);
        return;
    }
    if (bytes == NULL)
        return;
    if (!send_shared(c, bytes)) {
        c->stream = before;
        metrics_bump(lane->row, http_streams_missed, 1);
    }
    shared_bytes_let_go(bytes);
}

static void on_turn(uv_timer_t *timer)
{
    struct http *h = timer->data;
    uint64_t second = uv_now(h->loop) / SECOND_MS;

    h->stream_turn = (h->stream_turn + 1) % STREAM_TURNS;
    for (struct http_conn *c = h->streams[h->stream_turn], *next; c != NULL; c = next) {
        next = c->next_stream;
        serve(c, second);
    }
}

/* --- Beginning and end --- */

/* What a request needed is not needed any more. */
static void give_back(struct http_conn *c)
{
    http_batch_put(c->http, c->batch);
    c->batch = NULL;
    c->begin = c->end = c->touched = 0;
    (void)madvise(c->input, INPUT_BYTES, MADV_DONTNEED);
}

/* Neither is needed for the stream to work: a kernel that refuses is no error. Its patience
 * is longer than ours: it is for who has vanished, and whose buffer is never full. */
static void bound_the_kernel(struct http_conn *c)
{
    int bytes = STREAM_SEND_BUFFER, ms = 2 * (int)c->http->shared->stuck_ms;

    (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

static void link_stream(struct http_conn *c)
{
    struct http *h = c->http;
    struct http_conn **first;

    c->stream_turn = h->stream_next++ % STREAM_TURNS;
    first = &h->streams[c->stream_turn];
    c->next_stream = *first;
    if (*first != NULL)
        (*first)->previous_stream = c;
    *first = c;
    if (h->stream_count++ == 0)
        uv_timer_start(&h->stream_timer, on_turn, TURN_MS, TURN_MS);
}

static void unlink_stream(struct http_conn *c)
{
    struct http *h = c->http;

    if (c->previous_stream != NULL)
        c->previous_stream->next_stream = c->next_stream;
    else
        h->streams[c->stream_turn] = c->next_stream;
    if (c->next_stream != NULL)
        c->next_stream->previous_stream = c->previous_stream;
    c->next_stream = c->previous_stream = NULL;
    if (--h->stream_count == 0)
        uv_timer_stop(&h->stream_timer);
}

void http_stream_init(struct http *h)
{
    (void)uv_timer_init(h->loop, &h->stream_timer); /* cannot fail */
    h->stream_timer.data = h;
}

void http_stream_begin(struct http_conn *c)
{
    if (c->phase == PHASE_STREAM)
        return;
    c->phase = PHASE_STREAM;
    c->deadline = UINT64_MAX;
    give_back(c);
    bound_the_kernel(c);
    link_stream(c);
    metrics_bump(c->http->lane.row, http_streams, 1);
    http_conn_listen(c); /* for its end: what else comes is not wanted */
}

void http_stream_leave(struct http_conn *c)
{
    const struct lane *lane = &c->http->lane;

    if (!c->streams)
        return;
    c->streams = false;
    if (c->phase == PHASE_STREAM) {
        unlink_stream(c);
        metrics_drop(lane->row, http_streams, 1);
    }
    lane->handlers->stream_end(lane->context, &c->stream);
}

void http_stream_close(struct http *h)
{
    uv_close((uv_handle_t *)&h->stream_timer, NULL);
}
