#include "answer/tops_question.h"

#include <stdlib.h>

#include "answer/tops_source.h"
#include "base/error.h"
#include "report/timeline.h"
#include "store/job.h"
#include "store/store.h"

enum { LIST_ROWS = 100 };

static const struct site_terms *terms_of(const struct site *site)
{
    return atomic_load_explicit(&site->terms, memory_order_acquire);
}

int tops_days(struct tops_question *q, struct slice from, struct slice to,
              struct instant now)
{
    const struct zone *zone = terms_of(q->site)->zone;
    int64_t today = zone_day(zone, instant_seconds(now)), s;

    q->until_day = today + 1;
    if (to.length > 0) {
        if (time_parse(&s, to, zone) != 0)
            return ERR_MALFORMED;
        q->until_day = zone_day(zone, s - 1) + 1;
    }
    q->from_day = q->until_day - 1;
    if (from.length > 0) {
        if (time_parse(&s, from, zone) != 0)
            return ERR_MALFORMED;
        q->from_day = zone_day(zone, s);
    }
    return q->from_day < q->until_day && q->until_day - q->from_day <= TIMELINE_DAYS_MAX
               ? 0
               : ERR_RANGE;
}

/* --- Reading --- */

struct work {
    const struct tops_question *q;
    struct instant now;
    struct top_sum sum;
};

/* --- Writing --- */

static int write(const struct work *w, const struct site_terms *terms, uint64_t min)
{
    const struct tops t = {.site = slice_of(site_shown_key(w->q->site)),
                           .of = w->q->of,
                           .from_day = w->q->from_day,
                           .until_day = w->q->until_day,
                           .zone = terms->zone,
                           .sum = &w->sum,
                           .min_visitors = min};
    struct document d = service_document(w->q->to.service, w->now);
    size_t limit = tops_limit(&w->sum);
    char *bytes = malloc(limit);
    struct buffer out;
    int rv;

    buffer_init(&out, bytes, bytes == NULL ? 0 : limit);
    if (w->q->form == TOPS_JSON)
        tops_json(&out, &t, &d);
    else if (w->q->form == TOPS_CSV)
        tops_csv(&out, &t);
    else
        tops_text(&out, &t);
    rv = bytes == NULL ? ERR_NOMEM : buffer_error(&out);
    if (rv == 0)
        destination_document(&w->q->to, buffer_written(&out));
    free(bytes);
    return rv;
}

/* The store may keep us waiting longer than the site's terms live. */
static int answer(const struct tops_question *q, struct store *store, struct instant now)
{
    struct site_config config = terms_of(q->site)->config;
    struct site_terms *terms = site_terms_new(&config);
    struct tops_span span = {
        .site = q->site, .of = q->of, .from_day = q->from_day, .until_day = q->until_day};
    struct work w = {.q = q, .now = now};
    uint64_t min = q->folded && dimension_is_folded(q->of) ? config.min_visitors : 0;
    int rv;

    if (terms == NULL)
        return ERR_NOMEM;
    top_sum_init(&w.sum);
    span.today = zone_day(terms->zone, instant_seconds(now));
    rv = tops_source_add(&w.sum, store, &span);
    top_sum_finish(&w.sum, LIST_ROWS);
    if (min > 0)
        top_sum_fold(&w.sum, min, dimension_has_visitors(q->of));
    if (rv == 0)
        rv = write(&w, terms, min);
    top_sum_release(&w.sum);
    site_terms_free(terms);
    return rv;
}

/* --- The job --- */

struct tops_job {
    struct job job; /* first */
    struct tops_question question;
};

static void run(struct job *job, struct store *store, struct instant now, bool canceled)
{
    struct tops_job *j = (struct tops_job *)job;
    int rv = canceled ? ERR_CANCELED : answer(&j->question, store, now);

    if (rv != 0)
        destination_error(&j->question.to, 503, canceled ? "stopping" : "store",
                          store_error_message(rv));
    free(j);
}

bool tops_submit(const struct tops_question *q)
{
    struct service *service = q->to.service;
    struct tops_job *j = malloc(sizeof *j);

    if (j == NULL)
        return false;
    *j = (struct tops_job){.job = {.run = run, .operators = q->to.console},
                           .question = *q};
    if (service->submit(service->context, &j->job) == 0)
        return true; /* cppcheck-suppress memleak; it is the reader's now */
    free(j);
    return false;
}
