#include "count/site_aside.h"

#include <string.h>

#include "base/hash.h"
#include "count/check_word.h"
#include "count/site_inner.h"
#include "count/site_layout.h"

/* Of the block's word: which copy is valid, and 61 bits that count changes. */
enum { BUSY = 1, SECOND = 2, BACKED = 4, STEP = 8 };

enum { COPY_WORDS = sizeof(struct aside_copy) / sizeof(uint64_t) };

static_assert(sizeof(struct aside_copy) <= ASIDE_COPY_ROOM, "a copy fits in its room");
static_assert(sizeof(struct aside_copy) % sizeof(uint64_t) == 0, "a copy is whole words");

static struct aside_copy *copy_of(const struct site *s, uint64_t state)
{
    return site_place(s, ASIDE_AT + ((state & SECOND) != 0 ? ASIDE_COPY_ROOM : 0));
}

static uint64_t state_of(const struct site *s)
{
    return atomic_load_explicit(&s->block->aside, memory_order_acquire);
}

/* Release and acquire all along: who has read a new word sees that the state changed. */
static uint64_t get(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_acquire);
}

static void set(_Atomic uint64_t *at, uint64_t value)
{
    SITE_SEAM("aside");
    atomic_store_explicit(at, value, memory_order_release);
}

static int64_t tag_of(const _Atomic int64_t *tag)
{
    return atomic_load_explicit(tag, memory_order_acquire);
}

static void set_number(_Atomic int64_t *at, int64_t value)
{
    SITE_SEAM("aside number");
    atomic_store_explicit(at, value, memory_order_release);
}

/* --- A change --- */

static uint64_t check_of(const struct aside_copy *copy)
{
    const _Atomic uint64_t *at = (const _Atomic uint64_t *)copy;
    uint64_t words[COPY_WORDS];

    for (unsigned i = 0; i < COPY_WORDS; i++)
        words[i] = get(&at[i]);
    return hash_fast(words + 1, sizeof words - sizeof words[0]);
}

/* The copy that is not valid, with what the valid one has. */
static struct aside_copy *change_begin(struct site *s)
{
    uint64_t state = state_of(s);
    const _Atomic uint64_t *from = (const _Atomic uint64_t *)copy_of(s, state);
    struct aside_copy *next = copy_of(s, state ^ SECOND);
    _Atomic uint64_t *to = (_Atomic uint64_t *)next;

    for (unsigned i = 0; i < COPY_WORDS; i++)
        set(&to[i], get(&from[i]));
    set_number(&next->from_q, -1);
    set_number(&next->row, -1);
    return next;
}

static void change_commit(struct site *s, struct aside_copy *next, bool busy)
{
    uint64_t state = state_of(s);

    set(&next->check, check_of(next));
    SITE_SEAM("aside commit");
    atomic_store_explicit(&s->block->aside, ((state + STEP) ^ SECOND) | (busy ? BUSY : 0),
                          memory_order_seq_cst);
}

static void change_end(struct site *s)
{
    SITE_SEAM("aside end");
    atomic_store_explicit(&s->block->aside, (state_of(s) + STEP) & ~(uint64_t)BUSY,
                          memory_order_seq_cst);
}

/* A day's place: its own, a free one, or the earliest day's. */
static struct aside_day *place_of(struct aside_copy *copy, int64_t day)
{
    struct aside_day *place = NULL;

    for (unsigned i = 0; i < ASIDE_DAYS; i++) {
        int64_t tag = tag_of(&copy->day[i].tag);

        if (tag == day + 1)
            return &copy->day[i];
        if (place == NULL || tag < tag_of(&place->tag))
            place = &copy->day[i];
    }
    set_number(&place->tag, day + 1);
    set(&place->own.views, check_word(day, 0));
    set(&place->own.visits, check_word(day, 0));
    set(&place->own.visitors, check_word(day, 0));
    set(&place->exact, 1);
    return place;
}

static void add_to(_Atomic uint64_t *word, int64_t day, uint64_t count)
{
    set(word, check_word(day, check_word_value(get(word)) + count));
}

static uint64_t less(uint64_t from, uint64_t take)
{
    return from > take ? from - take : 0;
}

static void take_from(_Atomic uint64_t *word, int64_t day, uint64_t count)
{
    set(word, check_word(day, less(check_word_value(get(word)), count)));
}

static void add_hits(struct aside_copy *copy, int64_t day, struct hit_count hits)
{
    struct aside_day *place;

    if (hits.views == 0 && hits.visits == 0)
        return;
    place = place_of(copy, day);
    add_to(&place->own.views, day, hits.views);
    add_to(&place->own.visits, day, hits.visits);
}

/* --- Room, adoption --- */

int site_aside_make_room(struct site *s, struct arena *a)
{
    uint64_t state = state_of(s);
    int rv;

    if ((state & BACKED) != 0)
        return 0;
    rv = arena_back(a, copy_of(s, 0), 2 * (size_t)ASIDE_COPY_ROOM);
    if (rv == 0) {
        set(&copy_of(s, 0)->check, check_of(copy_of(s, 0)));
        atomic_store_explicit(&s->block->aside, BACKED, memory_order_release);
    }
    return rv;
}

static int64_t day_of_quarter(const struct site *s, int64_t q)
{
    return period_at(&site_terms_of(s)->calendar, PERIOD_DAY, q * QUARTER_SLOTS).number;
}

static void empty_row(struct site_day *row, int64_t day)
{
    set(&row->own.views, check_word(day, 0));
    set(&row->own.visits, check_word(day, 0));
}

/* From now on these days are what they count again, and what is kept of them. */
static void restart_from(struct site *s, int64_t from_q)
{
    int64_t today = day_of_quarter(s, from_q);

    hits_restart(&s->block->hits, from_q);
    for (unsigned i = 0; i < SITE_DAYS; i++) {
        struct site_day *row = &s->block->day[i];

        if (tag_of(&row->own_tag) > today)
            empty_row(row, tag_of(&row->own_tag) - 1);
    }
}

static void take_row(struct site *s, unsigned index)
{
    struct site_day *row = &s->block->day[index];

    set_number(&row->own_tag, 0);
    set(&row->own.views, 0);
    set(&row->own.visits, 0);
    set(&row->own.visitors, 0);
}

static void carry_out(struct site *s, const struct aside_copy *copy)
{
    int64_t from_q = tag_of(&copy->from_q), row = tag_of(&copy->row);

    if (from_q >= 0)
        restart_from(s, from_q);
    if (row >= 0 && row < SITE_DAYS)
        take_row(s, (unsigned)row);
    change_end(s);
}

/* Overrun is in no day any more, which is better than in a day twice. */
static void drop(struct site *s)
{
    struct aside_copy *copy = change_begin(s);
    const struct hits *h = &s->block->hits;

    for (unsigned i = 0; i < ASIDE_DAYS; i++)
        set_number(&copy->day[i].tag, 0);
    set(&copy->booked_visits, get(&h->overrun_visits));
    set(&copy->booked_views, get(&h->overrun_views));
    change_commit(s, copy, false);
    change_end(s);
    s->damage.lost++;
}

void site_aside_adopt(struct site *s)
{
    uint64_t state = state_of(s);

    if ((state & BACKED) == 0)
        return;
    if (get(&copy_of(s, state)->check) != check_of(copy_of(s, state)))
        drop(s);
    else if ((state & BUSY) != 0)
        carry_out(s, copy_of(s, state));
}

/* --- The clock was set back --- */

/* What of a day stays in quarters that are not begun again. */
static struct hit_count kept_hits(const struct site *s, const struct period *day,
                                  int64_t now_q)
{
    const struct hits *h = &s->block->hits;
    int64_t from_q = day->from_slot / QUARTER_SLOTS;
    int64_t first_q = atomic_load_explicit(&h->first_q, memory_order_relaxed);
    struct hit_count sum = {0};

    if (from_q < first_q)
        from_q = first_q;
    for (int64_t q = from_q; q < now_q && q < day->until_slot / QUARTER_SLOTS; q++) {
        struct hit_count c = hits_quarter(h, q);

        sum.views += c.views;
        sum.visits += c.visits;
    }
    return sum;
}

static void keep_day_hits(const struct site *s, struct aside_copy *copy, int64_t number,
                          int64_t now_q)
{
    struct period day = period_of_day(&site_terms_of(s)->calendar, number);
    struct hit_count all = site_counted_hits(s, &day), kept = kept_hits(s, &day, now_q);
    struct aside_day *place;

    add_hits(copy, number, all);
    if (kept.views == 0 && kept.visits == 0)
        return;
    /* It may have lost its row to another day before, and all of it be here. */
    place = place_of(copy, number);
    take_from(&place->own.views, number, kept.views);
    take_from(&place->own.visits, number, kept.visits);
}

static bool has_row(const struct site *s, int64_t day)
{
    return tag_of(&s->block->day[(uint64_t)day % SITE_DAYS].own_tag) == day + 1;
}

void site_aside_restart(struct site *s, int64_t now_slot)
{
    int64_t now_q = now_slot / QUARTER_SLOTS, today = day_of_quarter(s, now_q);
    int64_t rolled = atomic_load_explicit(&s->block->hits.rolled_q, memory_order_relaxed);
    int64_t last = day_of_quarter(s, rolled - 1);
    struct aside_copy *copy = change_begin(s);

    for (unsigned i = 0; i < SITE_DAYS; i++)
        if (tag_of(&s->block->day[i].own_tag) > today + 1)
            keep_day_hits(s, copy, tag_of(&s->block->day[i].own_tag) - 1, now_q);
    keep_day_hits(s, copy, today, now_q);
    if (last > today && !has_row(s, last)) /* not folded: it has quarters only */
        keep_day_hits(s, copy, last, now_q);
    set_number(&copy->from_q, now_q);
    change_commit(s, copy, true);
    carry_out(s, copy);
}

/* --- Rows and overrun --- */

void site_aside_row(struct site *s, unsigned index)
{
    struct site_day *row = &s->block->day[index];
    int64_t day = tag_of(&row->own_tag) - 1;
    uint64_t visitors = check_word_value(get(&row->own.visitors));
    struct hit_count hits = {0};
    struct aside_copy *copy;

    if ((state_of(s) & BACKED) == 0 || day < 0)
        return;
    if (site_day_is_final(s, day)) /* else its quarters have it */
        hits = (struct hit_count){.views = check_word_value(get(&row->own.views)),
                                  .visits = check_word_value(get(&row->own.visits))};
    if (hits.views == 0 && hits.visits == 0 && visitors == 0)
        return;
    copy = change_begin(s);
    add_hits(copy, day, hits);
    if (visitors > 0) {
        struct aside_day *place = place_of(copy, day);

        if (visitors > check_word_value(get(&place->own.visitors)))
            set(&place->own.visitors, check_word(day, visitors));
        set(&place->exact, get(&place->exact) & get(&row->own_exact));
    }
    set_number(&copy->row, index);
    change_commit(s, copy, true);
    carry_out(s, copy);
}

int site_aside_book(struct site *s, struct arena *a, int64_t slot)
{
    const struct hits *h = &s->block->hits;
    /* Visits are added first: so views never without their visits. */
    uint64_t views = get(&h->overrun_views), visits = get(&h->overrun_visits);
    struct aside_copy *copy;
    int rv;

    if (views == 0 && visits == 0)
        return 0;
    rv = site_aside_make_room(s, a);
    if (rv != 0)
        return rv;
    copy = copy_of(s, state_of(s));
    if (get(&copy->booked_views) == views && get(&copy->booked_visits) == visits)
        return 0;
    copy = change_begin(s);
    add_hits(copy, day_of_quarter(s, slot / QUARTER_SLOTS),
             (struct hit_count){.views = less(views, get(&copy->booked_views)),
                                .visits = less(visits, get(&copy->booked_visits))});
    set(&copy->booked_views, views);
    set(&copy->booked_visits, visits);
    change_commit(s, copy, false);
    return 0;
}

/* --- Reading --- */

uint64_t site_aside_open(const struct site *s)
{
    uint64_t state;

    do
        state = state_of(s);
    while ((state & BUSY) != 0);
    return state;
}

bool site_aside_is(const struct site *s, uint64_t state)
{
    return atomic_load_explicit(&s->block->aside, memory_order_relaxed) == state;
}

static const struct aside_day *find(const struct site *s, uint64_t state, int64_t day)
{
    const struct aside_copy *copy = copy_of(s, state);

    for (unsigned i = 0; (state & BACKED) != 0 && i < ASIDE_DAYS; i++)
        if (tag_of(&copy->day[i].tag) == day + 1)
            return &copy->day[i];
    return NULL;
}

void site_aside_add(const struct site *s, uint64_t state, int64_t day,
                    struct hit_count *hits)
{
    const struct aside_day *place = find(s, state, day);

    if (place == NULL)
        return;
    hits->views += check_word_value(get(&place->own.views));
    hits->visits += check_word_value(get(&place->own.visits));
}

uint64_t site_aside_visitors(const struct site *s, int64_t day, bool *ret_exact)
{
    const struct aside_day *place;
    uint64_t state, visitors;

    do {
        state = site_aside_open(s);
        place = find(s, state, day);
        visitors = place == NULL ? 0 : check_word_value(get(&place->own.visitors));
        *ret_exact = place == NULL || get(&place->exact) != 0;
    } while (!site_aside_is(s, state));
    return visitors;
}

uint64_t site_aside_changes(const struct site *s)
{
    return (state_of(s) & BACKED) == 0
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
        for (unsigned i = 0; (state & BACKED) != 0 && i < ASIDE_DAYS; i++)
            if (tag_of(&copy_of(s, state)->day[i].tag) != 0)
                ret_days[n++] = tag_of(&copy_of(s, state)->day[i].tag) - 1;
    } while (!site_aside_is(s, state));
    return n;
}

void site_aside_ahead(const struct site *s, struct instant now, struct days_ahead *sum)
{
    const struct calendar *c = &site_terms_of(s)->calendar;
    int64_t today = period_at(c, PERIOD_DAY, instant_slot(now)).number;
    int64_t days[ASIDE_DAYS];
    bool any = false;

    for (unsigned i = 0, n = site_aside_days(s, days); i < n; i++) {
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
