/* Two nodes and a store in memory between them, without their threads. */
#include "keep/nodes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/site_inner.h"
#include "lib/town.h"

enum { NODES = 2, SITES_MAX = 2 };

static const char third_run[] = "c:0000000000000002";

struct shelf { /* what a Redis keeps of sheets */
    char bytes[NODES][SITES_MAX][SHEET_MAX];
    char site[NODES][SITES_MAX][64];
    size_t length[NODES][SITES_MAX];
    int64_t at[NODES][SITES_MAX], now_ms;
    bool here[NODES];
    int64_t gone_s;
    const char *name[NODES];
    unsigned puts, gets;
    /* One more run, which has saved a row of today and says nothing. */
    uint64_t third; /* its visitors; 0: there is none                   */
    int64_t third_silent_s;
    bool third_unlisted, own_unlisted;
    const char *third_name; /* NULL: c */
    int fails;              /* 0, or the code of each call */
};

struct view_of_shelf {
    struct store store;
    struct shelf *shelf;
    int node;
    bool closed;
};

static struct view_of_shelf *of(struct store *s)
{
    return (struct view_of_shelf *)s;
}

static int place_of(struct shelf *shelf, int node, struct slice site)
{
    for (int i = 0; i < SITES_MAX; i++)
        if (shelf->site[node][i][0] == '\0' ||
            slice_equal(slice_of(shelf->site[node][i]), site))
            return i;
    cr_assert_fail("too many sites");
    return 0;
}

static void run_name(const struct shelf *shelf, int node, char ret_run[96])
{
    snprintf(ret_run, 96, "%s:%016d", shelf->name[node], node);
}

static int put(struct store *s, const struct sheet_row *rows, size_t n, struct deadline d)
{
    struct shelf *shelf = of(s)->shelf;
    int node = of(s)->node;

    (void)d;
    for (size_t i = 0; i < n && shelf->fails == 0; i++) {
        int at = place_of(shelf, node, rows[i].site);

        snprintf(shelf->site[node][at], 64, "%.*s", (int)rows[i].site.length,
                 rows[i].site.at);
        memcpy(shelf->bytes[node][at], rows[i].bytes.at, rows[i].bytes.length);
        shelf->length[node][at] = rows[i].bytes.length;
        shelf->at[node][at] = ++shelf->now_ms;
        shelf->puts++;
    }
    return shelf->fails;
}

static int node_of_run(const struct shelf *shelf, struct slice run)
{
    char name[96];

    for (int i = 0; i < NODES; i++) {
        run_name(shelf, i, name);
        if (slice_equal(slice_of(name), run))
            return i;
    }
    return -1;
}

static int get(struct store *s, const struct sheet_row *places, size_t n,
               void (*sheet)(void *, size_t, struct slice), void *context,
               struct deadline d)
{
    struct shelf *shelf = of(s)->shelf;

    (void)d;
    for (size_t i = 0; i < n; i++) {
        int node = node_of_run(shelf, places[i].run);
        int at = place_of(shelf, node, places[i].site);

        shelf->gets++;
        sheet(context, i,
              (struct slice){shelf->bytes[node][at], shelf->length[node][at]});
    }
    return shelf->fails;
}

static int since(struct store *s, const char *run, int64_t from, unsigned limit,
                 void (*site)(void *, struct slice, int64_t), void *context,
                 struct deadline d)
{
    struct shelf *shelf = of(s)->shelf;
    int node;

    (void)limit;
    (void)d;
    if (strcmp(run, third_run) == 0)
        return shelf->fails;
    node = node_of_run(shelf, slice_of(run));
    for (int i = 0; i < SITES_MAX; i++)
        if (shelf->length[node][i] > 0 && shelf->at[node][i] >= from)
            site(context, slice_of(shelf->site[node][i]), shelf->at[node][i]);
    return shelf->fails;
}

static int nodes_of(struct store *s, unsigned limit,
                    void (*node)(void *, struct node_row *), void *context,
                    struct deadline d)
{
    struct shelf *shelf = of(s)->shelf;

    (void)limit;
    (void)d;
    for (int i = 0; i < NODES && shelf->fails == 0; i++) {
        if (i == of(s)->node && shelf->own_unlisted)
            continue;
        struct node_row row = {.wrote_s = shelf->here[i] ? 1000 : 1000 - shelf->gone_s,
                               .now_s = 1000,
                               .clock_ms = 1000000,
                               .seen_ms = 1000000,
                               .here = shelf->here[i],
                               .ours = i == of(s)->node};

        run_name(shelf, i, row.run);
        snprintf(row.node, sizeof row.node, "%s", shelf->name[i]);
        node(context, &row);
    }
    if (shelf->third > 0 && !shelf->third_unlisted && shelf->fails == 0) {
        struct node_row row = {.run = "c:0000000000000002",
                               .wrote_s = 1000 - shelf->third_silent_s,
                               .now_s = 1000,
                               .here = shelf->third_silent_s <= 3};

        snprintf(row.node, sizeof row.node, "%s",
                 shelf->third_name == NULL ? "c" : shelf->third_name);
        node(context, &row);
    }
    return shelf->fails;
}

static int rows(struct store *s, struct slice site, enum change_kind kind, int64_t number,
                void (*run)(void *, struct slice, uint64_t, bool), void *context,
                struct deadline d)
{
    const struct shelf *shelf = of(s)->shelf;

    (void)site, (void)number, (void)d;
    if (kind == CHANGE_DAY && shelf->third > 0 && shelf->fails == 0)
        run(context, slice_of(third_run), shelf->third, true);
    return shelf->fails;
}

static void shut(struct store *s)
{
    of(s)->closed = true;
}

static const struct store_ops ops = {.sheets_put = put,
                                     .sheets_get = get,
                                     .sheets_since = since,
                                     .nodes = nodes_of,
                                     .run_visitors = rows,
                                     .close = shut};

struct pair {
    struct shelf shelf;
    struct view_of_shelf store[NODES];
    struct town town[NODES];
    struct nodes *nodes[NODES];
};

static struct pair *pair_new(size_t memory)
{
    struct pair *p = calloc(1, sizeof *p);

    cr_assert_not_null(p);
    for (int i = 0; i < NODES; i++) {
        struct nodes_options options = {
            .store = &p->store[i].store, .memory = memory, .node = i == 0 ? "a" : "b"};

        town_init(&p->town[i], "[site demo]\ntimezone = UTC\n", TOWN_NOON);
        p->shelf.here[i] = true;
        p->shelf.name[i] = i == 0 ? "a" : "b";
        p->store[i] = (struct view_of_shelf){{&ops}, &p->shelf, i, false};
        options.registry = p->town[i].registry;
        options.clock = &p->town[i].clock;
        cr_assert_eq(nodes_new(&p->nodes[i], &options), 0);
    }
    return p;
}

static void pair_free(struct pair *p)
{
    for (int i = 0; i < NODES; i++) {
        nodes_free(p->nodes[i]);
        cr_expect(p->store[i].closed);
        town_release(&p->town[i]);
    }
    free(p);
}

static int rounds(struct pair *p, int n)
{
    int rv = 0;

    for (int i = 0; i < NODES * n; i++) {
        town_keep(&p->town[i % NODES]);
        rv = nodes_round(p->nodes[i % NODES], town_now(&p->town[i % NODES]),
                         deadline_in(1000));
    }
    return rv;
}

static uint64_t hour(struct pair *p, int node, enum metric metric)
{
    return site_metric(town_site(&p->town[node], "demo"), SPAN_LAST_HOUR, metric,
                       town_now(&p->town[node]));
}

static struct nodes_status status_of(struct pair *p, int node)
{
    static struct nodes_status status;

    nodes_status(p->nodes[node], &status);
    return status;
}

Test(nodes, each_has_the_sum_after_two_rounds)
{
    struct pair *p = pair_new(0);

    for (unsigned v = 1; v <= 30; v++)
        town_view(&p->town[v % 2], "demo", v);
    cr_assert_eq(rounds(p, 2), 0);
    for (int i = 0; i < NODES; i++) {
        cr_expect_eq(hour(p, i, METRIC_VIEWS), 30);
        cr_expect_eq(hour(p, i, METRIC_VISITORS), 30);
        cr_expect_eq(status_of(p, i).here, 2);
    }
    pair_free(p);
}

Test(nodes, who_has_nothing_new_to_say_says_nothing)
{
    struct pair *p = pair_new(0);
    unsigned puts, gets;

    town_view(&p->town[0], "demo", 1);
    cr_assert_eq(rounds(p, 3), 0);
    puts = p->shelf.puts;
    gets = p->shelf.gets;
    cr_assert_eq(rounds(p, 20), 0);
    cr_expect_eq(p->shelf.puts, puts);
    cr_expect_leq(p->shelf.gets - gets, 40, "the last two seconds are asked for again");
    pair_free(p);
}

/* A connection that stays says nothing of it. */
Test(nodes, what_an_emptied_store_had_is_said_again)
{
    struct pair *p = pair_new(0);
    unsigned puts;

    for (unsigned v = 1; v <= 10; v++)
        town_view(&p->town[0], "demo", v);
    cr_assert_eq(rounds(p, 3), 0);
    puts = p->shelf.puts;
    memset(p->shelf.length, 0, sizeof p->shelf.length);
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_geq(p->shelf.puts, puts + 1);
    cr_expect_gt(p->shelf.length[0][0], 0);
    puts = p->shelf.puts;
    cr_assert_eq(rounds(p, 5), 0);
    cr_expect_eq(p->shelf.puts, puts, "once");
    pair_free(p);
}

Test(nodes, a_store_that_is_away_takes_nothing_from_readers)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    p->shelf.fails = ERR_IO;
    town_view(&p->town[1], "demo", 3);
    cr_expect_eq(rounds(p, 3), ERR_IO);
    cr_expect_eq(status_of(p, 0).error, ERR_IO);
    cr_expect_eq(hour(p, 0, METRIC_VIEWS), 2);
    p->shelf.fails = 0;
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(hour(p, 0, METRIC_VIEWS), 3);
    pair_free(p);
}

/* As the reader brings it from the store: what node 1 has saved of today. */
static void bring_rows(struct pair *p, uint64_t views)
{
    struct site *site = town_site(&p->town[0], "demo");
    const uint64_t other[METRIC_KINDS] = {views, views, views}, none[METRIC_KINDS] = {0};
    int64_t day = instant_seconds(town_now(&p->town[0])) / 86400;

    site_peers_set_live(site, PERIOD_DAY, day, views, true);
    site_set_day(site, day, other, none);
}

static void yesterday_is(struct pair *p, uint64_t visitors)
{
    town_wait(&p->town[0], 86400);
    cr_expect_eq(site_metric(town_site(&p->town[0], "demo"), SPAN_YESTERDAY,
                             METRIC_VISITORS, town_now(&p->town[0])),
                 visitors);
}

static uint64_t today(struct pair *p)
{
    return site_metric(town_site(&p->town[0], "demo"), SPAN_TODAY, METRIC_VISITORS,
                       town_now(&p->town[0]));
}

Test(nodes, a_day_that_nobody_asked_for_since_is_whole_when_it_is_over)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(today(p), 2);
    for (unsigned v = 3; v <= 12; v++)
        town_view(&p->town[v % 2], "demo", v);
    cr_assert_eq(rounds(p, 2), 0);
    bring_rows(p, 6);
    yesterday_is(p, 12);
    pair_free(p);
}

Test(nodes, a_day_whose_end_the_store_missed_has_what_came_here)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    bring_rows(p, 1);
    cr_expect_eq(today(p), 2);
    p->shelf.fails = ERR_IO;
    for (unsigned v = 3; v <= 12; v++)
        town_view(&p->town[0], "demo", v);
    cr_assert_eq(rounds(p, 2), ERR_IO);
    yesterday_is(p, 12);
    pair_free(p);
}

/* Rows are saved by another thread than sheets are: of a run that is here the first sheet is
 * a moment away, and it may have the same visitors. */
Test(nodes, a_run_whose_sheet_is_still_to_come_is_not_a_sum)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    town_view(&p->town[1], "demo", 2);
    p->shelf.third = 5;
    p->shelf.third_unlisted = true; /* saved just now: the roll has it next time */
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(today(p), 2);
    p->shelf.third_unlisted = false;
    for (int i = 0; i < 2; i++) {
        p->shelf.third_silent_s = i * 9;
        town_view(&p->town[1], "demo", 3 + (unsigned)i);
        cr_assert_eq(rounds(p, 2), 0);
        cr_expect_eq(today(p), 3 + (unsigned)i);
    }
    pair_free(p);
}

/* Killed a moment ago, with its arena: it says nothing more, and it was us. The roll has us
 * only once something is saved. */
Test(nodes, what_we_were_a_moment_ago_counts_by_its_row)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    p->shelf.own_unlisted = true;
    p->shelf.third = 5;
    p->shelf.third_name = "a";
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(today(p), 6);
    pair_free(p);
}

/* It was killed before it said anything: its row is all there is. */
Test(nodes, a_run_that_went_without_a_sheet_counts_by_its_row)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[0], "demo", 1);
    town_view(&p->town[1], "demo", 2);
    p->shelf.third = 5;
    p->shelf.third_silent_s = 11;
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(today(p), 7);
    pair_free(p);
}

Test(nodes, a_sheet_that_is_none_leaves_the_one_before)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    memset(p->shelf.bytes[1][0], 'x', 100);
    p->shelf.at[1][0] = ++p->shelf.now_ms;
    town_keep(&p->town[0]);
    cr_assert_eq(nodes_round(p->nodes[0], town_now(&p->town[0]), deadline_in(1000)), 0);
    cr_expect_eq(status_of(p, 0).refused, 1);
    cr_expect_eq(hour(p, 0, METRIC_VIEWS), 1);
    pair_free(p);
}

Test(nodes, memory_for_sheets_has_an_end)
{
    struct pair *p = pair_new(100); /* less than one sheet */

    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_geq(status_of(p, 0).refused, 1);
    cr_expect_eq(hour(p, 0, METRIC_VIEWS), 0);
    pair_free(p);
}

Test(nodes, a_run_that_left_is_not_here_and_fades)
{
    struct pair *p = pair_new(0);

    town_view(&p->town[1], "demo", 2);
    cr_assert_eq(rounds(p, 2), 0);
    p->shelf.here[1] = false;
    p->shelf.gone_s = 100;
    cr_assert_eq(nodes_round(p->nodes[0], town_now(&p->town[0]), deadline_in(1000)), 0);
    cr_expect_eq(status_of(p, 0).here, 1);
    town_wait(&p->town[0], 3700);
    cr_expect_eq(hour(p, 0, METRIC_VIEWS), 0);
    pair_free(p);
}

Test(nodes, who_counts_alone_says_nothing_until_somebody_comes)
{
    struct pair *p = pair_new(0);

    p->shelf.here[1] = false;
    p->shelf.gone_s = 700;
    for (unsigned v = 1; v <= 5; v++) {
        town_view(&p->town[0], "demo", v);
        town_keep(&p->town[0]);
        cr_assert_eq(nodes_round(p->nodes[0], town_now(&p->town[0]), deadline_in(1000)),
                     0);
    }
    cr_expect_eq(p->shelf.puts, 0);
    p->shelf.here[1] = true;
    cr_assert_eq(rounds(p, 2), 0);
    cr_expect_eq(hour(p, 1, METRIC_VIEWS), 5);
    pair_free(p);
}
