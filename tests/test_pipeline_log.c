/* Log lines over UDP, from bytes to counted: which site, when, who, and what becomes of
 * each line. */
#include "pipeline_log.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/heap.h"
#include "lib/world.h"

#define NOW  "2026-11-23 00:30:00"
#define TIME "[23/Nov/2026:00:30:00 +0000]"
#define SITES                                                                            \
    "[site a]\nsource = logs\nhosts = a.vn, *.a.vn\n"                                    \
    "[site so-y-te]\nsource = logs\nhosts = web01\n[site b]\nhosts = b.vn\n"

static struct world w;

static void start(const char *config)
{
    world_open(&w, 8, config, world_time(NOW));
}

static void send_from(const char *from, struct slice datagram)
{
    struct address address;

    cr_assert_eq(address_parse(&address, slice_of(from)), 0);
    pipeline_begin(&w.pipeline, w.now);
    heap_watch(true);
    pipeline_datagram(&w.pipeline, datagram, &address);
    heap_watch(false);
    cr_expect_eq(heap_asked(), 0);
    (void)pipeline_end(&w.pipeline);
}

static uint64_t lines_that_ended(enum outcome outcome)
{
    struct metrics_total total;

    metrics_sum(&w.row, 1, &total);
    return metrics_of_outcome(&total, outcome);
}

/* One line more has ended so, and nothing else has moved. */
static void expect_outcome(const char *line, enum outcome outcome)
{
    uint64_t before = lines_that_ended(outcome);
    struct metrics_total from, to;

    metrics_sum(&w.row, 1, &from);
    send_from("127.0.0.1", slice_of(line));
    metrics_sum(&w.row, 1, &to);
    cr_expect_eq(to.received, from.received + 1, "%s", line);
    cr_expect_eq(lines_that_ended(outcome), before + 1, "%s: not %s", line,
                 outcome_word(outcome));
}

static uint64_t views(const char *site)
{
    return world_metric(&w, site, SPAN_TOTAL, METRIC_VIEWS);
}

static uint64_t visitors(const char *site)
{
    return world_metric(&w, site, SPAN_TODAY, METRIC_VISITORS);
}

/* A line of a visitor at `client`. */
static const char *line_of(const char *envelope, const char *client, const char *time,
                           const char *request, const char *rest)
{
    static char text[1024];

    (void)snprintf(text, sizeof text, "%s%s - - %s \"%s\" %s", envelope, client, time,
                   request, rest);
    return text;
}

static const char *view_at(const char *time)
{
    return line_of("<190>Nov 23 00:30:00 vm a: ", "203.0.113.7", time, "GET / HTTP/1.1",
                   "200 5 \"-\" \"x\"");
}

static const char *view_of(const char *client, const char *rest)
{
    return line_of("<190>Nov 23 00:30:00 vm a: ", client, TIME, "GET / HTTP/1.1", rest);
}

#define GET_LINE "10.0.0.1 - - " TIME " \"GET / HTTP/1.1\" 200 5 \"-\" \"x\""
#define GET_JSON                                                                         \
    "{\"ip\":\"10.0.0.1\",\"request\":\"GET / "                                          \
    "HTTP/1.1\",\"status\":200,\"host\":\"%s\"}"

/* --- What becomes of a line --- */

Test(pipeline_log, every_line_ends_in_one_outcome)
{
    static const struct {
        const char *line;
        enum outcome outcome;
    } lines[] = {
        {"<190>Nov 23 00:30:00 vm a: " GET_LINE, OUTCOME_VIEW},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"GET /a.css HTTP/1.1\" 200 5",
         OUTCOME_NOT_PAGE},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"HEAD / HTTP/1.1\" 200 5",
         OUTCOME_NOT_PAGE},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"GET /x HTTP/1.1\" 404 5",
         OUTCOME_EVENT},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"GET /x.pdf HTTP/1.1\" 200 5",
         OUTCOME_EVENT},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"GET /x HTTP/1.1\" 301 5",
         OUTCOME_NOT_PAGE},
        {"<190>Nov 23 00:30:00 vm a: 10.0.0.1 - - " TIME " \"\\x16\\x03\" 400 5",
         OUTCOME_NOT_PAGE},
        {"<190>Nov 23 00:30:00 vm b: " GET_LINE, OUTCOME_OTHER_SOURCE},
        {"<190>Nov 23 00:30:00 vm c: " GET_LINE, OUTCOME_UNKNOWN_SITE},
        {"<190>Nov 23 00:30:00 vm a: ", OUTCOME_MALFORMED},
        {"<190>Nov 23 00:30:00 vm a: 1795393668.769\t10.0.0.1\t/\tx", OUTCOME_MALFORMED},
        {"<190>Nov 23 00:30:00 vm a: {\"ip\":}", OUTCOME_MALFORMED},
        {"<999>" GET_LINE, OUTCOME_MALFORMED},
        {"<190>1 - vm a", OUTCOME_MALFORMED},
        {"{\"site\":\"a\",\"ip\":\"10.0.0.1\",\"request\":\"GET / HTTP/1.1\","
         "\"status\":200,\"http_sec_purpose\":\"prefetch\"}",
         OUTCOME_PREFETCH},
        {"s=a&p=/", OUTCOME_OTHER_SOURCE},
        {"s=b&p=/", OUTCOME_VIEW},
    };

    start(SITES);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_outcome(lines[i].line, lines[i].outcome);
    cr_expect_eq(views("a"), 1);
    cr_expect_eq(views("b"), 1);
    world_close(&w);
}

Test(pipeline_log, lines_and_beacons_in_one_datagram_are_judged_one_by_one)
{
    start(SITES);
    send_from("127.0.0.1", SLICE("a.vn " GET_LINE "\r\n<190>a: " GET_LINE "\ns=b&p=/\n"
                                 "x.vn " GET_LINE "\n"));
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 3);
    cr_expect_eq(lines_that_ended(OUTCOME_UNKNOWN_SITE), 1);
    cr_expect_eq(views("a"), 2);
    world_close(&w);
}

Test(pipeline_log, a_line_may_be_as_long_as_a_datagram)
{
    static char datagram[LUOT_DATAGRAM_MAX + 2];
    int n;

    start(SITES);
    memset(datagram, 'x', sizeof datagram);
    n = snprintf(datagram, sizeof datagram, "<190>a: %s",
                 "10.0.0.1 - - " TIME " \"GET / HTTP/1.1\" 200 5 \"\\x22\" \"");
    datagram[n] = 'x';
    datagram[LUOT_DATAGRAM_MAX - 1] = '"';
    send_from("127.0.0.1", (struct slice){datagram, LUOT_DATAGRAM_MAX});
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 1);
    send_from("127.0.0.1", (struct slice){datagram, LUOT_DATAGRAM_MAX + 1});
    cr_expect_eq(lines_that_ended(OUTCOME_TOO_LONG), 1);
    send_from("192.0.2.1", SLICE("<190>a: " GET_LINE));
    cr_expect_eq(lines_that_ended(OUTCOME_UNTRUSTED), 1);
    world_close(&w);
}

Test(pipeline_log, over_http_a_log_line_is_a_beacon_that_says_nothing)
{
    struct sender sender = {.http = true};

    start("log_site = a\n" SITES);
    pipeline_begin(&w.pipeline, w.now);
    cr_expect_eq(pipeline_line(&w.pipeline, SLICE("<190>a: " GET_LINE), &sender, NULL),
                 OUTCOME_UNKNOWN_SITE);
    cr_expect_eq(pipeline_line(&w.pipeline, SLICE("{\"site\":\"a\"}"), &sender, NULL),
                 OUTCOME_UNKNOWN_SITE);
    (void)pipeline_end(&w.pipeline);
    cr_expect_eq(views("a"), 0);
    world_close(&w);
}

Test(pipeline_log, what_scripts_fetch_is_no_page_where_the_site_says_so)
{
    start("[site a]\nsource = logs\nnot_pages = /api/, /ajax/\n");
    expect_outcome(line_of("<190>a: ", "10.0.0.1", TIME, "GET /api/x HTTP/1.1", "200 5"),
                   OUTCOME_NOT_PAGE);
    expect_outcome(line_of("<190>a: ", "10.0.0.1", TIME, "GET /ajax/x HTTP/1.1", "404 5"),
                   OUTCOME_NOT_PAGE);
    expect_outcome(line_of("<190>a: ", "10.0.0.1", TIME, "GET /apix HTTP/1.1", "200 5"),
                   OUTCOME_VIEW);
    world_close(&w);
}

/* --- Which site --- */

static void expect_json_of(const char *envelope, const char *host, enum outcome outcome)
{
    char json[300], line[400];

    (void)snprintf(json, sizeof json, GET_JSON, host);
    (void)snprintf(line, sizeof line, "%s%s", envelope, json);
    expect_outcome(line, outcome);
}

Test(pipeline_log, the_tag_says_the_site_else_the_virtual_host_else_the_sender)
{
    start(SITES);
    expect_outcome("<190>Nov 23 00:30:00 vm so-y-te: " GET_LINE, OUTCOME_VIEW);
    expect_outcome("<190>Nov 23 00:30:00 so_y_te: " GET_LINE, OUTCOME_VIEW);
    expect_outcome("<190>Nov 23 00:30:00 so_y_te: a.vn:443 " GET_LINE, OUTCOME_VIEW);
    expect_outcome("<190>Nov 23 00:30:00 web01 nginx: " GET_LINE, OUTCOME_VIEW);
    expect_outcome("<190>1 - web01 - - - - " GET_LINE, OUTCOME_VIEW);
    cr_expect_eq(views("so-y-te"), 5);
    expect_outcome("<190>Nov 23 00:30:00 web01 nginx: a.vn:443 " GET_LINE, OUTCOME_VIEW);
    expect_outcome("www.a.vn " GET_LINE, OUTCOME_VIEW);
    expect_json_of("", "WWW.A.VN:8443", OUTCOME_VIEW);
    expect_json_of("<190>nginx: ", "a.vn", OUTCOME_VIEW);
    cr_expect_eq(views("a"), 4);
    expect_json_of("<190>nginx: ", "elsewhere.example", OUTCOME_UNKNOWN_SITE);
    expect_outcome(GET_LINE, OUTCOME_UNKNOWN_SITE);
    expect_outcome("<190>Nov 23 00:30:00 vm nginx: " GET_LINE, OUTCOME_UNKNOWN_SITE);
    expect_outcome("{\"site\":\"none\",\"host\":\"a.vn\",\"ip\":\"10.0.0.1\","
                   "\"request\":\"GET / HTTP/1.1\",\"status\":200}",
                   OUTCOME_UNKNOWN_SITE);
    world_close(&w);
}

Test(pipeline_log, log_site_takes_the_lines_that_name_none)
{
    start("log_site = a\n" SITES);
    expect_outcome(GET_LINE, OUTCOME_VIEW);
    expect_outcome("<190>Nov 23 00:30:00 vm nginx: " GET_LINE, OUTCOME_VIEW);
    cr_expect_eq(views("a"), 2);
    expect_outcome("<190>so_y_te: " GET_LINE, OUTCOME_VIEW);
    cr_expect_eq(views("so-y-te"), 1);
    world_close(&w);
}

Test(pipeline_log, log_lines_open_no_site)
{
    start("auto_sites = *.gov.vn\n" SITES);
    expect_outcome("x.gov.vn " GET_LINE, OUTCOME_UNKNOWN_SITE);
    world_close(&w);
}

/* --- When --- */

static uint64_t views_of_day(const char *day)
{
    return day == NULL ? views("a") : world_metric(&w, "a", SPAN_YESTERDAY, METRIC_VIEWS);
}

Test(pipeline_log, a_view_of_yesterday_that_comes_after_midnight_is_yesterdays)
{
    world_open(&w, 8, "[site a]\nsource = logs\ntimezone = UTC\n",
               world_time("2026-11-22 23:59:00"));
    w.now = world_time("2026-11-23 00:00:20");
    world_ticks(&w, 3);
    expect_outcome(view_at("[22/Nov/2026:23:59:50 +0000]"), OUTCOME_VIEW);
    expect_outcome(view_at("[23/Nov/2026:07:00:10 +0700]"), OUTCOME_VIEW);
    cr_expect_eq(views_of_day(NULL), 2);
    cr_expect_eq(views_of_day("yesterday"), 1);
    cr_expect_eq(world_metric(&w, "a", SPAN_TODAY, METRIC_VIEWS), 1);
    world_close(&w);
}

/* A visitor is online for five minutes by when the page was seen. */
Test(pipeline_log, a_line_that_was_queued_puts_nobody_online_and_a_wrong_clock_does)
{
    static const struct {
        const char *time;
        uint64_t online;
    } cases[] = {
        {"[23/Nov/2026:00:29:00 +0000]", 1}, /* a minute late           */
        {"[23/Nov/2026:00:20:00 +0000]", 0}, /* ten                     */
        {"[22/Nov/2026:22:40:00 +0000]", 0}, /* within two hours        */
        {"[22/Nov/2026:22:20:00 +0000]", 1}, /* longer: a clock is wrong */
        {"[23/Nov/2026:00:31:00 +0000]", 1}, /* the future              */
        {"[23/Nov/2027:00:30:00 +0000]", 1}, {"[23/Nov/2004:00:30:00 +0000]", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_open(&w, 8, "[site a]\nsource = logs\ntimezone = UTC\n",
                   world_time("2026-11-22 20:00:00"));
        w.now = world_time(NOW);
        world_ticks(&w, 3);
        expect_outcome(view_at(cases[i].time), OUTCOME_VIEW);
        cr_expect_eq(world_online(&w, "a"), cases[i].online, "%s", cases[i].time);
        w.now = instant_after(w.now, 12);
        world_ticks(&w, 3);
        cr_expect_eq(world_online(&w, "a"), cases[i].online, "%s", cases[i].time);
        cr_expect_eq(views("a"), 1);
        world_close(&w);
    }
}

/* Else an import of the same log would count what came late a second time. */
Test(pipeline_log, the_first_live_view_is_the_earliest_by_its_own_time)
{
    struct site *site;

    start(SITES);
    site = world_site(&w, "a");
    expect_outcome(view_at("[23/Nov/2026:00:29:58 +0000]"), OUTCOME_VIEW);
    cr_expect_eq(atomic_load(&site->block->first_live_s), 1795393798);
    expect_outcome(view_at("[23/Nov/2026:00:29:59 +0000]"), OUTCOME_VIEW);
    expect_outcome(view_at("[23/Nov/2026:00:31:00 +0000]"), OUTCOME_VIEW);
    expect_outcome(view_at("[23/Nov/2004:00:00:00 +0000]"), OUTCOME_VIEW);
    cr_expect_eq(atomic_load(&site->block->first_live_s), 1795393798);
    expect_outcome(view_at("[23/Nov/2026:00:20:00 +0000]"), OUTCOME_VIEW);
    cr_expect_eq(atomic_load(&site->block->first_live_s), 1795393200);
    world_close(&w);
}

Test(pipeline_log, without_a_time_of_its_own_the_first_live_view_is_now)
{
    start(SITES);
    expect_outcome("{\"site\":\"a\",\"ip\":\"10.0.0.1\",\"request\":\"GET / HTTP/1.1\","
                   "\"status\":200}",
                   OUTCOME_VIEW);
    cr_expect_eq(atomic_load(&world_site(&w, "a")->block->first_live_s), 1795393800);
    world_close(&w);
}

Test(pipeline_log, a_reload_changes_what_becomes_of_lines)
{
    start(SITES);
    expect_outcome("<190>b: " GET_LINE, OUTCOME_OTHER_SOURCE);
    expect_outcome(GET_LINE, OUTCOME_UNKNOWN_SITE);
    world_reload(&w, "log_site = b\n[site b]\nsource = logs\nlog_rule = pv1\n");
    world_ticks(&w, 2);
    expect_outcome("<190>b: " GET_LINE, OUTCOME_VIEW);
    expect_outcome(GET_LINE, OUTCOME_VIEW);
    expect_outcome(line_of("<190>b: ", "10.0.0.1", TIME, "POST / HTTP/1.1", "200 5"),
                   OUTCOME_VIEW);
    expect_outcome("s=b&p=/", OUTCOME_OTHER_SOURCE);
    world_close(&w);
}

/* --- Who --- */

Test(pipeline_log, visitors_are_address_and_agent)
{
    start(SITES);
    expect_outcome(view_of("203.0.113.7", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("203.0.113.7", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 1);
    expect_outcome(view_of("203.0.113.7", "200 5 \"-\" \"y\""), OUTCOME_VIEW);
    expect_outcome(view_of("203.0.113.8", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 3);
    expect_outcome(view_of("2001:ee0::1", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("2001:ee0::2", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 4, "a /64 is one");
    world_close(&w);
}

Test(pipeline_log, behind_our_own_proxy_the_forwarded_address_counts)
{
    start(SITES);
    cr_assert_eq(networks_parse(&w.trusted.proxies, SLICE("loopback")), 0);
    expect_outcome(view_of("127.0.0.1", "200 5 \"-\" \"x\" \"203.0.113.7\""),
                   OUTCOME_VIEW);
    expect_outcome(view_of("127.0.0.1", "200 5 \"-\" \"x\" \"1.1.1.1, 203.0.113.8\""),
                   OUTCOME_VIEW);
    expect_outcome(view_of("203.0.113.7", "200 5 \"-\" \"x\" \"-\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 2);
    expect_outcome(view_of("203.0.113.8", "200 5 \"-\" \"x\" \"9.9.9.9\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 2, "a stranger's is not believed");
    expect_outcome("<190>a: {\"ip\":\"127.0.0.1\",\"xff\":\"203.0.113.8\",\"ua\":\"x\","
                   "\"m\":\"GET\",\"u\":\"/\",\"s\":200}",
                   OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 2, "JSON says the same");
    world_close(&w);
}

Test(pipeline_log, a_host_name_is_a_visitor_too)
{
    start(SITES);
    expect_outcome(view_of("pc1.example.vn", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("pc2.example.vn", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("pc1.example.vn", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 2);
    world_close(&w);
}

Test(pipeline_log, under_pv1_the_first_field_is_the_visitor_byte_for_byte)
{
    start("[site a]\nsource = logs\nlog_rule = pv1\n");
    expect_outcome(view_of("2001:ee0::1", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("2001:ee0::2", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    expect_outcome(view_of("2001:0ee0::2", "200 5 \"-\" \"x\""), OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 3);
    expect_outcome(view_of("127.0.0.1", "200 5 \"-\" \"x\" \"203.0.113.7\""),
                   OUTCOME_VIEW);
    expect_outcome(view_of("127.0.0.1", "200 5 \"-\" \"x\" \"203.0.113.8\""),
                   OUTCOME_VIEW);
    cr_expect_eq(visitors("a"), 4);
    expect_outcome(line_of("<190>a: ", "10.0.0.1", TIME, "POST / HTTP/1.1", "200 5"),
                   OUTCOME_VIEW);
    expect_outcome(line_of("<190>a: ", "10.0.0.1", TIME, "GET / HTTP/1.1", "304 5"),
                   OUTCOME_NOT_PAGE);
    world_close(&w);
}

Test(pipeline_log, who_does_not_want_to_be_tracked_is_a_view_and_no_visitor)
{
    start(SITES);
    expect_outcome("{\"site\":\"a\",\"ip\":\"10.0.0.1\",\"request\":\"GET / HTTP/1.1\","
                   "\"status\":200,\"http_sec_gpc\":\"1\"}",
                   OUTCOME_VIEW);
    cr_expect_eq(views("a"), 1);
    cr_expect_eq(visitors("a"), 0);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VISITS), 1);
    expect_outcome(
        "{\"host\":\"a.vn\",\"ip\":\"10.0.0.1\",\"request\":\"GET /2 HTTP/1.1\","
        "\"status\":200,\"http_sec_gpc\":\"1\",\"referer\":\"https://a.vn/\"}",
        OUTCOME_VIEW);
    cr_expect_eq(world_metric(&w, "a", SPAN_TOTAL, METRIC_VISITS), 1,
                 "not from elsewhere");
    world_close(&w);
}

/* --- Datagrams captured from real servers --- */

static const struct captured {
    const char *of; /* in the row's "config" */
    unsigned views, events, not_pages, malformed;
} CAPTURED[] = {
    {"(defaults: facility=local7", 6, 2, 2, 0},
    {"tag=web_vn", 6, 2, 2, 0},
    {"tag=vj <log_format escape=json>", 7, 2, 1, 0}, /* it says GET of a POST */
    {"TAB separated", 0, 0, 0, 10},
    {"format local, option httplog", 0, 0, 0, 9},
    {"format rfc3164, option httplog clf", 5, 2, 2, 0},
    {"format rfc5424, option httplog", 0, 0, 0, 9},
    {"format raw, option httplog", 0, 0, 0, 9},
    {"format raw, log-format combined-like", 4, 2, 2, 1}, /* it does not escape quotes */
    {"logger -n", 3, 0, 0, 0},
};

enum { KINDS = sizeof CAPTURED / sizeof CAPTURED[0], KEPT = 4 };
static const enum outcome KEPT_OUTCOME[KEPT] = {OUTCOME_VIEW, OUTCOME_EVENT,
                                                OUTCOME_NOT_PAGE, OUTCOME_MALFORMED};

static size_t kind_of(const json_t *row)
{
    const char *config = json_string_value(json_object_get(row, "config"));
    size_t i = 0;

    while (i < KINDS && strstr(config, CAPTURED[i].of) == NULL)
        i++;
    cr_assert(i < KINDS, "%s", config);
    return i;
}

static void judge(const json_t *row, uint64_t ended[KEPT])
{
    const char *text = json_string_value(json_object_get(row, "datagram_b64"));
    uint64_t before[KEPT];
    char datagram[8192];
    size_t length;

    cr_assert_eq(sodium_base642bin((unsigned char *)datagram, sizeof datagram, text,
                                   strlen(text), NULL, &length, NULL,
                                   sodium_base64_VARIANT_ORIGINAL),
                 0);
    for (int k = 0; k < KEPT; k++)
        before[k] = lines_that_ended(KEPT_OUTCOME[k]);
    send_from("127.0.0.1", (struct slice){datagram, length});
    for (int k = 0; k < KEPT; k++)
        ended[k] += lines_that_ended(KEPT_OUTCOME[k]) - before[k];
}

Test(pipeline_log, judges_what_real_servers_sent)
{
    FILE *file = fopen("../shared/corpus/syslog/datagrams.jsonl", "r");
    uint64_t ended[KINDS][KEPT] = {{0}};
    char *line = NULL;
    size_t room = 0;

    if (file == NULL) {
        printf("skipped: the corpus of datagrams is not here\n");
        return;
    }
    start("log_site = other\n[site nginx]\nsource = logs\n[site web-vn]\nsource = logs\n"
          "[site example]\nsource = logs\nhosts = example.vn\n"
          "[site haproxy]\nsource = logs\n[site other]\nsource = logs\n");
    while (getline(&line, &room, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        judge(row, ended[kind_of(row)]);
        json_decref(row);
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < KINDS; i++) {
        cr_expect_eq(ended[i][0], CAPTURED[i].views, "views: %s", CAPTURED[i].of);
        cr_expect_eq(ended[i][1], CAPTURED[i].events, "events: %s", CAPTURED[i].of);
        cr_expect_eq(ended[i][2], CAPTURED[i].not_pages, "not pages: %s", CAPTURED[i].of);
        cr_expect_eq(ended[i][3], CAPTURED[i].malformed, "malformed: %s", CAPTURED[i].of);
    }
    cr_expect_eq(views("nginx"), 6);
    cr_expect_eq(views("web-vn"), 6);
    cr_expect_eq(views("example"), 6, "by the host that the line says");
    cr_expect_eq(views("haproxy"), 5);
    cr_expect_eq(views("other"), 1 + 4 + 3, "curl's without a host, raw ones, httpd's");
    world_close(&w);
}
