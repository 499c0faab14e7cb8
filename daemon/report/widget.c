#include "report/widget.h"

void widget_read(struct widget *ret_widget, const struct site *s, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    enum metric metric = terms->config.metric;
    struct site_online online = site_online(s, now);

    *ret_widget = (struct widget){
        .terms = terms,
        .online = online.visitors,
        .online_window_s = online.window_s,
        .today = site_metric(s, SPAN_TODAY, metric, now),
        .yesterday = site_metric(s, SPAN_YESTERDAY, metric, now),
        .week = site_metric(s, SPAN_WEEK, metric, now),
        .month = site_metric(s, SPAN_MONTH, metric, now),
        .total = site_metric(s, SPAN_TOTAL, metric, now),
    };
    if (terms->config.box_week == BOX_WEEK_ROLLING)
        ret_widget->last_7d = site_metric(s, SPAN_LAST_7D, metric, now);
    ret_widget->has_since = site_since(s, &ret_widget->since_s);
}

void widget_sees_somebody(struct widget *w)
{
    if (w->online == 0)
        w->online = 1;
}

void widget_fields(struct json_out *j, const struct site *s, const struct widget *w,
                   const struct document *d)
{
    json_out_text(j, "site", site_shown_key(s));
    json_out_text(j, "metric", metric_word(w->terms->config.metric));
    json_out_number(j, "online", w->online);
    json_out_signed(j, "online_window_s", w->online_window_s);
    json_out_number(j, "today", w->today);
    json_out_number(j, "yesterday", w->yesterday);
    json_out_number(j, "week", w->week);
    if (w->terms->config.box_week == BOX_WEEK_ROLLING)
        json_out_number(j, "last_7d", w->last_7d);
    json_out_number(j, "month", w->month);
    json_out_number(j, "total", w->total);
    if (w->has_since)
        json_out_signed(j, "since", w->since_s);
    else
        json_out_null(j, "since");
    json_out_text(j, "tz", zone_name(w->terms->zone));
    json_out_signed(j, "as_of", instant_seconds(d->now));
    json_out_bool(j, "durable", d->durable);
}

void widget_json(struct buffer *out, const struct site *s, const struct widget *w,
                 const struct document *d)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    widget_fields(&j, s, w, d);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}
