/* Races of count/topk and count/regulars: 3 workers, one of them without a lane and one that
 * knows by heart what comes again, the keeper with real graces and a reader on one day's
 * table, while strangers' names flood it. Each worker keeps a ledger; after each
 * step all stop, and
 *
 *   total             is the sum of the ledgers, for each dimension
 *   a listed key      has views <= truth <= views + lacks, and lacks <= error
 *   an unlisted one   has truth <= error
 *   rows              are there once each, and no more than there may be
 *
 * In between the reader never sees a total fall. Half of the seeds yield at random before
 * a CAS. KILL: then a child does the same and is killed, and what its workers had finished
 * is there, and at most what they had begun.
 *
 * SEEDS=n: more seeds than 6. SEED=n: only that one. KILLS=n: more than 20. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count/regulars.h"
#include "count/turn.h"
#include "lib/topk_place.h"
#include "stress/stress.h"

enum {
    WORKERS = 3,
    OFTEN = 40,  /* keys whose truth is known */
    AGAIN = 400, /* keys that come again, some of which have a row */
    STEPS = 8,
    TURNS = 1200, /* of each worker in a step */
    KINDS = 3,
    KILL_MS = 60
};

static const enum dimension kinds[KINDS] = {DIM_PAGES, DIM_REFERRERS, DIM_EVENTS};

struct ledger { /* of one worker; shared with the parent of a child that is killed */
    _Atomic uint64_t begun[KINDS], done[KINDS];
    _Atomic uint64_t often_begun[KINDS][OFTEN], often_done[KINDS][OFTEN];
};

static struct shared {
    struct turns turns;
    struct ledger ledger[WORKERS];
} * shared;

static struct {
    struct topk_place place;
    pthread_barrier_t begin, end;
    _Atomic bool stop, step_over;
    _Atomic int running;
    _Atomic unsigned long falls;
    bool yields;
    uint64_t seed;
} run;

static _Thread_local uint64_t own_random;

static void sometimes_yield(const char *where)
{
    (void)where;
    if (random_below(&own_random, 8) == 0)
        sched_yield();
}

/* --- A worker --- */

/* A name of any length: a key that comes often, one that comes again, or one that never
 * does. *ret_key: which of these, the often ones first. */
static struct slice make_name(char name[NAME_MAX_BYTES + 1], unsigned *ret_key)
{
    static const char padding[] = "/a-part-of-a-path-that-is-long-enough-for-three-cells";
    unsigned key = OFTEN + AGAIN;
    int n;

    if (random_below(&own_random, 3) == 0)
        key = (unsigned)random_below(&own_random, OFTEN);
    else if (random_below(&own_random, 4) == 0)
        key = OFTEN + (unsigned)random_below(&own_random, AGAIN);
    if (key < OFTEN)
        n = snprintf(name, NAME_MAX_BYTES, "/often-%u%.*s", key, (int)key, padding);
    else if (key < OFTEN + AGAIN)
        n = snprintf(name, NAME_MAX_BYTES, "/again-%u", key);
    else
        n = snprintf(name, NAME_MAX_BYTES, "/%llx%.*s",
                     (unsigned long long)random_next(&own_random),
                     (int)random_below(&own_random, sizeof padding), padding);
    *ret_key = key;
    return (struct slice){name, (size_t)n};
}

struct worker {
    struct name_lane *lane;    /* NULL: views are added at once */
    struct regulars *regulars; /* NULL: nothing is by heart     */
    uint64_t era;
};

static struct worker new_worker(int i)
{
    return (struct worker){.lane = i == 0 ? NULL : name_lane_new(),
                           .regulars = i == 2 ? regulars_new() : NULL};
}

/* As count/site_visit and site_tops_count do it, with parts of one key. */
static void begin_by_heart(struct worker *w)
{
    uint64_t era;

    if (w->regulars == NULL)
        return;
    era = topk_era(&run.place.table);
    if (era != w->era)
        name_lane_doubt(w->lane);
    w->era = era;
}

static void add(struct worker *w, unsigned kind, unsigned key, struct slice name)
{
    const struct topk_table *t = &run.place.table;
    struct regular is = {.rows = 1, .entry_note = NO_NOTE};
    const struct regular *known;
    const struct name_note *note;
    bool visitor = key == 0;

    if (w->regulars == NULL || w->era == 0 || key == OFTEN + AGAIN) {
        (void)topk_add(t, w->lane, kinds[kind], name, visitor);
        return;
    }
    is.tag = regulars_tag(topk_life(t), kind * (OFTEN + AGAIN) + key + 1);
    known = regulars_find(w->regulars, w->lane, is.tag);
    if (known != NULL) {
        regular_count(known, w->lane, 1, visitor);
        return;
    }
    note = topk_add(t, w->lane, kinds[kind], name, visitor);
    if (note == NULL)
        return;
    is.note[0] = (uint16_t)(note - w->lane->note);
    is.made = w->lane->made;
    regulars_put(w->regulars, &is);
}

static void one_turn(int i, struct worker *w)
{
    struct ledger *mine = &shared->ledger[i];
    uint64_t added[KINDS] = {0}, often_added[KINDS][OFTEN] = {{0}};
    char name[NAME_MAX_BYTES + 1];
    unsigned often;

    turn_begin(&shared->turns.line[i]);
    begin_by_heart(w);
    for (uint64_t n = 1 + random_below(&own_random, 30); n > 0; n--) {
        unsigned kind = (unsigned)random_below(&own_random, KINDS);
        struct slice key = make_name(name, &often);

        atomic_fetch_add(&mine->begun[kind], 1);
        added[kind]++;
        if (often < OFTEN) {
            atomic_fetch_add(&mine->often_begun[kind][often], 1);
            often_added[kind][often]++;
        }
        add(w, kind, often, key);
    }
    if (w->lane != NULL)
        name_lane_flush(w->lane);
    turn_end(&shared->turns.line[i]);
    for (int k = 0; k < KINDS; k++) {
        atomic_fetch_add(&mine->done[k], added[k]);
        for (int o = 0; o < OFTEN; o++)
            if (often_added[k][o] > 0)
                atomic_fetch_add(&mine->often_done[k][o], often_added[k][o]);
    }
}

static void *work(void *arg)
{
    int i = (int)(intptr_t)arg;
    struct worker w = new_worker(i);

    own_random = run.seed * 16 + (uint64_t)i;
    for (;;) {
        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            break;
        for (int t = 0; t < TURNS; t++)
            one_turn(i, &w);
        if (atomic_fetch_sub(&run.running, 1) == 1)
            atomic_store(&run.step_over, true);
        pthread_barrier_wait(&run.end);
    }
    name_lane_free(w.lane);
    regulars_free(w.regulars);
    return NULL;
}

/* --- The keeper and a reader --- */

static void one_tick(struct grace *grace)
{
    struct topk_place *p = &run.place;

    if (p->over < p->begun && grace_is_over(grace, &shared->turns))
        p->over = p->begun;
    if (topk_keep(&p->table, p->arena, &p->ticket, p->begun, p->over) != 0)
        abort();
    if (p->over == p->begun) {
        p->begun++;
        grace_begin(grace, &shared->turns, WORKERS);
    }
}

static void *keep(void *arg)
{
    struct grace grace = {.workers = 0};

    (void)arg;
    own_random = run.seed * 16 + WORKERS;
    for (;;) {
        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            return NULL;
        while (!atomic_load(&run.step_over)) {
            one_tick(&grace);
            sched_yield();
        }
        pthread_barrier_wait(&run.end);
    }
}

static void *read_on(void *arg)
{
    static uint64_t seen[KINDS];

    (void)arg;
    memset(seen, 0, sizeof seen);
    for (;;) {
        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            return NULL;
        while (!atomic_load(&run.step_over))
            for (int k = 0; k < KINDS; k++) {
                struct topk_list list[DIMENSIONS] = {{.row = NULL}};
                struct topk_row row[20];

                list[kinds[k]].row = row;
                list[kinds[k]].limit = 20;
                topk_read(&run.place.table, list);
                if (list[kinds[k]].total < seen[k])
                    atomic_fetch_add(&run.falls, 1);
                seen[k] = list[kinds[k]].total;
            }
        pthread_barrier_wait(&run.end);
    }
}

/* --- What must hold --- */

static uint64_t sum_of(size_t offset)
{
    uint64_t sum = 0;

    for (int i = 0; i < WORKERS; i++)
        sum += atomic_load(
            (_Atomic uint64_t *)(void *)((char *)&shared->ledger[i] + offset));
    return sum;
}

static void check_often(int k, const struct place_top *top)
{
    static const char padding[] = "/a-part-of-a-path-that-is-long-enough-for-three-cells";

    for (unsigned o = 0; o < OFTEN; o++) {
        uint64_t least = sum_of(offsetof(struct ledger, often_done[k][o]));
        uint64_t most = sum_of(offsetof(struct ledger, often_begun[k][o]));
        const struct place_row *row;
        char name[NAME_MAX_BYTES + 1];

        snprintf(name, sizeof name, "/often-%u%.*s", o, (int)o, padding);
        row = place_row_of(top, name);
        if (row == NULL) {
            CHECK(least <= top->error || top->count == TOPK_LIST_MAX,
                  "kind %d: %s is missing with %llu, error %llu", k, name,
                  (unsigned long long)least, (unsigned long long)top->error);
            continue;
        }
        CHECK(row->views <= most && least <= row->views + row->lacks &&
                  row->lacks <= top->error,
              "kind %d: %s has %llu + %llu, truth %llu to %llu, error %llu", k, name,
              (unsigned long long)row->views, (unsigned long long)row->lacks,
              (unsigned long long)least, (unsigned long long)most,
              (unsigned long long)top->error);
    }
}

static void check(const char *when)
{
    static struct place_top top;

    for (int k = 0; k < KINDS; k++) {
        uint64_t least = sum_of(offsetof(struct ledger, done[k]));
        uint64_t most = sum_of(offsetof(struct ledger, begun[k]));
        uint32_t rows = atomic_load(&run.place.table.head->of[kinds[k]].rows);

        topk_place_read(&run.place, kinds[k], &top);
        CHECK(least <= top.total && top.total <= most,
              "%s, seed %llu, kind %d: total %llu, truth %llu to %llu", when,
              (unsigned long long)run.seed, k, (unsigned long long)top.total,
              (unsigned long long)least, (unsigned long long)most);
        CHECK(rows <= topk_capacity(kinds[k]) + WORKERS, "%s: %u rows", when, rows);
        for (unsigned i = 1; i < top.count; i++)
            CHECK(place_row_of(&top, top.row[i].key) == &top.row[i], "%s twice: %s", when,
                  top.row[i].key);
        check_often(k, &top);
    }
}

static void race(uint64_t seed)
{
    pthread_t thread[WORKERS + 2];

    memset(shared, 0, sizeof *shared);
    topk_place_open(&run.place);
    run.seed = seed;
    run.yields = seed % 2 == 1;
    names_seam = run.yields ? sometimes_yield : NULL;
    atomic_store(&run.stop, false);
    pthread_barrier_init(&run.begin, NULL, WORKERS + 3);
    pthread_barrier_init(&run.end, NULL, WORKERS + 3);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&thread[i], NULL, work, (void *)(intptr_t)i);
    pthread_create(&thread[WORKERS], NULL, keep, NULL);
    pthread_create(&thread[WORKERS + 1], NULL, read_on, NULL);
    for (int step = 0; step < STEPS; step++) {
        atomic_store(&run.step_over, false);
        atomic_store(&run.running, WORKERS);
        pthread_barrier_wait(&run.begin);
        pthread_barrier_wait(&run.end);
        check("race");
    }
    atomic_store(&run.stop, true);
    pthread_barrier_wait(&run.begin);
    for (int i = 0; i < WORKERS + 2; i++)
        pthread_join(thread[i], NULL);
    CHECK(atomic_load(&run.falls) == 0, "a total fell");
    names_seam = NULL;
    topk_place_close(&run.place);
}

/* --- Kills --- */

static _Atomic int64_t seams_left; /* < 0: not at a seam */

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (atomic_fetch_sub(&seams_left, 1) == 1)
        raise(SIGKILL);
}

static void *live(void *arg)
{
    int i = (int)(intptr_t)arg;
    struct worker w = new_worker(i);

    own_random = run.seed * 16 + (uint64_t)i;
    while (!atomic_load(&run.stop))
        one_turn(i, &w);
    return NULL;
}

static void child(void)
{
    struct grace grace = {.workers = 0};
    pthread_t thread;

    own_random = run.seed * 16 + WORKERS;
    atomic_store(&seams_left, random_below(&own_random, 2) == 0
                                  ? -1
                                  : (int64_t)random_below(&own_random, 20000));
    names_seam = kill_at_the_last;
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&thread, NULL, live, (void *)(intptr_t)i);
    for (;;)
        one_tick(&grace);
}

static void kill_one(uint64_t seed)
{
    struct timespec wait = {.tv_nsec = 0};
    pid_t pid;
    int status;

    run.seed = seed;
    own_random = seed;
    wait.tv_nsec = (long)(1 + random_below(&own_random, KILL_MS)) * 1000000;
    turns_reset(&shared->turns);
    run.place.ticket = run.place.begun = run.place.over = 0;
    pid = fork();
    if (pid == 0)
        child();
    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    CHECK(topk_adopt(&run.place.table) == 0, "adoption");
    check("kill");
}

int main(void)
{
    unsigned long seeds = number_from("SEEDS", 6), only = number_from("SEED", 0);
    unsigned long kills = number_from("KILLS", 20);

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    for (unsigned long seed = 1; seed <= seeds; seed++)
        if (only == 0 || seed == only)
            race(seed);
    if (only == 0) {
        memset(shared, 0, sizeof *shared);
        topk_place_open(&run.place);
        for (unsigned long k = 1; k <= kills; k++)
            kill_one(1000 + k);
        topk_place_close(&run.place);
    }
    return stress_end();
}
