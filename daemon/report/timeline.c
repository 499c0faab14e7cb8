#include "report/timeline.h"

#include <stdlib.h>

#include "base/error.h"
#include "report/timeline_inner.h"

/* --- Words --- */

static const char *const step_words[TIMELINE_STEPS] = {"minute", "quarter", "hour",
                                                       "day",    "week",    "month"};

const char *timeline_step_word(enum timeline_step step)
{
    return step_words[step];
}

int timeline_step_parse(enum timeline_step *ret_step, struct slice word)
{
    for (int i = 0; i < TIMELINE_STEPS; i++) {
        if (!slice_equal(word, slice_of(step_words[i])))
            continue;
        *ret_step = (enum timeline_step)i;
        return 0;
    }
    return ERR_NOT_FOUND;
}

int time_parse(int64_t *ret_s, struct slice text, const struct zone *zone)
{
    int64_t number;

    if (date_parse(text, &number) == 0)
        *ret_s = zone_day_start(zone, number);
    else if (slice_signed(text, &number) == 0 && number > -((int64_t)1 << 40) &&
             number < (int64_t)1 << 40)
        *ret_s = number;
    else
        return ERR_MALFORMED;
    return 0;
}

/* --- Sums --- */

static uint64_t own_of(const struct cell *c, int metric)
{
    return c->own[metric] > c->saved[metric] ? c->own[metric] : c->saved[metric];
}

/* Adjustments may take away more than there is. */
uint64_t timeline_never_below_zero(uint64_t sum)
{
    return sum > (uint64_t)INT64_MAX ? 0 : sum;
}

/* Both of a pair grow; a saved one may be some seconds old. */
static struct engaged_count engaged_of(const struct cell *c)
{
    const struct engaged_count *own = &c->own_engaged, *saved = &c->saved_engaged;

    return (struct engaged_count){
        .visits = c->other_engaged.visits +
                  (own->visits > saved->visits ? own->visits : saved->visits),
        .engaged = c->other_engaged.engaged +
                   (own->engaged > saved->engaged ? own->engaged : saved->engaged),
    };
}

/* Visits of a day of which nothing was told (of logs, of an older luotd): then not of the
 * point either. */
static void sum_engaged(struct timeline_point *p, const struct cell *c)
{
    struct engaged_count n = engaged_of(c);

    if (n.visits == 0 && own_of(c, METRIC_VISITS) + c->other[METRIC_VISITS] != 0)
        p->engaged_known = false;
    p->engaged.visits += n.visits;
    p->engaged.engaged += n.engaged;
}

static void sum_cells(struct timeline *t, struct timeline_point *p, bool *ret_reached)
{
    int64_t from = timeline_cell_number(t, p->from_s),
            until = timeline_cell_number(t, p->until_s - 1) + 1;
    bool own = false, other = false;

    *ret_reached = false;
    p->engaged_known = timeline_has_days(t);
    for (int64_t i = from; i < until; i++) {
        struct cell *c = timeline_cell(t, i);
        if (c == NULL)
            continue;
        for (int m = 0; m < METRIC_KINDS; m++)
            p->metric[m] += own_of(c, m) + c->other[m];
        own = own || own_of(c, METRIC_VISITORS) > 0;
        other = other || c->other[METRIC_VISITORS] > 0;
        p->exact = p->exact && c->exact;
        sum_engaged(p, c);
        *ret_reached = *ret_reached || c->at_hand || c->kept;
    }
    p->deduplicated = !timeline_has_days(t) || (!(own && other) && until - from == 1);
    for (int m = 0; m < METRIC_KINDS; m++)
        p->metric[m] = timeline_never_below_zero(p->metric[m]);
    p->visitors_known = timeline_has_days(t);
    p->engaged_known = p->engaged_known && p->engaged.visits > 0;
    if (p->engaged.engaged > p->engaged.visits)
        p->engaged.engaged = p->engaged.visits;
}

/* A minute is in the ring, or nowhere. */
static void read_minute(struct timeline *t, struct timeline_point *p, bool *ret_reached)
{
    struct hit_count count = {0, 0};

    *ret_reached = p->from_s <= t->now_s &&
                   hits_minute(&t->site->block->hits,
                               timeline_floor_div(p->from_s, TIMELINE_MINUTE_S), &count);
    p->metric[METRIC_VIEWS] = *ret_reached ? count.views : 0;
    p->metric[METRIC_VISITS] = *ret_reached ? count.visits : 0;
    p->visitors_known = false;
}

/* Did luotd run in some part of it, after the site's first number? */
static bool somebody_counted(const struct timeline *t, const struct timeline_point *p)
{
    const struct document *d = t->document;
    int64_t at = p->from_s > t->first_live_s ? p->from_s : t->first_live_s;
    int64_t until = p->until_s < t->now_s + 1 ? p->until_s : t->now_s + 1;

    if (t->first_live_s == INT64_MAX || p->until_s <= t->first_live_s)
        return false;
    for (size_t i = 0; i < d->gap_count && at < until; i++)
        if (d->gaps[i].from_s <= at && d->gaps[i].until_s > at)
            at = d->gaps[i].until_s;
    return at < until;
}

static void sum_points(struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct timeline_point *p = &t->point[i];
        bool reached;

        if (t->query->step == STEP_MINUTE)
            read_minute(t, p, &reached);
        else
            sum_cells(t, p, &reached);
        p->known = p->metric[METRIC_VIEWS] > 0 || p->metric[METRIC_VISITS] > 0 ||
                   p->metric[METRIC_VISITORS] > 0 || (reached && somebody_counted(t, p));
    }
}

/* --- Imported hours: they are in no quarter --- */

static int compare_hour(const void *key, const void *element)
{
    const int64_t *number = key;
    const struct timeline_point *p = element;
    int64_t hour = timeline_floor_div(p->from_s, TIMELINE_HOUR_S);

    return *number < hour ? -1 : *number > hour;
}

static int add_hour(void *context, const struct kept_row *row)
{
    struct timeline *t = context;
    struct timeline_point *p =
        bsearch(&row->number, t->point, t->count, sizeof *t->point, compare_hour);

    if (p == NULL)
        return 0;
    p->visitors_known = p->metric[METRIC_VIEWS] == 0 && row->exact;
    for (int m = 0; m < METRIC_KINDS; m++)
        p->metric[m] += row->metric[m];
    p->known = true;
    return 0;
}

static int read_hours(struct timeline *t)
{
    if (t->source == NULL || t->query->step != STEP_HOUR)
        return 0;
    return t->source->rows(
        t->source->context, KEPT_HOURS, false,
        timeline_floor_div(t->point[0].from_s, TIMELINE_HOUR_S),
        timeline_floor_div(t->point[t->count - 1].from_s, TIMELINE_HOUR_S) + 1, add_hour,
        t);
}

/* --- The whole --- */

bool timeline_needs_store(const struct site *s, const struct timeline_query *q,
                          struct instant now)
{
    int64_t now_s = instant_seconds(now);
    int64_t first_q = atomic_load_explicit(&s->block->hits.first_q, memory_order_relaxed);
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;

    if (q->step == STEP_MINUTE)
        return false;
    if (q->step >= STEP_DAY ||
        q->from_s < now_s - (int64_t)(QUARTERS - 8) * TIMELINE_QUARTER_S)
        return true;
    site_read_seed(s, seed, &totals);
    return (q->step == STEP_HOUR && totals.imported[METRIC_VIEWS] > 0) ||
           (totals.live[METRIC_VIEWS] > 0 &&
            timeline_floor_div(q->from_s, TIMELINE_QUARTER_S) <= first_q);
}

static int read_all(struct timeline *t)
{
    int rv = timeline_lay_out(t);

    if (rv == 0)
        rv = timeline_fill(t);
    if (rv != 0)
        return rv;
    sum_points(t);
    rv = timeline_deduplicate(t);
    return rv != 0 ? rv : read_hours(t);
}

/* The first view of this arena, or of those before it. */
static int64_t first_live(const struct site *s, const struct timeline_source *source)
{
    int64_t live = atomic_load_explicit(&s->block->first_live_s, memory_order_relaxed);
    int64_t stored = atomic_load_explicit(&s->stored_live_s, memory_order_relaxed);

    if (live == 0 || (stored != 0 && stored < live))
        live = stored;
    if (live == 0)
        live = INT64_MAX;
    return source != NULL && source->first_live_s < live ? source->first_live_s : live;
}

int timeline_read(struct timeline_point **ret_points, size_t *ret_count,
                  const struct site *s, const struct site_terms *terms,
                  const struct timeline_query *q, const struct timeline_source *source,
                  const struct document *d)
{
    struct timeline t = {
        .site = s,
        .terms = terms,
        .query = q,
        .source = source,
        .document = d,
        .now_s = instant_seconds(d->now),
        .first_live_s = first_live(s, source),
    };
    int rv = read_all(&t);

    free(t.cell);
    if (rv != 0) {
        free(t.point);
        return rv;
    }
    *ret_points = t.point;
    *ret_count = t.count;
    return 0;
}
