#include <stdlib.h>

#include "base/error.h"
#include "count/site_aside.h"
#include "report/timeline_inner.h"

int64_t timeline_cell_number(const struct timeline *t, int64_t at_s)
{
    return timeline_has_days(t) ? zone_day(t->terms->zone, at_s)
                                : timeline_floor_div(at_s, TIMELINE_QUARTER_S);
}

static int lay_out_cells(struct timeline *t)
{
    t->first_cell = timeline_cell_number(t, t->point[0].from_s);
    t->cells =
        timeline_cell_number(t, t->point[t->count - 1].until_s - 1) + 1 - t->first_cell;
    t->cell = calloc((size_t)t->cells, sizeof *t->cell);
    if (t->cell == NULL)
        return ERR_NOMEM;
    for (int64_t i = 0; i < t->cells; i++)
        t->cell[i].exact = true;
    return 0;
}

static void read_day(struct timeline *t, int64_t day, struct cell *c)
{
    struct site_numbers n;

    c->at_hand = t->source != NULL ? site_own_day(t->site, day, t->document->now, &n)
                                   : site_whole_day(t->site, day, t->document->now, &n);
    if (!c->at_hand)
        return;
    memcpy(c->own, n.metric, sizeof c->own);
    c->exact = n.exact;
    (void)site_engaged_day(t->site, day, &c->own_engaged);
}

static void read_quarter(struct timeline *t, int64_t q, struct cell *c)
{
    const struct hits *h = &t->site->block->hits;
    int64_t now_q = timeline_floor_div(t->now_s, TIMELINE_QUARTER_S);
    struct hit_count hits;

    c->at_hand = q <= now_q && q > now_q - QUARTERS;
    /* Those to come: a clock may have been ahead. */
    if (q <= now_q - QUARTERS ||
        (t->source != NULL &&
         q < atomic_load_explicit(&h->first_q, memory_order_relaxed)))
        return; /* restored quarters are others': the source has them */
    hits = site_own_quarter(t->site, q);
    c->own[METRIC_VIEWS] = hits.views;
    c->own[METRIC_VISITS] = hits.visits;
}

static void read_arena(struct timeline *t)
{
    if (t->query->step == STEP_MINUTE)
        return;
    for (int64_t i = 0; i < t->cells; i++) {
        if (timeline_has_days(t))
            read_day(t, t->first_cell + i, &t->cell[i]);
        else
            read_quarter(t, t->first_cell + i, &t->cell[i]);
    }
}

struct cell *timeline_cell(const struct timeline *t, int64_t number)
{
    return number >= t->first_cell && number < t->first_cell + t->cells
               ? &t->cell[number - t->first_cell]
               : NULL;
}

static int add_saved(void *context, const struct kept_row *row)
{
    struct cell *c = timeline_cell(context, row->number);

    if (c == NULL)
        return 0;
    for (int m = 0; m < METRIC_KINDS; m++)
        c->saved[m] += row->metric[m];
    c->kept = true;
    c->exact = c->exact && row->exact;
    return 0;
}

static int add_other(void *context, const struct kept_row *row)
{
    struct cell *c = timeline_cell(context, row->number);

    if (c == NULL)
        return 0;
    for (int m = 0; m < METRIC_KINDS; m++)
        c->other[m] += row->metric[m];
    c->kept = true;
    c->exact = c->exact && row->exact;
    return 0;
}

static void add_engaged(struct engaged_count *to, const struct kept_row *row)
{
    to->visits += row->metric[METRIC_VISITS];
    to->engaged += row->metric[METRIC_VIEWS];
}

static int add_saved_engaged(void *context, const struct kept_row *row)
{
    struct cell *c = timeline_cell(context, row->number);

    if (c != NULL)
        add_engaged(&c->saved_engaged, row);
    return 0;
}

static int add_other_engaged(void *context, const struct kept_row *row)
{
    struct cell *c = timeline_cell(context, row->number);

    if (c != NULL)
        add_engaged(&c->other_engaged, row);
    return 0;
}

static int read_rows(struct timeline *t, enum kept_kind kind, bool own, int64_t from,
                     int64_t until, kept_row_fn *row)
{
    return t->source->rows(t->source->context, kind, own, from, until, row, t);
}

static int read_source(struct timeline *t)
{
    enum kept_kind kind = timeline_has_days(t) ? KEPT_DAYS : KEPT_QUARTERS;
    int64_t from = t->first_cell, until = t->first_cell + t->cells;
    int rv;

    if (t->source == NULL || t->query->step == STEP_MINUTE)
        return 0;
    rv = read_rows(t, kind, true, from, until, add_saved);
    if (rv == 0)
        rv = read_rows(t, kind, false, from, until, add_other);
    if (rv == 0 && timeline_has_days(t))
        rv = read_rows(t, KEPT_ENGAGED, true, from, until, add_saved_engaged);
    if (rv == 0 && timeline_has_days(t))
        rv = read_rows(t, KEPT_ENGAGED, false, from, until, add_other_engaged);
    return rv;
}

int timeline_fill(struct timeline *t)
{
    int rv = lay_out_cells(t);

    if (rv != 0)
        return rv;
    read_arena(t);
    return read_source(t);
}
