/* Looking at a site: every row that may have changed is computed and compared with the
 * shadow. A row is final when the keeper says so (site_day_is_final, quarters before
 * rolled_q); that is read before the row, so what is taken for final is.
 *
 * A reload frees a site's terms a grace after it swapped them, and asking the store can
 * take seconds: no terms are held across it. So a site begins with room for all its rows
 * but the quarters, which come last and need no terms. */
#include "keep/saver_collect.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "count/site_aside.h"

enum { LAST_VIEW_STEP_S = 60 };

static_assert(2 * SITE_DAYS + 2 * SITE_KEPT_DAYS + ASIDE_QUARTERS + SITE_WEEKS +
                      SITE_MONTHS + 3 <=
                  SITE_CHANGES,
              "a site's rows fit in its room");

int collection_init(struct collection *c)
{
    c->change = calloc(ROUND_CHANGES, sizeof *c->change);
    c->owner = calloc(ROUND_CHANGES, sizeof(struct shadow *));
    c->sketch = malloc(ROUND_SKETCHES * sizeof *c->sketch);
    c->hll = malloc(sizeof *c->hll);
    if (c->store != NULL && c->store->ops->tops != NULL) {
        c->tops = tops_room_new();
        if (c->tops == NULL)
            return ERR_NOMEM;
    }
    return c->change == NULL || c->owner == NULL || c->sketch == NULL || c->hll == NULL
               ? ERR_NOMEM
               : 0;
}

void collection_release(struct collection *c)
{
    free(c->change);
    free(c->owner);
    free(c->sketch);
    free(c->hll);
    tops_room_free(c->tops);
    c->tops = NULL;
    c->change = NULL;
    c->owner = NULL;
    c->sketch = NULL;
    c->hll = NULL;
}

/* --- The buffer --- */

static int save(struct collection *c)
{
    int64_t stop_by = atomic_load_explicit(&c->stop_by_ms, memory_order_relaxed);
    struct deadline d = c->deadline;
    int rv = 0;

    if (stop_by != 0 && stop_by < d.at_ms)
        d.at_ms = stop_by;
    if (c->changes > 0)
        rv = c->store->ops->save(c->store, c->change, c->changes, d);
    if (atomic_load_explicit(&c->abandoned, memory_order_acquire))
        return ERR_CANCELED;
    for (size_t i = 0; i < c->changes && rv == 0; i++)
        if (c->owner[i] != NULL)
            shadow_keep(c->owner[i], &c->change[i]);
    for (struct shadow *s = c->finished; s != NULL && rv == 0; s = s->finished) {
        shadow_age(s, c->now_ms);
        s->edges = s->next;
        s->aside = s->next_aside;
    }
    if (c->tops != NULL)
        tops_room_empty(c->tops, rv == 0);
    if (rv == 0) {
        c->rows += c->changes;
        c->saves++;
    }
    c->finished = NULL;
    c->changes = c->sketched = 0;
    return rv;
}

int collection_save(struct collection *c)
{
    return save(c);
}

static int add(struct collection *c, struct shadow *shadow, const struct change *change)
{
    int rv = 0;

    if (shadow != NULL && shadow_has(shadow, change))
        return 0;
    if (c->changes == ROUND_CHANGES)
        rv = save(c);
    if (rv != 0)
        return rv;
    if (shadow != NULL)
        shadow->quiet = false;
    c->change[c->changes] = *change;
    c->owner[c->changes++] = shadow;
    return 0;
}

int collection_add(struct collection *c, const struct change *change)
{
    return add(c, NULL, change);
}

static int add_row(struct collection *c, struct shadow *shadow, const struct change *row)
{
    if (row->views == 0 && row->visits == 0 && row->visitors == 0)
        return 0; /* nothing is nothing, there is no need to keep it */
    return add(c, shadow, row);
}

/* --- One site's rows --- */

struct looking {
    struct collection *into;
    const struct site *site;
    struct shadow *shadow;
    const struct site_terms *terms;
    struct slice key;
    int64_t slot, today;
};

static int collect_name(const struct looking *l)
{
    const struct site_block *b = l->site->block;
    int64_t last = atomic_load_explicit(&b->last_view_s, memory_order_relaxed);
    struct change c = {
        .kind = CHANGE_SITE,
        .site = l->key,
        .number = atomic_load_explicit(&b->created_s, memory_order_relaxed),
        .views = (uint64_t)atomic_load_explicit(&b->first_live_s, memory_order_relaxed),
        .visits = (uint64_t)(last - last % LAST_VIEW_STEP_S),
        .blob = slice_of(b->host),
    };

    return add(l->into, l->shadow, &c);
}

static int collect_total(const struct looking *l)
{
    struct hit_count total = hits_total(&l->site->block->hits);
    const struct change c = {.kind = CHANGE_TOTAL,
                             .site = l->key,
                             .views = total.views,
                             .visits = total.visits};

    return add_row(l->into, l->shadow, &c);
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int add_quarter(const struct looking *l, int64_t q)
{
    struct hit_count n = site_own_quarter(l->site, q);
    const struct change c = {.kind = CHANGE_QUARTER,
                             .site = l->key,
                             .number = q,
                             .views = n.views,
                             .visits = n.visits};

    return add_row(l->into, l->shadow, &c);
}

static int collect_quarters(const struct looking *l)
{
    const struct hits *h = &l->site->block->hits;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_acquire);
    int64_t until =
        (rolled > l->slot / QUARTER_SLOTS ? rolled : l->slot / QUARTER_SLOTS) + 1;
    int rv = 0;

    /* What lies ahead of a clock that was set back: collect_jumped_quarters. */
    for (int64_t q = lesser(l->shadow->edges.quarter, rolled); q < until && rv == 0; q++)
        rv = add_quarter(l, q);
    l->shadow->next.quarter = rolled;
    return rv;
}

static int collect_engaged(const struct looking *l, int64_t day)
{
    struct change c = {.kind = CHANGE_ENGAGED, .site = l->key, .number = day};
    struct engaged_count n;

    if (!site_engaged_day(l->site, day, &n))
        return 0;
    c.views = n.engaged;
    c.visits = n.visits;
    return add_row(l->into, l->shadow, &c);
}

static int add_day(const struct looking *l, int64_t day, const struct site_numbers *n)
{
    const struct change c = {.kind = CHANGE_DAY,
                             .site = l->key,
                             .number = day,
                             .views = n->metric[METRIC_VIEWS],
                             .visits = n->metric[METRIC_VISITS],
                             .visitors = n->metric[METRIC_VISITORS],
                             .exact = n->exact};

    return add_row(l->into, l->shadow, &c);
}

static int collect_days(const struct looking *l)
{
    int64_t next = lesser(l->shadow->edges.day, l->today - 1);
    bool all_final = true;
    int rv = 0;

    if (next <= l->today - SITE_DAYS) /* of those before, see collect_jumped */
        next = l->today - SITE_DAYS + 1;
    for (int64_t day = next; day <= l->today && rv == 0; day++) {
        bool final = site_day_is_final(l->site, day);
        struct site_numbers n;

        all_final = all_final && final;
        if (all_final)
            next = day + 1;
        if (!site_own_day(l->site, day, l->into->now, &n))
            continue;
        /* First: where the day's row is, this one is. */
        rv = collect_engaged(l, day);
        if (rv == 0)
            rv = add_day(l, day, &n);
    }
    l->shadow->next.day = next;
    return rv;
}

/* A key of one day knows no longer period: its week and month are sums of days. */
static uint64_t visitors_of(const struct looking *l, enum period_kind kind,
                            const struct period *p, bool *ret_exact)
{
    uint64_t sum = 0;

    *ret_exact = true;
    if (l->terms->config.identity != IDENTITY_DAY)
        return site_own_visitors(l->site, kind, p, ret_exact);
    for (int64_t day = p->first_day; day < p->until_day && day <= l->today; day++) {
        struct site_numbers n;
        if (!site_own_day(l->site, day, l->into->now, &n))
            continue;
        sum += n.metric[METRIC_VISITORS];
        *ret_exact = *ret_exact && n.exact;
    }
    return sum;
}

/* After a clock that jumped, all days that the arena has, with their months: where the
 * clock was it may have come and gone between two rounds. Once more until those that have
 * passed are final. */
static int collect_jumped(const struct looking *l)
{
    int64_t days[SITE_KEPT_DAYS], month = INT64_MIN;
    bool all_final = true;
    int rv = 0;

    if (l->shadow->next_aside == l->shadow->aside)
        return 0;
    for (unsigned i = 0, n = site_kept_days(l->site, days); i < n && rv == 0; i++) {
        struct period p = period_of_day(&l->terms->calendar, days[i]);
        struct change c = {.kind = CHANGE_MONTH, .site = l->key};
        struct site_numbers numbers;

        all_final =
            all_final && (days[i] >= l->today - 1 || site_day_is_final(l->site, days[i]));
        site_kept_day(l->site, days[i], &numbers);
        rv = add_day(l, days[i], &numbers);
        p = period_at(&l->terms->calendar, PERIOD_MONTH, p.from_slot);
        if (rv != 0 || p.number == month)
            continue;
        c.number = month = p.number;
        c.visitors = visitors_of(l, PERIOD_MONTH, &p, &c.exact);
        rv = add_row(l->into, l->shadow, &c);
    }
    if (!all_final)
        l->shadow->next_aside = l->shadow->aside;
    return rv;
}

/* Their quarters that began again and are still to come. */
static int collect_jumped_quarters(const struct looking *l)
{
    int64_t q[ASIDE_QUARTERS];
    int rv = 0;

    if (l->shadow->next_aside == l->shadow->aside)
        return 0;
    for (unsigned i = 0, n = site_aside_quarters(l->site, q); i < n && rv == 0; i++)
        rv = add_quarter(l, q[i]);
    return rv;
}

static int collect_periods(const struct looking *l, enum period_kind kind,
                           enum change_kind change, int64_t from, int64_t *ret_next)
{
    struct period p = period_at(&l->terms->calendar, kind, l->slot);
    int64_t now = p.number;
    int rv = 0;

    from = lesser(from, now - 1); /* the clock was set back */
    for (; p.number >= from && p.number >= 0 && rv == 0;
         p = period_at(&l->terms->calendar, kind, p.from_slot - 1)) {
        struct change c = {.kind = change, .site = l->key, .number = p.number};

        c.visitors = visitors_of(l, kind, &p, &c.exact);
        rv = add_row(l->into, l->shadow, &c);
    }
    *ret_next = now - 1; /* it may still grow */
    return rv;
}

static int collect_sketch(const struct looking *l)
{
    struct collection *into = l->into;
    struct period today = period_of_day(&l->terms->calendar, l->today);
    struct change c = {.kind = CHANGE_SKETCH, .site = l->key, .number = l->today};
    size_t length;
    bool exact;

    c.visitors = site_own_visitors(l->site, PERIOD_DAY, &today, &exact);
    if (c.visitors == 0 || shadow_has(l->shadow, &c))
        return 0;
    site_today_hll(l->site, into->now, into->hll);
    length = hll_to_redis(into->hll, into->sketch[into->sketched]);
    c.blob = (struct slice){(const char *)into->sketch[into->sketched], length};
    into->sketched++;
    return add(into, l->shadow, &c);
}

static struct looking look_at(struct collection *c, const struct site *site,
                              struct shadow *shadow)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);

    return (struct looking){
        .into = c,
        .site = site,
        .shadow = shadow,
        .terms = terms,
        .key = slice_of(site->block->key),
        .slot = instant_slot(c->now),
        .today = zone_day(terms->zone, instant_seconds(c->now)),
    };
}

/* Everything every SHADOW_AGAIN_MS, the sites spread over that time; and of a store that
 * lost everything as many sites a round as are not too much for it. */
static void begin_again(struct collection *c, const struct site *site,
                        struct shadow *shadow)
{
    bool first = shadow->again_ms == 0;

    if (!shadow->known || c->now_ms >= shadow->again_ms) {
        shadow_begin_all(shadow, site, c->now, !first || c->lost_all);
        shadow->again_ms = c->now_ms + (first ? 1 + site->index * 7919 % SHADOW_AGAIN_MS
                                              : SHADOW_AGAIN_MS);
    }
    if (shadow->all && c->rows + c->changes < ROUND_AGAIN)
        shadow_take_all(shadow, site, c->now);
}

int collect_site(struct collection *c, const struct site *site, struct shadow *shadow)
{
    struct looking l;
    int rv = 0;

    if (c->forgets)
        begin_again(c, site, shadow);
    else if (!shadow->known)
        rv = shadow_begin(shadow, site, c->store, c->now);
    if (rv == 0 &&
        (c->changes + SITE_CHANGES > ROUND_CHANGES || c->sketched == ROUND_SKETCHES))
        rv = save(c);
    if (rv != 0)
        return rv;
    l = look_at(c, site, shadow);
    shadow->next = shadow->edges;
    shadow->next_aside = site_aside_changes(site);
    shadow->quiet = true;
    rv = collect_name(&l);
    if (rv == 0)
        rv = collect_days(&l);
    if (rv == 0)
        rv = collect_jumped_quarters(&l);
    if (rv == 0)
        rv = collect_jumped(&l);
    if (rv == 0)
        rv = collect_periods(&l, PERIOD_WEEK, CHANGE_WEEK, shadow->edges.week,
                             &shadow->next.week);
    if (rv == 0)
        rv = collect_periods(&l, PERIOD_MONTH, CHANGE_MONTH, shadow->edges.month,
                             &shadow->next.month);
    if (rv == 0 && (c->everything || c->sketches))
        rv = collect_sketch(&l);
    shadow->next.sketched_s = c->sketch_moment;
    if (rv == 0)
        rv = collect_total(&l);
    if (rv == 0)
        rv = collect_quarters(&l);
    if (rv == 0 && c->tops != NULL && (c->everything || c->sketches))
        rv = saver_tops(c, &shadow->tops, site);
    if (rv != 0) {
        shadow->quiet = false; /* not all of it was looked at */
        return rv;
    }
    shadow->finished = c->finished;
    c->finished = shadow;
    return 0;
}

int collection_finish(struct collection *c)
{
    const struct change alive = {.kind = CHANGE_ALIVE,
                                 .number = instant_seconds(c->now),
                                 .views = (uint64_t)c->now.ms,
                                 .blob = slice_of(c->version)};
    int rv = add(c, NULL, &alive);

    return rv != 0 ? rv : save(c);
}
