/* Floor 3 (report). What changes from second to second of many sites: for who follows them
 * all. Read once, written for each who may read other ones of them. */
#ifndef LUOT_REPORT_SITES_NOW_H
#define LUOT_REPORT_SITES_NOW_H

#include "report/sites.h"

struct site_now {
    const struct site *site;
    uint64_t online, today;        /* today in the site's metric */
    uint64_t metric[METRIC_KINDS]; /* today in each              */
};

/* All live sites, at most `limit`; some 2 us each. */
size_t sites_now_read(struct site_now *rows, size_t limit,
                      const struct registry *registry, struct instant now);
/* {"as_of","durable","durable_until","sites":[{"site","online","today","periods"}],"total"}
 * of those that the asker may read. sites_now_limit(n) bytes are enough. */
void sites_now_json(struct buffer *out, const struct site_now *rows, size_t n,
                    const struct document *d, struct sites_asked asked);
size_t sites_now_limit(size_t n);

#endif
