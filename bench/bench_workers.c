/* Do two workers count twice as much as one, when all beacons are one site's?
 *
 * Two threads with a pipeline each, as luotd's workers have, on one registry: the same site,
 * the same 10,000 visitors and 1,000 pages, so that every table and every slot is written by
 * both. Each pass runs one worker alone, then both together, from a barrier, then both
 * together on a site each. Nanoseconds of CPU a beacon: what one worker costs the other,
 * lines of cache that wander, attempts that are made again, is in its CPU time. What else
 * the machine does is not, so that the ratio holds on a shared one too: 2 * (alone /
 * together). With a site each nothing is shared but the machine, its memory and its last
 * cache: what is lost there is not luot's. `by the clock` is the same ratio of wall times,
 * right only where two cores do nothing else.
 *
 *   bench_workers          medians of 9 passes
 *   bench_workers PASSES */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "beacons.h"
#include "count/registry.h"
#include "pipeline.h"

enum {
    WORKERS = 2,
    BEACONS = 100000,
    VISITORS = 10000,
    TURN = 16, /* datagrams */
    PASSES_MAX = 99,
    SITES_MAX = 8
};

static const char *const own_site[WORKERS] = {"demo", "twin"};

struct bench;

struct worker {
    struct bench *bench;
    struct pipeline pipeline;
    struct beacons beacons;
    double cpu_ns; /* of the last pass */
};

struct bench {
    char dir[64];
    struct config *config;
    struct arena *arena;
    struct registry *registry;
    struct graces graces;
    struct trust trust;
    _Atomic(const struct trust *) trusted;
    struct referrer_list *own_referrers;
    _Atomic(const struct referrer_list *) referrers;
    struct metrics_row row[WORKERS];
    struct worker worker[WORKERS];
    struct instant now;
    pthread_barrier_t begin;
};

struct figures { /* of each pass: ns a beacon, and ratios */
    double alone[PASSES_MAX], together[PASSES_MAX], apart[PASSES_MAX];
    double ratio[PASSES_MAX], ratio_apart[PASSES_MAX], wall[PASSES_MAX];
};

static double clock_ns(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- A worker --- */

static void count(struct worker *w, size_t from, size_t until)
{
    const struct address sender = {.bytes = {[10] = 255, 255, 127, 0, 0, 1}};

    for (size_t i = from; i < until; i += TURN) {
        pipeline_begin(&w->pipeline, w->bench->now);
        for (size_t j = i; j < i + TURN && j < until; j++)
            pipeline_datagram(&w->pipeline,
                              (struct slice){w->beacons.datagrams + j * w->beacons.length,
                                             w->beacons.length},
                              &sender);
        (void)pipeline_end(&w->pipeline);
    }
}

static void send_to(struct worker *w, const char *site)
{
    for (size_t i = 0; i < w->beacons.count; i++)
        memcpy(w->beacons.datagrams + i * w->beacons.length + 2, site, 4); /* "s=demo" */
}

static void *run(void *context)
{
    struct worker *w = context;
    double began;

    pthread_barrier_wait(&w->bench->begin);
    began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    count(w, 0, w->beacons.count);
    w->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - began;
    return NULL;
}

/* --- The registry, and its keeper between passes --- */

static int keep(struct bench *b)
{
    struct count_head *head = arena_head(b->arena);
    struct registry_report report;
    int rv;

    graces_tick_begin(&b->graces, &head->turns);
    rv = registry_keep(b->registry, &b->graces, b->now, &report);
    graces_tick_end(&b->graces, &head->turns, WORKERS);
    return rv;
}

/* Until every visitor has a word, in tables that are backed. */
static int warm_up(struct bench *b, struct worker *w, const char *site)
{
    int rv = 0;

    send_to(w, site);
    for (size_t at = 0; at < BEACONS && rv == 0; at += 256) {
        count(w, at, at + 256 < BEACONS ? at + 256 : BEACONS);
        rv = keep(b);
    }
    return rv;
}

static int warm_up_all(struct bench *b)
{
    int rv = 0;

    for (int i = WORKERS - 1; i >= 0 && rv == 0; i--) {
        rv = warm_up(b, &b->worker[i], own_site[i]);
        if (rv == 0)
            rv = warm_up(b, &b->worker[i], own_site[0]);
    }
    return rv;
}

static int open_registry(struct bench *b)
{
    static const char text[] = "[site demo]\nany_host = yes\n"
                               "[site twin]\nany_host = yes\n";
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = SITES_MAX,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report opened;
    struct registry_report report;
    struct config_error error;
    char sentence[REFERRER_LIST_SENTENCE_MAX];

    b->now = (struct instant){(int64_t)(clock_ns(CLOCK_REALTIME) / 1e9) * 1000};
    strcpy(b->dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/luot-bench-XXXXXX"
                                                 : "/tmp/luot-bench-XXXXXX");
    if (mkdtemp(b->dir) == NULL || hash_start() != 0 ||
        config_parse(&b->config, slice_of(text), "bench", &error) != 0 ||
        referrer_list_open(&b->own_referrers, "", "", sentence) != 0 ||
        networks_parse(&b->trust.udp, slice_of("loopback")) != 0 ||
        arena_open(&b->arena, b->dir, &layout, 0, &opened) != 0 ||
        registry_open(&b->registry, b->arena, SITES_MAX, b->config, b->now, &report) != 0)
        return ERR_IO;
    atomic_store(&b->trusted, &b->trust);
    atomic_store(&b->referrers, b->own_referrers);
    return 0;
}

static int open_workers(struct bench *b)
{
    struct count_head *head = arena_head(b->arena);
    int rv = 0;

    for (unsigned i = 0; i < WORKERS && rv == 0; i++) {
        struct worker *w = &b->worker[i];
        uint64_t seed = i + 1;

        w->bench = b;
        if (!beacons_make(&w->beacons, BEACONS, 1, VISITORS, &seed))
            return ERR_NOMEM;
        rv = pipeline_init(&w->pipeline, b->registry, &b->row[i], &head->turns.line[i],
                           &b->trusted);
        w->pipeline.referrers = &b->referrers;
    }
    return rv;
}

static void stop(struct bench *b)
{
    char file[96];

    for (int i = 0; i < WORKERS; i++) {
        pipeline_release(&b->worker[i].pipeline);
        free(b->worker[i].beacons.datagrams);
    }
    registry_close(b->registry);
    arena_close(b->arena);
    config_free(b->config);
    referrer_list_free(b->own_referrers);
    snprintf(file, sizeof file, "%s/arena", b->dir);
    unlink(file);
    rmdir(b->dir);
}

/* --- Passes --- */

/* The first `workers` of them; ns by the clock, 0: no threads. */
static double pass(struct bench *b, unsigned workers)
{
    pthread_t thread[WORKERS];
    double began;

    pthread_barrier_init(&b->begin, NULL, workers + 1);
    for (unsigned i = 0; i < workers; i++)
        if (pthread_create(&thread[i], NULL, run, &b->worker[i]) != 0)
            exit(71);
    pthread_barrier_wait(&b->begin);
    began = clock_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < workers; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&b->begin);
    return clock_ns(CLOCK_MONOTONIC) - began;
}

static double both_cpu(const struct bench *b)
{
    return (b->worker[0].cpu_ns + b->worker[1].cpu_ns) / (WORKERS * BEACONS);
}

static int measure(struct bench *b, struct figures *f, unsigned passes)
{
    int rv = 0;

    for (unsigned i = 0; i < passes && rv == 0; i++) {
        double alone = pass(b, 1), both;

        f->alone[i] = b->worker[0].cpu_ns / BEACONS;
        rv = keep(b);
        both = pass(b, WORKERS);
        f->together[i] = both_cpu(b);
        rv = rv != 0 ? rv : keep(b);
        send_to(&b->worker[1], own_site[1]);
        (void)pass(b, WORKERS);
        f->apart[i] = both_cpu(b);
        send_to(&b->worker[1], own_site[0]);
        rv = rv != 0 ? rv : keep(b);
        f->ratio[i] = WORKERS * f->alone[i] / f->together[i];
        f->ratio_apart[i] = WORKERS * f->alone[i] / f->apart[i];
        f->wall[i] = WORKERS * alone / both;
    }
    return rv;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print(const char *what, double *of, unsigned n)
{
    qsort(of, n, sizeof *of, by_size);
    printf("%-32s %8.2f (%.2f..%.2f)\n", what, of[n / 2], of[0], of[n - 1]);
}

static bool everything_was_counted(const struct bench *b, unsigned passes)
{
    uint64_t right =
        (uint64_t)BEACONS * (2 * WORKERS + (1 + 2 * WORKERS) * (uint64_t)passes);
    struct metrics_total total;

    metrics_sum(b->row, WORKERS, &total);
    if (total.received == right && total.counted_view == right)
        return true;
    fprintf(stderr, "bench_workers: sent %llu, received %llu, counted %llu views\n",
            (unsigned long long)right, (unsigned long long)total.received,
            (unsigned long long)total.counted_view);
    return false;
}

int main(int argc, char **argv)
{
    static struct bench b;
    static struct figures f;
    unsigned long passes = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
    int rv = passes > 0 && passes <= PASSES_MAX ? open_registry(&b) : ERR_RANGE;

    if (rv == 0)
        rv = open_workers(&b);
    if (rv == 0)
        rv = warm_up_all(&b);
    if (rv == 0)
        rv = measure(&b, &f, (unsigned)passes);
    if (rv != 0) {
        fprintf(stderr, "bench_workers: %s\n", error_text(rv));
        return 1;
    }
    print("one worker, ns a beacon", f.alone, (unsigned)passes);
    print("two workers, ns a beacon", f.together, (unsigned)passes);
    print("two, a site each, ns a beacon", f.apart, (unsigned)passes);
    print("two : one, by CPU", f.ratio, (unsigned)passes);
    print("two, a site each : one, by CPU", f.ratio_apart, (unsigned)passes);
    printf("%-32s %8.2f and %.2f\n", "the same of the smallest",
           WORKERS * f.alone[0] / f.together[0], WORKERS * f.alone[0] / f.apart[0]);
    print("two : one, by the clock", f.wall, (unsigned)passes);
    if (!everything_was_counted(&b, (unsigned)passes))
        rv = 1;
    stop(&b);
    return rv;
}
