/* One visitor, two workers at once, two keys: each worker is first in one of the two
 * tables. It is one visit all the same. */
#include "lib/actors.h"
#include "lib/world.h"
#include "stress.h"

static struct world w;
static struct pipeline other;
static struct metrics_row other_row;

static void view_with(struct pipeline *p)
{
    struct sender sender = {.trusted = true};

    pipeline_begin(p, w.now);
    (void)pipeline_line(p, SLICE("s=a&p=/&i=10.0.0.1"), &sender, NULL);
    (void)pipeline_end(p);
}

static void play_one(void *context)
{
    (void)context;
    view_with(&w.pipeline);
}

static void play_other(void *context)
{
    (void)context;
    view_with(&other);
}

/* `places`: how often the first worker comes to `stop_at` before the other runs. */
static void race(const char *stop_at, int places)
{
    uint64_t visits = world_metric(&w, "a", SPAN_TODAY, METRIC_VISITS);
    struct actor one, two;
    bool stopped = actor_start(&one, play_one, NULL, stop_at);

    for (int i = 1; i < places && stopped; i++)
        stopped = actor_go_on(&one, stop_at);
    CHECK(stopped, "it never came to %s a %d. time", stop_at, places);
    actor_start(&two, play_other, NULL, NULL);
    actor_finish(&two);
    actor_finish(&one);
    visits = world_metric(&w, "a", SPAN_TODAY, METRIC_VISITS) - visits;
    CHECK(visits == 1, "%s %d: %lu visits", stop_at, places, (unsigned long)visits);
}

static void go_to(struct instant at)
{
    w.now = at;
    world_ticks(&w, 6);
}

int main(void)
{
    struct turns *turns;

    world_open(&w, 4, "[site a]\ntimezone = UTC\nidentity = day\n",
               world_time("2024-05-14 12:00:00"));
    turns = &((struct count_head *)arena_head(w.arena))->turns;
    if (pipeline_init(&other, w.registry, &other_row, &turns->line[1], &w.trust) != 0)
        abort();
    visitors_seam = actor_seam;
    go_to(world_time("2024-05-14 23:59:00"));
    go_to(world_time("2024-05-15 12:00:00"));
    race("insert", 1); /* never seen, two tables */
    go_to(instant_after(w.now, 3600));
    race("refresh", 1); /* the next visit */
    go_to(instant_after(w.now, 3600));
    race("refresh", 2);
    go_to(world_time("2024-05-15 23:59:00"));
    go_to(world_time("2024-05-16 00:30:00"));
    race("insert", 1); /* seen by the older, not by the younger */
    go_to(world_time("2024-05-16 23:59:00"));
    go_to(world_time("2024-05-18 01:00:00"));
    race("insert", 1);
    pipeline_release(&other);
    world_close(&w);
    return stress_end();
}
