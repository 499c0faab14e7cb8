/* Floor 2 (count). What adoptions of a site found changed by somebody else: written in the
 * arena before anything is set right, and erased when it has been said and had again. Killed
 * in between, the next start still knows of it.
 *
 *      found    mended and lost, counted before the number that is wrong is written. Erased
 *               by who has said them
 *      waits    a number was lost, and no store has been asked yet what it has of this very
 *               run. What the arena counted until then is `had`: a store that answers late
 *               adds what it had more than that to what was counted since
 *
 * A total is absolute, so the store must not be written to while it waits: what was counted
 * meanwhile would be taken for what was lost. Adding is one step: `raised_at` is the number
 * that the stored days have once it is done (hits.h: base_i). */
#ifndef LUOT_COUNT_DAMAGE_H
#define LUOT_COUNT_DAMAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "count/hits.h"

struct damage { /* check words (count/check_word.h), each of its own number; 0: none */
    _Atomic uint64_t mended, lost;
    _Atomic uint64_t waits; /* 1 */
    _Atomic uint64_t had_views, had_visits;
    _Atomic uint64_t raised_at;
};

/* --- An adoption, before any worker --- */
/* Before a number is written that was wrong: it is had again from elsewhere, or is lost as
 * far as is known. `d` may be NULL. */
void damage_mend(struct damage *d);
void damage_lose(struct damage *d);
/* One that was thought lost was not. */
void damage_lost_one_less(struct damage *d);
/* What was found and not said yet. A word that somebody changed is one that was mended. */
void damage_read(const struct damage *d, unsigned *ret_mended, unsigned *ret_lost);
/* First of all: was it killed while it raised the total? */
void damage_adopt(struct damage *d, const struct hits *h);
/* Last of all: with numbers that were lost it waits from now on. */
void damage_settle(struct damage *d, const struct hits *h);
/* It has been said. */
void damage_told(struct damage *d);

/* --- The keeper, or before any worker --- */
bool damage_waits(const struct damage *d); /* any thread */
/* A closed quarter that is in no stored day yet is about to be raised by so much. */
void damage_had_more(struct damage *d, struct hit_count more);
/* What the total lacks when a store has this much of this run. */
struct hit_count damage_lacks(const struct damage *d, struct hit_count stored);
/* Adds it to the stored days, once, and waits no more. */
void damage_raise(struct damage *d, struct hits *h, struct hit_count lacks);

#endif
