/* Floor 3 (report). The numbers of one site over time, in steps: what the arena holds and
 * what its caller brings from a store, merged.
 *
 * A point says null where nobody knows: before the site's first number, while luotd did
 * not run, in the future, and where the step is finer than what was kept (minutes 24
 * hours, quarters 36 days). It says 0 where luotd ran and nobody came. */
#ifndef LUOT_REPORT_TIMELINE_H
#define LUOT_REPORT_TIMELINE_H

#include "report/document.h"

enum timeline_step {
    STEP_MINUTE,
    STEP_QUARTER,
    STEP_HOUR,
    STEP_DAY,
    STEP_WEEK,
    STEP_MONTH,
    TIMELINE_STEPS
};

enum { TIMELINE_POINTS_MAX = 10000, TIMELINE_DAYS_MAX = 40000 };

const char *timeline_step_word(enum timeline_step step);
int timeline_step_parse(enum timeline_step *ret_step, struct slice word);

/* Rows that a store keeps. Numbers as in count/period; hours are imported ones only. */
enum kept_kind {
    KEPT_QUARTERS,
    KEPT_HOURS,
    KEPT_DAYS,
    KEPT_WEEKS,
    KEPT_MONTHS,
    /* Of days; visits, and as views those with a second one (count/site_engaged.h). */
    KEPT_ENGAGED
};

struct kept_row {
    int64_t number;
    uint64_t metric[METRIC_KINDS]; /* two's complement where adjustments are in it */
    bool exact;                    /* the visitors                                 */
};
typedef int kept_row_fn(void *context, const struct kept_row *row); /* 0: go on */

struct timeline_source {
    void *context;
    /* Rows with from <= number < until, ascending. `own`: as saved by this incarnation;
     * else everything else: other incarnations, imports, adjustments. 0 or an error. */
    int (*rows)(void *context, enum kept_kind kind, bool own, int64_t from, int64_t until,
                kept_row_fn *row, void *row_context);
    int64_t first_live_s; /* of any incarnation; INT64_MAX: never */
};

struct timeline_query {
    enum timeline_step step;
    int64_t from_s, until_s; /* periods that overlap it are answered whole */
};

struct timeline_point {
    int64_t from_s, until_s;
    uint64_t metric[METRIC_KINDS];
    bool known;          /* false: null                                       */
    bool visitors_known; /* hours and less: only where all of it was imported */
    bool exact;          /* the visitors                                      */
    bool deduplicated;
    bool engaged_known; /* days and more, of which each day that has visits says */
    struct engaged_count engaged;
};

/* Must the arena's numbers be completed from a store? */
bool timeline_needs_store(const struct site *s, const struct timeline_query *q,
                          struct instant now);
/* `source` NULL: the arena alone. `terms` are the site's and live until this returns. 0
 * and points to free, ERR_RANGE (too many, or an empty range), ERR_NOMEM, or the
 * source's error. */
int timeline_read(struct timeline_point **ret_points, size_t *ret_count,
                  const struct site *s, const struct site_terms *terms,
                  const struct timeline_query *q, const struct timeline_source *source,
                  const struct document *d);

/* "2025-12-31" (the start of that local day) or unix seconds. ERR_MALFORMED. */
int time_parse(int64_t *ret_s, struct slice text, const struct zone *zone);

#endif
