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
    HLL_PER_KEY = 3 /* two days, one month */
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
static_assert(HLL_AT + SITE_KEYS * HLL_PER_KEY * sizeof(struct hll) <= SITE_RANGE_BYTES,
              "everything fits in a site's range");

/* The address of an offset in a site's range. */
static inline void *site_place(const struct site *s, size_t offset)
{
    return (char *)s->block + offset;
}

/* The newest key whose period had begun at a slot, among linked ones; else the oldest
 * linked one; -1: none. */
int site_key_for(const struct site *s, int64_t slot);
/* Reads `value` from the keeper's scan; false while it is being written or of another
 * slot. */
struct site_scanned {
    int64_t slot;
    uint64_t online, joins, hour, day, week;
    unsigned table;
    bool exact;
};
bool site_read_scan(const struct site *s, struct site_scanned *ret_scan);
struct site_scanned site_scan_now(const struct site *s, const struct site_terms *terms,
                                  int64_t now_slot);

#endif
