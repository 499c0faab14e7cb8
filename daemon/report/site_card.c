#include "report/site_card.h"

#include "report/refused_part.h"
#include "report/widget.h"

static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};

static const char *const dnt[] = {[DNT_ANONYMOUS] = "anonymous",
                                  [DNT_UNCOUNTED] = "uncounted",
                                  [DNT_IGNORED] = "ignored"};

/* As it is written in the configuration. */
static void rate_json(struct json_out *j, const char *key, const struct rate_rule *rule)
{
    char text[64];
    struct buffer b;

    buffer_init(&b, text, sizeof text - 1);
    rate_rule_write(&b, rule);
    text[b.length] = '\0';
    json_out_text(j, key, text);
}

static void settings_json(struct json_out *j, const struct site_config *c)
{
    json_out_object(j, "settings");
    json_out_text(j, "group", c->group);
    json_out_text(j, "hosts", c->hosts);
    json_out_text(j, "timezone", c->timezone);
    json_out_text(j, "first_weekday", weekdays[c->first_weekday % 7]);
    json_out_number(j, "online_window_s", c->online_window_s);
    json_out_number(j, "session_idle_s", c->session_idle_s);
    json_out_text(j, "metric", metric_word(c->metric));
    json_out_text(j, "box_week",
                  c->box_week == BOX_WEEK_ROLLING ? "rolling" : "calendar");
    json_out_text(j, "dnt", dnt[c->dnt]);
    json_out_bool(j, "public", c->public_site);
    json_out_text(j, "source", c->source == SOURCE_LOGS ? "logs" : "beacons");
    json_out_text(j, "identity", c->identity == IDENTITY_DAY ? "day" : "month");
    json_out_number(j, "pages", c->pages);
    json_out_bool(j, "any_host", c->open);
    rate_json(j, "site_rate_limit", &c->site_rate_limit);
    json_out_object_end(j);
}

static void time_or_null(struct json_out *j, const char *key, const _Atomic int64_t *at)
{
    int64_t t = atomic_load_explicit(at, memory_order_relaxed);

    if (t > 0)
        json_out_signed(j, key, t);
    else
        json_out_null(j, key);
}

static void numbers_json(struct json_out *j, const struct site *s, struct instant now)
{
    struct widget w;

    widget_read(&w, s, now);
    json_out_object(j, "numbers");
    json_out_number(j, "online", w.online);
    json_out_number(j, "today", w.today);
    json_out_number(j, "yesterday", w.yesterday);
    json_out_number(j, "week", w.week);
    json_out_number(j, "month", w.month);
    json_out_number(j, "total", w.total);
    json_out_object_end(j);
}

void site_card_json(struct buffer *out, const struct site *s, const struct document *d)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_text(&j, "site", site_shown_key(s));
    json_out_text(&j, "title", site_title(s));
    json_out_text(&j, "opened_by_host", s->block->host);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    time_or_null(&j, "created", &s->block->created_s);
    time_or_null(&j, "first_live", &s->block->first_live_s);
    time_or_null(&j, "last_view", &s->block->last_view_s);
    json_out_bool(&j, "exact", site_is_exact(s));
    json_out_signed(&j, "identity_since", site_identity_since(s, d->now));
    settings_json(&j, &terms->config);
    numbers_json(&j, s, d->now);
    refused_json(&j, s, d, true);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void row(struct buffer *out, const char *name, const char *value)
{
    buffer_format(out, "%-16s %s\n", name, value);
}

static void number_row(struct buffer *out, const char *name, uint64_t value)
{
    buffer_format(out, "%-16s %llu\n", name, (unsigned long long)value);
}

void site_card_text(struct buffer *out, const struct site *s, const struct document *d)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    const struct site_config *c = &terms->config;
    struct widget w;

    widget_read(&w, s, d->now);
    row(out, "site", site_shown_key(s));
    row(out, "title", site_title(s));
    row(out, "group", c->group);
    row(out, "hosts", c->hosts[0] != '\0' ? c->hosts : s->block->host);
    row(out, "timezone", c->timezone);
    row(out, "first_weekday", weekdays[c->first_weekday % 7]);
    row(out, "metric", metric_word(c->metric));
    row(out, "public", c->public_site ? "yes" : "no");
    row(out, "source", c->source == SOURCE_LOGS ? "logs" : "beacons");
    row(out, "identity", c->identity == IDENTITY_DAY ? "day" : "month");
    row(out, "visitors are", site_is_exact(s) ? "exact" : "estimated, within some 1 %");
    number_row(out, "online_window_s", c->online_window_s);
    number_row(out, "session_idle_s", c->session_idle_s);
    number_row(out, "online", w.online);
    number_row(out, "today", w.today);
    number_row(out, "yesterday", w.yesterday);
    number_row(out, "week", w.week);
    number_row(out, "month", w.month);
    number_row(out, "total", w.total);
    refused_text(out, s, instant_seconds(d->now));
}
