/* A loosened pattern matches the skeleton of whatever the pattern itself matches. */
#include "identify/agent_loose.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "identify/agent.h"
#include "identify/agent_digits.h"

struct both {
    struct agent_rows rows,
        loosened; /* a row without a looser pattern is itself in both */
    struct agent_match *match, *loose;
    struct agent_match_lane *lane;
    char *text;
    unsigned loosened_count;
};

static void loosen(struct both *b)
{
    char *to = b->text = malloc(b->rows.count * AGENT_PATTERN_MAX / 8);

    cr_assert_not_null(to);
    for (size_t i = 0; i < b->rows.count; i++) {
        struct agent_row *row = &b->loosened.row[i];
        size_t n = agent_digits_loosen(row->pattern, to, AGENT_PATTERN_MAX / 8);

        if (n == 0)
            continue;
        row->pattern = (struct slice){to, n};
        to += n;
        b->loosened_count++;
    }
}

static void read_rows(struct agent_rows *rows)
{
    char trouble[AGENT_TROUBLE_MAX] = "";

    for (int i = 0; i < 2; i++)
        cr_assert_eq(agent_rows_read(rows, (enum agent_list_kind)i,
                                     agent_list_built_in((enum agent_list_kind)i),
                                     trouble),
                     0, "%s", trouble);
}

static void open_both(struct both *b)
{
    char trouble[AGENT_TROUBLE_MAX] = "";
    enum agent_list_kind wrong;

    *b = (struct both){0};
    cr_assert_eq(hash_start(), 0);
    read_rows(&b->rows);
    read_rows(&b->loosened);
    loosen(b);
    cr_assert_eq(agent_match_new(&b->match, &b->rows, false, NULL, NULL, &wrong, trouble),
                 0);
    cr_assert_eq(
        agent_match_new(&b->loose, &b->loosened, false, NULL, NULL, &wrong, trouble), 0,
        "%s", trouble);
    cr_assert_eq(agent_match_lane_new(&b->lane), 0);
}

static void close_both(struct both *b)
{
    agent_match_lane_free(b->lane);
    agent_match_free(b->match);
    agent_match_free(b->loose);
    agent_rows_free(&b->rows);
    agent_rows_free(&b->loosened);
    free(b->text);
}

/* How many rows match. */
static unsigned compare(struct both *b, struct slice agent)
{
    char memory[AGENT_PATTERN_MAX];
    struct slice skeleton = {memory, agent.length};
    struct agent_captures captures;
    unsigned matches = 0;

    agent_digits_hide(memory, agent);
    for (size_t row = 0; row < b->rows.count; row++) {
        if (b->rows.row[row].pattern.at == b->loosened.row[row].pattern.at ||
            !agent_match(b->match, b->lane, row, agent, &captures))
            continue;
        matches++;
        cr_assert_not(agent_match_never(b->loose, b->lane, row, skeleton),
                      "missed: list %d line %u, %.*s", b->rows.row[row].list,
                      b->rows.row[row].line, (int)agent.length, agent.at);
    }
    return matches;
}

/* What the patterns are about is in them. */
Test(agent_loose, never_says_never_of_what_matches)
{
    struct both b;
    unsigned matches = 0;

    open_both(&b);
    cr_assert_gt(b.loosened_count, 3000);
    for (size_t i = 0; i < b.rows.count; i += 9)
        matches += compare(&b, b.rows.row[i].pattern);
    cr_assert_gt(matches, 400);
    close_both(&b);
}
