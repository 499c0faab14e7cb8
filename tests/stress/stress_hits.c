/* Races of count/hits: 3 workers, the keeper and a reader on one site, while the clock
 * steps. What each worker adds it also writes into a ledger of its own; after each step
 * all of them stop, and every figure is compared with the sum of the ledgers: total,
 * every quarter, the minutes, the last hour and day. In between, the reader never sees
 * total fall.
 *
 * In lock step the clock moves only while all stand still; free-running, it moves in the
 * middle of turns, by up to a day, now and then back. Half of the seeds yield at random
 * before a CAS or a store of the keeper.
 *
 * SEEDS=n: more seeds than 20. SEED=n: only that one. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "count/hits.h"
#include "count/turn.h"
#include "stress/stress.h"

enum {
    Q0 = 1950000,
    S0 = Q0 * QUARTER_SLOTS,
    WORKERS = 3,
    THREADS = WORKERS + 2,
    STEPS = 40,
    TURNS = 60,                 /* of each worker in a step */
    LEDGER_SLOTS = 40 * 96 * 75 /* 40 days                  */
};

struct ledger { /* its worker's own while it runs */
    uint32_t visits[LEDGER_SLOTS], views[LEDGER_SLOTS];
    int64_t top; /* the latest slot it added to */
};

static struct {
    struct hits hits;
    struct turns turns;
    pthread_barrier_t begin, end; /* all threads and main */
    _Atomic int64_t now;
    _Atomic bool stop, step_over; /* step_over: the workers are through */
    _Atomic int running;          /* workers in this step               */
    bool free_running, yields;
    _Atomic unsigned long falls; /* seen by the reader                     */
    _Atomic int64_t set_back_to; /* the keeper sets the clock back; -1: no */
    uint64_t seed;
    bool restarted; /* the keeper's: quarters began again */
} run;

static struct ledger ledger[WORKERS];
static _Thread_local uint64_t own_random;

static void sometimes_yield(const char *where)
{
    (void)where;
    if (random_below(&own_random, 8) == 0)
        sched_yield();
}

static void one_turn(int i)
{
    struct turn_line *line = &run.turns.line[i];
    int64_t now, floor_q;

    turn_begin(line);
    now = atomic_load(&run.now);
    floor_q = hits_floor(&run.hits);
    for (uint64_t n = 1 + random_below(&own_random, 3); n > 0; n--) {
        bool late;
        int64_t slot = now - (int64_t)random_below(&own_random, 4) * 25;
        uint32_t visits = (uint32_t)random_below(&own_random, 3);
        uint32_t views = visits + (uint32_t)random_below(&own_random, 5);

        slot = hits_date(slot, now, floor_q, &late);
        hits_add(&run.hits, slot, visits, views);
        ledger[i].visits[slot - S0] += visits;
        ledger[i].views[slot - S0] += views;
        if (ledger[i].top < slot)
            ledger[i].top = slot;
    }
    turn_end(line);
}

static void *work(void *arg)
{
    int i = (int)(intptr_t)arg;

    own_random = run.seed * 16 + (uint64_t)i;
    for (;;) {
        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            return NULL;
        for (int t = 0; t < TURNS; t++) {
            one_turn(i);
            if (run.free_running && i == 0 && random_below(&own_random, 40) == 0)
                atomic_fetch_add(&run.now, (int64_t)random_below(&own_random, 40));
            if (run.yields && random_below(&own_random, 16) == 0)
                sched_yield();
        }
        if (atomic_fetch_sub(&run.running, 1) == 1)
            atomic_store(&run.step_over, true);
        pthread_barrier_wait(&run.end);
    }
}

/* The clock goes back in the middle of turns; the grace of it is waited for here, which
 * the daemon's keeper never does. */
static void set_back(int64_t to)
{
    struct grace grace;

    atomic_store(&run.now, to);
    hits_set_back_begin(&run.hits, to);
    grace_begin(&grace, &run.turns, WORKERS);
    while (!grace_is_over(&grace, &run.turns))
        sched_yield();
    run.restarted |= hits_set_back_finish(&run.hits, to);
}

static void *keep(void *arg)
{
    struct hits *h = &run.hits;
    struct grace grace;

    (void)arg;
    own_random = run.seed * 16 + 14;
    for (;;) {
        bool waiting = false, last = false;

        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            return NULL;
        while (!last || waiting) { /* one tick more after the workers are through */
            int64_t now = atomic_load(&run.now),
                    back = atomic_exchange(&run.set_back_to, -1);

            last = atomic_load(&run.step_over);
            if (back >= 0 && !waiting)
                set_back(now = back);
            else if (back >= 0)
                atomic_store(&run.set_back_to, back);
            hits_assign(h, now);
            if (waiting && grace_is_over(&grace, &run.turns)) {
                hits_close_finish(h);
                waiting = false;
            }
            if (!waiting && hits_closable(h, now) > atomic_load(&h->rolled_q)) {
                hits_close_begin(h, hits_closable(h, now));
                grace_begin(&grace, &run.turns, WORKERS);
                waiting = true;
            }
            if (random_below(&own_random, 50) == 0)
                hits_fold(h, atomic_load(&h->rolled_q) -
                                 (int64_t)random_below(&own_random, 4));
            if (run.yields)
                sched_yield();
        }
        pthread_barrier_wait(&run.end);
    }
}

static void *read_on(void *arg)
{
    struct hit_count before = {0};

    (void)arg;
    own_random = run.seed * 16 + 15;
    for (;;) {
        pthread_barrier_wait(&run.begin);
        if (atomic_load(&run.stop))
            return NULL;
        do {
            struct hit_count total = hits_total(&run.hits);

            if (total.visits < before.visits || total.views < before.views)
                atomic_fetch_add(&run.falls, 1);
            before = total;
        } while (!atomic_load(&run.step_over));
        pthread_barrier_wait(&run.end);
    }
}

/* --- The ledger's side --- */

static struct hit_count ledger_sum(int64_t from, int64_t until)
{
    struct hit_count sum = {0};

    for (int i = 0; i < WORKERS; i++)
        for (int64_t s = from < S0 ? S0 : from; s < until && s < S0 + LEDGER_SLOTS; s++) {
            sum.visits += ledger[i].visits[s - S0];
            sum.views += ledger[i].views[s - S0];
        }
    return sum;
}

static int64_t ledger_top(void)
{
    int64_t top = S0;

    for (int i = 0; i < WORKERS; i++)
        if (top < ledger[i].top)
            top = ledger[i].top;
    return top;
}

static unsigned long compared_all;

static bool equal(struct hit_count a, struct hit_count b)
{
    return a.visits == b.visits && a.views == b.views;
}

/* What the quarters lack is in overrun, to the hit; without overrun, minutes and windows
 * are exact too. */
static void compare(int step)
{
    int64_t now = atomic_load(&run.now), top = ledger_top(), newest = top / 75;
    struct hit_count all = ledger_sum(S0, top + 1), lacking = {0}, total;
    struct hit_count overrun = {.visits = atomic_load(&run.hits.overrun_visits),
                                .views = atomic_load(&run.hits.overrun_views)};

    total = hits_total(&run.hits);
    CHECK(equal(total, all), "seed %lu step %d: total %lu/%lu, added %lu/%lu", run.seed,
          step, total.visits, total.views, all.visits, all.views);
    CHECK(atomic_load(&run.falls) == 0, "seed %lu step %d: total fell", run.seed, step);
    if (run.restarted)
        return;
    for (int64_t q = newest - 3000 < Q0 ? Q0 : newest - 3000; q <= newest + 1; q++) {
        struct hit_count is = hits_quarter(&run.hits, q),
                         want = ledger_sum(q * 75, q * 75 + 75);

        CHECK(is.visits <= want.visits && is.views <= want.views,
              "seed %lu step %d: quarter %+ld: %lu/%lu, added %lu/%lu", run.seed, step,
              q - Q0, is.visits, is.views, want.visits, want.views);
        lacking.visits += want.visits - is.visits;
        lacking.views += want.views - is.views;
    }
    CHECK(equal(lacking, overrun),
          "seed %lu step %d: quarters lack %lu/%lu, overrun %lu/%lu", run.seed, step,
          lacking.visits, lacking.views, overrun.visits, overrun.views);
    if (overrun.views != 0 || run.free_running)
        return;
    compared_all++;
    CHECK(equal(hits_sum(&run.hits, Q0, INT64_MAX, true), ledger_sum(S0, top + 1)),
          "seed %lu step %d: sum", run.seed, step);
    CHECK(equal(hits_window(&run.hits, now, 300), ledger_sum(now - 299, now + 1)),
          "seed %lu step %d: last hour", run.seed, step);
    CHECK(equal(hits_window(&run.hits, newest * 75 + 74, 7200),
                ledger_sum((newest + 1) * 75 - 7200, (newest + 1) * 75)),
          "seed %lu step %d: last day", run.seed, step);
    for (int64_t m = now / 5; m > now / 5 - 1425 && m >= S0 / 5; m--) {
        struct hit_count is = {0};
        bool known = hits_minute(&run.hits, m, &is);

        CHECK(known && equal(is, ledger_sum(m * 5, m * 5 + 5)),
              "seed %lu step %d: minute %+ld", run.seed, step, m - now / 5);
    }
}

/* How far the clock goes before a step, in slots. */
static int64_t step_by(uint64_t *random)
{
    /* Three seeds of four never outrun the keeper, so that all figures are compared to
     * the end. */
    uint64_t what = random_below(random, run.seed % 4 == 0 ? 100 : 90);

    if (what < 60)
        return (int64_t)random_below(random, 20);
    if (what < 90)
        return (int64_t)random_below(random, 370);
    if (what < 97)
        return (int64_t)random_below(random, 2000);
    return (int64_t)random_below(random, 7200);
}

/* Up to 80 min back, so that quarters are reopened, or once in a while hours, so that
 * they begin again. */
static int64_t earlier(uint64_t *random)
{
    int64_t by = (int64_t)random_below(random, random_below(random, 8) == 0 ? 4000 : 400);
    int64_t to = atomic_load(&run.now) - by;

    return to < S0 + 100 ? S0 + 100 : to;
}

static void one_seed(uint64_t seed)
{
    pthread_t thread[THREADS];
    uint64_t random = seed;

    memset(&run, 0, sizeof run);
    memset(ledger, 0, sizeof ledger);
    run.seed = seed;
    run.free_running = seed % 3 == 2;
    run.yields = seed % 2 == 1;
    hits_seam = run.yields ? sometimes_yield : NULL;
    hits_init(&run.hits, S0);
    atomic_store(&run.now, S0 + 100);
    atomic_store(&run.set_back_to, -1);
    pthread_barrier_init(&run.begin, NULL, THREADS + 1);
    pthread_barrier_init(&run.end, NULL, THREADS + 1);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL,
                       i < WORKERS    ? work
                       : i == WORKERS ? keep
                                      : read_on,
                       (void *)i);

    for (int step = 0; step < STEPS; step++) {
        atomic_fetch_add(&run.now, step_by(&random));
        atomic_store(&run.running, WORKERS);
        atomic_store(&run.step_over, false);
        if (run.free_running && step > 5 && random_below(&random, 8) == 0)
            atomic_store(&run.set_back_to, earlier(&random));
        pthread_barrier_wait(&run.begin);
        if (run.free_running)
            for (int i = 0; i < 5; i++) {
                sched_yield();
                atomic_fetch_add(&run.now, step_by(&random) / 4);
            }
        pthread_barrier_wait(&run.end);
        compare(step);
    }
    atomic_store(&run.stop, true);
    pthread_barrier_wait(&run.begin);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&run.begin);
    pthread_barrier_destroy(&run.end);
}

int main(void)
{
    unsigned long seeds = number_from("SEEDS", 20), only = number_from("SEED", 0);

    for (uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds);
         seed++) {
        unsigned long failed = stress_failed;

        one_seed(seed);
        if (stress_failed != failed)
            printf("seed %lu failed\n", seed);
    }
    printf("seeds %lu; %lu steps of which every figure was compared\n",
           only != 0 ? only : seeds, compared_all);
    return stress_end();
}
