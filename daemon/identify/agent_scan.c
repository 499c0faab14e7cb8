#include "identify/agent_scan.h"

#include <hs/hs.h>
#include <stdlib.h>

#include "base/error.h"
#include "identify/agent_scan_plan.h"

struct agent_scan {
    hs_database_t *database; /* NULL: nothing to look for */
    struct agent_plan plan;
};

struct agent_scan_lane {
    hs_scratch_t *scratch;
    const struct agent_scan *scan; /* of the pass that is under way */
    const char *agent;             /* likewise                      */
    struct agent_found found;
};

bool agent_scan_possible(void)
{
    return hs_valid_platform() == HS_SUCCESS;
}

/* As plain words, each told as often as it is there: to tell it once only, Vectorscan would
 * keep a record of each, which costs more than telling it again. */
static int compile(struct agent_scan *scan, const struct agent_sought *sought,
                   const hs_platform_info_t *platform)
{
    hs_compile_error_t *trouble = NULL;
    hs_error_t rv;

    if (scan->plan.expressions == 0)
        return 0;
    rv = hs_compile_lit_multi(sought->word, sought->flags, sought->id, sought->length,
                              scan->plan.expressions, HS_MODE_BLOCK, platform,
                              &scan->database, &trouble);
    hs_free_compile_error(trouble);
    return rv == HS_SUCCESS ? 0 : ERR_CORRUPT;
}

static int make(struct agent_scan *scan, const struct agent_rows *rows,
                const hs_platform_info_t *platform)
{
    struct agent_sought sought = {.wish = NULL};
    int rv = agent_plan_make(&scan->plan, &sought, rows);

    if (rv == 0)
        rv = compile(scan, &sought, platform);
    agent_sought_release(&sought);
    return rv;
}

/* What is prepared is a plan, and the database of it behind. */
static int take_prepared(struct agent_scan *scan, const struct agent_rows *rows,
                         struct slice prepared)
{
    int rv = agent_plan_read(&scan->plan, rows, &prepared);

    if (rv == 0 && scan->plan.expressions > 0 &&
        hs_deserialize_database(prepared.at, prepared.length, &scan->database) !=
            HS_SUCCESS)
        rv = ERR_CORRUPT;
    return rv;
}

int agent_scan_new(struct agent_scan **ret_scan, const struct agent_rows *rows,
                   struct slice prepared)
{
    struct agent_scan *scan = calloc(1, sizeof *scan);
    int rv;

    if (scan == NULL)
        return ERR_NOMEM;
    rv = take_prepared(scan, rows, prepared);
    if (rv != 0) {
        agent_plan_release(&scan->plan);
        rv = make(scan, rows, NULL);
    }
    if (rv != 0) {
        agent_scan_free(scan);
        return rv;
    }
    *ret_scan = scan;
    return 0;
}

static int put_together(char **ret_bytes, size_t *ret_length, struct slice plan,
                        struct slice database)
{
    char *whole = malloc(plan.length + database.length + 1);

    if (whole == NULL)
        return ERR_NOMEM;
    memcpy(whole, plan.at, plan.length);
    memcpy(whole + plan.length, database.at, database.length);
    *ret_bytes = whole;
    *ret_length = plan.length + database.length;
    return 0;
}

static int write_scan(const struct agent_scan *scan, const struct agent_rows *rows,
                      char **ret_bytes, size_t *ret_length)
{
    char *plan = NULL, *database = NULL;
    size_t plan_length = 0, database_length = 0;
    int rv = agent_plan_write(&scan->plan, rows, &plan, &plan_length);

    if (rv == 0 && scan->database != NULL &&
        hs_serialize_database(scan->database, &database, &database_length) != HS_SUCCESS)
        rv = ERR_NOMEM;
    if (rv == 0)
        rv = put_together(
            ret_bytes, ret_length, (struct slice){plan, plan_length},
            (struct slice){database == NULL ? "" : database, database_length});
    free(plan);
    free(database);
    return rv;
}

int agent_scan_prepare(const struct agent_rows *rows, char **ret_bytes,
                       size_t *ret_length)
{
    static const hs_platform_info_t any = {.tune = HS_TUNE_FAMILY_GENERIC};
    struct agent_scan *scan = calloc(1, sizeof *scan);
    int rv = scan == NULL ? ERR_NOMEM : make(scan, rows, &any);

    if (rv == 0)
        rv = write_scan(scan, rows, ret_bytes, ret_length);
    agent_scan_free(scan);
    return rv;
}

void agent_scan_free(struct agent_scan *scan)
{
    if (scan == NULL)
        return;
    hs_free_database(scan->database);
    agent_plan_release(&scan->plan);
    free(scan);
}

int agent_scan_lane_new(struct agent_scan_lane **ret_lane, const struct agent_scan *scan)
{
    struct agent_scan_lane *lane = calloc(1, sizeof *lane);

    if (lane == NULL)
        return ERR_NOMEM;
    if (scan->database != NULL &&
        hs_alloc_scratch(scan->database, &lane->scratch) != HS_SUCCESS) {
        free(lane);
        return ERR_NOMEM;
    }
    *ret_lane = lane;
    return 0;
}

void agent_scan_lane_free(struct agent_scan_lane *lane)
{
    if (lane == NULL)
        return;
    hs_free_scratch(lane->scratch);
    free(lane);
}

/* The skeleton has the word, which ends at `end`. */
static bool note_chance(struct agent_scan_lane *lane, uint32_t target, size_t end)
{
    const struct agent_plan *plan = &lane->scan->plan;
    struct agent_found *found = &lane->found;
    bool there = end >= plan->byte[plan->digits[target]] &&
                 agent_plan_is_there(plan, target, lane->agent + end);

    if (found->chances < AGENT_CHANCES_MAX)
        found->chance[found->chances] =
            (struct agent_chance){target, (uint16_t)end, there};
    found->chances++;
    return there;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    struct agent_scan_lane *lane = context;
    const struct agent_plan *plan = &lane->scan->plan;

    (void)from;
    (void)flags;
    for (uint32_t i = plan->first[id]; i < plan->first[id + 1]; i++) {
        uint32_t row = plan->target[i] & ~(uint32_t)AGENT_PLAN_CERTAIN;
        uint64_t bit = UINT64_C(1) << row % 64;

        if (plan->digits[i] != 0 && !note_chance(lane, i, (size_t)to))
            continue;
        lane->found.maybe[row / 64] |= bit;
        if (plan->target[i] & (uint32_t)AGENT_PLAN_CERTAIN)
            lane->found.certain[row / 64] |= bit;
    }
    return 0;
}

bool agent_scan_is_sure(const struct agent_scan *scan, size_t row)
{
    return scan->plan.sure[row / 64] >> row % 64 & 1;
}

bool agent_scan_is_always(const struct agent_scan *scan, size_t row)
{
    return scan->plan.always[row / 64] >> row % 64 & 1;
}

bool agent_scan_is_blind(const struct agent_scan *scan, size_t row)
{
    return scan->plan.blind[row / 64] >> row % 64 & 1;
}

size_t agent_scan_word_row(const struct agent_scan *scan, uint32_t word)
{
    return scan->plan.target[word] & ~(uint32_t)AGENT_PLAN_CERTAIN;
}

bool agent_scan_word_is_certain(const struct agent_scan *scan, uint32_t word)
{
    return (scan->plan.target[word] & (uint32_t)AGENT_PLAN_CERTAIN) != 0;
}

bool agent_scan_word_is_there(const struct agent_scan *scan, uint32_t word,
                              const char *end)
{
    return agent_plan_is_there(&scan->plan, word, end);
}

bool agent_scan_word_is_within(const struct agent_scan *scan,
                               const struct agent_chance *chance, size_t bytes)
{
    const uint8_t *word = scan->plan.byte + scan->plan.digits[chance->word];

    return (size_t)chance->end + word[1] <= bytes + word[0];
}

const struct agent_found *agent_scan_pass(const struct agent_scan *scan,
                                          struct agent_scan_lane *lane,
                                          struct slice agent, const char *skeleton)
{
    size_t bytes = agent_plan_words(scan->plan.rows) * sizeof(uint64_t);

    lane->scan = scan;
    lane->agent = agent.at;
    lane->found.chances = 0;
    memcpy(lane->found.maybe, scan->plan.always, bytes);
    memset(lane->found.certain, 0, bytes);
    if (scan->database != NULL &&
        hs_scan(scan->database, skeleton, (unsigned)agent.length, 0, lane->scratch,
                on_match, lane) != HS_SUCCESS) {
        memset(lane->found.maybe, 0xff, bytes); /* our bug: every pattern is asked */
        lane->found.chances = UINT32_MAX;
    }
    return &lane->found;
}
