/* Which day a worker's lines are of it knows by its turn's time. A word of a later day than
 * that (the clock was set back) keeps its own: those lines are in the total alone. kill -9
 * between the two words leaves the day one turn ahead of the total. */
#include "count/site_refused.h"

#include "count/site_inner.h"
#include "count/site_layout.h"

#define REFUSED_LINES (((uint64_t)1 << 44) - 1)

static const int8_t places[OUTCOME_COUNT] = {
/* One more than the place: 0 is none. */
#define REFUSAL(place, outcome) [outcome] = (place) + 1,
    REFUSALS(REFUSAL)
#undef REFUSAL
};

#define REFUSAL(place, outcome)                                                          \
    static_assert((place) < REFUSALS_COUNT, "a lane counts each of them");
REFUSALS(REFUSAL)
#undef REFUSAL
static_assert(sizeof(struct site_refused) <= REFUSED_BYTES, "it fits in its place");

int refusal_place(enum outcome outcome)
{
    return places[outcome] - 1;
}

void site_refuse(struct site_lane *lane, enum outcome outcome)
{
    int place = refusal_place(outcome);

    if (place < 0)
        return;
    lane->refused.count[place]++;
    lane->refused.any = true;
}

/* Relaxed throughout: they are only counts. */
static void add_to_day(_Atomic uint64_t *word, uint64_t day, uint64_t n)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed), next;

    do {
        uint64_t of = seen >> 44;

        if (of > day)
            return;
        next = day << 44 | (((of == day ? seen & REFUSED_LINES : 0) + n) & REFUSED_LINES);
    } while (!atomic_compare_exchange_weak_explicit(
        word, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

static uint64_t local_day(const struct site_terms *terms, int64_t now_s)
{
    int64_t day = zone_day(terms->zone, now_s);

    return day < 0 ? 0 : (uint64_t)day;
}

static void add_line(struct site_refused *r, unsigned place, uint64_t day, uint64_t n)
{
    add_to_day(&r->day[day % 2][place], day, n);
    atomic_fetch_add_explicit(&r->total[place], n, memory_order_relaxed);
}

bool site_refused_flush(struct site *s, struct site_lane *lane, int64_t now_s)
{
    struct refused_lane *l = &lane->refused;
    struct site_refused *r;
    uint64_t day;

    if (!l->any)
        return false;
    r = atomic_load_explicit(&s->refused, memory_order_acquire);
    day = local_day(lane->terms, now_s);
    for (unsigned i = 0; i < REFUSALS_COUNT; i++)
        if (l->count[i] > 0 && r != NULL)
            add_line(r, i, day, l->count[i]);
        else if (l->count[i] > 0)
            atomic_fetch_add_explicit(&s->refused_early[i], l->count[i],
                                      memory_order_relaxed);
    *l = (struct refused_lane){.any = false};
    if (r == NULL) /* release: the keeper that sees it sees the numbers */
        atomic_store_explicit(&s->refused_waits, true, memory_order_release);
    return r == NULL;
}

/* --- The page --- */

static _Atomic uint64_t *there_at(const struct site *s)
{
    return site_place(s, REFUSED_THERE_AT);
}

void site_refused_make(struct site *s)
{
    atomic_store_explicit(there_at(s), 0, memory_order_relaxed);
}

static int back(struct site *s, struct arena *a)
{
    struct site_refused *r = site_place(s, REFUSED_AT);
    int rv = arena_back(a, r, REFUSED_BYTES);

    if (rv != 0)
        return rv;
    atomic_store_explicit(there_at(s), 1, memory_order_relaxed);
    atomic_store_explicit(&s->refused, r, memory_order_release); /* it is backed */
    return 0;
}

/* A worker that did not see the page yet may come after this; then it waits again. */
static void move_early(struct site *s, int64_t now_s)
{
    struct site_refused *r = atomic_load_explicit(&s->refused, memory_order_relaxed);
    uint64_t day = local_day(site_terms_of(s), now_s);

    for (unsigned i = 0; i < REFUSALS_COUNT; i++) {
        uint64_t n =
            atomic_exchange_explicit(&s->refused_early[i], 0, memory_order_relaxed);

        if (n > 0)
            add_line(r, i, day, n);
    }
}

int site_refused_keep(struct site *s, struct arena *a, int64_t now_s)
{
    bool waits = atomic_load_explicit(&s->refused_waits, memory_order_relaxed);

    if (atomic_load_explicit(&s->refused, memory_order_relaxed) == NULL &&
        (waits || atomic_load_explicit(there_at(s), memory_order_relaxed) != 0)) {
        int rv = back(s, a);

        if (rv != 0)
            return rv;
    }
    if (waits) {
        (void)atomic_exchange_explicit(&s->refused_waits, false, memory_order_acquire);
        move_early(s, now_s);
    }
    return 0;
}

/* --- Reading --- */

static uint64_t lines_of_day(const struct site_refused *r, uint64_t day, int place)
{
    uint64_t word = atomic_load_explicit(&r->day[day % 2][place], memory_order_relaxed);

    return word >> 44 == day ? word & REFUSED_LINES : 0;
}

void site_refused_read(const struct site *s, int64_t now_s,
                       struct refused_numbers *ret_numbers)
{
    const struct site_refused *r =
        atomic_load_explicit(&s->refused, memory_order_acquire);
    uint64_t day = local_day(site_terms_of(s), now_s);

    *ret_numbers = (struct refused_numbers){.today = {0}};
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        int place = refusal_place((enum outcome)i);
        uint64_t early;

        if (place < 0)
            continue;
        early = atomic_load_explicit(&s->refused_early[place], memory_order_relaxed);
        ret_numbers->today[i] = early;
        ret_numbers->total[i] = early;
        if (r == NULL)
            continue;
        ret_numbers->today[i] += lines_of_day(r, day, place);
        ret_numbers->yesterday[i] = day > 0 ? lines_of_day(r, day - 1, place) : 0;
        ret_numbers->total[i] +=
            atomic_load_explicit(&r->total[place], memory_order_relaxed);
    }
}
