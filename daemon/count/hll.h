/* Floor 2 (count). HyperLogLog, p = 14, 8-bit registers in memory, byte-compatible with
 * Redis when written: index = low 14 bits, value = trailing zeros of the rest + 1.
 * Standard error 0.81 %. Source: Flajolet et al. 2007; estimator Ertl 2017 (arXiv
 * 1702.01284), the one Redis uses; the Redis format is drawn in hll.c. */
#ifndef LUOT_COUNT_HLL_H
#define LUOT_COUNT_HLL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { HLL_REGISTERS = 16384, HLL_REDIS_MAX = 16 + 12288 };

struct hll { /* in the arena or the caller's; all zero is empty; 16 KiB */
    _Atomic uint8_t reg[HLL_REGISTERS];
};

/* `fp` is a 44-bit fingerprint: 14 bits index, 30 bits rank (values 1..31). Any thread;
 * registers only grow. */
void hll_add(struct hll *h, uint64_t fp);
void hll_merge(struct hll *into, const struct hll *from);
double hll_estimate(const struct hll *h);
void hll_clear(struct hll *h);
/* As a Redis string value: sparse while that is smaller than 3,000 bytes, else dense; its
 * cached count marked stale. Returns its length. */
size_t hll_to_redis(const struct hll *h, uint8_t ret_bytes[HLL_REDIS_MAX]);
/* Dense or sparse; ERR_MALFORMED. *ret_hll untouched on failure. */
int hll_from_redis(struct hll *ret_hll, struct slice bytes);

#endif
