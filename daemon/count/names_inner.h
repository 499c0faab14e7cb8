/* Floor 2 (count), private to names*.c: cells and their numbers. */
#ifndef LUOT_COUNT_NAMES_INNER_H
#define LUOT_COUNT_NAMES_INNER_H

#include <assert.h>

#include "count/names.h"

enum {
    NAME_WORD_BYTES = sizeof(uint64_t),
    NAME_FIRST_BYTES = NAME_FIRST_WORDS * NAME_WORD_BYTES,
    NAME_MORE_BYTES = NAME_MORE_WORDS * NAME_WORD_BYTES
};

struct name_more { /* a further cell of a name */
    _Atomic uint64_t text[NAME_MORE_WORDS];
    _Atomic uint32_t next; /* where a row has it too */
    uint32_t unused;
};

static_assert(sizeof(struct name_cell) == 64, "a cell is a cache line");
static_assert(sizeof(struct name_more) == sizeof(struct name_cell), "cells are equal");
static_assert(offsetof(struct name_more, next) == offsetof(struct name_cell, next),
              "a cell's link is in one place, whatever it holds");

static inline struct name_cell *names_cell(const struct names_table *t, uint32_t i)
{
    return i < t->first_cells ? &t->first[i] : &t->rest[i - t->first_cells];
}

static inline uint32_t names_number(const struct names_table *t,
                                    const struct name_cell *cell)
{
    return cell >= t->first && cell < t->first + t->first_cells
               ? (uint32_t)(cell - t->first)
               : t->first_cells + (uint32_t)(cell - t->rest);
}

/* Cells that a name needs beyond its row's own. */
static inline unsigned names_further(size_t length)
{
    return length <= NAME_FIRST_BYTES
               ? 0
               : (unsigned)((length - NAME_FIRST_BYTES + NAME_MORE_BYTES - 1) /
                            NAME_MORE_BYTES);
}

/* --- Words of the index --- */

enum { NAMES_PATH = 256 /* words: at most so far from home */, NAMES_CELL_BITS = 24 };

#define CELL_MASK ((UINT64_C(1) << NAMES_CELL_BITS) - 1)
#define TOMB      CELL_MASK
#define SEALED    (CELL_MASK - 1)

struct names_path {
    _Atomic uint64_t *word;
    uint32_t home, size, length;
};

static inline struct names_path names_path(const struct names_table *t, unsigned part,
                                           uint64_t hash)
{
    uint64_t mixed = (hash + part) * 0x9E3779B97F4A7C15U;
    uint32_t size = t->words[part];

    return (struct names_path){.word = t->index[part],
                               .home = (uint32_t)((mixed >> 32) * size >> 32),
                               .size = size,
                               .length = size < NAMES_PATH ? size : NAMES_PATH};
}

static inline _Atomic uint64_t *names_word(const struct names_path *p, uint32_t step)
{
    uint32_t i = p->home + step;

    return &p->word[i < p->size ? i : i - p->size];
}

static inline uint32_t relaxed(const _Atomic uint32_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

/* --- Cells (names_cells.c) --- */

/* The cells of a new row, with its name in them; false: there are not enough. */
bool names_take_row(const struct names_table *t, struct slice name, uint32_t *ret_cell);
/* A row's cells, and the first `further` of those that its name goes on in. */
void names_give_row(const struct names_table *t, uint32_t cell, unsigned further);

#ifdef LUOT_SEAMS
#define NAMES_SEAM(where) (names_seam == NULL ? (void)0 : names_seam(where))
#else
#define NAMES_SEAM(where) ((void)0)
#endif

#endif
