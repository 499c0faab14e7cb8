#include "net/net.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/worker.h"

/* Descriptors that are not connections and are not open yet. */
enum {
    DESCRIPTORS_A_WORKER = 6,   /* its loop, a connection on its way to being refused */
    DESCRIPTORS_A_LISTENER = 3, /* for each worker: TCP, UDP and its timer            */
    DESCRIPTORS_SPARE = 24      /* the stats socket and its clients, files            */
};

struct net {
    struct net_options options; /* as given, with the limits that really hold */
    struct listener listeners[LISTENERS_MAX];
    struct net_listener opened[LISTENERS_MAX]; /* copies for net_listeners() */
    size_t listener_count;
    struct http_shared shared;
    struct worker *workers;
    unsigned worker_count; /* that are open */
};

static void close_listeners(struct net *n)
{
    while (n->listener_count > 0)
        listener_close(&n->listeners[--n->listener_count]);
}

static int open_listeners(struct net *n, char ret_error[256])
{
    struct slice rest = slice_of(n->options.listen);
    while (rest.length > 0) {
        struct slice text = slice_trim(slice_cut(&rest, ','));
        if (text.length == 0)
            continue;
        if (n->listener_count == LISTENERS_MAX) {
            snprintf(ret_error, 256, "`listen` has more than %d addresses",
                     LISTENERS_MAX);
            return ERR_FULL;
        }
        struct listener *l = &n->listeners[n->listener_count];
        int rv = listener_open(l, text, &n->options, ret_error);
        if (rv != 0)
            return rv;
        n->opened[n->listener_count++] = l->opened;
    }
    if (n->listener_count > 0)
        return 0;
    snprintf(ret_error, 256, "`listen` is empty; it wants ADDRESS:PORT");
    return ERR_MALFORMED;
}

/* The kernel gives out the lowest number that is free: those below are in use. */
static rlim_t descriptors_in_use(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    close(fd);
    return (rlim_t)fd;
}

static rlim_t listeners_in(const char *listen)
{
    rlim_t count = 1;
    for (; *listen != '\0'; listen++)
        count += *listen == ',';
    return count;
}

/* Connections must never take the last descriptors: the stores and the stats socket need
 * some. */
static void limit_connections(struct net_options *o)
{
    struct rlimit files;
    rlim_t a_worker =
        DESCRIPTORS_A_WORKER + DESCRIPTORS_A_LISTENER * listeners_in(o->listen);
    rlim_t kept = descriptors_in_use() + o->workers * a_worker + DESCRIPTORS_SPARE;
    if (o->connections == 0)
        o->connections = 1;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return;
    rlim_t most = files.rlim_cur > kept ? files.rlim_cur - kept : 1;
    if (o->connections <= most)
        return;
    log_warn("event=connections_limited asked=%u nofile=%llu next=at_most_%llu",
             o->connections, (unsigned long long)files.rlim_cur,
             (unsigned long long)most);
    o->connections = (unsigned)most;
}

static void close_workers(struct net *n)
{
    while (n->worker_count > 0)
        worker_release(&n->workers[--n->worker_count]);
    free(n->workers);
}

static int open_workers(struct net *n)
{
    n->workers = calloc(n->options.workers, sizeof *n->workers);
    if (n->workers == NULL)
        return ERR_NOMEM;
    for (unsigned i = 0; i < n->options.workers; i++) {
        int rv = worker_open(&n->workers[i], i, &n->options, &n->shared, n->listeners,
                             n->listener_count);
        if (rv != 0)
            return rv;
        n->worker_count++;
    }
    return 0;
}

int net_open(struct net **ret_net, const struct net_options *options, char ret_error[256])
{
    struct net *n = calloc(1, sizeof *n);
    int rv = ERR_NOMEM;
    if (n == NULL)
        goto no_memory;
    n->options = *options;
    limit_connections(&n->options);
    rv = http_shared_init(&n->shared, &n->options);
    if (rv != 0)
        goto free_net;
    rv = open_listeners(n, ret_error);
    if (rv != 0)
        goto undo_listeners;
    rv = open_workers(n);
    if (rv != 0)
        goto undo_workers;
    n->options.listen = NULL; /* the caller's; it is not needed any more */
    *ret_net = n;
    return 0;
undo_workers:
    snprintf(ret_error, 256, "the workers could not be opened: %s",
             rv == ERR_FULL ? "too many open files; raise ulimit -n or LimitNOFILE="
                            : error_text(rv));
    close_workers(n);
undo_listeners:
    close_listeners(n);
    http_shared_release(&n->shared);
    free(n);
    return rv;
free_net:
    free(n);
no_memory:
    snprintf(ret_error, 256, "the connections could not be allocated: %s",
             error_text(rv));
    return rv;
}

void net_show_sockets(const struct net *n, void (*show)(void *context, int fd),
                      void *context)
{
    for (size_t i = 0; i < n->listener_count; i++)
        listener_show(&n->listeners[i], show, context);
}

void net_leave_queues(struct net *n)
{
    /* relaxed: the workers read it after the stop_asked that follows. */
    atomic_store_explicit(&n->shared.leave_queues, true, memory_order_relaxed);
}

const struct net_listener *net_listeners(const struct net *n, size_t *ret_count)
{
    *ret_count = n->listener_count;
    return n->opened;
}

unsigned net_connections(const struct net *n)
{
    return n->options.connections;
}

int net_start(struct net *n)
{
    for (unsigned i = 0; i < n->worker_count; i++) {
        int rv = worker_start(&n->workers[i]);
        if (rv != 0) {
            net_stop(n, 0);
            return rv;
        }
    }
    return 0;
}

void net_set_unlimited(struct net *n, const struct networks *proxies)
{
    /* release: who reads the pointer sees what it points to. */
    atomic_store_explicit(&n->shared.unlimited, proxies, memory_order_release);
}

void net_reply(struct net *n, struct reply_token token, char *bytes, size_t length,
               unsigned status)
{
    if (token.worker < n->worker_count)
        mailbox_put(&n->workers[token.worker].mailbox, token, bytes, length, status);
    else
        free(bytes);
}

void net_stop(struct net *n, unsigned drain_ms)
{
    for (unsigned i = 0; i < n->worker_count; i++)
        worker_stop(&n->workers[i], drain_ms);
    for (unsigned i = 0; i < n->worker_count; i++)
        worker_join(&n->workers[i]);
}

void net_free(struct net *n)
{
    if (n == NULL)
        return;
    close_workers(n);
    http_shared_release(&n->shared);
    close_listeners(n);
    free(n);
}

uint64_t net_kernel_drops(const struct net *n)
{
    uint64_t drops = 0;
    for (size_t i = 0; i < n->listener_count; i++)
        drops += listener_drops(&n->listeners[i]);
    return drops;
}
