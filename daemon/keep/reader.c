/* The happy path of a job: submit -> queue -> run(job, store, now) -> the job answers
 * whoever asked. It fails when: the queue is full (ERR_FULL, at once), or we are stopping
 * (run with canceled = true). There are two queues, so that strangers who ask without end
 * keep no operator waiting for more than the job under way. */
#include "keep/reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

enum { STOP_MS = 500 }; /* that the job under way may still take of the store */

struct queue {
    struct job *first, **last;
    unsigned waiting;
};

struct reader {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t filled;
    struct queue operators, others;
    bool stopping;
    struct store *store; /* the thread's own */
    const struct clock *clock;
};

static int put(struct queue *q, struct job *job)
{
    if (q->waiting == JOBS_MAX)
        return ERR_FULL;
    job->next = NULL;
    *q->last = job;
    q->last = &job->next;
    q->waiting++;
    return 0;
}

/* NULL: it is empty. */
static struct job *take_from(struct queue *q)
{
    struct job *job = q->first;

    if (job == NULL)
        return NULL;
    q->first = job->next;
    if (q->first == NULL)
        q->last = &q->first;
    q->waiting--;
    return job;
}

static struct job *take(struct reader *r, bool *ret_canceled)
{
    struct job *job;

    pthread_mutex_lock(&r->lock);
    while (r->operators.first == NULL && r->others.first == NULL && !r->stopping)
        pthread_cond_wait(&r->filled, &r->lock);
    job = take_from(&r->operators);
    if (job == NULL)
        job = take_from(&r->others);
    *ret_canceled = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return job;
}

static void *run(void *argument)
{
    struct reader *r = argument;
    struct job *job;
    bool canceled;

    while ((job = take(r, &canceled)) != NULL)
        job->run(job, r->store, clock_now(r->clock), canceled);
    return NULL;
}

int reader_start(struct reader **ret_reader, struct store *store,
                 const struct clock *clock)
{
    struct reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return ERR_NOMEM;
    r->store = store;
    r->clock = clock;
    r->operators.last = &r->operators.first;
    r->others.last = &r->others.first;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->filled, NULL);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        pthread_cond_destroy(&r->filled);
        pthread_mutex_destroy(&r->lock);
        free(r);
        return ERR_NOMEM;
    }
    *ret_reader = r;
    return 0;
}

int reader_submit(struct reader *r, struct job *job)
{
    int rv = ERR_CANCELED;

    pthread_mutex_lock(&r->lock);
    if (!r->stopping)
        rv = put(job->operators ? &r->operators : &r->others, job);
    if (rv == 0)
        pthread_cond_signal(&r->filled);
    pthread_mutex_unlock(&r->lock);
    return rv;
}

void reader_stop(struct reader *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->filled);
    pthread_mutex_unlock(&r->lock);
    if (r->store != NULL && r->store->ops->hurry != NULL)
        r->store->ops->hurry(r->store, deadline_in(STOP_MS));
    pthread_join(r->thread, NULL);
    if (r->store != NULL)
        r->store->ops->close(r->store);
    pthread_cond_destroy(&r->filled);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
