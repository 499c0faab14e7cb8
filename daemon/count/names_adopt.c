/* A table of names after kill -9: rows are whole, because each was published by one CAS;
 * what may be lost are cells that a worker had taken. So the free list is made anew from
 * what no row has. Before any worker. */
#include <stdlib.h>

#include "base/error.h"
#include "count/names_inner.h"

struct adoption {
    const struct names_table *t;
    uint8_t *taken; /* of each cell */
    uint32_t rows, fresh;
};

static void take(void *context, struct name_cell *cell)
{
    struct adoption *a = context;
    size_t length = name_length(atomic_load_explicit(&cell->meta, memory_order_relaxed));
    uint32_t next = atomic_load_explicit(&cell->next, memory_order_relaxed);

    if (names_number(a->t, cell) >= a->fresh)
        return; /* not one of ours: the word was damaged */
    a->taken[names_number(a->t, cell)] = 1;
    a->rows++;
    for (unsigned n = names_further(length); n > 0 && next != 0 && next <= a->fresh;
         n--) {
        a->taken[next - 1] = 1;
        next =
            atomic_load_explicit(&names_cell(a->t, next - 1)->next, memory_order_relaxed);
    }
}

/* The words that say where to look lead nowhere else, whatever a file that was damaged says
 * there: too many cells and parts are looked through rather than too few, which loses no
 * row. */
static void bound_head(const struct names_table *t)
{
    uint32_t part = relaxed(&t->head->part), parts = relaxed(&t->head->parts_ready);
    uint32_t ready = relaxed(&t->head->ready), fresh = relaxed(&t->head->fresh);

    if (part >= NAMES_PARTS)
        part = parts - 1 < NAMES_PARTS ? parts - 1 : NAMES_PARTS - 1;
    if (parts > NAMES_PARTS || parts <= part)
        parts = part + 1;
    if (ready > t->limit || ready < fresh)
        ready = fresh < t->limit ? fresh : t->limit;
    if (fresh > ready)
        fresh = ready;
    atomic_store_explicit(&t->head->part, part, memory_order_relaxed);
    atomic_store_explicit(&t->head->parts_ready, parts, memory_order_relaxed);
    atomic_store_explicit(&t->head->ready, ready, memory_order_relaxed);
    atomic_store_explicit(&t->head->fresh, fresh, memory_order_relaxed);
}

int names_adopt(const struct names_table *t)
{
    struct adoption a = {.t = t};
    uint32_t free_cell = 0, fresh;

    bound_head(t);
    a.fresh = fresh = relaxed(&t->head->fresh);
    a.taken = calloc(fresh + 1, 1);
    if (a.taken == NULL)
        return ERR_NOMEM;
    names_each(t, take, &a);
    for (uint32_t i = fresh; i-- > 0;) {
        if (a.taken[i])
            continue;
        atomic_store_explicit(&names_cell(t, i)->meta, NAME_FREE, memory_order_relaxed);
        atomic_store_explicit(&names_cell(t, i)->next, free_cell, memory_order_relaxed);
        free_cell = i + 1;
    }
    atomic_store_explicit(&t->head->free, free_cell, memory_order_relaxed);
    atomic_store_explicit(&t->head->rows, a.rows, memory_order_relaxed);
    free(a.taken);
    return 0;
}
