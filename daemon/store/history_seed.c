/* Seeds and adjustments. A seed says "at as_of the numbers were these"; from then on
 * what is counted is added. So what counts is what live counting had before as_of, the
 * offset:
 *
 *      number now = seeded + (counted live by now - offset)
 *
 * As of now the offset is what the very code that answers says without a seed, so the
 * next answer is exactly the seeded number. As of the past it is what is counted by
 * now less what was counted since. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/history.h"
#include "store/merged.h"

enum { QUARTER_S = 900, QUARTER_DAYS = 35 };
static const uint64_t number_max = (uint64_t)1 << 53;

struct seeding {
    struct site *site;
    struct store *store;
    const struct site_terms *terms;
    struct instant now;
    int64_t as_of_s, now_s;
    enum metric metric;
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* --- What was counted since as_of --- */

static int add_row(void *context, const struct history_row *row)
{
    struct history_row *sum = context;

    sum->views += row->views;
    sum->visits += row->visits;
    return 0;
}

static int stored(const struct seeding *s, enum change_kind kind, unsigned parts,
                  int64_t from, int64_t until, struct history_row *sum)
{
    return merged_history(s->store, s->site, kind, parts, from, until, add_row, sum);
}

/* In whole days: more than 35 days ago there are no quarters. */
static int counted_in_days(const struct seeding *s, int64_t from_s, int64_t until_s,
                           struct history_row *sum)
{
    int64_t from = zone_day(s->terms->zone, from_s);
    int64_t until = zone_day(s->terms->zone, until_s - 1) + 1;
    int64_t hand = zone_day(s->terms->zone, s->now_s) - SITE_DAYS + 1;
    int rv = stored(s, CHANGE_DAY, HISTORY_LIVE_OTHER, from, until, sum);

    if (rv == 0 && from < hand)
        rv = stored(s, CHANGE_DAY, HISTORY_LIVE_OWN, from, until < hand ? until : hand,
                    sum);
    for (int64_t day = from > hand ? from : hand; day < until && rv == 0; day++) {
        struct site_numbers n;
        if (!site_own_day(s->site, day, s->now, &n))
            continue;
        sum->views += n.metric[METRIC_VIEWS];
        sum->visits += n.metric[METRIC_VISITS];
    }
    return rv;
}

/* Live views and visits of [from, until). */
static int counted_between(const struct seeding *s, int64_t from_s, int64_t until_s,
                           struct history_row *sum)
{
    int64_t from_slot = from_s * 1000 / SLOT_MS, until_slot = until_s * 1000 / SLOT_MS;
    int rv;

    *sum = (struct history_row){0};
    if (until_s <= from_s)
        return 0;
    if (s->now_s - from_s > QUARTER_DAYS * 86400)
        return counted_in_days(s, from_s, until_s, sum);
    rv = stored(s, CHANGE_QUARTER, HISTORY_LIVE_OTHER, from_s / QUARTER_S,
                until_s / QUARTER_S, sum);
    sum->views += site_live_before(s->site, METRIC_VIEWS, from_slot, until_slot);
    sum->visits += site_live_before(s->site, METRIC_VISITS, from_slot, until_slot);
    return rv;
}

static uint64_t of_metric(const struct history_row *row, enum metric m)
{
    return m == METRIC_VIEWS ? row->views : row->visits;
}

/* What a span that has begun at from_s had of `all` before as_of. */
static int before_as_of(const struct seeding *s, int64_t from_s, uint64_t all,
                        uint64_t *ret_before)
{
    int64_t end_s = (s->now_s / QUARTER_S + 1) * QUARTER_S;
    struct history_row since, before;
    int rv = counted_between(s, s->as_of_s, end_s, &since);

    if (rv == 0)
        rv = counted_between(s, from_s, s->as_of_s, &before);
    if (rv != 0)
        return rv;
    if (s->metric != METRIC_VISITORS)
        *ret_before = less(all, of_metric(&since, s->metric));
    else if (before.visits + since.visits == 0)
        *ret_before = 0;
    else
        *ret_before = (uint64_t)((double)all * (double)before.visits /
                                     (double)(before.visits + since.visits) +
                                 0.5);
    return 0;
}

/* --- The four offsets --- */

static int offset_of_total(const struct seeding *s, uint64_t *ret_offset)
{
    uint64_t all[METRIC_KINDS];
    int64_t month_s;

    site_counted(s->site, SPAN_TOTAL, s->now, all);
    *ret_offset = all[s->metric];
    if (s->as_of_s >= s->now_s)
        return 0;
    /* Visitors by share: of as much of the past as days of visits are kept. */
    month_s = s->metric == METRIC_VISITORS ? 0 : s->as_of_s;
    return before_as_of(s, month_s, all[s->metric], ret_offset);
}

/* The part is of the period that as_of lies in; one that is over by now, or not this one
 * nor the one before, is answered from history and needs no offset. */
static int offset_of_part(const struct seeding *s, enum period_kind kind,
                          uint64_t *ret_offset)
{
    static const enum site_span spans[PERIOD_KINDS][2] = {
        [PERIOD_DAY] = {SPAN_TODAY, SPAN_YESTERDAY},
        [PERIOD_WEEK] = {SPAN_WEEK, SPAN_LAST_WEEK},
        [PERIOD_MONTH] = {SPAN_MONTH, SPAN_LAST_MONTH},
    };
    int64_t slot = instant_slot(s->now), as_of_slot = s->as_of_s * 1000 / SLOT_MS;
    struct period p = period_at(&s->terms->calendar, kind, slot);
    enum site_span span = spans[kind][0];
    uint64_t all[METRIC_KINDS];
    struct history_row before;
    int rv;

    *ret_offset = 0;
    if (as_of_slot < p.from_slot) {
        p = period_before(&s->terms->calendar, kind, slot);
        span = spans[kind][1];
    }
    if (as_of_slot < p.from_slot)
        return 0;
    site_counted(s->site, span, s->now, all);
    if (s->as_of_s >= s->now_s) {
        *ret_offset = all[s->metric];
        return 0;
    }
    if (s->metric == METRIC_VISITORS)
        return before_as_of(s, p.from_slot * SLOT_MS / 1000, all[s->metric], ret_offset);
    rv = counted_between(s, s->as_of_s, p.until_slot * SLOT_MS / 1000, &before);
    if (rv == 0)
        *ret_offset = less(all[s->metric], of_metric(&before, s->metric));
    return rv;
}

/* --- A part of which nothing was said --- */

static struct period period_of_as_of(const struct seeding *s, enum period_kind kind)
{
    return period_at(&s->terms->calendar, kind, s->as_of_s * 1000 / SLOT_MS);
}

/* It had at least what the parts in it had, if it is not over: an old counter that shows no
 * month does not leave the month below the week. */
static void raise(const struct seeding *s, enum period_kind kind, uint64_t least,
                  uint64_t offset, bool *has, uint64_t *part)
{
    int64_t slot = instant_slot(s->now);

    if (*has || offset >= least ||
        period_of_as_of(s, kind).from_slot !=
            period_at(&s->terms->calendar, kind, slot).from_slot)
        return;
    *has = true;
    *part = least;
}

static void raise_parts(const struct seeding *s, struct seed_row *row)
{
    uint64_t least = row->has_today ? row->today : 0;

    raise(s, PERIOD_WEEK, least, row->offset_week, &row->has_week, &row->week);
    if (row->has_week && row->week > least &&
        period_of_as_of(s, PERIOD_WEEK).from_slot >=
            period_of_as_of(s, PERIOD_MONTH).from_slot)
        least = row->week;
    raise(s, PERIOD_MONTH, least, row->offset_month, &row->has_month, &row->month);
}

/* --- Saying it --- */

static bool is_sound(const struct seed_request *r, int64_t now_s)
{
    return r->as_of_s >= 0 && r->as_of_s <= now_s && r->total < number_max &&
           r->today < number_max && r->week < number_max && r->month < number_max;
}

static int64_t as_of(const struct site_terms *terms, const struct seed_request *r,
                     int64_t now_s)
{
    if (r->as_of_s == 0 || r->as_of_s >= now_s)
        return now_s;
    if (now_s - r->as_of_s > QUARTER_DAYS * 86400)
        return zone_day_start(terms->zone, zone_day(terms->zone, r->as_of_s));
    return r->as_of_s - r->as_of_s % QUARTER_S;
}

int history_seed(struct site *site, struct store *store,
                 const struct seed_request *request, uint32_t uid, struct instant now)
{
    struct seeding s = {
        .site = site,
        .store = store,
        .terms = atomic_load_explicit(&site->terms, memory_order_acquire),
        .now = now,
        .now_s = instant_seconds(now),
        .metric = request->metric,
    };
    struct seed_row row = {
        .at_s = s.now_s,
        .uid = uid,
        .metric = (int)request->metric,
        .total = request->total,
        .today = request->today,
        .week = request->week,
        .month = request->month,
        .has_today = request->has_today,
        .has_week = request->has_week,
        .has_month = request->has_month,
    };
    int rv;

    if (!is_sound(request, s.now_s))
        return ERR_RANGE;
    row.as_of_s = s.as_of_s = as_of(s.terms, request, s.now_s);
    snprintf(row.note, sizeof row.note, "%s", request->note);
    rv = offset_of_total(&s, &row.offset_total);
    if (rv == 0)
        rv = offset_of_part(&s, PERIOD_DAY, &row.offset_today);
    if (rv == 0)
        rv = offset_of_part(&s, PERIOD_WEEK, &row.offset_week);
    if (rv == 0)
        rv = offset_of_part(&s, PERIOD_MONTH, &row.offset_month);
    if (rv == 0) {
        raise_parts(&s, &row);
        rv = store->ops->seed_set(store, slice_of(site->block->key), &row);
    }
    return rv != 0 ? rv : history_load(site, store, now);
}

/* --- Adjustments --- */

static int keep_row(void *context, const struct history_row *row)
{
    *(struct history_row *)context = *row;
    return 0;
}

/* Everything that a day has of a metric. */
static int whole_day(struct site *site, struct store *store, int64_t day, int metric,
                     struct instant now, uint64_t *ret_number)
{
    struct history_row row = {0};
    struct site_numbers n;
    int rv = 0;

    if (site_whole_day(site, day, now, &n)) {
        *ret_number = n.metric[metric];
        return 0;
    }
    rv = merged_history(store, site, CHANGE_DAY, HISTORY_ALL, day, day + 1, keep_row,
                        &row);
    *ret_number = metric == METRIC_VIEWS    ? row.views
                  : metric == METRIC_VISITS ? row.visits
                                            : row.visitors;
    return rv;
}

int history_adjust(struct site *site, struct store *store, const struct adjust_row *row,
                   struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    uint64_t has, total;
    int rv;

    if (row->day < 0 || row->day > zone_day(terms->zone, instant_seconds(now)) ||
        row->by >= (int64_t)number_max || row->by <= -(int64_t)number_max ||
        row->metric < 0 || row->metric >= METRIC_KINDS)
        return ERR_RANGE;
    rv = whole_day(site, store, row->day, row->metric, now, &has);
    if (rv == 0 && row->by < 0 && has < (uint64_t)-row->by)
        rv = ERR_RANGE;
    /* Further on the store's sums end, and with them the site's history. */
    total = site_metric(site, SPAN_TOTAL, (enum metric)row->metric, now);
    if (rv == 0 && row->by > 0 &&
        (total > has ? total : has) + (uint64_t)row->by >= number_max)
        rv = ERR_RANGE;
    if (rv == 0)
        rv = store->ops->adjust_add(store, slice_of(site->block->key), row);
    return rv != 0 ? rv : history_load(site, store, now);
}
