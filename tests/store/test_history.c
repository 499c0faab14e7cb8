/* What the store knows, in a site's numbers: after a reboot, a seed, an adjustment, an
 * import. */
#include "store/history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lib/province.h"

enum { DAY_S = 86400, HOUR_S = 3600 };
static const struct slice demo = SLICE("demo");
static const struct deadline none = {0};
/* 2024-03-06 10:05 UTC, a Wednesday. */
static const int64_t wednesday_day = 19788;
static const int64_t wednesday = 19788 * (int64_t)DAY_S + 10 * HOUR_S + 300;

static struct province demo_now(void)
{
    struct province p;

    province_open(&p, NULL, (struct instant){wednesday * 1000});
    return p;
}

static uint64_t number(const struct province *p, enum site_span span, enum metric m)
{
    return province_number(p, "demo", span, m);
}

static void load(struct province *p, struct store *s)
{
    cr_assert_eq(history_load_all(p->registry, s, p->now, true), 0);
}

/* What another incarnation counted. */
static void save_other(const struct province *p, const struct change *c, size_t n)
{
    struct province other = *p;
    struct store *s;

    other.incarnation++;
    s = province_store(&other);
    cr_assert_eq(s->ops->save(s, c, n, none), 0);
    s->ops->close(s);
}

static const struct change earlier[] = {
    {.kind = CHANGE_TOTAL, .site = SLICE("demo"), .views = 1000, .visits = 500},
    {.kind = CHANGE_DAY,
     .site = SLICE("demo"),
     .number = 19788,
     .views = 40,
     .visits = 20,
     .visitors = 10,
     .exact = true},
    {.kind = CHANGE_DAY,
     .site = SLICE("demo"),
     .number = 19787,
     .views = 60,
     .visits = 30,
     .visitors = 15,
     .exact = true},
    {.kind = CHANGE_QUARTER,
     .site = SLICE("demo"),
     .number = 19788 * 96 + 36,
     .views = 40,
     .visits = 20},
    {.kind = CHANGE_WEEK,
     .site = SLICE("demo"),
     .number = 2827,
     .visitors = 22,
     .exact = true},
    {.kind = CHANGE_MONTH,
     .site = SLICE("demo"),
     .number = 650,
     .visitors = 23,
     .exact = true},
    {.kind = CHANGE_SITE,
     .site = SLICE("demo"),
     .number = 1700000000,
     .views = 1709600000},
};
enum { EARLIER = sizeof earlier / sizeof earlier[0] };

Test(history, comes_back_after_a_reboot)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;

    save_other(&p, earlier, EARLIER);
    load(&p, s);
    province_view(&p, "demo", 1);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VIEWS), 41);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITORS), 11);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VISITS), 30);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VIEWS), 101);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITORS), 23);
    cr_expect_eq(number(&p, SPAN_MONTH, METRIC_VISITORS), 24);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 1001);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 501);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITORS), 24);
    cr_expect_eq(number(&p, SPAN_LAST_24H, METRIC_VIEWS), 41, "quarters are restored");
    site_read_seed(province_site(&p, "demo"), seed, &totals);
    cr_expect_eq(totals.since_day, 19787);
    s->ops->close(s);
    province_close(&p);
}

static bool is_exact(const struct province *p, enum site_span span)
{
    struct site_numbers n;

    site_span(province_site(p, "demo"), span, p->now, &n);
    cr_expect_eq(n.exact, n.error == 0);
    return n.exact;
}

/* Yesterday and the month were too many to be told apart; today and the week were not. */
Test(history, says_of_each_period_whether_its_stored_visitors_were_estimates)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct change counted[EARLIER];
    struct site_numbers n;

    memcpy(counted, earlier, sizeof counted);
    for (size_t i = 0; i < EARLIER; i++)
        counted[i].exact = counted[i].number != 19787 && counted[i].kind != CHANGE_MONTH;
    save_other(&p, counted, EARLIER);
    load(&p, s);
    cr_expect(is_exact(&p, SPAN_TODAY));
    cr_expect_not(is_exact(&p, SPAN_YESTERDAY));
    cr_expect(is_exact(&p, SPAN_WEEK), "its own row says so, whatever its days were");
    cr_expect_not(is_exact(&p, SPAN_MONTH));
    cr_expect(is_exact(&p, SPAN_LAST_MONTH));
    cr_expect_not(is_exact(&p, SPAN_TOTAL));
    cr_assert(site_whole_day(province_site(&p, "demo"), 19787, p.now, &n));
    cr_expect_not(n.exact);
    cr_expect_float_eq(n.error, 0.0101, 1e-4);
    cr_assert(site_whole_day(province_site(&p, "demo"), 19788, p.now, &n));
    cr_expect(n.exact);
    s->ops->close(s);
    province_close(&p);
}

static void set_stale(const struct province *p, int64_t for_ms)
{
    atomic_store(&province_site(p, "demo")->peer_stale_ms, deadline_in(0).at_ms + for_ms);
}

Test(history, is_read_anew_while_others_count_and_once_after_it)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct history_refresh refresh = {.at = 0};
    struct change more = earlier[0];

    load(&p, s);
    save_other(&p, earlier, EARLIER);
    cr_assert_eq(history_refresh(p.registry, s, p.now, &refresh), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 0, "nobody said that it changed");
    set_stale(&p, -1000); /* who had no turn for so long has one */
    cr_assert_eq(history_refresh(p.registry, s, p.now, &refresh), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 1000);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITORS), 22);
    more.views = 1001;
    save_other(&p, &more, 1);
    cr_assert_eq(history_refresh(p.registry, s, p.now, &refresh), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 1000, "and no other one");
    set_stale(&p, 60000);
    cr_assert_eq(history_refresh(p.registry, s, p.now, &refresh), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 1001);
    free(refresh.read);
    s->ops->close(s);
    province_close(&p);
}

Test(history, is_brought_to_sites_that_opened_later_once)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct store_ops broken = *s->ops;

    save_other(&p, earlier, EARLIER);
    cr_assert_eq(history_load_new(p.registry, s, p.now, false), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), 1000);
    broken.history = NULL; /* would crash if it were asked */
    s->ops = &broken;
    cr_expect_eq(history_load_new(p.registry, s, p.now, false), 0);
    s->ops->close(s);
    province_close(&p);
}

Test(history, opens_sites_again_that_had_opened_by_themselves)
{
    static const struct change counted[] = {
        {.kind = CHANGE_TOTAL, .site = SLICE("a-gov-vn"), .views = 7, .visits = 5},
        {.kind = CHANGE_SITE,
         .site = SLICE("a-gov-vn"),
         .number = 1700000000,
         .views = 1709600000,
         .blob = SLICE("a.gov.vn")},
        {.kind = CHANGE_TOTAL, .site = SLICE("gone"), .views = 9, .visits = 9},
        {.kind = CHANGE_SITE, .site = SLICE("gone"), .number = 1700000000},
    };
    struct province p;
    struct store *s;
    unsigned reopened;

    province_open(&p, "auto_sites = *.gov.vn\n", (struct instant){wednesday * 1000});
    s = province_store(&p);
    save_other(&p, counted, sizeof counted / sizeof counted[0]);
    cr_assert_eq(history_reopen_sites(p.registry, s, p.now, &reopened), 0);
    cr_expect_eq(reopened, 1, "a site of the configuration is not");
    load(&p, s);
    cr_expect_eq(province_number(&p, "a-gov-vn", SPAN_TOTAL, METRIC_VIEWS), 7);
    cr_assert_eq(history_reopen_sites(p.registry, s, p.now, &reopened), 0);
    cr_expect_eq(reopened, 0);
    s->ops->close(s);
    province_close(&p);
}

/* --- Seeds --- */

static const struct seed_request seeded = {.metric = METRIC_VISITS,
                                           .total = 50510,
                                           .today = 2,
                                           .week = 84,
                                           .month = 300,
                                           .has_today = true,
                                           .has_week = true,
                                           .has_month = true,
                                           .note = "the old counter"};

Test(history, answers_exactly_the_seeded_numbers_as_of_now)
{
    for (enum metric m = METRIC_VIEWS; m <= METRIC_VISITORS; m++) {
        struct province p = demo_now();
        struct store *s = province_store(&p);
        struct seed_request r = seeded;

        r.metric = m;
        save_other(&p, earlier, EARLIER);
        load(&p, s);
        for (uint32_t v = 1; v <= 7; v++)
            province_view(&p, "demo", v);
        cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 1000, p.now), 0);
        cr_expect_eq(number(&p, SPAN_TOTAL, m), 50510);
        cr_expect_eq(number(&p, SPAN_TODAY, m), 2);
        cr_expect_eq(number(&p, SPAN_WEEK, m), 84);
        cr_expect_eq(number(&p, SPAN_MONTH, m), 300);
        province_view(&p, "demo", 8);
        cr_expect_eq(number(&p, SPAN_TOTAL, m), 50511, "%d", m);
        cr_expect_eq(number(&p, SPAN_TODAY, m), 3);
        cr_expect_eq(number(&p, SPAN_WEEK, m), 85);
        cr_expect_eq(number(&p, SPAN_MONTH, m), 301);
        /* It sets, it never adds. */
        cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 1000, p.now), 0);
        cr_expect_eq(number(&p, SPAN_TOTAL, m), 50510);
        cr_expect_eq(number(&p, SPAN_TODAY, m), 2);
        s->ops->close(s);
        province_close(&p);
    }
}

Test(history, ends_the_parts_of_a_seed_with_their_periods)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);

    province_view(&p, "demo", 1);
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &seeded, 0, p.now), 0);
    province_until(&p, wednesday + DAY_S);
    province_view(&p, "demo", 2);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 1);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VISITS), 2);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 85);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50511);
    province_until(&p, wednesday + 7 * DAY_S);
    province_view(&p, "demo", 3);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 1);
    cr_expect_eq(number(&p, SPAN_LAST_WEEK, METRIC_VISITS), 85);
    cr_expect_eq(number(&p, SPAN_MONTH, METRIC_VISITS), 302);
    s->ops->close(s);
    province_close(&p);
}

Test(history, adds_what_was_counted_since_a_seed_of_the_past)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct seed_request r = seeded;

    save_other(&p, earlier, EARLIER); /* 20 visits at 9:00, 30 yesterday */
    load(&p, s);
    for (uint32_t v = 1; v <= 5; v++) /* 10:05 */
        province_view(&p, "demo", v);
    province_until(&p, wednesday + 2 * HOUR_S);
    province_view(&p, "demo", 6);                             /* 12:05        */
    r.as_of_s = wednesday / DAY_S * DAY_S + 10 * HOUR_S + 17; /* cut to 10:00 */
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510 + 6);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 2 + 6);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 84 + 6);
    r.as_of_s = wednesday / DAY_S * DAY_S + 8 * HOUR_S; /* the 20 are after it, too */
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510 + 26);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 2 + 26);
    r.as_of_s = (wednesday_day - 1) * DAY_S + 23 * HOUR_S; /* parts of yesterday */
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 26);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VISITS), 2);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 84 + 26);
    s->ops->close(s);
    province_close(&p);
}

Test(history, cuts_a_seed_of_long_ago_to_whole_days)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct seed_request r = seeded;
    const struct change days[] = {
        {.kind = CHANGE_TOTAL, .site = demo, .views = 90, .visits = 90},
        {.kind = CHANGE_DAY, .site = demo, .number = 19700, .views = 30, .visits = 30},
        {.kind = CHANGE_DAY, .site = demo, .number = 19740, .views = 60, .visits = 60},
    };

    save_other(&p, days, 3);
    load(&p, s);
    province_view(&p, "demo", 1);
    r.as_of_s = 19720 * (int64_t)DAY_S + 500;
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510 + 61);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 1);
    s->ops->close(s);
    province_close(&p);
}

Test(history, keeps_a_seed_over_a_reboot)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);

    province_view(&p, "demo", 1);
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &seeded, 0, p.now), 0);
    s->ops->close(s);
    save_other(&p,
               (const struct change[]){
                   {.kind = CHANGE_TOTAL, .site = demo, .views = 1, .visits = 1},
                   {.kind = CHANGE_DAY,
                    .site = demo,
                    .number = wednesday_day,
                    .views = 1,
                    .visits = 1,
                    .visitors = 1}},
               2);
    province_reboot(&p);
    s = province_store(&p);
    load(&p, s);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 2);
    province_view(&p, "demo", 1);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50511);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 3);
    s->ops->close(s);
    province_close(&p);
}

Test(history, refuses_a_seed_that_cannot_be)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct seed_request r = seeded;

    r.as_of_s = wednesday + 60;
    cr_expect_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), ERR_RANGE);
    r = seeded;
    r.total = (uint64_t)1 << 53;
    cr_expect_eq(history_seed(province_site(&p, "demo"), s, &r, 0, p.now), ERR_RANGE);
    s->ops->close(s);
    province_close(&p);
}

/* --- Adjustments --- */

static int adjust(struct province *p, struct store *s, int64_t day, int64_t by)
{
    const struct adjust_row row = {
        .at_s = p->now.ms / 1000, .metric = METRIC_VISITS, .day = day, .by = by};

    return history_adjust(province_site(p, "demo"), s, &row, p->now);
}

Test(history, books_adjustments_on_their_day)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);

    load(&p, s);
    province_view(&p, "demo", 1);
    cr_expect_eq(adjust(&p, s, wednesday_day, 10), 0);
    cr_expect_eq(adjust(&p, s, wednesday_day - 1, 5), 0);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 11);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VISITS), 5);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 16);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 16);
    cr_expect_eq(adjust(&p, s, wednesday_day, -11), 0);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 5);
    cr_expect_eq(adjust(&p, s, wednesday_day, -1), ERR_RANGE, "no day is below 0");
    cr_expect_eq(adjust(&p, s, wednesday_day - 500, -1), ERR_RANGE);
    cr_expect_eq(adjust(&p, s, wednesday_day + 1, 1), ERR_RANGE, "not yet");
    cr_expect_eq(adjust(&p, s, -1, 1), ERR_RANGE, "before 1970");
    cr_expect_eq(adjust(&p, s, wednesday_day, ((int64_t)1 << 53) - 5), ERR_RANGE,
                 "with the 5 that there are it is too much");
    cr_expect_eq(adjust(&p, s, wednesday_day, ((int64_t)1 << 53) - 6), 0);
    s->ops->close(s);
    province_close(&p);
}

Test(history, has_adjustments_from_before_a_seed_in_the_seed)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);

    load(&p, s);
    cr_assert_eq(adjust(&p, s, wednesday_day, 10), 0);
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &seeded, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 2);
    cr_assert_eq(adjust(&p, s, wednesday_day, 3), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50513);
    cr_expect_eq(number(&p, SPAN_TODAY, METRIC_VISITS), 5);
    s->ops->close(s);
    province_close(&p);
}

/* --- Gaps --- */

Test(history, notes_when_nobody_counted)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    const struct change alive = {.kind = CHANGE_ALIVE, .number = wednesday - 100};
    struct time_span gaps[2];
    size_t n;

    cr_assert_eq(history_gap(s, 0, p.now), 0);
    cr_assert_eq(history_gap(s, (wednesday - 11) * 1000, p.now), 0);
    cr_assert_eq(history_gaps(s, 0, INT64_MAX, gaps, 2, &n), 0);
    cr_expect_eq(n, 0);
    cr_assert_eq(s->ops->save(s, &alive, 1, none), 0);
    cr_assert_eq(history_gap(s, (wednesday - 12) * 1000, p.now), 0);
    cr_assert_eq(history_gaps(s, 0, INT64_MAX, gaps, 2, &n), 0);
    cr_assert_eq(n, 1, "the arena knows better than the store");
    cr_expect_eq(gaps[0].from_s, wednesday - 12);
    cr_assert_eq(history_gap(s, 0, p.now), 0);
    cr_assert_eq(history_gaps(s, 0, INT64_MAX, gaps, 2, &n), 0);
    cr_assert_eq(n, 1, "two that overlap are one");
    cr_expect_eq(gaps[0].from_s, wednesday - 100);
    cr_expect_eq(gaps[0].until_s, wednesday);
    s->ops->close(s);
    province_close(&p);
}

/* --- Imports --- */

struct line { /* of a log */
    int64_t slot;
    uint64_t visitor;
};

enum { LINES = 3000, LINE_BYTES = 100 };

/* A log of six days before wednesday, in order of time. */
static void make_log(struct line log[LINES])
{
    uint64_t seed = 7;

    for (int i = 0; i < LINES; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        log[i].slot = (wednesday - 6 * DAY_S) / 12 + (int64_t)i * 6 * 7200 / LINES;
        log[i].visitor = 1 + (seed >> 33) % 200;
    }
}

static size_t rows(char *text, const struct line *log, int from, int until, int64_t slots,
                   const char *word)
{
    size_t n = 0;
    char date[11];

    for (int i = from, j; i < until; i = j) {
        int64_t at = log[i].slot / slots;
        for (j = i; j < until && log[j].slot / slots == at; j++)
            ;
        date_write(at, date);
        n += (size_t)(slots == 7200
                          ? sprintf(text + n, "%s %s views=%d\n", word, date, j - i)
                          : sprintf(text + n, "%s %lld views=%d\n", word, (long long)at,
                                    j - i));
    }
    return n;
}

static struct slice document(const struct province *p, const struct line *log, int from,
                             int until, uint64_t first_line, int from_line)
{
    static char text[LINES * 100];
    uint64_t key_id;
    size_t n;

    (void)history_import_key(province_site(p, "demo"), &key_id);
    n = (size_t)sprintf(text,
                        "luot-load 1\nsite demo\nkey_id %llu\nsource %016llx bytes=%d "
                        "lines=%d parsed=%d malformed=0 views=%d skipped=0 from=%lld "
                        "to=%lld name=access%%20log\nfrom_byte %d\n",
                        (unsigned long long)key_id, (unsigned long long)first_line,
                        (from_line + until - from) * LINE_BYTES, until - from,
                        until - from, until - from, (long long)log[from].slot * 12,
                        (long long)log[until - 1].slot * 12, from_line * LINE_BYTES);
    n += rows(text + n, log, from, until, 7200, "day");
    n += rows(text + n, log, from, until, 300, "hour");
    for (int i = from; i < until; i++)
        n += (size_t)sprintf(text + n, "mark %llx %lld %lld\n",
                             (unsigned long long)log[i].visitor, (long long)log[i].slot,
                             (long long)log[i].slot);
    n += (size_t)sprintf(text + n, "end\n");
    return (struct slice){text, n};
}

static int import(struct province *p, struct store *s, struct slice text,
                  struct load_result *result)
{
    return history_import(p->registry, s, p->dir.dir, text, 1000, p->now, result);
}

struct all_rows {
    struct history_row row[400];
    int n;
};

static int keep_row(void *context, const struct history_row *row)
{
    struct all_rows *all = context;

    cr_assert_lt(all->n, 400);
    all->row[all->n++] = *row;
    return 0;
}

static void everything(struct store *s, struct all_rows *all)
{
    all->n = 0;
    for (enum change_kind k = CHANGE_DAY; k <= CHANGE_MONTH; k++)
        if (k != CHANGE_QUARTER)
            cr_assert_eq(s->ops->history(s, demo, k, HISTORY_IMPORTED, INT64_MIN,
                                         INT64_MAX, keep_row, all),
                         0);
    cr_assert_eq(s->ops->imported_hours(s, demo, INT64_MIN, INT64_MAX, keep_row, all), 0);
}

static void expect_same_rows(const struct all_rows *a, const struct all_rows *b)
{
    cr_assert_eq(a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        cr_expect_eq(a->row[i].number, b->row[i].number);
        cr_expect_eq(a->row[i].views, b->row[i].views);
        cr_expect_eq(a->row[i].visits, b->row[i].visits, "row %d", i);
        cr_expect_eq(a->row[i].visitors, b->row[i].visitors, "row %d", i);
    }
}

/* The whole log at once. */
static void whole(const struct line log[LINES], struct all_rows *ret)
{
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct load_result result;

    cr_assert_eq(import(&p, s, document(&p, log, 0, LINES, 0xabc, 0), &result), 0, "%s",
                 result.sentence);
    cr_expect_eq(result.source.views, LINES);
    cr_expect_eq(result.days, 7);
    cr_expect_eq(result.visitors, 200);
    cr_expect_str_eq(result.source.name, "access log");
    everything(s, ret);
    s->ops->close(s);
    province_close(&p);
}

Test(history, of_a_log_in_two_files_is_that_of_the_log)
{
    static struct line log[LINES];
    static struct all_rows once, twice;
    static const int cuts[] = {1, 1234, LINES - 1};

    make_log(log);
    whole(log, &once);
    for (int c = 0; c < 3; c++) {
        for (int order = 0; order < 2; order++) {
            struct province p = demo_now();
            struct store *s = province_store(&p);
            struct load_result a, b;
            int cut = cuts[c];
            int rv = order == 0 ? import(&p, s, document(&p, log, 0, cut, 1, 0), &a)
                                : import(&p, s, document(&p, log, cut, LINES, 2, 0), &a);
            cr_assert_eq(rv, 0, "%s", a.sentence);
            rv = order == 0 ? import(&p, s, document(&p, log, cut, LINES, 2, 0), &b)
                            : import(&p, s, document(&p, log, 0, cut, 1, 0), &b);
            cr_assert_eq(rv, 0, "%s", b.sentence);
            cr_expect_eq(a.visitors + b.visitors, 200);
            everything(s, &twice);
            expect_same_rows(&once, &twice);
            s->ops->close(s);
            province_close(&p);
        }
    }
}

Test(history, of_a_log_that_grew_is_that_of_the_log)
{
    static struct line log[LINES];
    static struct all_rows once, pieces;
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct load_result r;

    make_log(log);
    whole(log, &once);
    for (int from = 0; from < LINES; from += 750) {
        cr_assert_eq(import(&p, s, document(&p, log, from, from + 750, 0xabc, from), &r),
                     0, "%s", r.sentence);
        cr_expect_eq(r.source.bytes, (uint64_t)(from + 750) * LINE_BYTES);
        /* Replay changes nothing. */
        cr_expect_eq(import(&p, s, document(&p, log, from, from + 750, 0xabc, from), &r),
                     ERR_EXISTS);
        cr_expect_str_not_empty(r.sentence);
    }
    cr_expect_eq(r.source.views, LINES);
    everything(s, &pieces);
    expect_same_rows(&once, &pieces);
    cr_expect_eq(import(&p, s, document(&p, log, 0, LINES, 0xabc, 0), &r), ERR_EXISTS);
    cr_expect_eq(import(&p, s, document(&p, log, 5, LINES, 0xdef, 5), &r), ERR_RANGE);
    s->ops->close(s);
    province_close(&p);
}

Test(history, shows_what_was_imported_in_days_weeks_months_and_the_total)
{
    static struct line log[LINES];
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct load_result r;
    uint64_t before;

    make_log(log);
    load(&p, s);
    cr_assert_eq(import(&p, s, document(&p, log, 0, LINES, 1, 0), &r), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), LINES);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VIEWS), 500);
    cr_expect_eq(
        number(&p, SPAN_YESTERDAY, METRIC_VISITORS),
        site_metric(province_site(&p, "demo"), SPAN_YESTERDAY, METRIC_VISITORS, p.now));
    cr_expect_leq(number(&p, SPAN_WEEK, METRIC_VISITORS), 200);
    cr_expect_eq(number(&p, SPAN_LAST_24H, METRIC_VIEWS), 0, "sliding windows never");
    /* A seed has what lies before as_of in it. */
    cr_assert_eq(history_seed(province_site(&p, "demo"), s, &seeded, 0, p.now), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 84);
    before = number(&p, SPAN_YESTERDAY, METRIC_VISITS);
    cr_assert_eq(import(&p, s, document(&p, log, 0, 100, 2, 0), &r), 0);
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VISITS), 50510);
    cr_expect_eq(number(&p, SPAN_WEEK, METRIC_VISITS), 84);
    cr_expect_eq(number(&p, SPAN_YESTERDAY, METRIC_VISITS), before);
    s->ops->close(s);
    province_close(&p);
}

Test(history, refuses_lines_of_a_time_that_was_counted_live)
{
    static struct line log[LINES];
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct load_result r;

    make_log(log);
    save_other(&p,
               &(struct change){.kind = CHANGE_SITE,
                                .site = demo,
                                .number = 1,
                                .views = (uint64_t)log[100].slot * 12},
               1);
    cr_expect_eq(import(&p, s, document(&p, log, 0, LINES, 1, 0), &r), ERR_RANGE);
    cr_expect_str_not_empty(r.sentence);
    cr_expect_eq(import(&p, s, document(&p, log, 0, 101, 1, 0), &r), ERR_RANGE);
    cr_expect_eq(import(&p, s, document(&p, log, 0, 100, 1, 0), &r), 0, "%s", r.sentence);
    cr_expect_eq(history_first_live(province_site(&p, "demo"), s), log[100].slot * 12);
    s->ops->close(s);
    province_close(&p);
}

static int say_no(struct store *s, struct slice site, const struct import_source *source,
                  uint32_t uid, int64_t at_s, const struct change *changes, size_t n)
{
    (void)s;
    (void)site;
    (void)source;
    (void)uid;
    (void)at_s;
    (void)changes;
    (void)n;
    return ERR_NOSPACE;
}

Test(history, changes_nothing_when_the_store_cannot_keep_an_import)
{
    static struct line log[LINES];
    static struct all_rows once, again;
    struct province p = demo_now();
    struct store *s = province_store(&p);
    const struct store_ops *right = s->ops;
    struct store_ops full = *right;
    struct load_result r;

    make_log(log);
    whole(log, &once);
    cr_assert_eq(import(&p, s, document(&p, log, 0, 1000, 1, 0), &r), 0);
    full.import = say_no;
    s->ops = &full;
    cr_expect_eq(import(&p, s, document(&p, log, 1000, LINES, 1, 1000), &r), ERR_NOSPACE);
    s->ops = right;
    cr_assert_eq(import(&p, s, document(&p, log, 1000, LINES, 1, 1000), &r), 0);
    everything(s, &again);
    expect_same_rows(&once, &again);
    s->ops->close(s);
    province_close(&p);
}

/* Sums of 64 bits that wrap round to what the source says, and sums of many pieces:
 * SQLite would refuse to add them up, and the site would have no history any more. */
Test(history, refuses_numbers_that_cannot_be_added_up)
{
    static char text[2100 * 64];
    const unsigned long long most = (1ull << 53) - 1;
    struct province p = demo_now();
    struct store *s = province_store(&p);
    char date[11];
    struct load_result r;
    size_t n;

    load(&p, s);
    n = (size_t)sprintf(text,
                        "luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 "
                        "parsed=1 malformed=0 views=0 skipped=0 from=0 to=0 name=a\n"
                        "from_byte 0\n");
    for (int i = 0; i < 2048; i++) {
        date_write(i, date);
        n += (size_t)sprintf(text + n, "day %s views=%llu\n", date, most);
    }
    date_write(2048, date);
    n += (size_t)sprintf(text + n, "day %s views=2048\nend\n", date);
    cr_expect_eq(import(&p, s, (struct slice){text, n}, &r), ERR_MALFORMED);
    for (int i = 0; i < 2; i++) {
        n = (size_t)sprintf(text,
                            "luot-load 1\nsite demo\nkey_id 1\nsource %d bytes=5 lines=1 "
                            "parsed=1 malformed=0 views=%llu skipped=0 from=0 to=0 "
                            "name=a\nfrom_byte 0\nday 1970-01-01 views=%llu\n"
                            "hour 0 views=%llu\nend\n",
                            i, most, most, most);
        cr_expect_eq(import(&p, s, (struct slice){text, n}, &r), i == 0 ? 0 : ERR_RANGE,
                     "%s", r.sentence);
    }
    cr_expect_eq(number(&p, SPAN_TOTAL, METRIC_VIEWS), most);
    s->ops->close(s);
    province_close(&p);
}

Test(history, says_which_line_of_a_document_it_cannot_read)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "line 0"},
        {"luot-load 2\n", "line 1"},
        {"luot-load 1\nsite demo\nkey_id x\n", "line 3"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1\n", "line 4"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=1 skipped=0 from=0 to=0 name=a%2\nfrom_byte 0\nend\n",
         "line 4"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=1 skipped=0 from=0 to=0 name=a\nfrom_byte 0\nend\n",
         "same views"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\nday "
         "2024-02-30 views=0\nend\n",
         "line 6"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\nmark 0 1 1\n"
         "end\n",
         "line 6"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\nend",
         "cut off"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 9\nend\n",
         "before it begins"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\n"
         "day 9999-12-31 views=0\nend\n",
         "line 6"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\n"
         "hour 9223372036854775807 views=0\nend\n",
         "line 6"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=0 skipped=0 from=0 to=0 name=a\nfrom_byte 0\n"
         "mark 1a 4294967295 4294967295\nend\n",
         "line 6"},
        {"luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 "
         "malformed=0 views=1 skipped=0 from=-5 to=99999999999999 name=a\n"
         "from_byte 0\nend\n",
         "line 4"},
#define WITH_TOPS(lines)                                                                 \
    "luot-load 1\nsite demo\nkey_id 1\nsource 12 bytes=5 lines=1 parsed=1 malformed=0 "  \
    "views=1 skipped=0 from=5 to=5 name=a\nfrom_byte 0\nday 1970-01-01 views=1\n"        \
    "hour 0 views=1\n" lines "end\n"
        {WITH_TOPS("top 1970-01-01 stars 1 0 0 /\n"), "not a row of tops"},
        {WITH_TOPS("top 1970-13-01 pages 1 0 0 /\n"), "not a row of tops"},
        {WITH_TOPS("top 1970-01-01 pages 1 -1 0 /\n"), "not a row of tops"},
        {WITH_TOPS("top 1970-01-01 pages 1 0\n"), "not a row of tops"},
        {WITH_TOPS("top 1970-01-01 pages 2 0 0 /\n"), "line 8"},
        {WITH_TOPS("top 1970-01-01 pages 1 2 0 /\n"), "more views than there are"},
        {WITH_TOPS("top 1970-01-01 bots 2 0 0 G\n"), "more views than there are"},
        {WITH_TOPS("top 1970-01-01 pages 1 0 0 /a%2\n"), "not the key"},
        {WITH_TOPS("top 1970-01-01 pages 1 0 0 /a%00\n"), "not the key"},
        {WITH_TOPS("top 1970-01-01 pages 1 0 0 /%FF\n"), "not the key"},
        {WITH_TOPS("top 1970-01-02 pages 1 0 0 /\ntop 1970-01-01 pages 1 0 0 /\n"),
         "line 9"},
    };
    struct province p = demo_now();
    struct store *s = province_store(&p);
    struct load_result r;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(import(&p, s, slice_of(bad[i].text), &r), ERR_MALFORMED);
        cr_expect_not_null(strstr(r.sentence, bad[i].says), "%zu: %s", i, r.sentence);
    }
    s->ops->close(s);
    province_close(&p);
}
