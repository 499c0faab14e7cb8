/* Rows of days, weeks and months, which outlive the tables of visitors that they come
 * from; and the days of a site: what this arena counted, and what the store knows beyond.
 *
 * A row's own visitors are written each slot while their period is open (and the one
 * after it), and are the most that was seen so far: when a key goes early, its numbers
 * stay. A row's own views and visits are written when the day is folded; until then they
 * are the sum of its quarters, and so they are again after a clock was set back. What a
 * day had before that, or before another day took its row, is kept in count/site_aside. */
#include "base/error.h"
#include "count/check_word.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_peers.h"
#include "count/site_seal.h"

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static uint64_t value_of(const _Atomic uint64_t *at)
{
    return check_word_value(relaxed(at));
}

static void set(_Atomic uint64_t *at, uint64_t value)
{
    if (relaxed(at) != value) /* a quiet site's lines stay clean */
        atomic_store_explicit(at, value, memory_order_relaxed);
}

static bool tag_is(const _Atomic int64_t *tag, int64_t number)
{
    return atomic_load_explicit(tag, memory_order_acquire) == number + 1;
}

/* --- Reading --- */

static struct site_row *row_of(const struct site *s, enum period_kind kind,
                               int64_t number)
{
    return kind == PERIOD_WEEK ? &s->block->week[(uint64_t)number % SITE_WEEKS]
                               : &s->block->month[(uint64_t)number % SITE_MONTHS];
}

static struct site_day *day_of(const struct site *s, int64_t number)
{
    return &s->block->day[(uint64_t)number % SITE_DAYS];
}

static uint64_t day_visitors(const struct site *s, int64_t number, bool *ret_exact)
{
    const struct site_day *day = day_of(s, number);
    uint64_t aside = site_aside_visitors(s, number, ret_exact), row;

    if (!tag_is(&day->own_tag, number))
        return aside;
    *ret_exact = *ret_exact && relaxed(&day->own_exact) != 0;
    row = value_of(&day->own.visitors);
    return row > aside ? row : aside;
}

uint64_t site_row_visitors(const struct site *s, enum period_kind kind, int64_t number,
                           bool *ret_exact)
{
    const struct site_row *row = row_of(s, kind, number);

    *ret_exact = true;
    if (kind == PERIOD_DAY)
        return day_visitors(s, number, ret_exact);
    if (kind == PERIOD_HOUR || !tag_is(&row->own_tag, number))
        return 0;
    *ret_exact = relaxed(&row->own_exact) != 0;
    return value_of(&row->own_visitors);
}

uint64_t site_later_months(const struct site *s, int64_t month, bool *ret_exact)
{
    uint64_t sum = 0;

    *ret_exact = true;
    for (int i = 0; i < SITE_MONTHS; i++) {
        const struct site_row *row = &s->block->month[i];

        if (atomic_load_explicit(&row->own_tag, memory_order_acquire) <= month + 1)
            continue;
        sum += value_of(&row->own_visitors);
        *ret_exact = *ret_exact && relaxed(&row->own_exact) != 0;
    }
    return sum;
}

uint64_t site_other_visitors(const struct site *s, enum period_kind kind, int64_t number)
{
    const struct site_row *row = row_of(s, kind, number);

    return tag_is(&row->other_tag, number) ? relaxed(&row->other_visitors) : 0;
}

/* The stored days reach to this slot; their rows are final. */
static int64_t folded_slot(const struct site *s)
{
    const struct hits *h = &s->block->hits;
    uint64_t i = atomic_load_explicit(&h->base_i, memory_order_acquire);

    return QUARTER_SLOTS *
           atomic_load_explicit(&h->base[i & 1].through_q, memory_order_acquire);
}

bool site_day_is_final(const struct site *s, int64_t day)
{
    struct period p = period_of_day(&site_terms_of(s)->calendar, day);

    return p.until_slot <= folded_slot(s);
}

/* Acquire: see site_aside_is. */
static struct hit_count row_hits(const struct site_day *row, int64_t day)
{
    if (!tag_is(&row->own_tag, day))
        return (struct hit_count){0};
    return (struct hit_count){
        .views =
            check_word_value(atomic_load_explicit(&row->own.views, memory_order_acquire)),
        .visits = check_word_value(
            atomic_load_explicit(&row->own.visits, memory_order_acquire))};
}

struct hit_count site_counted_hits(const struct site *s, const struct period *day)
{
    int64_t folded, again = folded_slot(s);
    struct hit_count hits;

    do { /* once more when days were folded meanwhile: a jump may have taken quarters */
        folded = again;
        hits = day->until_slot <= folded
                   ? row_hits(day_of(s, day->number), day->number)
                   : hits_sum(&s->block->hits, day->from_slot / QUARTER_SLOTS,
                              day->until_slot / QUARTER_SLOTS, true);
        again = folded_slot(s);
    } while (again != folded);
    return hits;
}

struct hit_count site_own_hits(const struct site *s, const struct period *day)
{
    struct hit_count hits;
    uint64_t state;

    do {
        state = site_aside_open(s);
        hits = site_counted_hits(s, day);
        site_aside_add(s, state, day->number, &hits);
    } while (!site_aside_is(s, state));
    return hits;
}

void site_add_stored_day(const struct site *s, int64_t day, bool with_imported,
                         uint64_t metric[METRIC_KINDS])
{
    const struct site_day *row = day_of(s, day);

    if (!tag_is(&row->other_tag, day))
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

/* --- The keeper's rows --- */

/* Release: who reads the number reads the row of it. A row that is the period's already
 * is never taken away, so no number falls while it is written. */
static void give_row(_Atomic int64_t *tag, int64_t number)
{
    if (!tag_is(tag, number))
        atomic_store_explicit(tag, number + 1, memory_order_release);
}

static void keep_visitors(_Atomic uint64_t *row, _Atomic uint64_t *row_exact,
                          int64_t number, uint64_t visitors, bool exact)
{
    uint64_t word = relaxed(row);

    /* Without a check: new, or version 1's. */
    if (visitors > check_word_value(word) || word >> CHECK_WORD_BITS == 0)
        set(row, check_word(number, visitors > check_word_value(word)
                                        ? visitors
                                        : check_word_value(word)));
    set(row_exact, exact);
}

static void keep_row(struct site *s, enum period_kind kind, const struct period *p)
{
    struct site_row *row = row_of(s, kind, p->number);
    bool exact;
    uint64_t visitors = site_own_visitors(s, kind, p, &exact);

    if (!tag_is(&row->own_tag, p->number)) {
        atomic_store_explicit(&row->own_tag, 0, memory_order_seq_cst);
        atomic_store_explicit(&row->own_visitors, 0, memory_order_relaxed);
    }
    keep_visitors(&row->own_visitors, &row->own_exact, p->number, visitors, exact);
    give_row(&row->own_tag, p->number);
}

/* Does not give the row its number: that is for when it is whole. */
static struct site_day *keep_day(struct site *s, const struct period *p)
{
    struct site_day *row = day_of(s, p->number);
    bool exact;
    uint64_t visitors = site_own_visitors(s, PERIOD_DAY, p, &exact);

    if (!tag_is(&row->own_tag, p->number)) {
        site_aside_row(s, (unsigned)((uint64_t)p->number % SITE_DAYS));
        atomic_store_explicit(&row->own_tag, 0, memory_order_seq_cst);
        atomic_store_explicit(&row->own.visitors, 0, memory_order_relaxed);
        atomic_store_explicit(&row->own.views, 0, memory_order_relaxed);
        atomic_store_explicit(&row->own.visits, 0, memory_order_relaxed);
    }
    keep_visitors(&row->own.visitors, &row->own_exact, p->number, visitors, exact);
    return row;
}

void site_keep_rows(struct site *s, int64_t slot)
{
    const struct calendar *c = &site_terms_of(s)->calendar;

    for (int kind = PERIOD_DAY; kind < PERIOD_KINDS; kind++) {
        struct period p = period_at(c, (enum period_kind)kind, slot);

        for (int back = 0; back < 2; back++) {
            if (kind == PERIOD_DAY)
                give_row(&keep_day(s, &p)->own_tag, p.number);
            else
                keep_row(s, (enum period_kind)kind, &p);
            p = period_at(c, (enum period_kind)kind, p.from_slot - 1);
        }
    }
}

static void fold_day(struct site *s, const struct period *day)
{
    struct hits *h = &s->block->hits;
    int64_t until_q = day->until_slot / QUARTER_SLOTS;
    struct hit_count sum = hits_sum(h, day->from_slot / QUARTER_SLOTS, until_q, true);
    struct site_day *row = keep_day(s, day);

    set(&row->own.views, check_word(day->number, sum.views));
    set(&row->own.visits, check_word(day->number, sum.visits));
    give_row(&row->own_tag, day->number);
    hits_fold(h, until_q); /* from here on, readers take the row */
}

void site_fold_days(struct site *s)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t rolled_slot = QUARTER_SLOTS * atomic_load_explicit(&s->block->hits.rolled_q,
                                                               memory_order_relaxed);

    for (;;) {
        int64_t from = folded_slot(s);
        struct period day = period_at(c, PERIOD_DAY, from);

        if (day.until_slot > rolled_slot || day.until_slot <= from)
            return;
        site_seal_open(s);
        fold_day(s, &day);
    }
}

/* --- Own visitors --- */

/* One key's answer, or what a row has kept of an earlier one. */
static uint64_t visitors_of_one_key(const struct site *s, enum period_kind kind,
                                    const struct period *p, bool *ret_exact)
{
    int key = site_key_for(s, p->from_slot);
    bool row_exact, table_exact = true;
    uint64_t row = site_row_visitors(s, kind, p->number, &row_exact), tally = 0;

    if (key >= 0)
        tally =
            visitors_of_period(&s->table[key], kind, (uint32_t)p->number, &table_exact);
    *ret_exact = row_exact && table_exact;
    return row > tally ? row : tally;
}

uint64_t site_own_visitors(const struct site *s, enum period_kind kind,
                           const struct period *p, bool *ret_exact)
{
    const struct site_terms *terms = site_terms_of(s);
    uint64_t row, sum = 0;
    bool exact;

    if (kind <= PERIOD_DAY || terms->config.identity == IDENTITY_MONTH)
        return visitors_of_one_key(s, kind, p, ret_exact);
    row = site_row_visitors(s, kind, p->number, ret_exact);
    for (int64_t d = p->first_day; d < p->until_day; d++) {
        struct period day = period_of_day(&terms->calendar, d);

        sum += visitors_of_one_key(s, PERIOD_DAY, &day, &exact);
        *ret_exact = *ret_exact && exact;
    }
    return row > sum ? row : sum;
}

/* --- A day, any thread --- */

static bool day_is_at_hand(const struct site *s, int64_t day, struct instant now)
{
    int64_t today = zone_day(site_terms_of(s)->zone, instant_seconds(now));

    return day <= today && day > today - SITE_DAYS;
}

static void read_own_day(const struct site *s, int64_t day,
                         struct site_numbers *ret_numbers)
{
    struct period p = period_of_day(&site_terms_of(s)->calendar, day);
    struct hit_count hits = site_own_hits(s, &p);
    bool exact;
    uint64_t visitors = site_own_visitors(s, PERIOD_DAY, &p, &exact);

    *ret_numbers = (struct site_numbers){
        .metric = {[METRIC_VIEWS] = hits.views,
                   [METRIC_VISITS] = hits.visits,
                   [METRIC_VISITORS] = visitors},
        .exact = exact,
        .deduplicated = true,
        .error = exact ? 0 : SKETCH_ERROR,
    };
}

bool site_own_day(const struct site *s, int64_t day, struct instant now,
                  struct site_numbers *ret_numbers)
{
    if (!day_is_at_hand(s, day, now))
        return false;
    read_own_day(s, day, ret_numbers);
    return true;
}

void site_kept_day(const struct site *s, int64_t day, struct site_numbers *ret_numbers)
{
    read_own_day(s, day, ret_numbers);
}

static unsigned add_open_days(const struct site *s, int64_t *days, unsigned n)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t slot = hits_next_slot(&s->block->hits, 0);

    for (int left = OPEN_DAYS; left > 0 && slot >= 0; left--) {
        struct period day = period_at(c, PERIOD_DAY, slot);
        unsigned i = 0;

        while (i < n && days[i] != day.number)
            i++;
        days[i] = day.number;
        n += i == n;
        slot = hits_next_slot(&s->block->hits, day.until_slot);
    }
    return n;
}

unsigned site_kept_days(const struct site *s, int64_t ret_days[SITE_KEPT_DAYS])
{
    unsigned n = 0, aside;
    int64_t days[ASIDE_DAYS];

    for (int i = 0; i < SITE_DAYS; i++) {
        int64_t tag =
            atomic_load_explicit(&s->block->day[i].own_tag, memory_order_acquire);
        if (tag > 0)
            ret_days[n++] = tag - 1;
    }
    aside = site_aside_days(s, days);
    for (unsigned i = 0; i < aside; i++)
        if (days[i] < 0 || !tag_is(&day_of(s, days[i])->own_tag, days[i]))
            ret_days[n++] = days[i];
    return add_open_days(s, ret_days, n);
}

bool site_whole_day(const struct site *s, int64_t day, struct instant now,
                    struct site_numbers *ret_numbers)
{
    uint64_t stored[METRIC_KINDS] = {0}, own;
    struct period p;

    if (!site_own_day(s, day, now, ret_numbers))
        return false;
    own = ret_numbers->metric[METRIC_VISITORS];
    site_add_stored_day(s, day, true, stored);
    if (stored[METRIC_VISITORS] > 0 && site_is_about(s, PERIOD_DAY, day)) {
        ret_numbers->exact = false;
        ret_numbers->error = SKETCH_ERROR;
    }
    ret_numbers->metric[METRIC_VIEWS] += stored[METRIC_VIEWS];
    ret_numbers->metric[METRIC_VISITS] += stored[METRIC_VISITS];
    p = period_of_day(&site_terms_of(s)->calendar, day);
    site_peers_period(s, PERIOD_DAY, &p, instant_slot(now), true, own,
                      stored[METRIC_VISITORS], ret_numbers);
    return true;
}
