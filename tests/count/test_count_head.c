/* What the arena's head says of stores: of which place, or nothing. */
#include <criterion/criterion.h>

#include "count/site.h"

static struct count_head head;

Test(count_head, knows_what_each_store_has_confirmed)
{
    count_head_confirm(&head, 0, "sqlite:/a", 1700000000);
    count_head_confirm(&head, 3, "sqlite:/b", 1800000000);
    cr_expect_eq(count_head_confirmed(&head, 0, "sqlite:/a"), 1700000000);
    cr_expect_eq(count_head_confirmed(&head, 3, "sqlite:/b"), 1800000000);
    cr_expect_eq(count_head_confirmed(&head, 1, "sqlite:/a"), 0, "none yet");
}

Test(count_head, says_nothing_of_another_place_and_of_a_word_that_was_changed)
{
    count_head_confirm(&head, 0, "sqlite:/a", 1700000000);
    cr_expect_eq(count_head_confirmed(&head, 0, "sqlite:/b"), 0);
    head.confirmed[1] = head.confirmed[0];
    cr_expect_eq(count_head_confirmed(&head, 1, "sqlite:/a"), 0, "of another store");
    for (int bit = 0; bit < 64; bit++) {
        head.confirmed[0] ^= UINT64_C(1) << bit;
        cr_expect_eq(count_head_confirmed(&head, 0, "sqlite:/a"), 0, "bit %d", bit);
        head.confirmed[0] ^= UINT64_C(1) << bit;
    }
}

Test(count_head, a_time_that_is_none_is_nothing)
{
    count_head_confirm(&head, 0, "sqlite:/a", -5);
    cr_expect_eq(count_head_confirmed(&head, 0, "sqlite:/a"), 0);
    count_head_confirm(&head, 0, "sqlite:/a", 0);
    cr_expect_eq(count_head_confirmed(&head, 0, "sqlite:/a"), 0);
}
