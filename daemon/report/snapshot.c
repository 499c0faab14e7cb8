#include "report/snapshot.h"

#include "report/refused_part.h"
#include "report/tops.h"

enum { GAP_DAYS = 36, DAY_S = 86400 };

static void has_number(struct json_out *j, const char *key, bool has, uint64_t value)
{
    if (has)
        json_out_number(j, key, value);
    else
        json_out_null(j, key);
}

/* null, or an object a metric: what was said, not what it came to since. */
static void seed_json(struct json_out *j, const struct site_seed seed[METRIC_KINDS])
{
    bool any = false;

    for (int m = 0; m < METRIC_KINDS; m++)
        any = any || seed[m].as_of_s != 0;
    if (!any) {
        json_out_null(j, "seed");
        return;
    }
    json_out_object(j, "seed");
    for (int m = 0; m < METRIC_KINDS; m++) {
        if (seed[m].as_of_s == 0)
            continue;
        json_out_object(j, metric_word((enum metric)m));
        json_out_signed(j, "as_of", seed[m].as_of_s);
        json_out_number(j, "total", seed[m].total);
        has_number(j, "today", seed[m].has_today != 0, seed[m].today);
        has_number(j, "week", seed[m].has_week != 0, seed[m].week);
        has_number(j, "month", seed[m].has_month != 0, seed[m].month);
        json_out_object_end(j);
    }
    json_out_object_end(j);
}

static void adjusted_json(struct json_out *j, const struct site_totals *totals)
{
    json_out_object(j, "adjusted");
    for (int m = 0; m < METRIC_KINDS; m++)
        json_out_signed(j, metric_word((enum metric)m), totals->adjusted[m]);
    json_out_object_end(j);
}

static void online_json(struct json_out *j, const struct site *s, struct instant now)
{
    struct site_online online = site_online(s, now);

    json_out_object(j, "online");
    json_out_number(j, "visitors", online.visitors);
    json_out_signed(j, "window_s", online.window_s);
    json_out_bool(j, "exact", online.exact);
    json_out_object_end(j);
}

static void periods_json(struct json_out *j, const struct site *s, struct instant now)
{
    struct site_numbers n;

    json_out_object(j, "periods");
    for (int span = 0; span < SPANS; span++) {
        site_span(s, (enum site_span)span, now, &n);
        json_out_object(j, site_span_name((enum site_span)span));
        for (int m = 0; m < METRIC_KINDS; m++)
            json_out_number(j, metric_word((enum metric)m), n.metric[m]);
        json_out_bool(j, "exact", n.exact);
        json_out_decimal(j, "error", n.error, n.error == 0 ? 0 : 4);
        json_out_bool(j, "deduplicated", n.deduplicated);
        json_out_object_end(j);
    }
    json_out_object_end(j);
}

static void write_json(struct buffer *out, const struct site *s, const struct document *d,
                       bool tops)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    int64_t now_s = instant_seconds(d->now), since;
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;
    struct json_out j;

    site_read_seed(s, seed, &totals);
    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_text(&j, "site", site_shown_key(s));
    json_out_signed(&j, "as_of", now_s);
    json_out_text(&j, "title", site_title(s));
    json_out_text(&j, "tz", zone_name(terms->zone));
    json_out_text(&j, "metric", metric_word(terms->config.metric));
    durable_json(&j, d);
    json_out_number(&j, "nodes", d->nodes);
    if (site_since(s, &since))
        json_out_signed(&j, "since", since);
    else
        json_out_null(&j, "since");
    seed_json(&j, seed);
    adjusted_json(&j, &totals);
    json_out_signed(&j, "identity_since", site_identity_since(s, d->now));
    gaps_json(&j, "gaps", d, now_s - (int64_t)GAP_DAYS * DAY_S, now_s + 1);
    online_json(&j, s, d->now);
    periods_json(&j, s, d->now);
    geo_json(&j, d->geo);
    if (tops) {
        json_out_object(&j, "tops");
        tops_of_today_json(&j, s, d, false);
        json_out_object_end(&j);
    }
    refused_json(&j, s, d, tops);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

void snapshot_json(struct buffer *out, const struct site *s, const struct document *d)
{
    write_json(out, s, d, true);
}

void snapshot_numbers_json(struct buffer *out, const struct site *s,
                           const struct document *d)
{
    write_json(out, s, d, false);
}

static void seed_text(struct buffer *out, const struct site_seed seed[METRIC_KINDS],
                      const struct site_totals *totals)
{
    for (int m = 0; m < METRIC_KINDS; m++) {
        if (seed[m].as_of_s != 0)
            buffer_format(out, "seeded %s: %llu as of %lld\n",
                          metric_word((enum metric)m), (unsigned long long)seed[m].total,
                          (long long)seed[m].as_of_s);
        if (totals->adjusted[m] != 0)
            buffer_format(out, "adjusted %s: %+lld\n", metric_word((enum metric)m),
                          (long long)totals->adjusted[m]);
    }
}

void snapshot_text(struct buffer *out, const struct site *s, const struct document *d)
{
    struct site_online online = site_online(s, d->now);
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;
    struct site_numbers n;

    site_read_seed(s, seed, &totals);
    buffer_format(out, "%s: %s\nonline %llu (last %lld s%s)\n", site_shown_key(s),
                  site_title(s), (unsigned long long)online.visitors,
                  (long long)online.window_s, online.exact ? "" : ", about");
    buffer_format(out, "%-12s %12s %12s %12s\n", "", "views", "visits", "visitors");
    for (int span = 0; span < SPANS; span++) {
        site_span(s, (enum site_span)span, d->now, &n);
        buffer_format(out, "%-12s %12llu %12llu %12llu%s\n",
                      site_span_name((enum site_span)span),
                      (unsigned long long)n.metric[METRIC_VIEWS],
                      (unsigned long long)n.metric[METRIC_VISITS],
                      (unsigned long long)n.metric[METRIC_VISITORS],
                      !n.exact         ? " about"
                      : n.deduplicated ? ""
                                       : " sum");
    }
    seed_text(out, seed, &totals);
    refused_text(out, s, instant_seconds(d->now));
}
