#include "report/timeline.h"

#include "base/error.h"
#include "lib/read_json.h"
#include "lib/town.h"
#include "report/day_report.h"
#include "report/series.h"

enum { MINUTE_S = 60, QUARTER_S = 900, HOUR_S = 3600, DAY_S = 86400 };

static const char demo[] = "[site demo]\nany_host = yes\n";
static const char demo_utc[] = "[site demo]\nany_host = yes\ntimezone = UTC\n";
static const char demo_daily[] =
    "[site demo]\nany_host = yes\ntimezone = UTC\nidentity = day\n";

/* --- A source in memory --- */

struct shelf_row {
    enum kept_kind kind;
    bool own;
    struct kept_row row;
};

struct shelf {
    struct shelf_row row[16];
    size_t count;
    int error; /* what every question is answered with */
};

static int shelf_rows(void *context, enum kept_kind kind, bool own, int64_t from,
                      int64_t until, kept_row_fn *row, void *row_context)
{
    const struct shelf *shelf = context;
    int rv = shelf->error;

    for (size_t i = 0; i < shelf->count && rv == 0; i++) {
        const struct shelf_row *r = &shelf->row[i];
        if (r->kind == kind && r->own == own && r->row.number >= from &&
            r->row.number < until)
            rv = row(row_context, &r->row);
    }
    return rv;
}

static struct timeline_source source_of(struct shelf *shelf)
{
    return (struct timeline_source){
        .context = shelf, .rows = shelf_rows, .first_live_s = INT64_MAX};
}

static void put(struct shelf *shelf, enum kept_kind kind, bool own, int64_t number,
                uint64_t views, uint64_t visits, uint64_t visitors)
{
    shelf->row[shelf->count++] = (struct shelf_row){
        kind,
        own,
        {.number = number, .metric = {views, visits, visitors}, .exact = true}};
}

/* --- Asking --- */

static struct timeline_point *points;
static size_t count;

static int ask(const struct town *t, enum timeline_step step, int64_t from, int64_t until,
               const struct timeline_source *source, const struct document *gaps)
{
    struct site *site = town_site(t, "demo");
    struct timeline_query q = {.step = step, .from_s = from, .until_s = until};
    struct document d = gaps != NULL ? *gaps : (struct document){.nodes = 1};

    d.now = town_now(t);
    free(points);
    points = NULL;
    count = 0;
    return timeline_read(&points, &count, site, atomic_load(&site->terms), &q, source,
                         &d);
}

static void done(struct town *t)
{
    free(points);
    points = NULL;
    town_release(t);
}

static int64_t now_s(const struct town *t)
{
    return instant_seconds(town_now(t));
}

/* --- Steps --- */

Test(timeline, minutes_are_null_before_the_first_number_and_0_where_nobody_came)
{
    struct town t;
    int64_t from = TOWN_NOON - TOWN_NOON % MINUTE_S - 5 * MINUTE_S;

    town_init(&t, demo, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_wait(&t, 3 * MINUTE_S);
    town_view(&t, "demo", 2);
    cr_assert_eq(ask(&t, STEP_MINUTE, from, now_s(&t) + 10 * MINUTE_S, NULL, NULL), 0);
    cr_assert_eq(count, 19u);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(points[i].from_s, from + (int64_t)i * MINUTE_S);
    cr_expect_not(points[4].known, "before the first number");
    cr_expect(points[5].known);
    cr_expect_eq(points[5].metric[METRIC_VIEWS], 1u);
    cr_expect(points[6].known);
    cr_expect_eq(points[6].metric[METRIC_VIEWS], 0u);
    cr_expect_eq(points[8].metric[METRIC_VIEWS], 1u);
    cr_expect_not(points[9].known, "the future");
    cr_expect_not(points[5].visitors_known);
    done(&t);
}

Test(timeline, says_null_where_luotd_did_not_run)
{
    struct time_span gap = {TOWN_NOON + 2 * HOUR_S, TOWN_NOON + 5 * HOUR_S};
    struct document gaps = {.gaps = &gap, .gap_count = 1};
    struct town t;
    int64_t hour = TOWN_NOON - TOWN_NOON % HOUR_S;

    town_init(&t, demo, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_wait(&t, 6 * HOUR_S);
    cr_assert_eq(ask(&t, STEP_HOUR, hour, hour + 7 * HOUR_S, NULL, &gaps), 0);
    cr_assert_eq(count, 7u);
    cr_expect_eq(points[0].metric[METRIC_VIEWS], 1u);
    cr_expect(points[1].known, "ran all of it");
    cr_expect(points[2].known, "ran the first seconds of it");
    cr_expect_not(points[3].known);
    cr_expect_not(points[4].known);
    cr_expect(points[5].known);
    done(&t);
}

Test(timeline, hours_are_the_sum_of_their_quarters)
{
    struct town t;
    int64_t hour = TOWN_NOON - TOWN_NOON % HOUR_S;

    town_init(&t, demo, TOWN_NOON);
    for (unsigned i = 1; i <= 4; i++) {
        town_view(&t, "demo", i);
        town_wait(&t, QUARTER_S);
    }
    cr_assert_eq(ask(&t, STEP_QUARTER, hour, hour + 5 * QUARTER_S, NULL, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(points[i].metric[METRIC_VISITS], 1u);
    cr_assert_eq(ask(&t, STEP_HOUR, hour, hour + 2 * HOUR_S, NULL, NULL), 0);
    cr_expect_eq(points[0].metric[METRIC_VIEWS], 4u);
    cr_expect_eq(points[1].metric[METRIC_VIEWS], 0u);
    cr_expect(points[1].known);
    done(&t);
}

Test(timeline, days_weeks_and_months_of_the_arena_alone)
{
    struct town t;

    town_init(&t, demo, TOWN_NOON); /* a Wednesday, 25 November */
    town_view(&t, "demo", 1);
    town_wait(&t, DAY_S);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 2);
    town_wait(&t, 5 * DAY_S); /* Tuesday, 1 December */
    town_view(&t, "demo", 1);
    cr_assert_eq(ask(&t, STEP_DAY, TOWN_NOON - DAY_S, now_s(&t), NULL, NULL), 0);
    cr_assert_eq(count, 8u);
    cr_expect_not(points[0].known);
    cr_expect_eq(points[1].metric[METRIC_VISITORS], 1u);
    cr_expect_eq(points[2].metric[METRIC_VISITORS], 2u);
    cr_expect_eq(points[2].metric[METRIC_VIEWS], 2u);
    cr_expect(points[3].known);
    cr_expect_eq(points[3].metric[METRIC_VIEWS], 0u);
    cr_expect_eq(points[7].metric[METRIC_VIEWS], 1u);
    cr_assert_eq(ask(&t, STEP_WEEK, TOWN_NOON, now_s(&t), NULL, NULL), 0);
    cr_assert_eq(count, 2u);
    cr_expect_eq(points[0].metric[METRIC_VIEWS], 3u);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 2u, "of the week, not of its days");
    cr_expect(points[0].deduplicated);
    cr_expect_eq(points[1].metric[METRIC_VISITORS], 1u);
    cr_assert_eq(ask(&t, STEP_MONTH, TOWN_NOON, now_s(&t), NULL, NULL), 0);
    cr_assert_eq(count, 2u);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 2u);
    cr_expect_eq(points[1].metric[METRIC_VISITORS], 1u);
    done(&t);
}

Test(timeline, with_a_daily_identity_a_weeks_visitors_are_a_sum)
{
    struct town t;

    town_init(&t, demo_daily, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_wait(&t, DAY_S);
    town_view(&t, "demo", 1);
    cr_assert_eq(ask(&t, STEP_WEEK, TOWN_NOON, now_s(&t), NULL, NULL), 0);
    cr_assert_eq(count, 1u);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 2u);
    cr_expect_not(points[0].deduplicated);
    done(&t);
}

/* --- With a source --- */

Test(timeline, adds_what_others_counted_to_what_this_arena_did)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t today = TOWN_NOON / DAY_S;

    town_init(&t, demo_utc, TOWN_NOON);
    town_view(&t, "demo", 1);
    put(&shelf, KEPT_DAYS, false, today, 10, 5, 4);
    put(&shelf, KEPT_DAYS, false, today - 100, 7, 6, 5);
    cr_assert_eq(
        ask(&t, STEP_DAY, (today - 101) * DAY_S, (today + 1) * DAY_S, &source, NULL), 0);
    cr_assert_eq(count, 102u);
    cr_expect_not(points[0].known);
    cr_expect(points[1].known, "imported: luotd need not have run");
    cr_expect_eq(points[1].metric[METRIC_VISITORS], 5u);
    cr_expect(points[1].deduplicated);
    cr_expect_not(points[2].known);
    cr_expect_eq(points[101].metric[METRIC_VIEWS], 11u);
    cr_expect_eq(points[101].metric[METRIC_VISITORS], 5u);
    cr_expect_not(points[101].deduplicated);
    done(&t);
}

Test(timeline, takes_the_greater_of_what_this_arena_says_and_saved)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t today = TOWN_NOON / DAY_S;

    town_init(&t, demo_utc, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 2);
    put(&shelf, KEPT_DAYS, true, today, 1, 1, 1);       /* some seconds old  */
    put(&shelf, KEPT_DAYS, true, today - 200, 9, 8, 7); /* older than it has */
    cr_assert_eq(
        ask(&t, STEP_DAY, (today - 200) * DAY_S, (today + 1) * DAY_S, &source, NULL), 0);
    cr_expect_eq(points[0].metric[METRIC_VISITS], 8u);
    cr_expect_eq(points[200].metric[METRIC_VIEWS], 2u);
    done(&t);
}

Test(timeline, adds_up_the_engaged_visits_of_all_who_counted_a_day)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t today = TOWN_NOON / DAY_S;

    town_init(&t, demo_utc, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 2);
    put(&shelf, KEPT_DAYS, false, today, 10, 5, 4);
    put(&shelf, KEPT_ENGAGED, true, today, 0, 1, 0); /* some seconds old */
    put(&shelf, KEPT_ENGAGED, false, today, 2, 5, 0);
    put(&shelf, KEPT_DAYS, true, today - 100, 9, 8, 7); /* older than the arena has */
    put(&shelf, KEPT_ENGAGED, true, today - 100, 1, 8, 0);
    put(&shelf, KEPT_DAYS, false, today - 101, 9, 8, 7); /* by an older luotd */
    cr_assert_eq(
        ask(&t, STEP_DAY, (today - 102) * DAY_S, (today + 1) * DAY_S, &source, NULL), 0);
    cr_expect_not(points[0].engaged_known, "nobody came");
    cr_expect(points[1].known);
    cr_expect_not(points[1].engaged_known);
    cr_expect(points[2].engaged_known);
    cr_expect_eq(points[2].engaged.visits, 8u);
    cr_expect_eq(points[2].engaged.engaged, 1u);
    cr_expect(points[102].engaged_known);
    cr_expect_eq(points[102].engaged.visits, 7u);
    cr_expect_eq(points[102].engaged.engaged, 3u);
    /* A month that has a day of which nothing was told. */
    cr_assert_eq(ask(&t, STEP_MONTH, (today - 101) * DAY_S, (today - 100) * DAY_S + 1,
                     &source, NULL),
                 0);
    cr_expect_eq(points[count - 1].metric[METRIC_VISITS], count == 1 ? 16u : 8u);
    cr_expect_eq(points[count - 1].engaged_known, count != 1);
    cr_assert_eq(ask(&t, STEP_HOUR, TOWN_NOON, TOWN_NOON + 1, &source, NULL), 0);
    cr_expect_not(points[0].engaged_known);
    done(&t);
}

Test(timeline, adjustments_may_take_away_but_nothing_falls_below_0)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t today = TOWN_NOON / DAY_S;

    town_init(&t, demo_utc, TOWN_NOON);
    for (unsigned i = 1; i <= 5; i++)
        town_view(&t, "demo", i);
    put(&shelf, KEPT_DAYS, false, today, 0, (uint64_t)-2, (uint64_t)-9);
    cr_assert_eq(ask(&t, STEP_DAY, today * DAY_S, (today + 1) * DAY_S, &source, NULL), 0);
    cr_expect_eq(points[0].metric[METRIC_VISITS], 3u);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 0u);
    done(&t);
}

Test(timeline, weeks_take_their_visitors_from_rows_of_weeks)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t monday = TOWN_NOON / DAY_S - 2, old = monday - 70;
    struct calendar c;
    int64_t number;

    town_init(&t, demo_utc, TOWN_NOON);
    c = atomic_load(&town_site(&t, "demo")->terms)->calendar;
    number = period_at(&c, PERIOD_WEEK, old * 7200).number;
    put(&shelf, KEPT_DAYS, false, old, 4, 3, 3);
    put(&shelf, KEPT_DAYS, false, old + 1, 4, 3, 3);
    put(&shelf, KEPT_WEEKS, false, number, 0, 0, 4);
    cr_assert_eq(ask(&t, STEP_WEEK, old * DAY_S, (old + 14) * DAY_S, &source, NULL), 0);
    cr_assert_eq(count, 2u);
    cr_expect_eq(points[0].metric[METRIC_VIEWS], 8u);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 4u);
    cr_expect(points[0].deduplicated);
    cr_expect_not(points[1].known);
    done(&t);
}

Test(timeline, imported_hours_are_in_hours_with_their_visitors)
{
    struct town t;
    struct shelf shelf = {.count = 0};
    struct timeline_source source = source_of(&shelf);
    int64_t hour = TOWN_NOON / HOUR_S;

    town_init(&t, demo_utc, TOWN_NOON);
    town_view(&t, "demo", 1);
    put(&shelf, KEPT_HOURS, false, hour - 1000, 7, 6, 5);
    put(&shelf, KEPT_HOURS, false, hour, 1, 1, 1);
    cr_assert_eq(
        ask(&t, STEP_HOUR, (hour - 1000) * HOUR_S, (hour + 1) * HOUR_S, &source, NULL),
        0);
    cr_assert_eq(count, 1001u);
    cr_expect_eq(points[0].metric[METRIC_VIEWS], 7u);
    cr_expect(points[0].visitors_known);
    cr_expect_eq(points[0].metric[METRIC_VISITORS], 5u);
    cr_expect_eq(points[1000].metric[METRIC_VIEWS], 2u);
    cr_expect_not(points[1000].visitors_known, "live hours know no visitors");
    done(&t);
}

Test(timeline, says_what_the_source_said)
{
    struct town t;
    struct shelf shelf = {.error = ERR_TIMEOUT};
    struct timeline_source source = source_of(&shelf);

    town_init(&t, demo, TOWN_NOON);
    cr_expect_eq(ask(&t, STEP_DAY, TOWN_NOON, TOWN_NOON + DAY_S, &source, NULL),
                 ERR_TIMEOUT);
    cr_expect_eq(ask(&t, STEP_MONTH, TOWN_NOON, TOWN_NOON + DAY_S, &source, NULL),
                 ERR_TIMEOUT);
    done(&t);
}

Test(timeline, refuses_what_is_empty_or_too_long)
{
    struct town t;

    town_init(&t, demo, TOWN_NOON);
    cr_expect_eq(ask(&t, STEP_DAY, TOWN_NOON, TOWN_NOON, NULL, NULL), ERR_RANGE);
    cr_expect_eq(ask(&t, STEP_DAY, TOWN_NOON, TOWN_NOON - 1, NULL, NULL), ERR_RANGE);
    cr_expect_eq(ask(&t, STEP_MINUTE, 0, TOWN_NOON, NULL, NULL), ERR_RANGE);
    cr_expect_eq(ask(&t, STEP_MONTH, -(INT64_C(1) << 39), INT64_C(1) << 39, NULL, NULL),
                 ERR_RANGE);
    cr_expect_eq(
        ask(&t, STEP_DAY, TOWN_NOON - (int64_t)9999 * DAY_S, TOWN_NOON, NULL, NULL), 0);
    done(&t);
}

Test(timeline, knows_when_the_arena_is_enough)
{
    struct town t;
    struct site *site;
    struct site_seed seed[METRIC_KINDS] = {{0}};
    struct site_totals totals = {.since_day = INT64_MAX};
    struct timeline_query q = {.from_s = TOWN_NOON - HOUR_S, .until_s = TOWN_NOON};

    town_init(&t, demo, TOWN_NOON);
    site = town_site(&t, "demo");
    q.step = STEP_MINUTE;
    cr_expect_not(timeline_needs_store(site, &q, town_now(&t)));
    q.step = STEP_HOUR;
    cr_expect_not(timeline_needs_store(site, &q, town_now(&t)));
    q.step = STEP_DAY;
    cr_expect(timeline_needs_store(site, &q, town_now(&t)));
    totals.imported[METRIC_VIEWS] = 1;
    site_set_totals(site, seed, &totals);
    q.step = STEP_HOUR;
    cr_expect(timeline_needs_store(site, &q, town_now(&t)), "imported hours");
    totals = (struct site_totals){.live = {[METRIC_VIEWS] = 1}, .since_day = INT64_MAX};
    site_set_totals(site, seed, &totals);
    q.step = STEP_QUARTER;
    cr_expect(timeline_needs_store(site, &q, town_now(&t)), "an earlier arena");
    q.from_s = TOWN_NOON - (int64_t)40 * DAY_S;
    q.step = STEP_HOUR;
    cr_expect(timeline_needs_store(site, &q, town_now(&t)), "beyond the rings");
    town_release(&t);
}

Test(timeline, reads_days_and_seconds)
{
    struct zone *zone;
    int64_t at;

    cr_assert_eq(zone_load(&zone, SLICE("Asia/Ho_Chi_Minh")), 0);
    cr_expect_eq(time_parse(&at, SLICE("2026-11-25"), zone), 0);
    cr_expect_eq(at, TOWN_NOON - 10 * HOUR_S - 30);
    cr_expect_eq(time_parse(&at, SLICE("1795575630"), zone), 0);
    cr_expect_eq(at, 1795575630);
    cr_expect_eq(time_parse(&at, SLICE("2026-02-30"), zone), ERR_MALFORMED);
    cr_expect_eq(time_parse(&at, SLICE("99999999999999999"), zone), ERR_MALFORMED);
    cr_expect_eq(time_parse(&at, SLICE(""), zone), ERR_MALFORMED);
    zone_free(zone);
}

Test(timeline, steps_by_the_local_clock_where_it_is_set_forward_and_back)
{
    struct town t;
    int64_t spring = 1774656000; /* 2026-03-28 00:00 UTC: 01:00 in Berlin */

    town_init(&t, "[site demo]\nany_host = yes\ntimezone = Europe/Berlin\n", TOWN_NOON);
    cr_assert_eq(ask(&t, STEP_DAY, spring, spring + 2 * DAY_S, NULL, NULL), 0);
    cr_assert_eq(count, 3u);
    cr_expect_eq(points[1].until_s - points[1].from_s, 23 * HOUR_S);
    cr_assert_eq(ask(&t, STEP_HOUR, points[1].from_s, points[1].until_s, NULL, NULL), 0);
    cr_expect_eq(count, 23u);
    done(&t);
}

/* --- series.json and the report --- */

static char memory[65536];

Test(timeline, series_json_has_the_contracts_fields)
{
    struct town t;
    struct document d = {.nodes = 1};
    struct series s = {.site = SLICE("demo"), .metric = METRIC_VIEWS};
    struct buffer b;
    json_t *root;
    int64_t minute = TOWN_NOON - TOWN_NOON % MINUTE_S;

    town_init(&t, demo, TOWN_NOON);
    town_view(&t, "demo", 1);
    s.query = (struct timeline_query){STEP_MINUTE, minute - MINUTE_S, minute + MINUTE_S};
    cr_assert_eq(ask(&t, STEP_MINUTE, s.query.from_s, s.query.until_s, NULL, NULL), 0);
    s.points = points;
    s.count = count;
    s.zone = atomic_load(&town_site(&t, "demo")->terms)->zone;
    d.now = town_now(&t);
    buffer_init(&b, memory, series_limit(count, 0));
    series_json(&b, &s, &d);
    cr_assert_eq(buffer_error(&b), 0);
    root = read_json(buffer_written(&b));
    expect_members(root, "site,metric,step,tz,from,to,as_of,gaps,points");
    cr_expect_str_eq(text_at(root, "step"), "minute");
    cr_expect_str_eq(text_at(root, "metric"), "views");
    cr_expect_eq(integer_at(root, "from"), minute - MINUTE_S);
    cr_expect_eq(integer_at(root, "to"), minute + MINUTE_S);
    cr_expect_eq(json_array_size(json_at(root, "points")), 2u);
    cr_expect_eq(integer_at(root, "points.0.0"), minute - MINUTE_S);
    cr_expect(null_at(root, "points.0.1"));
    cr_expect_eq(integer_at(root, "points.1.1"), 1);
    json_decref(root);
    buffer_init(&b, memory, series_limit(count, 0));
    series_text(&b, &s);
    memory[b.length] = '\0';
    cr_expect_str_eq(memory, "2026-11-25T09:59+07:00            -\n"
                             "2026-11-25T10:00+07:00            1\n");
    done(&t);
}

Test(timeline, visitors_are_asked_by_day_or_longer)
{
    cr_expect_eq(series_check(METRIC_VISITORS, STEP_HOUR), ERR_RANGE);
    cr_expect_eq(series_check(METRIC_VISITORS, STEP_DAY), 0);
    cr_expect_eq(series_check(METRIC_VIEWS, STEP_MINUTE), 0);
}

static json_t *report_of(const struct town *t, enum timeline_step by)
{
    struct document d = {.now = town_now(t)};
    struct day_report r = {.site = SLICE("demo"),
                           .by = by,
                           .zone = atomic_load(&town_site(t, "demo")->terms)->zone,
                           .points = points,
                           .count = count};
    struct buffer b;

    buffer_init(&b, memory, day_report_limit(count));
    day_report_json(&b, &r, &d);
    cr_assert_eq(buffer_error(&b), 0);
    return read_json(buffer_written(&b));
}

Test(timeline, reports_name_their_rows_by_what_they_are_by)
{
    static const struct {
        enum timeline_step by;
        const char *word, *label;
    } table[] = {{STEP_HOUR, "hour", "2026-11-25T10:00+07:00"},
                 {STEP_DAY, "day", "2026-11-25"},
                 {STEP_WEEK, "week", "2026-W48"},
                 {STEP_MONTH, "month", "2026-11"}};
    struct town t;

    town_init(&t, demo, TOWN_NOON);
    town_view(&t, "demo", 1);
    town_view(&t, "demo", 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        json_t *r;
        const json_t *row;
        cr_assert_eq(
            ask(&t, table[i].by, TOWN_NOON - 2 * DAY_S, TOWN_NOON + DAY_S, NULL, NULL),
            0);
        r = report_of(&t, table[i].by);
        cr_expect_str_eq(text_at(r, "site"), "demo");
        cr_expect_str_eq(text_at(r, "by"), table[i].word);
        cr_expect_str_eq(text_at(r, "zone"), "Asia/Ho_Chi_Minh");
        cr_expect_eq(json_array_size(json_at(r, "rows")), 1u, "only rows that are known");
        row = json_at(r, "rows.0");
        cr_expect_str_eq(text_at(row, table[i].word), table[i].label);
        cr_expect_eq(integer_at(row, "views"), 2);
        cr_expect_eq(integer_at(row, "visits"), 1);
        if (table[i].by == STEP_HOUR)
            cr_expect(null_at(row, "visitors"));
        else
            cr_expect_eq(integer_at(row, "visitors"), 1);
        cr_expect_eq(true_at(row, "exact"), table[i].by != STEP_HOUR);
        cr_expect_float_eq(json_real_value(json_at(row, "pages_per_visit")), 2, 1e-9);
        if (table[i].by == STEP_HOUR)
            cr_expect(null_at(row, "bounce_rate"));
        else
            cr_expect_float_eq(json_real_value(json_at(row, "bounce_rate")), 0, 1e-9);
        json_decref(r);
    }
    done(&t);
}

Test(timeline, weeks_are_named_as_iso_8601_names_them)
{
    static const struct {
        const char *day, *week;
    } table[] = {{"2024-12-30", "2025-W01"}, {"2026-12-28", "2026-W53"},
                 {"2027-01-04", "2027-W01"}, {"2015-05-18", "2015-W21"},
                 {"2020-12-28", "2020-W53"}, {"2018-01-01", "2018-W01"}};
    struct town t;

    town_init(&t, demo_utc, TOWN_NOON);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct shelf shelf = {.count = 0};
        struct timeline_source source = source_of(&shelf);
        int64_t day;
        json_t *r;
        cr_assert_eq(date_parse(slice_of(table[i].day), &day), 0);
        put(&shelf, KEPT_DAYS, false, day, 1, 1, 1);
        cr_assert_eq(ask(&t, STEP_WEEK, day * DAY_S, (day + 1) * DAY_S, &source, NULL),
                     0);
        r = report_of(&t, STEP_WEEK);
        cr_expect_str_eq(text_at(r, "rows.0.week"), table[i].week);
        json_decref(r);
    }
    done(&t);
}
