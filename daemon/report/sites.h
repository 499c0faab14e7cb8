/* Floor 3 (report). sites.json: all sites side by side, their groups, and the sum. */
#ifndef LUOT_REPORT_SITES_H
#define LUOT_REPORT_SITES_H

#include "count/registry.h"
#include "report/document.h"

/* Whose documents are asked for: of the public sites, of those that a reader's token opens,
 * or (an operator) of all. */
struct sites_asked {
    const struct reader *reader; /* NULL: nobody */
    bool all;
};

bool sites_asked_has(struct sites_asked asked, const struct site *s);

/* The most of today first. Returns 0 or ERR_NOMEM;
 * what does not fit is the buffer's error: sites_json_limit() bytes are enough. Takes
 * some 20 us a site. */
int sites_json(struct buffer *out, const struct registry *registry,
               const struct document *d, struct sites_asked asked);
/* A line a site, for people. */
int sites_text(struct buffer *out, const struct registry *registry, struct instant now,
               struct sites_asked asked);
size_t sites_json_limit(const struct registry *registry);

#endif
