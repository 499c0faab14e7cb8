/* kill -9 and count/hits. A child adopts the arena, counts with 3 workers and a keeper,
 * and is killed: after a random while, at a random seam (in the middle of whatever it
 * does), or, one in four, inside adoption. One in eight times it is away for more than 2
 * h, once in a while for half a year. Then the parent looks at the arena as it was left.
 *
 * Each worker writes a log in shared memory: `begun` counts entries written before their
 * hits_add, `done` those after it. So at most one entry a worker is in doubt, and there
 * must be a choice of those in doubt (in, out, or its visits only: killed between the two
 * words of overrun) with which total is exact and the quarters lack exactly what is in
 * overrun.
 *
 * KILLS=n: more than 30. SEED=n. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count/hits.h"
#include "count/turn.h"
#include "stress/stress.h"

enum {
    Q0 = 1950000,
    S0 = Q0 * QUARTER_SLOTS,
    WORKERS = 3,
    LOG_ENTRIES = 100000,
    LEDGER_QUARTERS = 1000000, /* 28 years                                */
    COMPARED = QUARTERS - 16,  /* the latest quarters, still in the arena */
    LIFE_SLOTS = 2000          /* the most a child moves the clock        */
};

struct entry {
    int64_t slot;
    uint32_t visits, views;
};

struct log {
    _Atomic uint32_t begun, done;
    struct entry entry[LOG_ENTRIES];
};

static struct shared {
    struct hits hits;
    struct turns turns;
    _Atomic int64_t now;
    _Atomic bool adopted, restarted;
    struct log log[WORKERS];
} * shared;

/* --- The child --- */

static _Atomic int64_t seams_left; /* < 0: not killed at a seam */

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (atomic_fetch_sub(&seams_left, 1) == 0)
        kill(getpid(), SIGKILL);
}

static uint64_t child_seed;

static void *work(void *arg)
{
    int i = (int)(intptr_t)arg;
    struct log *log = &shared->log[i];
    uint64_t random = child_seed + (uint64_t)i;

    for (uint32_t n = 0; n < LOG_ENTRIES;) {
        int64_t now, floor_q;

        turn_begin(&shared->turns.line[i]);
        now = atomic_load(&shared->now);
        floor_q = hits_floor(&shared->hits);
        for (uint64_t k = 1 + random_below(&random, 4); k > 0 && n < LOG_ENTRIES; k--) {
            struct entry *e = &log->entry[n];
            bool late;

            e->slot =
                hits_date(now - (int64_t)random_below(&random, 80), now, floor_q, &late);
            e->visits = (uint32_t)random_below(&random, 1000);
            e->views = e->visits + (uint32_t)random_below(&random, 4000);
            atomic_store(&log->begun, ++n);
            hits_add(&shared->hits, e->slot, e->visits, e->views);
            atomic_store(&log->done, n);
        }
        turn_end(&shared->turns.line[i]);
        if (random_below(&random, 64) == 0)
            sched_yield();
    }
    pause(); /* until we are killed */
    return NULL;
}

static void keep(void)
{
    struct hits *h = &shared->hits;
    int64_t stop = atomic_load(&shared->now) + LIFE_SLOTS;
    uint64_t random = child_seed + WORKERS;
    struct grace grace;
    bool waiting = false;

    for (;;) {
        int64_t now = atomic_load(&shared->now);

        hits_assign(h, now);
        if (waiting && grace_is_over(&grace, &shared->turns)) {
            hits_close_finish(h);
            waiting = false;
        }
        if (!waiting && hits_closable(h, now) > atomic_load(&h->rolled_q)) {
            hits_close_begin(h, hits_closable(h, now));
            grace_begin(&grace, &shared->turns, WORKERS);
            waiting = true;
        }
        if (random_below(&random, 30) == 0)
            hits_fold(h, atomic_load(&h->rolled_q) - (int64_t)random_below(&random, 4));
        if (now < stop && (!waiting || random_below(&random, 10) == 0))
            atomic_fetch_add(&shared->now, (int64_t)random_below(&random, 30));
        sched_yield();
    }
}

static void live(bool killed_in_adoption, int64_t seams)
{
    atomic_store(&seams_left, seams);
    hits_seam = killed_in_adoption ? kill_at_the_last : NULL;
    turns_reset(&shared->turns);
    if (hits_check(&shared->hits, NULL) != HITS_WHOLE) {
        (void)fprintf(stderr, "a kill left a stored day that fails its check\n");
        _exit(1);
    }
    if (hits_adopt(&shared->hits, atomic_load(&shared->now)))
        atomic_store(&shared->restarted, true);
    if (killed_in_adoption)
        kill(getpid(), SIGKILL); /* it had fewer steps */
    hits_seam = seams >= 0 ? kill_at_the_last : NULL;
    atomic_store(&shared->adopted, true);
    for (intptr_t i = 0; i < WORKERS; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, work, (void *)i);
    }
    keep();
}

/* --- The parent's ledger --- */

static struct hit_count counted[LEDGER_QUARTERS], lacking[LEDGER_QUARTERS];
static struct hit_count all;
static struct hit_count lacking_before; /* of quarters < compared_from */
static int64_t compared_from = Q0, newest_q = Q0;
static unsigned long in_doubt, inside_turn, in_adoption;

static void ledger_add(struct entry e, int sign)
{
    struct hit_count *q = &counted[e.slot / QUARTER_SLOTS - Q0];
    uint64_t visits = e.visits * (uint64_t)sign, views = e.views * (uint64_t)sign;

    q->visits += visits;
    q->views += views;
    all.visits += visits;
    all.views += views;
    if (newest_q < e.slot / QUARTER_SLOTS)
        newest_q = e.slot / QUARTER_SLOTS;
}

static bool arena_fits(bool series)
{
    struct hits *h = &shared->hits;
    struct hit_count total = hits_total(h), lack = lacking_before;

    if (total.visits != all.visits || total.views != all.views)
        return false;
    for (int64_t q = compared_from; series && q <= newest_q; q++) {
        struct hit_count is = hits_quarter(h, q), want = counted[q - Q0];

        if (is.visits > want.visits || is.views > want.views)
            return false;
        lack.visits += lacking[q - Q0].visits = want.visits - is.visits;
        lack.views += lacking[q - Q0].views = want.views - is.views;
    }
    return !series || (lack.visits == atomic_load(&h->overrun_visits) &&
                       lack.views == atomic_load(&h->overrun_views));
}

/* Before time goes on: what will no longer be in the arena keeps what it lacked. */
static void forget_before(int64_t q)
{
    for (; compared_from < q; compared_from++) {
        lacking_before.visits += lacking[compared_from - Q0].visits;
        lacking_before.views += lacking[compared_from - Q0].views;
    }
}

/* Tries each choice of the entries in doubt, from doubt[n] on; the ledger keeps the one
 * that fits. */
static bool some_choice_fits(const struct entry *doubt, int n, bool series)
{
    struct entry e;

    if (n == 0)
        return arena_fits(series);
    e = doubt[n - 1];
    if (some_choice_fits(doubt, n - 1, series))
        return true;
    for (int half = 0; half < 2; half++) {
        if (half)
            e.views = 0;
        ledger_add(e, 1);
        if (some_choice_fits(doubt, n - 1, series))
            return true;
        ledger_add(e, -1);
    }
    return false;
}

static void look_at_the_arena(unsigned long kill_number, bool series)
{
    struct entry doubt[WORKERS];
    int n = 0;

    for (int i = 0; i < WORKERS; i++) {
        struct log *log = &shared->log[i];
        uint32_t done = atomic_load(&log->done), begun = atomic_load(&log->begun);

        for (uint32_t k = 0; k < done; k++)
            ledger_add(log->entry[k], 1);
        if (begun > done)
            doubt[n++] = log->entry[done];
        inside_turn += atomic_load(&shared->turns.line[i].turn) % 2;
        atomic_store(&log->done, 0);
        atomic_store(&log->begun, 0);
    }
    in_doubt += (unsigned long)n;
    CHECK(some_choice_fits(doubt, n, series),
          "kill %lu: total %lu/%lu, added %lu/%lu and %d in doubt", kill_number,
          hits_total(&shared->hits).visits, hits_total(&shared->hits).views, all.visits,
          all.views, n);
}

/* --- Killing --- */

static void wait_us(uint64_t us)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

static void live_and_be_killed(uint64_t *random, bool killed_in_adoption)
{
    int64_t seams = -1;
    pid_t child;

    if (killed_in_adoption)
        seams = (int64_t)random_below(random, random_below(random, 2) ? 30 : 2000);
    else if (random_below(random, 2))
        seams = (int64_t)random_below(random, 20000);
    child_seed = random_next(random);
    atomic_store(&shared->adopted, false);
    child = fork();
    if (child == 0)
        live(killed_in_adoption, seams);
    for (int i = 0; i < 20000 && !killed_in_adoption && !atomic_load(&shared->adopted);
         i++)
        wait_us(100);
    if (!killed_in_adoption)
        wait_us(seams < 0 ? random_below(random, 8000) : 20000);
    if (!killed_in_adoption)
        kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    in_adoption += killed_in_adoption;
}

/* How long it is away, in slots. */
static int64_t away(uint64_t *random, unsigned long kill_number)
{
    if (kill_number % 64 == 13)
        return 171 * 7200;
    if (kill_number % 8 == 5)
        return 601 + (int64_t)random_below(random, random_below(random, 2) ? 600 : 7200);
    return (int64_t)random_below(random, 200);
}

int main(void)
{
    unsigned long kills = number_from("KILLS", 30), seed = number_from("SEED", 1);
    uint64_t random = seed;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    hits_init(&shared->hits, S0);
    atomic_store(&shared->now, S0);
    for (unsigned long i = 0; i < kills; i++) {
        /* The last sixth of the kills also sets the clock back, after which only total is
         * compared. */
        bool series = i < kills - kills / 6;

        live_and_be_killed(&random, i % 4 == 3);
        look_at_the_arena(i, series);
        CHECK(!series || !atomic_load(&shared->restarted),
              "kill %lu: quarters began again", i);
        atomic_fetch_add(&shared->now, series || i % 2
                                           ? away(&random, i)
                                           : -(int64_t)random_below(&random, 900));
        forget_before(atomic_load(&shared->now) / QUARTER_SLOTS +
                      LIFE_SLOTS / QUARTER_SLOTS - COMPARED);
        if (atomic_load(&shared->now) / QUARTER_SLOTS > Q0 + LEDGER_QUARTERS - 30000)
            break;
    }
    printf("seed %lu, kills %lu: %lu in adoption, %lu workers inside a turn, %lu hits in "
           "doubt\n",
           seed, kills, in_adoption, inside_turn, in_doubt);
    return stress_end();
}
