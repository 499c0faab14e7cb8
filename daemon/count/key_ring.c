#include "count/key_ring.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"

enum {
    ROWS = 128, /* zones x (day, month) x (this one, the next): 32 zones at least */
    FAR_SLOTS =
        230400 /* 32 days: no next period begins later                           */
};
enum row_state { ROW_EMPTY, ROW_READY };

struct key_row {
    _Atomic uint32_t state; /* enum row_state: whose it is */
    _Atomic uint32_t kind;
    _Atomic int64_t from_slot, until_slot;
    struct hash_key key; /* its owner's alone */
};

struct key_ring {
    _Atomic uint32_t
        ready; /* rows; 0 on a node that shares nothing, which then looks at none */
    struct key_row row[ROWS];
};

struct key_ring *key_ring_new(void)
{
    return calloc(1, sizeof(struct key_ring));
}

void key_ring_free(struct key_ring *r)
{
    for (unsigned i = 0; r != NULL && i < ROWS; i++)
        hash_key_erase(&r->row[i].key);
    free(r);
}

static bool is_ready(const struct key_row *row)
{
    /* acquire: what its maker wrote before it was ready. */
    return atomic_load_explicit(&row->state, memory_order_acquire) == ROW_READY;
}

/* NULL: none. */
static const struct key_row *row_of(const struct key_ring *r, enum period_kind kind,
                                    int64_t from_slot)
{
    if (atomic_load_explicit(&r->ready, memory_order_relaxed) == 0)
        return NULL;
    for (unsigned i = 0; i < ROWS; i++) {
        const struct key_row *row = &r->row[i];

        if (is_ready(row) &&
            atomic_load_explicit(&row->kind, memory_order_relaxed) == (uint32_t)kind &&
            atomic_load_explicit(&row->from_slot, memory_order_relaxed) == from_slot)
            return row;
    }
    return NULL;
}

bool key_ring_has(const struct key_ring *r, enum period_kind kind, int64_t from_slot)
{
    return row_of(r, kind, from_slot) != NULL;
}

bool key_ring_find(const struct key_ring *r, enum period_kind kind, int64_t from_slot,
                   struct hash_key *ret_key)
{
    const struct key_row *row = row_of(r, kind, from_slot);

    if (row == NULL)
        return false;
    *ret_key = row->key;
    return true;
}

int key_ring_put(struct key_ring *r, enum period_kind kind, int64_t from_slot,
                 int64_t until_slot, const struct hash_key *key)
{
    for (unsigned i = 0; i < ROWS; i++) {
        struct key_row *row = &r->row[i];

        if (is_ready(row)) /* acquire: the keeper has erased it before it was EMPTY */
            continue;
        row->key = *key;
        atomic_store_explicit(&row->kind, (uint32_t)kind, memory_order_relaxed);
        atomic_store_explicit(&row->from_slot, from_slot, memory_order_relaxed);
        atomic_store_explicit(&row->until_slot, until_slot, memory_order_relaxed);
        /* First: who sweeps a row has seen it READY, so the count is never below the rows
         * there are, and nobody is told that there is none. */
        atomic_fetch_add_explicit(&r->ready, 1, memory_order_relaxed);
        atomic_store_explicit(&row->state, ROW_READY, memory_order_release);
        return 0;
    }
    return ERR_FULL;
}

void key_ring_sweep(struct key_ring *r, int64_t now_slot)
{
    for (unsigned i = 0; i < ROWS; i++) {
        struct key_row *row = &r->row[i];

        if (!is_ready(row) ||
            (now_slot < atomic_load_explicit(&row->until_slot, memory_order_relaxed) &&
             atomic_load_explicit(&row->from_slot, memory_order_relaxed) <
                 now_slot + FAR_SLOTS))
            continue;
        hash_key_erase(&row->key);
        atomic_fetch_sub_explicit(&r->ready, 1, memory_order_relaxed);
        atomic_store_explicit(&row->state, ROW_EMPTY, memory_order_release);
    }
}
