/* Forced schedules: actors are threads that the director (the test's own thread) lets run
 * until they come to a named place, one at a time, so that an interleaving is written
 * down as a list of lines. */
#ifndef LUOT_TESTS_LIB_ACTORS_H
#define LUOT_TESTS_LIB_ACTORS_H

#include <pthread.h>
#include <stdbool.h>

struct actor {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    void (*play)(void *context);
    void *context;
    const char *stop_at; /* the place to stop at next; NULL: run to the end */
    const char *where;   /* stopped here; NULL: running                     */
    bool over;
};

/* Runs `play` until it comes to `stop_at`. false: it ended without coming there. */
bool actor_start(struct actor *a, void (*play)(void *context), void *context,
                 const char *stop_at);
/* Goes on from where it stands to the next `stop_at`; NULL: to the end. false: it
 * ended. */
bool actor_go_on(struct actor *a, const char *stop_at);
/* Runs it to its end and joins it. */
void actor_finish(struct actor *a);
/* What the code under test calls at its seams. Threads that are no actors pass. */
void actor_seam(const char *where);

#endif
