/* Numbers of a site, read by any thread at any time. Views and visits come straight from
 * the arena, so what a turn has added is in the next answer. Visitors of calendar periods
 * are tallies (O(1)); those of sliding windows come from the keeper's scan of this slot,
 * or, when that is not there yet and the table is small, from a scan by the reader.
 *
 *   a period = sum of its days;   a day = what this arena counted + what the store knows
 * of earlier arenas + what was imported a seeded number = the seed + everything counted
 * since `as_of` */
#include <math.h>
#include <string.h>

#include "count/site_layout.h"

enum {
    SCAN_HERE = 8192,
    SLOT_S = SLOT_MS / 1000,
    HOUR_SLOTS = 300,
    DAY_SLOTS = 7200,
    WEEK_SLOTS = 50400
};

static const double SKETCH_ERROR = 0.649 / 64; /* 0.649 / sqrt(4096) */

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

const char *site_span_name(enum site_span span)
{
    static const char *const names[SPANS] = {
        "last_hour", "last_24h",  "last_7d", "today",      "yesterday",
        "week",      "last_week", "month",   "last_month", "total",
    };

    return names[span];
}

/* --- Visitors --- */

int site_key_for(const struct site *s, int64_t slot)
{
    int begun = -1, oldest = -1;
    int64_t begun_from = 0, oldest_from = 0;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        int64_t from =
            atomic_load_explicit(&s->block->keys[i].from_slot, memory_order_relaxed);

        if (!atomic_load_explicit(&s->table[i].head->linked, memory_order_acquire))
            continue;
        if (from <= slot && (begun < 0 || from > begun_from)) {
            begun = (int)i;
            begun_from = from;
        }
        if (oldest < 0 || from < oldest_from) {
            oldest = (int)i;
            oldest_from = from;
        }
    }
    return begun >= 0 ? begun : oldest;
}

struct site_scanned site_scan_now(const struct site *s, const struct site_terms *terms,
                                  int64_t now_slot)
{
    int64_t slots[4] = {terms->online_slots, HOUR_SLOTS, DAY_SLOTS, WEEK_SLOTS};
    struct visitors_scan scans[4];
    struct site_scanned scan = {.slot = now_slot, .exact = true};
    uint64_t *into[4] = {&scan.online, &scan.hour, &scan.day, &scan.week};

    for (unsigned i = 0; i < 4; i++) {
        int key = site_key_for(s, now_slot - slots[i] + 1);
        unsigned same = 1;

        if (key < 0)
            continue;
        while (i + same < 4 && site_key_for(s, now_slot - slots[i + same] + 1) == key)
            same++;
        visitors_windows(&s->table[key], now_slot, slots + i, same, scans + i);
        if (i == 0) {
            scan.table = (unsigned)key;
            scan.joins = scans[0].joins;
        }
        for (unsigned j = i; j < i + same; j++) {
            *into[j] = scans[j].count;
            scan.exact = scan.exact && scans[j].exact;
        }
        i += same - 1;
    }
    return scan;
}

bool site_read_scan(const struct site *s, struct site_scanned *ret_scan)
{
    const struct site_scan *p = &s->scan;
    uint64_t version = atomic_load_explicit(&p->version, memory_order_acquire);
    struct site_scanned scan = {
        .slot = atomic_load_explicit(&p->slot, memory_order_acquire),
        .online = atomic_load_explicit(&p->online, memory_order_acquire),
        .joins = atomic_load_explicit(&p->joins, memory_order_acquire),
        .hour = atomic_load_explicit(&p->hour, memory_order_acquire),
        .day = atomic_load_explicit(&p->day, memory_order_acquire),
        .week = atomic_load_explicit(&p->week, memory_order_acquire),
        .table = (unsigned)atomic_load_explicit(&p->table, memory_order_acquire),
        .exact = atomic_load_explicit(&p->exact, memory_order_acquire) != 0,
    };

    if (version == 0 || (version & 1) != 0 ||
        atomic_load_explicit(&p->version, memory_order_relaxed) != version)
        return false;
    *ret_scan = scan;
    return true;
}

/* The scan of this slot, made here when the keeper's is older and that is cheap. */
static struct site_scanned scan_for(const struct site *s, const struct site_terms *terms,
                                    int64_t now_slot)
{
    struct site_scanned scan;
    bool have = false;
    uint64_t words = 0;

    for (unsigned attempt = 0; attempt < 8 && !have; attempt++)
        have = site_read_scan(s, &scan);
    if (have && scan.slot == now_slot)
        return scan;
    for (unsigned i = 0; i < SITE_KEYS; i++)
        words += relaxed(&s->table[i].head->words);
    if (!have || words <= SCAN_HERE)
        return site_scan_now(s, terms, now_slot);
    return scan;
}

struct site_online site_online(const struct site *s, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    struct site_scanned scan = scan_for(s, terms, instant_slot(now));
    uint64_t joins = relaxed(&s->table[scan.table].head->joins);

    return (struct site_online){
        .visitors = scan.online + (joins > scan.joins ? joins - scan.joins : 0),
        .window_s = terms->config.online_window_s,
        .exact = scan.exact,
    };
}

static uint64_t row_visitors(const struct site *s, enum period_kind kind, int64_t number,
                             bool own, bool *ret_exact)
{
    const struct site_row *row;
    int64_t tag;

    if (kind == PERIOD_DAY) {
        const struct site_day *day = &s->block->day[number % SITE_DAYS];
        if (atomic_load_explicit(own ? &day->own_tag : &day->other_tag,
                                 memory_order_acquire) != number + 1)
            return 0;
        if (!own)
            return relaxed(&day->other.visitors) + relaxed(&day->imported.visitors);
        *ret_exact = *ret_exact && relaxed(&day->own_exact) != 0;
        return relaxed(&day->own.visitors);
    }
    row = kind == PERIOD_WEEK ? &s->block->week[number % SITE_WEEKS]
                              : &s->block->month[number % SITE_MONTHS];
    tag =
        atomic_load_explicit(own ? &row->own_tag : &row->other_tag, memory_order_acquire);
    if (tag != number + 1)
        return 0;
    if (!own)
        return relaxed(&row->other_visitors);
    *ret_exact = *ret_exact && relaxed(&row->own_exact) != 0;
    return relaxed(&row->own_visitors);
}

/* A period no longer than its key: the tally of the key that it began under, or the row
 * that the keeper kept of it. */
uint64_t site_own_visitors(const struct site *s, enum period_kind kind,
                           const struct period *p, bool *ret_exact)
{
    int key = site_key_for(s, p->from_slot);
    bool row_exact = true, table_exact = true;
    uint64_t row = row_visitors(s, kind, p->number, true, &row_exact);
    uint64_t tally = 0;

    if (key >= 0)
        tally =
            visitors_of_period(&s->table[key], kind, (uint32_t)p->number, &table_exact);
    *ret_exact = row > tally ? row_exact : table_exact && row_exact;
    return row > tally ? row : tally;
}

/* --- Days --- */

static struct hit_count own_hits_of_day(const struct site *s, const struct period *day)
{
    const struct site_day *row = &s->block->day[day->number % SITE_DAYS];
    struct hit_count count;

    if (atomic_load_explicit(&row->own_tag, memory_order_acquire) != day->number + 1)
        return hits_sum(&s->block->hits, day->from_slot / QUARTER_SLOTS,
                        day->until_slot / QUARTER_SLOTS, true);
    count.views = relaxed(&row->own.views);
    count.visits = relaxed(&row->own.visits);
    return count;
}

/* Views, visits and visitors of the store's part of a day. */
static void add_stored_day(const struct site *s, int64_t number, bool with_imported,
                           uint64_t metric[METRIC_KINDS])
{
    const struct site_day *row = &s->block->day[number % SITE_DAYS];

    if (atomic_load_explicit(&row->other_tag, memory_order_acquire) != number + 1)
        return;
    metric[METRIC_VIEWS] += relaxed(&row->other.views);
    metric[METRIC_VISITS] += relaxed(&row->other.visits);
    metric[METRIC_VISITORS] += relaxed(&row->other.visitors);
    if (!with_imported)
        return;
    metric[METRIC_VIEWS] += relaxed(&row->imported.views);
    metric[METRIC_VISITS] += relaxed(&row->imported.visits);
    metric[METRIC_VISITORS] += relaxed(&row->imported.visitors);
}

static bool day_is_at_hand(const struct site *s, const struct site_terms *terms,
                           int64_t day, struct instant now)
{
    int64_t today = zone_day(terms->zone, instant_seconds(now));

    (void)s;
    return day <= today && day > today - SITE_DAYS;
}

bool site_own_day(const struct site *s, int64_t day, struct instant now,
                  struct site_numbers *ret_numbers)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    struct period p = period_of_day(&terms->calendar, day);
    struct hit_count hits;
    bool exact = true;

    if (!day_is_at_hand(s, terms, day, now))
        return false;
    hits = own_hits_of_day(s, &p);
    *ret_numbers = (struct site_numbers){
        .metric = {[METRIC_VIEWS] = hits.views,
                   [METRIC_VISITS] = hits.visits,
                   [METRIC_VISITORS] = site_own_visitors(s, PERIOD_DAY, &p, &exact)},
        .deduplicated = true,
    };
    ret_numbers->exact = exact;
    ret_numbers->error = exact ? 0 : SKETCH_ERROR;
    return true;
}

bool site_whole_day(const struct site *s, int64_t day, struct instant now,
                    struct site_numbers *ret_numbers)
{
    uint64_t stored[METRIC_KINDS] = {0};
    uint64_t own;

    if (!site_own_day(s, day, now, ret_numbers))
        return false;
    own = ret_numbers->metric[METRIC_VISITORS];
    add_stored_day(s, day, true, stored);
    for (int m = 0; m < METRIC_KINDS; m++)
        ret_numbers->metric[m] += stored[m];
    ret_numbers->deduplicated = own == 0 || stored[METRIC_VISITORS] == 0;
    return true;
}

/* --- Seeds --- */

void site_read_seed(const struct site *s, struct site_seed ret_seed[METRIC_KINDS],
                    struct site_totals *ret_totals)
{
    const struct site_block *b = s->block;
    uint64_t version;

    do {
        version =
            atomic_load_explicit(&b->seed_version, memory_order_acquire) & ~(uint64_t)1;
        memcpy(ret_seed, b->seed, sizeof b->seed);
        *ret_totals = b->totals;
        atomic_thread_fence(memory_order_acquire);
    } while (atomic_load_explicit(&b->seed_version, memory_order_relaxed) != version);
}

struct part {
    bool has;
    uint64_t set, offset;
};

static struct part part_of(const struct site_seed *seed, enum period_kind kind)
{
    if (kind == PERIOD_DAY)
        return (struct part){seed->has_today != 0, seed->today, seed->offset_today};
    if (kind == PERIOD_WEEK)
        return (struct part){seed->has_week != 0, seed->week, seed->offset_week};
    return (struct part){seed->has_month != 0, seed->month, seed->offset_month};
}

/* --- Periods --- */

struct reading { /* what one answer needs, read once */
    const struct site *site;
    const struct site_terms *terms;
    struct instant now;
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;
};

static void read_begin(struct reading *r, const struct site *s, struct instant now)
{
    r->site = s;
    r->terms = atomic_load_explicit(&s->terms, memory_order_acquire);
    r->now = now;
    site_read_seed(s, r->seed, &r->totals);
}

/* Imported visitors of a week are fewer than those of its days. */
static uint64_t at_most(uint64_t n, uint64_t limit)
{
    return n < limit ? n : limit;
}

static bool seeded(const struct reading *r, enum metric m, enum period_kind kind,
                   const struct period *p, struct part *ret_part)
{
    int64_t slot = r->seed[m].as_of_s / SLOT_S;

    *ret_part = part_of(&r->seed[m], kind);
    return r->seed[m].as_of_s != 0 && ret_part->has && slot >= p->from_slot &&
           slot < p->until_slot;
}

/* Views and visits: the sum of the days. Visitors: one tally where the key is long
 * enough, else a sum. */
static void sum_period(const struct reading *r, enum period_kind kind,
                       const struct period *p, struct site_numbers *n)
{
    int64_t today = zone_day(r->terms->zone, instant_seconds(r->now));
    bool sum = kind > PERIOD_DAY && r->terms->config.identity == IDENTITY_DAY;
    uint64_t stored[METRIC_KINDS] = {0}, own = 0;
    struct part part;

    *n = (struct site_numbers){.exact = true, .deduplicated = true};
    for (int64_t d = p->first_day; d < p->until_day && d <= today; d++) {
        struct period day;
        struct hit_count hits;
        bool exact = true;

        if (d <= today - SITE_DAYS)
            continue;
        day = period_of_day(&r->terms->calendar, d);
        hits = own_hits_of_day(r->site, &day);
        n->metric[METRIC_VIEWS] += hits.views;
        n->metric[METRIC_VISITS] += hits.visits;
        if (sum)
            own += site_own_visitors(r->site, PERIOD_DAY, &day, &exact);
        n->exact = n->exact && exact;
        add_stored_day(r->site, d, true, stored);
    }
    if (!sum)
        own = site_own_visitors(r->site, kind, p, &n->exact);
    if (kind > PERIOD_DAY && row_visitors(r->site, kind, p->number, false, &n->exact) > 0)
        stored[METRIC_VISITORS] =
            row_visitors(r->site, kind, p->number, false, &n->exact);
    n->deduplicated = !sum && (own == 0 || stored[METRIC_VISITORS] == 0);
    n->metric[METRIC_VISITORS] = own;
    for (int m = 0; m < METRIC_KINDS; m++)
        n->metric[m] += stored[m];
    for (int m = 0; m < METRIC_KINDS; m++) {
        if (!seeded(r, (enum metric)m, kind, p, &part))
            continue;
        /* What was imported into the days before as_of is history; the seed has it in
         * already. */
        for (int64_t d = p->first_day; d < p->until_day && d <= today; d++) {
            uint64_t with[METRIC_KINDS] = {0}, without[METRIC_KINDS] = {0};
            if (zone_day_start(r->terms->zone, d) >= r->seed[m].as_of_s)
                break;
            add_stored_day(r->site, d, true, with);
            add_stored_day(r->site, d, false, without);
            n->metric[m] -= at_most(with[m] - without[m], n->metric[m]);
        }
        n->metric[m] =
            part.set + (n->metric[m] > part.offset ? n->metric[m] - part.offset : 0);
    }
    n->error = n->exact ? 0 : SKETCH_ERROR;
}

static void sum_window(const struct reading *r, int64_t slots, uint64_t visitors,
                       bool exact, struct site_numbers *n)
{
    struct hit_count hits =
        hits_window(&r->site->block->hits, instant_slot(r->now), slots);

    *n = (struct site_numbers){
        .metric = {[METRIC_VIEWS] = hits.views,
                   [METRIC_VISITS] = hits.visits,
                   [METRIC_VISITORS] = visitors},
        .exact = exact,
        .deduplicated = r->terms->config.identity == IDENTITY_MONTH || slots <= DAY_SLOTS,
        .error = exact ? 0 : SKETCH_ERROR,
    };
}

/* The months that this arena saw; visitors of the total are a sum of months. */
static uint64_t own_visitors_of_months(const struct reading *r, bool *ret_exact)
{
    struct period month =
        period_at(&r->terms->calendar, PERIOD_MONTH, instant_slot(r->now));
    uint64_t sum = 0;

    for (int i = 0; i < SITE_MONTHS && month.number >= 0; i++) {
        struct site_numbers n;
        if (r->terms->config.identity == IDENTITY_DAY && i < 2) {
            sum_period(r, PERIOD_MONTH, &month, &n);
            sum += n.metric[METRIC_VISITORS] -
                   row_visitors(r->site, PERIOD_MONTH, month.number, false, ret_exact);
        } else if (i == 0) {
            sum += site_own_visitors(r->site, PERIOD_MONTH, &month, ret_exact);
        } else {
            sum += row_visitors(r->site, PERIOD_MONTH, month.number, true, ret_exact);
        }
        month = period_at(&r->terms->calendar, PERIOD_MONTH, month.from_slot - 1);
    }
    return sum;
}

static void sum_total(const struct reading *r, struct site_numbers *n)
{
    struct hit_count own = hits_total(&r->site->block->hits);
    uint64_t counted[METRIC_KINDS];

    *n = (struct site_numbers){.exact = true};
    counted[METRIC_VIEWS] = own.views;
    counted[METRIC_VISITS] = own.visits;
    counted[METRIC_VISITORS] = own_visitors_of_months(r, &n->exact);
    for (int m = 0; m < METRIC_KINDS; m++) {
        uint64_t live = counted[m] + r->totals.live[m];
        if (r->seed[m].as_of_s != 0)
            live = r->seed[m].total +
                   (live > r->seed[m].offset_total ? live - r->seed[m].offset_total : 0);
        live += r->totals.imported[m];
        n->metric[m] =
            r->totals.adjusted[m] < 0 && live < (uint64_t)-r->totals.adjusted[m]
                ? 0
                : live + (uint64_t)r->totals.adjusted[m];
    }
    n->error = n->exact ? 0 : SKETCH_ERROR;
}

static struct period span_period(const struct reading *r, enum site_span span,
                                 enum period_kind *ret_kind)
{
    int64_t slot = instant_slot(r->now);
    enum period_kind kind = span <= SPAN_YESTERDAY   ? PERIOD_DAY
                            : span <= SPAN_LAST_WEEK ? PERIOD_WEEK
                                                     : PERIOD_MONTH;

    *ret_kind = kind;
    if (span == SPAN_YESTERDAY || span == SPAN_LAST_WEEK || span == SPAN_LAST_MONTH)
        return period_before(&r->terms->calendar, kind, slot);
    return period_at(&r->terms->calendar, kind, slot);
}

static void read_span(const struct reading *r, enum site_span span,
                      struct site_numbers *n)
{
    enum period_kind kind;
    struct period period;

    if (span == SPAN_TOTAL) {
        sum_total(r, n);
    } else if (span <= SPAN_LAST_7D) {
        struct site_scanned scan = scan_for(r->site, r->terms, instant_slot(r->now));
        int64_t slots = span == SPAN_LAST_HOUR  ? HOUR_SLOTS
                        : span == SPAN_LAST_24H ? DAY_SLOTS
                                                : WEEK_SLOTS;
        sum_window(r, slots,
                   span == SPAN_LAST_HOUR  ? scan.hour
                   : span == SPAN_LAST_24H ? scan.day
                                           : scan.week,
                   scan.exact, n);
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

uint64_t site_metric(const struct site *s, enum site_span span, enum metric metric,
                     struct instant now)
{
    struct site_numbers n;

    site_span(s, span, now, &n);
    return n.metric[metric];
}

void site_counted(const struct site *s, enum site_span span, struct instant now,
                  uint64_t ret_metric[METRIC_KINDS])
{
    struct site_numbers n;
    struct reading r;

    read_begin(&r, s, now);
    for (int m = 0; m < METRIC_KINDS; m++) {
        r.seed[m] = (struct site_seed){.as_of_s = instant_seconds(now),
                                       .has_today = 1,
                                       .has_week = 1,
                                       .has_month = 1};
        r.totals.imported[m] = 0;
        r.totals.adjusted[m] = 0;
    }
    read_span(&r, span, &n);
    memcpy(ret_metric, n.metric, sizeof n.metric);
}

void site_today_hll(const struct site *s, struct instant now, struct hll *ret_hll)
{
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    struct period today = period_at(&terms->calendar, PERIOD_DAY, instant_slot(now));
    int key = site_key_for(s, today.from_slot);

    hll_clear(ret_hll);
    if (key >= 0)
        visitors_hll(&s->table[key], today.from_slot, ret_hll);
}

uint64_t site_live_before(const struct site *s, enum metric metric, int64_t from_slot,
                          int64_t until_slot)
{
    struct hit_count hits = hits_sum(&s->block->hits, from_slot / QUARTER_SLOTS,
                                     until_slot / QUARTER_SLOTS, true);

    return metric == METRIC_VIEWS ? hits.views : hits.visits;
}

bool site_is_exact(const struct site *s)
{
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (relaxed(&s->table[i].head->unplaced) > 0 ||
            atomic_load_explicit(&s->table[i].head->mode, memory_order_relaxed) ==
                VISITORS_SKETCHED)
            return false;
    return true;
}
