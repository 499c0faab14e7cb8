#include "keep/saver_shadow.h"

#include <string.h>

enum {
    OPEN_QUARTERS = RING_SLOTS / QUARTER_SLOTS, /* at most: the ring's */
    RECENT_QUARTERS = 2 * OPEN_QUARTERS
};

struct saved_row *shadow_row(struct shadow *s, enum change_kind kind, int64_t number)
{
    switch (kind) {
    case CHANGE_SITE:
        return &s->site;
    case CHANGE_TOTAL:
        return &s->total;
    case CHANGE_DAY:
        return &s->day[number % SHADOW_DAYS];
    case CHANGE_ENGAGED:
        return &s->engaged[number % SHADOW_DAYS];
    case CHANGE_QUARTER:
        return &s->quarter[number % SHADOW_QUARTERS];
    case CHANGE_WEEK:
        return &s->week[number % SHADOW_PERIODS];
    case CHANGE_MONTH:
        return &s->month[number % SHADOW_PERIODS];
    default:
        return &s->sketch;
    }
}

bool shadow_has(struct shadow *s, const struct change *c)
{
    const struct saved_row *row = shadow_row(s, c->kind, c->number);

    return row->known && row->number == c->number && row->views == c->views &&
           row->visits == c->visits && row->visitors == c->visitors &&
           row->exact == c->exact;
}

void shadow_keep(struct shadow *s, const struct change *c)
{
    *shadow_row(s, c->kind, c->number) = (struct saved_row){.number = c->number,
                                                            .views = c->views,
                                                            .visits = c->visits,
                                                            .visitors = c->visitors,
                                                            .exact = c->exact,
                                                            .known = true};
}

/* --- Where to begin --- */

static int keep_last(void *context, const struct history_row *row)
{
    *(int64_t *)context = row->number;
    return 0;
}

/* The last row of ours from a number on; `none` when there is none. */
static int last_saved(struct store *store, struct slice key, enum change_kind kind,
                      int64_t from, int64_t none, int64_t *ret_last)
{
    *ret_last = none;
    return store->ops->history(store, key, kind, HISTORY_LIVE_OWN, from, INT64_MAX,
                               keep_last, ret_last);
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Where the arena begins. */
static struct shadow_edges first_edges(const struct site *site, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t slot = instant_slot(now);
    int64_t first_q =
        atomic_load_explicit(&site->block->hits.first_q, memory_order_acquire);

    return (struct shadow_edges){
        .day = zone_day(terms->zone, instant_seconds(now)) - SITE_DAYS + 1,
        .quarter = greater(first_q, slot / QUARTER_SLOTS - QUARTERS + 1),
        .week = period_at(&terms->calendar, PERIOD_WEEK, slot).number - SITE_WEEKS + 1,
        .month = period_at(&terms->calendar, PERIOD_MONTH, slot).number - SITE_MONTHS + 1,
    };
}

/* Rows are saved in ascending order, so before the last one only those that were still
 * open then can have changed since. A site of which we saved nothing begins where the
 * arena does. */
int shadow_begin(struct shadow *s, const struct site *site, struct store *store,
                 struct instant now)
{
    struct slice key = slice_of(site->block->key);
    int64_t now_q = instant_slot(now) / QUARTER_SLOTS, last, none = INT64_MIN;
    struct shadow_edges edges = first_edges(site, now);
    int rv = last_saved(store, key, CHANGE_QUARTER, now_q - RECENT_QUARTERS, none, &last);

    if (rv == 0 && last == none)
        rv = last_saved(store, key, CHANGE_QUARTER, edges.quarter, none, &last);
    if (rv == 0 && last != none)
        edges.quarter = greater(edges.quarter, last - OPEN_QUARTERS);
    if (rv == 0)
        rv = last_saved(store, key, CHANGE_DAY, edges.day, none, &last);
    if (rv == 0 && last != none)
        edges.day = greater(edges.day, last - 1);
    if (rv == 0)
        rv = last_saved(store, key, CHANGE_WEEK, edges.week, none, &last);
    if (rv == 0 && last != none)
        edges.week = greater(edges.week, last - 1);
    if (rv == 0)
        rv = last_saved(store, key, CHANGE_MONTH, edges.month, none, &last);
    if (rv == 0 && last != none)
        edges.month = greater(edges.month, last - 1);
    if (rv != 0)
        return rv;
    shadow_tops_release(&s->tops);
    memset(s, 0, sizeof *s);
    s->edges = edges;
    s->known = true;
    return 0;
}

/* --- A store that may forget --- */

/* A server far away is not asked four times a site: what it has is written again. */
void shadow_begin_all(struct shadow *s, const struct site *site, struct instant now,
                      bool all)
{
    struct shadow_edges edges = first_edges(site, now);

    shadow_tops_release(&s->tops);
    memset(s, 0, sizeof *s);
    edges.quarter =
        greater(edges.quarter, instant_slot(now) / QUARTER_SLOTS - RECENT_QUARTERS);
    s->edges = s->older[0] = s->older[1] = edges;
    s->all = all;
    s->known = true;
}

void shadow_take_all(struct shadow *s, const struct site *site, struct instant now)
{
    s->edges.quarter = first_edges(site, now).quarter;
    s->all = false;
}

void shadow_lost(struct shadow *s, enum store_lost lost)
{
    if (lost == STORE_LOST_NOTHING || !s->known)
        return;
    s->quiet = false;
    if (lost == STORE_LOST_ALL) {
        s->known = false;
        return;
    }
    shadow_tops_release(&s->tops);
    s->edges = s->older[1];
    s->aside = 0;
    s->site.known = s->total.known = s->sketch.known = false;
    for (int i = 0; i < SHADOW_DAYS; i++)
        s->day[i].known = s->engaged[i].known = false;
    for (int i = 0; i < SHADOW_QUARTERS; i++)
        s->quarter[i].known = false;
    for (int i = 0; i < SHADOW_PERIODS; i++)
        s->week[i].known = s->month[i].known = false;
}

void shadow_age(struct shadow *s, int64_t now_ms)
{
    if (now_ms - s->older_ms < SHADOW_AGE_MS)
        return;
    s->older[1] = s->older[0];
    s->older[0] = s->edges;
    s->older_ms = now_ms;
}
