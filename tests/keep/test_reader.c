#include "keep/reader.h"

#include <criterion/criterion.h>
#include <semaphore.h>

#include "base/error.h"

struct noted_job {
    struct job job;
    int number;
    bool ran, canceled;
    struct store *store;
    int64_t now_ms;
    sem_t *go;    /* waited for in run(); NULL: not */
    sem_t *began; /* told from run(); NULL: not     */
    int *order, *ran_count;
};

static void run_noted(struct job *job, struct store *store, struct instant now,
                      bool canceled)
{
    struct noted_job *j = (struct noted_job *)job;

    if (j->began != NULL)
        sem_post(j->began);
    if (j->go != NULL)
        sem_wait(j->go);
    j->ran = true;
    j->canceled = canceled;
    j->store = store;
    j->now_ms = now.ms;
    if (j->order != NULL)
        j->order[(*j->ran_count)++] = j->number;
}

static int closed; /* of this test's own process */

static void close_fake(struct store *s)
{
    (void)s;
    closed++;
}

static const struct store_ops fake_ops = {.close = close_fake};

struct place {
    struct clock clock;
    struct store store;
    struct reader *reader;
    sem_t go, began;
};

static void start(struct place *p)
{
    *p = (struct place){.store = {&fake_ops}};
    sem_init(&p->go, 0, 0);
    sem_init(&p->began, 0, 0);
    cr_assert_eq(clock_init(&p->clock, NULL), 0);
    cr_assert_eq(reader_start(&p->reader, &p->store, &p->clock), 0);
}

static void stop(struct place *p)
{
    reader_stop(p->reader);
    clock_release(&p->clock);
    sem_destroy(&p->go);
    sem_destroy(&p->began);
}

/* The first job holds the thread, so that the others wait. */
static void submit_stuck(struct place *p, struct noted_job *job)
{
    *job =
        (struct noted_job){.job = {.run = run_noted}, .go = &p->go, .began = &p->began};
    cr_assert_eq(reader_submit(p->reader, &job->job), 0);
    sem_wait(&p->began);
}

Test(reader, runs_jobs_in_order_with_its_store_and_the_time)
{
    struct noted_job stuck, jobs[JOBS_MAX];
    int order[JOBS_MAX], count = 0;
    struct place p;

    start(&p);
    submit_stuck(&p, &stuck);
    for (int i = 0; i < JOBS_MAX; i++) {
        jobs[i] = (struct noted_job){.job = {.run = run_noted},
                                     .number = i,
                                     .order = order,
                                     .ran_count = &count,
                                     .began = &p.began};
        cr_assert_eq(reader_submit(p.reader, &jobs[i].job), 0);
    }
    sem_post(&p.go);
    for (int i = 0; i < JOBS_MAX; i++)
        sem_wait(&p.began);
    stop(&p);
    cr_assert_eq(count, JOBS_MAX);
    for (int i = 0; i < JOBS_MAX; i++) {
        cr_expect_eq(order[i], i);
        cr_expect_eq(jobs[i].store, &p.store);
        cr_expect_gt(jobs[i].now_ms, 0);
    }
    cr_expect_eq(closed, 1, "the store was the reader's");
}

Test(reader, one_job_more_than_may_wait_stays_its_makers)
{
    struct noted_job stuck, jobs[JOBS_MAX + 1];
    struct place p;

    start(&p);
    submit_stuck(&p, &stuck);
    for (int i = 0; i <= JOBS_MAX; i++) {
        jobs[i] = (struct noted_job){.job = {.run = run_noted}};
        cr_expect_eq(reader_submit(p.reader, &jobs[i].job), i < JOBS_MAX ? 0 : ERR_FULL);
    }
    sem_post(&p.go);
    stop(&p);
    cr_expect_not(jobs[JOBS_MAX].ran);
}

Test(reader, an_operators_job_finds_room_and_goes_first_whatever_strangers_ask)
{
    struct noted_job stuck, jobs[JOBS_MAX + 1];
    int order[JOBS_MAX + 1], count = 0;
    struct place p;

    start(&p);
    submit_stuck(&p, &stuck);
    for (int i = 0; i <= JOBS_MAX; i++) {
        jobs[i] = (struct noted_job){
            .job = {.run = run_noted, .operators = i == JOBS_MAX},
            .number = i,
            .order = order,
            .ran_count = &count,
            .began = &p.began,
        };
        cr_assert_eq(reader_submit(p.reader, &jobs[i].job), 0);
    }
    sem_post(&p.go);
    for (int i = 0; i <= JOBS_MAX; i++)
        sem_wait(&p.began);
    stop(&p);
    cr_expect_eq(order[0], JOBS_MAX);
    cr_expect_eq(order[1], 0);
}

Test(reader, stopping_finishes_the_job_under_way_and_cancels_the_rest)
{
    struct noted_job jobs[3];
    struct place p;
    int done = 0;

    start(&p);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (struct noted_job){.job = {.run = run_noted}};
        cr_assert_eq(reader_submit(p.reader, &jobs[i].job), 0);
    }
    stop(&p);
    for (int i = 0; i < 3; i++)
        done += jobs[i].ran; /* each was run once: to its end, or to be told */
    cr_expect_eq(done, 3);
    for (int i = 1; i < 3; i++)
        cr_expect(!jobs[i - 1].canceled || jobs[i].canceled);
}

Test(reader, works_without_a_store)
{
    struct noted_job job = {.job = {.run = run_noted}};
    struct clock clock;
    struct reader *r;

    cr_assert_eq(clock_init(&clock, NULL), 0);
    cr_assert_eq(reader_start(&r, NULL, &clock), 0);
    cr_assert_eq(reader_submit(r, &job.job), 0);
    reader_stop(r);
    cr_expect(job.ran);
    cr_expect_null(job.store);
    reader_stop(NULL);
    clock_release(&clock);
}
