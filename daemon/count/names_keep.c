/* The keeper's part of a table of names: room ahead of need, and rows that go. */
#include "count/names_inner.h"

static uint32_t cells_wanted(const struct names_table *t)
{
    uint32_t ready = relaxed(&t->head->ready), fresh = relaxed(&t->head->fresh);
    /* All taken: they came faster than we look. */
    uint32_t more = ready * (fresh >= ready ? 16 : ready < 4096 ? 4 : 2);

    if (ready == t->limit || 2 * fresh < ready)
        return ready;
    return more < t->limit ? more : t->limit;
}

static bool wants_part(const struct names_table *t)
{
    uint32_t part = relaxed(&t->head->part);

    return part + 1 < NAMES_PARTS && relaxed(&t->head->parts_ready) == part + 1 &&
           4 * (uint64_t)relaxed(&t->head->rows) >= t->words[part];
}

bool names_wants(const struct names_table *t)
{
    return wants_part(t) || cells_wanted(t) > relaxed(&t->head->ready);
}

static int back_cells(const struct names_table *t, struct arena *a, uint32_t cells)
{
    uint32_t ready = relaxed(&t->head->ready);
    int rv = arena_back(a, names_cell(t, ready),
                        (size_t)(cells - ready) * sizeof(struct name_cell));

    if (rv == 0)
        atomic_store_explicit(&t->head->ready, cells, memory_order_release);
    return rv;
}

static int back_part(const struct names_table *t, struct arena *a)
{
    uint32_t part = relaxed(&t->head->parts_ready);
    int rv = arena_back(a, t->index[part], t->words[part] * sizeof(uint64_t));

    if (rv == 0)
        atomic_store_explicit(&t->head->parts_ready, part + 1, memory_order_release);
    return rv;
}

int names_grow(const struct names_table *t, struct arena *a)
{
    int rv = 0;

    while (rv == 0 && cells_wanted(t) > relaxed(&t->head->ready))
        rv = back_cells(t, a, cells_wanted(t));
    return rv == 0 && wants_part(t) ? back_part(t, a) : rv;
}

int names_make_room(const struct names_table *t, struct arena *a, uint32_t cells,
                    uint32_t parts)
{
    int rv = 0;

    cells = cells < t->limit ? cells : t->limit;
    if (cells > relaxed(&t->head->ready))
        rv = back_cells(t, a, cells);
    while (rv == 0 && relaxed(&t->head->parts_ready) < parts && parts <= NAMES_PARTS)
        rv = back_part(t, a);
    return rv;
}

/* A tomb before an empty word ends no path: it may be empty too. Only in the last part: in
 * the others it would open what is sealed. */
static void trim(const struct names_table *t, unsigned part, uint32_t i)
{
    _Atomic uint64_t *index = t->index[part];
    uint32_t size = t->words[part];

    if (part != NAMES_PARTS - 1)
        return;
    while (atomic_load_explicit(&index[(i + 1) % size], memory_order_relaxed) == 0 &&
           atomic_load_explicit(&index[i], memory_order_relaxed) == TOMB) {
        atomic_store_explicit(&index[i], 0, memory_order_release);
        i = (i + size - 1) % size;
    }
}

void names_bury(const struct names_table *t, struct name_cell *cell)
{
    uint64_t hash = atomic_load_explicit(&cell->hash, memory_order_relaxed);
    uint32_t number = names_number(t, cell), meta = relaxed(&cell->meta);
    unsigned newest = relaxed(&t->head->part);

    for (unsigned part = 0; part <= newest; part++) {
        struct names_path path = names_path(t, part, hash);

        for (uint32_t step = 0; step < path.length; step++) {
            _Atomic uint64_t *at = names_word(&path, step);
            uint64_t word = atomic_load_explicit(at, memory_order_relaxed);

            if ((word & CELL_MASK) != number + 1)
                continue;
            atomic_store_explicit(at, TOMB, memory_order_release);
            trim(t, part, (uint32_t)(at - t->index[part]));
            atomic_fetch_sub_explicit(&t->head->rows, 1, memory_order_relaxed);
            atomic_store_explicit(&cell->meta, NAME_FREE, memory_order_release);
            names_give_row(t, number, names_further(name_length(meta)));
            return;
        }
    }
}
