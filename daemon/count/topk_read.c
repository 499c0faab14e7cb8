/* Reading a table while it is counted in: the first rows of each dimension, by a heap of
 * the size that is asked for. A purge that turns meanwhile means to look again; the loads
 * are acquire, so that the second look at `phase` comes after them. */
#include <stdlib.h>

#include "count/topk_inner.h"

enum { READ_TRIES = 4 };

struct reading {
    const struct topk_table *t;
    struct topk_list *list;
    bool buried; /* dying rows are in `lost` already */
};

/* Fewer views first; of equal ones whose hash is greater: any order, the same each time. */
static bool is_less(const struct topk_row *a, const struct topk_row *b)
{
    return a->views != b->views ? a->views < b->views : a->hash > b->hash;
}

static void swap(struct topk_row *a, struct topk_row *b)
{
    struct topk_row held = *a;

    *a = *b;
    *b = held;
}

static void sink(struct topk_row *row, unsigned count, unsigned at)
{
    for (;;) {
        unsigned least = at, child = 2 * at + 1;

        if (child < count && is_less(&row[child], &row[least]))
            least = child;
        if (child + 1 < count && is_less(&row[child + 1], &row[least]))
            least = child + 1;
        if (least == at)
            return;
        swap(&row[at], &row[least]);
        at = least;
    }
}

static void keep_if_among_the_first(struct topk_list *list, const struct topk_row *row)
{
    if (list->count == list->limit) {
        if (is_less(&list->row[0], row)) {
            list->row[0] = *row;
            sink(list->row, list->count, 0);
        }
        return;
    }
    list->row[list->count++] = *row;
    for (unsigned at = list->count - 1; at > 0; at = (at - 1) / 2) {
        if (!is_less(&list->row[at], &list->row[(at - 1) / 2]))
            return;
        swap(&list->row[at], &list->row[(at - 1) / 2]);
    }
}

static void read_row(void *context, struct name_cell *cell)
{
    struct reading *r = context;
    uint32_t meta = atomic_load_explicit(&cell->meta, memory_order_acquire);
    uint64_t extra = atomic_load_explicit(&cell->extra, memory_order_acquire);
    struct topk_row row = {
        .cell = cell,
        .hash = atomic_load_explicit(&cell->hash, memory_order_acquire),
        .views = atomic_load_explicit(&cell->views, memory_order_acquire),
        .visitors = topk_visitors(extra),
        .lacks = topk_lacks(extra),
    };
    struct topk_list *list;

    if (name_state(meta) == NAME_FREE || name_kind(meta) >= DIMENSIONS)
        return;
    list = &r->list[name_kind(meta)];
    if (name_state(meta) == NAME_DYING) {
        list->total += r->buried ? 0 : row.views;
        return;
    }
    list->total += row.views;
    list->rows++;
    if (list->limit == 0)
        return;
    if (row.lacks > list->error)
        list->error = row.lacks;
    keep_if_among_the_first(list, &row);
}

static void read_other(const struct topk_table *t, enum dimension d, unsigned copy,
                       struct topk_list *list)
{
    const struct topk_dimension *of = &t->head->of[d];
    uint64_t door = atomic_load_explicit(&of->door, memory_order_acquire);
    uint64_t worst = atomic_load_explicit(&of->worst, memory_order_acquire);
    uint64_t blind = atomic_load_explicit(&of->blind, memory_order_acquire);
    uint64_t unlisted = door > worst ? door : worst;

    if (blind > unlisted)
        unlisted = blind;
    list->total += atomic_load_explicit(&of->passed, memory_order_acquire) +
                   atomic_load_explicit(&of->lost[copy], memory_order_acquire);
    if (unlisted > list->error)
        list->error = unlisted;
}

static int most_first(const void *a, const void *b)
{
    return is_less(a, b) ? 1 : is_less(b, a) ? -1 : 0;
}

void topk_read(const struct topk_table *t, struct topk_list list[DIMENSIONS])
{
    uint64_t phase, after = atomic_load_explicit(&t->head->phase, memory_order_acquire);

    for (unsigned tries = 0; tries < READ_TRIES; tries++) {
        phase = after;
        for (int d = 0; d < DIMENSIONS; d++) {
            list[d].count = list[d].rows = 0;
            list[d].total = list[d].error = 0;
        }
        for (int d = 0; d < DIMENSIONS; d++)
            read_other(t, (enum dimension)d, topk_copy(phase), &list[d]);
        names_each(&t->names, read_row,
                   &(struct reading){t, list, topk_step(phase) == TOPK_BURIED});
        after = atomic_load_explicit(&t->head->phase, memory_order_acquire);
        if (after == phase)
            break;
    }
    for (int d = 0; d < DIMENSIONS; d++)
        if (list[d].count > 1)
            qsort(list[d].row, list[d].count, sizeof *list[d].row, most_first);
}

bool topk_key(const struct topk_table *t, const struct topk_row *row,
              char ret_text[NAME_MAX_BYTES], size_t *ret_length)
{
    *ret_length = names_text(&t->names, row->cell, ret_text);
    return atomic_load_explicit(&row->cell->hash, memory_order_relaxed) == row->hash &&
           name_state(atomic_load_explicit(&row->cell->meta, memory_order_acquire)) ==
               NAME_LIVE;
}
