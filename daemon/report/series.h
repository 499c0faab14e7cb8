/* Floor 3 (report). One metric over time: series.json and its table for people. */
#ifndef LUOT_REPORT_SERIES_H
#define LUOT_REPORT_SERIES_H

#include "report/timeline.h"

struct series {
    struct slice site;
    enum metric metric;
    const struct zone *zone;
    struct timeline_query query;
    const struct timeline_point *points;
    size_t count;
};

/* Visitors are not kept for steps shorter than a day: ERR_RANGE for such a question. */
int series_check(enum metric metric, enum timeline_step step);
void series_json(struct buffer *out, const struct series *s, const struct document *d);
/* A line a point: its local time, and the number or "-". */
void series_text(struct buffer *out, const struct series *s);
/* Enough for either. */
size_t series_limit(size_t points, size_t gaps);

/* "2025-12-31T09:00+07:00" of an instant, in the zone. */
void local_time_write(struct buffer *out, int64_t at_s, const struct zone *zone);

#endif
