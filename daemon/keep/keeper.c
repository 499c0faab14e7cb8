#include "keep/keeper.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "keep/tick.h"

enum { TICK_MS = 100, STEPPED_TICK_MS = 5 };

struct keeper {
    struct ticking ticking; /* the thread's own */
    pthread_t thread;
    int bell; /* eventfd: rung by workers, and by stop */
    _Atomic bool stopping;
    _Atomic int64_t as_of_ms;
};

static void tick_and_say_so(struct keeper *k)
{
    const struct keeper_options *options = &k->ticking.options;
    struct instant now = tick(&k->ticking);

    atomic_store_explicit(&k->as_of_ms, now.ms, memory_order_release);
    if (options->tick != NULL)
        options->tick(options->context);
}

static void *run(void *argument)
{
    struct keeper *k = argument;
    struct pollfd bell = {.fd = k->bell, .events = POLLIN};
    uint64_t rings;

    while (!atomic_load_explicit(&k->stopping, memory_order_acquire)) {
        tick_and_say_so(k);
        if (poll(&bell, 1,
                 clock_is_stepped(k->ticking.options.clock) ? STEPPED_TICK_MS : TICK_MS) >
            0)
            (void)!read(k->bell, &rings, sizeof rings);
    }
    return NULL;
}

int keeper_start(struct keeper **ret_keeper, const struct keeper_options *options)
{
    struct keeper *k = calloc(1, sizeof *k);

    if (k == NULL)
        return ERR_NOMEM;
    k->ticking.options = *options;
    k->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->bell < 0 || pthread_create(&k->thread, NULL, run, k) != 0) {
        if (k->bell >= 0)
            close(k->bell);
        free(k);
        return ERR_IO;
    }
    *ret_keeper = k;
    return 0;
}

void keeper_ring(struct keeper *k)
{
    uint64_t one = 1;

    (void)!write(k->bell, &one, sizeof one); /* full: it is ringing already */
}

struct instant keeper_as_of(const struct keeper *k)
{
    return (struct instant){atomic_load_explicit(&k->as_of_ms, memory_order_acquire)};
}

void keeper_stop(struct keeper *k)
{
    if (k == NULL)
        return;
    atomic_store_explicit(&k->stopping, true, memory_order_release);
    keeper_ring(k);
    pthread_join(k->thread, NULL);
    close(k->bell);
    free(k);
}
