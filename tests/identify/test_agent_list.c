/* Lists as text. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "identify/agent_list.h"
#include "lib/expect_text.h"

static char trouble[AGENT_TROUBLE_MAX];

static int read_text(struct agent_rows *rows, enum agent_list_kind list, const char *text)
{
    trouble[0] = '\0';
    return agent_rows_read(rows, list, slice_of(text), trouble);
}

static void expect_refused(enum agent_list_kind list, const char *text, int error,
                           const char *why)
{
    struct agent_rows rows = {0};

    cr_expect_eq(read_text(&rows, list, text), error, "%s", text);
    cr_expect(strstr(trouble, why) != NULL, "%s: %s", text, trouble);
    agent_rows_free(&rows);
}

Test(agent_list, has_its_rows_by_kind_and_in_their_order)
{
    struct agent_rows rows = {0};

    cr_assert_eq(read_text(&rows, AGENT_LIST_AGENTS,
                           "luot-list agents 1\n# a comment\n\nsystem\tB\t$2\tb(.)\n"
                           "browser\tA\t\t(?i)a\nsystem\tC\t\tc"),
                 0);
    cr_assert_eq(read_text(&rows, AGENT_LIST_BOTS,
                           "luot-list bots 1\nperson\t\t\td\nbot\tE\t\te\n"),
                 0);
    cr_assert_eq(agent_rows_sort(&rows), 0);
    cr_assert_eq(rows.count, 5);
    cr_expect_eq(rows.first[AGENT_SYSTEM], 1);
    cr_expect_eq(rows.first[AGENT_DEVICE], 3);
    cr_expect_eq(rows.first[AGENT_ROBOT], 3);
    expect_text(rows.row[0].name, "A");
    expect_text(rows.row[0].pattern, "a");
    cr_expect(rows.row[0].caseless);
    cr_expect_eq(rows.row[0].line, 5);
    expect_text(rows.row[1].major, "$2");
    expect_text(rows.row[2].name, "C");
    cr_expect(rows.row[3].person);
    cr_expect(!rows.row[4].person);
    agent_rows_free(&rows);
}

Test(agent_list, refuses_what_is_no_list_of_its_kind)
{
    expect_refused(AGENT_LIST_AGENTS, "", ERR_FOREIGN, "luot-list agents 1");
    expect_refused(AGENT_LIST_AGENTS, "luot-list bots 1\nbot\tA\t\ta\n", ERR_FOREIGN,
                   "no list of agents");
    expect_refused(AGENT_LIST_BOTS, "luot-list bots 2\n", ERR_VERSION, "version");
    expect_refused(AGENT_LIST_BOTS, "luot-list bots 1\n# nothing\n", ERR_MALFORMED,
                   "no rows");
}

Test(agent_list, refuses_a_bad_row_and_says_its_line)
{
    expect_refused(AGENT_LIST_BOTS, "luot-list bots 1\nbot\tA\t\ta\nbrowser\tA\t\ta\n",
                   ERR_MALFORMED, "line 3: a row begins with bot or person");
    expect_refused(AGENT_LIST_BOTS, "luot-list bots 1\nbot\tA\ta\n", ERR_MALFORMED,
                   "line 2: KIND, NAME, MAJOR and PATTERN");
    expect_refused(AGENT_LIST_BOTS, "luot-list bots 1\nbot\t\t\ta\n", ERR_MALFORMED,
                   "line 2: NAME is empty");
}

Test(agent_list, has_limits)
{
    char *text = malloc(AGENT_ROWS_MAX * 10 + AGENT_PATTERN_MAX + 100);
    char long_name[AGENT_NAME_MAX + 40];
    size_t n = 0;

    snprintf(long_name, sizeof long_name, "luot-list bots 1\nbot\t%064d\t\ta\n", 0);
    expect_refused(AGENT_LIST_BOTS, long_name, ERR_TOO_LONG, "at most 63 bytes");
    n += (size_t)sprintf(text, "luot-list bots 1\nbot\tA\t\t");
    memset(text + n, 'x', AGENT_PATTERN_MAX + 1);
    text[n + AGENT_PATTERN_MAX + 1] = '\0';
    expect_refused(AGENT_LIST_BOTS, text, ERR_TOO_LONG, "line 2");
    n = (size_t)sprintf(text, "luot-list bots 1\n");
    for (int i = 0; i <= AGENT_ROWS_MAX; i++)
        n += (size_t)sprintf(text + n, "bot\tA\t\ta\n");
    expect_refused(AGENT_LIST_BOTS, text, ERR_FULL, "more than 16384 rows");
    free(text);
}
