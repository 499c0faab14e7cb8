/* Floor 3 (report). The parts of documents that say what a site does not count. */
#ifndef LUOT_REPORT_REFUSED_PART_H
#define LUOT_REPORT_REFUSED_PART_H

#include "report/document.h"

/* "bots": {"today","yesterday","total"} and (names) their tops of today, and "refused", "refused_today",
 * "refused_yesterday": {"reason": lines}, of every reason but bots. Totals are since the
 * arena was made. */
void refused_json(struct json_out *j, const struct site *s, const struct document *d,
                  bool names);
/* A row a reason that has a line. */
void refused_text(struct buffer *out, const struct site *s, int64_t now_s);

#endif
