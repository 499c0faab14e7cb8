#include "count/pages.h"

#include "base/error.h"
#include "count/name_lane.h"
#include "count/names_inner.h"

enum { DAY_SHIFT = 40 };

static uint64_t day_word(uint32_t day, uint64_t views)
{
    return (uint64_t)day << DAY_SHIFT | views;
}

void pages_add_to_day(struct name_cell *cell, uint32_t views, uint32_t day)
{
    uint64_t seen = atomic_load_explicit(&cell->extra, memory_order_relaxed), next;

    do {
        uint64_t held = seen >> DAY_SHIFT;

        if (held > day)
            return; /* a late view: its day has gone, the total has it */
        next = held == day ? seen + views : day_word(day, views);
    } while (!atomic_compare_exchange_weak_explicit(
        &cell->extra, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

/* Has the table room for another name, by the setting? */
static bool has_room(const struct pages_table *t, uint32_t limit)
{
    return atomic_load_explicit(&t->head->names.rows, memory_order_relaxed) < limit;
}

/* A new day for a page that the lane knows: this view is added at once. */
static void add_on_new_day(struct name_lane *lane, struct name_note *note, uint32_t day)
{
    name_pay(note->cell, 1, 0, day + 1);
    if (note->views > 0)
        return;
    note->day = day + 1;
    name_lane_turn(lane, note); /* who remembers it remembers the other day */
}

static struct name_note *look_up(const struct pages_table *t, struct name_lane *lane,
                                 struct slice page, uint32_t limit, uint32_t day,
                                 uint64_t fast)
{
    uint64_t hash = names_hash(&t->names, 0, page);
    struct name_cell *cell = names_find(&t->names, hash);
    struct name_note *note;
    bool made = false;

    if (cell == NULL && has_room(t, limit))
        cell = names_add(&t->names, hash, 0, page, 1, day_word(day + 1, 1), 0, &made);
    if (cell == NULL) {
        atomic_fetch_add_explicit(&t->head->overflow, 1, memory_order_relaxed);
        return NULL;
    }
    note = lane == NULL ? NULL : name_lane_note(lane, fast, hash, cell, day + 1);
    if (!made && note != NULL)
        name_lane_add(lane, note, false);
    else if (!made)
        name_pay(cell, 1, 0, day + 1);
    return note;
}

struct name_note *pages_add(const struct pages_table *t, struct name_lane *lane,
                            struct slice page, uint32_t limit, uint32_t day)
{
    uint64_t life = atomic_load_explicit(&t->head->life, memory_order_acquire), fast = 0;
    struct name_note *note;

    if (life == 0 || page.length == 0 || page.length > NAME_MAX_BYTES)
        return NULL;
    if (lane == NULL)
        return look_up(t, lane, page, limit, day, fast);
    fast = name_lane_hash(life, 0, hash_text(&lane->secret, page, 0));
    note = name_lane_find(lane, fast);
    if (note == NULL)
        return look_up(t, lane, page, limit, day, fast);
    if (note->day == day + 1)
        name_lane_add(lane, note, false);
    else
        add_on_new_day(lane, note, day);
    return note->day == day + 1 ? note : NULL;
}

void pages_init(const struct pages_table *t)
{
    hash_key_random(&t->head->key);
    atomic_store_explicit(&t->head->names.parts_ready, 1, memory_order_relaxed);
    atomic_store_explicit(&t->head->names.ready, PAGES_FIRST_CELLS, memory_order_relaxed);
    /* Release: who finds it alive finds the key. */
    atomic_store_explicit(&t->head->life, hash_random64() | 1, memory_order_release);
}

int pages_keep(const struct pages_table *t, struct arena *a)
{
    return names_grow(&t->names, a);
}

static struct name_cell *find(const struct pages_table *t, struct slice page,
                              uint64_t *ret_hash)
{
    if (atomic_load_explicit(&t->head->life, memory_order_acquire) == 0 ||
        page.length == 0 || page.length > NAME_MAX_BYTES)
        return NULL;
    *ret_hash = names_hash(&t->names, 0, page);
    return names_find(&t->names, *ret_hash);
}

int pages_set_base(const struct pages_table *t, struct slice page, uint32_t limit,
                   uint64_t base)
{
    uint64_t hash = 0;
    struct name_cell *cell = find(t, page, &hash);
    bool made;

    if (page.length == 0) {
        atomic_store_explicit(&t->head->overflow_base, base, memory_order_relaxed);
        return 0;
    }
    if (cell == NULL && hash != 0 && !has_room(t, limit))
        return ERR_RANGE;
    if (cell == NULL && hash != 0)
        cell = names_add(&t->names, hash, 0, page, 0, 0, base, &made);
    if (cell == NULL)
        return ERR_FULL;
    atomic_store_explicit(&cell->base, base, memory_order_relaxed);
    return 0;
}

bool pages_get(const struct pages_table *t, struct slice page, int64_t today,
               struct page_numbers *ret_numbers)
{
    uint64_t hash, day;
    const struct name_cell *cell = find(t, page, &hash);

    if (cell == NULL)
        return false;
    day = atomic_load_explicit(&cell->extra, memory_order_relaxed);
    ret_numbers->own = atomic_load_explicit(&cell->views, memory_order_relaxed);
    ret_numbers->views =
        ret_numbers->own + atomic_load_explicit(&cell->base, memory_order_relaxed);
    ret_numbers->today = day >> DAY_SHIFT == (uint64_t)today + 1
                             ? day & ((UINT64_C(1) << DAY_SHIFT) - 1)
                             : 0;
    return true;
}

uint32_t pages_count(const struct pages_table *t)
{
    return atomic_load_explicit(&t->head->names.rows, memory_order_relaxed);
}

uint64_t pages_overflow(const struct pages_table *t)
{
    return atomic_load_explicit(&t->head->overflow, memory_order_relaxed);
}

uint64_t pages_overflow_all(const struct pages_table *t)
{
    return pages_overflow(t) +
           atomic_load_explicit(&t->head->overflow_base, memory_order_relaxed);
}

uint32_t pages_cells(const struct pages_table *t)
{
    return atomic_load_explicit(&t->head->names.fresh, memory_order_relaxed);
}

uint32_t pages_cell_number(const struct pages_table *t, const struct name_cell *cell)
{
    return names_number(&t->names, cell);
}
