/* The keeper killed at each of its stores in turn, while quarters close, days are folded, a
 * clock is set back or jumps, keys turn over: the next start finds every number as it was,
 * and does not take what the kill left for damage (count/hits_seal.h). FULL=1: at each of
 * them, else at a sample; SEED chooses it, WORK and FROM begin elsewhere. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count/hits.h"
#include "lib/arena_image.h"
#include "lib/world.h"
#include "stress/stress.h"

enum { RANGES = 3, KILLED = 7, VISITORS = 50, MOST = 20000 };

static struct world world;
static struct arena_image image;
static unsigned long stores_left;

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (--stores_left == 0)
        _exit(KILLED);
}

static const char *file(void)
{
    return scratch_path(&world.dir, "arena");
}

/* --- What the keeper is doing --- */

static void tick_to(int64_t seconds)
{
    world.now = instant_after(world.now, seconds);
    world_ticks(&world, 4);
}

static void closes_quarters(void)
{
    for (int i = 0; i < 6; i++)
        tick_to(900);
}

static void folds_days(void)
{
    tick_to(86400);
    tick_to(86400);
}

static void is_away_for_a_month(void)
{
    tick_to((int64_t)40 * 86400);
}

static void is_set_back_by_an_hour(void)
{
    world_set_back(&world, instant_after(world.now, -3600));
    world_ticks(&world, 4);
}

static void is_set_back_by_days(void)
{
    world_set_back(&world, instant_after(world.now, -(int64_t)2 * 86400));
    world_ticks(&world, 4);
    closes_quarters();
}

static void adopts_after_days(void)
{
    world_restart(&world, instant_after(world.now, (int64_t)3 * 86400));
}

static const struct {
    const char *name;
    void (*run)(void);
    int64_t later_s; /* when the next one starts, from the image on */
} works[] = {
    {"closes quarters", closes_quarters, 7200},
    {"folds days", folds_days, (int64_t)3 * 86400},
    {"is away for a month", is_away_for_a_month, (int64_t)41 * 86400},
    {"is set back by an hour", is_set_back_by_an_hour, -3000},
    {"is set back by days", is_set_back_by_days, -(int64_t)2 * 86400 + 7200},
    {"adopts after days", adopts_after_days, (int64_t)3 * 86400 + 60},
};

/* --- Each --- */

/* Three days, an hour of open quarters with views in each, and a bit of overrun. */
static void make_image(void)
{
    world_open(&world, RANGES, "[site a]\ntimezone = UTC\n[site b]\nidentity = day\n",
               world_time("2024-05-14 22:00:00"));
    for (int d = 0; d < 3; d++) {
        for (int q = 0; q < 8; q++) {
            for (unsigned v = 0; v < VISITORS; v++) {
                (void)world_view(&world, "a", v);
                (void)world_view(&world, "b", v + (unsigned)d);
            }
            tick_to(600);
        }
        tick_to(86400 - 8 * 600);
    }
    world_stop(&world);
    arena_image_read(&image, file());
}

static struct hit_count total_of(const char *key)
{
    return hits_total(&world_site(&world, key)->block->hits);
}

/* True: it was killed before its end. */
static bool kill_at(unsigned work, unsigned long nth, struct instant began)
{
    int status = 0;
    pid_t child;

    arena_image_write(&image, file(), image.length);
    child = fork();
    if (child == 0) {
        world.now = began;
        world_start(&world, began);
        stores_left = nth;
        hits_seam = kill_at_the_last;
        works[work].run();
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    CHECK(
        WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED),
        "it %s, killed at store %lu: status %x", works[work].name, nth, (unsigned)status);
    return WIFEXITED(status) && WEXITSTATUS(status) == KILLED;
}

static void check_start(unsigned work, unsigned long nth, struct instant later)
{
    const uint64_t counted = (uint64_t)3 * 8 * VISITORS;

    world_start(&world, later);
    for (int i = 0; i < 2; i++) {
        struct hit_count total = total_of(i == 0 ? "a" : "b");

        CHECK(total.views == counted, "it %s, killed at store %lu: %lu views",
              works[work].name, nth, (unsigned long)total.views);
    }
    CHECK(world.damage == 0, "it %s, killed at store %lu: taken for damage",
          works[work].name, nth);
    world_stop(&world);
}

int main(void)
{
    const unsigned long step = getenv("FULL") != NULL ? 0 : 60;
    unsigned long kills = 0;
    uint64_t seed = number_from("SEED", 1);
    struct instant began;

    make_image();
    world.may_be_damaged = true; /* we say it ourselves */
    began = instant_after(world.now, 30);
    for (unsigned work = (unsigned)number_from("WORK", 0);
         work < sizeof works / sizeof *works; work++) {
        unsigned long nth = number_from("FROM", 1);

        while (nth < MOST && kill_at(work, nth, began)) {
            check_start(work, nth, instant_after(began, works[work].later_s));
            nth += 1 + random_below(&seed, 2 * step + 1);
            kills++;
        }
        CHECK(nth < MOST, "it %s without an end", works[work].name);
        check_start(work, nth, instant_after(began, works[work].later_s));
    }
    printf("seed %lu: %lu kills, ", (unsigned long)number_from("SEED", 1), kills);
    arena_image_release(&image);
    config_free(world.config[0]);
    scratch_free(&world.dir);
    return stress_end();
}
