/* Floor 3 (report). sites.json: all sites side by side, their groups, and the sum. */
#ifndef LUOT_REPORT_SITES_H
#define LUOT_REPORT_SITES_H

#include "count/registry.h"
#include "report/document.h"

/* The most of today first. `all`: also those that are not public. Returns 0 or ERR_NOMEM;
 * what does not fit is the buffer's error: sites_json_limit() bytes are enough. Takes
 * some 10 us a site. */
int sites_json(struct buffer *out, const struct registry *registry,
               const struct document *d, bool all);
/* A line a site, for people. */
int sites_text(struct buffer *out, const struct registry *registry, struct instant now,
               bool all);
size_t sites_json_limit(const struct registry *registry);

#endif
