#include "lib/actors.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct actor *self;

static void *act(void *argument)
{
    struct actor *a = argument;

    self = a;
    a->play(a->context);
    pthread_mutex_lock(&a->lock);
    a->over = true;
    pthread_cond_broadcast(&a->moved);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static bool wait_for_stop(struct actor *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->where == NULL && !a->over)
        pthread_cond_wait(&a->moved, &a->lock);
    bool stopped = a->where != NULL;
    pthread_mutex_unlock(&a->lock);
    return stopped;
}

bool actor_start(struct actor *a, void (*play)(void *context), void *context,
                 const char *stop_at)
{
    *a = (struct actor){.play = play, .context = context, .stop_at = stop_at};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->moved, NULL);
    if (pthread_create(&a->thread, NULL, act, a) != 0)
        abort();
    return wait_for_stop(a);
}

bool actor_go_on(struct actor *a, const char *stop_at)
{
    pthread_mutex_lock(&a->lock);
    a->stop_at = stop_at;
    a->where = NULL;
    pthread_cond_broadcast(&a->moved);
    pthread_mutex_unlock(&a->lock);
    return wait_for_stop(a);
}

void actor_finish(struct actor *a)
{
    actor_go_on(a, NULL);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->moved);
    pthread_mutex_destroy(&a->lock);
}

void actor_seam(const char *where)
{
    struct actor *a = self;

    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    if (a->stop_at != NULL && strcmp(a->stop_at, where) == 0) {
        a->where = where;
        pthread_cond_broadcast(&a->moved);
        while (a->where != NULL)
            pthread_cond_wait(&a->moved, &a->lock);
    }
    pthread_mutex_unlock(&a->lock);
}
