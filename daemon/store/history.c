/* What the store knows of a site, brought into its block. The store's answers are rows a
 * number; what the site keeps at hand is the last 80 days, 8 weeks and 64 months, and the
 * sums of everything. */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/site_peers.h"
#include "store/history_inner.h"
#include "store/merged.h"

enum {
    REFRESH_MS = 200,
    WHOLE_MS = 60000,
    MERGED_MS = 10000 /* what is still saved under another key is looked for so often */
};

struct loading {
    struct site *site;
    struct store *store;
    const struct site_terms *terms;
    struct slice key;
    int64_t today, slot;
};

static struct loading loading_of(struct site *site, struct store *store,
                                 struct instant now)
{
    struct loading l = {
        .site = site,
        .store = store,
        .terms = atomic_load_explicit(&site->terms, memory_order_acquire),
        .key = slice_of(site->block->key),
        .slot = instant_slot(now),
    };

    l.today = zone_day(l.terms->zone, instant_seconds(now));
    return l;
}

/* --- Days --- */

struct day_rows { /* [day - first] */
    int64_t first;
    bool many[SITE_DAYS];  /* visitors of several runs */
    bool about[SITE_DAYS]; /* they are an estimate     */
    uint64_t of[SITE_DAYS][METRIC_KINDS];
};

static int keep_day(void *context, const struct history_row *row)
{
    struct day_rows *days = context;
    uint64_t *metric = days->of[row->number - days->first];

    metric[METRIC_VIEWS] = row->views;
    metric[METRIC_VISITS] = row->visits;
    metric[METRIC_VISITORS] = row->visitors;
    days->many[row->number - days->first] = !row->deduplicated;
    days->about[row->number - days->first] = !row->exact;
    return 0;
}

static int read_days(const struct loading *l, unsigned parts, int count,
                     struct day_rows *days)
{
    memset(days, 0, sizeof *days);
    days->first = l->today - count + 1;
    return merged_history(l->store, l->site, CHANGE_DAY, parts, days->first, l->today + 1,
                          keep_day, days);
}

struct days { /* the last `count` */
    int count;
    struct day_rows other, adjusted, imported;
};

static int read_all_days(const struct loading *l, int count, struct days *days)
{
    int rv = read_days(l, HISTORY_LIVE_OTHER, count, &days->other);

    if (rv == 0)
        rv = read_days(l, HISTORY_ADJUSTED, count, &days->adjusted);
    if (rv == 0)
        rv = read_days(l, HISTORY_IMPORTED, count, &days->imported);
    days->count = count;
    return rv;
}

static void keep_days(const struct loading *l, struct days *days)
{
    struct day_rows *other = &days->other;

    for (int i = 0; i < days->count; i++) {
        if (i >= days->count - 2)
            site_peers_set_live(l->site, PERIOD_DAY, other->first + i,
                                other->of[i][METRIC_VISITORS], !other->many[i]);
        for (int m = 0; m < METRIC_KINDS; m++)
            other->of[i][m] += days->adjusted.of[i][m];
        site_set_about(l->site, PERIOD_DAY, other->first + i,
                       other->about[i] || days->imported.about[i]);
        site_set_day(l->site, other->first + i, other->of[i], days->imported.of[i]);
    }
}

/* --- Weeks and months: their visitors ---
 *
 * Asked for all together, once: a server that takes half a second an answer must not make
 * a start wait for each month of five years. */

enum { PERIODS_MAX = SITE_MONTHS > SITE_WEEKS ? SITE_MONTHS : SITE_WEEKS };

struct period_rows {
    struct period_days of[PERIODS_MAX]; /* the newest first */
    uint64_t visitors[PERIODS_MAX];
    bool many[PERIODS_MAX];  /* of several runs */
    bool about[PERIODS_MAX]; /* an estimate     */
    int count;
};

static int add_visitors(void *context, const struct history_row *row)
{
    struct period_rows *rows = context;

    for (int i = 0; i < rows->count; i++)
        if (rows->of[i].number == row->number) {
            rows->visitors[i] += row->visitors;
            rows->many[i] = rows->many[i] || !row->deduplicated;
            rows->about[i] = rows->about[i] || !row->exact;
        }
    return 0;
}

/* Without a row of its own a period is the sum of its days, adjustments too. */
static int add_adjusted(void *context, const struct history_row *row)
{
    struct period_rows *rows = context;

    for (int i = 0; i < rows->count; i++)
        if (rows->visitors[i] > 0 && row->number >= rows->of[i].first_day &&
            row->number < rows->of[i].until_day)
            rows->visitors[i] += row->visitors;
    return 0;
}

static int load_period(const struct loading *l, enum period_kind kind,
                       enum change_kind change, int count)
{
    struct period_days p = period_days_at(&l->terms->calendar, kind, l->today);
    struct period_rows rows; /* set as far as `count` */
    const struct period_days *newest = &rows.of[0], *oldest;
    uint64_t live[PERIODS_MAX];
    bool many[PERIODS_MAX];
    int rv;

    for (rows.count = 0; rows.count < count && p.number >= 0; rows.count++) {
        rows.of[rows.count] = p;
        rows.visitors[rows.count] = 0;
        rows.many[rows.count] = rows.about[rows.count] = false;
        p = period_days_before(kind, p);
    }
    if (rows.count == 0)
        return 0;
    oldest = &rows.of[rows.count - 1];
    rv = merged_history(l->store, l->site, change, HISTORY_LIVE_OTHER, oldest->number,
                        newest->number + 1, add_visitors, &rows);
    memcpy(live, rows.visitors, (size_t)rows.count * sizeof *live);
    memcpy(many, rows.many, (size_t)rows.count * sizeof *many);
    if (rv == 0)
        rv = merged_history(l->store, l->site, change, HISTORY_IMPORTED, oldest->number,
                            newest->number + 1, add_visitors, &rows);
    if (rv == 0)
        rv = merged_history(l->store, l->site, CHANGE_DAY, HISTORY_ADJUSTED,
                            oldest->first_day, newest->until_day, add_adjusted, &rows);
    for (int i = 0; i < rows.count && rv == 0; i++) {
        if (i < 2)
            site_peers_set_live(l->site, kind, rows.of[i].number, live[i], !many[i]);
        site_set_about(l->site, kind, rows.of[i].number, rows.about[i]);
        site_set_row(l->site, kind, rows.of[i].number, rows.visitors[i]);
    }
    return rv;
}

/* --- Totals and seeds --- */

static int read_seeds(const struct loading *l, struct site_seed seed[METRIC_KINDS],
                      int64_t seeded_s[METRIC_KINDS])
{
    memset(seed, 0, METRIC_KINDS * sizeof *seed);
    memset(seeded_s, 0, METRIC_KINDS * sizeof *seeded_s);
    for (int m = 0; m < METRIC_KINDS; m++) {
        struct seed_row row;
        int rv = l->store->ops->seed_get(l->store, l->key, m, &row);

        if (rv == ERR_NOT_FOUND)
            continue;
        if (rv != 0)
            return rv;
        seeded_s[m] = row.at_s;
        seed[m] = (struct site_seed){
            .as_of_s = row.as_of_s,
            .total = row.total,
            .today = row.today,
            .week = row.week,
            .month = row.month,
            .offset_total = row.offset_total,
            .offset_today = row.offset_today,
            .offset_week = row.offset_week,
            .offset_month = row.offset_month,
            .has_today = row.has_today,
            .has_week = row.has_week,
            .has_month = row.has_month,
        };
    }
    return 0;
}

static int read_total(const struct loading *l, unsigned part, int64_t since_day,
                      uint64_t total[METRIC_KINDS])
{
    struct history_row row;
    int rv = l->store->ops->total(l->store, l->key, part, since_day, &row);

    if (rv != 0)
        return rv;
    if (part == HISTORY_LIVE_OTHER)
        site_set_total_about(l->site, !row.exact);
    total[METRIC_VIEWS] = row.views;
    total[METRIC_VISITS] = row.visits;
    total[METRIC_VISITORS] = row.visitors;
    return 0;
}

/* Imported days that a seed has in it already do not count again. */
static int read_imported(const struct loading *l,
                         const struct site_seed seed[METRIC_KINDS],
                         struct site_totals *totals)
{
    int rv = read_total(l, HISTORY_IMPORTED, INT64_MIN, totals->imported);

    for (int m = 0; m < METRIC_KINDS && rv == 0; m++) {
        uint64_t since[METRIC_KINDS];
        if (seed[m].as_of_s == 0)
            continue;
        rv = read_total(l, HISTORY_IMPORTED,
                        zone_day_from(l->terms->zone, seed[m].as_of_s), since);
        if (rv == 0)
            totals->imported[m] = since[m];
    }
    return rv;
}

static int keep_first(void *context, const struct history_row *row)
{
    *(int64_t *)context = row->number;
    return -1; /* the first is enough */
}

static int read_since(const struct loading *l, int64_t *ret_day)
{
    int64_t live =
        atomic_load_explicit(&l->site->block->first_live_s, memory_order_relaxed);
    int64_t own = live == 0 ? INT64_MAX : zone_day(l->terms->zone, live), day = own;
    int rv = merged_history(l->store, l->site, CHANGE_DAY,
                            HISTORY_LIVE_OTHER | HISTORY_IMPORTED, INT64_MIN, own,
                            keep_first, &day);

    if (rv > 0)
        return rv;
    *ret_day = day;
    return 0;
}

static int load_totals(const struct loading *l)
{
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals = {.since_day = INT64_MAX};
    uint64_t adjusted[METRIC_KINDS];
    int64_t seeded_s[METRIC_KINDS];
    int rv = read_seeds(l, seed, seeded_s);

    if (rv == 0)
        rv = read_total(l, HISTORY_LIVE_OTHER, INT64_MIN, totals.live);
    if (rv == 0)
        rv = read_total(l, HISTORY_ADJUSTED, INT64_MIN, adjusted);
    if (rv == 0)
        rv = read_imported(l, seed, &totals);
    if (rv == 0)
        rv = read_since(l, &totals.since_day);
    if (rv != 0)
        return rv;
    for (int m = 0; m < METRIC_KINDS; m++)
        totals.adjusted[m] = (int64_t)adjusted[m];
    rv = merged_totals(l->store, l->site, l->terms->zone, seed, seeded_s, &totals);
    if (rv != 0)
        return rv;
    site_set_totals(l->site, seed, &totals);
    return 0;
}

/* --- Days to come: counted while a clock was ahead --- */

static int load_ahead(const struct loading *l)
{
    int64_t day = INT64_MAX;
    int rv = l->store->ops->history(l->store, l->key, CHANGE_DAY,
                                    HISTORY_LIVE_OTHER | HISTORY_ADJUSTED, l->today + 1,
                                    INT64_MAX, keep_first, &day);

    if (rv > 0)
        return rv;
    atomic_store_explicit(&l->site->ahead_day, day, memory_order_relaxed);
    atomic_store_explicit(&l->site->read_day, l->today, memory_order_relaxed);
    return 0;
}

static int load_first(const struct loading *l)
{
    int64_t created = 0, live = 0;
    int rv = merged_site_first(l->store, l->site, &created, &live);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    atomic_store_explicit(&l->site->stored_live_s, live, memory_order_relaxed);
    return 0;
}

bool history_is_of_another_day(const struct site *site, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t today = zone_day(terms->zone, instant_seconds(now));
    int64_t read = atomic_load_explicit(&site->read_day, memory_order_relaxed);

    return read != INT64_MIN &&
           (today < read ||
            today >= atomic_load_explicit(&site->ahead_day, memory_order_relaxed));
}

/* --- All of it --- */

/* Days are read first and put in place last: a day's visitors without its week's would be
 * taken for what the week has beside the sheets. */
static int load(const struct loading *l, int day_count, int weeks, int months)
{
    struct days days;
    int rv = read_all_days(l, day_count, &days);

    if (rv == 0)
        rv = load_period(l, PERIOD_WEEK, CHANGE_WEEK, weeks);
    if (rv == 0)
        rv = load_period(l, PERIOD_MONTH, CHANGE_MONTH, months);
    if (rv != 0)
        return rv;
    keep_days(l, &days);
    rv = load_totals(l);
    if (rv == 0 && day_count == SITE_DAYS)
        rv = load_first(l);
    return rv != 0 || day_count < SITE_DAYS ? rv : load_ahead(l);
}

int history_load(struct site *site, struct store *store, struct instant now)
{
    const struct loading l = loading_of(site, store, now);

    return load(&l, SITE_DAYS, SITE_WEEKS, SITE_MONTHS);
}

static int refresh_site(struct site *site, struct store *store, struct instant now,
                        struct history_read *read)
{
    const struct loading l = loading_of(site, store, now);
    int64_t now_ms = deadline_in(0).at_ms;
    bool whole = read->whole_ms == 0 || now_ms - read->whole_ms >= WHOLE_MS;
    int rv;

    rv = whole ? load(&l, SITE_DAYS, SITE_WEEKS, SITE_MONTHS) : load(&l, 2, 1, 1);
    if (rv == 0)
        read->any_ms = now_ms;
    if (rv == 0 && whole)
        rv = history_load_tops(site, store, now);
    if (rv == 0 && whole) {
        (void)history_load_pages(site, store);
        read->whole_ms = now_ms;
    }
    return rv;
}

/* Rows come some seconds after the sheet that told of them. Who had no turn before that
 * time was over has one after it. */
static bool is_stale(const struct site *site, const struct history_read *read,
                     int64_t now_ms)
{
    int64_t until_ms = atomic_load_explicit(&site->peer_stale_ms, memory_order_relaxed);

    if (atomic_load_explicit(&site->merged, memory_order_relaxed) != NULL &&
        now_ms - read->any_ms >= MERGED_MS)
        return true;
    return until_ms != 0 && (now_ms <= until_ms || read->any_ms <= until_ms);
}

int history_refresh(struct registry *registry, struct store *store, struct instant now,
                    struct history_refresh *refresh)
{
    size_t limit = registry_limit(registry);
    int64_t now_ms = deadline_in(0).at_ms, until_ms = now_ms + REFRESH_MS;
    int rv = 0;

    if (refresh->read == NULL)
        refresh->read = calloc(limit, sizeof *refresh->read);
    if (refresh->read == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < limit && rv == 0; i++) {
        size_t index = (refresh->at + i) % limit;
        struct site *site = registry_at(registry, index);

        if (site == NULL || !is_stale(site, &refresh->read[index], now_ms))
            continue;
        rv = refresh_site(site, store, now, &refresh->read[index]);
        if (rv == 0 && deadline_in(0).at_ms < until_ms)
            continue;
        refresh->at = index + 1;
        break;
    }
    return rv;
}
