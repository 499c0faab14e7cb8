/* The keeper's tick, with a clock that the test moves: the clock's file is 8 bytes in
 * memory that the test may write. */
#include "keep/tick.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/world.h"

static struct world w;
static struct clock clock_of_test;
static struct ticking ticking;
static int clock_fd;

static void set_clock(struct instant now)
{
    cr_assert_eq(pwrite(clock_fd, &now.ms, sizeof now.ms, 0), (ssize_t)sizeof now.ms);
    w.now = now;
}

static void start(const char *config, const char *at)
{
    const char *path;

    world_open(&w, 4, config, world_time(at));
    path = scratch_path(&w.dir, "clock");
    clock_fd = open(path, O_RDWR | O_CREAT, 0600);
    cr_assert_geq(clock_fd, 0);
    set_clock(w.now);
    cr_assert_eq(clock_init(&clock_of_test, path), 0);
    ticking = (struct ticking){.options = {.registry = w.registry,
                                           .arena = w.arena,
                                           .clock = &clock_of_test,
                                           .workers = 1}};
}

static void stop(void)
{
    clock_release(&clock_of_test);
    close(clock_fd);
    world_close(&w);
}

static void ticks(int n)
{
    while (n-- > 0)
        cr_expect_eq(tick(&ticking).ms, w.now.ms);
}

static uint64_t metric(enum site_span span, enum metric m)
{
    return world_metric(&w, "a", span, m);
}

Test(tick, keeps_what_is_counted)
{
    start("[site a]\ntimezone = UTC\n", "2024-05-15 23:50:00");
    ticks(1);
    world_view(&w, "a", 1);
    set_clock(world_time("2024-05-16 00:40:00"));
    ticks(4);
    cr_expect_eq(metric(SPAN_YESTERDAY, METRIC_VIEWS), 1);
    cr_expect(site_day_is_final(world_site(&w, "a"), w.now.ms / 86400000 - 1));
    stop();
}

Test(tick, follows_a_clock_that_is_set_back_by_an_hour)
{
    start("[site a]\ntimezone = UTC\n", "2024-05-15 12:00:00");
    ticks(2);
    world_view(&w, "a", 1);
    set_clock(world_time("2024-05-15 11:00:00"));
    ticks(4);
    cr_expect_eq(world_online(&w, "a"), 1);
    world_view(&w, "a", 2);
    set_clock(world_time("2024-05-15 11:10:00"));
    ticks(2);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_view(&w, "a", 2);
    cr_expect_eq(metric(SPAN_LAST_HOUR, METRIC_VIEWS), 2, "not dated by the old clock");
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 3);
    stop();
}

Test(tick, follows_a_clock_that_is_set_back_in_many_small_steps)
{
    start("[site a]\ntimezone = UTC\n", "2024-05-15 12:00:00");
    ticks(2);
    for (int i = 0; i < 6; i++) {
        set_clock(instant_after(w.now, -600));
        ticks(3);
    }
    world_view(&w, "a", 1);
    set_clock(instant_after(w.now, 12));
    ticks(1);
    cr_expect_eq(metric(SPAN_LAST_HOUR, METRIC_VIEWS), 1);
    stop();
}

Test(tick, waits_for_turns_before_the_clock_goes_back)
{
    struct sender sender = {.trusted = true};

    start("[site a]\ntimezone = UTC\n", "2024-05-15 12:00:00");
    ticks(2);
    (void)address_parse(&sender.address, SLICE("10.0.0.1"));
    pipeline_begin(&w.pipeline, w.now); /* has the old time */
    set_clock(world_time("2024-05-15 10:00:00"));
    ticks(5);
    cr_expect_neq(ticking.set_back_ticket, 0);
    (void)pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &sender, NULL);
    (void)pipeline_end(&w.pipeline);
    ticks(3);
    cr_expect_eq(ticking.set_back_ticket, 0);
    world_view(&w, "a", 2);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 2);
    stop();
}

Test(tick, a_full_file_system_is_full_until_it_is_not)
{
    start("[site a]\n", "2024-05-15 12:00:00");
    for (unsigned v = 0; v < 40; v++)
        world_view(&w, "a", v);
    world_full(true);
    ticks(1);
    cr_expect(ticking.full);
    ticks(5);
    cr_expect(ticking.full);
    world_full(false);
    ticks(1);
    cr_expect_not(ticking.full);
    stop();
}
