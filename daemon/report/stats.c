#include "report/stats.h"

#include <stdio.h>

#include "report/document.h"
#include "report/json.h"

/* Fields of metrics.def whose names begin with a prefix, without it. */
static void numbers_with(struct json_out *j, const struct metrics_total *total,
                         const char *prefix)
{
    size_t skip = strlen(prefix);

    for (int i = 0; i < METRICS_COUNT; i++)
        if (strncmp(metrics_table[i].name, prefix, skip) == 0)
            json_out_number(j, metrics_table[i].name + skip, total->by_number[i]);
}

static void outcomes_json(struct json_out *j, const struct metrics_total *total,
                          enum outcome_class class)
{
    json_out_object(j, outcome_class_word(class));
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (outcome_class((enum outcome)i) == class)
            json_out_number(j, outcome_word((enum outcome)i),
                            metrics_of_outcome(total, (enum outcome)i));
    json_out_object_end(j);
}

static void store_json(struct json_out *j, const struct stats *s)
{
    json_out_object(j, "store");
    json_out_bool(j, "there", s->store);
    json_out_bool(j, "durable", s->durable);
    json_out_signed(j, "durable_since", s->durable_since_ms / 1000);
    json_out_number(j, "saves", s->saves);
    json_out_number(j, "rows", s->save_rows);
    json_out_number(j, "failures", s->save_failures);
    if (s->save_error != NULL)
        json_out_text(j, "error", s->save_error);
    else
        json_out_null(j, "error");
    json_out_decimal(j, "last_ms", s->save_ms, 3);
    json_out_object_end(j);
}

/* Each store for itself, where there are several or one is a server. */
static void stores_json(struct json_out *j, const struct stats *s)
{
    if (s->store_count == 0)
        return;
    json_out_array(j, "stores");
    for (unsigned i = 0; i < s->store_count; i++) {
        const struct store_stats *one = &s->stores[i];

        json_out_object(j, NULL);
        json_out_text(j, "where", one->where);
        json_out_bool(j, "durable", one->durable);
        json_out_signed(j, "durable_since", one->durable_since_ms / 1000);
        json_out_number(j, "saves", one->saves);
        json_out_number(j, "rows", one->rows);
        json_out_number(j, "failures", one->failures);
        if (one->error != NULL)
            json_out_text(j, "error", one->error);
        else
            json_out_null(j, "error");
        json_out_decimal(j, "last_ms", one->ms, 3);
        json_out_object_end(j);
    }
    json_out_array_end(j);
}

/* What every document says of it, and more. */
static void database_json(struct json_out *j, const struct stats *s)
{
    geo_json(j, s->geo);
    if (s->geo_trouble != NULL)
        json_out_text(j, "geo_trouble", s->geo_trouble);
    else
        json_out_null(j, "geo_trouble");
}

static void incarnation_json(struct json_out *j, uint64_t incarnation)
{
    char hex[17];

    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)incarnation);
    json_out_text(j, "incarnation", hex);
}

void stats_json(struct buffer *out, const struct stats *s)
{
    struct json_out j;
    char hex[17];

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_number(&j, "received", s->total.received);
    for (int class = 0; class < OUTCOME_CLASSES; class ++)
        outcomes_json(&j, &s->total, (enum outcome_class) class);
    json_out_object(&j, "udp");
    numbers_with(&j, &s->total, "udp_");
    json_out_number(&j, "kernel_drop_events", s->kernel_drops);
    json_out_number(&j, "rcvbuf_bytes", s->udp_buffer);
    json_out_object_end(&j);
    json_out_object(&j, "http");
    numbers_with(&j, &s->total, "http_");
    json_out_object_end(&j);
    store_json(&j, s);
    stores_json(&j, s);
    database_json(&j, s);
    json_out_text(&j, "arena_fs", s->arena_fs);
    json_out_number(&j, "arena_bytes", s->arena_bytes);
    json_out_number(&j, "arena_damaged", s->arena_damaged);
    incarnation_json(&j, s->incarnation);
    json_out_number(&j, "clock_steps", s->clock_steps);
    json_out_signed(&j, "keeper_as_of_s", s->keeper_as_of_s);
    json_out_number(&j, "uptime_s", s->uptime_s);
    json_out_text(&j, "version", s->version);
    json_out_text(&j, "node", s->node);
    json_out_number(&j, "workers", s->workers);
    json_out_number(&j, "sites", s->sites);
    json_out_number(&j, "log_dropped", s->log_dropped);
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)s->config_hash);
    json_out_text(&j, "config_hash", hex);
    json_out_signed(&j, "as_of", s->as_of_s);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void line(struct buffer *out, const char *name, uint64_t value)
{
    buffer_format(out, "%-32s %llu\n", name, (unsigned long long)value);
}

/* "http_requests" as "http.requests", "counted_view" as "counted.view". */
static void metric_line(struct buffer *out, const char *name, uint64_t value)
{
    static const char *const families[] = {"udp_", "http_", "counted_", "suppressed_",
                                           "rejected_"};
    char dotted[64];

    snprintf(dotted, sizeof dotted, "%s", name);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        size_t length = strlen(families[i]);
        if (strncmp(name, families[i], length) == 0)
            dotted[length - 1] = '.';
    }
    line(out, dotted, value);
}

void stats_text(struct buffer *out, const struct stats *s)
{
    for (int i = 0; i < METRICS_COUNT; i++)
        metric_line(out, metrics_table[i].name, s->total.by_number[i]);
    line(out, "udp.kernel_drop_events", s->kernel_drops);
    line(out, "udp.rcvbuf_bytes", s->udp_buffer);
    line(out, "store.saves", s->saves);
    line(out, "store.rows", s->save_rows);
    line(out, "store.failures", s->save_failures);
    line(out, "store.durable", s->durable);
    buffer_format(out, "%-32s %s\n", "store.error",
                  !s->store               ? "store = none: counts are lost at a reboot"
                  : s->save_error != NULL ? s->save_error
                                          : "none");
    for (unsigned i = 0; i < s->store_count; i++)
        buffer_format(out, "store.%-26u %s %s\n", i + 1, s->stores[i].where,
                      s->stores[i].error != NULL ? s->stores[i].error : "works");
    buffer_format(out, "%-32s %s\n", "geo.type", s->geo == NULL ? "none" : s->geo->type);
    if (s->geo != NULL)
        line(out, "geo.built", (uint64_t)s->geo->built_s);
    if (s->geo != NULL && s->geo->credit[0] != '\0')
        buffer_format(out, "%-32s %s\n", "geo.attribution", s->geo->credit);
    if (s->geo_trouble != NULL)
        buffer_format(out, "%-32s %s\n", "geo.trouble", s->geo_trouble);
    buffer_format(out, "%-32s %s\n", "arena_fs", s->arena_fs);
    line(out, "arena_bytes", s->arena_bytes);
    line(out, "arena_damaged", s->arena_damaged);
    line(out, "clock_steps", s->clock_steps);
    line(out, "log_dropped", s->log_dropped);
    line(out, "sites", s->sites);
    line(out, "workers", s->workers);
    line(out, "uptime_s", s->uptime_s);
    buffer_format(out, "%-32s %s\n", "version", s->version);
}
