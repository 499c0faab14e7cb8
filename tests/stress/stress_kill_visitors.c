/* kill -9 at any moment, then adoption, KILLS=n times (default 30).
 *
 * A child is the daemon: three writers and a keeper on a table in shared memory. Each
 * writer writes down a hit before it makes it and says when it is done, so after the kill
 * it is known what was certain and which three hits were in the air. Another child adopts
 * the table; one time in four it is killed inside that too. Then the table must say what
 * the ledger says: nothing lost and nothing doubled but for what was in the air. One stop
 * in eight lasts for more than two hours. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count/visitors_inner.h"
#include "lib/crew.h"
#include "lib/repeat.h"
#include "lib/utc_periods.h"
#include "lib/visitors_bounds.h"
#include "lib/visitors_check.h"
#include "lib/visitors_memory.h"

enum { WRITERS = 3, LOG_MAX = 1 << 17, VISITORS = 60000, TURN = 32, DAYS = 140 };

struct diary { /* one writer's, since the last adoption */
    _Atomic uint64_t begun, done, visits;
    struct visitors_log log[LOG_MAX];
};

struct world { /* shared by parent and children */
    _Atomic int64_t clock;
    _Atomic uint64_t known; /* visitors that writers choose from */
    atomic_bool running;
    struct diary diary[WRITERS];
};

struct test {
    struct visitors_table table;
    struct world *world;
    struct visitors_bounds *bounds;
    struct visitors_log *all;
    int64_t end; /* the clock stops here: a table's life */
    uint64_t state, visits, hits, repaired, in_the_air, killed_adoptions;
};

/* --- The daemon that will be killed --- */

struct writer {
    struct test *test;
    unsigned number;
};

static void write_one(struct test *test, struct diary *d, unsigned writer,
                      uint64_t random, int64_t now)
{
    uint64_t n = atomic_load(&d->begun);
    int64_t slot = random % 16 == 0 ? now - (int64_t)(random >> 8) % 75 : now;
    struct visit_periods p;

    d->log[n] = (struct visitors_log){
        .visitor = (uint32_t)((random >> 32) % atomic_load(&test->world->known)),
        .writer = writer,
        .slot = slot};
    atomic_store(&d->begun, n + 1);
    utc_periods(slot, &p);
    struct visitors_verdict v =
        visitors_hit(&test->table, visitors_memory_fp(d->log[n].visitor), slot, &p);
    /* One word says both, so that a kill finds them together: the verdict is the hit's
     * being done. */
    atomic_fetch_add(&d->done, ((uint64_t)v.new_visit << 32) + 1);
}

static void *write_on(void *argument)
{
    struct writer *w = argument;
    struct test *test = w->test;
    struct diary *d = &test->world->diary[w->number];
    uint64_t random = (test->state ^ w->number * 0x9E3779B97F4A7C15U) | 1;

    while (atomic_load(&d->begun) + TURN <= LOG_MAX) {
        int64_t now = atomic_load(&test->world->clock);
        for (unsigned i = 0; i < TURN; i++)
            write_one(test, d, w->number, random_next(&random), now);
    }
    return NULL;
}

/* Stays a while where a kill would hurt: between the CAS that moves a word and its
 * tallies, and before any other CAS. */
static void linger(const char *where)
{
    static _Thread_local uint64_t chance = 1;

    for (uint64_t i = random_next(&chance) % (where[0] == 't' ? 65536 : 1024); i != 0;
         i--)
        atomic_signal_fence(memory_order_seq_cst);
}

static void daemon_main(struct test *test)
{
    struct writer writer[WRITERS];
    uint64_t random = test->state | 1;
    pthread_t thread;

    visitors_seam = linger;
    for (unsigned i = 0; i < WRITERS; i++) {
        writer[i] = (struct writer){test, i};
        if (pthread_create(&thread, NULL, write_on, &writer[i]) != 0)
            abort();
    }
    for (;;) {
        visitors_memory_grow(&test->table);
        uint64_t words = test->table.head->words;
        /* New visitors only as fast as parts are backed, so that none is unplaced. */
        uint64_t known = test->world->known, more = known + 1 + words / 32;
        if (known < words + words / 8 + 16 && random_next(&random) % 64 == 0)
            test->world->known = more < VISITORS ? more : VISITORS;
        if (random_next(&random) % 64 == 0 && test->world->clock < test->end)
            atomic_fetch_add(&test->world->clock,
                             random_next(&random) % 32 == 0 ? 200 : 1);
        sched_yield();
    }
}

static void adopt_main(struct test *test)
{
    visitors_adopt(&test->table, utc_periods_at, NULL, false);
    _exit(0);
}

/* --- The parent --- */

static pid_t begin(struct test *test, void (*child)(struct test *test))
{
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        child(test);
        _exit(1);
    }
    return pid;
}

static void wait_us(uint64_t us)
{
    struct timespec t = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

static void kill_after(pid_t pid, uint64_t us)
{
    wait_us(us);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static uint64_t word_of(const struct visitors_table *t, uint64_t fp)
{
    for (unsigned part = 0; part <= t->head->cur; part++) {
        struct path path = visitors_path(fp, part);
        for (uint32_t step = 0; step < path.length; step++)
            if (word_fp(t->word[path_index(&path, step)]) == fp)
                return t->word[path_index(&path, step)];
    }
    return WORD_EMPTY;
}

/* The hit that the writer was killed in: did the table get it? */
static bool table_has(const struct test *test, const struct visitors_log *entry)
{
    uint64_t word = word_of(&test->table, visitors_memory_fp(entry->visitor));
    return word != WORD_EMPTY &&
           test->table.head->base_slot + (int64_t)word_slot(word) >= entry->slot;
}

static void read_diaries(struct test *test)
{
    size_t n = 0;

    for (unsigned i = 0; i < WRITERS; i++) {
        struct diary *d = &test->world->diary[i];
        uint64_t begun = d->begun, done = d->done & UINT32_MAX;
        test->visits += d->done >> 32;
        test->hits += done;
        memcpy(&test->all[n], d->log, done * sizeof *d->log);
        n += done;
        if (begun > done && table_has(test, &d->log[done])) {
            visitors_bounds_lost(test->bounds, d->log[done].slot);
            test->all[n++] = d->log[done];
            test->in_the_air++;
        }
        d->begun = 0;
        d->done = 0;
    }
    visitors_bounds_apply(test->bounds, test->all, n);
}

static const char *check(struct test *test)
{
    const char *fault = visitors_check(&test->table, 0);

    if (fault == NULL && test->table.head->unplaced != 0)
        fault = "unplaced";
    for (size_t v = 0; v < VISITORS && fault == NULL; v++) {
        uint64_t word = word_of(&test->table, visitors_memory_fp(v));
        int64_t slot = word == WORD_EMPTY
                           ? 0
                           : test->table.head->base_slot + (int64_t)word_slot(word);
        if (slot != test->bounds->last[v])
            fault = "a visitor's last seen";
    }
    if (fault == NULL)
        fault = visitors_bounds_compare(test->bounds, &test->table, test->world->clock,
                                        test->visits);
    return fault;
}

/* Adoption, one time in four killed inside, and then another. */
static void adopt(struct test *test)
{
    struct visitors before = *test->table.head;

    if (random_next(&test->state) % 4 == 0) {
        kill_after(begin(test, adopt_main), random_next(&test->state) % 1500);
        test->killed_adoptions++;
    }
    waitpid(begin(test, adopt_main), NULL, 0);
    test->repaired += test->table.head->words != before.words;
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        for (unsigned i = 0; i < 4; i++)
            test->repaired += test->table.head->tally[kind][i] != before.tally[kind][i];
}

static void stand_still(struct test *test)
{
    uint64_t random = random_next(&test->state);
    if (random % 8 == 0)
        test->world->clock += random % 16 == 0 ? UTC_DAY : 700;
    else
        test->world->clock += (int64_t)(random >> 8) % 20;
}

static void begin_table(struct test *test, int64_t base)
{
    visitors_memory_reset(&test->table, base);
    test->world->clock = base + 76;
    test->world->known = 10;
    visitors_bounds_free(test->bounds);
    test->bounds = visitors_bounds_new(VISITORS, base + 1);
    test->visits = 0;
    test->end = base + DAYS * UTC_DAY;
}

int main(void)
{
    unsigned kills = (unsigned)number_from("KILLS", 30);
    int64_t base = (int64_t)19723 * UTC_DAY;
    struct test test = {.table = visitors_memory_new(base),
                        .all = calloc(WRITERS * LOG_MAX, sizeof *test.all),
                        .state = (unsigned)number_from("SEED", 1) * 0x9E3779B97F4A7C15U};
    const char *fault = NULL;
    unsigned kill_number;

    test.world = mmap(NULL, sizeof *test.world, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (test.world == MAP_FAILED || test.all == NULL)
        abort();
    begin_table(&test, base);
    for (kill_number = 1; kill_number <= kills && fault == NULL; kill_number++) {
        uint64_t random = random_next(&test.state);
        /* A quarter of them early, while the writers begin. */
        kill_after(begin(&test, daemon_main),
                   random % 4 == 0 ? (random >> 8) % 1500 : (random >> 8) % 40000);
        adopt(&test);
        read_diaries(&test);
        fault = check(&test);
        stand_still(&test);
        if (kill_number % 15 == 0 || test.world->clock >= test.end)
            begin_table(&test, base);
    }
    printf("stress_kill_visitors: %u kills, %llu hits, %llu in the air, %llu counts "
           "repaired, "
           "%llu adoptions killed: %s\n",
           kill_number - 1, (unsigned long long)test.hits,
           (unsigned long long)test.in_the_air, (unsigned long long)test.repaired,
           (unsigned long long)test.killed_adoptions, fault == NULL ? "sound" : fault);
    visitors_bounds_free(test.bounds);
    visitors_memory_free(&test.table);
    munmap(test.world, sizeof *test.world);
    free(test.all);
    return fault != NULL;
}
