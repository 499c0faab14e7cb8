/* What does a beacon cost from its bytes to its count, with no socket, and which stage costs
 * what?
 *
 * One site, one worker, 16 datagrams a turn as net/udp receives them: the arena, the
 * registry and the pipeline that luotd runs, with the built-in lists and the country
 * database that the build installs. Stages are added one after the other; "all" is luotd.
 * Beacons are those of portal.h: "known" are 10,000 visitors with 2,400 agents, "new" are
 * visitors and agents that nobody has seen before. Nanoseconds of CPU a beacon, best of 5
 * passes; the keeper works between them, and is not measured.
 *
 *   bench_pipeline                               the table
 *   bench_pipeline WHAT LINES DATAGRAMS [new]    one pass, for callgrind (bench/README.md):
 *                                                WHAT is parse, a stage, or slots: all, and
 *                                                the clock moves on by a slot each 10,000
 *                                                beacons. `count` is all. A number in place
 *                                                of `new`: of so many known visitors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "count/registry.h"
#include "parse/beacon.h"
#include "pipeline.h"
#include "portal.h"
#include "rig.h"

enum {
    BEACONS = 100000,
    NEW_BEACONS = 40000,
    VISITORS = 10000,
    TURN = 16, /* datagrams */
    KEPT = 64, /* turns between two ticks of the keeper */
    SLOT_BEACONS = 10000,
    PASSES = 5
};

/* In the order in which they are added. */
enum stage { BASE, AGENT, COUNTRY, REFERRER, TOPS, ABUSE, STAGES };
static const char *const stages[STAGES] = {"base",     "agent", "country",
                                           "referrer", "tops",  "abuse"};

struct bench {
    struct rig rig;
    struct metrics_row row;
    struct pipeline pipeline;
    enum stage stage;
    bool parse_only, new_slots, warming;
    uint64_t parsed; /* bytes of pages: so that no parse is left out */
};

/* --- One pass --- */

static void parse(struct bench *b, struct slice datagram)
{
    struct beacon beacon;

    while (datagram.length > 0)
        if (beacon_take(&beacon, &datagram, b->pipeline.spellings, b->pipeline.scratch) ==
            0)
            b->parsed += beacon.page.length;
}

static void run(struct bench *b, const struct lines *l, size_t from, size_t to)
{
    struct address sender = {.bytes = {[10] = 255, 255, 127, 0, 0, 1}};

    for (size_t i = from; i < to; i += TURN) {
        if (b->new_slots && i * l->each % SLOT_BEACONS < (size_t)TURN * l->each)
            b->rig.now.ms += SLOT_MS;
        if (!b->parse_only)
            pipeline_begin(&b->pipeline, b->rig.now);
        for (size_t j = i; j < i + TURN && j < to; j++)
            if (b->parse_only)
                parse(b, lines_at(l, j));
            else
                pipeline_datagram(&b->pipeline, lines_at(l, j), &sender);
        if (!b->parse_only && pipeline_end(&b->pipeline) && b->warming)
            (void)rig_keep(&b->rig, 1); /* which a worker rings for */
    }
}

/* What callgrind collects (--toggle-collect). */
__attribute__((noinline)) static void measured(struct bench *b, const struct lines *l,
                                               size_t from, size_t to)
{
    run(b, l, from, to);
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Tops that are not backed take nothing, which is how they are left out. */
static void let_tops(struct bench *b, bool on)
{
    struct site *site = registry_by_key(b->rig.registry, SLICE("soyte"));

    atomic_store(&site->tops.ready, on);
}

/* All of the lines; *ret_ns of a beacon. */
static int pass(struct bench *b, const struct lines *l, bool warm, double *ret_ns)
{
    double ns = 0, began;
    size_t step = (size_t)TURN * KEPT / l->each / TURN * TURN;
    int rv = 0;

    if (step == 0)
        step = TURN;
    for (size_t at = 0; at < l->count && rv == 0; at += step) {
        b->warming = warm;
        let_tops(b, warm || b->stage >= TOPS);
        began = cpu_ns();
        (warm ? run : measured)(b, l, at, at + step < l->count ? at + step : l->count);
        ns += cpu_ns() - began;
        let_tops(b, true);
        rv = rig_keep(&b->rig, 1);
    }
    *ret_ns = ns / (double)(l->count * l->each);
    return rv;
}

/* --- The pipeline --- */

static void use(struct bench *b, enum stage stage)
{
    struct pipeline *p = &b->pipeline;

    b->stage = stage;
    if (stage >= AGENT)
        pipeline_use_agents(p, &b->rig.agents, 0);
    p->atlas = stage >= COUNTRY ? &b->rig.atlas : NULL;
    p->without_places = stage < REFERRER;
    p->referrers = &b->rig.referrers;
    p->guard = stage >= ABUSE ? b->rig.guard : NULL;
}

static int start(struct bench *b, const char *program, enum stage stage)
{
    const char *slash = strrchr(program, '/');
    struct count_head *head;
    char countries[512];
    int rv;

    *b = (struct bench){0};
    snprintf(countries, sizeof countries, "%.*s../gen/lists/country.mmdb",
             slash == NULL ? 0 : (int)(slash + 1 - program), program);
    rv = rig_open(&b->rig, "[site soyte]\nhosts = soyte.example.gov.vn\n", countries, 1);
    if (rv != 0)
        return rv;
    head = arena_head(b->rig.arena);
    rv = pipeline_init(&b->pipeline, b->rig.registry, &b->row, &head->turns.line[0],
                       &b->rig.trusted);
    if (rv == 0)
        use(b, stage);
    return rv;
}

static void stop(struct bench *b)
{
    pipeline_release(&b->pipeline);
    rig_close(&b->rig);
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

/* --- What is asked --- */

struct question {
    const char *program;
    enum stage stage;
    bool parse_only, new_slots, new;
    unsigned lines; /* in a datagram */
    unsigned visitors;
    size_t datagrams; /* in a pass     */
    unsigned passes;
};

/* *ret_ns: the best of the passes. */
static int answer(const struct question *q, double *ret_ns)
{
    static struct bench b;
    static struct portal p;
    struct lines l = {0};
    double each = 0;
    int rv = start(&b, q->program, q->stage);

    *ret_ns = 1e9;
    portal_begin(&p, q->new ? 0 : q->visitors);
    /* Once before: tables grow, and visitors are known. New ones only make the first part
     * of each cache warm. */
    for (unsigned i = 0; i <= q->passes && rv == 0; i++) {
        if ((i == 0 || q->new) && !lines_make(&l, &p, q->datagrams, q->lines))
            rv = ERR_NOMEM;
        b.parse_only = q->parse_only && i > 0;
        b.new_slots = q->new_slots && i > 0;
        if (rv == 0)
            rv = pass(&b, &l, i == 0, &each);
        if (i > 0 && each < *ret_ns)
            *ret_ns = each;
        if (i == q->passes || q->new)
            lines_free(&l);
    }
    if (rv == 0 && !everything_was_counted(&b))
        rv = ERR_IO;
    stop(&b);
    return rv;
}

static int print_row(struct question q, const char *what)
{
    double known, new;
    int rv;

    q.passes = PASSES;
    q.visitors = VISITORS;
    q.datagrams = BEACONS / q.lines;
    rv = answer(&q, &known);
    q.new = true;
    q.datagrams = NEW_BEACONS / q.lines;
    if (rv == 0)
        rv = answer(&q, &new);
    if (rv == 0)
        printf("%-16s %4u %10.1f %10.1f\n", what, q.lines, known, new);
    fflush(stdout);
    return rv;
}

static int table(const char *program)
{
    struct question q = {.program = program, .lines = 1, .parse_only = true};
    char what[32];
    int rv;

    printf("ns a beacon      lines      known        new\n");
    rv = print_row(q, "parse alone");
    q.parse_only = false;
    for (q.stage = BASE; q.stage < STAGES && rv == 0; q.stage++) {
        snprintf(what, sizeof what, "%s%s%s", q.stage == BASE ? "" : "+ ",
                 stages[q.stage], q.stage == ABUSE ? " = all" : "");
        rv = print_row(q, what);
    }
    q.stage = ABUSE;
    q.new_slots = true;
    if (rv == 0)
        rv = print_row(q, "all, new slots");
    q.new_slots = false;
    q.lines = 10;
    return rv == 0 ? print_row(q, "all") : rv;
}

static int once(const char *program, int argc, char **argv)
{
    struct question q = {.program = program,
                         .stage = ABUSE,
                         .parse_only = strcmp(argv[1], "parse") == 0,
                         .new_slots = strcmp(argv[1], "slots") == 0,
                         .new = argc > 4 && strcmp(argv[4], "new") == 0,
                         .lines = (unsigned)strtoul(argv[2], NULL, 10),
                         .visitors = VISITORS,
                         .datagrams = strtoul(argv[3], NULL, 10),
                         .passes = 1};
    double ns;
    int rv;

    if (argc > 4 && !q.new)
        q.visitors = (unsigned)strtoul(argv[4], NULL, 10);
    for (enum stage s = BASE; s < STAGES; s++)
        if (strcmp(argv[1], stages[s]) == 0)
            q.stage = s;
    if (q.lines == 0 || q.lines > LUOT_LINES_MAX || q.datagrams == 0 || q.visitors == 0)
        return ERR_RANGE;
    rv = answer(&q, &ns);
    if (rv == 0)
        printf("%.1f ns a beacon\n", ns);
    return rv;
}

int main(int argc, char **argv)
{
    int rv = argc > 3 ? once(argv[0], argc, argv) : table(argv[0]);

    if (rv != 0)
        fprintf(stderr, "bench_pipeline: %s\n", error_text(rv));
    return rv == 0 ? 0 : 1;
}
