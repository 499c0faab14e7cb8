/* Real logs of the corpus by rule pv1: the top 20 paths and referrer hosts that visit_page
 * and visit_referrer make of them are those of the truth, to the unit. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "identify/visit_page.h"
#include "identify/visit_referrer.h"
#include "parse/page_rule.h"

#define LOGS "../shared/corpus/logs/"

struct patterns {
    regex_t *regex;
    size_t count;
};

static bool load_patterns(struct patterns *p)
{
    json_t *list =
        json_load_file("../shared/corpus/ua/crawler-user-agents.patterns.json", 0, NULL);
    const json_t *row;
    size_t i;

    if (list == NULL)
        return false;
    p->regex = calloc(json_array_size(list), sizeof *p->regex);
    cr_assert_not_null(p->regex);
    json_array_foreach(list, i, row)
    {
        const char *text = json_string_value(
            json_is_string(row) ? row : json_object_get(row, "pattern"));

        cr_assert_eq(regcomp(&p->regex[i], text, REG_EXTENDED | REG_NOSUB), 0, "%s",
                     text);
        p->count++;
    }
    json_decref(list);
    return true;
}

/* In logs without agents nobody is a bot. */
static bool is_bot(const struct patterns *p, const struct log_line *line)
{
    char agent[8192];

    if (line->kind == LOG_COMMON)
        return false;
    if (line->user_agent.length == 0 || slice_equal(line->user_agent, SLICE("-")))
        return true;
    snprintf(agent, sizeof agent, "%.*s", (int)line->user_agent.length,
             line->user_agent.at);
    for (size_t i = 0; i < p->count; i++)
        if (regexec(&p->regex[i], agent, 0, NULL, 0) == 0)
            return true;
    return false;
}

static void bump(json_t *counts, struct slice key)
{
    char text[LUOT_TOP_KEY_MAX + 1];

    if (key.length == 0)
        return;
    memcpy(text, key.at, key.length);
    text[key.length] = '\0';
    json_object_set_new(
        counts, text,
        json_integer(1 + json_integer_value(json_object_get(counts, text))));
}

struct tops {
    json_t *paths, *human_paths, *hosts, *classes;
};

static void count_line(struct tops *tops, const struct patterns *bots,
                       const struct site_config *site, struct slice text)
{
    static struct visit_text memory;
    struct visit visit = {.kind = VISIT_VIEW};
    struct beacon beacon = {.kind = BEACON_VIEW};
    struct visit_scene scene = {.beacon = &beacon, .config = site, .as_written = true};
    struct log_line line;

    if (log_line_parse(&line, text, NULL) != 0 ||
        !page_rule_is_view(PAGE_RULE_PV1, &line))
        return;
    beacon.page = line.target;
    beacon.referrer = line.referrer;
    visit_scene_page(&scene);
    visit_page(&visit, &scene, &memory);
    cr_assert(visit_referrer(&visit, &scene, &memory, NULL, NULL));
    bump(tops->paths, visit.key[DIM_PAGES]);
    if (is_bot(bots, &line))
        return;
    bump(tops->human_paths, visit.key[DIM_PAGES]);
    bump(tops->hosts, visit.key[DIM_REFERRERS]);
    bump(tops->classes, visit.key[DIM_REFERRER_CLASSES]);
}

/* A row that is in the truth has its count, and no other row has more than its last. */
static void expect_top(const json_t *counts, const json_t *truth, const char *name,
                       const char *key)
{
    const json_t *rows = json_object_get(truth, key), *row, *value;
    json_int_t least = 0;
    const char *word;
    size_t i, above = 0;

    cr_assert(json_is_array(rows), "%s %s", name, key);
    json_array_foreach(rows, i, row)
    {
        word = json_string_value(json_array_get(row, 0));
        least = json_integer_value(json_array_get(row, 1));
        cr_expect_eq(json_integer_value(json_object_get(counts, word)), least, "%s %s %s",
                     name, key, word);
    }
    json_object_foreach((json_t *)(uintptr_t)counts, word, value)
    {
        above += json_integer_value(value) > least;
    }
    cr_expect_leq(above, json_array_size(rows), "%s %s: %zu", name, key, above);
}

static void expect_class(const json_t *counts, const json_t *truth, const char *word,
                         const char *truth_word, const char *name)
{
    cr_expect_eq(json_integer_value(json_object_get(counts, word)),
                 json_integer_value(json_object_get(
                     json_object_get(truth, "referrer_class_human_pv"), truth_word)),
                 "%s %s", name, word);
}

static void compare(const struct patterns *bots, const char *name)
{
    char path[200], *line = NULL;
    struct site_config site = {.hosts = ""};
    struct tops tops = {json_object(), json_object(), json_object(), json_object()};
    size_t room = 0, i;
    ssize_t length;
    const json_t *own;
    json_t *truth;
    FILE *file;

    snprintf(path, sizeof path, LOGS "%s.truth.json", name);
    truth = json_load_file(path, 0, NULL);
    snprintf(path, sizeof path, LOGS "%s.log", name);
    file = fopen(path, "rb");
    cr_assert(truth != NULL && file != NULL, "%s", path);
    json_array_foreach(json_object_get(truth, "own_hosts"), i, own)
    {
        if (i > 0)
            strcat(site.hosts, ",");
        strcat(site.hosts, json_string_value(own));
    }
    while ((length = getline(&line, &room, file)) > 0)
        count_line(&tops, bots, &site,
                   (struct slice){line, (size_t)length - (line[length - 1] == '\n')});
    expect_top(tops.paths, truth, name, "top_paths_pv");
    expect_top(tops.human_paths, truth, name, "top_paths_human_pv");
    expect_top(tops.hosts, truth, name, "top_referrer_hosts_human_pv");
    expect_class(tops.classes, truth, "direct", "direct", name);
    expect_class(tops.classes, truth, "internal", "internal", name);
    expect_class(tops.classes, truth, "other", "external", name);
    cr_expect_eq(json_object_size(tops.hosts),
                 (size_t)json_integer_value(
                     json_object_get(truth, "external_referrer_hosts_distinct")),
                 "%s", name);
    free(line);
    fclose(file);
    json_decref(tops.paths);
    json_decref(tops.human_paths);
    json_decref(tops.hosts);
    json_decref(tops.classes);
    json_decref(truth);
}

Test(visit_logs, paths_and_referrers_are_those_of_the_truth)
{
    static const char *const NAMES[] = {
        "advertools_combined_with_errors", "awstats_testglobal",
        "elastic_apache_2015-05-17_18", "twiki_clf_2004", "yahi_home_nginx_2012"};
    struct patterns bots = {NULL, 0};

    if (!load_patterns(&bots)) {
        printf("skipped: no corpus\n");
        return;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        compare(&bots, NAMES[i]);
    for (size_t i = 0; i < bots.count; i++)
        regfree(&bots.regex[i]);
    free(bots.regex);
}
