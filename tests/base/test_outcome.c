#include "base/outcome.h"

#include <criterion/criterion.h>
#include <string.h>

Test(outcome, has_the_words_of_the_contract)
{
    cr_expect_str_eq(outcome_word(OUTCOME_VIEW), "view");
    cr_expect_str_eq(outcome_word(OUTCOME_OTHER_SOURCE), "other_source");
    cr_expect_eq(outcome_class(OUTCOME_PING), OUTCOME_COUNTED);
    cr_expect_eq(outcome_class(OUTCOME_BOT), OUTCOME_SUPPRESSED);
    cr_expect_eq(outcome_class(OUTCOME_MAC), OUTCOME_REJECTED);
    cr_expect_str_eq(outcome_class_word(OUTCOME_COUNTED), "counted");
    cr_expect_str_eq(outcome_class_word(OUTCOME_SUPPRESSED), "suppressed");
    cr_expect_str_eq(outcome_class_word(OUTCOME_REJECTED), "rejected");
}

Test(outcome, words_are_all_different_and_every_one_has_a_sentence)
{
    for (int a = 0; a < OUTCOME_COUNT; a++) {
        cr_expect(strlen(outcome_sentence((enum outcome)a)) > 10);
        for (int b = 0; b < a; b++)
            cr_expect_str_neq(outcome_word((enum outcome)a),
                              outcome_word((enum outcome)b));
    }
}
