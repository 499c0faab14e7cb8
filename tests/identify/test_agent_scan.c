/* One pass, against each pattern alone: the built-in lists on agents of every kind. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "identify/agent.h"
#include "identify/agent_digits.h"
#include "identify/agent_match.h"
#include "identify/agent_scan.h"

struct both {
    struct agent_rows rows;
    struct agent_scan *scan;
    struct agent_scan_lane *scan_lane;
    struct agent_match *match;
    struct agent_match_lane *match_lane;
};

static void open_both(struct both *b, struct slice prepared)
{
    char trouble[AGENT_TROUBLE_MAX] = "";
    enum agent_list_kind wrong;

    *b = (struct both){0};
    cr_assert_eq(hash_start(), 0);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(agent_rows_read(&b->rows, (enum agent_list_kind)i,
                                     agent_list_built_in((enum agent_list_kind)i),
                                     trouble),
                     0, "%s", trouble);
    cr_assert_eq(agent_rows_sort(&b->rows), 0);
    cr_assert_eq(agent_match_new(&b->match, &b->rows, false, NULL, NULL, &wrong, trouble),
                 0, "%s", trouble);
    cr_assert_eq(agent_match_lane_new(&b->match_lane), 0);
    cr_assert_eq(agent_scan_new(&b->scan, &b->rows, prepared), 0);
    cr_assert_eq(agent_scan_lane_new(&b->scan_lane, b->scan), 0);
}

static void close_both(struct both *b)
{
    agent_scan_lane_free(b->scan_lane);
    agent_scan_free(b->scan);
    agent_match_lane_free(b->match_lane);
    agent_match_free(b->match);
    agent_rows_free(&b->rows);
}

/* A pattern to which all digits are one says the same of the skeleton, to the captures. */
static void compare_blind(struct both *b, size_t row, struct slice agent,
                          const char *skeleton)
{
    struct agent_captures c = {0, NULL};
    char kept[16384];
    size_t at[20] = {0}, count = 0;

    if (!agent_scan_is_blind(b->scan, row))
        return;
    if (agent_match(b->match, b->match_lane, row, agent, &c)) {
        count = c.count;
        memcpy(at, c.at, 2 * count * sizeof at[0]);
    }
    memcpy(kept, skeleton, agent.length);
    memcpy(kept, agent.at,
           agent.length < AGENT_DIGITS_KEPT ? agent.length : AGENT_DIGITS_KEPT);
    if (!agent_match(b->match, b->match_lane, row, (struct slice){kept, agent.length},
                     &c))
        c.count = 0;
    cr_assert(count == c.count &&
                  (count == 0 || memcmp(at, c.at, 2 * count * sizeof at[0]) == 0),
              "not blind: list %d line %u, %.*s", b->rows.row[row].list,
              b->rows.row[row].line, (int)agent.length, agent.at);
}

static void compare(struct both *b, struct slice agent)
{
    char skeleton[16384];
    const struct agent_found *found;
    struct agent_captures captures;

    cr_assert_leq(agent.length, sizeof skeleton);
    agent_digits_hide(skeleton, agent);
    found = agent_scan_pass(b->scan, b->scan_lane, agent, skeleton);

    for (size_t row = 0; row < b->rows.count; row++) {
        bool maybe = found->maybe[row / 64] >> row % 64 & 1;
        bool certain = found->certain[row / 64] >> row % 64 & 1;
        bool matches = agent_match(b->match, b->match_lane, row, agent, &captures);

        if (row % 3 == agent.length % 3)
            compare_blind(b, row, agent, skeleton);
        cr_assert(maybe || !matches, "missed: list %d line %u, %.*s",
                  b->rows.row[row].list, b->rows.row[row].line, (int)agent.length,
                  agent.at);
        cr_assert(!agent_scan_is_sure(b->scan, row) || maybe == matches,
                  "not sure: list %d line %u, %.*s", b->rows.row[row].list,
                  b->rows.row[row].line, (int)agent.length, agent.at);
        cr_assert(matches || !certain, "no match: list %d line %u, %.*s",
                  b->rows.row[row].list, b->rows.row[row].line, (int)agent.length,
                  agent.at);
    }
}

/* What the patterns are about is in them: as agents they match a good part of the rows. */
Test(agent_scan, never_misses_a_row_and_is_never_wrong_when_certain)
{
    struct both b;

    open_both(&b, agent_scan_built_in());
    for (size_t i = 0; i < b.rows.count; i += 5)
        compare(&b, b.rows.row[i].pattern);
    close_both(&b);
}

Test(agent_scan, never_misses_a_row_of_the_corpus)
{
    static const char *const files[] = {"browscap", "device-detector", "uap-core",
                                        "crawler-user-agents", "isbot"};
    struct both b;

    open_both(&b, agent_scan_built_in());
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[200], line[16384];
        unsigned n = 0;
        FILE *file;

        snprintf(path, sizeof path, "../shared/corpus/ua/%s.jsonl", files[i]);
        file = fopen(path, "r");
        if (file == NULL) {
            printf("skipped: %s is not there\n", path);
            continue;
        }
        while (fgets(line, sizeof line, file) != NULL) {
            json_t *object = n++ % 40 == 0 ? json_loads(line, 0, NULL) : NULL;

            if (object == NULL)
                continue;
            compare(&b, slice_of(json_string_value(json_object_get(object, "ua"))));
            json_decref(object);
        }
        fclose(file);
    }
    close_both(&b);
}

Test(agent_scan, is_the_same_without_what_was_prepared_and_with_what_was_not_for_it)
{
    char text[2000] = "\x01\x02\x03\x04\x05\x06\x07\x08 not a database";
    struct both b;

    memcpy(text, agent_scan_built_in().at, 8); /* the right check, and then nonsense */
    open_both(&b, (struct slice){text, sizeof text});
    compare(&b, SLICE("Mozilla/5.0 (compatible; Googlebot/2.1; +http://google.com)"));
    close_both(&b);
    open_both(&b, (struct slice){agent_scan_built_in().at, /* the plan, half a database */
                                 agent_scan_built_in().length / 2});
    compare(&b, SLICE("Mozilla/5.0 (compatible; bingbot/2.0)"));
    close_both(&b);
    open_both(&b, (struct slice){NULL, 0});
    compare(&b, SLICE("Mozilla/5.0 (Windows NT 10.0; rv:128.0) Firefox/128.0"));
    close_both(&b);
}
