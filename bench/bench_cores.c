/* How much more do several workers count than one, with everything on that luotd has on? All
 * beacons are of one site, so that workers meet in every table.
 *
 *   bench_cores FILE COUNTRIES [WORKERS]
 *
 * FILE is one that lib/input.mjs made, COUNTRIES a country database. Each worker is a thread on a core of its own, with
 * the pipeline that luotd runs, and takes PASSES times the file's lines, ten a datagram and
 * 16 datagrams a turn. There is no socket. While they work a keeper does what luotd's does.
 * Nanoseconds of a worker's CPU a beacon, with one and with WORKERS (2) of them: time that
 * others had a core for is in neither, and the ratio of what they do in one time is
 * `WORKERS * one / each`. RUNS times, in turn. */
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "count/registry.h"
#include "pipeline.h"
#include "pool.h"
#include "rig.h"

enum {
    LINES = 10,
    TURN = 16, /* datagrams */
    PASSES = 4,
    RUNS = 5
};

struct datagrams {
    char *bytes;
    size_t *end;
    size_t count;
};

struct bench {
    struct rig rig;
    struct datagrams datagrams;
    unsigned workers;
    _Atomic bool stopping;
    pthread_barrier_t together;
};

struct worker {
    struct bench *bench;
    struct metrics_row row;
    struct pipeline pipeline;
    unsigned index;
    double cpu_ns;
};

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void pin(unsigned core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)sched_setaffinity(0, sizeof set,
                            &set); /* a wish: a machine may have no such core */
}

static void pass(struct worker *w, size_t from)
{
    const struct datagrams *d = &w->bench->datagrams;
    struct address address = {.bytes = {[10] = 255, 255, 127, 0, 0, 1}};

    for (size_t i = 0; i < d->count; i += TURN) {
        pipeline_begin(&w->pipeline, w->bench->rig.now);
        for (size_t j = i; j < i + TURN && j < d->count; j++) {
            size_t at = (from + j) % d->count, start = at == 0 ? 0 : d->end[at - 1];

            pipeline_datagram(&w->pipeline,
                              (struct slice){d->bytes + start, d->end[at] - start},
                              &address);
        }
        (void)pipeline_end(&w->pipeline);
    }
}

static void *work(void *of)
{
    struct worker *w = of;
    double began;

    pin(w->index);
    pthread_barrier_wait(&w->bench->together);
    began = cpu_ns();
    for (unsigned i = 0; i < PASSES; i++) /* not all at the same line at once */
        pass(w, w->bench->datagrams.count / w->bench->workers * w->index);
    w->cpu_ns = cpu_ns() - began;
    return NULL;
}

static void *keep_on(void *of)
{
    struct bench *b = of;
    struct timespec tenth = {.tv_nsec = 100000000};

    while (!atomic_load_explicit(&b->stopping, memory_order_relaxed) &&
           rig_keep(&b->rig, b->workers) == 0)
        nanosleep(&tenth, NULL);
    return NULL;
}

static int start_workers(struct bench *b, struct worker *workers)
{
    struct count_head *head = arena_head(b->rig.arena);
    int rv = 0;

    for (unsigned i = 0; i < b->workers && rv == 0; i++) {
        struct worker *w = &workers[i];

        w->bench = b;
        w->index = i;
        rv = pipeline_init(&w->pipeline, b->rig.registry, &w->row, &head->turns.line[i],
                           &b->rig.trusted);
        w->pipeline.referrers = &b->rig.referrers;
        w->pipeline.atlas = &b->rig.atlas;
        pipeline_use_agents(&w->pipeline, &b->rig.agents, i);
        w->pipeline.guard = b->rig.guard;
    }
    return rv;
}

static bool everything_was_counted(const struct bench *b, const struct metrics_row *rows,
                                   size_t passes)
{
    struct metrics_total total;

    metrics_sum(rows, 1, &total);
    if (total.received == passes * b->datagrams.count * LINES &&
        total.received == total.counted_view + total.suppressed_bot &&
        total.suppressed_bot > 0)
        return true;
    fprintf(stderr, "bench_cores: received %llu, counted %llu views and %llu of robots\n",
            (unsigned long long)total.received, (unsigned long long)total.counted_view,
            (unsigned long long)total.suppressed_bot);
    return false;
}

/* So many workers at once; ret: ns of CPU a beacon, all of them together by how many. */
static int together(struct bench *b, unsigned count, double *ret_each)
{
    struct worker *workers = calloc(count, sizeof *workers);
    pthread_t thread[WORKERS_MAX], keeper;
    double sum = 0;
    int rv;

    b->workers = count;
    b->rig.now.ms += 1000; /* so that no address reaches its limit */
    atomic_store(&b->stopping, false);
    if (workers == NULL)
        return ERR_NOMEM;
    rv = start_workers(b, workers);
    if (rv == 0 && pthread_create(&keeper, NULL, keep_on, b) != 0)
        rv = ERR_NOMEM;
    if (rv == 0) {
        pthread_barrier_init(&b->together, NULL, count);
        for (unsigned i = 0; i < count; i++)
            if (pthread_create(&thread[i], NULL, work, &workers[i]) != 0)
                abort(); /* others wait for it */
        for (unsigned i = 0; i < count; i++) {
            pthread_join(thread[i], NULL);
            sum += workers[i].cpu_ns;
            if (!everything_was_counted(b, &workers[i].row, PASSES))
                rv = ERR_IO;
        }
        atomic_store(&b->stopping, true);
        pthread_join(keeper, NULL);
        pthread_barrier_destroy(&b->together);
    }
    for (unsigned i = 0; i < count; i++)
        pipeline_release(&workers[i].pipeline);
    free(workers);
    *ret_each = sum / ((double)count * PASSES * (double)b->datagrams.count * LINES);
    return rv;
}

static bool read_datagrams(struct datagrams *d, const char *file)
{
    struct pool pool;
    size_t at = 0;

    if (!pool_open(&pool, file))
        return false;
    d->count = pool.count / LINES;
    d->bytes = malloc(pool.count * POOL_LINE_MAX);
    d->end = malloc(d->count * sizeof *d->end);
    if (d->bytes == NULL || d->end == NULL)
        return false;
    for (size_t i = 0; i < d->count; i++) {
        for (size_t j = 0; j < LINES; j++) {
            at += pool_write(&pool, i * LINES + j, d->bytes + at);
            if (j + 1 < LINES)
                d->bytes[at++] = '\n';
        }
        d->end[i] = at;
    }
    pool_close(&pool);
    return true;
}

/* What luotd reads at its start. */
static void stop(struct bench *b)
{
    free(b->datagrams.bytes);
    free(b->datagrams.end);
    rig_close(&b->rig);
}

/* Until every visitor has its word in a table that is backed. */
static int warm_up(struct bench *b)
{
    double each;
    int rv = 0;

    for (int i = 0; i < 3 && rv == 0; i++)
        rv = together(b, 1, &each);
    return rv;
}

static int measure(struct bench *b, unsigned workers)
{
    double one, each;
    int rv = warm_up(b);

    printf("%16s %10s %6s\n", "one worker, ns", "each of many", "ratio");
    for (int i = 0; i < RUNS && rv == 0; i++) {
        rv = together(b, 1, &one);
        if (rv == 0)
            rv = together(b, workers, &each);
        if (rv == 0)
            printf("%16.1f %12.1f %6.3f\n", one, each, workers * one / each);
    }
    return rv;
}

int main(int argc, char **argv)
{
    static struct bench b;
    unsigned long workers = argc > 3 ? strtoul(argv[3], NULL, 10) : 2;
    int rv;

    if (argc < 3 || workers < 1 || workers > WORKERS_MAX ||
        !read_datagrams(&b.datagrams, argv[1])) {
        fprintf(stderr, "usage: bench_cores FILE COUNTRIES [WORKERS]; FILE is one "
                        "that lib/input.mjs made\n");
        return 64;
    }
    rv = rig_open(&b.rig, "[site demo]\nany_host = yes\n", argv[2], (unsigned)workers);
    if (rv == 0)
        rv = measure(&b, (unsigned)workers);
    if (rv != 0)
        fprintf(stderr, "bench_cores: %s\n", error_text(rv));
    stop(&b);
    return rv == 0 ? 0 : 1;
}
