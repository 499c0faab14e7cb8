/* Adds race with the sweep and with the replay of a table: nobody who was seen in the
 * newest slot may be missing from the matrix, and nothing may be in it that nobody put
 * there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/distinct.h"
#include "lib/repeat.h"

enum { ROUNDS = 300, WRITERS = 2, ADDS = 4000, STEP = 5000 };

struct job {
    struct distinct *d;
    int64_t slot;  /* of this round             */
    uint64_t seed; /* of this thread's visitors */
};

static void *add(void *arg)
{
    struct job *job = arg;
    uint64_t seed = job->seed;

    for (unsigned i = 0; i < ADDS; i++)
        distinct_add(job->d, random_fp(&seed), job->slot);
    return NULL;
}

/* The keeper: replays the writers' own visitors with older slots, and sweeps. */
static void *keep(void *arg)
{
    struct job *job = arg;
    uint64_t seed = job->seed;

    for (unsigned i = 0; i < ADDS; i++)
        distinct_fill(job->d, random_fp(&seed), job->slot - 1 - i % 3000, job->slot);
    distinct_sweep(job->d, job->slot);
    return NULL;
}

static void check_round(const struct distinct *d, const struct distinct *added)
{
    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++) {
            uint16_t want = atomic_load(&added->cell[r][j]);
            uint16_t have = atomic_load(&d->cell[r][j]);

            if (want == 0 || want == have)
                continue;
            printf("FAILED: cell %u,%u holds %u, a visitor was there at %u\n", r, j, have,
                   want);
            exit(1);
        }
}

static void one_round(struct distinct *d, struct distinct *added, unsigned round)
{
    pthread_t thread[WRITERS + 1];
    struct job job[WRITERS + 1];

    *added = (struct distinct){0};
    for (unsigned i = 0; i <= WRITERS; i++) {
        job[i] =
            (struct job){d, 100000 + (int64_t)round * STEP, round * 31 + i % WRITERS};
        if (pthread_create(&thread[i], NULL, i < WRITERS ? add : keep, &job[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i <= WRITERS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < WRITERS; i++) {
        job[i].d = added;
        add(&job[i]);
    }
    check_round(d, added);
}

int main(void)
{
    static struct distinct d, added;

    for (unsigned round = 0; round < ROUNDS; round++)
        one_round(&d, &added, round);
    for (int64_t later = 0; later <= DISTINCT_WINDOW_MAX; later += STEP)
        distinct_sweep(&d, 100000 + (int64_t)ROUNDS * STEP + later);
    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++)
            if (atomic_load(&d.cell[r][j]) != 0) {
                puts("FAILED: the last sweep left something");
                return 1;
            }
    printf("%d rounds of %d adds beside fill and sweep: nobody was lost\n", ROUNDS,
           WRITERS * ADDS);
    return 0;
}
