/* Reading the table, from any thread, while the keeper changes it: a number is taken when
 * the state was the same before it and after, and not busy. */
#include "count/site_aside_words.h"

uint64_t site_aside_open(const struct site *s)
{
    uint64_t state;

    do
        state = aside_state(s);
    while ((state & ASIDE_BUSY) != 0);
    return state;
}

bool site_aside_is(const struct site *s, uint64_t state)
{
    return atomic_load_explicit(&s->block->aside, memory_order_relaxed) == state;
}

static const struct aside_day *find(const struct site *s, uint64_t state, int64_t day)
{
    const struct aside_copy *copy = aside_copy(s, state);

    for (unsigned i = 0; (state & ASIDE_BACKED) != 0 && i < ASIDE_DAYS; i++)
        if (aside_tag(&copy->day[i].tag) == day + 1)
            return &copy->day[i];
    return NULL;
}

void site_aside_add(const struct site *s, uint64_t state, int64_t day,
                    struct hit_count *hits)
{
    const struct aside_day *place = find(s, state, day);

    if (place == NULL)
        return;
    hits->views += check_word_value(aside_get(&place->own.views));
    hits->visits += check_word_value(aside_get(&place->own.visits));
}

uint64_t site_aside_visitors(const struct site *s, int64_t day, bool *ret_exact)
{
    const struct aside_day *place;
    uint64_t state, visitors;

    do {
        state = site_aside_open(s);
        place = find(s, state, day);
        visitors = place == NULL ? 0 : check_word_value(aside_get(&place->own.visitors));
        *ret_exact = place == NULL || aside_get(&place->exact) != 0;
    } while (!site_aside_is(s, state));
    return visitors;
}

/* Most quarters that are asked for are not: false says so at once. */
static bool has_quarter(const struct aside_copy *copy, uint64_t state, int64_t q)
{
    return (state & ASIDE_BACKED) != 0 && q + 1 >= aside_tag(&copy->low_tag) &&
           q + 1 <= aside_tag(&copy->high_tag);
}

struct hit_count site_own_quarter(const struct site *s, int64_t q)
{
    struct hit_count hits;
    uint64_t state;

    do {
        const struct aside_copy *copy;

        state = site_aside_open(s);
        hits = hits_quarter(&s->block->hits, q);
        copy = aside_copy(s, state);
        for (unsigned i = 0; has_quarter(copy, state, q) && i < ASIDE_QUARTERS; i++) {
            if (aside_tag(&copy->quarter[i].tag) != q + 1)
                continue;
            hits.views += aside_get(&copy->quarter[i].views);
            hits.visits += aside_get(&copy->quarter[i].visits);
        }
    } while (!site_aside_is(s, state));
    return hits;
}

/* How many slots of quarter q are among [from, until). */
static uint64_t slots_in(int64_t q, int64_t from, int64_t until)
{
    int64_t first = q * QUARTER_SLOTS, last = first + QUARTER_SLOTS;

    if (first < from)
        first = from;
    if (last > until)
        last = until;
    return last > first ? (uint64_t)(last - first) : 0;
}

struct hit_count site_aside_window(const struct site *s, int64_t now_slot, int64_t slots)
{
    struct hit_count hits;
    uint64_t state;

    do {
        const struct aside_copy *copy;

        state = site_aside_open(s);
        hits = (struct hit_count){0};
        copy = aside_copy(s, state);
        for (unsigned i = 0; (state & ASIDE_BACKED) != 0 && i < ASIDE_QUARTERS; i++) {
            const struct aside_quarter *at = &copy->quarter[i];
            int64_t tag = aside_tag(&at->tag);
            uint64_t n =
                tag == 0 ? 0 : slots_in(tag - 1, now_slot - slots + 1, now_slot + 1);

            hits.views += aside_get(&at->views) * n / QUARTER_SLOTS;
            hits.visits += aside_get(&at->visits) * n / QUARTER_SLOTS;
        }
    } while (!site_aside_is(s, state));
    return hits;
}

unsigned site_aside_quarters(const struct site *s, int64_t ret_q[ASIDE_QUARTERS])
{
    uint64_t state;
    unsigned n;

    do {
        state = site_aside_open(s);
        n = 0;
        for (unsigned i = 0; (state & ASIDE_BACKED) != 0 && i < ASIDE_QUARTERS; i++)
            if (aside_tag(&aside_copy(s, state)->quarter[i].tag) != 0)
                ret_q[n++] = aside_tag(&aside_copy(s, state)->quarter[i].tag) - 1;
    } while (!site_aside_is(s, state));
    return n;
}

uint64_t site_aside_changes(const struct site *s)
{
    return (aside_state(s) & ASIDE_BACKED) == 0
               ? 0
               : 1 + atomic_load_explicit(&s->jumps, memory_order_acquire);
}

unsigned site_aside_days(const struct site *s, int64_t ret_days[ASIDE_DAYS])
{
    uint64_t state;
    unsigned n;

    do {
        state = site_aside_open(s);
        n = 0;
        for (unsigned i = 0; (state & ASIDE_BACKED) != 0 && i < ASIDE_DAYS; i++)
            if (aside_tag(&aside_copy(s, state)->day[i].tag) != 0)
                ret_days[n++] = aside_tag(&aside_copy(s, state)->day[i].tag) - 1;
    } while (!site_aside_is(s, state));
    return n;
}

void site_aside_ahead(const struct site *s, struct instant now, struct days_ahead *sum)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t today = period_at(c, PERIOD_DAY, instant_slot(now)).number;
    int64_t days[ASIDE_DAYS + 1];
    unsigned n = site_aside_days(s, days);
    bool any = false, has_tomorrow = false;

    for (unsigned i = 0; i < n; i++)
        has_tomorrow = has_tomorrow || days[i] == today + 1;
    if (!has_tomorrow) /* what is less than two hours ahead stays in the ring */
        days[n++] = today + 1;
    for (unsigned i = 0; i < n; i++) {
        struct period day = period_of_day(c, days[i]);
        uint64_t views = days[i] > today ? site_own_hits(s, &day).views : 0;

        if (views == 0)
            continue;
        any = true;
        sum->views += views;
        if (sum->first_day > days[i] || (sum->sites == 0 && sum->last_day == 0))
            sum->first_day = days[i];
        if (sum->last_day < days[i])
            sum->last_day = days[i];
    }
    sum->sites += any;
}
