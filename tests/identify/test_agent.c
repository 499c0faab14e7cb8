/* What a User-Agent says: by lists of the test's own, and by the built-in ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_file.h"
#include "identify/agent_visit.h"
#include "lib/expect_text.h"
#include "lib/scratch.h"
#include "luot_beacon.h"

static enum agent_list_kind wrong;
static char trouble[AGENT_FILE_TROUBLE_MAX];

static struct agents *agents_of(const char *agent_list, const char *bot_list)
{
    struct slice lists[2] = {slice_of(agent_list), slice_of(bot_list)};
    struct agents *agents = NULL;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(agents_new(&agents, lists, 2, &wrong, trouble), 0, "%s", trouble);
    return agents;
}

static struct agent tell(const struct agents *agents, const char *text)
{
    return agents_tell(agents, 0, slice_of(text));
}

#define NO_BOTS "luot-list bots 1\nbot\tnever\t\t^never$\n"

Test(agent, is_told_by_the_first_row_that_matches)
{
    struct agents *a = agents_of("luot-list agents 1\n"
                                 "browser\tRare\t$1\tRare/(\\d+)\\.1\n"
                                 "browser\tFirst\t$1\tWord/(\\d+)\n"
                                 "browser\tSecond\t\tWord\n"
                                 "system\t$1 OS\t$2\t(?i)(bsd) ?(\\d*)\n",
                                 NO_BOTS);

    expect_text(tell(a, "Word/12 BSD 7").browser, "First 12");
    expect_text(tell(a, "Word/12 BSD 7").system, "BSD OS 7");
    expect_text(tell(a, "Word/x bsd").browser, "Second");
    expect_text(tell(a, "Word/x bsd").system, "bsd OS");
    expect_text(tell(a, "Word/3 Rare/4.2").browser, "First 3");
    expect_text(tell(a, "Word/3 Rare/4.1").browser, "Rare 4");
    expect_text(tell(a, "nothing known").browser, "");
    agents_free(a);
}

Test(agent, has_a_device_whose_row_may_be_of_one_system)
{
    struct agents *a = agents_of("luot-list agents 1\n"
                                 "system\tAndroid\t$1\tAndroid (\\d+)\n"
                                 "system\tOther\t\tOther\n"
                                 "device\ttablet\tAndroid\tPad\n"
                                 "device\tmobile\t\tMobile|Pad\n",
                                 NO_BOTS);

    expect_text(tell(a, "Android 9 Pad").device, "tablet");
    expect_text(tell(a, "Other Pad").device, "mobile");
    expect_text(tell(a, "Android 9 Mobile").device, "mobile");
    expect_text(tell(a, "Android 9").device, "other");
    agents_free(a);
}

Test(agent, of_a_robot_says_its_name_alone)
{
    struct agents *a =
        agents_of("luot-list agents 1\nbrowser\tB\t\tBrowser\n",
                  "luot-list bots 1\nperson\t\t\tcubot\nbot\t$1\t\t(\\w*bot)\\b\n");
    struct agent robot = tell(a, "Browser mybot/1");

    expect_text(robot.robot, "mybot");
    expect_text(robot.browser, "");
    expect_text(robot.device, "");
    expect_text(tell(a, "Browser cubot").robot, "");
    expect_text(tell(a, "Browser cubot").browser, "B");
    agents_free(a);
}

Test(agent, is_absurd_without_letters_with_control_bytes_or_beyond_any_length)
{
    struct agents *a = agents_of("", "");
    static char longest[4000];

    memset(longest, 'x', sizeof longest - 1);
    expect_text(tell(a, "").robot, "(absurd agent)");
    expect_text(tell(a, "12345 67.89 --").robot, "(absurd agent)");
    expect_text(tell(a, "Mozilla/5.0\x01").robot, "(absurd agent)");
    expect_text(tell(a, longest).robot, "(absurd agent)");
    expect_text(tell(a, "Firefox").robot, "");
    agents_free(a);
}

Test(agent, is_valid_utf_8_whatever_was_sent)
{
    struct agents *a = agents_of("luot-list agents 1\nbrowser\t$1\t\tIs (.*)\n", NO_BOTS);

    expect_text(tell(a, "Is Cốc\xff Cốc\xe1\xbb").browser, "Cốc? Cốc??");
    expect_text(tell(a, "Is \xc0\x80 \xed\xa0\x80").browser, "?? ???");
    agents_free(a);
}

Test(agent, has_a_name_that_was_escaped_as_it_is_read)
{
    struct agents *a =
        agents_of("luot-list agents 1\nbrowser\t$1\t$2\t^(.*)/(.*)\n", NO_BOTS);

    expect_text(tell(a, "Opera%20Mini/16").browser, "Opera Mini 16");
    expect_text(tell(a, "C%E1%BB%91c%20C%e1%bb%91c/1").browser, "Cốc Cốc 1");
    expect_text(tell(a, "a%00b%0ac%FF/%").browser, "a?b?c? %");
    expect_text(tell(a, "All of 100%/5%2").browser, "All of 100% 5%2");
    expect_text(tell(a, "%zzz%4/%+1").browser, "%zzz%4 %+1");
    expect_text(tell(a, "twice%2520/%41").browser, "twice%20 A");
    agents_free(a);
}

Test(agent, is_remembered_and_told_the_same)
{
    struct agents *a = agents_of("", "");
    char text[100];

    /* More than a lane remembers, twice, so that places are taken and taken again. */
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            char expected[40];

            snprintf(text, sizeof text,
                     "Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) "
                     "Gecko/20100101 Firefox/%d.0",
                     i, i);
            snprintf(expected, sizeof expected, "Firefox %d", i);
            expect_text(tell(a, text).browser, expected);
        }
    agents_free(a);
}

Test(agent, of_the_built_in_lists_is_what_people_call_it)
{
    static const struct {
        const char *text, *browser, *system, *device;
    } people[] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) Chrome/126.0.0.0 Safari/537.36",
         "Chrome 126", "Windows 10", "desktop"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
         "Edge 126", "Windows 10", "desktop"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) coc_coc_browser/125.0.0 Chrome/119.0.0.0 Safari/537.36",
         "Cốc Cốc 125", "Windows 10", "desktop"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
         "Mobile Safari 17", "iOS 17", "mobile"},
        {"Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
         "like Gecko) Mobile/15E148 Zalo iOS/448 ZaloTheme/light ZaloLanguage/vi",
         "Zalo", "iOS 17", "tablet"},
        {"Mozilla/5.0 (Linux; Android 13; SM-A536E; wv) AppleWebKit/537.36 (KHTML, like "
         "Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 "
         "[FB_IAB/FB4A;FBAV/440.0.0.0;]",
         "Facebook 440", "Android 13", "mobile"},
        {"Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like "
         "Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
         "Chrome Mobile 126", "Android 10", "mobile"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) Chrome/125.0.0.0 Safari/537.36 12Sample/35.2",
         "12Sample 35", "Windows 10", "desktop"},
        {"Sample News/7.2 (iPhone; iOS 17.5; Scale/3.00)", "Sample News 7", "iOS 17",
         "mobile"},
    };
    struct agents *a = agents_of("", "");

    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        struct agent agent = tell(a, people[i].text);

        expect_text(agent.robot, "");
        expect_text(agent.browser, people[i].browser);
        expect_text(agent.system, people[i].system);
        expect_text(agent.device, people[i].device);
    }
    agents_free(a);
}

Test(agent, of_the_built_in_lists_is_a_robot_where_it_is_one)
{
    static const char *const robots[][2] = {
        {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
         "Googlebot"},
        {"Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/)",
         "Cốc Cốc Bot"},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "HeadlessChrome/126.0.0.0 Safari/537.36",
         "HeadlessChrome"},
        {"python-requests/2.31.0", "python-requests"},
        {"Go-http-client/1.1", "Go-http-client"},
        {"curl/8.5.0", "curl"},
        {"NobodyHasSeenThisCrawler/1.0", "NobodyHasSeenThisCrawler"},
        {"Some Sample Spider 1.3", "Some Sample Spider"},
        {"Sampler/0.2 (see the page about our bot)", "Sampler"},
    };
    struct agents *a = agents_of("", "");

    for (size_t i = 0; i < sizeof robots / sizeof robots[0]; i++)
        expect_text(tell(a, robots[i][0]).robot, robots[i][1]);
    agents_free(a);
}

static void expect_same(struct agent one, struct agent other, const char *text)
{
    cr_expect(slice_equal(one.browser, other.browser), "%s", text);
    cr_expect(slice_equal(one.system, other.system), "%s", text);
    cr_expect(slice_equal(one.device, other.device), "%s", text);
    cr_expect(slice_equal(one.robot, other.robot), "%s", text);
}

Test(agent, is_told_the_same_pattern_by_pattern)
{
    static const char *const texts[] = {
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; SM-T500) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/5.0; U; vi) Presto/2.5.25 Version/10.54",
        "nobody has seen this"};
    struct slice lists[2] = {{"", 0}, {"", 0}};
    struct agents *a = agents_of("", ""), *slow;

    cr_assert_eq(agents_new_without_scan(&slow, lists, 1, &wrong, trouble), 0);
    cr_expect(!agents_one_pass(slow));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct agent one = tell(a, texts[i]), other = tell(slow, texts[i]);

        expect_same(one, other, texts[i]);
    }
    agents_free(a);
    agents_free(slow);
}

/* Lane 0 asks each agent often; lane 1 asks it behind that. */
Test(agent, is_told_the_same_when_its_patterns_have_become_machine_code)
{
    static const char *const texts[] = {
        "Mozilla/5.0 (Linux; Android 13; SM-T500) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"};
    struct agents *a = agents_of("", ""), *interpreted = agents_of("", "");

    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (unsigned times = 0; times < 20; times++) {
            (void)agents_tell(a, 0, slice_of(texts[i]));
            agents_forget(a, 0);
        }
        agents_quicken(a);
        expect_same(agents_tell(a, 1, slice_of(texts[i])),
                    agents_tell(interpreted, 1, slice_of(texts[i])), texts[i]);
    }
    agents_free(a);
    agents_free(interpreted);
}

Test(agent, lists_are_refused_with_their_name_line_and_reason)
{
    struct scratch scratch = scratch_new();
    char path[600];
    struct agents *agents;
    FILE *file;

    cr_assert_eq(hash_start(), 0);
    snprintf(path, sizeof path, "%s", scratch_path(&scratch, "bots"));
    file = fopen(path, "w");
    fputs("luot-list bots 1\nbot\tA\t\tfine\nbot\tB\t\tbad(\n", file);
    fclose(file);
    cr_expect_eq(agents_open(&agents, "", path, 1, trouble), ERR_MALFORMED);
    cr_expect(strstr(trouble, path) != NULL, "%s", trouble);
    cr_expect(strstr(trouble, "line 3: the pattern cannot be read") != NULL, "%s",
              trouble);
    cr_expect_eq(agents_open(&agents, "/nowhere/list", "", 1, trouble), ERR_NOT_FOUND);
    cr_expect(strstr(trouble, "/nowhere/list") != NULL, "%s", trouble);
    cr_expect_neq(agents_open(&agents, scratch_path(&scratch, "."), "", 1, trouble), 0);
    scratch_free(&scratch);
}

Test(agent, visit_has_its_keys_and_a_browser_that_says_nothing_is_none)
{
    struct agents *a = agents_of("", "");
    struct visit visit = {.user_agent = SLICE("Mozilla/5.0 (Windows NT 10.0; rv:128.0) "
                                              "Gecko/20100101 Firefox/128.0")};

    cr_expect(!visit_agent(&visit, a, 1, true));
    expect_text(visit.key[DIM_BROWSERS], "Firefox 128");
    expect_text(visit.key[DIM_SYSTEMS], "Windows 10");
    expect_text(visit.key[DIM_DEVICES], "desktop");
    expect_text(visit.key[DIM_BOTS], "");
    visit = (struct visit){.user_agent = SLICE("curl/8.0")};
    cr_expect(visit_agent(&visit, a, 1, false));
    expect_text(visit.key[DIM_BOTS], "curl");
    expect_text(visit.key[DIM_BROWSERS], "");
    visit = (struct visit){.user_agent = {"", 0}};
    cr_expect(visit_agent(&visit, a, 1, true));
    expect_text(visit.key[DIM_BOTS], "(no agent)");
    visit = (struct visit){.user_agent = {"", 0}};
    cr_expect(!visit_agent(&visit, a, 1, false));
    agents_free(a);
}

/* A new agent of a known spelling: the lists were read again, or its day is over. */
Test(agent, visit_has_its_keys_of_an_agent_that_nobody_decoded)
{
    struct agents *a = agents_of("", "");
    struct hash_text_key key;
    struct visit visit = {.user_agent =
                              SLICE("Mozilla%2F5.0+(Windows+NT+10.0%3B+rv%3A128.0)+"
                                    "Gecko%2F20100101+Firefox%2F128.0"),
                          .agent_is_written = true,
                          .hash_key = &key};

    hash_text_key_random(&key);
    visit.agent_hash = hash_text(&key,
                                 SLICE("Mozilla/5.0 (Windows NT 10.0; rv:128.0) "
                                       "Gecko/20100101 Firefox/128.0"),
                                 0);
    for (int times = 0; times < 2; times++) { /* then the lane remembers it */
        visit.has = 0;
        cr_expect(!visit_agent(&visit, a, 1, true));
        expect_text(visit.key[DIM_BROWSERS], "Firefox 128");
        expect_text(visit.key[DIM_SYSTEMS], "Windows 10");
    }
    visit.user_agent = SLICE("%63url%2F8.0");
    visit.agent_hash = hash_text(&key, SLICE("curl/8.0"), 0);
    for (int times = 0; times < 2; times++) {
        cr_expect(visit_agent(&visit, a, 1, false));
        expect_text(visit.key[DIM_BOTS], "curl");
    }
    agents_free(a);
}
