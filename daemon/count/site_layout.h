/* Floor 2 (count), private to site_*.c: where things lie in a site's range.
 *
 * An upgrade goes on with the arena of the luotd before it, in place. So what has a place
 * keeps it, and what is new goes where every earlier version has zeros, and takes zero for
 * "not there yet":
 *
 *      words     behind the block's last member, up to SITE_BLOCK_ROOM, which is backed
 *                in every arena
 *      tables    where no version had any, backed when they are needed; a word of the block
 *                says that they are
 *
 * With each change of what is in them the arena's version grows (daemon.c): an older luotd
 * does not take such an arena for its own. tests/e2e/old_arena.test.mjs keeps arenas that
 * earlier versions wrote. Something that must move needs a copy into a new file instead,
 * and another site_layout_hash. */
#ifndef LUOT_COUNT_SITE_LAYOUT_H
#define LUOT_COUNT_SITE_LAYOUT_H

#include <assert.h>
#include <stddef.h>

#include "count/site.h"
#include "count/site_seal.h"

enum {
    SEAL_AT = 84224, /* in the block's last page, which is there */
    TABLE_AT = 1 << 20,
    TABLE_BYTES = VISITORS_WORDS * 8,
    MATRIX_AT = TABLE_AT + SITE_KEYS * TABLE_BYTES,
    MATRIX_ROOM = 256 << 10,
    HLL_AT = MATRIX_AT + SITE_KEYS * MATRIX_ROOM,
    HLL_PER_KEY = 3, /* two days, one month */
    /* In room between block and tables that no earlier version used. */
    ASIDE_AT = 512 << 10,
    ASIDE_COPY_ROOM = 8 << 10,
    SITE_BLOCK_ROOM = 84 << 10, /* whole pages */
    SITE_HISTORY_END =
        offsetof(struct site_block, history) + HISTORY_WORDS * sizeof(uint64_t),
    TOPS_AT = 16 << 20,
    TOPS_BYTES = 9 << 20, /* count/site_tops.c: a head, three days, pages */
    /* From the ends, so that what is put behind the seal or the tops moves nothing. */
    REFUSED_THERE_AT = SITE_BLOCK_ROOM - 8, /* a word: the next is backed */
    SENDERS_ROOM = 1200 << 10,
    SENDERS_AT =
        SITE_RANGE_BYTES - SENDERS_ROOM, /* of the first range, whoever's it is */
    REFUSED_BYTES = 4096,
    REFUSED_AT = SENDERS_AT - REFUSED_BYTES,
    ENGAGED_BYTES = 704, /* count/site_engaged.h, at the end of the tops' first page */
    ENGAGED_AT = TOPS_AT + 4096 - ENGAGED_BYTES
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

#define KEEPS_ITS_PLACE(type, member, at)                                                \
    static_assert(offsetof(struct type, member) == (at),                                 \
                  "an arena of version 2 is read in place: append, never move")

KEEPS_ITS_PLACE(site_block, key, 0);
KEEPS_ITS_PLACE(site_block, host, 64);
KEEPS_ITS_PLACE(site_block, state, 320);
KEEPS_ITS_PLACE(site_block, created_s, 328);
KEEPS_ITS_PLACE(site_block, first_live_s, 336);
KEEPS_ITS_PLACE(site_block, last_view_s, 344);
KEEPS_ITS_PLACE(site_block, hits, 352);
KEEPS_ITS_PLACE(site_block, visitors, 72072);
KEEPS_ITS_PLACE(site_block, keys, 73128);
KEEPS_ITS_PLACE(site_block, import_key, 73248);
KEEPS_ITS_PLACE(site_block, day, 73264);
KEEPS_ITS_PLACE(site_block, week, 80944);
KEEPS_ITS_PLACE(site_block, month, 81264);
KEEPS_ITS_PLACE(site_block, history_version, 83824);
KEEPS_ITS_PLACE(site_block, history, 83832);
KEEPS_ITS_PLACE(hits, minute, 4800);
KEEPS_ITS_PLACE(hits, quarter, 16320);
KEEPS_ITS_PLACE(hits, floor_q, 71616);
KEEPS_ITS_PLACE(hits, rolled_q, 71624);
KEEPS_ITS_PLACE(hits, first_q, 71632);
KEEPS_ITS_PLACE(hits, base_i, 71640);
KEEPS_ITS_PLACE(hits, base, 71648);
KEEPS_ITS_PLACE(hits, overrun_visits, 71696);
KEEPS_ITS_PLACE(hits, late, 71712);
KEEPS_ITS_PLACE(visitors, words, 16);
KEEPS_ITS_PLACE(visitors, base_slot, 40);
KEEPS_ITS_PLACE(visitors, tally, 48);
KEEPS_ITS_PLACE(visitors, fill, 176);
KEEPS_ITS_PLACE(visitors, estimate, 224);
KEEPS_ITS_PLACE(count_head, kept_slot, 4096);
KEEPS_ITS_PLACE(count_head, made, 4104);
static_assert(SITE_HISTORY_END == 84176, "seeds and totals keep their size");
static_assert(TABLE_AT == 1 << 20 && MATRIX_AT == 13 << 20 && HLL_AT == 14417920 &&
                  TABLE_BYTES == 4 << 20 && sizeof(struct distinct) == 163840 &&
                  sizeof(struct hll) == 16384,
              "tables keep their places");

static_assert(sizeof(struct site_block) <= SEAL_AT, "the seal lies behind the block");
static_assert(SEAL_AT + sizeof(struct site_seal) <= REFUSED_THERE_AT,
              "1,000 quiet sites fit in 96 MiB");
static_assert(sizeof(struct distinct) <= MATRIX_ROOM, "a matrix fits in its room");
static_assert(sizeof(struct hll) % 4096 == 0, "what is punched is whole pages");
static_assert(HLL_AT + SITE_KEYS * HLL_PER_KEY * sizeof(struct hll) <= TOPS_AT &&
                  TOPS_AT + TOPS_BYTES <= REFUSED_AT,
              "tops have their own room");
static_assert(sizeof(struct site_history) % sizeof(uint64_t) == 0,
              "a site's history is copied word by word");

/* The address of an offset in a site's range. */
static inline void *site_place(const struct site *s, size_t offset)
{
    return (char *)s->block + offset;
}

#endif
