/* A timeline is made in four steps: lay out the points, lay out cells below them
 * (quarters for hours and less, local days for the rest), fill the cells from the arena
 * and from the source, sum the cells of each point.
 *
 * What this arena counted is in the arena and, some seconds late, in the store: the
 * greater of both is right, because both only grow. What others counted is in the store,
 * or, where there is none, nowhere. */
#include "report/timeline.h"

#include <stdlib.h>

#include "base/error.h"

enum { MINUTE_S = 60, QUARTER_S = 900, HOUR_S = 3600, DAY_S = 86400 };

struct cell { /* a quarter or a local day */
    uint64_t own[METRIC_KINDS], saved[METRIC_KINDS], other[METRIC_KINDS];
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

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

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

/* --- Points --- */

static struct period whole_period(const struct timeline *t, enum period_kind kind,
                                  int64_t at_s)
{
    return period_at(&t->terms->calendar, kind, floor_div(at_s, SLOT_MS / 1000));
}

static int64_t step_start(const struct timeline *t, int64_t at_s)
{
    const struct zone *zone = t->terms->zone;
    enum period_kind kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH;

    switch (t->query->step) {
    case STEP_MINUTE:
        return floor_div(at_s, MINUTE_S) * MINUTE_S;
    case STEP_QUARTER:
        return floor_div(at_s, QUARTER_S) * QUARTER_S;
    case STEP_HOUR:
        return zone_hour_start(zone, at_s);
    case STEP_DAY:
        return zone_day_start(zone, zone_day(zone, at_s));
    default:
        return zone_day_start(zone, whole_period(t, kind, at_s).first_day);
    }
}

/* Hours are cut where the clock shows :00 and where it jumps: 30, 60 or 90 minutes. */
static int64_t next_hour(const struct zone *zone, int64_t start)
{
    for (int64_t after = HOUR_S / 2; after <= 2 * HOUR_S; after += HOUR_S / 2) {
        int64_t next = zone_hour_start(zone, start + after);
        if (next > start)
            return next;
    }
    return start + HOUR_S;
}

static int64_t step_end(const struct timeline *t, int64_t start)
{
    const struct zone *zone = t->terms->zone;
    enum period_kind kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH;

    switch (t->query->step) {
    case STEP_MINUTE:
        return start + MINUTE_S;
    case STEP_QUARTER:
        return start + QUARTER_S;
    case STEP_HOUR:
        return next_hour(zone, start);
    case STEP_DAY:
        return zone_day_start(zone, zone_day(zone, start) + 1);
    default:
        return zone_day_start(zone, whole_period(t, kind, start).until_day);
    }
}

static int lay_out_points(struct timeline *t)
{
    int64_t at = step_start(t, t->query->from_s);
    size_t limit = 64;

    if (t->query->until_s <= t->query->from_s ||
        t->query->until_s - t->query->from_s > (int64_t)TIMELINE_DAYS_MAX * DAY_S)
        return ERR_RANGE;
    t->point = calloc(limit, sizeof *t->point);
    if (t->point == NULL)
        return ERR_NOMEM;
    while (at < t->query->until_s) {
        if (t->count == TIMELINE_POINTS_MAX)
            return ERR_RANGE;
        if (t->count == limit) {
            struct timeline_point *grown =
                realloc(t->point, 2 * limit * sizeof *t->point);
            if (grown == NULL)
                return ERR_NOMEM;
            t->point = grown;
            limit *= 2;
        }
        t->point[t->count++] = (struct timeline_point){.from_s = at,
                                                       .until_s = step_end(t, at),
                                                       .exact = true,
                                                       .deduplicated = true};
        at = t->point[t->count - 1].until_s;
    }
    return 0;
}

/* --- Cells --- */

static bool has_days(const struct timeline *t)
{
    return t->query->step >= STEP_DAY;
}

static int64_t cell_of(const struct timeline *t, int64_t at_s)
{
    return has_days(t) ? zone_day(t->terms->zone, at_s) : floor_div(at_s, QUARTER_S);
}

static int lay_out_cells(struct timeline *t)
{
    t->first_cell = cell_of(t, t->point[0].from_s);
    t->cells = cell_of(t, t->point[t->count - 1].until_s - 1) + 1 - t->first_cell;
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
}

static void read_quarter(struct timeline *t, int64_t q, struct cell *c)
{
    const struct hits *h = &t->site->block->hits;
    int64_t now_q = floor_div(t->now_s, QUARTER_S);
    struct hit_count hits;

    c->at_hand = q <= now_q && q > now_q - QUARTERS;
    if (!c->at_hand || (t->source != NULL &&
                        q < atomic_load_explicit(&h->first_q, memory_order_relaxed)))
        return; /* restored quarters are others': the source has them */
    hits = hits_quarter(h, q);
    c->own[METRIC_VIEWS] = hits.views;
    c->own[METRIC_VISITS] = hits.visits;
}

static void read_arena(struct timeline *t)
{
    if (t->query->step == STEP_MINUTE)
        return;
    for (int64_t i = 0; i < t->cells; i++) {
        if (has_days(t))
            read_day(t, t->first_cell + i, &t->cell[i]);
        else
            read_quarter(t, t->first_cell + i, &t->cell[i]);
    }
}

static struct cell *cell_at(struct timeline *t, int64_t number)
{
    return number >= t->first_cell && number < t->first_cell + t->cells
               ? &t->cell[number - t->first_cell]
               : NULL;
}

static int add_saved(void *context, const struct kept_row *row)
{
    struct cell *c = cell_at(context, row->number);

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
    struct cell *c = cell_at(context, row->number);

    if (c == NULL)
        return 0;
    for (int m = 0; m < METRIC_KINDS; m++)
        c->other[m] += row->metric[m];
    c->kept = true;
    c->exact = c->exact && row->exact;
    return 0;
}

static int read_rows(struct timeline *t, enum kept_kind kind, bool own, int64_t from,
                     int64_t until, kept_row_fn *row)
{
    return t->source->rows(t->source->context, kind, own, from, until, row, t);
}

static int read_source(struct timeline *t)
{
    enum kept_kind kind = has_days(t) ? KEPT_DAYS : KEPT_QUARTERS;
    int64_t from = t->first_cell, until = t->first_cell + t->cells;
    int rv;

    if (t->source == NULL || t->query->step == STEP_MINUTE)
        return 0;
    rv = read_rows(t, kind, true, from, until, add_saved);
    return rv != 0 ? rv : read_rows(t, kind, false, from, until, add_other);
}

/* --- Sums --- */

static uint64_t own_of(const struct cell *c, int metric)
{
    return c->own[metric] > c->saved[metric] ? c->own[metric] : c->saved[metric];
}

/* Adjustments may take away more than there is. */
static uint64_t never_below_zero(uint64_t sum)
{
    return sum > (uint64_t)INT64_MAX ? 0 : sum;
}

static void sum_cells(struct timeline *t, struct timeline_point *p, bool *ret_reached)
{
    int64_t from = cell_of(t, p->from_s), until = cell_of(t, p->until_s - 1) + 1;
    bool own = false, other = false;

    *ret_reached = false;
    for (int64_t i = from; i < until; i++) {
        struct cell *c = cell_at(t, i);
        if (c == NULL)
            continue;
        for (int m = 0; m < METRIC_KINDS; m++)
            p->metric[m] += own_of(c, m) + c->other[m];
        own = own || own_of(c, METRIC_VISITORS) > 0;
        other = other || c->other[METRIC_VISITORS] > 0;
        p->exact = p->exact && c->exact;
        *ret_reached = *ret_reached || c->at_hand || c->kept;
    }
    p->deduplicated = !has_days(t) || (!(own && other) && until - from == 1);
    for (int m = 0; m < METRIC_KINDS; m++)
        p->metric[m] = never_below_zero(p->metric[m]);
    p->visitors_known = has_days(t);
}

/* A minute is in the ring, or nowhere. */
static void read_minute(struct timeline *t, struct timeline_point *p, bool *ret_reached)
{
    struct hit_count count = {0, 0};

    *ret_reached =
        p->from_s <= t->now_s &&
        hits_minute(&t->site->block->hits, floor_div(p->from_s, MINUTE_S), &count);
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

/* --- Visitors of weeks and months: not the sum of their days, where a key is longer ---
 */

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

    for (int64_t i = cell_of(t, p->from_s); i <= cell_of(t, p->until_s - 1); i++)
        if (cell_at(t, i) != NULL)
            sum += cell_at(t, i)->other[METRIC_VISITORS];
    return sum;
}

static void set_own_long(struct long_visitors *l, struct timeline_point *p, size_t i)
{
    struct timeline *t = l->timeline;
    struct period period = whole_period(t, l->kind, p->from_s);
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
    p->metric[METRIC_VISITORS] = never_below_zero(p->metric[METRIC_VISITORS] + other);
    p->exact = p->exact && l->exact[i];
}

static int deduplicate(struct timeline *t)
{
    struct long_visitors l = {
        .timeline = t, .kind = t->query->step == STEP_WEEK ? PERIOD_WEEK : PERIOD_MONTH};
    int rv;

    if (t->query->step < STEP_WEEK || t->terms->config.identity == IDENTITY_DAY)
        return 0;
    l.first_number = whole_period(t, l.kind, t->point[0].from_s).number;
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

/* --- Imported hours: they are in no quarter --- */

static int compare_hour(const void *key, const void *element)
{
    const int64_t *number = key;
    const struct timeline_point *p = element;
    int64_t hour = floor_div(p->from_s, HOUR_S);

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
    return read_rows(t, KEPT_HOURS, false, floor_div(t->point[0].from_s, HOUR_S),
                     floor_div(t->point[t->count - 1].from_s, HOUR_S) + 1, add_hour);
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
    if (q->step >= STEP_DAY || q->from_s < now_s - (int64_t)(QUARTERS - 8) * QUARTER_S)
        return true;
    site_read_seed(s, seed, &totals);
    return (q->step == STEP_HOUR && totals.imported[METRIC_VIEWS] > 0) ||
           (totals.live[METRIC_VIEWS] > 0 && floor_div(q->from_s, QUARTER_S) <= first_q);
}

static int read_all(struct timeline *t)
{
    int rv = lay_out_points(t);

    if (rv == 0)
        rv = lay_out_cells(t);
    if (rv != 0)
        return rv;
    read_arena(t);
    rv = read_source(t);
    if (rv != 0)
        return rv;
    sum_points(t);
    rv = deduplicate(t);
    return rv != 0 ? rv : read_hours(t);
}

int timeline_read(struct timeline_point **ret_points, size_t *ret_count,
                  const struct site *s, const struct site_terms *terms,
                  const struct timeline_query *q, const struct timeline_source *source,
                  const struct document *d)
{
    int64_t live = atomic_load_explicit(&s->block->first_live_s, memory_order_relaxed);
    struct timeline t = {
        .site = s,
        .terms = terms,
        .query = q,
        .source = source,
        .document = d,
        .now_s = instant_seconds(d->now),
        .first_live_s = live != 0 ? live : INT64_MAX,
    };
    int rv;

    if (source != NULL && source->first_live_s < t.first_live_s)
        t.first_live_s = source->first_live_s;
    rv = read_all(&t);
    free(t.cell);
    if (rv != 0) {
        free(t.point);
        return rv;
    }
    *ret_points = t.point;
    *ret_count = t.count;
    return 0;
}
