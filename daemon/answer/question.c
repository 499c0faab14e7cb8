#include "answer/question.h"

#include <stdlib.h>

#include "answer/history_source.h"
#include "answer/sites_kept.h"
#include "base/error.h"
#include "report/day_report.h"
#include "report/series.h"
#include "report/sites.h"
#include "store/history.h"

enum { DAY_S = 86400 };

/* A question under way: what is read before it is written. */
struct work {
    const struct question *q;
    struct store *store; /* NULL: none, or it is not needed */
    struct document document;
    struct time_span gaps[GAPS_MAX];
    struct site_terms *own_terms; /* ours, so that a reload frees none under our eyes */
    const struct site_terms *terms;
    struct timeline_query query;
    struct timeline_point *points;
    size_t count;
};

/* --- Reading --- */

/* A store may keep us waiting longer than the site's terms live. */
static int copy_terms(struct work *w)
{
    const struct site_terms *terms =
        atomic_load_explicit(&w->q->site->terms, memory_order_acquire);
    struct site_config config = terms->config;

    w->own_terms = site_terms_new(&config);
    w->terms = w->own_terms;
    return w->own_terms == NULL ? ERR_NOMEM : 0;
}

static int read_points(struct work *w)
{
    struct history_source context;
    struct timeline_source source;
    int rv = 0;

    if (w->store == NULL)
        return timeline_read(&w->points, &w->count, w->q->site, w->terms, &w->query, NULL,
                             &w->document);
    rv = history_source_open(&source, &context, w->store, w->q->site);
    if (rv == 0)
        rv = history_gaps(w->store, w->query.from_s, w->query.until_s, w->gaps, GAPS_MAX,
                          &w->document.gap_count);
    w->document.gaps = w->gaps;
    return rv != 0 ? rv
                   : timeline_read(&w->points, &w->count, w->q->site, w->terms, &w->query,
                                   &source, &w->document);
}

int64_t question_from(const struct timeline_query *query)
{
    static const int64_t days[TIMELINE_STEPS] = {
        [STEP_MINUTE] = 1, [STEP_QUARTER] = 7, [STEP_HOUR] = 7,
        [STEP_DAY] = 30,   [STEP_WEEK] = 182,  [STEP_MONTH] = 731};

    return query->until_s - days[query->step] * DAY_S;
}

/* From the first number to the end of today: what a report without a range is of. */
static void find_range(struct work *w)
{
    const struct zone *zone = w->terms->zone;
    int64_t now_s = instant_seconds(w->document.now), since;

    w->query = w->q->query;
    if (!w->q->since)
        return;
    if (!site_since(w->q->site, &since))
        since = now_s;
    since = zone_day_start(zone, zone_day(zone, since));
    if (w->q->kind == ASK_REPORT || since > w->query.from_s)
        w->query.from_s = since;
}

/* --- Writing --- */

static void write_series(const struct work *w, struct buffer *out)
{
    struct series s = {.site = slice_of(site_shown_key(w->q->site)),
                       .metric = w->q->metric,
                       .zone = w->terms->zone,
                       .query = w->query,
                       .points = w->points,
                       .count = w->count};

    if (w->q->text)
        series_text(out, &s);
    else
        series_json(out, &s, &w->document);
}

static void write_report(const struct work *w, struct buffer *out)
{
    struct day_report r = {.site = slice_of(site_shown_key(w->q->site)),
                           .by = w->query.step,
                           .zone = w->terms->zone,
                           .points = w->points,
                           .count = w->count};

    if (w->q->text)
        day_report_text(out, &r);
    else
        day_report_json(out, &r, &w->document);
}

static int write_sites(const struct work *w, struct buffer *out)
{
    const struct registry *registry = w->q->to.service->registry;
    struct sites_asked asked = {.reader = rights_reader(&w->q->rights),
                                .all = w->q->rights.all};

    return w->q->text ? sites_text(out, registry, w->document.now, asked)
                      : sites_json(out, registry, &w->document, asked);
}

static size_t answer_limit(const struct work *w)
{
    if (w->q->kind == ASK_SITES)
        return sites_json_limit(w->q->to.service->registry);
    if (w->q->kind == ASK_REPORT)
        return day_report_limit(w->count);
    return series_limit(w->count, w->document.gap_count);
}

/* The same for all who show no token. */
static bool is_everybodys(const struct question *q)
{
    return q->kind == ASK_SITES && !q->to.console && !q->to.own;
}

static void deliver(const struct work *w)
{
    const struct destination *to = &w->q->to;
    bool everybodys = is_everybodys(w->q);
    uint64_t changes = everybodys ? sites_kept_changes(to, &w->document) : 0;
    size_t limit = answer_limit(w);
    char *bytes = malloc(limit);
    struct buffer out;
    int rv = 0;

    buffer_init(&out, bytes, bytes == NULL ? 0 : limit);
    if (w->q->kind == ASK_SITES)
        rv = write_sites(w, &out);
    else if (w->q->kind == ASK_REPORT)
        write_report(w, &out);
    else
        write_series(w, &out);
    if (rv == 0)
        rv = buffer_error(&out);
    if (rv == 0 && everybodys)
        sites_kept_keep(to->service->sites_kept, to, &w->document, changes,
                        buffer_written(&out));
    else if (rv == 0)
        destination_document(to, buffer_written(&out));
    else
        destination_error(to, 500, "memory", "there is not enough memory; ask for less");
    free(bytes);
}

static void answer(const struct question *q, struct store *store, struct instant now)
{
    struct work w = {
        .q = q, .store = store, .document = service_document(q->to.service, now)};
    int rv = 0;

    if (q->kind != ASK_SITES) {
        rv = copy_terms(&w);
        if (rv == 0) {
            find_range(&w);
            rv = read_points(&w);
        }
    }
    if (rv == 0 && is_everybodys(q) &&
        sites_kept_answer(q->to.service->sites_kept, &q->to, &w.document))
        return;
    if (rv == 0)
        deliver(&w);
    else
        destination_error(&q->to, rv == ERR_RANGE ? 400 : 503,
                          rv == ERR_RANGE ? "range" : "store", store_error_message(rv));
    free(w.points);
    site_terms_free(w.own_terms);
}

/* --- Jobs --- */

struct question_job {
    struct job job; /* first */
    struct question question;
};

static void run(struct job *job, struct store *store, struct instant now, bool canceled)
{
    struct question_job *j = (struct question_job *)job;

    if (canceled)
        destination_error(&j->question.to, 503, "stopping",
                          store_error_message(ERR_CANCELED));
    else
        answer(&j->question, store, now);
    free(j);
}

bool question_submit(const struct question *q)
{
    struct service *service = q->to.service;
    struct question_job *j = malloc(sizeof *j);

    if (j == NULL)
        return false;
    *j = (struct question_job){.job = {.run = run, .operators = q->to.console},
                               .question = *q};
    if (service->submit(service->context, &j->job) == 0)
        return true; /* cppcheck-suppress memleak; it is the reader's now */
    free(j);
    return false;
}

void question_ask(const struct question *q)
{
    struct instant now = clock_now(q->to.service->clock);

    if (q->kind == ASK_SERIES && !timeline_needs_store(q->site, &q->query, now))
        answer(q, NULL, now);
    else if (!question_submit(q))
        destination_error(&q->to, 503, "busy",
                          "too many questions at once; try again in a second");
}
