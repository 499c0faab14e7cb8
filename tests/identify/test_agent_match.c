/* Patterns, interpreted and as machine code, of which each that is asked often becomes one;
 * and those that nobody needs. */
#include "identify/agent_match.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"

static const char text[] = "luot-list agents 1\n"
                           "browser\tOne\t$1\tOne/(\\d+)\n"
                           "browser\tTwo\t\t(?i)\\btwo\\b\n"
                           "browser\tThree\t\tThree\n";

struct matched {
    struct agent_rows rows;
    struct agent_match *match;
    struct agent_match_lane *lane;
};

static enum agent_list_kind wrong;
static char trouble[AGENT_TROUBLE_MAX];

static bool all_but_three(const void *context, size_t row)
{
    (void)context;
    return row != 2;
}

static void set_up(struct matched *m, bool trusted, agent_match_needs *needs)
{
    *m = (struct matched){.lane = NULL};
    cr_assert_eq(agent_rows_read(&m->rows, AGENT_LIST_AGENTS, slice_of(text), trouble), 0,
                 "%s", trouble);
    cr_assert_eq(agent_rows_sort(&m->rows), 0);
    cr_assert_eq(
        agent_match_new(&m->match, &m->rows, trusted, needs, NULL, &wrong, trouble), 0,
        "%s", trouble);
    cr_assert_eq(agent_match_lane_new(&m->lane), 0);
}

static void tear_down(struct matched *m)
{
    agent_match_lane_free(m->lane);
    agent_match_free(m->match);
    agent_rows_free(&m->rows);
}

static bool asks(struct matched *m, size_t row, const char *agent,
                 struct agent_captures *ret)
{
    return agent_match(m->match, m->lane, row, slice_of(agent), ret);
}

static void expect_answers(struct matched *m)
{
    struct agent_captures captures;

    cr_assert(asks(m, 0, "an One/126 of them", &captures));
    cr_assert_eq(captures.count, 2);
    cr_expect_eq(captures.at[2], 7);
    cr_expect_eq(captures.at[3], 10);
    cr_expect(!asks(m, 0, "One/x", &captures));
    cr_expect(asks(m, 1, "one, TWO, three", &captures));
    cr_expect(!asks(m, 1, "twofold", &captures));
}

Test(agent_match, what_is_asked_often_becomes_machine_code_with_the_same_answers)
{
    struct agent_captures captures;
    struct matched m;
    unsigned made;

    set_up(&m, false, NULL);
    cr_expect_eq(agent_match_quicken(m.match, 100), 0, "nobody asked yet");
    for (unsigned i = 0; i < 20; i++)
        expect_answers(&m);
    cr_expect(asks(&m, 2, "Three", &captures)); /* once: not often */
    made = agent_match_quicken(m.match, 1);
    if (made == 0) { /* this system makes no machine code */
        printf("skipped: no machine code here\n");
    } else {
        cr_expect_eq(made, 1, "no more than was allowed");
        cr_expect_eq(agent_match_quicken(m.match, 100), 1, "the other one");
    }
    for (unsigned i = 0; i < 20; i++)
        expect_answers(&m);
    cr_expect(asks(&m, 2, "Three", &captures));
    cr_expect_eq(agent_match_quicken(m.match, 100), 0, "each once");
    tear_down(&m);
}

Test(agent_match, a_pattern_that_nobody_needs_matches_nothing)
{
    struct agent_captures captures;
    struct matched m;

    for (unsigned trusted = 0; trusted < 2; trusted++) {
        set_up(&m, trusted, all_but_three);
        expect_answers(&m);
        for (unsigned i = 0; i < 20; i++)
            cr_expect(!asks(&m, 2, "Three", &captures));
        cr_expect_leq(agent_match_quicken(m.match, 100), 2);
        cr_expect(!asks(&m, 2, "Three", &captures));
        tear_down(&m);
    }
}

Test(agent_match, a_wrong_pattern_is_said_although_nobody_needs_it)
{
    struct agent_rows rows = {.row = NULL};
    struct agent_match *match = NULL;

    cr_assert_eq(agent_rows_read(&rows, AGENT_LIST_BOTS,
                                 SLICE("luot-list bots 1\nbot\tA\t\tA\nbot\tB\t\tB\n"
                                       "bot\tC\t\tC(\n"),
                                 trouble),
                 0, "%s", trouble);
    cr_assert_eq(agent_rows_sort(&rows), 0);
    cr_assert_eq(
        agent_match_new(&match, &rows, false, all_but_three, NULL, &wrong, trouble),
        ERR_MALFORMED);
    cr_expect_eq(wrong, AGENT_LIST_BOTS);
    cr_expect_not_null(strstr(trouble, "line 4"), "%s", trouble);
    agent_rows_free(&rows);
}
