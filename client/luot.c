/* The handle: options in, hits in, one thread at a time, one batch a process.
 *
 * Fork. The mutex and the batch belong to the process that made them. A forked child
 * finds the lines of its parent there, which the parent will send, and perhaps the mutex
 * locked by a thread that does not exist in the child. So all of it hangs on one pointer
 * with the process's id: whoever sees another id makes a new one and swings the pointer
 * by CAS. The loser of two threads of the child frees its own and takes the winner's.
 * What was the parent's is never locked again, and freed when the handle is closed.
 *
 * Cancellation. sendmsg is a cancellation point, and a thread that ends there would take
 * the mutex with it; so inside, a thread cannot be cancelled. */
#include "luot.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "luot_batch.h"
#include "luot_beacon.h"
#include "luot_line.h"
#include "luot_seam.h"

#define DEFAULT_ADDRESS    "127.0.0.1:8080"

/* The sizes of the structs in the first release: nobody can have smaller ones. */
#define OPTIONS_SIZE_FIRST (offsetof(struct luot_options, plain) + sizeof(unsigned))
#define HIT_SIZE_FIRST     (offsetof(struct luot_hit, ping) + sizeof(int))
#define STATS_SIZE_FIRST   (offsetof(struct luot_stats, errors) + sizeof(uint64_t))
#define OPTIONS_SIZE_NOW   (offsetof(struct luot_options, secret) + sizeof(const char *))
/* Padding at the end would be read as a newer field by a newer library. */
static_assert(sizeof(struct luot_options) == OPTIONS_SIZE_NOW, "padding at the end");
static_assert(sizeof(struct luot_hit) == HIT_SIZE_FIRST, "padding at the end");
static_assert(sizeof(struct luot_stats) == STATS_SIZE_FIRST, "padding at the end");
enum { SIZE_LIMIT = 4096 }; /* of any release: a larger one was never set */

struct process {
    pid_t id;
    struct process *parent; /* as fork left it: only to be freed */
    pthread_mutex_t lock;   /* guards *batch                     */
    struct luot_batch *batch;
};

struct luot {
    struct luot_plan plan;
    char site[LUOT_SITE_KEY_MAX + 1]; /* "": none */
    _Atomic(struct process *) process;
};

/* Copies the struct of a caller who was compiled with another luot.h. false: its size was
 * never that of a release, or it sets a field that we do not know. */
static bool copy_known(void *ret_known, size_t known, size_t first, const void *from)
{
    const unsigned char *bytes = from;
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < first || size > SIZE_LIMIT)
        return false;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    memset(ret_known, 0, known);
    memcpy(ret_known, from, size < known ? size : known);
    return true;
}

/* 1 to 65535 in decimal, and nothing else; 0: it is not. */
static unsigned port_read(const char *text)
{
    unsigned port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return 0;
    for (; *text != '\0'; text++)
        port = port * 10 + (unsigned)(*text - '0');
    return port <= UINT16_MAX ? port : 0;
}

static bool to_set(struct luot_plan *plan, bool v6, const char *host, unsigned port)
{
    if (v6) {
        plan->to.v6.sin6_family = AF_INET6;
        plan->to.v6.sin6_port = htons((uint16_t)port);
        plan->to_length = sizeof plan->to.v6;
        return inet_pton(AF_INET6, host, &plan->to.v6.sin6_addr) == 1;
    }
    plan->to.v4.sin_family = AF_INET;
    plan->to.v4.sin_port = htons((uint16_t)port);
    plan->to_length = sizeof plan->to.v4;
    return inet_pton(AF_INET, host, &plan->to.v4.sin_addr) == 1;
}

/* "127.0.0.1:8080" or "[::1]:8080". */
static bool to_read(struct luot_plan *plan, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    bool v6 = text[0] == '[';
    const char *from = v6 ? text + 1 : text;
    const char *end = strchr(from, v6 ? ']' : ':');
    const char *colon = v6 && end != NULL ? end + 1 : end;
    if (end == NULL || *colon != ':' || (size_t)(end - from) >= sizeof host)
        return false;
    memcpy(host, from, (size_t)(end - from));
    host[end - from] = '\0';
    unsigned port = port_read(colon + 1);
    return port != 0 && to_set(plan, v6, host, port);
}

static unsigned value_or(unsigned value, unsigned otherwise)
{
    return value != 0 ? value : otherwise;
}

/* false: EINVAL. */
static bool options_read(struct luot *l, const struct luot_options *given)
{
    const struct luot_options init = LUOT_OPTIONS_INIT;
    struct luot_options o;
    if (!copy_known(&o, sizeof o, OPTIONS_SIZE_FIRST, given != NULL ? given : &init) ||
        o.batch_bytes > LUOT_DATAGRAM_MAX || o.batch_lines > LUOT_LINES_MAX ||
        o.batch_datagrams > LUOT_BATCH_DATAGRAMS_MAX || o.plain > 1)
        return false;
    if (o.site != NULL && o.site[0] != '\0') {
        if (!luot_line_is_site_key(o.site))
            return false;
        memcpy(l->site, o.site, strlen(o.site) + 1);
    }
    bool batch = o.batch_bytes > 0;
    l->plan.bytes = o.batch_bytes;
    l->plan.lines = batch ? value_or(o.batch_lines, LUOT_BATCH_LINES) : 1;
    l->plan.datagrams = batch ? value_or(o.batch_datagrams, LUOT_BATCH_DATAGRAMS) : 1;
    l->plan.wait_ms = value_or(o.batch_ms, LUOT_BATCH_MS);
    l->plan.plain = o.plain != 0;
    return luot_signer_init(&l->plan.signer, o.key_id, o.secret) &&
           to_read(&l->plan, o.address != NULL ? o.address : DEFAULT_ADDRESS);
}

static struct process *process_new(const struct luot *l, pid_t id, struct process *parent)
{
    struct process *p = l->plan.seam->allocate(sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct process){.id = id, .parent = parent};
    p->batch = luot_batch_new(&l->plan);
    if (p->batch == NULL || pthread_mutex_init(&p->lock, NULL) != 0)
        goto free_all;
    return p;
free_all:
    luot_batch_free(p->batch);
    free(p);
    return NULL;
}

/* Not its parents. The mutex is not destroyed: in a child it may be locked for ever. */
static void process_free(struct process *p)
{
    luot_batch_free(p->batch);
    free(p);
}

/* The first call after a fork: see the top. NULL: no memory. */
static struct process *process_after_fork(struct luot *l, struct process *seen,
                                          pid_t here)
{
    struct process *mine = process_new(l, here, seen);
    if (mine == NULL)
        return NULL;
    /* Release: whoever finds `mine` also finds it filled in. Acquire: so do we, if we
     * lose. */
    if (!atomic_compare_exchange_strong_explicit(
            &l->process, &seen, mine, memory_order_acq_rel, memory_order_acquire)) {
        process_free(mine);
        return seen;
    }
    luot_batch_let_go(seen->batch); /* the child's copy; the parent keeps its own */
    return mine;
}

struct inside {
    struct process *process;
    int cancel_state; /* of this thread, to be given back */
    int error;        /* errno, to be given back          */
};

/* This process's batch is for this thread alone until leave(). false and errno:
 * ENOMEM. */
static bool enter(struct luot *l, struct inside *ret_inside)
{
    struct inside inside = {.error = errno};
    pid_t here = l->plan.seam->process();
    struct process *p = atomic_load_explicit(&l->process, memory_order_acquire);
    if (p->id != here)
        p = process_after_fork(l, p, here);
    if (p == NULL) {
        errno = ENOMEM;
        return false;
    }
    inside.process = p;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &inside.cancel_state);
    pthread_mutex_lock(&p->lock);
    *ret_inside = inside;
    return true;
}

static void leave(const struct inside *inside)
{
    pthread_mutex_unlock(&inside->process->lock);
    pthread_setcancelstate(inside->cancel_state, NULL);
    errno = inside->error;
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* 0 or errno's value. */
static int handle_fill(struct luot *l, const struct luot_options *options)
{
    if (!options_read(l, options))
        return EINVAL;
    struct process *p = process_new(l, l->plan.seam->process(), NULL);
    if (p == NULL)
        return ENOMEM;
    int error = luot_batch_prepare(p->batch);
    if (error != 0) {
        process_free(p);
        return error;
    }
    atomic_init(&l->process, p);
    return 0;
}

struct luot *luot_open_with(const struct luot_options *options,
                            const struct luot_seam *seam)
{
    int before = errno, error = ENOMEM;
    struct luot *l = seam->allocate(sizeof *l);
    if (l != NULL) {
        memset(l, 0, sizeof *l);
        l->plan.seam = seam;
        error = handle_fill(l, options);
    }
    errno = error != 0 ? error : before;
    if (error == 0)
        return l;
    if (l != NULL)
        luot_signer_erase(&l->plan.signer);
    free(l);
    return NULL;
}

struct luot *luot_open(const struct luot_options *options)
{
    return luot_open_with(options, &luot_seam_kernel);
}

/* The line is made outside the lock: threads wait for each other's copy, not for
 * encoding. */
int luot_hit(struct luot *l, const struct luot_hit *hit)
{
    struct luot_hit known;
    struct inside inside;
    char line[LUOT_BEACON_MAX];
    size_t length;
    if (l == NULL || hit == NULL ||
        !copy_known(&known, sizeof known, HIT_SIZE_FIRST, hit))
        return refuse(EINVAL);
    int error = luot_line_write(line, &length, &known, l->site);
    if (error != 0)
        return refuse(error);
    if (!enter(l, &inside))
        return -1;
    luot_batch_add(inside.process->batch, line, length);
    leave(&inside);
    return 0;
}

int luot_flush(struct luot *l)
{
    struct inside inside;
    if (l == NULL)
        return refuse(EINVAL);
    if (!enter(l, &inside))
        return -1;
    luot_batch_send(inside.process->batch);
    leave(&inside);
    return 0;
}

int luot_stats(struct luot *l, struct luot_stats *ret_stats)
{
    struct inside inside;
    struct luot_stats stats;
    if (l == NULL || ret_stats == NULL || ret_stats->size < STATS_SIZE_FIRST ||
        ret_stats->size > SIZE_LIMIT)
        return refuse(EINVAL);
    if (!enter(l, &inside))
        return -1;
    stats = luot_batch_stats(inside.process->batch);
    leave(&inside);
    stats.size = ret_stats->size;
    memset(ret_stats, 0, stats.size);
    memcpy(ret_stats, &stats, stats.size < sizeof stats ? stats.size : sizeof stats);
    return 0;
}

void luot_close(struct luot *l)
{
    int before = errno, cancel_state;
    struct process *p, *parent;
    if (l == NULL)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    p = atomic_load_explicit(&l->process, memory_order_acquire);
    if (p->id == l->plan.seam->process())
        luot_batch_send(p->batch);
    for (; p != NULL; p = parent) {
        parent = p->parent;
        process_free(p);
    }
    luot_signer_erase(&l->plan.signer);
    free(l);
    pthread_setcancelstate(cancel_state, NULL);
    errno = before;
}
