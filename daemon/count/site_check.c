/* What an adoption believes of a site's hits and rows. Of rows only a number that is final
 * is looked at: a day's views and visits once it is folded, visitors always (they only
 * grow). Each is one word with a check (count/check_word.h), so a keeper killed anywhere
 * leaves none that fails, and one that fails was changed by somebody else. The words that
 * have no room for a check are compared with the seal (count/hits_seal.h).
 *
 * A quarter is a part of its day, and a day the sum of its quarters: each is a source of the
 * other. Tallies of periods that are over are in their rows.
 *
 * Where the clock has jumped by a day, or back, days are taken from their rows and quarters
 * begin again. Seals are open while the keeper does that, and hold once more when it has.
 * What is not as plain from then on: a day is not the sum of its quarters, so one that is
 * lost is not had again from them, nor raised to what a store has (store/history_own.c); a
 * tally may be of a period that comes again, and a visitor dated after now: those are set
 * right, and not called damage.
 *
 * Not covered, and not worth it: words of a table of visitors, its matrix and HyperLogLogs.
 * A check there would take of the 64 bits that one CAS moves, or be a second store that a
 * kill parts from the first, on each hit. And what is wrong then is one visitor, who is new
 * once more or was seen at another time: no view, no visit of before, and no period that is
 * over, whose number has a row with a check. */
#include "count/check_word.h"
#include "count/site_aside.h"
#include "count/site_inner.h"
#include "count/site_seal.h"

enum { NUMBER_MAX = 1 << 20 /* days: far beyond any date we can write */ };

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t word)
{
    atomic_store_explicit(at, word, memory_order_relaxed);
}

/* --- What is found --- */

void site_mend(struct site *s)
{
    s->damage.mended++;
    damage_mend(&s->seal->damage);
}

void site_lose(struct site *s)
{
    s->damage.lost++;
    damage_lose(&s->seal->damage);
}

void site_lost_one_less(struct site *s)
{
    s->damage.lost--;
    s->damage.mended++;
    damage_lost_one_less(&s->seal->damage);
}

/* --- Rows --- */

/* One row of whatever kind. */
struct row {
    enum period_kind kind;
    unsigned index, of; /* it holds periods whose number % of is index */
    _Atomic int64_t *tag;
    _Atomic uint64_t *visitors;
    _Atomic uint64_t *views, *visits; /* NULL: of a week or a month */
};

static bool is_folded(const struct site *s, const struct row *r, int64_t number)
{
    const struct hits *h = &s->block->hits;
    uint64_t i = atomic_load_explicit(&h->base_i, memory_order_relaxed);
    struct period day;

    if (r->views == NULL)
        return false;
    day = period_of_day(&site_terms_of(s)->calendar, number);
    return day.until_slot <=
           QUARTER_SLOTS *
               atomic_load_explicit(&h->base[i & 1].through_q, memory_order_relaxed);
}

/* Once there are seals, a word without a check is one that was never written. */
static bool holds(const struct site *s, const _Atomic uint64_t *at, int64_t number)
{
    uint64_t word = relaxed(at);
    bool sealed = relaxed(&s->seal->hits.moving) != 0;

    return check_word_holds(number, word) &&
           !(sealed && word != 0 && word >> CHECK_WORD_BITS == 0);
}

static bool hits_hold(const struct site *s, const struct row *r, int64_t number)
{
    return holds(s, r->views, number) && holds(s, r->visits, number);
}

/* `checked`: a word without a check does not count as one that holds. */
static bool fits(const struct site *s, const struct row *r, int64_t number, bool checked)
{
    uint64_t visitors = relaxed(r->visitors);

    return number >= 0 && number < NUMBER_MAX && (uint64_t)number % r->of == r->index &&
           !(checked && visitors >> CHECK_WORD_BITS == 0) &&
           holds(s, r->visitors, number) &&
           (!is_folded(s, r, number) || hits_hold(s, r, number));
}

/* Version 1 of the arena, and rows not yet written, have no checks. */
static void give_check(_Atomic uint64_t *at, int64_t number)
{
    uint64_t word = relaxed(at);

    if (word >> CHECK_WORD_BITS == 0)
        store(at, check_word(number, word));
}

static void give_checks(const struct site *s, const struct row *r, int64_t number)
{
    give_check(r->visitors, number);
    if (!is_folded(s, r, number))
        return;
    give_check(r->views, number);
    give_check(r->visits, number);
}

/* From the quarters, which go back 36 days. Where the clock has jumped a part of the day may
 * be kept aside, and is not to be there twice. */
static bool sum_again(struct site *s, const struct row *r, int64_t number)
{
    const struct hits *h = &s->block->hits;
    struct period day = period_of_day(&site_terms_of(s)->calendar, number);
    int64_t from_q = day.from_slot / QUARTER_SLOTS;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    struct hit_count sum = {0};
    bool whole = from_q >= rolled - QUARTERS && site_aside_changes(s) == 0;

    if (whole)
        sum = hits_sum(h, from_q, day.until_slot / QUARTER_SLOTS, true);
    store(r->views, check_word(number, sum.views));
    store(r->visits, check_word(number, sum.visits));
    return whole;
}

/* The row's number by its place: the latest such period, at `last` or before it. */
static int64_t number_by_place(const struct site *s, const struct row *r, int64_t last)
{
    int64_t newest = period_at(&site_terms_of(s)->calendar, r->kind, last).number;

    for (int64_t n = newest; n > newest - (int64_t)r->of && n >= 0; n--)
        if ((uint64_t)n % r->of == r->index)
            return n;
    return -1;
}

static void mend(struct site *s, const struct row *r, int64_t last)
{
    int64_t tagged = atomic_load_explicit(r->tag, memory_order_relaxed) - 1;
    int64_t number = number_by_place(s, r, last);
    bool lost = false;

    site_lose(s);
    if (number >= 0 && number != tagged && fits(s, r, number, true)) {
        atomic_store_explicit(r->tag, number + 1, memory_order_relaxed);
    } else if (number < 0) {
        atomic_store_explicit(r->tag, 0, memory_order_relaxed);
        lost = true;
    } else {
        atomic_store_explicit(r->tag, number + 1, memory_order_relaxed);
        if (!holds(s, r->visitors, number)) {
            store(r->visitors, check_word(number, 0)); /* the table may know them */
            lost = true;
        }
        if (is_folded(s, r, number) && !hits_hold(s, r, number) &&
            !sum_again(s, r, number))
            lost = true;
    }
    if (!lost)
        site_lost_one_less(s);
    if (r->kind == PERIOD_DAY)
        s->damage.day = number;
}

static void check_row(struct site *s, const struct row *r, int64_t last)
{
    int64_t tag = atomic_load_explicit(r->tag, memory_order_relaxed);

    if (tag == 0)
        return;
    if (fits(s, r, tag - 1, false))
        give_checks(s, r, tag - 1);
    else
        mend(s, r, last);
}

/* --- Hits --- */

static struct row day_row(const struct site *s, int64_t day)
{
    unsigned index = (unsigned)((uint64_t)day % SITE_DAYS);
    struct site_day *row = &s->block->day[index];

    return (struct row){
        PERIOD_DAY,         index,           SITE_DAYS,       &row->own_tag,
        &row->own.visitors, &row->own.views, &row->own.visits};
}

static bool has_folded_row(const struct site *s, int64_t day, struct row *ret_row)
{
    *ret_row = day_row(s, day);
    return atomic_load_explicit(ret_row->tag, memory_order_relaxed) == day + 1 &&
           is_folded(s, ret_row, day) && hits_hold(s, ret_row, day);
}

/* A quarter of a folded day: what the day has more than its other quarters. */
static bool quarter_of_day(void *context, int64_t q, struct hit_count *ret_count)
{
    const struct site *s = context;
    const struct hits *h = &s->block->hits;
    struct period day =
        period_at(&site_terms_of(s)->calendar, PERIOD_DAY, q * QUARTER_SLOTS);
    struct hit_count sum, own = hits_quarter(h, q);
    uint64_t views, visits;
    struct row row;

    if (day.number < 0 || !has_folded_row(s, day.number, &row))
        return false;
    sum =
        hits_sum(h, day.from_slot / QUARTER_SLOTS, day.until_slot / QUARTER_SLOTS, true);
    views = check_word_value(relaxed(row.views)) + own.views;
    visits = check_word_value(relaxed(row.visits)) + own.visits;
    if (views < sum.views || visits < sum.visits)
        return false;
    *ret_count =
        (struct hit_count){.views = views - sum.views, .visits = visits - sum.visits};
    return true;
}

/* Both copies of the stored days are lost: the rows at hand are what there is of them. */
static void stored_days_of_rows(struct site *s)
{
    struct hit_count least = hits_total(&s->block->hits);

    for (unsigned i = 0; i < SITE_DAYS; i++) {
        int64_t day =
            atomic_load_explicit(&s->block->day[i].own_tag, memory_order_relaxed) - 1;
        struct row row;

        if (day < 0 || day >= NUMBER_MAX || (uint64_t)day % SITE_DAYS != i ||
            !has_folded_row(s, day, &row))
            continue;
        least.views += check_word_value(relaxed(row.views));
        least.visits += check_word_value(relaxed(row.visits));
    }
    hits_raise_total(&s->block->hits, least);
}

static void check_hits(struct site *s, int64_t last, bool alive)
{
    struct hits *h = &s->block->hits;
    struct hits_adopting a = {.last_slot = last,
                              .alive = alive,
                              .jumped = site_aside_changes(s) != 0,
                              .other = quarter_of_day,
                              .context = s,
                              .damage = &s->seal->damage,
                              .quarter = -1};
    enum hits_state state;

    hits_check_place(h, &s->seal->hits, &a);
    state = hits_check(h, &s->seal->damage);
    hits_check_words(h, &s->seal->hits, &a);
    if (state == HITS_LOST)
        stored_days_of_rows(s);
    s->damage.mended += a.mended + (state == HITS_MENDED);
    s->damage.lost += a.lost + (state == HITS_LOST);
    if (a.quarter >= 0)
        s->damage.day =
            zone_day(site_terms_of(s)->zone, a.quarter * QUARTER_SLOTS * SLOT_S);
}

/* --- Tallies --- */

/* Of a period that was over when the keeper looked last, and late visits with it: its row
 * has the most that was ever told. */
static void check_tallies(struct site *s, enum period_kind kind, int64_t last)
{
    struct period p = period_at(&site_terms_of(s)->calendar, kind, last);
    bool exact;

    if (last <= p.from_slot + LATE_SLOTS + 2)
        p = period_at(&site_terms_of(s)->calendar, kind, p.from_slot - 1);
    for (int back = 0; back < 3; back++) { /* as many as there are cells */
        uint64_t most;

        p = period_at(&site_terms_of(s)->calendar, kind, p.from_slot - 1);
        if (p.number < 0)
            return;
        most = site_row_visitors(s, kind, p.number, &exact);
        for (unsigned i = 0; i < SITE_KEYS; i++)
            if (site_key_is_linked(s, i))
                s->damage.mended += visitors_lower(&s->table[i], kind, (uint32_t)p.number,
                                                   most, &s->seal->damage);
    }
}

void site_check(struct site *s, int64_t last, int64_t kept, bool alive)
{
    struct site_block *b = s->block;

    check_hits(s, last, alive);
    for (unsigned i = 0; i < SITE_DAYS; i++)
        check_row(s,
                  &(struct row){PERIOD_DAY, i, SITE_DAYS, &b->day[i].own_tag,
                                &b->day[i].own.visitors, &b->day[i].own.views,
                                &b->day[i].own.visits},
                  last);
    for (unsigned i = 0; i < SITE_WEEKS; i++)
        check_row(s,
                  &(struct row){PERIOD_WEEK, i, SITE_WEEKS, &b->week[i].own_tag,
                                &b->week[i].own_visitors, NULL, NULL},
                  last);
    for (unsigned i = 0; i < SITE_MONTHS; i++)
        check_row(s,
                  &(struct row){PERIOD_MONTH, i, SITE_MONTHS, &b->month[i].own_tag,
                                &b->month[i].own_visitors, NULL, NULL},
                  last);
    /* Where the clock jumped, a cell may be of a period that comes again; and who came
     * since, before the keeper looked, is in overrun. */
    if (site_aside_changes(s) != 0 || site_aside_has_overrun(s))
        return;
    for (int kind = PERIOD_DAY; kind < PERIOD_KINDS; kind++)
        check_tallies(s, (enum period_kind)kind, kept > 0 && kept < last ? kept : last);
}
