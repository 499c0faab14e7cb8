/* Floor 3 (report). The box: widget.json. Numbers in the site's metric; online is always
 * visitors. */
#ifndef LUOT_REPORT_WIDGET_H
#define LUOT_REPORT_WIDGET_H

#include "report/document.h"

struct widget {
    const struct site_terms *terms;
    uint64_t online, today, yesterday, week, month, total;
    uint64_t last_7d; /* only where the box says it: box_week = rolling */
    int64_t online_window_s;
    int64_t since_s; /* when has_since */
    bool has_since;
};

void widget_read(struct widget *ret_widget, const struct site *s, struct instant now);
/* What a beacon is answered with: its sender is online, whatever else is known of
 * them. */
void widget_sees_somebody(struct widget *w);
void widget_json(struct buffer *out, const struct site *s, const struct widget *w,
                 const struct document *d);
/* Its fields, inside an object that the caller has begun. */
void widget_fields(struct json_out *j, const struct site *s, const struct widget *w,
                   const struct document *d);

#endif
