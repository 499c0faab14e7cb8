/* Which sites the keeper looks at in a tick. */
#include <criterion/criterion.h>

#include "base/error.h"
#include "count/site.h"
#include "lib/world.h"

static struct world w;

static void start(void)
{
    world_open(&w, 4, "[site a]\nhosts = a.vn\n[site b]\nhosts = b.vn\n",
               world_time("2024-05-14 12:00:03"));
    world_ticks(&w, 40);
}

/* In how many of n ticks of this moment. */
static unsigned due(const char *site, unsigned n)
{
    unsigned times = 0;

    for (unsigned tick = 0; tick < n; tick++)
        times += site_is_due(world_site(&w, site), w.now, tick);
    return times;
}

Test(site_due, who_is_visited_is_looked_at_in_each_tick_and_for_two_seconds_after)
{
    start();
    cr_expect_eq(due("a", 100), 10);
    world_view(&w, "a", 1);
    cr_expect_eq(due("a", 20), 20);
    world_ping(&w, "a", 1); /* which is no view */
    cr_expect_eq(due("a", 20), 20);
    cr_expect_eq(due("a", 100), 10);
    cr_expect_eq(due("b", 100), 10);
    world_close(&w);
}

Test(site_due, a_slot_that_begins_makes_all_of_them_due)
{
    start();
    w.now = instant_after(w.now, 12);
    cr_expect_eq(due("a", 5), 5);
    cr_expect_eq(due("a", 100), 10);
    w.now = instant_after(w.now, -86400);
    cr_expect(due("a", 1) == 1);
    world_close(&w);
}

Test(site_due, other_settings_and_what_a_store_answered_are_taken_up_at_once)
{
    static struct site_saved saved;

    start();
    world_reload(&w, "[site a]\nhosts = a.vn\ntimezone = UTC\n[site b]\nhosts = b.vn\n");
    world_tick(&w);
    cr_expect_eq(due("a", 19), 19);
    cr_expect_eq(due("a", 100), 10);
    atomic_store(&world_site(&w, "b")->saved, &saved);
    cr_expect_eq(due("b", 50), 50);
    atomic_store(&saved.done, true);
    cr_expect_eq(due("b", 19), 19);
    cr_expect_eq(due("b", 100), 10);
    atomic_store(&world_site(&w, "b")->saved, NULL);
    world_close(&w);
}

Test(site_due, who_has_no_room_to_grow_is_tried_in_each_tick_until_there_is)
{
    start();
    world_full(true);
    for (unsigned v = 0; v < 600; v++)
        world_view(&w, "a", v);
    for (unsigned tick = 0; tick < 60; tick++)
        cr_assert_eq(world_tick(&w), ERR_NOSPACE, "tick %u", tick);
    world_full(false);
    cr_expect_eq(world_tick(&w), 0);
    world_close(&w);
}
