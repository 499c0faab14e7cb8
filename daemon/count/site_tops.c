/* Where tops lie in a site's range, and when which day's table is there. */
#include "count/site_tops.h"

#include "base/error.h"
#include "count/site_inner.h"
#include "count/site_layout.h"

enum {
    PAGE = 4096,
    EARLY_SLOTS = 300, /* tomorrow's table is made ready an hour before midnight */
    DAY_RETIRED = -1,  /* of topk.day */
    /* Of a day, from the start of its room: */
    DAY_ROOM = 1536 << 10,
    REST_AT = PAGE, /* cells after the first ones */
    REST_BYTES = ((TOPK_CELLS - TOPK_FIRST_CELLS) * 64 + PAGE - 1) / PAGE * PAGE,
    INDEX_1_AT = REST_AT + REST_BYTES,
    INDEX_2_AT = INDEX_1_AT + TOPK_WORDS_1 * 8,
    YARD_AT = INDEX_2_AT + TOPK_WORDS_2 * 8,
    DAY_BYTES = YARD_AT + DIMENSIONS * TOPK_YARD * 4,
    /* From TOPS_AT: */
    DAYS_AT = 64 << 10,
    PAGES_AT = DAYS_AT + TOPS_DAYS * DAY_ROOM,
    PAGES_INDEX_1_AT =
        PAGES_AT + (PAGES_CELLS - PAGES_FIRST_CELLS) * 64 / PAGE * PAGE + PAGE,
    PAGES_INDEX_2_AT = PAGES_INDEX_1_AT + PAGES_WORDS_1 * 8,
    ALL_BYTES = PAGES_INDEX_2_AT + PAGES_WORDS_2 * 8
};

/* One page: what every site has. */
struct tops_head {
    struct topk day[TOPS_DAYS];
    struct pages pages;
    alignas(64) _Atomic uint64_t page_index[PAGES_WORDS_0];
    struct name_cell page_cell[PAGES_FIRST_CELLS];
};

static_assert(sizeof(struct tops_head) <= ENGAGED_AT - TOPS_AT,
              "a silent site needs one page of it, with the engaged visits");
static_assert(TOPK_WORDS_0 * 8 + TOPK_FIRST_CELLS * 64 == PAGE, "and one of today");
static_assert((int)DAY_BYTES <= (int)DAY_ROOM, "a day fits in its room");
static_assert((int)ALL_BYTES <= (int)TOPS_BYTES, "all of it fits in its room");

static char *tops_at(const struct site *s, size_t at)
{
    return site_place(s, TOPS_AT + at);
}

static char *room_of(const struct site *s, unsigned i)
{
    return tops_at(s, DAYS_AT + (size_t)i * DAY_ROOM);
}

static struct topk_table day_table(struct site *s, struct tops_head *head, unsigned i)
{
    char *room = room_of(s, i);

    return (struct topk_table){
        .head = &head->day[i],
        .yard = (_Atomic uint32_t *)(room + YARD_AT),
        .names = {.head = &head->day[i].names,
                  .key = &head->day[i].key,
                  .index = {(_Atomic uint64_t *)room,
                            (_Atomic uint64_t *)(room + INDEX_1_AT),
                            (_Atomic uint64_t *)(room + INDEX_2_AT)},
                  .words = {TOPK_WORDS_0, TOPK_WORDS_1, TOPK_WORDS_2},
                  .first = (struct name_cell *)(room + TOPK_WORDS_0 * sizeof(uint64_t)),
                  .rest = (struct name_cell *)(room + REST_AT),
                  .first_cells = TOPK_FIRST_CELLS,
                  .limit = TOPK_CELLS}};
}

void site_tops_attach(struct site *s)
{
    struct tops_head *head = (struct tops_head *)tops_at(s, 0);

    for (unsigned i = 0; i < TOPS_DAYS; i++)
        s->tops.day[i] = day_table(s, head, i);
    s->tops.pages = (struct pages_table){
        .head = &head->pages,
        .names = {.head = &head->pages.names,
                  .key = &head->pages.key,
                  .index = {head->page_index,
                            (_Atomic uint64_t *)tops_at(s, PAGES_INDEX_1_AT),
                            (_Atomic uint64_t *)tops_at(s, PAGES_INDEX_2_AT)},
                  .words = {PAGES_WORDS_0, PAGES_WORDS_1, PAGES_WORDS_2},
                  .first = head->page_cell,
                  .rest = (struct name_cell *)tops_at(s, PAGES_AT),
                  .first_cells = PAGES_FIRST_CELLS,
                  .limit = PAGES_CELLS}};
    s->tops.kept_slot = INT64_MIN;
}

static bool is_ready(const struct site *s)
{
    return atomic_load_explicit(&s->tops.ready, memory_order_acquire);
}

static int64_t day_of(const struct topk_table *t)
{
    /* seq_cst: a turn reads it, and a grace waits for that. */
    return atomic_load_explicit(&t->head->day, memory_order_seq_cst);
}

static bool is_there(const struct topk_table *t)
{
    return atomic_load_explicit(&t->head->names.ready, memory_order_acquire) > 0;
}

static unsigned index_of(int64_t day)
{
    return (unsigned)((uint64_t)day % TOPS_DAYS);
}

/* --- Start --- */

static void punch(struct site *s, struct arena *a, unsigned i)
{
    topk_clear(&s->tops.day[i]);
    arena_punch(a, room_of(s, i), DAY_BYTES / PAGE * PAGE);
}

static int adopt(struct site *s, struct arena *a, int64_t now_slot)
{
    int64_t today = zone_day(site_terms_of(s)->zone, now_slot * SLOT_S);
    int rv = 0, failed = 0;

    for (unsigned i = 0; i < TOPS_DAYS; i++) {
        const struct topk_table *t = &s->tops.day[i];

        /* Today's place is needed at once, and nobody is in it yet. */
        if (day_of(t) == DAY_RETIRED ||
            (day_of(t) > 0 && i == index_of(today) && day_of(t) != today + 1))
            punch(s, a, i);
        else if (is_there(t))
            rv = topk_adopt(t);
        failed = failed != 0 ? failed : rv;
    }
    if (atomic_load_explicit(&s->tops.pages.head->life, memory_order_relaxed) != 0)
        rv = names_adopt(&s->tops.pages.names);
    return failed != 0 ? failed : rv;
}

int site_tops_make(struct site *s, struct arena *a, bool fresh, int64_t now_slot)
{
    struct tops_head *head = (struct tops_head *)tops_at(s, 0);
    int rv = arena_back(a, head, PAGE);

    if (rv != 0)
        return rv;
    if (fresh)
        memset((void *)head, 0, PAGE);
    else
        rv = adopt(s, a, now_slot);
    if (atomic_load_explicit(&head->pages.life, memory_order_relaxed) == 0)
        pages_init(&s->tops.pages);
    atomic_store_explicit(&s->tops.ready, rv == 0, memory_order_release);
    return rv;
}

/* --- Keeper --- */

/* A table that is nobody's yet becomes as large as the day before it is. */
static int make_room(struct site *s, struct arena *a, int64_t d)
{
    const struct topk_table *before = &s->tops.day[index_of(d - 1)];

    return is_there(before) && day_of(before) == d
               ? topk_make_room(&s->tops.day[index_of(d)], a, before)
               : 0;
}

static int make_ready(struct site *s, struct arena *a, int64_t d)
{
    const struct topk_table *t = &s->tops.day[index_of(d)];
    char *room = room_of(s, index_of(d));
    int rv = arena_back(a, room, PAGE);

    if (rv != 0)
        return rv;
    topk_clear(t);
    memset(room, 0, PAGE); /* who was here before us may have been killed in between */
    topk_init(t);
    return make_room(s, a, d);
}

static void retire(struct site *s, unsigned i, int64_t tag, const struct graces *g)
{
    if (atomic_compare_exchange_strong_explicit(&s->tops.day[i].head->day, &tag,
                                                DAY_RETIRED, memory_order_seq_cst,
                                                memory_order_seq_cst))
        s->tops.ticket[i] = graces_ticket(g);
}

/* The table that day `d` has, or would have. */
static int keep_day(struct site *s, struct arena *a, const struct graces *g, int64_t d,
                    bool soon, bool over)
{
    unsigned i = index_of(d);
    const struct topk_table *t = &s->tops.day[i];
    int64_t tag = day_of(t);

    if (tag == DAY_RETIRED) {
        if (s->tops.ticket[i] == 0) /* who retired it before us was killed */
            s->tops.ticket[i] = graces_ticket(g);
        if (!graces_is_over(g, s->tops.ticket[i]) ||
            atomic_load_explicit(&s->tops.readers[i], memory_order_seq_cst) > 0)
            return 0;
        s->tops.ticket[i] = 0;
        punch(s, a, i);
    }
    /* What was there three days before stays until its place is needed: the saver may be
     * waiting for its disk. */
    if (is_there(t) && (tag == 0 ? over : tag != d + 1 && soon))
        retire(s, i, tag, g);
    else if (!is_there(t) && soon)
        return make_ready(s, a, d);
    return tag == 0 && is_there(t) && soon ? make_room(s, a, d) : 0;
}

static bool is_waiting(const struct site *s)
{
    for (unsigned i = 0; i < TOPS_DAYS; i++)
        if (s->tops.ticket[i] != 0)
            return true;
    return false;
}

/* Once a slot, and while something waits. */
static int keep_days(struct site *s, struct arena *a, const struct graces *g,
                     int64_t now_slot)
{
    const struct site_terms *terms = site_terms_of(s);
    struct period today;
    int rv;

    if (s->tops.kept_slot == now_slot && s->tops.kept_terms == terms->version &&
        !is_waiting(s))
        return 0;
    today = period_at(&terms->calendar, PERIOD_DAY, now_slot);
    rv = keep_day(s, a, g, today.number, true, false);
    if (rv == 0)
        rv = keep_day(s, a, g, today.number - 1, false, true);
    if (rv == 0)
        rv = keep_day(s, a, g, today.number + 1,
                      today.until_slot - now_slot <= EARLY_SLOTS, false);
    if (rv == 0) {
        s->tops.kept_slot = now_slot;
        s->tops.kept_terms = terms->version;
    }
    return rv;
}

int site_tops_keep(struct site *s, struct arena *a, const struct graces *g,
                   int64_t now_slot)
{
    int rv = 0, failed;

    if (!is_ready(s)) {
        rv = site_tops_make(s, a, false, now_slot);
        if (rv != 0)
            return rv;
    }
    failed = keep_days(s, a, g, now_slot);
    for (unsigned i = 0; i < TOPS_DAYS; i++) {
        const struct topk_table *t = &s->tops.day[i];

        if (day_of(t) <= 0)
            continue;
        rv = topk_keep(t, a, &s->tops.ticket[i], g->begun, g->over);
        failed = failed != 0 ? failed : rv;
    }
    rv = pages_keep(&s->tops.pages, a);
    return failed != 0 ? failed : rv;
}

bool site_tops_wants(const struct site *s)
{
    if (!is_ready(s))
        return false;
    for (unsigned i = 0; i < TOPS_DAYS; i++)
        if (day_of(&s->tops.day[i]) > 0 && topk_wants(&s->tops.day[i]))
            return true;
    return names_wants(&s->tops.pages.names);
}

/* --- Worker --- */

const struct topk_table *site_tops_of(const struct site *s, int64_t day)
{
    const struct topk_table *t = &s->tops.day[index_of(day)];
    int64_t tag;

    if (!is_ready(s))
        return NULL;
    tag = day_of(t);
    if (tag == 0 && is_there(t) &&
        atomic_compare_exchange_strong_explicit(
            &t->head->day, &tag, day + 1, memory_order_seq_cst, memory_order_seq_cst))
        tag = day + 1;
    return tag == day + 1 ? t : NULL;
}

/* --- Any thread --- */

const struct topk_table *site_tops_hold(const struct site *s, int64_t day)
{
    struct site_tops *tops = (struct site_tops *)(uintptr_t)&s->tops;
    unsigned i = index_of(day);

    if (!is_ready(s))
        return NULL;
    /* seq_cst: the keeper retires, then looks for readers; we say so, then look whether it
     * is retired. */
    atomic_fetch_add_explicit(&tops->readers[i], 1, memory_order_seq_cst);
    if (is_there(&tops->day[i]) && day_of(&tops->day[i]) == day + 1)
        return &tops->day[i];
    site_tops_let_go(s, day);
    return NULL;
}

void site_tops_let_go(const struct site *s, int64_t day)
{
    struct site_tops *tops = (struct site_tops *)(uintptr_t)&s->tops;

    atomic_fetch_sub_explicit(&tops->readers[index_of(day)], 1, memory_order_release);
}

unsigned site_tops_days(const struct site *s, int64_t ret_day[TOPS_DAYS])
{
    unsigned n = 0;

    for (unsigned i = 0; i < TOPS_DAYS && is_ready(s); i++) {
        int64_t tag = day_of(&s->tops.day[i]);

        if (tag > 0 && is_there(&s->tops.day[i]))
            ret_day[n++] = tag - 1;
    }
    return n;
}

const struct pages_table *site_pages(const struct site *s)
{
    return is_ready(s) ? &s->tops.pages : NULL;
}
