#include "store/store_redis_resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "store/store.h"

enum { HURRY_LOOK_MS = 50 };

/* Of the one who asks and of the one who finds out: who is last frees it. */
struct question {
    char host[256], port[8];
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t answered;
    unsigned holders;
    bool done;
    int error;
    struct redis_addresses found;
};

static int find(const char *host, const char *port, int flags,
                struct redis_addresses *ret_found)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list, *at;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return ERR_NOT_FOUND;
    ret_found->count = 0;
    for (at = list; at != NULL && ret_found->count < ADDRESSES_MAX; at = at->ai_next) {
        size_t i = ret_found->count++;
        memcpy(&ret_found->address[i], at->ai_addr, at->ai_addrlen);
        ret_found->length[i] = at->ai_addrlen;
    }
    freeaddrinfo(list);
    return ret_found->count > 0 ? 0 : ERR_NOT_FOUND;
}

static void let_go(struct question *q)
{
    bool last;

    pthread_mutex_lock(&q->lock);
    last = --q->holders == 0;
    pthread_mutex_unlock(&q->lock);
    if (!last)
        return;
    pthread_cond_destroy(&q->answered);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static void *find_out(void *context)
{
    struct question *q = context;
    struct redis_addresses found;
    int rv = find(q->host, q->port, 0, &found);

    pthread_mutex_lock(&q->lock);
    q->error = rv;
    if (rv == 0)
        q->found = found;
    q->done = true;
    pthread_cond_signal(&q->answered);
    pthread_mutex_unlock(&q->lock);
    let_go(q);
    return NULL;
}

static struct question *ask(const char *host, const char *port)
{
    struct question *q = calloc(1, sizeof *q);
    pthread_condattr_t monotonic;
    pthread_t thread;

    if (q == NULL)
        return NULL;
    snprintf(q->host, sizeof q->host, "%s", host);
    snprintf(q->port, sizeof q->port, "%s", port);
    q->holders = 2;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&thread, NULL, find_out, q) != 0) {
        q->holders = 1;
        let_go(q);
        return NULL;
    }
    (void)pthread_detach(thread);
    return q;
}

/* The next look at whether we are to hurry; false: it is over. */
static bool next_look(int64_t give_up_ms, const _Atomic int64_t *hurry_ms,
                      struct timespec *ret_until)
{
    int64_t hurry = atomic_load_explicit(hurry_ms, memory_order_relaxed);
    int64_t now = deadline_in(0).at_ms, until = now + HURRY_LOOK_MS;

    if (hurry != 0 && hurry < give_up_ms)
        give_up_ms = hurry;
    if (until > give_up_ms)
        until = give_up_ms;
    *ret_until =
        (struct timespec){.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    return now < give_up_ms;
}

int redis_resolve(const char *host, unsigned port, int64_t give_up_ms,
                  const _Atomic int64_t *hurry_ms, struct redis_addresses *ret_addresses)
{
    struct timespec until;
    char text[8];
    struct question *q;
    int rv;

    snprintf(text, sizeof text, "%u", port);
    if (find(host, text, AI_NUMERICHOST, ret_addresses) == 0)
        return 0;
    q = ask(host, text);
    if (q == NULL)
        return ERR_NOMEM;
    pthread_mutex_lock(&q->lock);
    while (!q->done && next_look(give_up_ms, hurry_ms, &until))
        (void)pthread_cond_timedwait(&q->answered, &q->lock, &until);
    rv = q->done ? q->error : ERR_TIMEOUT;
    if (rv == 0)
        *ret_addresses = q->found;
    pthread_mutex_unlock(&q->lock);
    let_go(q);
    return rv;
}
