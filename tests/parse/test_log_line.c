#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/expect_text.h"
#include "parse/log_line.h"
#include "parse/page_rule.h"

static const char *reason_of(const char *text)
{
    struct log_line line;
    const char *reason = "";
    log_line_parse(&line, slice_of(text), &reason);
    return reason;
}

Test(log_line, reads_a_combined_line)
{
    struct log_line l;
    cr_assert_eq(
        log_line_parse(&l,
                       SLICE("203.162.4.191 - an [17/May/2015:10:05:03 +0700] \"GET "
                             "/tin?a=1 HTTP/1.1\" 200 203023 \"https://a.vn/\\\"x\" "
                             "\"Mozilla/5.0\" \"10.0.0.1\"\r"),
                       NULL),
        0);
    cr_expect_eq(l.kind, LOG_COMBINED);
    expect_text(l.host, "203.162.4.191");
    expect_text(l.user, "an");
    expect_text(l.request, "GET /tin?a=1 HTTP/1.1");
    expect_text(l.method, "GET");
    expect_text(l.target, "/tin?a=1");
    expect_text(l.path, "/tin");
    expect_text(l.referrer, "https://a.vn/\\\"x");
    expect_text(l.user_agent, "Mozilla/5.0");
    cr_expect_eq(l.status, 200);
    cr_expect_eq(l.time_s, 1431857103 - 25200);
    cr_expect_eq(l.offset_s, 25200);
}

Test(log_line, says_why_a_line_is_malformed)
{
#define TIME "[17/May/2015:10:05:03 +0000]"
    cr_expect_str_eq(reason_of(""), "empty");
    cr_expect_str_eq(reason_of("\r"), "empty");
    cr_expect_str_eq(reason_of("h - - " TIME " \"GET / HTTP/1.1\" 200 -"), "");
    cr_expect_str_eq(reason_of("h - - [] \"GET / HTTP/1.1\" 200 -"), "bad_time");
    cr_expect_str_eq(reason_of("h - - " TIME " \"GET / HTTP/1.1\" 200 - "), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"GET / HTTP/1.1\" 200 - \"r\""),
                     "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\" 200 1 \"\" \"\""), "");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\" 200 1 \"\" \"\"x"), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\\\" 200 1"), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\\"), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\" 20 1"), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\" 2000 1"), "no_match");
    cr_expect_str_eq(reason_of("h  - " TIME " \"\" 200 1"), "no_match");
    cr_expect_str_eq(reason_of(" - - " TIME " \"\" 200 1"), "no_match");
    cr_expect_str_eq(reason_of("h - - " TIME " \"\" 200 -1"), "no_match");
    cr_expect_str_eq(reason_of("h"), "no_match");
}

static bool time_is_good(const char *time)
{
    char text[200];
    snprintf(text, sizeof text, "h - - [%s] \"\" 200 1", time);
    return *reason_of(text) == '\0';
}

Test(log_line, reads_only_times_that_exist)
{
    const char *const good[] = {
        "29/Feb/2016:00:00:00 +0000", "31/Dec/9999:23:59:60 -0330",
        "01/Jan/0001:00:00:99 +9999", "29/Feb/2000:00:00:00 +0000"};
    const char *const bad[] = {
        "29/Feb/2015:00:00:00 +0000", "29/Feb/1900:00:00:00 +0000",
        "00/Jan/2015:00:00:00 +0000", "31/Apr/2015:00:00:00 +0000",
        "01/jan/2015:00:00:00 +0000", "01/Jan/0000:00:00:00 +0000",
        "01/Jan/2015:24:00:00 +0000", "01/Jan/2015:00:60:00 +0000",
        "01/Jan/2015:00:00:00 0000",  "01/Jan/2015:00:00:00 +00000",
        "01/Jan/2015:00:00:00",       "1/Jan/2015:00:00:00 +0000",
        "01/Jan/2015 00:00:00 +0000", "2015-01-01T00:00:00+00:00"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect(time_is_good(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(time_is_good(bad[i]), "%s", bad[i]);
}

Test(log_line, a_request_that_is_not_one_is_a_record_without_a_page)
{
    const char *const bad[] = {"-",
                               "",
                               "GET",
                               "GET /",
                               "get / HTTP/1.1",
                               "GET / http/1.1",
                               "GET  / HTTP/1.1",
                               "GET / HTTP/1.1 ",
                               "GET /a b HTTP/1.1",
                               "GET / HTTP/11",
                               "\\x16\\x03",
                               "M-SEARCH * HTTP/1.1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        struct log_line l;
        snprintf(text, sizeof text, "h - - " TIME " \"%s\" 200 1", bad[i]);
        cr_assert_eq(log_line_parse(&l, slice_of(text), NULL), 0);
        cr_expect(l.method.length == 0 && l.path.length == 0, "%s", bad[i]);
        cr_expect_not(page_rule_is_view(PAGE_RULE_PV1, &l));
    }
}

Test(log_line, a_path_has_no_query_fragment_or_origin)
{
    const char *const cases[][2] = {{"/a?b#c", "/a"},
                                    {"/a#b?c", "/a"},
                                    {"?x", "/"},
                                    {"http://h/a?b", "/a"},
                                    {"http://h", "/"},
                                    {"http://h?x", "/"},
                                    {"a+.-1://h/x", "/x"},
                                    {"1a://h/x", "1a://h/x"},
                                    {"h:443", "h:443"},
                                    {"*", "*"},
                                    {"//h/a", "//h/a"},
                                    {"/%C4%91", "/%C4%91"},
                                    {"/a://b/c", "/a://b/c"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        struct log_line l;
        snprintf(text, sizeof text, "h - - " TIME " \"GET %s HTTP/1.1\" 200 1",
                 cases[i][0]);
        cr_assert_eq(log_line_parse(&l, slice_of(text), NULL), 0);
        expect_text(l.path, cases[i][1]);
    }
}

static void expect_unescaped(const char *value, const char *text)
{
    char memory[64];
    expect_text(log_line_unescape(slice_of(value), memory), text);
}

Test(log_line, escapes_become_the_bytes_they_stand_for)
{
    struct slice plain = SLICE("plain");
    char memory[64];
    cr_expect_eq(log_line_unescape(plain, memory).at, plain.at, "nothing is copied");
    expect_unescaped("", "");
    expect_unescaped("a\\x22b\\x5C\\xC4\\x91", "a\"b\\\xC4\x91");
    expect_unescaped("\\\"\\n\\t\\r\\/", "\"\n\t\r/");
    expect_unescaped("\\x2", "x2");
    expect_unescaped("\\xZZ", "xZZ");
    expect_unescaped("\\x2G", "x2G");
    expect_unescaped("end\\", "end\\");
}

Test(log_line, the_first_quoted_field_behind_the_agent_is_who_it_was_forwarded_for)
{
    const char *const cases[][2] = {{" \"10.0.0.1, 10.0.0.2\"", "10.0.0.1, 10.0.0.2"},
                                    {" \"-\" 0.003", "-"},
                                    {" 0.003 \"10.0.0.1\"", ""},
                                    {" \"open", ""},
                                    {" ", ""},
                                    {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        struct log_line l;
        snprintf(text, sizeof text,
                 "h - - " TIME " \"GET / HTTP/1.1\" 200 1 \"-\" \"a\"%s", cases[i][0]);
        cr_assert_eq(log_line_parse(&l, slice_of(text), NULL), 0, "%s", text);
        expect_text(l.forwarded, cases[i][1]);
    }
}

/* The corpus: everything the truth says about lines and page views, equal to it
 * exactly. */

struct counts {
    json_t *reasons, *kinds, *methods, *status;
    json_int_t lines, parsed, bad_request_line, pv, pv_get2xx304, first, last;
};

static void bump(json_t *counters, const char *name)
{
    json_int_t old = json_integer_value(json_object_get(counters, name));
    json_object_set_new(counters, name, json_integer(old + 1));
}

static void count_line(struct counts *c, struct slice text)
{
    struct log_line l;
    const char *reason;
    char word[64];
    c->lines++;
    if (log_line_parse(&l, text, &reason) != 0) {
        bump(c->reasons, reason);
        return;
    }
    c->first = c->parsed == 0 || l.time_s < c->first ? l.time_s : c->first;
    c->last = c->parsed == 0 || l.time_s > c->last ? l.time_s : c->last;
    c->parsed++;
    c->pv += page_rule_is_view(PAGE_RULE_PV1, &l);
    c->pv_get2xx304 += page_rule_is_view(PAGE_RULE_PAGE, &l);
    bump(c->kinds, l.kind == LOG_COMMON ? "common" : "combined");
    snprintf(word, sizeof word, "%u", l.status);
    bump(c->status, word);
    snprintf(word, sizeof word, "%.*s", (int)l.method.length, l.method.at);
    if (l.method.length == 0)
        c->bad_request_line++;
    else
        bump(c->methods, word);
}

static json_int_t number_of(const json_t *truth, const char *key)
{
    return json_integer_value(json_object_get(truth, key));
}

static void compare(const struct counts *c, const json_t *truth, const char *name)
{
    cr_expect_eq(c->lines, number_of(truth, "lines"), "%s", name);
    cr_expect_eq(c->parsed, number_of(truth, "parsed"), "%s", name);
    cr_expect_eq(c->lines - c->parsed, number_of(truth, "malformed"), "%s", name);
    cr_expect_eq(c->bad_request_line, number_of(truth, "bad_request_line"), "%s", name);
    cr_expect(json_equal(c->reasons, json_object_get(truth, "malformed_reasons")), "%s",
              name);
    cr_expect(json_equal(c->kinds, json_object_get(truth, "kinds")), "%s", name);
    cr_expect(json_equal(c->methods, json_object_get(truth, "methods")), "%s", name);
    cr_expect(json_equal(c->status, json_object_get(truth, "status")), "%s", name);
    cr_expect_eq(c->first, number_of(truth, "first_epoch"), "%s", name);
    cr_expect_eq(c->last, number_of(truth, "last_epoch"), "%s", name);
    cr_expect_eq(c->pv, number_of(json_object_get(truth, "pv"), "records"), "%s", name);
    cr_expect_eq(c->pv_get2xx304,
                 number_of(json_object_get(truth, "pv_get2xx304"), "records"), "%s",
                 name);
}

Test(log_line, counts_the_logs_of_the_corpus_as_their_truth_says)
{
    static const char *const LOGS[] = {"advertools_combined_with_errors",
                                       "advertools_nginx_custom_date",
                                       "awstats_testglobal",
                                       "elastic_apache_2015-05-17_18",
                                       "twiki_clf_2004",
                                       "yahi_home_nginx_2012"};
    for (size_t i = 0; i < sizeof LOGS / sizeof *LOGS; i++) {
        char path[120], *line = NULL;
        size_t room = 0;
        ssize_t length;
        snprintf(path, sizeof path, "../shared/corpus/logs/%s.truth.json", LOGS[i]);
        json_t *truth = json_load_file(path, 0, NULL);
        snprintf(path, sizeof path, "../shared/corpus/logs/%s.log", LOGS[i]);
        FILE *file = fopen(path, "rb");
        if (truth == NULL || file == NULL) {
            printf("skipped: no %s\n", path);
            continue;
        }
        struct counts c = {json_object(),
                           json_object(),
                           json_object(),
                           json_object(),
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0};
        while ((length = getline(&line, &room, file)) > 0) {
            if (line[length - 1] == '\n')
                length--;
            count_line(&c, (struct slice){line, (size_t)length});
        }
        compare(&c, truth, LOGS[i]);
        json_decref(c.reasons);
        json_decref(c.kinds);
        json_decref(c.methods);
        json_decref(c.status);
        json_decref(truth);
        free(line);
        fclose(file);
    }
}
