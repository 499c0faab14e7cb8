/* Floor 2 (count). Visitors that one worker has just met: the fingerprint that SipHash gave
 * them and where in the table their word is, so that neither is looked for again on each
 * view. Found by a hash of address, agent and key that costs a tenth of SipHash; the word is
 * looked at again before it is believed (count/visitors). Its worker's alone.
 *
 * What lies here are marks, so it is emptied each quarter-hour, when keys end. */
#ifndef LUOT_COUNT_MET_H
#define LUOT_COUNT_MET_H

#include "base/hash_text.h"
#include "base/prefetch.h"
#include "count/visitors.h"

enum { MET_VISITORS = 32768 /* 512 KiB */, MET_WAYS = 4 };
/* In each `who`, so that none is 0. Not one of the bits that choose his place. */
#define MET_SOMEBODY (UINT64_C(1) << 61)

struct met_visitor {
    uint64_t who; /* 0: nobody */
    uint64_t fp : 44, at : 20;
};

struct met {
    struct hash_text_key secret;
    struct met_visitor visitor[MET_VISITORS];
};

/* NULL: no memory. Of `calloc`: what nobody needs is not there. */
struct met *met_new(void);
void met_free(struct met *k);
/* Nothing is known any more, and what comes is known by other hashes. */
void met_forget(struct met *k);

static inline struct met_visitor *met_set(struct met *k, uint64_t who)
{
    return &k->visitor[who % (MET_VISITORS / MET_WAYS) * MET_WAYS];
}

/* Asks for the memory that met_find will look at. */
static inline void met_expect(struct met *k, uint64_t who)
{
    prefetch_for_write(met_set(k, who));
}

/* The visitor; NULL: it is not known, and *ret_place is where to put it. Each has four
 * places beside each other: where they are taken, one of the four goes, by its hash. */
static inline struct met_visitor *met_find(struct met *k, uint64_t who,
                                           struct met_visitor **ret_place)
{
    struct met_visitor *set = met_set(k, who);
    unsigned at = 0;

    for (unsigned i = 1; i < MET_WAYS; i++) /* no branch: it may be any of them */
        at += set[i].who == who ? i : 0;
    if (set[at].who == who)
        return &set[at];
    *ret_place = &set[who >> 62];
    for (unsigned i = MET_WAYS; i-- > 0;)
        if (set[i].who == 0)
            *ret_place = &set[i];
    return NULL;
}

#endif
