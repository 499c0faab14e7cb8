/* What is told of an agent by its skeleton is what is told of it from the beginning. */
#include "identify/agent_question.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "base/hash.h"
#include "identify/agent.h"
#include "identify/agent_digits.h"
#include "lib/expect_text.h"
#include "lib/repeat.h"

enum { REMEMBERS, FORGETS };

static struct agents *agents_of(const char *agent_list, const char *bot_list)
{
    struct slice lists[2] = {slice_of(agent_list), slice_of(bot_list)};
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;
    struct agents *agents = NULL;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(agents_new(&agents, lists, 2, &wrong, trouble), 0, "%s", trouble);
    return agents;
}

static void expect_same(struct slice a, struct slice b, struct slice text)
{
    cr_assert(slice_equal(a, b), "%.*s, and not %.*s: %.*s", (int)a.length, a.at,
              (int)b.length, b.at, (int)text.length, text.at);
}

static void compare(const struct agents *agents, struct slice text)
{
    struct agent known = agents_tell(agents, REMEMBERS, text), new;

    agents_forget(agents, FORGETS);
    new = agents_tell(agents, FORGETS, text);
    expect_same(known.browser, new.browser, text);
    expect_same(known.system, new.system, text);
    expect_same(known.device, new.device, text);
    expect_same(known.robot, new.robot, text);
}

/* The same with other digits: few of them, or all. */
static void compare_others(const struct agents *agents, struct slice text,
                           uint64_t *random)
{
    char other[2048];

    if (text.length > sizeof other)
        return;
    compare(agents, text);
    for (unsigned round = 0; round < 6; round++) {
        for (size_t i = 0; i < text.length; i++) {
            uint64_t r = random_next(random);
            bool change = text.at[i] >= '0' && text.at[i] <= '9' &&
                          (round % 3 == 2 || r % (round % 3 == 1 ? 2 : 12) == 0);

            other[i] = change ? (char)('0' + r / 16 % 10) : text.at[i];
        }
        compare(agents, (struct slice){other, text.length});
    }
}

/* The first bytes are kept as they are. */
#define KEPT    "Mozilla/5.0 "

#define NO_BOTS "luot-list bots 1\nbot\tnever\t\t^never$\n"

/* Everything that digits can change: a word, a pattern, where a capture is, which system it is
 * and so which device, a robot; and what a skeleton cannot hold. */
Test(agent_skeleton, says_the_same_whatever_digits_decide)
{
    struct agents *a =
        agents_of("luot-list agents 1\n"
                  "browser\tWord one\t$1\tWord/1(\\d*)\n"
                  "browser\tFour\t$1 $4\tMany/(\\d)(\\d)(\\d)(\\d)\n"
                  "browser\tMoved\t$1\tMoved/\\d*?2(\\d+)\n"
                  "browser\tEscape $1\t$2\tEscape/(%\\w\\w) (\\d)\n"
                  "browser\tWord\t$1\t(?:Word|Moved)/\\d(\\d)\n"
                  "system\tSeven\t\tNT 7\n"
                  "system\t$1\t$2\t(Sys(?:1|4)?) ?(\\d*)\n"
                  "system\t$1\t$2\t(Os%?\\d) (\\w+)\n"
                  "system\t$1\t$2\t(Qs%\\w\\w) (\\d)\n"
                  "device\tconsole\tQs? 5\tPad\n"
                  "device\ttablet\tSys1\tPad\n"
                  "device\tconsole\tOs3\tPad\n"
                  "device\twearable\tOsA\tPad\n"
                  "device\ttv\t\tM[13]\\d|M99\n"
                  "device\tmobile\t\tPad\n",
                  "luot-list bots 1\nperson\t\t\tbot 5\nbot\t$1\t\t(\\w*bot) [2-6]\n");
    static const char *const forms[] = {
        KEPT "Word/12 NT 7 M99",      KEPT "Word/34 Sys1 5 Pad",
        KEPT "Many/1234 Sys4 Pad M1", KEPT "Moved/12345 Os3 Pad",
        KEPT "Moved/00200 Sys Pad",   KEPT "Escape/%41 5 Os%41 Pad",
        KEPT "Word/1 mybot 5 M30",    KEPT "Many/1111 bot 2",
        KEPT "Word/x Sys11 Pad",      KEPT "Qs%cc 5 Pad",
        KEPT "Moved/22 Os1 Pad",      KEPT "Word/10 Word/22 NT 0"};
    uint64_t random = number_from("SEED", 1);

    for (unsigned round = 0; round < 200; round++)
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
            compare_others(a, slice_of(forms[i]), &random);
    agents_free(a);
}

Test(agent_skeleton, says_the_same_of_each_pattern_as_an_agent)
{
    struct agents *a = agents_of("", "");
    uint64_t random = number_from("SEED", 2);

    for (int list = 0; list < 2; list++) {
        struct slice rest = agent_list_built_in((enum agent_list_kind)list);

        for (unsigned n = 0; rest.length > 0; n++) {
            struct slice line = slice_cut(&rest, '\n');

            if (n % 4 == 0)
                compare_others(a, line, &random);
        }
    }
    agents_free(a);
}

Test(agent_skeleton, says_the_same_of_the_corpus)
{
    static const char *const files[] = {"browscap", "device-detector",     "uap-core",
                                        "inapp",    "crawler-user-agents", "isbot"};
    struct agents *a = agents_of("", "");
    uint64_t random = number_from("SEED", 3);

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
            json_t *object = n++ % 20 == 0 ? json_loads(line, 0, NULL) : NULL;

            if (object == NULL)
                continue;
            compare_others(a, slice_of(json_string_value(json_object_get(object, "ua"))),
                           &random);
            json_decref(object);
        }
        fclose(file);
    }
    agents_free(a);
}

/* --- What one holds --- */

struct told {
    struct agent_rows rows;
    struct agent_scan *scan;
    struct agent_scan_lane *scan_lane;
    struct agent_loose *loose;
    struct agent_match *match;
    struct agent_match_lane *match_lane;
};

static void open_told(struct told *t, const char *agent_list, const char *bot_list)
{
    struct slice lists[2] = {slice_of(agent_list), slice_of(bot_list)};
    char trouble[AGENT_TROUBLE_MAX] = "";
    enum agent_list_kind wrong;

    *t = (struct told){0};
    cr_assert_eq(hash_start(), 0);
    for (int i = 0; i < 2; i++) {
        if (lists[i].length == 0)
            lists[i] = agent_list_built_in((enum agent_list_kind)i);
        cr_assert_eq(
            agent_rows_read(&t->rows, (enum agent_list_kind)i, lists[i], trouble), 0);
    }
    cr_assert_eq(agent_rows_sort(&t->rows), 0);
    cr_assert_eq(agent_match_new(&t->match, &t->rows, false, NULL, NULL, &wrong, trouble),
                 0);
    cr_assert_eq(agent_match_lane_new(&t->match_lane), 0);
    cr_assert_eq(agent_scan_new(&t->scan, &t->rows, agent_scan_built_in()), 0);
    cr_assert_eq(agent_scan_lane_new(&t->scan_lane, t->scan), 0);
    cr_assert_eq(agent_loose_new(&t->loose, &t->rows, t->scan), 0);
}

static void close_told(struct told *t)
{
    agent_loose_free(t->loose);
    agent_scan_lane_free(t->scan_lane);
    agent_scan_free(t->scan);
    agent_match_lane_free(t->match_lane);
    agent_match_free(t->match);
    agent_rows_free(&t->rows);
}

static struct agent_skeleton skeleton_of(struct told *t, const char *text)
{
    char hidden[512];
    struct agent_question q = {.rows = &t->rows,
                               .match = t->match,
                               .lane = t->match_lane,
                               .scan = t->scan,
                               .loose = t->loose,
                               .text = slice_of(text),
                               .skeleton = hidden};
    struct agent_skeleton skeleton;
    struct agent_entry entry;

    agent_digits_hide(hidden, q.text);
    q.found = agent_scan_pass(t->scan, t->scan_lane, q.text, hidden);
    agent_question_answer(&q, &entry, &skeleton);
    return skeleton;
}

/* "browser, system", or NULL: it is not for this agent. */
static const char *recalled(struct told *t, const struct agent_skeleton *skeleton,
                            const char *text)
{
    static char said[200];
    struct agent_question q = {.rows = &t->rows,
                               .match = t->match,
                               .lane = t->match_lane,
                               .scan = t->scan,
                               .text = slice_of(text)};
    struct agent_entry entry;

    if (!agent_question_recall(&q, skeleton, &entry))
        return NULL;
    snprintf(said, sizeof said, "%.*s, %.*s", entry.name_length, entry.name,
             entry.system_length, entry.system);
    return said;
}

Test(agent_skeleton, is_for_the_agents_of_which_it_says_the_same)
{
    struct agent_skeleton s;
    struct told t;

    open_told(&t,
              "luot-list agents 1\n"
              "browser\tWord one\t\tWord/1\n"
              "browser\tWord\t$1\tWord/(\\d)\n"
              "browser\tMany\t$4\tMany/(\\d)(\\d)(\\d)(\\d)\n"
              "system\tSeven\t\tNT 7\n"
              "system\tNT\t$1\tNT [5-9](\\d)\n"
              "system\t$1\t\t(Sys\\w)\n",
              NO_BOTS);
    s = skeleton_of(&t, KEPT "Word/2 NT 61");
    cr_assert_not(agent_skeleton_is_spoilt(&s));
    cr_expect_str_eq(recalled(&t, &s, KEPT "Word/2 NT 61"), "Word 2, NT 1");
    cr_expect_str_eq(recalled(&t, &s, KEPT "Word/9 NT 82"), "Word 9, NT 2");
    cr_expect_null(recalled(&t, &s, KEPT "Word/1 NT 61")); /* a word came */
    cr_expect_null(recalled(&t, &s, KEPT "Word/2 NT 71"));
    cr_expect_null(recalled(&t, &s, KEPT "Word/2 NT 41")); /* a pattern says no */
    s = skeleton_of(&t, KEPT "Word/1 NT 71");
    cr_expect_str_eq(recalled(&t, &s, KEPT "Word/1 NT 78"), "Word one, Seven");
    cr_expect_null(recalled(&t, &s, KEPT "Word/1 NT 61")); /* a word went */
    s = skeleton_of(&t, KEPT "Word/x");
    cr_expect_str_eq(recalled(&t, &s, KEPT "Word/x"), ", ");
    s = skeleton_of(&t, KEPT "Word/3 SysA");
    cr_expect_str_eq(recalled(&t, &s, KEPT "Word/4 SysA"), "Word 4, SysA");
    s = skeleton_of(&t, KEPT "Word/3 Sys1"); /* devices could be of Sys1, or of Sys2 */
    cr_expect(agent_skeleton_is_spoilt(&s));
    s = skeleton_of(&t, KEPT "Many/1234");
    cr_expect(agent_skeleton_is_spoilt(&s));
    close_told(&t);
}

/* Forty words, of which none is there: as many comparisons, and one entry. */
Test(agent_skeleton, holds_many_words_that_are_alike)
{
    char list[1000], text[40];
    size_t n = (size_t)sprintf(list, "luot-list agents 1\nbrowser\tB\t\tZ100");
    struct agent_skeleton s;
    struct told t;

    for (unsigned i = 101; i < 140; i++)
        n += (size_t)sprintf(list + n, "|Z%u", i);
    sprintf(list + n, "\nsystem\tS\t\tNever\n");
    open_told(&t, list, NO_BOTS);
    s = skeleton_of(&t, KEPT "Z900 Z800");
    cr_assert_not(agent_skeleton_is_spoilt(&s));
    cr_expect_eq(s.words, 2);
    for (unsigned i = 0; i < 1000; i++) {
        bool known = i >= 100 && i < 140;

        snprintf(text, sizeof text, KEPT "Z%03u Z%03u", i % 3 == 0 ? i : 777,
                 i % 3 == 0 ? 777 : i);
        cr_expect_eq(recalled(&t, &s, text) == NULL, known, "%s", text);
    }
    close_told(&t);
}

/* Or it would be right, and of no use. */
Test(agent_skeleton, is_for_other_versions_of_what_most_people_have)
{
    static const char *const people[][2] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) "
         "Chrome/126.0.0.0 Safari/537.36",
         "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) "
         "Chrome/149.0.0.0 Safari/537.36"},
        {"Mozilla/5.0 (Linux; Android 13; SM-A125F) AppleWebKit/537.36 (KHTML, like "
         "Gecko) "
         "Chrome/126.0.6478.61 Mobile Safari/537.36",
         "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like "
         "Gecko) "
         "Chrome/131.0.6778.39 Mobile Safari/537.36"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
         "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 "
         "Firefox/128.0",
         "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 "
         "Firefox/131.0"},
        {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
         "Mozilla/5.0 (compatible; Googlebot/3.7; +http://www.google.com/bot.html)"}};
    struct told t;

    open_told(&t, "", "");
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        struct agent_skeleton s = skeleton_of(&t, people[i][0]);

        cr_expect_not(agent_skeleton_is_spoilt(&s), "%s", people[i][0]);
        cr_expect_not_null(recalled(&t, &s, people[i][1]), "%s", people[i][1]);
    }
    close_told(&t);
}
