/* What is known by heart counts as what is looked up: the same lines in two worlds, in one of
 * which nothing is ever known by heart, through days, purges, lists and databases that are
 * swapped, and floods that take the notes away. */
#include "pipeline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/top_sum.h"
#include "lib/mmdb.h"
#include "lib/repeat.h"
#include "lib/world.h"

enum { LISTS = 2, TURN_MAX = 40, VISITORS = 60, PAGES = 80 };

static const char config[] = "[site a]\ntimezone = UTC\nany_host = yes\npages = 100\n"
                             "[site b]\ntimezone = UTC\nany_host = yes\n";
static const char *const AGENTS[] = {
    "",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Own/1.0"};
static const char *const REFERRERS[] = {"",
                                        "https://www.google.com/",
                                        "https://a.example/tin-tuc",
                                        "https://b.example/x",
                                        "android-app://com.zing.zalo/",
                                        "not a host"};
static const char *const LANGUAGES[] = {"", "vi", "vi-VN", "en-US", "km"};

#define COUNT(list) (sizeof list / sizeof list[0])

static struct world worlds[2]; /* the second one knows nothing by heart */
static struct agents *agents[LISTS];
static _Atomic(const struct agents *) asked;
static struct atlas atlases[LISTS];
static _Atomic(const struct atlas *) where;
static struct referrer_list *own_list;
static _Atomic(const struct referrer_list *) referrers;
static uint64_t state;

/* --- Two worlds --- */

/* Built in, and a list that tells all of it another way. */
static void open_agents(void)
{
    static const struct slice lists[LISTS][2] = {
        {{"", 0}, {"", 0}},
        {[AGENT_LIST_AGENTS] = SLICE("luot-list agents 1\nbrowser\tAny\t\tMozilla\n"),
         [AGENT_LIST_BOTS] = SLICE("luot-list bots 1\nbot\tOwn\t\tOwn/\n")}};
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;

    for (int i = 0; i < LISTS; i++)
        cr_assert_eq(agents_new(&agents[i], lists[i], 2, &wrong, trouble), 0, "%s",
                     trouble);
    atomic_store(&asked, agents[0]);
}

static void open_atlases(void)
{
    static const struct mmdb_network NETWORKS[LISTS][2] = {
        {{"113.160.0.0/11", "VN", "HN"}, {"2001:ee0::/32", "VN", NULL}},
        {{"113.160.0.0/11", "KH", NULL}, {"2001:ee0::/32", "LA", NULL}}};
    struct mmdb_options o = {
        .schema = MMDB_NESTED, .ip_version = 6, .record_size = 24, .type = "Test"};
    char sentence[GEO_SENTENCE];
    size_t length;

    for (int i = 0; i < LISTS; i++) {
        char *bytes = mmdb_write(NETWORKS[i], 2, &o, &length);

        cr_assert_eq(geo_from_memory(&atlases[i].geo, (struct slice){bytes, length},
                                     "test", sentence),
                     0, "%s", sentence);
        atlases[i].id = (uint64_t)i + 1;
        free(bytes);
    }
    atomic_store(&where, &atlases[0]);
}

static void start(uint64_t seed)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX];

    state = seed;
    for (int i = 0; i < 2; i++)
        world_open(&worlds[i], 4, config, world_time("2026-11-25 21:00:00"));
    open_agents();
    open_atlases();
    cr_assert_eq(referrer_list_parse(&own_list, "list", referrer_list_builtin(), "deny",
                                     SLICE("denied.example\n"), sentence),
                 0, "%s", sentence);
    atomic_store(&referrers, own_list);
    for (unsigned i = 0; i < 2; i++) {
        struct pipeline *p = &worlds[i].pipeline;

        pipeline_use_agents(p, &asked, i);
        p->atlas = &where;
        p->referrers = &referrers;
        world_ticks(&worlds[i], 3);
    }
    for (int i = 0; i < 4; i++)
        worlds[1].pipeline.lane[i].regulars = NULL;
}

static void stop(void)
{
    for (int i = 0; i < 2; i++) {
        world_close(&worlds[i]);
        agents_free(agents[i]);
        geo_free(atlases[i].geo);
    }
    referrer_list_free(own_list);
}

/* --- One line for both --- */

struct line {
    struct sender sender;
    char text[1024];
};

static unsigned below(unsigned n)
{
    return (unsigned)random_below(&state, n);
}

/* What a visitor brings each time; seldom another agent, or no language. */
static size_t write_visitor(char *to, unsigned visitor)
{
    unsigned agent = visitor + (below(20) == 0);
    size_t n = visitor % 3 == 0
                   ? (size_t)sprintf(to, "&i=2001:ee0:1:%x::%x", visitor, below(3))
                   : (size_t)sprintf(to, "&i=%u.160.1.%u", 112 + visitor % 4, visitor);

    n += (size_t)sprintf(to + n, "&u=%s", AGENTS[agent % COUNT(AGENTS)]);
    if (below(20) > 0)
        n += (size_t)sprintf(to + n, "&l=%s", LANGUAGES[visitor % COUNT(LANGUAGES)]);
    return n + (size_t)sprintf(to + n, "&w=%u", (visitor + (below(20) == 0)) % 7 * 300);
}

static size_t write_page(char *to, unsigned page)
{
    static const char *const FORMS[] = {"&p=/trang/%u",
                                        "&p=https://b.example/trang/%u",
                                        "&p=/trang/%u?id=7",
                                        "&p=/t/%u?utm_source=zalo",
                                        "&p=trang-%u",
                                        "&p=//x//%u/index.html",
                                        "&p=https://b.example/",
                                        "&p=%%2Ftrang%%2F%u",
                                        "&p=https%%3A//b.example/trang/%u"};

    return (size_t)sprintf(to, FORMS[page % COUNT(FORMS)], page);
}

/* Many names, which take notes away: of another site, and events of this one until rows of
 * these have to go. */
static void make_flood(struct line *l)
{
    if (below(2) == 0)
        sprintf(l->text, "s=b&p=/%u&i=10.1.%u.%u&u=Mozilla", below(2500), below(200),
                below(200));
    else
        sprintf(l->text, "s=a&e=e%u&i=10.0.0.1&u=Mozilla", below(4000));
}

/* What ends unread, and a log line, for which a group does not wait. */
static void make_junk(struct line *l)
{
    static const char log[] = "<190>b: 10.1.1.1 - - [25/Nov/2026:21:00:00 +0000] "
                              "\"GET / HTTP/1.1\" 200 1 \"-\" \"Mozilla\"";
    const char *const JUNK[] = {"s=zz&p=/", "s=a&p=%zz", "s=a&k=off", "", log};

    sprintf(l->text, "%s", JUNK[below(COUNT(JUNK))]);
}

static void make_line(struct line *l)
{
    unsigned visitor = below(VISITORS), kind = below(20);
    char *to = l->text;

    *l = (struct line){.sender = {.trusted = true, .nobody = true}};
    (void)address_parse(&l->sender.address, SLICE("127.0.0.1"));
    if (below(30) == 0) {
        make_junk(l);
        return;
    }
    if (kind < 12) {
        make_flood(l);
        return;
    }
    to += sprintf(to, "s=a");
    if (kind > 12) /* else the Referer header says which */
        to += write_page(to, below(PAGES));
    to += sprintf(to, "&r=%s", REFERRERS[below(COUNT(REFERRERS))]);
    to += write_visitor(to, visitor);
    if (kind == 19)
        sprintf(to, "&k=ping");
    if (kind < 15) { /* a browser */
        l->sender.http = true;
        l->sender.anonymous = visitor % 5 == 0;
        l->sender.origin = below(2) == 0 ? SLICE("https://a.example") : SLICE("");
        l->sender.referer = below(2) == 0   ? SLICE("https://a.example/tu/referer")
                            : below(2) == 0 ? SLICE("https://b.example/")
                                            : SLICE("https://b.example/khac");
        l->sender.accept_language = SLICE("fr-FR,fr;q=0.9");
    }
}

static void expect_same_outcomes(void)
{
    struct metrics_total total[2];

    for (int w = 0; w < 2; w++)
        metrics_sum(&worlds[w].row, 1, &total[w]);
    cr_assert_eq(total[0].received, total[1].received);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        cr_assert_eq(metrics_of_outcome(&total[0], (enum outcome)i),
                     metrics_of_outcome(&total[1], (enum outcome)i), "%s",
                     outcome_word((enum outcome)i));
}

/* As datagrams of some lines each, with what browsers send between them. */
static void send_side_by_side(struct pipeline *p, const struct line *lines, unsigned n)
{
    static char
        bytes[TURN_MAX * sizeof lines->text]; /* that stay while the turn goes on */
    char *to = bytes;

    for (unsigned i = 0; i < n;) {
        unsigned until = i + 1 + below(7);
        struct slice datagram = {to, 0};

        if (lines[i].sender.http) {
            (void)pipeline_line(p, slice_of(lines[i].text), &lines[i].sender, NULL);
            i++;
            continue;
        }
        for (; i < n && i < until && !lines[i].sender.http; i++)
            to += sprintf(to, "%s\n", lines[i].text);
        datagram.length = (size_t)(to - datagram.at);
        pipeline_datagram(p, datagram, &lines[i - 1].sender.address);
    }
}

static void send_turn_side_by_side(void)
{
    static struct line lines[TURN_MAX];
    unsigned n = 1 + below(TURN_MAX);

    for (unsigned i = 0; i < n; i++)
        make_line(&lines[i]);
    for (int w = 0; w < 2; w++) {
        struct pipeline *p = &worlds[w].pipeline;

        pipeline_begin(p, worlds[w].now);
        if (w == 0)
            send_side_by_side(p, lines, n);
        for (unsigned i = 0; i < n && w == 1; i++)
            (void)pipeline_line(p, slice_of(lines[i].text), &lines[i].sender, NULL);
        (void)pipeline_end(p);
    }
    expect_same_outcomes();
}

static void send_turn(void)
{
    static struct line lines[TURN_MAX];
    unsigned n = 1 + below(TURN_MAX);
    enum outcome outcome[TURN_MAX];

    for (unsigned i = 0; i < n; i++)
        make_line(&lines[i]);
    for (int w = 0; w < 2; w++) {
        struct pipeline *p = &worlds[w].pipeline;

        pipeline_begin(p, worlds[w].now);
        for (unsigned i = 0; i < n; i++) {
            enum outcome was =
                pipeline_line(p, slice_of(lines[i].text), &lines[i].sender, NULL);

            if (w == 0)
                outcome[i] = was;
            cr_assert_eq(was, outcome[i], "%s", lines[i].text);
        }
        (void)pipeline_end(p);
    }
}

/* Time goes on: mostly within a slot, sometimes until visits are over. */
static void go_on(void)
{
    int64_t seconds = below(100) == 0 ? 1900 : below(4) == 0 ? 12 : 0;
    bool forgets = below(40) == 0; /* what luotd does each second */

    for (int w = 0; w < 2; w++) {
        worlds[w].now = instant_after(worlds[w].now, seconds);
        world_ticks(&worlds[w], 1);
        if (seconds > 12)
            world_ticks(&worlds[w], 8);
        if (forgets)
            pipeline_forget(&worlds[w].pipeline, worlds[w].now);
    }
    if (below(100) == 0)
        atomic_store(&asked, agents[below(LISTS)]);
    if (below(100) == 0)
        atomic_store(&where, &atlases[below(LISTS)]);
}

/* --- Compared --- */

static void read_top(struct top_sum *sum, int w, enum dimension d, int64_t day)
{
    top_sum_init(sum);
    (void)top_sum_live(sum, world_site(&worlds[w], "a"), d, day);
    top_sum_finish(sum, 4096);
}

static uint64_t compare_top(enum dimension d, int64_t day)
{
    struct top_sum sum[2];
    uint64_t total[2];

    for (int w = 0; w < 2; w++) {
        read_top(&sum[w], w, d, day);
        total[w] = sum[w].other;
        for (size_t i = 0; i < sum[w].rows; i++)
            total[w] += sum[w].row[i].views;
    }
    cr_expect_eq(total[0], total[1], "%s: %llu, %llu", dimension_word(d),
                 (unsigned long long)total[0], (unsigned long long)total[1]);
    if (d != DIM_EVENTS)
        cr_assert_eq(sum[0].rows, sum[1].rows, "%s", dimension_word(d));
    for (size_t i = 0; d != DIM_EVENTS && i < sum[0].rows; i++) {
        struct slice key = top_sum_key(&sum[0], &sum[0].row[i]);
        size_t j = 0;

        while (j < sum[1].rows && !slice_equal(key, top_sum_key(&sum[1], &sum[1].row[j])))
            j++;
        cr_assert_lt(j, sum[1].rows, "%s %.*s", dimension_word(d), (int)key.length,
                     key.at);
        cr_expect_eq(sum[0].row[i].views, sum[1].row[j].views, "%s %.*s: %llu, %llu",
                     dimension_word(d), (int)key.length, key.at,
                     (unsigned long long)sum[0].row[i].views,
                     (unsigned long long)sum[1].row[j].views);
        cr_expect_eq(sum[0].row[i].visitors, sum[1].row[j].visitors, "%s %.*s",
                     dimension_word(d), (int)key.length, key.at);
    }
    for (int w = 0; w < 2; w++)
        top_sum_release(&sum[w]);
    return total[0];
}

static void compare_pages(int64_t day)
{
    const struct pages_table *t[2] = {site_pages(world_site(&worlds[0], "a")),
                                      site_pages(world_site(&worlds[1], "a"))};
    struct page_numbers n[2] = {{0}};
    char page[32];

    for (unsigned i = 0; i < PAGES; i++) {
        snprintf(page, sizeof page, "/trang/%u", i);
        for (int w = 0; w < 2; w++)
            (void)pages_get(t[w], slice_of(page), day, &n[w]);
        cr_expect_eq(n[0].views, n[1].views, "%s", page);
        cr_expect_eq(n[0].today, n[1].today, "%s", page);
    }
    cr_expect_eq(pages_overflow(t[0]), pages_overflow(t[1]));
}

static void compare(void)
{
    int64_t day = instant_seconds(worlds[0].now) / 86400;

    for (int64_t d = day - 1; d <= day; d++)
        for (int dim = 0; dim < DIMENSIONS; dim++)
            (void)compare_top((enum dimension)dim, d);
    compare_pages(day);
    for (int m = 0; m < METRIC_KINDS; m++)
        cr_expect_eq(world_metric(&worlds[0], "a", SPAN_TODAY, (enum metric)m),
                     world_metric(&worlds[1], "a", SPAN_TODAY, (enum metric)m));
}

static unsigned regulars_known(void)
{
    const struct regular *at = worlds[0].pipeline.regulars->regular[0];
    unsigned n = 0;

    for (size_t i = 0; i < REGULARS; i++)
        n += at[i].rows > 0;
    return n;
}

Test(pipeline_view, what_is_known_by_heart_counts_as_what_is_looked_up)
{
    unsigned most = 0;

    for (uint64_t seed = 1; seed <= number_from("SEEDS", 4); seed++) {
        start(seed);
        for (unsigned turn = 0; turn < number_from("TURNS", 3000); turn++) {
            send_turn();
            most = regulars_known() > most ? regulars_known() : most;
            go_on();
            if (turn % 100 == 99)
                compare();
        }
        compare();
        stop();
    }
    cr_expect_gt(most, VISITORS, "the test is about something");
}

Test(pipeline_view, lines_side_by_side_count_as_lines_alone)
{
    start(9);
    for (unsigned turn = 0; turn < number_from("TURNS", 3000); turn++) {
        send_turn_side_by_side();
        go_on();
        if (turn % 100 == 99)
            compare();
    }
    compare();
    stop();
}

Test(pipeline_view, marks_of_people_are_gone_with_their_quarter_hour)
{
    start(1);
    for (int i = 0; i < 50; i++)
        send_turn();
    cr_expect_gt(regulars_known(), 0);
    worlds[0].now = instant_after(worlds[0].now, 900);
    pipeline_forget(&worlds[0].pipeline, worlds[0].now);
    cr_expect_eq(regulars_known(), 0);
    stop();
}
