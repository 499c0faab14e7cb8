#include "report/sites_now.h"

enum { HEAD_BYTES = 512, ROW_BYTES = 320 };

size_t sites_now_limit(size_t n)
{
    return HEAD_BYTES + n * ROW_BYTES;
}

size_t sites_now_read(struct site_now *rows, size_t limit,
                      const struct registry *registry, struct instant now)
{
    size_t n = 0;

    for (size_t i = 0; i < registry_limit(registry) && n < limit; i++) {
        const struct site *s = registry_at(registry, i);
        struct site_numbers numbers;
        struct site_now *row = &rows[n];
        enum metric shown;

        if (s == NULL)
            continue;
        site_span(s, SPAN_TODAY, now, &numbers);
        shown = atomic_load_explicit(&s->terms, memory_order_acquire)->config.metric;
        row->site = s;
        row->online = site_online(s, now).visitors;
        row->today = numbers.metric[shown];
        memcpy(row->metric, numbers.metric, sizeof row->metric);
        n++;
    }
    return n;
}

static void row_json(struct json_out *j, const struct site_now *row)
{
    json_out_object(j, NULL);
    json_out_text(j, "site", site_shown_key(row->site));
    json_out_number(j, "online", row->online);
    json_out_number(j, "today", row->today);
    json_out_object(j, "periods");
    metrics_json(j, "today", row->metric);
    json_out_object_end(j);
    json_out_object_end(j);
}

void sites_now_json(struct buffer *out, const struct site_now *rows, size_t n,
                    const struct document *d, struct sites_asked asked)
{
    struct site_now all = {.online = 0};
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_signed(&j, "as_of", instant_seconds(d->now));
    durable_json(&j, d);
    json_out_array(&j, "sites");
    for (size_t i = 0; i < n; i++) {
        if (!sites_asked_has(asked, rows[i].site))
            continue;
        row_json(&j, &rows[i]);
        all.online += rows[i].online;
        all.today += rows[i].today;
        for (int m = 0; m < METRIC_KINDS; m++)
            all.metric[m] += rows[i].metric[m];
    }
    json_out_array_end(&j);
    json_out_object(&j, "total");
    json_out_number(&j, "online", all.online);
    json_out_number(&j, "today", all.today);
    json_out_object(&j, "periods");
    metrics_json(&j, "today", all.metric);
    json_out_object_end(&j);
    json_out_object_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}
