/* Counting a key. The happy path touches no shared line that another worker writes: the
 * worker's lane knows the row (count/name_lane), it is looked at, and one is added to the
 * note. A key that has no row goes through the yard: topk.h. */
#include "count/topk.h"

#include "count/topk_inner.h"

uint32_t topk_capacity(enum dimension d)
{
    return d == DIM_PAGES                            ? 2048
           : d == DIM_REFERRERS || d == DIM_BROWSERS ? 1024 /* with their versions */
           : d == DIM_ENTRY_PAGES                    ? 512
                                                     : 256;
}

uint64_t topk_era(const struct topk_table *t)
{
    /* seq_cst, as all that a turn reads and a grace waits for (count/turn). */
    uint64_t phase = atomic_load_explicit(&t->head->phase, memory_order_seq_cst);
    uint64_t era = topk_life(t) ^ phase * UINT64_C(0x9E3779B97F4A7C15);

    return topk_step(phase) == TOPK_OPEN ? era : 0;
}

/* --- A row --- */

/* seq_cst, as all that a turn reads and a grace waits for (count/turn). */
static bool is_live(const struct name_cell *cell)
{
    return name_state(atomic_load_explicit(&cell->meta, memory_order_seq_cst)) ==
           NAME_LIVE;
}

/* --- A key without a row ---
 *
 * Who is first: one worker makes a key's row while another, which looked a moment before,
 * counts a view of it without one. The first publishes the row and then reads the
 * counters; the second counts and then looks for a row. All four are seq_cst, so one of
 * them sees the other, and the row lacks that view by its own word. */

static uint32_t without_row(const struct topk_table *t, enum dimension d, uint64_t hash)
{
    uint32_t most = atomic_load_explicit(&t->head->of[d].blind, memory_order_seq_cst);

    return topk_has_yard(t, d)
               ? topk_capped(most, atomic_load_explicit(topk_counter(t, d, hash),
                                                        memory_order_seq_cst))
               : most;
}

static void lack(struct name_cell *cell, uint32_t n)
{
    atomic_fetch_add_explicit(&cell->extra, topk_extra(n, 0), memory_order_relaxed);
}

/* The view becomes a row's first one; false: there is no room. */
static bool enter(const struct topk_table *t, enum dimension d, uint64_t hash,
                  struct slice key, bool visitor, uint32_t lacks)
{
    uint32_t now;
    bool made;
    struct name_cell *cell =
        names_add(&t->names, hash, d, key, 1, topk_extra(lacks, visitor), 0, &made);

    if (cell == NULL || (!made && !is_live(cell)))
        return false;
    if (!made) { /* another worker brought it */
        name_pay(cell, 1, visitor, 0);
        return true;
    }
    atomic_fetch_add_explicit(&t->head->of[d].rows, 1, memory_order_relaxed);
    now = without_row(t, d, hash);
    if (now > lacks)
        lack(cell, now - lacks);
    return true;
}

static void pass(const struct topk_table *t, enum dimension d, uint64_t hash,
                 bool by_yard)
{
    struct topk_dimension *of = &t->head->of[d];
    uint32_t most = topk_count(by_yard ? topk_counter(t, d, hash) : &of->blind, 1);
    struct name_cell *cell;

    atomic_fetch_add_explicit(&of->passed, 1, memory_order_relaxed);
    most = topk_capped(most, 1);
    if (by_yard)
        most = topk_capped(most, atomic_load_explicit(&of->blind, memory_order_relaxed));
    if (by_yard && most > atomic_load_explicit(&of->door, memory_order_relaxed))
        topk_raise(&of->worst, most);
    cell = names_find(&t->names, hash);
    if (cell != NULL && is_live(cell))
        lack(cell, 1);
}

/* A yard, or a purge, and not a tick later. */
static bool needs_keeper(const struct topk_table *t, enum dimension d, uint32_t rows)
{
    return (rows >= topk_capacity(d) ||
            (2 * rows >= topk_capacity(d) && !topk_has_yard(t, d))) &&
           atomic_load_explicit(&t->head->wants, memory_order_relaxed) == 0;
}

static void count_unlisted(const struct topk_table *t, enum dimension d, uint64_t hash,
                           struct slice key, bool visitor)
{
    struct topk_dimension *of = &t->head->of[d];
    bool open = topk_step(atomic_load_explicit(&t->head->phase, memory_order_seq_cst)) ==
                TOPK_OPEN;
    uint32_t rows = atomic_load_explicit(&of->rows, memory_order_relaxed);
    uint32_t door = atomic_load_explicit(&of->door, memory_order_relaxed), most;
    bool by_yard = topk_has_yard(t, d) && (door > 0 || topk_is_filling(d, rows));

    most = without_row(t, d, hash);
    if (open && needs_keeper(t, d, rows))
        atomic_store_explicit(&t->head->wants, 1, memory_order_relaxed);
    if (!open || most < door || rows >= topk_capacity(d) ||
        !enter(t, d, hash, key, visitor, most))
        pass(t, d, hash, by_yard);
}

/* --- A key --- */

/* Not known by heart. */
static struct name_note *look_up(const struct topk_table *t, struct name_lane *lane,
                                 enum dimension d, struct slice key, bool visitor,
                                 uint64_t fast)
{
    uint64_t hash = names_hash(&t->names, d, key);
    struct name_cell *cell = names_find(&t->names, hash);
    struct name_note *note;

    if (cell == NULL || !is_live(cell)) {
        count_unlisted(t, d, hash, key, visitor);
        return NULL;
    }
    note = lane == NULL ? NULL : name_lane_note(lane, fast, hash, cell, 0);
    if (note == NULL)
        name_pay(cell, 1, visitor, 0);
    else
        name_lane_add(lane, note, visitor);
    return note;
}

struct name_note *topk_add(const struct topk_table *t, struct name_lane *lane,
                           enum dimension d, struct slice key, bool visitor)
{
    uint64_t hash = 0;
    struct name_note *note = NULL;

    if (key.length == 0)
        return NULL;
    if (key.length > NAME_MAX_BYTES)
        key.length = NAME_MAX_BYTES;
    if (lane != NULL) {
        hash = hash_text(&lane->secret, key, 0);
        note = topk_add_known(t, lane, d, hash, visitor);
    }
    return note != NULL
               ? note
               : look_up(t, lane, d, key, visitor, name_lane_hash(topk_life(t), d, hash));
}
