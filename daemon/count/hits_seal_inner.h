/* Floor 2 (count), private to hits_seal.c and hits_check_*.c. */
#ifndef LUOT_COUNT_HITS_SEAL_INNER_H
#define LUOT_COUNT_HITS_SEAL_INNER_H

#include "count/hits_seal.h"

/* Of the words of quarters [from_q, until_q), at most eight. Never 0. */
uint16_t hits_quarters_crc(const struct hits *h, int64_t from_q, int64_t until_q);
/* The first of the eight that q is one of, and where their CRC is. */
int64_t hits_group_start(int64_t q);
_Atomic uint16_t *hits_seal_group(struct hits_seal *seal, int64_t q);
void hits_seal_crc(_Atomic uint16_t *at, uint16_t crc);
/* Where of quarters from q on our own begin: before first_q is what a reader brings from a
 * store, at any time, and eight that it is among are sealed from there on. */
int64_t hits_own_from(const struct hits *h, int64_t q);
/* The first of the oldest eight closed quarters whose words no open one writes over. */
int64_t hits_oldest_sealed(const struct hits *h);
/* Quarters before it have their seal. */
int64_t hits_sealed_until(const struct hits *h, const struct hits_seal *seal);
/* Before a word that is wrong is written; lost, and then found again after all. */
void hits_mend(struct hits_adopting *a);
void hits_lose(struct hits_adopting *a);
void hits_lost_one_less(struct hits_adopting *a);
/* The ring's part of hits_check_words (hits_check_ring.c). */
void hits_check_ring(struct hits *h, struct hits_adopting *a);

#endif
