#include "count/turn.h"

#include <criterion/criterion.h>

Test(turn, is_odd_while_a_worker_is_inside)
{
    struct turns turns = {0};

    turn_begin(&turns.line[0]);
    cr_expect_eq(atomic_load(&turns.line[0].turn), 1);
    turn_end(&turns.line[0]);
    cr_expect_eq(atomic_load(&turns.line[0].turn), 2);
}

Test(turn, a_grace_with_idle_workers_is_over_at_once)
{
    struct turns turns = {0};
    struct grace g;

    grace_begin(&g, &turns, WORKERS_MAX);
    cr_expect(grace_is_over(&g, &turns));
}

Test(turn, a_grace_waits_for_every_turn_that_was_open)
{
    struct turns turns = {0};
    struct grace g;

    turn_begin(&turns.line[0]);
    turn_begin(&turns.line[2]);
    grace_begin(&g, &turns, 3);
    cr_expect_not(grace_is_over(&g, &turns));
    turn_end(&turns.line[2]);
    cr_expect_not(grace_is_over(&g, &turns));
    turn_end(&turns.line[0]);
    cr_expect(grace_is_over(&g, &turns));
}

Test(turn, a_grace_does_not_wait_for_turns_that_begin_later)
{
    struct turns turns = {0};
    struct grace g;

    turn_begin(&turns.line[0]);
    grace_begin(&g, &turns, 2);
    turn_begin(&turns.line[1]);
    turn_end(&turns.line[0]);
    turn_begin(&turns.line[0]); /* the next turn of the same worker */
    cr_expect(grace_is_over(&g, &turns));
}

Test(turn, workers_beyond_those_named_are_not_waited_for)
{
    struct turns turns = {0};
    struct grace g;

    turn_begin(&turns.line[1]);
    grace_begin(&g, &turns, 1);
    cr_expect(grace_is_over(&g, &turns));
}

Test(turn, adoption_forgets_who_was_killed_inside)
{
    struct turns turns = {0};
    struct grace g;

    turn_begin(&turns.line[1]);
    turns_reset(&turns);
    grace_begin(&g, &turns, 2);
    cr_expect(grace_is_over(&g, &turns));
    turn_begin(&turns.line[1]); /* begins as a fresh worker does */
    turn_end(&turns.line[1]);
}

Test(turn, two_workers_never_share_a_line)
{
    cr_expect_eq(sizeof(struct turn_line), 64);
}
