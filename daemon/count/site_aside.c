/* Changing the table: the keeper, or an adoption. */
#include "count/site_aside.h"

#include "base/hash.h"
#include "count/site_aside_words.h"

enum { COPY_WORDS = sizeof(struct aside_copy) / sizeof(uint64_t) };

static_assert(sizeof(struct aside_copy) % sizeof(uint64_t) == 0, "a copy is whole words");

/* --- A change --- */

static uint64_t check_of(const struct aside_copy *copy)
{
    const _Atomic uint64_t *at = (const _Atomic uint64_t *)copy;
    uint64_t words[COPY_WORDS];

    for (unsigned i = 0; i < COPY_WORDS; i++)
        words[i] = aside_get(&at[i]);
    return hash_fast(words + 1, sizeof words - sizeof words[0]);
}

/* The copy that is not valid, with what the valid one has. */
static struct aside_copy *change_begin(struct site *s)
{
    uint64_t state = aside_state(s);
    const _Atomic uint64_t *from = (const _Atomic uint64_t *)aside_copy(s, state);
    struct aside_copy *next = aside_copy(s, state ^ ASIDE_SECOND);
    _Atomic uint64_t *to = (_Atomic uint64_t *)next;

    for (unsigned i = 0; i < COPY_WORDS; i++)
        aside_set(&to[i], aside_get(&from[i]));
    aside_set_tag(&next->from_q, -1);
    aside_set_tag(&next->row, -1);
    return next;
}

static void change_commit(struct site *s, struct aside_copy *next, bool busy)
{
    uint64_t state = aside_state(s);

    aside_set(&next->check, check_of(next));
    SITE_SEAM("aside commit");
    aside_set_state(s, ((state + ASIDE_STEP) ^ ASIDE_SECOND) | (busy ? ASIDE_BUSY : 0));
}

static void change_end(struct site *s)
{
    SITE_SEAM("aside end");
    aside_set_state(s, (aside_state(s) + ASIDE_STEP) & ~(uint64_t)ASIDE_BUSY);
}

/* A day's place: its own, a free one, or the earliest day's. */
static struct aside_day *place_of(struct aside_copy *copy, int64_t day)
{
    struct aside_day *place = NULL;

    for (unsigned i = 0; i < ASIDE_DAYS; i++) {
        int64_t tag = aside_tag(&copy->day[i].tag);

        if (tag == day + 1)
            return &copy->day[i];
        if (place == NULL || tag < aside_tag(&place->tag))
            place = &copy->day[i];
    }
    aside_set_tag(&place->tag, day + 1);
    aside_set(&place->own.views, check_word(day, 0));
    aside_set(&place->own.visits, check_word(day, 0));
    aside_set(&place->own.visitors, check_word(day, 0));
    aside_set(&place->exact, 1);
    return place;
}

static void add_to(_Atomic uint64_t *word, int64_t day, uint64_t count)
{
    aside_set(word, check_word(day, check_word_value(aside_get(word)) + count));
}

static uint64_t less(uint64_t from, uint64_t take)
{
    return from > take ? from - take : 0;
}

static void take_from(_Atomic uint64_t *word, int64_t day, uint64_t count)
{
    aside_set(word, check_word(day, less(check_word_value(aside_get(word)), count)));
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

static int64_t far(int64_t q, int64_t from_q)
{
    return q < from_q ? from_q - q : q - from_q;
}

/* A quarter's place: its own, a free one, or that of the one farthest from now's; NULL:
 * it is the farthest itself. */
static struct aside_quarter *place_of_quarter(struct aside_copy *copy, int64_t q,
                                              int64_t now_q)
{
    struct aside_quarter *place = &copy->quarter[0];

    for (unsigned i = 0; i < ASIDE_QUARTERS; i++) {
        struct aside_quarter *at = &copy->quarter[i];
        int64_t tag = aside_tag(&at->tag);

        if (tag == q + 1)
            return at;
        if (aside_tag(&place->tag) != 0 &&
            (tag == 0 || far(tag - 1, now_q) > far(aside_tag(&place->tag) - 1, now_q)))
            place = at;
    }
    if (aside_tag(&place->tag) != 0 &&
        far(aside_tag(&place->tag) - 1, now_q) < far(q, now_q))
        return NULL;
    if (aside_tag(&copy->low_tag) > q + 1 || aside_tag(&copy->low_tag) == 0)
        aside_set_tag(&copy->low_tag, q + 1);
    if (aside_tag(&copy->high_tag) < q + 1)
        aside_set_tag(&copy->high_tag, q + 1);
    aside_set_tag(&place->tag, q + 1);
    aside_set(&place->views, 0);
    aside_set(&place->visits, 0);
    return place;
}

static void add_quarter(struct aside_copy *copy, int64_t q, int64_t now_q,
                        struct hit_count hits)
{
    struct aside_quarter *place =
        hits.views + hits.visits > 0 ? place_of_quarter(copy, q, now_q) : NULL;

    if (place == NULL)
        return;
    aside_set(&place->views, aside_get(&place->views) + hits.views);
    aside_set(&place->visits, aside_get(&place->visits) + hits.visits);
}

/* --- Room, adoption --- */

int site_aside_make_room(struct site *s, struct arena *a)
{
    uint64_t state = aside_state(s);
    int rv;

    if ((state & ASIDE_BACKED) != 0)
        return 0;
    rv = arena_back(a, aside_copy(s, 0), 2 * (size_t)ASIDE_COPY_ROOM);
    if (rv == 0) {
        aside_set(&aside_copy(s, 0)->check, check_of(aside_copy(s, 0)));
        aside_set_state(s, ASIDE_BACKED);
    }
    return rv;
}

static int64_t day_of_quarter(const struct site *s, int64_t q)
{
    return period_at(&site_terms_of(s)->calendar, PERIOD_DAY, q * QUARTER_SLOTS).number;
}

static void empty_row(struct site_day *row, int64_t day)
{
    aside_set(&row->own.views, check_word(day, 0));
    aside_set(&row->own.visits, check_word(day, 0));
}

/* From now on these days are what they count again, and what is kept of them. */
static void restart_from(struct site *s, int64_t from_q)
{
    int64_t today = day_of_quarter(s, from_q);

    hits_restart(&s->block->hits, from_q);
    for (unsigned i = 0; i < SITE_DAYS; i++) {
        struct site_day *row = &s->block->day[i];

        if (aside_tag(&row->own_tag) > today)
            empty_row(row, aside_tag(&row->own_tag) - 1);
    }
}

static void take_row(struct site *s, unsigned index)
{
    struct site_day *row = &s->block->day[index];

    aside_set_tag(&row->own_tag, 0);
    aside_set(&row->own.views, 0);
    aside_set(&row->own.visits, 0);
    aside_set(&row->own.visitors, 0);
}

static void carry_out(struct site *s, const struct aside_copy *copy)
{
    int64_t from_q = aside_tag(&copy->from_q), row = aside_tag(&copy->row);

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
        aside_set_tag(&copy->day[i].tag, 0);
    for (unsigned i = 0; i < ASIDE_QUARTERS; i++)
        aside_set_tag(&copy->quarter[i].tag, 0);
    aside_set(&copy->booked_visits, aside_get(&h->overrun_visits));
    aside_set(&copy->booked_views, aside_get(&h->overrun_views));
    site_lose(s);
    change_commit(s, copy, false);
    change_end(s);
}

void site_aside_adopt(struct site *s)
{
    uint64_t state = aside_state(s);

    if ((state & ASIDE_BACKED) == 0)
        return;
    if (aside_get(&aside_copy(s, state)->check) != check_of(aside_copy(s, state)))
        drop(s);
    else if ((state & ASIDE_BUSY) != 0)
        carry_out(s, aside_copy(s, state));
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

/* What of our own is about to be emptied. */
static void keep_quarters(const struct site *s, struct aside_copy *copy, int64_t now_q)
{
    const struct hits *h = &s->block->hits;
    int64_t rolled = atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
    int64_t from_q = atomic_load_explicit(&h->first_q, memory_order_relaxed);

    if (from_q < now_q)
        from_q = now_q;
    if (from_q < rolled - QUARTERS)
        from_q = rolled - QUARTERS;
    for (int64_t q = from_q; q < rolled; q++)
        add_quarter(copy, q, now_q, hits_quarter(h, q));
}

static bool has_row(const struct site *s, int64_t day)
{
    return aside_tag(&s->block->day[(uint64_t)day % SITE_DAYS].own_tag) == day + 1;
}

void site_aside_restart(struct site *s, int64_t now_slot)
{
    int64_t now_q = now_slot / QUARTER_SLOTS, today = day_of_quarter(s, now_q);
    int64_t rolled = atomic_load_explicit(&s->block->hits.rolled_q, memory_order_relaxed);
    int64_t last = day_of_quarter(s, rolled - 1);
    struct aside_copy *copy = change_begin(s);

    for (unsigned i = 0; i < SITE_DAYS; i++)
        if (aside_tag(&s->block->day[i].own_tag) > today + 1)
            keep_day_hits(s, copy, aside_tag(&s->block->day[i].own_tag) - 1, now_q);
    keep_day_hits(s, copy, today, now_q);
    if (last > today && !has_row(s, last)) /* not folded: it has quarters only */
        keep_day_hits(s, copy, last, now_q);
    keep_quarters(s, copy, now_q);
    aside_set_tag(&copy->from_q, now_q);
    change_commit(s, copy, true);
    carry_out(s, copy);
}

/* --- Rows and overrun --- */

void site_aside_row(struct site *s, unsigned index)
{
    struct site_day *row = &s->block->day[index];
    int64_t day = aside_tag(&row->own_tag) - 1;
    uint64_t visitors = check_word_value(aside_get(&row->own.visitors));
    struct hit_count hits = {0};
    struct aside_copy *copy;

    if ((aside_state(s) & ASIDE_BACKED) == 0 || day < 0)
        return;
    if (site_day_is_final(s, day)) /* else its quarters have it */
        hits =
            (struct hit_count){.views = check_word_value(aside_get(&row->own.views)),
                               .visits = check_word_value(aside_get(&row->own.visits))};
    if (hits.views == 0 && hits.visits == 0 && visitors == 0)
        return;
    copy = change_begin(s);
    add_hits(copy, day, hits);
    if (visitors > 0) {
        struct aside_day *place = place_of(copy, day);

        if (visitors > check_word_value(aside_get(&place->own.visitors)))
            aside_set(&place->own.visitors, check_word(day, visitors));
        aside_set(&place->exact, aside_get(&place->exact) & aside_get(&row->own_exact));
    }
    aside_set_tag(&copy->row, index);
    change_commit(s, copy, true);
    carry_out(s, copy);
}

bool site_aside_has_overrun(const struct site *s)
{
    const struct hits *h = &s->block->hits;
    const struct aside_copy *copy = aside_copy(s, aside_state(s));
    uint64_t views = aside_get(&h->overrun_views), visits = aside_get(&h->overrun_visits);

    if ((aside_state(s) & ASIDE_BACKED) == 0)
        return views != 0 || visits != 0;
    return aside_get(&copy->booked_views) != views ||
           aside_get(&copy->booked_visits) != visits;
}

int site_aside_book(struct site *s, struct arena *a, int64_t slot)
{
    const struct hits *h = &s->block->hits;
    /* Visits are added first: so views never without their visits. */
    uint64_t views = aside_get(&h->overrun_views), visits = aside_get(&h->overrun_visits);
    int64_t now_q = slot / QUARTER_SLOTS;
    struct aside_copy *copy;
    struct hit_count hits;
    int rv;

    if (!site_aside_has_overrun(s))
        return 0;
    rv = site_aside_make_room(s, a);
    if (rv != 0)
        return rv;
    copy = change_begin(s);
    hits = (struct hit_count){.views = less(views, aside_get(&copy->booked_views)),
                              .visits = less(visits, aside_get(&copy->booked_visits))};
    add_hits(copy, day_of_quarter(s, now_q), hits);
    add_quarter(copy, now_q, now_q, hits);
    aside_set(&copy->booked_views, views);
    aside_set(&copy->booked_visits, visits);
    change_commit(s, copy, false);
    return 0;
}
