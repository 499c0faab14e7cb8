/* Floor 3 (report). The `report`: views, visits and visitors by hour, day, week or month.
 * Rows of which nobody knows anything are left out.
 *
 *   "day":"2025-12-31"   "hour":"2025-12-31T09:00+07:00"   "month":"2025-12"
 *   "week":"2026-W01", the ISO week that the fourth day of the week lies in: with weeks
 *   from Monday on that is the ISO week itself */
#ifndef LUOT_REPORT_DAY_REPORT_H
#define LUOT_REPORT_DAY_REPORT_H

#include "report/timeline.h"

struct day_report {
    struct slice site;
    enum timeline_step by; /* hour, day, week or month */
    const struct zone *zone;
    const struct timeline_point *points;
    size_t count;
};

void day_report_json(struct buffer *out, const struct day_report *r,
                     const struct document *d);
void day_report_text(struct buffer *out, const struct day_report *r);
size_t day_report_limit(size_t points);

#endif
