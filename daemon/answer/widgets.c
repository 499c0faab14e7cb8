#include "answer/widgets.h"

#include "report/widget.h"

enum { DOCUMENT_MS = 250 };

struct slice widgets_get(struct http_lane *lane, const struct site *site,
                         const struct document *d)
{
    struct cached_widget *cached = &lane->widgets[site->index];
    int64_t second = instant_seconds(d->now);
    uint64_t changes = site_changes(site, d->now); /* before the numbers are read */
    struct widget widget;
    struct buffer b;

    /* A clock that a test steps may stand still for as long as it likes. */
    if (cached->second == second && cached->changes == changes &&
        !clock_is_stepped(lane->service->clock))
        return (struct slice){cached->bytes, cached->length};
    widget_read(&widget, site, d->now);
    buffer_init(&b, cached->bytes, sizeof cached->bytes);
    widget_json(&b, site, &widget, d);
    cached->second = second;
    cached->changes = changes;
    cached->length = (uint32_t)b.length;
    return buffer_written(&b);
}

void widgets_forget(struct http_lane *lane, const struct site *site)
{
    lane->widgets[site->index].second = 0;
}

struct document lane_document(struct http_lane *lane, struct instant now)
{
    int64_t age = now.ms - lane->document.now.ms;

    if (age < 0 || age >= DOCUMENT_MS || clock_is_stepped(lane->service->clock))
        lane->document = service_document(lane->service, now);
    struct document d = lane->document;
    d.now = now;
    return d;
}
