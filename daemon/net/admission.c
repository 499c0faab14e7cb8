#include "net/admission.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

struct guests {
    struct address unit;
    uint32_t count; /* 0: the row is empty */
};

static size_t row_of(const struct admission *a, const struct address *unit)
{
    return hash_keyed(&a->key, unit->bytes, sizeof unit->bytes) & a->mask;
}

/* The row of this address, or the empty row where it belongs. There is one: see
 * admission_init. */
static size_t find(const struct admission *a, const struct address *unit)
{
    size_t at = row_of(a, unit);
    while (a->table[at].count != 0 && !address_equal(&a->table[at].unit, unit))
        at = (at + 1) & a->mask;
    return at;
}

/* Empties a row and moves later ones of its run back, so that find() never meets a hole
 * too early. */
static void empty_row(struct admission *a, size_t hole)
{
    size_t at = hole;
    for (;;) {
        at = (at + 1) & a->mask;
        if (a->table[at].count == 0)
            break;
        size_t home = row_of(a, &a->table[at].unit);
        if (((at - home) & a->mask) >= ((at - hole) & a->mask)) {
            a->table[hole] = a->table[at];
            hole = at;
        }
    }
    a->table[hole] = (struct guests){.count = 0};
}

int admission_init(struct admission *a, unsigned connections, unsigned per_address)
{
    size_t rows = 2;
    while (rows < 2 * (size_t)connections)
        rows *= 2;
    *a = (struct admission){
        .limit = connections, .per_address = per_address, .mask = rows - 1};
    a->free_slots = calloc(connections, sizeof *a->free_slots);
    if (a->free_slots == NULL)
        return ERR_NOMEM;
    a->table = calloc(rows, sizeof *a->table);
    if (a->table == NULL)
        goto free_slots;
    if (pthread_mutex_init(&a->lock, NULL) != 0)
        goto free_table;
    hash_key_random(&a->key);
    for (unsigned i = 0; i < connections; i++)
        a->free_slots[i] = connections - 1 - i;
    return 0;
free_table:
    free(a->table);
free_slots:
    free(a->free_slots);
    return ERR_NOMEM;
}

void admission_release(struct admission *a)
{
    assert(a->open == 0);
    pthread_mutex_destroy(&a->lock);
    free(a->table);
    free(a->free_slots);
}

int admission_enter(struct admission *a, const struct address *peer, bool unlimited,
                    uint32_t *ret_slot)
{
    struct address unit = address_unit(peer);
    int rv = ERR_FULL;
    pthread_mutex_lock(&a->lock);
    struct guests *guests = &a->table[find(a, &unit)];
    if (a->open < a->limit && (unlimited || guests->count < a->per_address)) {
        guests->unit = unit;
        guests->count++;
        *ret_slot = a->free_slots[a->limit - 1 - a->open++];
        rv = 0;
    }
    pthread_mutex_unlock(&a->lock);
    return rv;
}

void admission_leave(struct admission *a, const struct address *peer, uint32_t slot)
{
    struct address unit = address_unit(peer);
    pthread_mutex_lock(&a->lock);
    size_t row = find(a, &unit);
    assert(a->table[row].count > 0 && a->open > 0);
    if (--a->table[row].count == 0)
        empty_row(a, row);
    a->free_slots[a->limit - 1 - --a->open] = slot;
    pthread_mutex_unlock(&a->lock);
}
