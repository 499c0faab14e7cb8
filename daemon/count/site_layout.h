/* Floor 2 (count), private to site_*.c: where things lie in a site's range. Offsets never
 * change without a new arena version. */
#ifndef LUOT_COUNT_SITE_LAYOUT_H
#define LUOT_COUNT_SITE_LAYOUT_H

#include <assert.h>

#include "count/site.h"

enum {
    TABLE_AT = 1 << 20,
    TABLE_BYTES = VISITORS_WORDS * 8,
    MATRIX_AT = TABLE_AT + SITE_KEYS * TABLE_BYTES,
    MATRIX_ROOM = 256 << 10,
    HLL_AT = MATRIX_AT + SITE_KEYS * MATRIX_ROOM,
    HLL_PER_KEY = 3,                          /* two days, one month */
    ENGAGED_AT = SITE_RANGE_BYTES - (1 << 20) /* count/site_engaged.h: a page */
};

static inline size_t site_table_at(unsigned i)
{
    return TABLE_AT + (size_t)i * TABLE_BYTES;
}

static inline size_t site_matrix_at(unsigned i)
{
    return MATRIX_AT + (size_t)i * MATRIX_ROOM;
}

static inline size_t site_day_hll_at(unsigned i, unsigned day)
{
    return HLL_AT + ((size_t)i * HLL_PER_KEY + day) * sizeof(struct hll);
}

static inline size_t site_month_hll_at(unsigned i)
{
    return site_day_hll_at(i, 2);
}

static_assert(sizeof(struct site_block) <= 84 << 10, "1,000 quiet sites fit in 96 MiB");
static_assert(sizeof(struct distinct) <= MATRIX_ROOM, "a matrix fits in its room");
static_assert(sizeof(struct hll) % 4096 == 0, "what is punched is whole pages");
static_assert(HLL_AT + SITE_KEYS * HLL_PER_KEY * sizeof(struct hll) <= ENGAGED_AT,
              "everything fits in a site's range");
static_assert(sizeof(struct site_history) % sizeof(uint64_t) == 0,
              "a site's history is copied word by word");

/* The address of an offset in a site's range. */
static inline void *site_place(const struct site *s, size_t offset)
{
    return (char *)s->block + offset;
}

#endif
