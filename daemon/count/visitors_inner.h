/* Floor 2 (count). What the files of count/visitors share, and their tests: the layout of
 * a word and of a path. No one else includes it. */
#ifndef LUOT_COUNT_VISITORS_INNER_H
#define LUOT_COUNT_VISITORS_INNER_H

#include "count/visitors.h"

/* A word:  63            20  19  18     0
 *         +----------------+----+--------+   0 is EMPTY, all ones is SEALED: no fp is 0 or
 *         |       fp       | e  |  slot  |   2^44 - 1, and a slot is counted from the
 *         +----------------+----+--------+   table's base, from 1. */
enum {
    FP_SHIFT = 20,
    SLOT_BITS = 19,
    SLOT_LAST = (1 << SLOT_BITS) - 2, /* 72 days: a table lives 38           */
    PATH_WORDS = 256,                 /* a path is never longer              */
    SESSION_WORDS = 8,                /* one cache line                      */
    LAST_PART = VISITORS_PARTS - 1
};

/* e: the visit that goes on has had its second view. It lies in the word so that the CAS
 * that moves it is the one that decides. Tables of arena version 2 have it 0. */
#define WORD_ENGAGED ((uint64_t)1 << SLOT_BITS)

#define WORD_EMPTY   ((uint64_t)0)
#define WORD_SEALED  UINT64_MAX

static inline uint64_t word_pack(uint64_t fp, uint64_t slot)
{
    return fp << FP_SHIFT | slot;
}

static inline uint64_t word_fp(uint64_t word)
{
    return word >> FP_SHIFT;
}

static inline uint64_t word_slot(uint64_t word)
{
    return word & ((1U << SLOT_BITS) - 1);
}

static inline bool word_is_visitor(uint64_t word)
{
    return word + 1 > WORD_EMPTY + 1; /* SEALED + 1 is 0 */
}

/* The path of a fp in a part: `length` words from `home`, going round at the part's
 * end. */
struct path {
    uint32_t start, size;  /* the part                 */
    uint32_t home, length; /* relative to start; words */
};

struct path visitors_path(uint64_t fp, unsigned part);

static inline size_t path_index(const struct path *path, uint32_t step)
{
    uint32_t at = path->home + step;
    return path->start + (at < path->size ? at : at - path->size);
}

/* A hit on its way through the table. */
struct arrival {
    uint64_t fp;
    uint64_t slot; /* relative to the table's base */
    int64_t base;
    const struct visit_periods *periods;
    bool is_view;     /* else a ping */
    uint32_t *ret_at; /* where its word is, if it is given one; NULL: nobody asks */
};

/* Moves `last seen` of a word that read `seen`, and says of a view whether it is the
 * second one of its visit. false: the word is another's now (a session line was reused). */
bool visitors_refresh(const struct visitors_table *t, _Atomic uint64_t *word,
                      uint64_t seen, const struct arrival *a,
                      struct visitors_verdict *ret_verdict);
/* One more that is first in the online window. */
void visitors_join(const struct visitors_table *t);
/* Sketched mode, not found by its path: the session line. */
struct visitors_verdict visitors_session_hit(const struct visitors_table *t,
                                             const struct arrival *a);
/* The word of a visitor's session, with what it read; NULL. */
_Atomic uint64_t *visitors_session_find(const struct visitors_table *t, uint64_t fp,
                                        uint64_t *ret_seen);

#ifdef LUOT_SEAMS
#define VISITORS_SEAM(where)                                                             \
    do {                                                                                 \
        if (visitors_seam != NULL)                                                       \
            visitors_seam(where);                                                        \
    } while (0)
#else
#define VISITORS_SEAM(where) ((void)0)
#endif

#endif
