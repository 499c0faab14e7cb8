/* The happy path of a job: submit -> queue -> run(job, store, now) -> the job answers
 * whoever asked. It fails when: the queue is full (ERR_FULL, at once), or we are stopping
 * (run with canceled = true). */
#include "keep/reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

struct reader {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t filled;
    struct job *first, **last;
    unsigned waiting;
    bool stopping;
    struct store *store; /* the thread's own */
    const struct clock *clock;
};

static struct job *take(struct reader *r, bool *ret_canceled)
{
    struct job *job;

    pthread_mutex_lock(&r->lock);
    while (r->first == NULL && !r->stopping)
        pthread_cond_wait(&r->filled, &r->lock);
    job = r->first;
    if (job != NULL) {
        r->first = job->next;
        if (r->first == NULL)
            r->last = &r->first;
        r->waiting--;
    }
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
    r->last = &r->first;
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
    int rv = 0;

    pthread_mutex_lock(&r->lock);
    if (r->stopping) {
        rv = ERR_CANCELED;
    } else if (r->waiting == JOBS_MAX) {
        rv = ERR_FULL;
    } else {
        job->next = NULL;
        *r->last = job;
        r->last = &job->next;
        r->waiting++;
        pthread_cond_signal(&r->filled);
    }
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
    pthread_join(r->thread, NULL);
    if (r->store != NULL)
        r->store->ops->close(r->store);
    pthread_cond_destroy(&r->filled);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
