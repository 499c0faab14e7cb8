/* The threads of a stress test: they all begin a step together, and the step is over when
 * the last one is done. */
#ifndef LUOT_TESTS_LIB_CREW_H
#define LUOT_TESTS_LIB_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { CREW_MAX = 8 };

struct crew {
    unsigned size;
    void (*work)(void *context, unsigned member);
    void *context;
    pthread_barrier_t begin, end;
    atomic_uint busy; /* members still in the step */
    atomic_bool leave;
    pthread_t thread[CREW_MAX];
};

void crew_start(struct crew *c, unsigned size,
                void (*work)(void *context, unsigned member), void *context);
/* Begins a step; the caller may work beside it while crew_is_busy, then has to
 * crew_wait. */
void crew_step(struct crew *c);
bool crew_is_busy(struct crew *c);
void crew_wait(struct crew *c);
void crew_stop(struct crew *c);

#endif
