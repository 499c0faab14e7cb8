#include "count/site_quarters.h"

#include <criterion/criterion.h>

#include "base/error.h"
#include "count/hits_pages.h"
#include "count/hits_word.h"
#include "lib/world.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static struct world w;

static struct hits *hits(void)
{
    return &world_site(&w, "a")->block->hits;
}

static int64_t quarter_now(void)
{
    return instant_slot(w.now) / QUARTER_SLOTS;
}

static unsigned absent(void)
{
    return hits_pages_absent(hits());
}

static void go_on(int64_t seconds)
{
    w.now = instant_after(w.now, seconds);
    world_ticks(&w, 4); /* assigned, the floor raised, a grace, closed */
}

/* A moment whose page is one of the site's own, in whose middle it is. */
static void start(void)
{
    struct instant now = world_time("2024-05-15 12:00:00");

    while (hits_page_of(instant_slot(now) / QUARTER_SLOTS) != 4)
        now = instant_after(now, DAY);
    world_open(&w, 4, "[site a]\n", now);
    world_ticks(&w, 4);
}

static void expect_views(uint64_t n)
{
    cr_expect_eq(hits_total(hits()).views, n, "%llu",
                 (unsigned long long)hits_total(hits()).views);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), n);
}

Test(site_quarters, a_page_comes_with_the_first_view_in_it)
{
    uint64_t before;

    start();
    cr_expect_eq(absent(), QUARTER_PAGES_OWN);
    before = arena_bytes_used(w.arena);
    world_view(&w, "a", 1);
    world_ticks(&w, 1);
    cr_expect_eq(absent(), QUARTER_PAGES_OWN & ~(1U << 4));
    cr_expect_leq(arena_bytes_used(w.arena), before + 4096);
    cr_expect_eq(hits_stored(hits(), quarter_now()).views, 1);
    world_close(&w);
}

Test(site_quarters, where_nobody_comes_no_page_does)
{
    start();
    for (int day = 0; day < 80; day++)
        go_on(DAY);
    cr_expect_eq(absent(), QUARTER_PAGES_OWN);
    world_restart(&w, instant_after(w.now, 50 * DAY));
    world_ticks(&w, 4);
    cr_expect_eq(absent(), QUARTER_PAGES_OWN);
    expect_views(0);
    world_close(&w);
}

Test(site_quarters, all_that_is_counted_is_there_whoever_is_killed)
{
    uint64_t n = 0;

    start();
    for (int step = 0; step < 200; step++) {
        world_view(&w, "a", (unsigned)step);
        n++;
        if (step % 7 == 3) /* nobody has assigned it */
            world_restart(&w, instant_after(w.now, step % 3 * 4 * HOUR));
        go_on(7 * HOUR);
        expect_views(n);
    }
    cr_expect_eq(absent(), 0);
    for (int64_t q = quarter_now() - QUARTERS + 100, sum = 0; q <= quarter_now(); q++) {
        sum += (int64_t)hits_quarter(hits(), q).views;
        if (q == quarter_now())
            cr_expect_gt(sum, 100);
    }
    world_close(&w);
}

Test(site_quarters, a_full_file_system_loses_nothing_and_ends_with_room)
{
    int64_t q;

    start();
    world_full(true);
    world_view(&w, "a", 1);
    cr_expect_eq(world_tick(&w), ERR_NOSPACE);
    q = quarter_now();
    go_on(HOUR);
    cr_expect_eq(absent(), QUARTER_PAGES_OWN);
    expect_views(1);
    world_restart(&w, instant_after(w.now, 60));
    cr_expect_eq(absent(), QUARTER_PAGES_OWN, "nothing is written where nothing is");
    expect_views(1);
    world_full(false);
    go_on(60);
    cr_expect_eq(absent(), QUARTER_PAGES_OWN & ~(1U << 4));
    cr_expect_eq(hits_stored(hits(), q).views, 1);
    expect_views(1);
    world_close(&w);
}

Test(site_quarters, a_start_asks_the_file_and_not_the_word)
{
    int64_t q;

    start();
    world_view(&w, "a", 1);
    q = quarter_now();
    go_on(3 * HOUR);
    hits_pages_find(hits(), QUARTER_PAGES_OWN);
    cr_expect_eq(hits_quarter(hits(), q).views, 0, "its page is said to be absent");
    world_restart(&w, instant_after(w.now, 60));
    cr_expect_eq(absent(), QUARTER_PAGES_OWN & ~(1U << 4));
    cr_expect_eq(hits_quarter(hits(), q).views, 1);
    expect_views(1);
    world_close(&w);
}

Test(site_quarters, a_clock_set_back_and_days_restored_find_their_pages)
{
    int64_t q;

    start();
    q = quarter_now() - 5 * QUARTER_PAGE;
    cr_expect_eq(registry_back_quarter(w.registry, world_site(&w, "a"), q), 0);
    hits_restore(hits(), q, (struct hit_count){.views = 5, .visits = 2});
    cr_expect_eq(hits_quarter(hits(), q).views, 5);
    cr_expect_eq(absent() >> hits_page_of(q) & 1, 0);
    for (int i = 0; i < 6; i++) {
        world_view(&w, "a", (unsigned)i);
        go_on(DAY);
    }
    world_set_back(&w, instant_after(w.now, -12 * DAY));
    world_view(&w, "a", 9);
    go_on(2 * HOUR);
    expect_views(7);
    world_restart(&w, instant_after(w.now, 60));
    expect_views(7);
    world_close(&w);
}
