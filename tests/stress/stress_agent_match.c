/* Patterns become machine code while two threads ask them: every answer is the pattern's,
 * before, after and meanwhile. Run it with SAN=thread. ROUNDS (20). */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "identify/agent_match.h"
#include "stress.h"

enum { ROWS = 64, ASKERS = 2, PASSES = 12 };

static struct agent_match *match;
static atomic_uint wrong, asking;

/* Row i matches "iN/1" with N = i and captures the 1. */
static void read_rows(struct agent_rows *ret_rows, char text[ROWS * 64])
{
    char trouble[AGENT_TROUBLE_MAX];
    size_t length = (size_t)sprintf(text, "luot-list agents 1\n");

    for (unsigned i = 0; i < ROWS; i++)
        length += (size_t)sprintf(text + length, "browser\tB\t$1\t\\bi%u/(\\d+)\\b\n", i);
    CHECK(agent_rows_read(ret_rows, AGENT_LIST_AGENTS, slice_of(text), trouble) == 0,
          "%s", trouble);
    CHECK(agent_rows_sort(ret_rows) == 0, "no memory");
}

static bool is_right(struct agent_match_lane *lane, size_t row, unsigned said)
{
    struct agent_captures captures;
    char agent[40];
    bool matches;

    sprintf(agent, "Browser i%u/126 x", said);
    matches = agent_match(match, lane, row, slice_of(agent), &captures);
    return matches == (row == said) &&
           (!matches || (captures.count == 2 && captures.at[3] - captures.at[2] == 3));
}

static void *ask(void *context)
{
    struct agent_match_lane *lane = context;

    for (unsigned pass = 0; pass < PASSES; pass++)
        for (unsigned row = 0; row < ROWS; row++)
            if (!is_right(lane, row, row) || !is_right(lane, row, (row + 1) % ROWS))
                atomic_fetch_add(&wrong, 1);
    atomic_fetch_sub(&asking, 1);
    return NULL;
}

/* How many became machine code. */
static unsigned round_of(const struct agent_rows *rows, struct agent_match_lane **lanes)
{
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind list;
    pthread_t asker[ASKERS];
    unsigned made = 0;

    CHECK(agent_match_new(&match, rows, false, NULL, NULL, &list, trouble) == 0, "%s",
          trouble);
    atomic_store(&asking, ASKERS);
    for (unsigned i = 0; i < ASKERS; i++)
        pthread_create(&asker[i], NULL, ask, lanes[i]);
    while (atomic_load(&asking) > 0)
        made += agent_match_quicken(match, 4);
    for (unsigned i = 0; i < ASKERS; i++)
        pthread_join(asker[i], NULL);
    made += agent_match_quicken(match, ROWS);
    for (unsigned row = 0; row < ROWS; row++)
        CHECK(is_right(lanes[0], row, row), "row %u", row);
    agent_match_free(match);
    return made;
}

int main(void)
{
    unsigned long rounds = number_from("ROUNDS", 20);
    struct agent_match_lane *lanes[ASKERS];
    struct agent_rows rows = {.row = NULL};
    static char text[ROWS * 64];
    unsigned made = 0;

    read_rows(&rows, text);
    for (unsigned i = 0; i < ASKERS; i++)
        CHECK(agent_match_lane_new(&lanes[i]) == 0, "no memory");
    for (unsigned long i = 0; i < rounds; i++)
        made += round_of(&rows, lanes);
    CHECK(made == 0 || made == rounds * ROWS, "%u of %lu", made, rounds * ROWS);
    CHECK(atomic_load(&wrong) == 0, "%u answers were wrong", atomic_load(&wrong));
    for (unsigned i = 0; i < ASKERS; i++)
        agent_match_lane_free(lanes[i]);
    agent_rows_free(&rows);
    return stress_end();
}
