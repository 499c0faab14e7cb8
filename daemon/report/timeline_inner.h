/* Floor 3 (report), private to timeline*.c. A timeline is made in four steps: lay out the
 * points, lay out cells below them (quarters for hours and less, local days for the
 * rest), fill the cells from the arena and from the source, sum the cells of each point.
 *
 * What this arena counted is in the arena and, some seconds late, in the store: the
 * greater of both is right, because both only grow. What others counted is in the store,
 * or, where there is none, nowhere. */
#ifndef LUOT_REPORT_TIMELINE_INNER_H
#define LUOT_REPORT_TIMELINE_INNER_H

#include "report/timeline.h"

enum {
    TIMELINE_MINUTE_S = 60,
    TIMELINE_QUARTER_S = 900,
    TIMELINE_HOUR_S = 3600,
    TIMELINE_DAY_S = 86400
};

struct cell { /* a quarter or a local day */
    uint64_t own[METRIC_KINDS], saved[METRIC_KINDS], other[METRIC_KINDS];
    struct engaged_count own_engaged, saved_engaged, other_engaged; /* of a day */
    bool at_hand; /* the arena reaches so far back */
    bool kept;    /* the source has a row          */
    bool exact;
};

struct timeline { /* what the steps share */
    const struct site *site;
    const struct site_terms *terms;
    const struct timeline_query *query;
    const struct timeline_source *source;
    const struct document *document;
    int64_t now_s, first_live_s;
    struct timeline_point *point;
    size_t count;
    struct cell *cell;
    int64_t first_cell, cells; /* number of cell[0], and how many */
};

static inline int64_t timeline_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline bool timeline_has_days(const struct timeline *t)
{
    return t->query->step >= STEP_DAY;
}

/* timeline_points.c */
int timeline_lay_out(struct timeline *t);
struct period timeline_period(const struct timeline *t, enum period_kind kind,
                              int64_t at_s);
/* timeline_cells.c: the number of the cell that an instant lies in; NULL: none of
 * ours. */
int64_t timeline_cell_number(const struct timeline *t, int64_t at_s);
struct cell *timeline_cell(const struct timeline *t, int64_t number);
int timeline_fill(struct timeline *t);
/* timeline_long.c: visitors of weeks and months, in points that are summed already. */
int timeline_deduplicate(struct timeline *t);
uint64_t timeline_never_below_zero(uint64_t sum);

#endif
