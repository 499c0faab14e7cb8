#include "net/worker.h"

#include <assert.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/forget.h"

enum { SWEEP_MS = 200, SWEEP_MS_MIN = 10, SECOND_MS = 1000, LEAVE_S = 2 };

/* --- Stopping, on the worker's thread --- */

/* The last step: when libuv has closed these, uv_run returns. */
static void close_handles(struct worker *w)
{
    if (w->closed)
        return;
    w->closed = true;
    http_close(&w->http);
    mailbox_close(&w->mailbox, NULL);
    uv_close((uv_handle_t *)&w->sweep, NULL);
    uv_close((uv_handle_t *)&w->second, NULL);
}

/* Datagrams are taken to the end; those that come later are the next process's, when
 * somebody keeps the sockets. */
static void close_when_done(struct worker *w)
{
    if (w->closed || (!http_is_empty(&w->http) && uv_now(&w->loop) < w->stop_by))
        return;
    udp_drain(&w->udp);
    udp_close(&w->udp);
    close_handles(w);
}

static void on_sweep(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    http_sweep(&w->http);
    if (w->stopping)
        close_when_done(w);
}

/* Takes what is queued in the kernel; who waits for an answer gets it; who does not is
 * let go by the sweep. */
static void begin_stop(struct worker *w)
{
    w->stopping = true;
    w->stop_by =
        uv_now(&w->loop) + atomic_load_explicit(&w->drain_ms, memory_order_relaxed);
    udp_leave(&w->udp);
    http_stop(&w->http);
    uv_timer_start(&w->sweep, on_sweep, SWEEP_MS_MIN, SWEEP_MS_MIN);
    close_when_done(w);
}

/* --- Running --- */

static void on_second(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    if (w->lane.handlers->second != NULL)
        w->lane.handlers->second(w->lane.context);
    http_second(&w->http);
    udp_forget(&w->udp);
    forget_stack();
    if (!w->stopping && w->leave_in > 0 && --w->leave_in == 0) {
        http_leave(&w->http);
        udp_leave(&w->udp);
    }
}

static void on_bell(uv_async_t *bell)
{
    struct worker *w = bell->data;
    for (struct letter *letter = mailbox_take(&w->mailbox), *next; letter != NULL;
         letter = next) {
        next = letter->next;
        http_reply(&w->http, letter->token, letter->bytes, letter->length,
                   letter->status);
        free(letter);
    }
    /* acquire: drain_ms was stored before. */
    if (!w->stopping && atomic_load_explicit(&w->stop_asked, memory_order_acquire))
        begin_stop(w);
}

static void run(void *data)
{
    struct worker *w = data;
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

/* --- Life --- */

/* A fifth of the shortest deadline, so that each is kept within 20 %. */
static unsigned sweep_interval(const struct http_shared *s)
{
    unsigned shortest = s->header_ms;
    if (s->body_ms < shortest)
        shortest = s->body_ms;
    if (s->write_ms < shortest)
        shortest = s->write_ms;
    if (s->idle_ms < shortest)
        shortest = s->idle_ms;
    shortest /= 5;
    if (shortest > SWEEP_MS)
        return SWEEP_MS;
    return shortest < SWEEP_MS_MIN ? SWEEP_MS_MIN : shortest;
}

/* The sockets `first`, `first` + workers, ... below `end` of each listener. */
static int add_sockets(struct worker *w, struct listener *listeners, size_t count,
                       unsigned first, unsigned end)
{
    int rv = 0;
    for (size_t i = 0; i < count; i++) {
        struct listener *l = &listeners[i];
        for (unsigned j = first; j < end && j < l->tcp_count && rv == 0; j += l->workers)
            rv = http_add(&w->http, &l->tcp[j]);
        for (unsigned j = first; j < end && j < l->udp_count && rv == 0; j += l->workers)
            rv = udp_add(&w->udp, &w->loop, &l->udp[j]);
    }
    return rv;
}

/* First what stays, then what leaves. */
static int add_all(struct worker *w, struct listener *listeners, size_t count)
{
    unsigned workers = listeners[0].workers;
    int rv = add_sockets(w, listeners, count, w->index, workers);
    w->http.staying = w->http.door_count;
    w->udp.staying = w->udp.count;
    if (rv == 0)
        rv = add_sockets(w, listeners, count, w->index + workers, UINT_MAX);
    if (w->http.door_count > w->http.staying || w->udp.count > w->udp.staying)
        w->leave_in = LEAVE_S;
    return rv;
}

/* How many sockets of one type a worker may get. */
static size_t room(const struct listener *listeners, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const struct listener *l = &listeners[i];
        unsigned sockets = l->tcp_count > l->udp_count ? l->tcp_count : l->udp_count;
        most += (sockets + l->workers - 1) / l->workers;
    }
    return most;
}

int worker_open(struct worker *w, unsigned index, const struct net_options *options,
                struct http_shared *shared, struct listener *listeners, size_t count)
{
    *w = (struct worker){.index = index, .sweep_ms = sweep_interval(shared)};
    w->lane = (struct lane){.handlers = options->handlers,
                            .context = options->lanes[index],
                            .row = &options->rows[index]};
    int rv = uv_loop_init(&w->loop);
    if (rv != 0)
        return error_from_errno(-rv);
    rv = mailbox_init(&w->mailbox, &w->loop, on_bell, w);
    if (rv != 0) {
        uv_loop_close(&w->loop);
        return rv;
    }
    (void)uv_timer_init(&w->loop, &w->sweep); /* neither can fail */
    (void)uv_timer_init(&w->loop, &w->second);
    w->sweep.data = w->second.data = w;
    rv = http_init(&w->http, w->lane, &w->loop, shared, index, room(listeners, count));
    if (rv == 0)
        rv = udp_init(&w->udp, w->lane, room(listeners, count));
    if (rv == 0)
        rv = add_all(w, listeners, count);
    if (rv != 0)
        worker_release(w);
    return rv;
}

int worker_start(struct worker *w)
{
    sigset_t all, before;
    uv_timer_start(&w->sweep, on_sweep, w->sweep_ms, w->sweep_ms);
    uv_timer_start(&w->second, on_second, SECOND_MS, SECOND_MS);
    sigfillset(&all); /* signals are the main thread's; a broken pipe is an errno here */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rv = uv_thread_create(&w->thread, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rv != 0)
        return ERR_NOMEM;
    w->running = true;
    return 0;
}

void worker_stop(struct worker *w, unsigned drain_ms)
{
    if (!w->running)
        return;
    atomic_store_explicit(&w->drain_ms, drain_ms, memory_order_relaxed);
    atomic_store_explicit(&w->stop_asked, true, memory_order_release);
    mailbox_ring(&w->mailbox);
}

void worker_join(struct worker *w)
{
    if (w->running)
        uv_thread_join(&w->thread);
    w->running = false;
}

void worker_release(struct worker *w)
{
    if (!w->closed) { /* never ran: nobody is connected, no handler may be called */
        udp_close(&w->udp);
        http_close_doors(&w->http);
        close_handles(w);
        uv_run(&w->loop, UV_RUN_DEFAULT);
    }
    int rv = uv_loop_close(&w->loop);
    assert(rv == 0);
    (void)rv;
    mailbox_release(&w->mailbox);
    udp_release(&w->udp);
    http_release(&w->http);
}
