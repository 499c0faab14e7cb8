#include "answer/widgets.h"

#include <assert.h>

#include "answer/gzip.h"
#include "report/widget.h"

enum { DOCUMENT_MS = 250 };
static_assert((int)WIDGET_BYTES_MAX < (int)GZIP_MIN,
              "one answer for whoever takes gzip, too");

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
        return (struct slice){cached->bytes + WIDGET_HEAD_MAX, cached->length};
    widget_read(&widget, site, d->now);
    buffer_init(&b, cached->bytes + WIDGET_HEAD_MAX, WIDGET_BYTES_MAX);
    widget_json(&b, site, &widget, d);
    cached->second = second;
    cached->changes = changes;
    cached->length = (uint32_t)b.length;
    cached->head = 0;
    return buffer_written(&b);
}

void widgets_keep_head(struct http_lane *lane, const struct site *site, struct slice head)
{
    struct cached_widget *cached = &lane->widgets[site->index];

    if (head.length > WIDGET_HEAD_MAX)
        return;
    memcpy(cached->bytes + WIDGET_HEAD_MAX - head.length, head.at, head.length);
    cached->head = (uint32_t)head.length;
}

struct slice widgets_answer(const struct http_lane *lane, const struct site *site)
{
    const struct cached_widget *cached = &lane->widgets[site->index];

    if (cached->head == 0)
        return (struct slice){NULL, 0};
    return (struct slice){cached->bytes + WIDGET_HEAD_MAX - cached->head,
                          cached->head + cached->length};
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
