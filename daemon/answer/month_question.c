#include "answer/month_question.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer/history_source.h"
#include "answer/store_job.h"
#include "answer/tops_source.h"
#include "base/date.h"
#include "base/error.h"
#include "report/month_report.h"
#include "store/merged.h"

enum { STARTS_ON_MAX = 28 /* every month has such a day */ };

/* --- What is typed --- */

static bool read_month(const struct asked_command *c, struct job_month *m)
{
    char first[16];
    struct slice word;
    int64_t day;

    if (arguments_option(c->words, "month", &word) &&
        word.length == sizeof "2025-12" - 1) {
        snprintf(first, sizeof first, "%.*s-01", (int)word.length, word.at);
        if (date_parse(slice_of(first), &day) == 0 && day >= 0) {
            m->year = date_of_day(day).year;
            m->month = date_of_day(day).month;
            return true;
        }
    }
    command_usage(c, "--month is a month like 2025-12");
    return false;
}

static bool read_starts_on(const struct asked_command *c, struct job_month *m)
{
    struct slice word;
    uint64_t n = 1;

    if (arguments_option(c->words, "starts_on", &word) &&
        (slice_number(word, &n) != 0 || n < 1 || n > STARTS_ON_MAX)) {
        command_usage(c, "--starts-on is a day from 1 to 28");
        return false;
    }
    m->starts_on = (unsigned)n;
    return true;
}

static bool read_compare(const struct asked_command *c, struct job_month *m)
{
    struct slice rest;

    if (!arguments_option(c->words, "compare", &rest))
        return true;
    while (rest.length > 0) {
        struct slice word = slice_trim(slice_cut(&rest, ','));
        if (slice_equal(word, SLICE("previous")))
            m->previous = true;
        else if (slice_equal(word, SLICE("year")))
            m->a_year = true;
        else {
            command_usage(c, "--compare is previous, year, or both with a comma between");
            return false;
        }
    }
    return true;
}

/* Exactly one of KEY, --group and --all. */
static bool read_which(const struct asked_command *c, struct job_month *m,
                       struct site **ret_site)
{
    struct slice group, none;
    bool has_group = arguments_option(c->words, "group", &group);
    bool all = arguments_option(c->words, "all", &none);

    *ret_site = NULL;
    if ((c->words->places > 0) + has_group + all != 1 || c->words->places > 1 ||
        (has_group && (group.length == 0 || group.length >= sizeof m->group))) {
        command_usage(c, "a monthly report is of KEY, or --group G, or --all");
        return false;
    }
    if (has_group)
        memcpy(m->group, group.at, group.length);
    if (c->words->places == 1)
        *ret_site = command_site_at(c, 0);
    return c->words->places == 0 || *ret_site != NULL;
}

/* --- One site --- */

struct reading {
    const struct job_month *asked;
    struct store *store;
    const struct document *document;
    const struct site *site;
    const struct site_terms *terms;
};

static int read_span(const struct reading *x, int months, struct month_sum *ret_sum)
{
    const struct job_month *m = x->asked;
    const struct zone *zone = x->terms->zone;
    const struct timeline_query query = {
        .step = m->starts_on == 1 ? STEP_MONTH : STEP_DAY,
        .from_s = zone_day_start(
            zone, month_report_day(m->year, m->month, m->starts_on, months)),
        .until_s = zone_day_start(
            zone, month_report_day(m->year, m->month, m->starts_on, months + 1))};
    struct history_source context;
    struct timeline_source source;
    struct timeline_point *points = NULL;
    size_t count = 0;
    int rv =
        x->store == NULL ? 0 : history_source_open(&source, &context, x->store, x->site);

    if (rv == 0)
        rv = timeline_read(&points, &count, x->site, x->terms, &query,
                           x->store == NULL ? NULL : &source, x->document);
    if (rv == 0)
        month_sum_points(ret_sum, points, count);
    free(points);
    return rv;
}

static int add_adjusted(void *context, const struct history_row *row)
{
    int64_t *adjusted = context;

    adjusted[METRIC_VIEWS] += (int64_t)row->views;
    adjusted[METRIC_VISITS] += (int64_t)row->visits;
    adjusted[METRIC_VISITORS] += (int64_t)row->visitors;
    return 0;
}

static int keep_last_day(void *context, const struct history_row *row)
{
    if (row->views > 0)
        *(int64_t *)context = row->number;
    return 0;
}

/* Of a site that is silent: the day of its last view, by the arena or the store. */
static int read_last_view(const struct reading *x, struct month_row *row)
{
    int64_t day = -1;
    int rv =
        x->store == NULL
            ? 0
            : merged_history(x->store, x->site, CHANGE_DAY,
                             HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN | HISTORY_IMPORTED,
                             INT64_MIN, INT64_MAX, keep_last_day, &day);

    row->last_view_s =
        atomic_load_explicit(&x->site->block->last_view_s, memory_order_relaxed);
    if (rv == 0 && day >= 0 && zone_day_start(x->terms->zone, day) > row->last_view_s)
        row->last_view_s = zone_day_start(x->terms->zone, day);
    return rv;
}

/* Tops of long ago are kept by calendar month: of another month they say nothing. */
static int read_top_page(const struct reading *x, struct month_row *row)
{
    const struct job_month *m = x->asked;
    const struct zone *zone = x->terms->zone;
    const struct tops_span span = {
        .site = x->site,
        .of = DIM_PAGES,
        .from_day = month_report_day(m->year, m->month, m->starts_on, 0),
        .until_day = month_report_day(m->year, m->month, m->starts_on, 1),
        .today = zone_day(zone, instant_seconds(x->document->now))};
    struct top_sum sum;
    int rv;

    if (m->starts_on != 1 && month_first_day(month_of_day(span.from_day) + 1) <=
                                 span.today - STORE_TOPS_DAYS + 1)
        return 0;
    top_sum_init(&sum);
    rv = tops_source_add(&sum, x->store, &span);
    top_sum_finish(&sum, 2);
    if (rv == 0)
        month_page_read(&row->top, &sum);
    top_sum_release(&sum);
    return rv;
}

static void describe(const struct reading *x, struct month_row *row)
{
    const struct job_month *m = x->asked;
    const struct site_config *c = &x->terms->config;
    struct slice hosts = slice_of(c->hosts), host = slice_trim(slice_cut(&hosts, ','));

    if (x->site->block->host[0] != '\0')
        host = slice_of(x->site->block->host);
    snprintf(row->site, sizeof row->site, "%s", site_shown_key(x->site));
    snprintf(row->title, sizeof row->title, "%.127s",
             c->title[0] != '\0'               ? c->title
             : x->site->block->host[0] != '\0' ? x->site->block->host
                                               : row->site);
    snprintf(row->group, sizeof row->group, "%s", c->group);
    snprintf(row->tz, sizeof row->tz, "%s", c->timezone);
    snprintf(row->host, sizeof row->host, "%.*s", (int)host.length, host.at);
    row->from_s = zone_day_start(x->terms->zone,
                                 month_report_day(m->year, m->month, m->starts_on, 0));
    row->until_s = zone_day_start(x->terms->zone,
                                  month_report_day(m->year, m->month, m->starts_on, 1));
    (void)site_since(x->site, &row->since_s);
}

static int read_row(const struct reading *x, struct month_row *row)
{
    const struct job_month *m = x->asked;
    int rv;

    *row = (struct month_row){.since_s = 0};
    describe(x, row);
    rv = read_span(x, 0, &row->sum[MONTH_NOW]);
    if (rv == 0 && m->previous)
        rv = read_span(x, -1, &row->sum[MONTH_PREVIOUS]);
    if (rv == 0 && m->a_year)
        rv = read_span(x, -12, &row->sum[MONTH_YEAR]);
    if (rv == 0 && x->store != NULL)
        rv = merged_history(x->store, x->site, CHANGE_DAY, HISTORY_ADJUSTED,
                            month_report_day(m->year, m->month, m->starts_on, 0),
                            month_report_day(m->year, m->month, m->starts_on, 1),
                            add_adjusted, row->adjusted);
    if (rv == 0)
        rv = read_last_view(x, row);
    if (rv == 0)
        rv = read_top_page(x, row);
    return rv;
}

/* --- All of them --- */

struct rows {
    struct month_row *at;
    size_t count, room;
};

static bool is_asked(const struct store_job *j, const struct site *site,
                     const struct site_terms *terms)
{
    if (j->site != NULL)
        return site == j->site;
    if (site_names_merger(registry_names(j->service->registry),
                          slice_of(site->block->key)) != NULL)
        return false; /* it is a part of another row */
    return j->month.group[0] == '\0' || strcmp(terms->config.group, j->month.group) == 0;
}

/* An archived site is told of while one of the months has a number of it. */
static bool is_told(const struct store_job *j, const struct site *site,
                    const struct month_row *row)
{
    bool any = registry_at(j->service->registry, site->index) != NULL;

    for (int s = 0; s < MONTH_SPANS; s++)
        any = any || (row->sum[s].known && row->sum[s].metric[METRIC_VIEWS] > 0);
    return any;
}

static int grow(struct rows *rows)
{
    size_t room = rows->room * 2 + 16;
    struct month_row *more = realloc(rows->at, room * sizeof *more);

    if (more == NULL)
        return ERR_NOMEM;
    rows->at = more;
    rows->room = room;
    return 0;
}

static int add_site(struct rows *rows, const struct store_job *j, struct reading *x)
{
    /* Terms are freed a minute after a reload replaced them; a store may take longer. */
    struct site_config config =
        atomic_load_explicit(&x->site->terms, memory_order_acquire)->config;
    struct site_terms *own = site_terms_new(&config);
    int rv = own == NULL ? ERR_NOMEM : 0;

    if (rv == 0 && rows->count == rows->room)
        rv = grow(rows);
    x->terms = own;
    if (rv == 0 && is_asked(j, x->site, own)) {
        rv = read_row(x, &rows->at[rows->count]);
        rows->count += rv == 0 && is_told(j, x->site, &rows->at[rows->count]);
    }
    site_terms_free(own);
    return rv;
}

static int read_gaps(const struct rows *rows, struct store *store, struct time_span *gaps,
                     struct document *d)
{
    int64_t from = INT64_MAX, until = INT64_MIN;

    for (size_t i = 0; i < rows->count; i++) {
        from = rows->at[i].from_s < from ? rows->at[i].from_s : from;
        until = rows->at[i].until_s > until ? rows->at[i].until_s : until;
    }
    d->gaps = gaps;
    d->gap_count = 0;
    return store == NULL || rows->count == 0
               ? 0
               : history_gaps(store, from, until, gaps, GAPS_MAX, &d->gap_count);
}

static void deliver(const struct store_job *j, struct rows *rows,
                    const struct document *d)
{
    const struct month_report report = {.row = rows->at,
                                        .count = rows->count,
                                        .year = j->month.year,
                                        .month = j->month.month,
                                        .starts_on = j->month.starts_on,
                                        .previous = j->month.previous,
                                        .a_year = j->month.a_year};
    size_t limit = month_report_limit(rows->count, d->gap_count);
    char *memory = malloc(limit);
    struct buffer b;

    month_rows_sort(rows->at, rows->count);
    buffer_init(&b, memory, memory == NULL ? 0 : limit);
    month_report_json(&b, &report, d);
    store_job_answer(j, &b);
    free(memory);
}

static void work_month(struct store_job *j, struct store *store, struct instant now)
{
    const struct registry *registry = j->service->registry;
    struct document document = service_document(j->service, now);
    struct reading x = {.asked = &j->month, .store = store, .document = &document};
    struct time_span *gaps = calloc(GAPS_MAX, sizeof *gaps);
    struct rows rows = {.count = 0};
    int rv = gaps == NULL ? ERR_NOMEM : 0;

    for (size_t i = 0; i < registry_limit(registry) && rv == 0; i++) {
        x.site = registry_kept_at(registry, i);
        if (x.site != NULL)
            rv = add_site(&rows, j, &x);
    }
    if (rv == 0)
        rv = read_gaps(&rows, store, gaps, &document);
    if (rv == 0)
        deliver(j, &rows, &document);
    else
        store_job_error(j, "store", store_error_message(rv));
    free(rows.at);
    free(gaps);
}

bool month_question_is_asked(const struct asked_command *c)
{
    static const char *const names[] = {"month", "all", "group", "starts_on", "compare"};
    struct slice value;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (arguments_option(c->words, names[i], &value))
            return true;
    return c->words->places == 0;
}

void month_question_ask(struct asked_command *c)
{
    struct job_month month = {.starts_on = 1};
    struct site *site;
    struct store_job *j;

    if (!read_month(c, &month) || !read_starts_on(c, &month) ||
        !read_compare(c, &month) || !read_which(c, &month, &site))
        return;
    j = store_job_new(c, site, work_month);
    if (j == NULL)
        return;
    j->no_store = true;
    j->month = month;
    store_job_submit(j);
}
