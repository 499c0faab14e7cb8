#include "count/site_peers.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/site_inner.h"
#include "lib/repeat.h"
#include "lib/town.h"

enum { TOWNS = 3 };

static const char config[] = "[site demo]\ntimezone = UTC\n";

struct land { /* some nodes, and what each said last */
    struct town town[TOWNS];
    struct site *site[TOWNS];
    _Atomic int64_t heard[TOWNS];
    char said[TOWNS][SHEET_MAX];
    size_t length[TOWNS];
    unsigned refused;
};

static struct land *land_new(bool share)
{
    struct land *l = calloc(1, sizeof *l);

    cr_assert_not_null(l);
    for (int i = 0; i < TOWNS; i++) {
        town_init(&l->town[i], config, TOWN_NOON);
        l->site[i] = town_site(&l->town[i], "demo");
        for (int k = 0; share && k < SITE_KEYS; k++)
            l->site[i]->block->keys[k].key = l->site[0]->block->keys[k].key;
    }
    return l;
}

static void land_free(struct land *l)
{
    for (int i = 0; i < TOWNS; i++) {
        site_peers_free(site_peers_install(l->site[i], NULL));
        town_release(&l->town[i]);
    }
    free(l);
}

static void views(struct land *l, int town, unsigned from, unsigned until)
{
    for (unsigned v = from; v < until; v++) {
        town_view(&l->town[town], "demo", v);
        if (v % 32 == 0) /* tables grow ahead of need */
            town_keep(&l->town[town]);
    }
    town_keep(&l->town[town]);
}

static void say(struct land *l, int town)
{
    struct sheet_work *work = malloc(sizeof *work);
    struct buffer out;

    cr_assert_not_null(work);
    buffer_init(&out, l->said[town], SHEET_MAX);
    cr_assert_eq(site_sheet(l->site[town], town_now(&l->town[town]), work, &out), 0);
    l->length[town] = out.length;
    l->heard[town] = instant_slot(town_now(&l->town[town]));
    free(work);
}

/* Everybody says, and node `to` hears the others. */
static void tell(struct land *l, int to, const struct peers_rest *rest)
{
    static const struct peers_rest none[SHEET_PERIODS];
    struct sheet_bytes sheet[TOWNS];
    struct site_peers *p;
    size_t n = 0;

    for (int i = 0; i < TOWNS; i++)
        if (i != to)
            sheet[n++] = (struct sheet_bytes){{l->said[i], l->length[i]}, &l->heard[i]};
    p = site_peers_new(sheet, n, rest == NULL ? none : rest, &l->refused);
    cr_assert_not_null(p);
    site_peers_join(p, l->site[to], town_now(&l->town[to]));
    site_peers_free(site_peers_install(l->site[to], p));
}

static void tell_all(struct land *l)
{
    for (int i = 0; i < TOWNS; i++)
        say(l, i);
    for (int i = 0; i < TOWNS; i++)
        tell(l, i, NULL);
}

static struct site_numbers ask(const struct land *l, int town, enum site_span span)
{
    struct site_numbers n;

    site_span(l->site[town], span, town_now(&l->town[town]), &n);
    return n;
}

static const enum site_span spans[] = {SPAN_LAST_HOUR, SPAN_LAST_24H, SPAN_LAST_7D,
                                       SPAN_TODAY,     SPAN_WEEK,     SPAN_MONTH};
enum { SPANS_ASKED = sizeof spans / sizeof spans[0] };

Test(site_peers, one_key_makes_a_union_that_is_exact)
{
    struct land *l = land_new(true);

    views(l, 0, 1, 21);
    views(l, 1, 11, 31);
    views(l, 2, 1, 31);
    tell_all(l);
    for (int i = 0; i < TOWNS; i++) {
        cr_expect_eq(site_online(l->site[i], town_now(&l->town[i])).visitors, 30);
        for (int s = 0; s < SPANS_ASKED; s++) {
            struct site_numbers n = ask(l, i, spans[s]);
            cr_expect_eq(n.metric[METRIC_VISITORS], 30, "%s", site_span_name(spans[s]));
            cr_expect(n.exact && n.deduplicated && n.error == 0);
        }
        cr_expect_eq(ask(l, i, SPAN_LAST_HOUR).metric[METRIC_VIEWS], 70);
    }
    land_free(l);
}

Test(site_peers, who_comes_over_is_at_no_moment_two)
{
    struct land *l = land_new(true);

    views(l, 1, 1, 11);
    tell_all(l);
    for (unsigned v = 1; v <= 10; v++) {
        views(l, 0, v, v + 1);
        cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 10);
        cr_expect_eq(site_online(l->site[0], town_now(&l->town[0])).visitors, 10);
    }
    views(l, 0, 50, 51);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 11);
    land_free(l);
}

Test(site_peers, keys_that_differ_make_a_sum_that_says_so)
{
    struct land *l = land_new(false);

    views(l, 0, 1, 21);
    views(l, 1, 1, 21);
    tell_all(l);
    for (int s = 0; s < SPANS_ASKED; s++) {
        struct site_numbers n = ask(l, 0, spans[s]);
        cr_expect_eq(n.metric[METRIC_VISITORS], 40, "%s", site_span_name(spans[s]));
        cr_expect(n.exact && !n.deduplicated);
    }
    land_free(l);
}

Test(site_peers, many_visitors_come_as_sketches_within_their_error)
{
    struct land *l = land_new(true);
    struct site_numbers n;
    double off;

    views(l, 0, 1, 3001);
    views(l, 1, 1501, 4501);
    views(l, 2, 3001, 6001);
    tell_all(l);
    n = ask(l, 0, SPAN_TODAY);
    off = fabs((double)n.metric[METRIC_VISITORS] - 6000) / 6000;
    cr_expect(off < 4 * n.error, "%llu of 6000",
              (unsigned long long)n.metric[METRIC_VISITORS]);
    cr_expect(!n.exact && n.deduplicated && n.error > 0.008 && n.error < 0.0125);
    land_free(l);
}

Test(site_peers, what_was_answered_of_today_is_not_taken_back)
{
    struct land *l = land_new(true);

    views(l, 0, 1, 11);
    views(l, 1, 1, 11);
    tell_all(l);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 10);
    views(l, 1, 11, 21);
    tell_all(l);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 20);
    l->length[1] = l->length[2]; /* its sheet is lost */
    memcpy(l->said[1], l->said[2], l->length[2]);
    tell(l, 0, NULL);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 20);
    land_free(l);
}

Test(site_peers, a_run_without_a_sheet_counts_by_its_rows_and_once)
{
    struct land *l = land_new(true);
    struct peers_rest rest[SHEET_PERIODS] = {0};
    const uint64_t other[METRIC_KINDS] = {30, 20, 10}, none[METRIC_KINDS] = {0};
    int64_t day = instant_seconds(town_now(&l->town[0])) / 86400;

    views(l, 0, 1, 11);
    views(l, 1, 1, 6);
    for (int i = 0; i < TOWNS; i++)
        say(l, i);
    /* The store's row: five of node 1, which has a sheet, five of one that has none. */
    site_set_day(l->site[0], day, other, none);
    site_peers_set_live(l->site[0], PERIOD_DAY, day, 10, true);
    rest[0] = (struct peers_rest){.number = day, .visitors = 5, .exact = true};
    tell(l, 0, rest);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 15);
    cr_expect(!ask(l, 0, SPAN_TODAY).deduplicated);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VIEWS], 40);
    land_free(l);
}

/* What was answered while node 1's sheet was still to come is no number to keep; and what
 * was known better is not given up for a sum. */
Test(site_peers, a_sum_is_not_the_most_that_is_known)
{
    struct land *l = land_new(true);
    struct peers_rest rest[SHEET_PERIODS] = {0};
    int64_t day = instant_seconds(town_now(&l->town[0])) / 86400;
    struct site_numbers n;

    views(l, 0, 1, 11);
    for (int i = 0; i < TOWNS; i++)
        say(l, i);
    rest[0] = (struct peers_rest){.number = day, .exact = true, .awaits = true};
    tell(l, 0, rest);
    n = ask(l, 0, SPAN_TODAY);
    cr_expect_eq(n.metric[METRIC_VISITORS], 10);
    cr_expect(!n.deduplicated && !n.exact);
    rest[0] = (struct peers_rest){.number = day, .visitors = 6, .exact = true};
    tell(l, 0, rest);
    n = ask(l, 0, SPAN_TODAY);
    cr_expect_eq(n.metric[METRIC_VISITORS], 16);
    cr_expect(!n.deduplicated);
    views(l, 1, 6, 12);
    tell_all(l);
    n = ask(l, 0, SPAN_TODAY);
    cr_expect_eq(n.metric[METRIC_VISITORS], 11);
    cr_expect(n.deduplicated && n.exact);
    tell(l, 0, rest);
    cr_expect_not(ask(l, 0, SPAN_TODAY).deduplicated);
    tell_all(l);
    n = ask(l, 0, SPAN_TODAY);
    cr_expect_eq(n.metric[METRIC_VISITORS], 11);
    cr_expect(n.deduplicated);
    land_free(l);
}

Test(site_peers, a_day_that_several_runs_counted_is_a_sum_and_says_so)
{
    struct land *l = land_new(true);
    const uint64_t other[METRIC_KINDS] = {30, 20, 10}, none[METRIC_KINDS] = {0};
    int64_t day = instant_seconds(town_now(&l->town[0])) / 86400 - 1;

    for (int once = 0; once < 2; once++) {
        site_peers_set_live(l->site[0], PERIOD_DAY, day, 10, once);
        site_set_day(l->site[0], day, other, none);
        cr_expect_eq(ask(l, 0, SPAN_YESTERDAY).metric[METRIC_VISITORS], 10);
        cr_expect_eq(ask(l, 0, SPAN_YESTERDAY).deduplicated, once);
    }
    land_free(l);
}

Test(site_peers, a_silent_run_fades_and_is_never_more_than_the_truth)
{
    struct land *l = land_new(true);
    uint64_t before = UINT64_MAX;

    views(l, 1, 1, 101);
    town_wait(&l->town[1], 1800);
    views(l, 1, 101, 201);
    town_wait(&l->town[0], 1800);
    tell_all(l);
    cr_expect_eq(ask(l, 0, SPAN_LAST_HOUR).metric[METRIC_VIEWS], 200);
    for (int minutes = 0; minutes < 80; minutes += 5) {
        uint64_t n = ask(l, 0, SPAN_LAST_HOUR).metric[METRIC_VIEWS];
        uint64_t truth = minutes < 30 ? 200 : minutes < 60 ? 100 : 0;
        cr_expect(n <= before && n <= truth, "%llu after %d min", (unsigned long long)n,
                  minutes);
        cr_expect(ask(l, 0, SPAN_LAST_HOUR).metric[METRIC_VISITORS] <= truth);
        before = n;
        town_wait(&l->town[0], 300);
    }
    cr_expect_eq(before, 0);
    cr_expect_eq(ask(l, 0, SPAN_LAST_24H).metric[METRIC_VISITORS], 200);
    cr_expect_eq(ask(l, 0, SPAN_LAST_24H).metric[METRIC_VIEWS], 200);
    land_free(l);
}

Test(site_peers, a_sheet_is_small_and_what_readers_hold_is_bounded)
{
    struct land *l = land_new(true);

    views(l, 1, 1, 20001);
    tell_all(l);
    cr_expect(l->length[1] <= SHEET_MAX);
    cr_expect(l->length[1] > 36000, "three sketches and the newest words");
    cr_expect(atomic_load(&l->site[0]->peers)->bytes <
              sizeof(struct site_peers) +
                  TOWNS * (sizeof(struct peer) + SHEET_KEYS * SHEET_WORDS * 12));
    cr_expect_geq(site_online(l->site[0], town_now(&l->town[0])).visitors, 20000);
    land_free(l);
}

/* --- Sheets that are none --- */

static int parse(struct slice bytes)
{
    static uint64_t word[SHEET_KEYS * SHEET_WORDS];
    char *exact = malloc(bytes.length == 0 ? 1 : bytes.length);
    struct sheet sheet;
    int rv;

    memcpy(exact, bytes.at, bytes.length);
    rv = sheet_parse(&sheet, (struct slice){exact, bytes.length}, word,
                     SHEET_KEYS * SHEET_WORDS);
    free(exact);
    return rv;
}

Test(site_peers, a_sheet_that_was_cut_is_none)
{
    struct land *l = land_new(true);

    views(l, 0, 1, 51);
    say(l, 0);
    cr_assert_eq(parse((struct slice){l->said[0], l->length[0]}), 0);
    for (size_t n = 0; n < l->length[0]; n++)
        cr_expect_neq(parse((struct slice){l->said[0], n}), 0, "%zu", n);
    land_free(l);
}

Test(site_peers, garbage_giants_and_other_versions_are_refused)
{
    static char giant[SHEET_MAX + 4096];
    struct land *l = land_new(true);

    views(l, 1, 1, 51);
    say(l, 0);
    say(l, 1);
    say(l, 2);
    memset(giant, '7', sizeof giant);
    cr_expect_eq(parse((struct slice){giant, sizeof giant}), ERR_MALFORMED);
    cr_expect_eq(parse(SLICE("luot-sheet 2 1 2 3")), ERR_VERSION);
    cr_expect_eq(parse(SLICE("luot-sheet 1 5 25 1 2 3 99999999999999999999 0 0\n")),
                 ERR_MALFORMED);
    cr_expect_eq(parse(SLICE("luot-sheet 1 5 25 1 2 3 -1 0 0\n")), ERR_MALFORMED);
    cr_expect_eq(parse(SLICE("")), ERR_MALFORMED);
    l->length[1] -= 3;
    tell(l, 0, NULL);
    cr_expect_eq(l->refused, 1);
    cr_expect_eq(ask(l, 0, SPAN_TODAY).metric[METRIC_VISITORS], 0);
    land_free(l);
}

Test(site_peers, flipped_bits_never_break_a_reader)
{
    uint64_t random = number_from("SEED", 20261126);
    struct land *l = land_new(true);

    views(l, 0, 1, 31);
    views(l, 1, 1, 2001);
    say(l, 0);
    say(l, 2);
    for (int round = 0; round < 300; round++) {
        say(l, 1);
        for (int flips = 0; flips < 3; flips++)
            l->said[1][random_below(&random, l->length[1])] ^=
                (char)(1 << random_below(&random, 8));
        tell(l, 0, NULL);
        (void)ask(l, 0, SPAN_TODAY);
        (void)ask(l, 0, SPAN_LAST_HOUR);
        (void)site_online(l->site[0], town_now(&l->town[0]));
    }
    land_free(l);
}
