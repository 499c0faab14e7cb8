/* Commands that read: the daemon's numbers and the sites'. */
#include "answer/command.h"
#include "answer/month_question.h"
#include "answer/question.h"
#include "base/error.h"
#include "report/series.h"
#include "report/site_card.h"
#include "report/snapshot.h"
#include "report/stats.h"

enum { STATS_BYTES = 65536 };

/* --- The daemon --- */

/* One database of this machine is all told by the sums. */
static void list_stores(struct stats *s, const struct service_status *status)
{
    if (status->store_count == 0 ||
        (status->store_count == 1 && !redis_where_is(slice_of(status->stores[0].where))))
        return;
    s->store_count = status->store_count;
    for (unsigned i = 0; i < status->store_count; i++) {
        const struct store_state *one = &status->stores[i];

        s->stores[i] = (struct store_stats){.where = one->where,
                                            .error = one->error == 0 ? NULL
                                                     : one->sentence[0] != '\0'
                                                         ? one->sentence
                                                         : error_text(one->error),
                                            .durable = one->durable,
                                            .durable_since_ms = one->durable_since_ms,
                                            .saves = one->saves,
                                            .rows = one->rows,
                                            .failures = one->failures,
                                            .ms = one->ms};
    }
}

static void add_geo(struct stats *s, const struct service *service)
{
    const struct atlas *atlas = service_atlas(service);

    if (atlas == NULL)
        return;
    s->geo = atlas->geo == NULL ? NULL : geo_info(atlas->geo);
    s->geo_trouble = atlas->trouble[0] == '\0' ? NULL : atlas->trouble;
}

/* `status` lives as long as what is returned. */
static struct stats stats_of(const struct asked_command *c,
                             const struct service_status *status)
{
    struct service *service = c->service;
    struct stats s = {.version = service->version, .node = service->node};

    list_stores(&s, status);
    add_geo(&s, service);
    metrics_sum(service->rows, service->workers, &s.total);
    s.kernel_drops = status->kernel_drops;
    s.udp_buffer = status->udp_buffer;
    s.store = status->store;
    s.durable = status->durable;
    s.durable_since_ms = status->durable_since_ms;
    s.saves = status->saves;
    s.save_rows = status->save_rows;
    s.save_failures = status->save_failures;
    s.save_error = status->save_error == 0 ? NULL : error_text(status->save_error);
    s.save_ms = status->save_ms;
    s.arena_fs = status->arena_fs == NULL ? "unknown" : status->arena_fs;
    s.arena_bytes = status->arena_bytes;
    s.arena_damaged = status->arena_damaged;
    s.keeper_as_of_s = status->keeper_as_of_ms / 1000;
    s.incarnation = status->incarnation;
    s.clock_steps = status->clock_steps;
    s.log_dropped = status->log_dropped;
    s.keeper_as_of_s = status->keeper_as_of_ms / 1000;
    s.as_of_s = instant_seconds(c->now);
    s.uptime_s = c->now.ms > status->started_ms
                     ? (uint64_t)(c->now.ms - status->started_ms) / 1000
                     : 0;
    s.sites = registry_count(service->registry);
    s.workers = service->workers;
    s.config_hash = registry_config(service->registry)->hash;
    return s;
}

static void answer_stats(struct asked_command *c,
                         void (*write)(struct buffer *, const struct stats *))
{
    struct service_status status = {.store = false};
    struct buffer out;
    char *memory = command_begin(c, &out, STATS_BYTES);
    struct stats s;

    if (memory == NULL)
        return;
    c->service->status(c->service->context, &status);
    s = stats_of(c, &status);
    write(&out, &s);
    command_answer(c, &out, memory);
}

void command_stats(struct asked_command *c)
{
    answer_stats(c, c->json ? stats_json : stats_text);
}

void command_metrics(struct asked_command *c)
{
    answer_stats(c, c->json ? stats_json : exposition_text);
}

/* --- Sites, now --- */

void command_sites(struct asked_command *c)
{
    struct question q = {
        .kind = ASK_SITES, .to = c->to, .text = !c->json, .rights.all = true};

    question_ask(&q);
}

static void answer_document(struct asked_command *c, size_t limit,
                            void (*write)(struct buffer *, const struct site *,
                                          const struct document *))
{
    const struct site *site = command_site_at(c, 0);
    struct document document;
    struct buffer out;
    char *memory;

    if (site == NULL)
        return;
    memory = command_begin(c, &out, limit);
    if (memory == NULL)
        return;
    document = service_document(c->service, c->now);
    write(&out, site, &document);
    command_answer(c, &out, memory);
}

void command_site_card(struct asked_command *c)
{
    answer_document(c, SITE_CARD_BYTES, c->json ? site_card_json : site_card_text);
}

void command_snapshot(struct asked_command *c)
{
    answer_document(c, SNAPSHOT_BYTES, c->json ? snapshot_json : snapshot_text);
}

/* --- Sites, over time --- */

/* An option, else the next place that is not used yet; empty: neither. */
static struct slice option_or_place(const struct asked_command *c, const char *name,
                                    unsigned *place)
{
    struct slice value = {NULL, 0};

    if (!arguments_option(c->words, name, &value) && *place < c->words->places)
        value = c->words->place[(*place)++];
    return value;
}

static const struct site_terms *terms_of(const struct site *site)
{
    return atomic_load_explicit(&site->terms, memory_order_acquire);
}

static bool read_times(const struct asked_command *c, const struct site *site,
                       unsigned *place, struct question *q)
{
    const struct zone *zone = terms_of(site)->zone;
    struct slice from = option_or_place(c, "from", place);
    struct slice to = option_or_place(c, "to", place);

    q->since = from.length == 0;
    q->query.until_s =
        q->kind == ASK_SERIES && q->query.step < STEP_DAY
            ? instant_seconds(c->now) + 1
            : zone_day_start(zone, zone_day(zone, instant_seconds(c->now)) + 1);
    if ((from.length > 0 && time_parse(&q->query.from_s, from, zone) != 0) ||
        (to.length > 0 && time_parse(&q->query.until_s, to, zone) != 0)) {
        command_usage(c, "FROM and TO are days like 2026-01-31 or unix seconds");
        return false;
    }
    if (q->since)
        q->query.from_s = question_from(&q->query);
    return true;
}

void command_series(struct asked_command *c)
{
    const struct site *site = command_site_at(c, 0);
    struct question q = {.kind = ASK_SERIES, .to = c->to, .site = site, .text = !c->json};
    unsigned place = 1;
    struct slice metric, step;

    if (site == NULL)
        return;
    metric = option_or_place(c, "metric", &place);
    step = option_or_place(c, "step", &place);
    q.metric = terms_of(site)->config.metric;
    q.query.step = STEP_DAY;
    if (metric.length > 0 && metric_parse(&q.metric, metric) != 0)
        command_usage(c, "METRIC is views, visits or visitors");
    else if (step.length > 0 && timeline_step_parse(&q.query.step, step) != 0)
        command_usage(c, "STEP is minute, quarter, hour, day, week or month");
    else if (series_check(q.metric, q.query.step) != 0)
        command_usage(c, "visitors are counted by day, week and month");
    else if (read_times(c, site, &place, &q))
        question_ask(&q);
}

/* `by day` as two places, and a period without `by`, are as good as by=day. */
static struct slice report_period(const struct asked_command *c, unsigned *place)
{
    struct slice value = {NULL, 0};
    enum timeline_step step;

    if (arguments_option(c->words, "by", &value) || *place >= c->words->places)
        return value;
    if (slice_equal(c->words->place[*place], SLICE("by"))) {
        (*place)++;
        return *place < c->words->places ? c->words->place[(*place)++] : SLICE("nothing");
    }
    if (timeline_step_parse(&step, c->words->place[*place]) == 0)
        value = c->words->place[(*place)++];
    return value;
}

void command_report(struct asked_command *c)
{
    struct question q = {.kind = ASK_REPORT, .to = c->to, .text = !c->json};
    const struct site *site;
    unsigned place = 1;
    struct slice by;

    if (month_question_is_asked(c)) {
        month_question_ask(c);
        return;
    }
    site = command_site_at(c, 0);
    q.site = site;
    if (site == NULL)
        return;
    by = report_period(c, &place);
    q.query.step = STEP_DAY;
    if (by.length > 0 &&
        (timeline_step_parse(&q.query.step, by) != 0 || q.query.step < STEP_HOUR))
        command_usage(c, "a report is by day, hour, week or month");
    else if (read_times(c, site, &place, &q))
        question_ask(&q);
}
