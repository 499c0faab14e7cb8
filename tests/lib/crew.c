#include "lib/crew.h"

#include <stdlib.h>

struct member {
    struct crew *crew;
    unsigned number;
};

static void *live(void *argument)
{
    struct member *m = argument;
    struct crew *c = m->crew;
    unsigned number = m->number;

    free(m);
    for (;;) {
        pthread_barrier_wait(&c->begin);
        if (atomic_load(&c->leave))
            return NULL;
        c->work(c->context, number);
        atomic_fetch_sub(&c->busy, 1);
        pthread_barrier_wait(&c->end);
    }
}

void crew_start(struct crew *c, unsigned size,
                void (*work)(void *context, unsigned member), void *context)
{
    *c = (struct crew){.size = size, .work = work, .context = context};
    pthread_barrier_init(&c->begin, NULL, size + 1);
    pthread_barrier_init(&c->end, NULL, size + 1);
    for (unsigned i = 0; i < size; i++) {
        struct member *m = malloc(sizeof *m);
        if (m == NULL)
            abort();
        *m = (struct member){c, i};
        if (pthread_create(&c->thread[i], NULL, live, m) != 0)
            abort();
    }
}

void crew_step(struct crew *c)
{
    atomic_store(&c->busy, c->size);
    pthread_barrier_wait(&c->begin);
}

bool crew_is_busy(struct crew *c)
{
    return atomic_load(&c->busy) != 0;
}

void crew_wait(struct crew *c)
{
    pthread_barrier_wait(&c->end);
}

void crew_stop(struct crew *c)
{
    atomic_store(&c->leave, true);
    pthread_barrier_wait(&c->begin);
    for (unsigned i = 0; i < c->size; i++)
        pthread_join(c->thread[i], NULL);
    pthread_barrier_destroy(&c->begin);
    pthread_barrier_destroy(&c->end);
}
