/* Floor 2 (count). Keys that nodes share, ahead of the periods they are for: made by a
 * thread that may wait for a server, taken by the keeper, which may not.
 *
 * One key serves every site whose period begins in the same slot: the site's name is in
 * the hash of a visitor beside it, so a visitor of two sites is two visitors still, and a
 * site that opens by itself, or is named at a reload, has its key before it has its name.
 *
 * A row is handed over, never shared. While it is EMPTY it is the maker's: it writes the
 * key and then, with release, READY. While it is READY it is the keeper's: it copies the
 * key, and when the period is over it erases the row and then, with release, makes it
 * EMPTY. Each acquires the word before it touches the row, so nobody reads a key that is
 * being written, nobody waits, and there is nothing to free. Which period a READY row is
 * for anyone may ask: these words are atomic, and an answer that is a moment old only
 * means that a server is asked once more.
 *
 * In the process only: an arena that is adopted has its keys, which are kept. */
#ifndef LUOT_COUNT_KEY_RING_H
#define LUOT_COUNT_KEY_RING_H

#include "base/hash.h"
#include "count/period.h"

struct key_ring;

struct key_ring *key_ring_new(void); /* NULL: out of memory */
/* Erases all of it. No thread uses it any more. NULL is a no-op. */
void key_ring_free(struct key_ring *r);

/* The maker, one thread at a time. `kind`: PERIOD_DAY or PERIOD_MONTH. ERR_FULL: it has all
 * the keys it can hold. */
int key_ring_put(struct key_ring *r, enum period_kind kind, int64_t from_slot,
                 int64_t until_slot, const struct hash_key *key);
/* Any thread. */
bool key_ring_has(const struct key_ring *r, enum period_kind kind, int64_t from_slot);

/* The keeper; before there is one, whoever starts us. */
bool key_ring_find(const struct key_ring *r, enum period_kind kind, int64_t from_slot,
                   struct hash_key *ret_key);
/* Erases the keys of periods that are over, or that the clock went back from. */
void key_ring_sweep(struct key_ring *r, int64_t now_slot);

#endif
