/* A registry when the heap says no, at each call in turn. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int calls_left = -1; /* the one after these fails; -1: none does */

static bool is_due(void)
{
    if (calls_left < 0)
        return false;
    return calls_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_due() ? NULL : __real_calloc(count, size);
}

static struct world w;

static const char *const text =
    "auto_sites = *.gov.vn\n[site a]\nhosts = a.vn\n[site b]\n";

static void start(void)
{
    world_open(&w, 16, text, world_time("2024-05-15 12:00:00"));
}

Test(registry_memory, a_start_without_memory_says_so_and_leaves_nothing)
{
    struct registry_report report;
    struct registry *r;
    int rv, calls = 0;

    start();
    world_view(&w, "a", 1);
    registry_close(w.registry);
    while (true) {
        calls_left = calls++;
        rv = registry_open(&r, w.arena, 16, w.config[0], w.now, &report);
        cr_assert(rv == 0 || rv == ERR_NOMEM);
        if (calls_left >= 0)
            break; /* none failed */
        if (rv == 0)
            registry_close(r); /* without tops, say: the keeper tries again */
    }
    calls_left = -1;
    cr_expect_gt(calls, 10);
    w.registry = r;
    cr_expect_eq(registry_count(r), 2);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), 1);
    world_close(&w);
}

Test(registry_memory, a_reload_without_memory_is_taken_up_when_there_is_some)
{
    int calls = 0;
    bool failed;

    start();
    do {
        world_reload(&w, calls % 2 == 0 ? "[site b]\n[site c]\n" : text);
        calls_left = calls++;
        failed = world_tick(&w) == ERR_NOMEM;
        calls_left = -1;
        cr_expect_eq(world_view(&w, "b", 1), OUTCOME_VIEW);
        cr_expect_eq(world_tick(&w), 0);
        cr_expect_eq(registry_config(w.registry), w.config[w.configs - 1]);
        cr_expect_eq(world_view(&w, "b", 1), OUTCOME_VIEW);
    } while (failed && w.configs < WORLD_CONFIGS);
    cr_expect_gt(calls, 5);
    world_close(&w);
}
