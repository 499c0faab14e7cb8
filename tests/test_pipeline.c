/* From bytes to counted: which site, who, what becomes of each line, and that nothing is
 * asked of the heap. */
#include "pipeline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/registry_inner.h"
#include "lib/heap.h"
#include "lib/world.h"

/* --- Ways in --- */

static struct world w;

static void start(const char *config)
{
    world_open(&w, 2 * BLANKS, config, world_time("2024-05-15 12:00:00"));
}

static uint64_t metric(enum site_span span, enum metric m)
{
    return world_metric(&w, "a", span, m);
}

static struct address address_of(const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0);
    return a;
}

/* A browser at an address; headers as they are set. */
static struct sender browser(const char *address)
{
    return (struct sender){.http = true,
                           .address = address_of(address),
                           .user_agent = SLICE("Mozilla/5.0"),
                           .host = SLICE("count.example")};
}

static enum outcome send_as(const struct sender *sender, const char *line)
{
    enum outcome outcome;

    pipeline_begin(&w.pipeline, w.now);
    heap_watch(true);
    outcome = pipeline_line(&w.pipeline, slice_of(line), sender, NULL);
    heap_watch(false);
    cr_expect_eq(heap_asked(), 0);
    (void)pipeline_end(&w.pipeline);
    return outcome;
}

static enum outcome send_from(const char *origin, const char *referer, const char *line)
{
    struct sender sender = browser("192.0.2.1");

    sender.origin = slice_of(origin);
    sender.referer = slice_of(referer);
    return send_as(&sender, line);
}

static void send_datagram(const char *from, struct slice datagram)
{
    struct address address = address_of(from);

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

static void expect_every_line_accounted_for(uint64_t received)
{
    struct metrics_total total;
    uint64_t sum = 0;

    metrics_sum(&w.row, 1, &total);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += metrics_of_outcome(&total, (enum outcome)i);
    cr_expect_eq(total.received, received);
    cr_expect_eq(sum, received);
}

/* --- Accounting --- */

Test(pipeline, every_line_ends_in_exactly_one_outcome)
{
    static const struct {
        const char *line;
        bool prefetch;
        const char *origin;
        enum outcome outcome;
    } lines[] = {
        {"s=a&p=/", false, NULL, OUTCOME_VIEW},
        {"s=a&p=/&e=download", false, NULL, OUTCOME_EVENT},
        {"s=a&k=ping", false, NULL, OUTCOME_PING},
        {"s=a&p=/", true, NULL, OUTCOME_PREFETCH},
        {"s=logs&p=/", false, NULL, OUTCOME_OTHER_SOURCE},
        {"", false, NULL, OUTCOME_MALFORMED},
        {"s=a&k=what", false, NULL, OUTCOME_MALFORMED},
        {"s=A!&p=/", false, NULL, OUTCOME_MALFORMED},
        {"s=a&p=%zz%4", false, NULL, OUTCOME_MALFORMED},
        {"s=nobody&p=/", false, NULL, OUTCOME_UNKNOWN_SITE},
        {"p=/", false, NULL, OUTCOME_UNKNOWN_SITE},
        {"p=/", false, "https://elsewhere.example", OUTCOME_UNKNOWN_SITE},
        {"s=b&p=/", false, "https://elsewhere.example", OUTCOME_ORIGIN},
        {"p=/", false, "https://h1.gov.vn", OUTCOME_VIEW},
        {"p=/", false, "https://h2.gov.vn", OUTCOME_AUTO_SITES_FULL},
    };
    const size_t n = sizeof lines / sizeof lines[0];
    uint64_t expected[OUTCOME_COUNT] = {0};

    start("auto_sites = *.gov.vn\nauto_sites_max = 1\n[site a]\n"
          "[site b]\nhosts = b.vn\n[site logs]\nsource = logs\n");
    for (size_t i = 0; i < n; i++) {
        struct sender sender = browser("192.0.2.1");

        sender.prefetch = lines[i].prefetch;
        sender.origin = slice_of(lines[i].origin);
        cr_expect_eq(send_as(&sender, lines[i].line), lines[i].outcome, "line %zu: %s", i,
                     lines[i].line);
        expected[lines[i].outcome]++;
    }
    for (int o = 0; o < OUTCOME_COUNT; o++)
        cr_expect_eq(lines_that_ended((enum outcome)o), expected[o], "%s",
                     outcome_word((enum outcome)o));
    expect_every_line_accounted_for(n);
    world_close(&w);
}

/* Silence is a robot's from a browser only: a server that sends for others may not know. */
Test(pipeline, a_robot_is_suppressed_and_counts_nothing)
{
    static const struct slice built_in[2];
    _Atomic(const struct agents *) agents;
    struct sender sender = browser("192.0.2.1");
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;
    struct agents *made;

    start("[site a]\n");
    cr_assert_eq(agents_new(&made, built_in, 1, &wrong, trouble), 0);
    atomic_init(&agents, made);
    pipeline_use_agents(&w.pipeline, &agents, 0);
    cr_expect_eq(send_as(&sender, "s=a&p=/"), OUTCOME_VIEW);
    sender.user_agent = SLICE("curl/8.0");
    cr_expect_eq(send_as(&sender, "s=a&p=/"), OUTCOME_BOT);
    cr_expect_eq(send_as(&sender, "s=a&k=ping"), OUTCOME_BOT);
    sender.prefetch = true;
    cr_expect_eq(send_as(&sender, "s=a&p=/"), OUTCOME_PREFETCH);
    sender.prefetch = false;
    sender.user_agent = (struct slice){"", 0};
    cr_expect_eq(send_as(&sender, "s=a&p=/"), OUTCOME_BOT);
    send_datagram("127.0.0.1",
                  SLICE("s=a&p=/&i=192.0.2.7\ns=a&p=/&i=192.0.2.8&u=curl/8"));
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 2);
    cr_expect_eq(lines_that_ended(OUTCOME_BOT), 4);
    expect_every_line_accounted_for(7);
    world_close(&w);
    agents_free(made);
}

Test(pipeline, a_line_too_long_is_one_outcome_too)
{
    char line[LUOT_BEACON_MAX + 2];

    start("[site a]\n");
    memset(line, 'x', sizeof line);
    memcpy(line, "s=a&p=", 6);
    line[LUOT_BEACON_MAX] = '\0';
    cr_expect_eq(world_line(&w, line), OUTCOME_VIEW);
    line[LUOT_BEACON_MAX] = 'x';
    line[LUOT_BEACON_MAX + 1] = '\0';
    cr_expect_eq(world_line(&w, line), OUTCOME_TOO_LONG);
    expect_every_line_accounted_for(2);
    world_close(&w);
}

Test(pipeline, a_host_without_room_is_said_so)
{
    start("auto_sites = *.gov.vn\nauto_sites_max = 100\n[site a]\n");
    for (int i = 0; i < BLANKS + 4; i++) {
        char origin[64];
        enum outcome outcome;

        (void)snprintf(origin, sizeof origin, "https://h%d.gov.vn", i);
        outcome = send_from(origin, "", "p=/");
        cr_expect_eq(outcome, i < BLANKS ? OUTCOME_VIEW : OUTCOME_SITES_FULL);
    }
    expect_every_line_accounted_for(BLANKS + 4);
    world_close(&w);
}

/* The next host finds a blank in a moment, not at the keeper's next tick; a host that
 * finds none does not ask, or strangers would keep the keeper busy. */
Test(pipeline, a_site_that_opened_asks_the_keeper_for_the_next_one)
{
    struct sender sender = browser("192.0.2.1");

    start("auto_sites = *.gov.vn\nauto_sites_max = 1\n[site a]\n");
    for (int i = 0; i < 3; i++) {
        sender.origin = i < 2 ? SLICE("https://h1.gov.vn") : SLICE("https://h2.gov.vn");
        pipeline_begin(&w.pipeline, w.now);
        (void)pipeline_line(&w.pipeline, SLICE("k=ping"), &sender, NULL);
        cr_expect_eq(pipeline_end(&w.pipeline), i == 0, "%d", i);
    }
    world_close(&w);
}

/* --- Datagrams --- */

Test(pipeline, a_datagram_is_judged_line_by_line)
{
    start("[site a]\n");
    send_datagram("127.0.0.1",
                  SLICE("s=a&p=/&i=10.0.0.1\ns=b&p=/\r\n\ns=a&k=ping&i=10.0.0.1\n"));
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 1);
    cr_expect_eq(lines_that_ended(OUTCOME_UNKNOWN_SITE), 1);
    cr_expect_eq(lines_that_ended(OUTCOME_MALFORMED), 1);
    cr_expect_eq(lines_that_ended(OUTCOME_PING), 1);
    expect_every_line_accounted_for(4);
    world_close(&w);
}

Test(pipeline, lines_after_the_64th_are_received_and_refused)
{
    char datagram[8 * 70 + 1] = "";

    start("[site a]\n");
    for (int i = 0; i < 70; i++)
        strcat(datagram, "s=a&p=/\n");
    send_datagram("127.0.0.1", slice_of(datagram));
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 64);
    cr_expect_eq(lines_that_ended(OUTCOME_TOO_MANY_LINES), 6);
    expect_every_line_accounted_for(70);
    world_close(&w);
}

Test(pipeline, datagrams_from_elsewhere_or_too_long_are_refused_unread_and_counted)
{
    static char datagram[LUOT_DATAGRAM_MAX + 2];

    start("[site a]\n");
    send_datagram("192.0.2.1", SLICE("s=a&p=/\ns=a&p=/\n"));
    cr_expect_eq(lines_that_ended(OUTCOME_UNTRUSTED), 2);
    memset(datagram, 'x', sizeof datagram);
    datagram[100] = '\n';
    send_datagram("127.0.0.1", (struct slice){datagram, LUOT_DATAGRAM_MAX + 1});
    cr_expect_eq(lines_that_ended(OUTCOME_TOO_LONG), 2);
    expect_every_line_accounted_for(4);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 0);
    world_close(&w);
}

/* Who was believed, and for which site, is remembered for a turn. */
Test(pipeline, senders_and_sites_that_take_turns_in_a_turn_are_told_apart)
{
    struct address here = address_of("127.0.0.1"), there = address_of("192.0.2.1");

    start("[site a]\n[site b]\n");
    pipeline_begin(&w.pipeline, w.now);
    for (int i = 0; i < 3; i++) {
        pipeline_datagram(&w.pipeline, SLICE("s=a&p=/\ns=b&p=/\ns=b&p=/\ns=c&p=/\n"),
                          &here);
        pipeline_datagram(&w.pipeline, SLICE("s=a&p=/\n"), &there);
    }
    pipeline_end(&w.pipeline);
    cr_expect_eq(lines_that_ended(OUTCOME_VIEW), 9);
    cr_expect_eq(lines_that_ended(OUTCOME_UNKNOWN_SITE), 3);
    cr_expect_eq(lines_that_ended(OUTCOME_UNTRUSTED), 3);
    cr_expect_eq(site_metric(world_site(&w, "a"), SPAN_TOTAL, METRIC_VIEWS, w.now), 3);
    cr_expect_eq(site_metric(world_site(&w, "b"), SPAN_TOTAL, METRIC_VIEWS, w.now), 6);
    world_close(&w);
}

/* Two sites of each length, which differ in one letter: at the front, within, and behind. */
Test(pipeline, sites_whose_keys_are_nearly_the_same_are_told_apart_in_a_turn)
{
    static const int LENGTHS[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, SITE_KEY_MAX};
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxy0123456789-_"
                                  "abcdefghijklmnopqrstuvwxy01";
    struct address here = address_of("127.0.0.1");

    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++)
        for (int where = 0; where < 3; where++) {
            int length = LENGTHS[i], at = where * (length - 1) / 2;
            char one[SITE_KEY_MAX + 1], other[SITE_KEY_MAX + 1], text[512];

            memcpy(one, LETTERS, (size_t)length);
            one[length] = '\0';
            strcpy(other, one);
            other[at] = 'z';
            (void)snprintf(text, sizeof text, "[site %s]\n[site %s]\n", one, other);
            start(text);
            pipeline_begin(&w.pipeline, w.now);
            (void)snprintf(text, sizeof text,
                           "s=%s&p=/\ns=%s&p=/\ns=%s&p=/\r\ns=%s&p=/\ns=%s&p=/", one, one,
                           other, one, other);
            pipeline_datagram(&w.pipeline, slice_of(text), &here);
            (void)pipeline_end(&w.pipeline);
            cr_expect_eq(world_metric(&w, one, SPAN_TOTAL, METRIC_VIEWS), 3, "%s", one);
            cr_expect_eq(world_metric(&w, other, SPAN_TOTAL, METRIC_VIEWS), 2, "%s",
                         other);
            world_close(&w);
        }
}

Test(pipeline, an_empty_datagram_is_one_line_with_nothing_in_it)
{
    start("[site a]\n");
    send_datagram("127.0.0.1", (struct slice){"", 0});
    send_datagram("192.0.2.1", (struct slice){"", 0});
    cr_expect_eq(lines_that_ended(OUTCOME_MALFORMED), 1);
    cr_expect_eq(lines_that_ended(OUTCOME_UNTRUSTED), 1);
    expect_every_line_accounted_for(2);
    world_close(&w);
}

Test(pipeline, the_answer_to_many_lines_is_the_best_that_became_of_one)
{
    struct sender sender = browser("192.0.2.1");
    struct site *site;

    start("[site a]\n[site logs]\nsource = logs\n");
    pipeline_begin(&w.pipeline, w.now);
    cr_expect_eq(pipeline_lines(&w.pipeline, SLICE("s=x\ns=logs\ns=a&p=/\ns=logs"),
                                &sender, &site),
                 OUTCOME_VIEW);
    cr_expect_eq(site, world_site(&w, "a"));
    cr_expect_eq(pipeline_lines(&w.pipeline, SLICE("s=x\ns=logs\n"), &sender, &site),
                 OUTCOME_OTHER_SOURCE);
    cr_expect_eq(site, world_site(&w, "logs"));
    cr_expect_eq(pipeline_lines(&w.pipeline, SLICE("s=x\n\n"), &sender, &site),
                 OUTCOME_UNKNOWN_SITE);
    cr_expect_null(site);
    cr_expect_eq(pipeline_lines(&w.pipeline, SLICE(""), &sender, &site),
                 OUTCOME_MALFORMED);
    (void)pipeline_end(&w.pipeline);
    expect_every_line_accounted_for(9);
    world_close(&w);
}

/* --- Which site --- */

#define THREE "[site a]\nhosts = a.vn, *.a.vn\n[site b]\nhosts = b.vn\n[site c]\n"

static void expect_counted_for(const char *key, uint64_t views)
{
    cr_expect_eq(world_metric(&w, key, SPAN_TOTAL, METRIC_VIEWS), views, "%s", key);
}

Test(pipeline, origin_picks_the_site_else_referer_else_host)
{
    struct sender sender = browser("192.0.2.1");

    start(THREE);
    cr_expect_eq(send_from("https://a.vn", "https://b.vn/x", "p=/"), OUTCOME_VIEW);
    expect_counted_for("a", 1);
    cr_expect_eq(send_from("", "https://www.a.vn:8443/x", "p=/"), OUTCOME_VIEW);
    expect_counted_for("a", 2);
    sender.host = SLICE("b.vn:8080");
    cr_expect_eq(send_as(&sender, "p=/"), OUTCOME_VIEW);
    expect_counted_for("b", 1);
    cr_expect_eq(send_from("null", "https://a.vn/", "p=/"), OUTCOME_UNKNOWN_SITE,
                 "a sandboxed page does not say where it is");
    world_close(&w);
}

Test(pipeline, a_page_of_another_host_cannot_count_for_a_site_that_names_its_own)
{
    start(THREE);
    cr_expect_eq(send_from("https://a.vn", "", "s=a&p=/"), OUTCOME_VIEW);
    cr_expect_eq(send_from("https://b.vn", "", "s=a&p=/"), OUTCOME_ORIGIN);
    cr_expect_eq(send_from("", "https://b.vn/", "s=a&p=/"), OUTCOME_ORIGIN);
    cr_expect_eq(send_from("null", "", "s=a&p=/"), OUTCOME_ORIGIN);
    cr_expect_eq(send_from("", "", "s=a&p=/"), OUTCOME_VIEW, "nothing to check");
    cr_expect_eq(send_from("https://b.vn", "", "s=c&p=/"), OUTCOME_VIEW,
                 "names no hosts");
    expect_counted_for("a", 2);
    world_close(&w);
}

/* Which host a page's address has is remembered for a turn, by where the address lies. */
Test(pipeline, pages_that_take_turns_in_a_turn_are_told_apart)
{
    struct sender own = browser("192.0.2.1"), other = browser("192.0.2.2");
    char page[] = "https://a.vn/";

    start(THREE);
    own.referer = slice_of(page);
    other.origin = SLICE("https://b.vn");
    for (int turn = 0; turn < 2; turn++) {
        enum outcome named = turn == 0 ? OUTCOME_VIEW : OUTCOME_ORIGIN;
        pipeline_begin(&w.pipeline, w.now);
        for (int i = 0; i < 3; i++) {
            cr_expect_eq(pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &own, NULL), named);
            cr_expect_eq(pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &other, NULL),
                         OUTCOME_ORIGIN);
            cr_expect_eq(pipeline_line(&w.pipeline, SLICE("p=/"), &other, NULL),
                         OUTCOME_VIEW);
        }
        (void)pipeline_end(&w.pipeline);
        memcpy(page, "https://c.vn/", sizeof page); /* the next request, there */
    }
    expect_counted_for("a", 3);
    expect_counted_for("b", 6);
    world_close(&w);
}

Test(pipeline, any_host_may_send_to_a_site_that_says_so)
{
    start("[site a]\nhosts = a.vn\nany_host = yes\n");
    cr_expect_eq(send_from("https://elsewhere.example", "", "s=a&p=/"), OUTCOME_VIEW);
    world_close(&w);
}

Test(pipeline, a_site_that_opened_by_itself_is_its_host_s_alone)
{
    start("auto_sites = *.gov.vn\n[site a]\n");
    cr_expect_eq(send_from("https://x.gov.vn", "", "p=/"), OUTCOME_VIEW);
    cr_expect_eq(send_from("https://x.gov.vn", "", "s=x-gov-vn&p=/"), OUTCOME_VIEW);
    cr_expect_eq(send_from("https://y.gov.vn", "", "s=x-gov-vn&p=/"), OUTCOME_ORIGIN);
    expect_counted_for("x-gov-vn", 2);
    world_close(&w);
}

/* --- Who --- */

Test(pipeline, address_and_agent_in_a_line_count_from_trusted_senders_only)
{
    struct sender sender = browser("192.0.2.1");

    start("[site a]\n");
    send_as(&sender, "s=a&p=/&i=10.0.0.1&u=x");
    send_as(&sender, "s=a&p=/&i=10.0.0.2&u=y");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 1);
    sender.trusted = true;
    send_as(&sender, "s=a&p=/&i=10.0.0.1");
    send_as(&sender, "s=a&p=/&i=10.0.0.2");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 3);
    send_as(&sender, "s=a&p=/&i=10.0.0.2&u=other");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 4);
    send_as(&sender, "s=a&p=/"); /* says nothing: the sender's own */
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 4);
    world_close(&w);
}

/* Once a spelling is known, nobody decodes it: an address that is new must come to the same
 * visitor by it as by the bytes themselves. */
Test(pipeline, an_agent_is_one_visitor_however_it_is_written)
{
    static const char *const written[] = {"Moz%2F5.0%20(X11)", "Moz%2F5.0%20(X11)",
                                          "Moz/5.0+(X11)", "%4Doz%2f5.0+%28X11)"};
    struct sender sender = browser("192.0.2.1");
    char line[128];

    start("[site a]\n");
    sender.trusted = true;
    sender.user_agent = SLICE("Moz/5.0 (X11)");
    for (unsigned i = 0; i < 4 * 4; i++) { /* each is the first of an address once */
        met_forget(w.pipeline.met);
        (void)snprintf(line, sizeof line, "s=a&i=10.0.0.%u&u=%s", i / 4,
                       written[(i + i / 4) % 4]);
        cr_expect_eq(send_as(&sender, line), OUTCOME_VIEW);
        cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), i / 4 + 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        met_forget(w.pipeline.met);
        (void)snprintf(line, sizeof line, "s=a&i=10.0.0.%u", i);
        cr_expect_eq(send_as(&sender, line), OUTCOME_VIEW);
    }
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 4);
    world_close(&w);
}

Test(pipeline, all_of_an_ipv6_64_is_one_visitor_on_one_site)
{
    struct sender sender = browser("2001:db8:1:1::1");

    start("[site a]\n[site b]\n");
    send_as(&sender, "s=a&p=/");
    sender.address = address_of("2001:db8:1:1:ffff::2");
    send_as(&sender, "s=a&p=/");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 1);
    sender.address = address_of("2001:db8:1:2::1");
    send_as(&sender, "s=a&p=/");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 2);
    send_as(&sender, "s=b&p=/");
    cr_expect_eq(world_metric(&w, "b", SPAN_TODAY, METRIC_VISITORS), 1);
    world_close(&w);
}

Test(pipeline, who_asks_not_to_be_tracked_is_a_view_and_a_visit_only_when_entering)
{
    struct sender sender = browser("192.0.2.1");

    start("[site a]\nhosts = a.vn\n");
    sender.anonymous = true;
    sender.origin = SLICE("https://a.vn");
    send_as(&sender, "s=a&p=/x"); /* no referrer: it entered */
    send_as(&sender, "s=a&p=/x&r=https%3A%2F%2Fsearch.example%2F");
    send_as(&sender, "s=a&p=/y&r=https%3A%2F%2FA.vn%2Fx"); /* went on */
    send_as(&sender, "s=a&p=https%3A%2F%2Fwww.a.vn%2Fy&r=https%3A%2F%2Fwww.a.vn%2Fx");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 4);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 2);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITORS), 0);
    cr_expect_eq(world_online(&w, "a"), 0);
    cr_expect_eq(send_as(&sender, "s=a&k=ping"), OUTCOME_PING);
    cr_expect_eq(send_as(&sender, "s=a&e=download"), OUTCOME_EVENT);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 2);
    world_close(&w);
}

Test(pipeline, a_referrer_of_the_sites_own_host_is_no_entry_over_udp_either)
{
    struct sender sender = {.trusted = true, .anonymous = true};

    start("auto_sites = *.gov.vn\n[site a]\nhosts = *.a.vn\n");
    (void)send_from("https://x.gov.vn", "", "p=/");
    send_as(&sender, "s=a&p=/y&r=https%3A%2F%2Fwww.a.vn%2Fx");
    send_as(&sender, "s=x-gov-vn&p=/y&r=https%3A%2F%2Fx.gov.vn%2Fx");
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 0);
    cr_expect_eq(world_metric(&w, "x-gov-vn", SPAN_TODAY, METRIC_VISITS), 1);
    world_close(&w);
}

/* --- Where from --- */

static _Atomic(const struct referrer_list *) referrers;

static void use_referrers(const char *deny)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX];
    struct referrer_list *list;

    cr_assert_eq(referrer_list_parse(&list, "list", referrer_list_builtin(), "deny",
                                     slice_of(deny), sentence),
                 0, "%s", sentence);
    atomic_store(&referrers, list);
    w.pipeline.referrers = &referrers;
}

static void drop_referrers(void)
{
    referrer_list_free((struct referrer_list *)(uintptr_t)atomic_load(&referrers));
}

Test(pipeline, a_view_that_comes_from_a_denied_host_is_suspect_and_counts_nowhere)
{
    start("[site a]\n");
    use_referrers("spam.example\n");
    cr_expect_eq(world_line(&w, "s=a&p=/&r=https://www.spam.example/x"), OUTCOME_SUSPECT);
    cr_expect_eq(world_line(&w, "s=a&p=/&r=https://google.com/"), OUTCOME_VIEW);
    cr_expect_eq(world_line(&w, "s=a&e=x&p=/&r=https://spam.example/"), OUTCOME_EVENT);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 1);
    drop_referrers();
    world_close(&w);
}

Test(pipeline, whatever_page_and_referrer_ask_nothing_of_the_heap)
{
    static const char *const from[] = {"https://www.google.com/search?q=x",
                                       "https://webmail.example.gov.vn/",
                                       "https://%C4%91.example.vn/",
                                       "android-app://com.zing.zalo/",
                                       "-",
                                       "",
                                       "https://a.b.c.d.e.f.g.h.example.co.uk/x/y/z"};
    static const char *const pages[] = {
        "https%3A%2F%2Fa.vn%2F%25C4%2591%2F..%2Fx%2Findex.html%3Fid%3D7%26utm_source%3Dz",
        "%2F%FF%0A", "about:blank", ""};
    char line[600];

    start("[site a]\nhosts = *.a.vn\npage_query = id\n");
    use_referrers("");
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 4; j++) {
            snprintf(line, sizeof line, "s=a&p=%s&r=%s&l=vi&w=1920", pages[j], from[i]);
            cr_expect_eq(send_from("https://a.a.vn", "https://a.a.vn/y", line),
                         OUTCOME_VIEW, "%s", line);
        }
    drop_referrers();
    world_close(&w);
}

/* --- What --- */

Test(pipeline, events_are_not_views_but_keep_a_visit_alive)
{
    start("[site a]\n");
    world_view(&w, "a", 1);
    for (int i = 0; i < 4; i++) {
        w.now = instant_after(w.now, 1200);
        cr_expect_eq(world_event(&w, "a", 1), OUTCOME_EVENT);
    }
    w.now = instant_after(w.now, 1200);
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VIEWS), 2);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 1);
    world_close(&w);
}

Test(pipeline, a_ping_keeps_a_visitor_online_and_opens_nothing)
{
    start("[site a]\n");
    cr_expect_eq(world_ping(&w, "a", 1), OUTCOME_PING);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_view(&w, "a", 1);
    for (int i = 0; i < 3; i++) {
        w.now = instant_after(w.now, 240);
        world_ping(&w, "a", 1);
        world_tick(&w);
        cr_expect_eq(world_online(&w, "a"), 1);
    }
    w.now = instant_after(w.now, 2400);
    world_ping(&w, "a", 1); /* too late: the visit is over */
    world_tick(&w);
    cr_expect_eq(world_online(&w, "a"), 0);
    world_view(&w, "a", 1);
    cr_expect_eq(metric(SPAN_TODAY, METRIC_VISITS), 2);
    world_close(&w);
}

Test(pipeline, what_a_turn_counted_is_in_the_next_answer)
{
    struct sender sender = {.trusted = true};

    start("[site a]\n");
    world_ticks(&w, 2); /* the keeper has scanned this slot */
    sender.address = address_of("10.0.0.1");
    pipeline_begin(&w.pipeline, w.now);
    (void)pipeline_line(&w.pipeline, SLICE("s=a&p=/"), &sender, NULL);
    cr_expect_eq(metric(SPAN_TOTAL, METRIC_VIEWS), 0, "the turn is not over");
    (void)pipeline_end(&w.pipeline);
    for (int span = 0; span < SPANS; span++) {
        uint64_t right =
            span != SPAN_YESTERDAY && span != SPAN_LAST_WEEK && span != SPAN_LAST_MONTH;

        for (int m = 0; m < METRIC_KINDS; m++)
            cr_expect_eq(metric((enum site_span)span, (enum metric)m), right, "%s %d",
                         site_span_name((enum site_span)span), m);
    }
    cr_expect_eq(world_online(&w, "a"), 1);
    world_close(&w);
}

Test(pipeline, a_turn_over_many_sites_adds_up_each)
{
    struct sender sender = {.trusted = true, .address = address_of("10.0.0.1")};
    char line[32];

    start("[site s0]\n[site s1]\n[site s2]\n[site s3]\n");
    pipeline_begin(&w.pipeline, w.now);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(line, sizeof line, "s=s%d&p=/", i % 4);
        cr_expect_eq(pipeline_line(&w.pipeline, slice_of(line), &sender, NULL),
                     OUTCOME_VIEW);
    }
    (void)pipeline_end(&w.pipeline);
    for (int i = 0; i < 4; i++) {
        (void)snprintf(line, sizeof line, "s%d", i);
        cr_expect_eq(world_metric(&w, line, SPAN_TODAY, METRIC_VIEWS), 25);
        cr_expect_eq(world_metric(&w, line, SPAN_TODAY, METRIC_VISITS), 1);
    }
    world_close(&w);
}

/* --- The heap, again --- */

Test(pipeline, the_way_of_a_line_asks_nothing_of_the_heap)
{
    static const char *const lines[] = {
        "s=a&p=/&i=10.0.0.%d", "s=a&k=ping&i=10.0.0.%d",      "s=a&e=x&i=10.0.0.%d",
        "s=b&p=/&_=%d",        "s=a&p=%%20%%41&t=x+y&w=12%d", "malformed%%%d",
    };
    struct sender sender = {.trusted = true, .address = address_of("10.0.0.1")};
    char line[128], origin[64];

    start("auto_sites = *.gov.vn\n[site a]\n");
    for (int i = 0; i < 600; i++) {
        (void)snprintf(line, sizeof line, lines[i % 6], i % 250);
        (void)snprintf(origin, sizeof origin, "https://h%d.gov.vn", i % 6);
        w.now = instant_after(w.now, 60);
        if (i % 4 == 0)
            world_tick(&w);
        heap_watch(true);
        pipeline_begin(&w.pipeline, w.now);
        (void)pipeline_line(&w.pipeline, slice_of(line), &sender, NULL);
        sender.origin = slice_of(origin);
        sender.http = true;
        (void)pipeline_line(&w.pipeline, SLICE("p=/"), &sender, NULL);
        (void)pipeline_end(&w.pipeline);
        heap_watch(false);
        sender.origin = (struct slice){NULL, 0};
        sender.http = false;
    }
    cr_expect_eq(heap_asked(), 0);
    cr_expect_gt(metric(SPAN_TOTAL, METRIC_VIEWS), 0);
    cr_expect_eq(registry_count(w.registry), 7);
    world_close(&w);
}

Test(pipeline, the_guard_of_the_heap_guards)
{
    void *volatile at;

    heap_watch(true);
    at = malloc(1);
    free(at);
    heap_watch(false);
    cr_expect_eq(heap_asked(), 2);
}
