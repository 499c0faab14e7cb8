/* What a site was sent and does not count: by day, over midnights, kills, and a clock that
 * goes back. */
#include "count/site_refused.h"

#include <criterion/criterion.h>

#include "lib/world.h"

static struct world w;
static bool ticking = true;

static void start(const char *time)
{
    world_open(&w, 2, "[site a]\nsource = logs\n[site b]\n", world_time(time));
    world_ticks(&w, 2);
}

static void refuse(unsigned lines)
{
    for (unsigned i = 0; i < lines; i++)
        cr_assert_eq(world_line(&w, "s=a&p=/"), OUTCOME_OTHER_SOURCE);
    if (ticking)
        (void)world_tick(&w); /* as luotd's keeper is rung */
}

static struct refused_numbers numbers(const char *site)
{
    struct refused_numbers n;

    site_refused_read(world_site(&w, site), instant_seconds(w.now), &n);
    return n;
}

static void expect(uint64_t today, uint64_t yesterday, uint64_t total)
{
    struct refused_numbers n = numbers("a");

    cr_expect_eq(n.today[OUTCOME_OTHER_SOURCE], today);
    cr_expect_eq(n.yesterday[OUTCOME_OTHER_SOURCE], yesterday);
    cr_expect_eq(n.total[OUTCOME_OTHER_SOURCE], total);
}

static void at(const char *time)
{
    w.now = world_time(time);
    world_ticks(&w, 2);
}

/* Midnight in Vietnam is 17:00 UTC. */
Test(site_refused, counts_by_local_day)
{
    start("2024-05-15 16:59:00");
    refuse(3);
    expect(3, 0, 3);
    at("2024-05-15 17:00:00");
    expect(0, 3, 3);
    refuse(2);
    expect(2, 3, 5);
    at("2024-05-16 17:00:00");
    expect(0, 2, 5);
    at("2024-05-17 17:00:00");
    refuse(1);
    expect(1, 0, 6);
    world_close(&w);
}

Test(site_refused, is_the_sites_alone)
{
    struct refused_numbers n;

    start("2024-05-15 12:00:00");
    refuse(3);
    cr_assert_eq(world_line(&w, "s=b&p=/"), OUTCOME_VIEW);
    n = numbers("b");
    for (int i = 0; i < OUTCOME_COUNT; i++)
        cr_expect_eq(n.total[i], 0u);
    cr_expect_eq(numbers("a").total[OUTCOME_SUSPECT], 0u);
    world_close(&w);
}

Test(site_refused, outlives_the_process)
{
    start("2024-05-15 12:00:00");
    refuse(4);
    world_ticks(&w, 1);
    world_restart(&w, world_time("2024-05-15 12:00:05"));
    world_ticks(&w, 2);
    expect(4, 0, 4);
    refuse(1);
    expect(5, 0, 5);
    world_close(&w);
}

/* The later day's word stays as it is; the total has every line. */
Test(site_refused, loses_nothing_when_the_clock_goes_back)
{
    start("2024-05-15 12:00:00");
    at("2024-05-17 12:00:00");
    refuse(4);
    at("2024-05-15 12:00:00");
    refuse(2);
    expect(0, 0, 6);
    at("2024-05-17 12:00:00");
    expect(4, 0, 6);
    world_close(&w);
}

Test(site_refused, has_a_place_for_what_is_a_sites)
{
    cr_expect_geq(refusal_place(OUTCOME_SUSPECT), 0);
    cr_expect_geq(refusal_place(OUTCOME_ORIGIN), 0);
    cr_expect_lt(refusal_place(OUTCOME_VIEW), 0);
    cr_expect_lt(refusal_place(OUTCOME_MAC), 0);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        for (int k = 0; k < i; k++)
            cr_expect(refusal_place((enum outcome)i) < 0 ||
                      refusal_place((enum outcome)i) != refusal_place((enum outcome)k));
}

/* The first line comes before the page: it is shown at once, and in the page a tick later. */
Test(site_refused, counts_before_its_page_is_there)
{
    start("2024-05-15 12:00:00");
    cr_expect_null(atomic_load(&world_site(&w, "a")->refused));
    ticking = false;
    refuse(3);
    expect(3, 0, 3);
    (void)world_tick(&w);
    cr_expect_not_null(atomic_load(&world_site(&w, "a")->refused));
    expect(3, 0, 3);
    refuse(1);
    expect(4, 0, 4);
    cr_expect_null(atomic_load(&world_site(&w, "b")->refused), "a silent site has none");
    world_close(&w);
}

Test(site_refused, waits_for_room)
{
    start("2024-05-15 12:00:00");
    ticking = false;
    world_full(true);
    refuse(2);
    cr_expect_neq(world_tick(&w), 0);
    expect(2, 0, 2);
    world_full(false);
    (void)world_tick(&w);
    refuse(2);
    expect(4, 0, 4);
    world_restart(&w, world_time("2024-05-15 12:00:05"));
    expect(4, 0, 4);
    world_close(&w);
}
