/* The keeper's thread: it ticks, it can be rung, it stops. What a tick does:
 * test_tick.c. */
#include "keep/keeper.h"

#include <criterion/criterion.h>
#include <semaphore.h>

#include "lib/world.h"

static struct world w;

static void on_tick(void *context)
{
    sem_post(context);
}

Test(keeper, ticks_at_once_and_when_it_is_rung_and_stops)
{
    struct keeper_options options = {.tick = on_tick, .workers = 1};
    struct clock clock;
    struct keeper *k;
    sem_t ticked;

    sem_init(&ticked, 0, 0);
    cr_assert_eq(clock_init(&clock, NULL), 0);
    world_open(&w, 4, "[site a]\n", clock_now(&clock));
    options.registry = w.registry;
    options.arena = w.arena;
    options.clock = &clock;
    options.context = &ticked;
    cr_assert_eq(keeper_start(&k, &options), 0);
    sem_wait(&ticked);
    for (unsigned v = 0; v < 1000; v++) { /* a table grows while the keeper lives */
        w.now = clock_now(&clock);
        world_view(&w, "a", v);
        if (v % 20 == 0) {
            keeper_ring(k);
            sem_wait(&ticked);
        }
    }
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VISITORS), 1000);
    cr_expect_geq(keeper_as_of(k).ms, w.now.ms - 60000);
    keeper_stop(k);
    keeper_stop(NULL);
    clock_release(&clock);
    world_close(&w);
    sem_destroy(&ticked);
}
