/* Floor 2 (count). The seal of a site's hits: what a later adoption compares them with, so
 * that a word which somebody else changed is found. It lies in the arena beside the block
 * (count/site_seal.h), is the keeper's alone, and costs workers nothing.
 *
 *      quarters     a closed quarter does not change any more: a CRC of each of the last
 *                   eight, and one of each eight before (432 x 2 bytes: more would cost a
 *                   quiet site another page)
 *      where it is  first_q, rolled_q and which stored days hold: a second copy
 *      overrun      as the last tick saw it: workers add to it, seldom
 *
 * Between hits_seal_open and hits_seal_close the hits may move away from their seal: killed
 * there, what is then found is believed, and a flip in the same moment with it. Outside of
 * that, what differs was changed by somebody else. A seal of zeros is none yet.
 *
 * Words of the ring (the last 2 h) have no CRC: workers would have to write it. Of those the
 * keeper's minutes and quarters are a second copy, a tick old. A slot that holds less than
 * these is mended, and one that holds RING_GROWTH more; a slot of an open quarter that was
 * raised by less is not seen: its site has at most that much too much, once. */
#ifndef LUOT_COUNT_HITS_SEAL_H
#define LUOT_COUNT_HITS_SEAL_H

#include "count/damage.h"

enum {
    RING_GROWTH = 1 << 23, /* more than a core counts in two slots */
    SEAL_QUARTERS = 8,
    SEAL_GROUPS = QUARTERS / SEAL_QUARTERS
};

struct hits_seal {
    /* Check words (count/check_word.h), each of its own number. */
    _Atomic uint64_t moving; /* 1 between open and close */
    _Atomic uint64_t first_q, rolled_q, base_i;
    _Atomic uint64_t overrun_visits, overrun_views;
    /* 0: none yet. Of quarters 8 g .. 8 g + 7, at g % SEAL_GROUPS, once all are closed; and
     * until then of each, at q % 8. */
    _Atomic uint16_t group[SEAL_GROUPS];
    _Atomic uint16_t last[SEAL_QUARTERS];
};

/* What an adoption goes by, and what it found changed. */
struct hits_adopting {
    int64_t last_slot; /* that was seen before                                   */
    bool alive;        /* the keeper had ticked within two slots of the last view */
    bool jumped;       /* the clock has: slots may lie ahead by any time */
    /* Another source of a closed quarter; false: it has none. NULL: there is none. */
    bool (*other)(void *context, int64_t q, struct hit_count *ret_count);
    void *context;
    struct damage *damage; /* where it is kept until it has been said; NULL: nowhere */
    unsigned mended, lost;
    int64_t quarter; /* one of them; -1: none is a quarter's */
};

/* Keeper, or before any worker. */
void hits_seal_open(struct hits_seal *seal);
/* The same before a clock that was set back empties quarters from q on. */
void hits_seal_open_from(struct hits_seal *seal, const struct hits *h, int64_t q);
bool hits_seal_is_moving(const struct hits_seal *seal); /* between open and close */
/* Writes what has changed; some ten loads when nothing has. */
void hits_seal_close(struct hits_seal *seal, const struct hits *h);
/* Adoption, before hits_check: where it is, and overrun. */
void hits_check_place(struct hits *h, const struct hits_seal *seal,
                      struct hits_adopting *a);
/* After hits_check: closed quarters, the minutes of the last day, the ring. A quarter that
 * is lost is 0 then, so that nothing too great is ever saved. */
void hits_check_words(struct hits *h, struct hits_seal *seal, struct hits_adopting *a);
/* Raises a closed quarter to this, where the words are still its own. Before any worker.
 * True: it was less. */
bool hits_raise_quarter(struct hits *h, struct hits_seal *seal, int64_t q,
                        struct hit_count least);
/* By how much it would raise hits_total. */
struct hit_count hits_quarter_lacks(const struct hits *h, int64_t q,
                                    struct hit_count least);

/* Closed quarters of the same eight as q hold their CRC, or have none. */
bool hits_quarter_holds(const struct hits *h, struct hits_seal *seal, int64_t q);

#endif
