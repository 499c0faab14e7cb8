/* /v1/: documents of sites as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "answer/question.h"
#include "answer/routes.h"
#include "answer/widgets.h"
#include "base/error.h"
#include "parse/accept_encoding.h"
#include "parse/query.h"
#include "report/series.h"
#include "report/snapshot.h"

enum { PARAMETER_MAX = 64 };

static const char json_type[] = "application/json";

/* The demo, or the first public one; NULL: there is none. */
static const struct site *site_to_show(const struct registry *r)
{
    const struct site *demo = registry_by_key(r, SLICE("demo"));

    if (demo != NULL)
        return demo;
    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *s = registry_at(r, i);
        if (s != NULL && site_is_public(s))
            return s;
    }
    return NULL;
}

/* "v1/portal/widget.json" of "/v1/{site}/widget.json", with a site that there is. */
static void write_example(struct json_out *j, const struct route *route,
                          const struct site *site)
{
    static const char variable[] = "{site}";
    const char *path = route->path + 1, *at = strstr(path, variable);
    char memory[512];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    buffer_bytes(&b, path, at == NULL ? strlen(path) : (size_t)(at - path));
    if (at != NULL) {
        buffer_text(&b, site == NULL ? "demo" : site_shown_key(site));
        buffer_text(&b, at + sizeof variable - 1);
    }
    buffer_text(&b, route->query);
    json_out_slice(j, "example", buffer_written(&b));
}

void answer_index(struct asked *a)
{
    const struct site *site = site_to_show(a->lane->service->registry);
    size_t count;
    const struct route *route = routes(&count);
    struct buffer body;
    struct json_out j;

    respond_body(&body, a->out);
    json_out_init(&j, &body);
    json_out_object(&j, NULL);
    json_out_text(&j, "version", a->lane->service->version);
    json_out_array(&j, "documents");
    for (size_t i = 0; i < count; i++) {
        char request[64];
        if (route[i].about == NULL)
            continue;
        snprintf(request, sizeof request, "GET %s", route[i].path + 1);
        json_out_object(&j, NULL);
        json_out_text(&j, "request", request);
        write_example(&j, &route[i], site);
        json_out_text(&j, "about", route[i].about);
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(&body, '\n');
    asked_document(a, json_type, buffer_written(&body));
}

/* Most of those who ask within a second get the same bytes, head and all: they stay
 * connected and have no copy yet. (It is too short to be gzipped.) */
void answer_widget(struct asked *a)
{
    struct slice body = widgets_get(a->lane, a->site, &a->document), whole;
    size_t before = a->out->length;
    bool usual =
        a->r.keep_alive && !a->r.head_only && slice_is_empty(a->request->if_none_match);

    whole = widgets_answer(a->lane, a->site);
    if (usual && !slice_is_empty(whole)) {
        buffer_slice(a->out, whole);
        a->r.status = 200;
        return;
    }
    asked_document(a, json_type, body);
    if (usual && buffer_error(a->out) == 0)
        widgets_keep_head(
            a->lane, a->site,
            (struct slice){a->out->at + before, a->out->length - before - body.length});
}

bool asked_private(struct asked *a)
{
    const struct reader *reader = rights_reader(&a->rights);

    /* A shared cache must not hand to one what is another's. */
    a->r.vary = "Authorization";
    a->whole = site_is_open_to(a->site, reader);
    if (a->whole || site_is_public(a->site))
        return false;
    if (reader != NULL) {
        asked_error(a, 403, "forbidden",
                    "This token does not open this site; its [reader] section in "
                    "luotd.conf says which ones it does.");
        return true;
    }
    a->r.authenticate = a->rights.shown ? "Bearer realm=\"luot\", error=\"invalid_token\""
                                        : "Bearer realm=\"luot\"";
    asked_error(a, 401, "unauthorized",
                a->rights.shown
                    ? "Nobody has this token; `luotctl reader list` says who has one."
                    : "This site's documents are private: show a reader's token "
                      "(Authorization: Bearer ...; `luotctl reader add` makes one), or "
                      "set `public = yes`. widget.json is always public.");
    return true;
}

void answer_snapshot(struct asked *a)
{
    struct buffer body;

    if (asked_private(a))
        return;
    respond_body(&body, a->out);
    a->document.whole = a->whole;
    snapshot_json(&body, a->site, &a->document);
    if (buffer_error(&body) != 0)
        a->out->error = buffer_error(&body);
    else
        asked_document(a, json_type, buffer_written(&body));
}

/* --- Later --- */

struct destination asked_destination(const struct asked *a)
{
    struct destination to = {.service = a->lane->service,
                             .http = a->token,
                             .keep_alive = a->r.keep_alive,
                             .head_only = a->r.head_only,
                             .gzip = accepts_gzip(a->request->accept_encoding),
                             .own = a->whole,
                             .vary = a->r.vary};
    struct slice match = a->request->if_none_match;

    if (match.length < sizeof to.if_none_match)
        memcpy(to.if_none_match, match.length == 0 ? "" : match.at, match.length);
    return to;
}

static void ask(struct asked *a, const struct question *q)
{
    a->later = question_submit(q);
    if (!a->later)
        asked_error(a, 503, "busy", "Too many questions at once; try again in a second.");
}

void answer_sites(struct asked *a)
{
    struct question q = {.kind = ASK_SITES, .rights = a->rights};

    a->r.vary = "Authorization";
    a->whole = a->rights.shown; /* its own answer, and nobody else's */
    q.to = asked_destination(a);
    ask(a, &q);
}

/* --- series.json --- */

/* Empty when it is not there or too long to be right. */
static struct slice parameter(const struct asked *a, const char *name,
                              char memory[PARAMETER_MAX])
{
    struct slice raw, value;

    if (!query_find(a->request->query, slice_of(name), &raw) ||
        raw.length > PARAMETER_MAX || query_decode(&value, raw, memory) != 0)
        return (struct slice){NULL, 0};
    return value;
}

/* From `from` on and up to `to`, of the step that q has already. NULL, or what is wrong. */
static const char *read_range(const struct asked *a, struct question *q,
                              const char **ret_reason)
{
    const struct site_terms *terms =
        atomic_load_explicit(&a->site->terms, memory_order_acquire);
    int64_t now_s = instant_seconds(a->r.now);
    int64_t tomorrow = zone_day_start(terms->zone, zone_day(terms->zone, now_s) + 1);
    char memory[PARAMETER_MAX];
    struct slice word = parameter(a, "to", memory);

    *ret_reason = "to";
    q->query.until_s = q->query.step < STEP_DAY ? now_s + 1 : tomorrow;
    if (word.length > 0 && time_parse(&q->query.until_s, word, terms->zone) != 0)
        return "to is a day like 2026-01-31 or unix seconds.";
    *ret_reason = "from";
    word = parameter(a, "from", memory);
    q->query.from_s = question_from(&q->query);
    if (word.length > 0 && time_parse(&q->query.from_s, word, terms->zone) != 0)
        return "from is a day like 2026-01-31 or unix seconds.";
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_query(const struct asked *a, struct question *q,
                              const char **ret_reason)
{
    const struct site_terms *terms =
        atomic_load_explicit(&a->site->terms, memory_order_acquire);
    char memory[PARAMETER_MAX];
    struct slice word = parameter(a, "metric", memory);

    q->metric = terms->config.metric;
    *ret_reason = "metric";
    if (word.length > 0 && metric_parse(&q->metric, word) != 0)
        return "metric is views, visits or visitors.";
    *ret_reason = "step";
    word = parameter(a, "step", memory);
    q->query.step = STEP_DAY;
    if (word.length > 0 && timeline_step_parse(&q->query.step, word) != 0)
        return "step is minute, quarter, hour, day, week or month.";
    if (series_check(q->metric, q->query.step) != 0)
        return "Visitors are counted by day, week and month; ask for step=day or for "
               "metric=visits.";
    return read_range(a, q, ret_reason);
}

static void answer_here(struct asked *a, const struct question *q)
{
    const struct site_terms *terms =
        atomic_load_explicit(&a->site->terms, memory_order_acquire);
    struct series s = {.site = slice_of(site_shown_key(a->site)),
                       .metric = q->metric,
                       .zone = terms->zone,
                       .query = q->query};
    struct timeline_point *points = NULL;
    struct buffer body;
    int rv =
        timeline_read(&points, &s.count, a->site, terms, &q->query, NULL, &a->document);

    s.points = points;
    respond_body(&body, a->out);
    if (rv == 0)
        series_json(&body, &s, &a->document);
    free(points);
    if (rv != 0)
        asked_error(a, rv == ERR_RANGE ? 400 : 503, rv == ERR_RANGE ? "range" : "memory",
                    store_error_message(rv));
    else if (buffer_error(&body) != 0)
        a->out->error = buffer_error(&body);
    else
        asked_document(a, json_type, buffer_written(&body));
}

void answer_series(struct asked *a)
{
    struct question q = {.kind = ASK_SERIES, .site = a->site};
    const char *reason, *wrong;

    if (asked_private(a))
        return;
    wrong = read_query(a, &q, &reason);
    if (wrong != NULL) {
        asked_error(a, 400, reason, wrong);
    } else if (timeline_needs_store(a->site, &q.query, a->r.now)) {
        q.to = asked_destination(a);
        ask(a, &q);
    } else {
        answer_here(a, &q);
    }
}

/* --- report.json --- */

void answer_report(struct asked *a)
{
    struct question q = {.kind = ASK_REPORT, .site = a->site, .query.step = STEP_DAY};
    char memory[PARAMETER_MAX];
    struct slice by = parameter(a, "by", memory);
    const char *reason, *wrong;

    if (asked_private(a))
        return;
    if (by.length > 0 &&
        (timeline_step_parse(&q.query.step, by) != 0 || q.query.step < STEP_HOUR)) {
        asked_error(a, 400, "by", "by is hour, day, week or month.");
        return;
    }
    wrong = read_range(a, &q, &reason);
    if (wrong != NULL) {
        asked_error(a, 400, reason, wrong);
        return;
    }
    q.to = asked_destination(a);
    ask(a, &q);
}
