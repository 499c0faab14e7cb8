/* Visitors of weeks and months: not the sum of their days, where a key is longer. */
#include <stdlib.h>

#include "base/error.h"
#include "report/timeline_inner.h"

struct long_visitors {
    struct timeline *timeline;
    enum period_kind kind;
    int64_t first_number;
    uint64_t *value; /* a point each */
    bool *exact;
};

static int take_long(void *context, const struct kept_row *row)
{
    struct long_visitors *l = context;
    int64_t i = row->number - l->first_number;

    if (i < 0 || i >= (int64_t)l->timeline->count)
        return 0;
    l->value[i] += row->metric[METRIC_VISITORS];
    l->exact[i] = l->exact[i] && row->exact;
    return 0;
}

static int read_long(struct long_visitors *l, bool own)
{
    const struct timeline_source *source = l->timeline->source;

    for (size_t i = 0; i < l->timeline->count; i++)
        l->exact[i] = true;
    memset(l->value, 0, l->timeline->count * sizeof *l->value);
    if (source == NULL)
        return 0;
    return source->rows(
        source->context, l->kind == PERIOD_WEEK ? KEPT_WEEKS : KEPT_MONTHS, own,
        l->first_number, l->first_number + (int64_t)l->timeline->count, take_long, l);
}

static uint64_t others_of_days(struct timeline *t, const struct timeline_point *p)
{
    uint64_t sum = 0;

    for (int64_t i = timeline_cell_number(t, p->from_s);
         i <= timeline_cell_number(t, p->until_s - 1); i++)
        if (timeline_cell(t, i) != NULL)
            sum += timeline_cell(t, i)->other[METRIC_VISITORS];
    return sum;
}

static void set_own_long(struct long_visitors *l, struct timeline_point *p, size_t i)
{
    struct timeline *t = l->timeline;
    struct period period = timeline_period(t, l->kind, p->from_s);
    bool exact = true;
    uint64_t own = 0;

    if (p->from_s <= t->now_s)
        own = site_own_visitors(t->site, l->kind, &period, &exact);
    if (l->value[i] > own) {
        own = l->value[i];
        exact = l->exact[i];
    }
    p->metric[METRIC_VISITORS] = own;
    p->exact = exact;
}

static void add_other_long(struct long_visitors *l, struct timeline_point *p, size_t i)
{
    uint64_t other = l->value[i] > 0 ? l->value[i] : others_of_days(l->timeline, p);

    p->deduplicated = p->metric[METRIC_VISITORS] == 0 || other == 0;
    p->metric[METRIC_VISITORS] =
        timeline_never_below_zero(p->metric[METRIC_VISITORS] + other);
    p->exact = p->exact && l->exact[i];
}

int timeline_deduplicate(struct timeline *t)
{
    struct long_visitors l = {
        .timeline = t, .kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH};
    int rv;

    if (t->query->step < STEP_WEEK || t->terms->config.identity == IDENTITY_DAY)
        return 0;
    l.first_number = timeline_period(t, l.kind, t->point[0].from_s).number;
    l.value = calloc(t->count, sizeof *l.value);
    l.exact = calloc(t->count, sizeof *l.exact);
    rv = l.value == NULL || l.exact == NULL ? ERR_NOMEM : read_long(&l, true);
    for (size_t i = 0; i < t->count && rv == 0; i++)
        set_own_long(&l, &t->point[i], i);
    if (rv == 0)
        rv = read_long(&l, false);
    for (size_t i = 0; i < t->count && rv == 0; i++)
        add_other_long(&l, &t->point[i], i);
    free(l.value);
    free(l.exact);
    return rv;
}
