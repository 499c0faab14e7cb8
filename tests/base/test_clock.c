#include "base/clock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum { BOOT = 1000000 };

/* A clock that agrees with a wall clock `wall_ahead` ms ahead of the machine's own. */
static struct clock agreeing(int64_t wall_ahead)
{
    struct clock c = {.file_ms = NULL};
    atomic_store(&c.offset_ms, wall_ahead);
    return c;
}

static int64_t tick(struct clock *c, int64_t wall_ahead)
{
    return clock_follow(c, BOOT, BOOT + wall_ahead);
}

Test(clock, follows_up_to_two_seconds_at_once)
{
    struct clock c = agreeing(0);
    cr_expect_eq(tick(&c, 2000), 0);
    cr_expect_eq(atomic_load(&c.offset_ms), 2000);
    cr_expect_eq(tick(&c, 0), 0);
    cr_expect_eq(atomic_load(&c.offset_ms), 0);
    cr_expect_eq(atomic_load(&c.steps), 0);
}

Test(clock, takes_a_step_after_three_ticks_that_agree)
{
    struct clock c = agreeing(0);
    cr_expect_eq(tick(&c, -3600000), 0);
    cr_expect_eq(tick(&c, -3600010), 0);
    cr_expect_eq(atomic_load(&c.offset_ms), 0);
    cr_expect_eq(tick(&c, -3600020), -3600020);
    cr_expect_eq(atomic_load(&c.offset_ms), -3600020);
    cr_expect_eq(atomic_load(&c.steps), 1);
    cr_expect_eq(tick(&c, -3600030), 0);
    cr_expect_eq(atomic_load(&c.steps), 1);
}

Test(clock, forgets_a_step_that_was_taken_back)
{
    struct clock c = agreeing(0);
    tick(&c, 90000);
    tick(&c, 90000);
    tick(&c, 5);
    tick(&c, 90000);
    cr_expect_eq(tick(&c, 90000), 0);
    cr_expect_eq(atomic_load(&c.offset_ms), 5);
}

Test(clock, ticks_that_disagree_begin_again)
{
    struct clock c = agreeing(0);
    tick(&c, 90000);
    tick(&c, 90000);
    cr_expect_eq(tick(&c, -90000), 0);
    cr_expect_eq(tick(&c, -90000), 0);
    cr_expect_eq(tick(&c, -90000), -90000);
}

Test(clock, starts_at_the_wall_clock)
{
    struct clock c;
    cr_assert_eq(clock_init(&c, NULL), 0);
    int64_t apart = clock_now(&c).ms / 1000 - (int64_t)time(NULL);
    cr_expect(apart >= -2 && apart <= 2);
    cr_expect_not(clock_is_stepped(&c));
    cr_expect_eq(clock_tick(&c), 0);
    clock_release(&c);
}

Test(clock, is_driven_by_a_file)
{
    char path[] = "/tmp/luot-clock-XXXXXX";
    /* 10,000,000,000, little-endian. */
    unsigned char ms[8] = {0x00, 0xE4, 0x0B, 0x54, 0x02};
    struct clock c;
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(clock_init(&c, path), ERR_IO, "shorter than 8 bytes");
    cr_assert_eq(pwrite(fd, ms, sizeof ms, 0), 8);
    cr_assert_eq(clock_init(&c, path), 0);
    cr_expect(clock_is_stepped(&c));
    cr_expect_eq(clock_now(&c).ms, 10000000000);
    ms[0] = 1;
    cr_assert_eq(pwrite(fd, ms, sizeof ms, 0), 8);
    cr_expect_eq(clock_now(&c).ms, 10000000001);
    cr_expect_eq(clock_tick(&c), 0);
    clock_release(&c);
    cr_expect_eq(clock_init(&c, "/nonexistent/clock"), ERR_IO);
    close(fd);
    unlink(path);
}

Test(clock, slots_and_seconds_are_floors)
{
    cr_expect_eq(instant_slot((struct instant){0}), 0);
    cr_expect_eq(instant_slot((struct instant){SLOT_MS - 1}), 0);
    cr_expect_eq(instant_slot((struct instant){SLOT_MS}), 1);
    cr_expect_eq(instant_slot((struct instant){-1}), -1);
    cr_expect_eq(instant_slot((struct instant){-SLOT_MS}), -1);
    cr_expect_eq(instant_seconds((struct instant){1999}), 1);
    cr_expect_eq(instant_seconds((struct instant){-1}), -1);
    cr_expect_eq(instant_seconds((struct instant){-1000}), -1);
}
