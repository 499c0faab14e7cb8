#include "net/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/http_batch.h"
#include "net/http_output.h"
#include "net/http_stream.h"

enum { ACCEPTS_AT_STOP = 4096 };

/* --- What all workers share --- */

/* Address space; the kernel backs the pages that are touched. NULL: none left. */
static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void unmap(void *at, size_t bytes)
{
    if (at != NULL)
        munmap(at, bytes);
}

int http_shared_init(struct http_shared *s, const struct net_options *options)
{
    *s = (struct http_shared){
        .slots = options->connections,
        .header_ms = options->header_ms != 0 ? options->header_ms : 5000,
        .body_ms = options->body_ms != 0 ? options->body_ms : 5000,
        .write_ms = options->write_ms != 0 ? options->write_ms : 10000,
        .idle_ms = options->idle_ms != 0 ? options->idle_ms : 75000,
        .stuck_ms = options->stuck_ms != 0 ? options->stuck_ms : STREAM_STUCK_MS};
    atomic_init(&s->unlimited, options->unlimited);
    atomic_init(&s->leave_queues, false);
    if (admission_init(&s->admission, s->slots, options->connections_per_address) != 0)
        return ERR_NOMEM;
    s->conns = map(s->slots * sizeof *s->conns);
    s->inputs = map((size_t)s->slots * INPUT_BYTES);
    if (s->inputs != NULL)
        (void)madvise(s->inputs, (size_t)s->slots * INPUT_BYTES, MADV_DONTDUMP);
    s->generations = map(s->slots * sizeof *s->generations);
    if (s->conns != NULL && s->inputs != NULL && s->generations != NULL)
        return 0;
    http_shared_release(s);
    return ERR_NOMEM;
}

void http_shared_release(struct http_shared *s)
{
    unmap(s->generations, s->slots * sizeof *s->generations);
    unmap(s->inputs, (size_t)s->slots * INPUT_BYTES);
    unmap(s->conns, s->slots * sizeof *s->conns);
    admission_release(&s->admission);
}

/* --- Accepting --- */

static void on_door(uv_poll_t *poll, int status, int events);

static void open_doors(struct http *h)
{
    for (size_t i = 0; i < h->door_count; i++)
        if (uv_poll_start(&h->doors[i].poll, UV_READABLE, on_door) != 0)
            log_error(
                "event=accept_failed error=\"polling the socket failed\" next=none");
}

static void on_pause_over(uv_timer_t *timer)
{
    open_doors(timer->data);
}

/* No descriptor or memory: accepting again at once would only burn the processor, so all
 * doors wait. */
static void pause_accepting(struct http *h, int error)
{
    metrics_bump(h->lane.row, http_accept_errors, 1);
    if (!h->starved && !h->told && uv_now(h->loop) >= h->tell_from) {
        log_warn("event=accept_failed worker=%u error=\"%s\" next=retry_every_%dms",
                 h->worker, strerror(error), ACCEPT_PAUSE_MS);
        h->told = true;
        h->tell_from = uv_now(h->loop) + ACCEPT_LOG_MS;
    }
    h->starved = true;
    for (size_t i = 0; i < h->door_count; i++)
        uv_poll_stop(&h->doors[i].poll);
    uv_timer_start(&h->pause, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

/* Where the limit is just reached, one is accepted now and then: that is not the end. */
static void recovered(struct http *h)
{
    h->starved = false;
    if (!h->told || uv_now(h->loop) < h->tell_from)
        return;
    log_info("event=accept_recovered worker=%u next=none", h->worker);
    h->told = false;
}

static bool is_starvation(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Up to `most` connections of one door. */
static void accept_some(struct http *h, int listening, unsigned most)
{
    while (most-- > 0) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        struct address peer;
        int fd = accept4(listening, (struct sockaddr *)&from, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            int error = errno;
            if (error == ECONNABORTED || error == EINTR)
                continue;
            if (is_starvation(error))
                pause_accepting(h, error);
            return;
        } else if (address_from_sockaddr(&peer, (const struct sockaddr *)&from) != 0) {
            close(fd);
        } else {
            recovered(h);
            http_conn_start(h, fd, &peer);
            http_conn_bury(h);
        }
    }
}

static void on_door(uv_poll_t *poll, int status, int events)
{
    struct http_door *door = poll->data;
    (void)events;
    if (status < 0) /* libuv stops a poll handle when the socket has an error */
        pause_accepting(door->http, -status);
    else
        accept_some(door->http, *door->fd, ACCEPTS_PER_WAKE);
}

/* --- Life --- */

int http_init(struct http *h, struct lane lane, uv_loop_t *loop,
              struct http_shared *shared, unsigned worker, size_t doors)
{
    *h = (struct http){.lane = lane, .shared = shared, .loop = loop, .worker = worker};
    (void)uv_timer_init(loop, &h->pause); /* neither can fail */
    (void)uv_idle_init(loop, &h->next_turn);
    h->pause.data = h->next_turn.data = h;
    http_stream_init(h);
    h->output = map(OUTPUT_BYTES);
    h->doors = calloc(doors, sizeof *h->doors);
    return h->output == NULL || h->doors == NULL ? ERR_NOMEM : http_batch_fill(h);
}

int http_add(struct http *h, int *fd)
{
    struct http_door *door = &h->doors[h->door_count];
    int on = 1;
    /* Whoever comes in by it has it too. */
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *door = (struct http_door){.http = h, .fd = fd};
    door->poll.data = door;
    if (uv_poll_init_socket(h->loop, &door->poll, *fd) != 0)
        return ERR_IO;
    h->door_count++; /* from here on http_close_doors() closes the handle */
    return uv_poll_start(&door->poll, UV_READABLE, on_door) == 0 ? 0 : ERR_IO;
}

void http_release(struct http *h)
{
    http_batch_empty(h);
    unmap(h->output, OUTPUT_BYTES);
    free(h->doors);
}

void http_sweep(struct http *h)
{
    uint64_t now = uv_now(h->loop);
    for (struct http_conn *c = h->conns; c != NULL; c = c->next) {
        bool waits_for_request =
            c->phase == PHASE_IDLE || (c->phase == PHASE_HEADER && c->end == 0);
        if (c->stopped || c->phase == PHASE_NONE)
            continue;
        if (h->stopping && (c->streams || (waits_for_request && now >= h->idle_by))) {
            http_conn_stop(c);
        } else if (now >= c->deadline) {
            if (c->phase != PHASE_IDLE && c->phase != PHASE_LINGER)
                metrics_bump(h->lane.row, http_timeouts, 1);
            http_conn_stop(c);
        }
    }
    http_conn_bury(h);
}

void http_second(struct http *h)
{
    if (h->output_touched > OUTPUT_FLUSH_BYTES)
        (void)madvise(h->output + OUTPUT_FLUSH_BYTES, OUTPUT_BYTES - OUTPUT_FLUSH_BYTES,
                      MADV_DONTNEED);
    h->output_touched = 0;
}

void http_reply(struct http *h, struct reply_token token, char *bytes, size_t length,
                unsigned status)
{
    struct http_shared *s = h->shared;
    if (token.connection >= s->slots ||
        atomic_load_explicit(&s->generations[token.connection], memory_order_relaxed) !=
            token.generation ||
        !s->conns[token.connection].awaits_reply) {
        free(bytes); /* its connection is gone, or it was answered already */
        return;
    }
    struct http_conn *c = &s->conns[token.connection];
    http_conn_void_token(c);
    http_output_count(h, status);
    c->awaits_reply = false;
    c->reply = (struct http_bytes){.block = bytes, .at = bytes, .length = length};
    http_conn_advance(c);
    http_conn_bury(h);
}

void http_stop(struct http *h)
{
    h->stopping = true;
    h->idle_by = uv_now(h->loop) + STOP_IDLE_MS;
    http_leave(h);
    for (size_t i = 0; i < h->door_count; i++)
        if (!atomic_load_explicit(&h->shared->leave_queues, memory_order_relaxed))
            accept_some(h, *h->doors[i].fd, ACCEPTS_AT_STOP);
    http_close_doors(h);
}

/* The doors from `kept` on. */
static void close_doors(struct http *h, size_t kept)
{
    while (h->door_count > kept) {
        struct http_door *door = &h->doors[--h->door_count];
        uv_close((uv_handle_t *)&door->poll, NULL);
        close(*door->fd);
        *door->fd = -1;
    }
}

void http_leave(struct http *h)
{
    for (size_t i = h->staying; i < h->door_count; i++)
        accept_some(h, *h->doors[i].fd, ACCEPTS_AT_STOP);
    close_doors(h, h->staying);
}

void http_close_doors(struct http *h)
{
    close_doors(h, 0);
    uv_timer_stop(&h->pause);
}

void http_close(struct http *h)
{
    for (struct http_conn *c = h->conns; c != NULL; c = c->next)
        http_conn_stop(c);
    http_conn_bury(h);
    uv_close((uv_handle_t *)&h->pause, NULL);
    uv_close((uv_handle_t *)&h->next_turn, NULL);
    http_stream_close(h);
}

bool http_is_empty(const struct http *h)
{
    return h->conns == NULL;
}
