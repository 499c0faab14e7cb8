/* Numbers of a site, read by any thread at any time. Views and visits come straight from
 * the arena, so what a turn has added is in the next answer. Visitors of calendar periods
 * are tallies, O(1).
 *
 *   a period          the sum of its days
 *   a day             what this arena counted
 *                     + what the store knows of earlier arenas
 *                     + what was imported
 *   a seeded number   the seed + everything counted since `as_of` */
#include <string.h>

#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_peers.h"

enum { RECENT_MONTHS = 3 }; /* whose days may be at hand */

const char *site_span_name(enum site_span span)
{
    static const char *const names[SPANS] = {
        "last_hour", "last_24h",  "last_7d", "today",      "yesterday",
        "week",      "last_week", "month",   "last_month", "total",
    };

    return names[span];
}

/* What one answer needs, read once. */
struct reading {
    const struct site *site;
    const struct site_terms *terms;
    struct instant now;
    int64_t now_slot, today;
    struct site_history history;
};

static void read_begin(struct reading *r, const struct site *s, struct instant now)
{
    r->site = s;
    r->terms = site_terms_of(s);
    r->now = now;
    r->now_slot = instant_slot(now);
    r->today = zone_day(r->terms->zone, instant_seconds(now));
    site_read_seed(s, r->history.seed, &r->history.totals);
}

static double error_of(bool exact)
{
    return exact ? 0 : SKETCH_ERROR;
}

static uint64_t less(uint64_t from, uint64_t take)
{
    return from > take ? from - take : 0;
}

/* --- Calendar periods --- */

static int64_t first_day_at_hand(const struct reading *r, const struct period *p)
{
    int64_t first = r->today - SITE_DAYS + 1;

    return p->first_day > first ? p->first_day : first;
}

static int64_t until_day(const struct reading *r, const struct period *p)
{
    return p->until_day <= r->today ? p->until_day : r->today + 1;
}

/* A seed's number for a period of a kind, and how much of it was counted before. */
struct part {
    bool has;
    uint64_t set, offset;
};

static struct part part_of(const struct reading *r, enum metric m, enum period_kind kind,
                           const struct period *p)
{
    const struct site_seed *seed = &r->history.seed[m];
    int64_t slot = seed->as_of_s / SLOT_S;

    if (seed->as_of_s == 0 || slot < p->from_slot || slot >= p->until_slot)
        return (struct part){.has = false}; /* a part ends with its period */
    if (kind == PERIOD_DAY)
        return (struct part){seed->has_today != 0, seed->today, seed->offset_today};
    if (kind == PERIOD_WEEK)
        return (struct part){seed->has_week != 0, seed->week, seed->offset_week};
    return (struct part){seed->has_month != 0, seed->month, seed->offset_month};
}

/* What was imported into days that began before as_of is history: the seed has it in
 * already. */
static uint64_t imported_before_seed(const struct reading *r, enum metric m,
                                     const struct period *p)
{
    uint64_t with[METRIC_KINDS] = {0}, without[METRIC_KINDS] = {0};
    int64_t as_of_s = r->history.seed[m].as_of_s;

    for (int64_t d = first_day_at_hand(r, p); d < until_day(r, p); d++) {
        if (zone_day_start(r->terms->zone, d) >= as_of_s)
            break;
        site_add_stored_day(r->site, d, true, with);
        site_add_stored_day(r->site, d, false, without);
    }
    return with[m] - without[m];
}

static void apply_seeds(const struct reading *r, enum period_kind kind,
                        const struct period *p, struct site_numbers *n)
{
    for (int m = 0; m < METRIC_KINDS; m++) {
        struct part part = part_of(r, (enum metric)m, kind, p);

        if (part.has)
            n->metric[m] =
                part.set +
                less(less(n->metric[m], imported_before_seed(r, (enum metric)m, p)),
                     part.offset);
    }
}

static void sum_period(const struct reading *r, enum period_kind kind,
                       const struct period *p, struct site_numbers *n)
{
    bool whole_key = kind == PERIOD_DAY || r->terms->config.identity == IDENTITY_MONTH;
    bool about = false; /* what is stored */
    uint64_t stored[METRIC_KINDS] = {0}, other, own;

    *n = (struct site_numbers){.exact = true};
    for (int64_t d = first_day_at_hand(r, p); d < until_day(r, p); d++) {
        struct period day = period_of_day(&r->terms->calendar, d);
        struct hit_count hits = site_own_hits(r->site, &day);

        n->metric[METRIC_VIEWS] += hits.views;
        n->metric[METRIC_VISITS] += hits.visits;
        site_add_stored_day(r->site, d, true, stored);
        about = about || site_is_about(r->site, PERIOD_DAY, d);
    }
    own = site_own_visitors(r->site, kind, p, &n->exact);
    other = kind == PERIOD_DAY ? 0 : site_other_visitors(r->site, kind, p->number);
    if (other > 0) { /* better than the sum of its days */
        stored[METRIC_VISITORS] = other;
        about = site_is_about(r->site, kind, p->number);
    }
    n->exact = n->exact && !(about && stored[METRIC_VISITORS] > 0);
    n->deduplicated = whole_key;
    n->error = error_of(n->exact);
    site_peers_period(r->site, kind, p, r->now_slot, whole_key, own,
                      stored[METRIC_VISITORS], n);
    n->metric[METRIC_VIEWS] += stored[METRIC_VIEWS];
    n->metric[METRIC_VISITS] += stored[METRIC_VISITS];
    apply_seeds(r, kind, p, n);
}

/* --- Sliding windows --- */

/* Keys of a day do not know who came again on another one: the last seven days are the
 * sum of their days, the first one's share by time. */
uint64_t site_visitors_of_days(const struct site *s, int64_t now_slot, bool *ret_exact)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t first_slot = now_slot - WEEK_SLOTS + 1;
    int64_t today = period_at(c, PERIOD_DAY, now_slot).number;
    struct period day = period_at(c, PERIOD_DAY, first_slot);
    int64_t length = day.until_slot - day.from_slot;
    uint64_t first = site_own_visitors(s, PERIOD_DAY, &day, ret_exact);
    uint64_t sum = (first * (uint64_t)(day.until_slot - first_slot)) / (uint64_t)length;

    *ret_exact = *ret_exact && (first == 0 || first_slot == day.from_slot);
    for (int64_t d = day.number + 1; d <= today; d++) {
        bool exact;

        day = period_of_day(c, d);
        sum += site_own_visitors(s, PERIOD_DAY, &day, &exact);
        *ret_exact = *ret_exact && exact;
    }
    return sum;
}

static void add_peers(const struct reading *r, enum site_span span, int64_t slots,
                      bool one_key, struct site_numbers *n)
{
    int64_t from_slot = r->now_slot - slots + 1;
    int key = one_key ? site_hold_key_for(r->site, from_slot) : -1;

    site_peers_add(r->site,
                   span == SPAN_LAST_HOUR  ? WINDOW_HOUR
                   : span == SPAN_LAST_24H ? WINDOW_DAY
                                           : WINDOW_7D,
                   r->now_slot, from_slot, key, n);
    site_let_go(r->site, key);
}

static void sum_window(const struct reading *r, enum site_span span,
                       struct site_numbers *n)
{
    struct site_scanned scan = site_scan_for(r->site, r->now_slot, true);
    int64_t slots = span == SPAN_LAST_HOUR  ? HOUR_SLOTS
                    : span == SPAN_LAST_24H ? DAY_SLOTS
                                            : WEEK_SLOTS;
    struct hit_count hits = site_own_window(r->site, r->now_slot, slots);
    bool one_key = span != SPAN_LAST_7D || r->terms->config.identity == IDENTITY_MONTH;

    *n = (struct site_numbers){
        .metric = {[METRIC_VIEWS] = hits.views,
                   [METRIC_VISITS] = hits.visits,
                   [METRIC_VISITORS] = span == SPAN_LAST_HOUR  ? scan.hour
                                       : span == SPAN_LAST_24H ? scan.day
                                                               : scan.week},
        .exact = scan.exact,
        .deduplicated = one_key,
    };
    if (!one_key)
        n->metric[METRIC_VISITORS] =
            site_visitors_of_days(r->site, r->now_slot, &n->exact);
    n->error = error_of(scan.exact);
    add_peers(r, span, slots, one_key, n);
}

/* --- Total --- */

/* Of the months that this arena saw. */
static uint64_t own_visitors_of_months(const struct reading *r, bool *ret_exact)
{
    struct period month = period_at(&r->terms->calendar, PERIOD_MONTH, r->now_slot);
    int64_t this_month = month.number;
    uint64_t sum = 0;
    bool exact;

    *ret_exact = true;
    for (int i = 0; i < SITE_MONTHS; i++) {
        if (i < RECENT_MONTHS) {
            sum += site_own_visitors(r->site, PERIOD_MONTH, &month, &exact);
            month = period_at(&r->terms->calendar, PERIOD_MONTH, month.from_slot - 1);
        } else {
            sum += site_row_visitors(r->site, PERIOD_MONTH, this_month - i, &exact);
        }
        *ret_exact = *ret_exact && exact;
    }
    sum += site_later_months(r->site, this_month, &exact);
    *ret_exact = *ret_exact && exact;
    return sum;
}

static void sum_total(const struct reading *r, struct site_numbers *n)
{
    struct hit_count own = hits_total(&r->site->block->hits);
    const struct site_totals *totals = &r->history.totals;

    *n = (struct site_numbers){.exact = true};
    n->metric[METRIC_VIEWS] = own.views;
    n->metric[METRIC_VISITS] = own.visits;
    n->metric[METRIC_VISITORS] = own_visitors_of_months(r, &n->exact);
    for (int m = 0; m < METRIC_KINDS; m++) {
        const struct site_seed *seed = &r->history.seed[m];
        uint64_t sum = n->metric[m] + totals->live[m];
        int64_t adjusted = totals->adjusted[m];

        if (seed->as_of_s != 0)
            sum = seed->total + less(sum, seed->offset_total);
        sum += totals->imported[m];
        n->metric[m] = adjusted < 0 ? less(sum, (uint64_t)0 - (uint64_t)adjusted)
                                    : sum + (uint64_t)adjusted;
    }
    n->exact =
        n->exact && !(site_total_is_about(r->site) && totals->live[METRIC_VISITORS] > 0);
    n->error = error_of(n->exact);
}

/* --- Any --- */

static struct period span_period(const struct reading *r, enum site_span span,
                                 enum period_kind *ret_kind)
{
    enum period_kind kind = span <= SPAN_YESTERDAY   ? PERIOD_DAY
                            : span <= SPAN_LAST_WEEK ? PERIOD_WEEK
                                                     : PERIOD_MONTH;

    *ret_kind = kind;
    if (span == SPAN_YESTERDAY || span == SPAN_LAST_WEEK || span == SPAN_LAST_MONTH)
        return period_before(&r->terms->calendar, kind, r->now_slot);
    return period_at(&r->terms->calendar, kind, r->now_slot);
}

static void read_span(const struct reading *r, enum site_span span,
                      struct site_numbers *n)
{
    enum period_kind kind;
    struct period period;

    if (span == SPAN_TOTAL) {
        sum_total(r, n);
    } else if (span <= SPAN_LAST_7D) {
        sum_window(r, span, n);
    } else {
        period = span_period(r, span, &kind);
        sum_period(r, kind, &period, n);
    }
}

void site_span(const struct site *s, enum site_span span, struct instant now,
               struct site_numbers *ret_numbers)
{
    struct reading r;

    read_begin(&r, s, now);
    read_span(&r, span, ret_numbers);
}

void site_peers_note(const struct site *s, struct instant now)
{
    static const enum site_span open[] = {SPAN_TODAY, SPAN_WEEK, SPAN_MONTH};
    struct site_numbers n;

    if (atomic_load_explicit(&s->peers, memory_order_relaxed) == NULL)
        return; /* nobody beside us: our own rows have it */
    for (unsigned i = 0; i < sizeof open / sizeof open[0]; i++)
        site_span(s, open[i], now, &n);
}

/* As if everything had been seeded with 0, now. */
void site_counted(const struct site *s, enum site_span span, struct instant now,
                  uint64_t ret_metric[METRIC_KINDS])
{
    struct site_numbers n;
    struct reading r;

    read_begin(&r, s, now);
    for (int m = 0; m < METRIC_KINDS; m++) {
        r.history.seed[m] = (struct site_seed){.as_of_s = instant_seconds(now),
                                               .has_today = 1,
                                               .has_week = 1,
                                               .has_month = 1};
        r.history.totals.imported[m] = 0;
        r.history.totals.adjusted[m] = 0;
    }
    read_span(&r, span, &n);
    memcpy(ret_metric, n.metric, sizeof n.metric);
}

uint64_t site_metric(const struct site *s, enum site_span span, enum metric metric,
                     struct instant now)
{
    struct site_numbers n;

    site_span(s, span, now, &n);
    return n.metric[metric];
}

uint64_t site_live_before(const struct site *s, enum metric metric, int64_t from_slot,
                          int64_t until_slot)
{
    struct hit_count hits = hits_sum(&s->block->hits, from_slot / QUARTER_SLOTS,
                                     until_slot / QUARTER_SLOTS, true);
    struct hit_count aside = site_aside_window(s, until_slot - 1, until_slot - from_slot);

    return metric == METRIC_VIEWS ? hits.views + aside.views : hits.visits + aside.visits;
}

bool site_is_exact(const struct site *s)
{
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct visitors *h = s->table[i].head;

        if (atomic_load_explicit(&h->unplaced, memory_order_relaxed) > 0 ||
            atomic_load_explicit(&h->mode, memory_order_relaxed) == VISITORS_SKETCHED)
            return false;
    }
    return true;
}
