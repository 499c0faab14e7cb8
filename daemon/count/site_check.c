/* What an adoption believes of a site's rows. Only a number that is final is looked at: a
 * day's views and visits once it is folded, visitors always (they only grow). Each is one
 * word with a check (count/check_word.h), so a keeper killed anywhere leaves none that
 * fails, and one that fails was changed by somebody else.
 *
 * Covered: stored days (total), folded days, weeks, months, and which period each is of.
 * Not covered: words of the ring, minutes and quarter-hours, which change each slot,
 * overrun, floor and rolled quarter, a site's key and state, tables of visitors: damage
 * there can go unseen. */
#include "count/check_word.h"
#include "count/site_inner.h"

enum { NUMBER_MAX = 1 << 20 /* days: far beyond any date we can write */ };

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t word)
{
    atomic_store_explicit(at, word, memory_order_relaxed);
}

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

static bool hits_hold(const struct row *r, int64_t number)
{
    return check_word_holds(number, relaxed(r->views)) &&
           check_word_holds(number, relaxed(r->visits));
}

/* `checked`: a word without a check does not count as one that holds. */
static bool fits(const struct site *s, const struct row *r, int64_t number, bool checked)
{
    uint64_t visitors = relaxed(r->visitors);

    return number >= 0 && number < NUMBER_MAX && (uint64_t)number % r->of == r->index &&
           !(checked && visitors >> CHECK_WORD_BITS == 0) &&
           check_word_holds(number, visitors) &&
           (!is_folded(s, r, number) || hits_hold(r, number));
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

/* From the quarters, which go back 36 days. */
static bool sum_again(struct site *s, const struct row *r, int64_t number)
{
    const struct hits *h = &s->block->hits;
    struct period day = period_of_day(&site_terms_of(s)->calendar, number);
    int64_t from_q = day.from_slot / QUARTER_SLOTS;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    struct hit_count sum = {0};
    bool whole = from_q >= rolled - QUARTERS;

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

    if (number >= 0 && number != tagged && fits(s, r, number, true)) {
        atomic_store_explicit(r->tag, number + 1, memory_order_relaxed);
    } else if (number < 0) {
        atomic_store_explicit(r->tag, 0, memory_order_relaxed);
        lost = true;
    } else {
        atomic_store_explicit(r->tag, number + 1, memory_order_relaxed);
        if (!check_word_holds(number, relaxed(r->visitors))) {
            store(r->visitors, check_word(number, 0)); /* the table may know them */
            lost = true;
        }
        if (is_folded(s, r, number) && !hits_hold(r, number) && !sum_again(s, r, number))
            lost = true;
    }
    s->damage.mended += !lost;
    s->damage.lost += lost;
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

void site_check(struct site *s, int64_t last)
{
    struct site_block *b = s->block;
    enum hits_state total = hits_check(&b->hits);

    s->damage = (struct site_damage){
        .mended = total == HITS_MENDED, .lost = total == HITS_LOST, .day = -1};
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
}
