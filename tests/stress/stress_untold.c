/* A start killed at each step of setting a damaged arena right, and of taking what a store
 * has of it: the next start still says that it was damaged, and what is added is added once
 * (count/damage.h). */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count/site_inner.h"
#include "lib/arena_image.h"
#include "lib/world.h"
#include "stress/stress.h"

enum { RANGES = 2, DAYS = 4, KILLED = 7, MOST = 2000 };

static struct world world;
static struct arena_image image;
static unsigned long steps_left;
static uint64_t truth;

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (--steps_left == 0)
        _exit(KILLED);
}

static struct site_block *block(void)
{
    return world_site(&world, "a")->block;
}

static uint64_t total(void)
{
    return hits_total(&block()->hits).views;
}

static int64_t day_of(int d)
{
    return world.now.ms / 86400000 - DAYS + d;
}

static struct site_day *day(int d)
{
    return &block()->day[day_of(d) % SITE_DAYS];
}

/* --- What somebody changes --- */

static void change_rows(void)
{
    day(0)->own.views ^= 1 << 3;
    day(1)->own.visitors ^= 1 << 3;
    block()->hits.overrun_views ^= 1;
}

static void change_place(void)
{
    block()->hits.rolled_q ^= 1;
    block()->hits.base_i ^= 1;
    block()->created_s ^= 1 << 5;
}

static void lose_stored_days(void)
{
    for (int i = 0; i < 2; i++)
        block()->hits.base[i].views ^= 1 << 4;
    for (int d = 0; d < DAYS; d++)
        day(d)->own_tag = 0;
}

static void lose_a_quarter(void)
{
    int64_t q = day_of(DAYS) * 96 + 32; /* today's: in no stored day */

    for (int i = 0; i < MINUTES; i++)
        block()->hits.minute[i] = 0;
    for (int i = 0; i < RING_SLOTS; i++)
        block()->hits.ring[i] = 0;
    block()->hits.quarter[q % QUARTERS][1] += 1000;
}

static const struct {
    const char *name;
    void (*change)(void);
    bool is_lost;
} damages[] = {{"rows", change_rows, false},
               {"where the hits are", change_place, false},
               {"stored days", lose_stored_days, true},
               {"a quarter", lose_a_quarter, true}};

/* --- What luotd does --- */

static void go_on(void)
{
    struct site *s = world_site(&world, "a");
    struct site_saved *saved;

    if (!site_awaits_saved(s))
        return;
    saved = calloc(1, sizeof *saved + sizeof saved->row[0]);
    saved->total.views = truth;
    saved->count = 1;
    saved->row[0] =
        (struct saved_own){SAVED_QUARTER, day_of(DAYS) * 96 + 32, {[METRIC_VIEWS] = 9}};
    site_raise(s, saved);
    free(saved);
}

/* Days with 5, 6, 7 ... views, and today 9, two hours ago. */
static void make_image(void)
{
    struct instant at = world_time("2024-05-14 08:00:00");

    world_open(&world, RANGES, "[site a]\ntimezone = UTC\n", at);
    for (int d = 0; d <= DAYS; d++) {
        world.now = instant_after(at, (int64_t)d * 86400);
        world_ticks(&world, 6);
        for (unsigned v = 0; v < 5 + (unsigned)d; v++)
            (void)world_view(&world, "a", v);
        world_ticks(&world, 4);
    }
    world.now = instant_after(world.now, 7200);
    world_ticks(&world, 6);
    truth = total();
    world_stop(&world);
    arena_image_read(&image, scratch_path(&world.dir, "arena"));
    world.may_be_damaged = true;
}

static void damage(void (*change)(void))
{
    arena_image_write(&image, scratch_path(&world.dir, "arena"), image.length);
    world_start(&world, world.now);
    change();
    world_stop(&world);
}

/* True: it was killed at the `step`-th step; else it came to its end. */
static bool start_and_kill(unsigned long step)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        steps_left = step;
        hits_seam = kill_at_the_last;
        world.is_killed_early = true;
        world_start(&world, world.now);
        go_on();
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) &&
              (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED),
          "step %lu: status %d", step, status);
    return WIFEXITED(status) && WEXITSTATUS(status) == KILLED;
}

static void try_all(unsigned i)
{
    unsigned long step = 0;
    bool killed = true;

    while (killed && ++step < MOST) {
        damage(damages[i].change);
        killed = start_and_kill(step);
        world_start(&world, world.now);
        CHECK(world.damage > 0, "%s, step %lu: not said", damages[i].name, step);
        (void)world_view(&world, "a", 1);
        go_on();
        CHECK(total() == truth + 1, "%s, step %lu: %lu of %lu", damages[i].name, step,
              total(), truth + 1);
        world_stop(&world);
        world_start(&world, world.now);
        CHECK(world.damage == 0, "%s, step %lu: said again", damages[i].name, step);
        CHECK(total() == truth + 1, "%s, step %lu: %lu of %lu after it", damages[i].name,
              step, total(), truth + 1);
        world_stop(&world);
    }
    CHECK(step > 5 && step < MOST, "%s: %lu steps", damages[i].name, step);
    printf("%s: %lu steps\n", damages[i].name, step - 1);
}

int main(void)
{
    make_image();
    for (unsigned i = 0; i < sizeof damages / sizeof damages[0]; i++)
        try_all(i);
    arena_image_release(&image);
    scratch_free(&world.dir);
    return stress_end();
}
