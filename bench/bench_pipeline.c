/* What does a beacon cost from its bytes to its count, with no socket?
 *
 * One site, one worker, 10,000 visitors, 16 datagrams a turn as net/udp receives them:
 * the arena, the registry and the pipeline that luotd runs. Nanoseconds of CPU a beacon,
 * best of 5 passes over beacons made before. "new slots": the clock moves on by a slot
 * each 10,000 beacons, so that about two in three are their visitor's first of a slot.
 * "limits": with the guard, whose limits nobody reaches.
 *
 *   bench_pipeline                         the table
 *   bench_pipeline WHAT LINES DATAGRAMS    one pass, for callgrind (bench/README.md):
 *                                          WHAT is parse, count, slots or limits */
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
#include "parse/beacon.h"
#include "pipeline.h"

enum {
    BEACONS = 200000,
    VISITORS = 10000,
    TURN = 16, /* datagrams */
    SLOT_BEACONS = 10000,
    PASSES = 5,
    SITES_MAX = 8
};

struct bench {
    char dir[64];
    struct config *config;
    struct arena *arena;
    struct registry *registry;
    struct graces graces;
    struct metrics_row row;
    struct trust trust;
    _Atomic(const struct trust *) trusted;
    struct referrer_list *own_referrers;
    _Atomic(const struct referrer_list *) referrers;
    struct pipeline pipeline;
    struct guard *guard;
    struct instant now;
    uint64_t parsed; /* bytes of pages: so that no parse is left out */
};

struct work {
    const struct beacons *beacons;
    unsigned lines; /* in a datagram */
    bool new_slots;
};

typedef void pass_fn(struct bench *b, const struct work *w);

static struct slice datagram_at(const struct beacons *all, size_t i)
{
    return (struct slice){all->datagrams + i * all->length, all->length};
}

static void parse_pass(struct bench *b, const struct work *w)
{
    struct slice rest, line;
    struct beacon beacon;

    for (size_t i = 0; i < w->beacons->count; i++) {
        rest = datagram_at(w->beacons, i);
        while (beacon_next_line(&rest, &line))
            if (beacon_parse(&beacon, line, b->pipeline.scratch) == 0)
                b->parsed += beacon.page.length;
    }
}

static void count_pass(struct bench *b, const struct work *w)
{
    struct address from = {.bytes = {[10] = 255, 255, 127, 0, 0, 1}};
    size_t until_slot = SLOT_BEACONS / w->lines;

    for (size_t i = 0; i < w->beacons->count; i += TURN) {
        if (w->new_slots && until_slot <= TURN) {
            b->now.ms += SLOT_MS;
            until_slot += SLOT_BEACONS / w->lines;
        }
        until_slot -= w->new_slots ? TURN : 0;
        pipeline_begin(&b->pipeline, b->now);
        for (size_t j = i; j < i + TURN && j < w->beacons->count; j++)
            pipeline_datagram(&b->pipeline, datagram_at(w->beacons, j), &from);
        (void)pipeline_end(&b->pipeline);
    }
}

static void limits_pass(struct bench *b, const struct work *w)
{
    b->pipeline.guard = b->guard;
    count_pass(b, w);
    b->pipeline.guard = NULL;
}

/* What luotd's keeper does ten times a second; here between passes, and not measured. */
static int keep(struct bench *b)
{
    struct count_head *head = arena_head(b->arena);
    struct registry_report report;
    int rv;

    graces_tick_begin(&b->graces, &head->turns);
    rv = registry_keep(b->registry, &b->graces, b->now, &report);
    graces_tick_end(&b->graces, &head->turns, 1);
    return rv;
}

/* Until every visitor has a word in a table that is backed. */
static int warm_up(struct bench *b, const struct work *w)
{
    struct beacons few = *w->beacons;
    struct work part = {&few, w->lines, false};
    int rv = 0;

    few.count = 16 * TURN;
    for (size_t at = 0; at < w->beacons->count && rv == 0; at += few.count) {
        few.datagrams = w->beacons->datagrams + at * few.length;
        if (few.count > w->beacons->count - at)
            few.count = w->beacons->count - at;
        count_pass(b, &part);
        rv = keep(b);
    }
    return rv;
}

static int start(struct bench *b)
{
    static const char text[] = "[site demo]\nany_host = yes\n";
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = SITES_MAX,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report opened;
    struct registry_report report;
    struct config_error error;
    struct count_head *head;
    struct timespec wall;
    char sentence[REFERRER_LIST_SENTENCE_MAX];
    int rv;

    clock_gettime(CLOCK_REALTIME, &wall);
    b->now = (struct instant){(int64_t)wall.tv_sec * 1000};
    strcpy(b->dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/luot-bench-XXXXXX"
                                                 : "/tmp/luot-bench-XXXXXX");
    if (mkdtemp(b->dir) == NULL || hash_start() != 0 ||
        config_parse(&b->config, slice_of(text), "bench", &error) != 0 ||
        referrer_list_open(&b->own_referrers, "", "", sentence) != 0 ||
        networks_parse(&b->trust.udp, slice_of("loopback")) != 0 ||
        arena_open(&b->arena, b->dir, &layout, 0, &opened) != 0 ||
        registry_open(&b->registry, b->arena, SITES_MAX, b->config, b->now, &report) != 0)
        return ERR_IO;
    b->guard = guard_new();
    if (b->guard == NULL)
        return ERR_NOMEM;
    b->trust.limits = (struct guard_rules){{10, 1000000}, {10, 1000000}};
    head = arena_head(b->arena);
    atomic_store(&b->trusted, &b->trust);
    atomic_store(&b->referrers, b->own_referrers);
    rv = pipeline_init(&b->pipeline, b->registry, &b->row, &head->turns.line[0],
                       &b->trusted);
    b->pipeline.referrers = &b->referrers;
    return rv;
}

static void stop(struct bench *b)
{
    char file[96];

    pipeline_release(&b->pipeline);
    guard_free(b->guard);
    registry_close(b->registry);
    arena_close(b->arena);
    config_free(b->config);
    referrer_list_free(b->own_referrers);
    snprintf(file, sizeof file, "%s/arena", b->dir);
    unlink(file);
    rmdir(b->dir);
}

static bool everything_was_counted(const struct bench *b)
{
    struct metrics_total total;

    metrics_sum(&b->row, 1, &total);
    if (total.received == total.counted_view)
        return true;
    fprintf(stderr, "bench_pipeline: received %llu, counted %llu views\n",
            (unsigned long long)total.received, (unsigned long long)total.counted_view);
    return false;
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int measure(struct bench *b, const char *what, pass_fn *pass, struct work w)
{
    double best = 0;

    for (int i = 0; i < PASSES; i++) {
        double began = cpu_ns(), each;
        pass(b, &w);
        each = (cpu_ns() - began) / (double)(w.beacons->count * w.lines);
        if (i == 0 || each < best)
            best = each;
        if (keep(b) != 0)
            return ERR_NOSPACE;
    }
    printf("%-28s %4u %10.1f\n", what, w.lines, best);
    fflush(stdout);
    return 0;
}

static int table(struct bench *b)
{
    static const unsigned lines[] = {1, 10};
    uint64_t state = 1;
    int rv = 0;

    printf("%-28s %4s %10s\n", "", "lines", "ns a beacon");
    for (unsigned i = 0; i < 2 && rv == 0; i++) {
        struct beacons made;
        struct work w = {&made, lines[i], false}, moving = {&made, lines[i], true};
        if (!beacons_make(&made, BEACONS / lines[i], lines[i], VISITORS, &state))
            return ERR_NOMEM;
        rv = warm_up(b, &w);
        if (rv == 0)
            rv = measure(b, "parse", parse_pass, w);
        if (rv == 0)
            rv = measure(b, "parse and count", count_pass, w);
        if (rv == 0)
            rv = measure(b, "parse and count, limits", limits_pass, w);
        if (rv == 0)
            rv = measure(b, "parse and count, new slots", count_pass, moving);
        free(made.datagrams);
    }
    printf("%-28s %4s %10zu\n", "bytes of a beacon", "",
           beacons_write((char[BEACON_TEXT_MAX]){0}, VISITORS, &state));
    return rv;
}

/* callgrind collects inside this function only (--toggle-collect). */
static void measured(struct bench *b, pass_fn *pass, const struct work *w)
{
    pass(b, w);
}

static int once(struct bench *b, const char *what, unsigned lines, size_t datagrams)
{
    void (*volatile run)(struct bench *, pass_fn *, const struct work *) = measured;
    struct beacons made;
    struct work w = {&made, lines, strcmp(what, "slots") == 0};
    uint64_t state = 1;
    int rv;

    if (!beacons_make(&made, datagrams, lines, VISITORS, &state))
        return ERR_NOMEM;
    rv = warm_up(b, &w);
    if (rv == 0)
        run(b,
            strcmp(what, "parse") == 0    ? parse_pass
            : strcmp(what, "limits") == 0 ? limits_pass
                                          : count_pass,
            &w);
    free(made.datagrams);
    return rv;
}

int main(int argc, char **argv)
{
    static struct bench b;
    unsigned long lines = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    unsigned long datagrams = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    int rv = start(&b);

    if (rv == 0)
        rv = argc == 1 ? table(&b)
             : lines > 0 && lines <= LUOT_LINES_MAX && datagrams > 0
                 ? once(&b, argv[1], (unsigned)lines, datagrams)
                 : ERR_RANGE;
    if (rv != 0)
        fprintf(stderr, "bench_pipeline: %s\n", error_text(rv));
    if (rv == 0 && !everything_was_counted(&b))
        rv = ERR_IO;
    stop(&b);
    return rv == 0 ? 0 : 1;
}
