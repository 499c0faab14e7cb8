/* HyperLogLog with 16,384 registers, and Redis' two ways to write one down.
 *
 * A register is the highest rank (trailing zeros + 1) seen among the visitors of its
 * index. The estimate is Ertl's improved one (arXiv 1702.01284, section 2.4): from the
 * histogram C_0 .. C_(q+1) of the register values,
 *
 *   n = m^2 / (2 ln 2) / ( m sigma(C_0/m) + sum C_k 2^-k + m tau(1 - C_(q+1)/m) 2^-q )
 *
 * with no bias tables and no switch between ranges. q = 50, as Redis has it, so that our
 * number is PFCOUNT's to the unit although our own ranks end at 31. Standard error 1.04 /
 * sqrt(16384) = 0.81 %.
 *
 * A Redis value: "HYLL", a byte 0 dense or 1 sparse, three bytes 0, eight bytes of cached
 * count (the top bit of the last one: stale, which is what we always write), then
 *
 *   dense    16,384 registers of 6 bits, the first in the lowest bits of the first byte
 *   sparse   00xxxxxx            x + 1 registers are 0
 *            01xxxxxx yyyyyyyy   xy + 1 registers are 0 (14 bits)
 *            1vvvvvxx            x + 1 registers are v + 1 */
#include "count/hll.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

enum {
    INDEX_BITS = 14,
    RANK_BITS = 30, /* of our fingerprints */
    Q = 50,         /* of Redis' hashes    */
    HEAD_BYTES = 16,
    SPARSE_BYTES = 3000, /* Redis turns a longer one into dense (hll-sparse-max-bytes) */
    SPARSE_VALUE_MAX = 32,
    SPARSE_VALUE_RUN = 4,
    SPARSE_ZERO_RUN = 64,
    DENSE = 0,
    SPARSE = 1,
    STALE = 0x80
};

static_assert(1 << INDEX_BITS == HLL_REGISTERS, "an index is a number of bits");
static_assert(sizeof(struct hll) == HLL_REGISTERS, "the arena's layout depends on it");
static_assert(HLL_REDIS_MAX == HEAD_BYTES + HLL_REGISTERS * 6 / 8,
              "dense is the longest");

/* Registers are single bytes that only grow and publish nothing else: relaxed
 * everywhere. */
static uint8_t reg_load(const struct hll *h, unsigned i)
{
    return atomic_load_explicit(&h->reg[i], memory_order_relaxed);
}

static void reg_raise(struct hll *h, unsigned i, uint8_t value)
{
    uint8_t seen = reg_load(h, i);

    while (seen < value)
        if (atomic_compare_exchange_weak_explicit(
                &h->reg[i], &seen, value, memory_order_relaxed, memory_order_relaxed))
            return;
}

void hll_add(struct hll *h, uint64_t fp)
{
    uint64_t rest = fp >> INDEX_BITS | (uint64_t)1 << RANK_BITS;

    reg_raise(h, fp & (HLL_REGISTERS - 1), (uint8_t)(__builtin_ctzll(rest) + 1));
}

void hll_merge(struct hll *into, const struct hll *from)
{
    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        reg_raise(into, i, reg_load(from, i));
}

void hll_clear(struct hll *h)
{
    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        atomic_store_explicit(&h->reg[i], 0, memory_order_relaxed);
}

/* sigma(x) = x + sum over k >= 1 of x^(2^k) 2^(k-1): the registers that are 0. */
static double sigma(double x)
{
    double sum = x, weight = 1, before;

    if (x == 1)
        return INFINITY;
    do {
        before = sum;
        x *= x;
        sum += x * weight;
        weight += weight;
    } while (sum != before);
    return sum;
}

/* tau(x) = (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3: the registers at their
 * limit. */
static double tau(double x)
{
    double sum = 1 - x, weight = 1, before;

    if (x == 0 || x == 1)
        return 0;
    do {
        before = sum;
        x = sqrt(x);
        weight *= 0.5;
        sum -= (1 - x) * (1 - x) * weight;
    } while (sum != before);
    return sum / 3;
}

double hll_estimate(const struct hll *h)
{
    const double m = HLL_REGISTERS, count_max = 9007199254740991.0; /* 2^53 - 1 */
    unsigned count[Q + 2] = {0};
    double z, n;

    for (unsigned i = 0; i < HLL_REGISTERS; i++) {
        uint8_t value = reg_load(h, i);

        count[value <= Q ? value : Q + 1]++;
    }
    z = m * tau(1 - count[Q + 1] / m);
    for (unsigned k = Q; k >= 1; k--)
        z = (z + count[k]) * 0.5;
    z += m * sigma(count[0] / m);
    n = m * m / (2 * log(2.0)) / z;
    return n < count_max ? n : count_max;
}

static unsigned run_length(const uint8_t *reg, unsigned from, unsigned limit)
{
    unsigned length = 1;

    while (length < limit && from + length < HLL_REGISTERS &&
           reg[from + length] == reg[from])
        length++;
    return length;
}

/* The bytes behind the head, or 0 when they would be too many or a value does not fit. */
static size_t write_sparse(const uint8_t *reg, uint8_t *ret, size_t limit)
{
    size_t length = 0;

    for (unsigned i = 0, run; i < HLL_REGISTERS; i += run) {
        if (length + 2 > limit || reg[i] > SPARSE_VALUE_MAX)
            return 0;
        run = run_length(reg, i, reg[i] == 0 ? HLL_REGISTERS : SPARSE_VALUE_RUN);
        if (reg[i] != 0) {
            ret[length++] = (uint8_t)(0x80 | (reg[i] - 1) << 2 | (run - 1));
        } else if (run <= SPARSE_ZERO_RUN) {
            ret[length++] = (uint8_t)(run - 1);
        } else {
            ret[length++] = (uint8_t)(0x40 | (run - 1) >> 8);
            ret[length++] = (uint8_t)(run - 1);
        }
    }
    return length;
}

static size_t write_dense(const uint8_t *reg, uint8_t *ret)
{
    size_t length = 0;

    for (unsigned i = 0; i < HLL_REGISTERS; i += 4) {
        uint32_t four = (uint32_t)reg[i] | (uint32_t)reg[i + 1] << 6 |
                        (uint32_t)reg[i + 2] << 12 | (uint32_t)reg[i + 3] << 18;

        ret[length++] = (uint8_t)four;
        ret[length++] = (uint8_t)(four >> 8);
        ret[length++] = (uint8_t)(four >> 16);
    }
    return length;
}

size_t hll_to_redis(const struct hll *h, uint8_t ret_bytes[HLL_REDIS_MAX])
{
    uint8_t reg[HLL_REGISTERS];
    size_t length;

    for (unsigned i = 0; i < HLL_REGISTERS; i++) {
        uint8_t value = reg_load(h, i);

        reg[i] = value <= Q + 1 ? value : Q + 1;
    }
    memset(ret_bytes, 0, HEAD_BYTES);
    memcpy(ret_bytes, "HYLL", 4);
    ret_bytes[15] = STALE;
    ret_bytes[4] = SPARSE;
    length = write_sparse(reg, ret_bytes + HEAD_BYTES, SPARSE_BYTES - HEAD_BYTES);
    if (length == 0) {
        ret_bytes[4] = DENSE;
        length = write_dense(reg, ret_bytes + HEAD_BYTES);
    }
    return HEAD_BYTES + length;
}

static int read_dense(const uint8_t *at, size_t length, uint8_t *ret_reg)
{
    if (length != HLL_REDIS_MAX - HEAD_BYTES)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
        uint32_t four = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;

        for (unsigned k = 0; k < 4; k++) {
            ret_reg[i + k] = four >> (6 * k) & 63;
            if (ret_reg[i + k] > Q + 1)
                return ERR_MALFORMED; /* no 64-bit hash has that rank */
        }
    }
    return 0;
}

static int read_sparse(const uint8_t *at, size_t length, uint8_t *ret_reg)
{
    unsigned filled = 0;

    for (size_t i = 0; i < length; i++) {
        uint8_t op = at[i], value = 0;
        unsigned run;

        if (op & 0x80) {
            value = (uint8_t)((op >> 2 & 31) + 1);
            run = (op & 3) + 1u;
        } else if (op & 0x40) {
            if (++i == length)
                return ERR_MALFORMED;
            run = ((op & 63u) << 8 | at[i]) + 1;
        } else {
            run = op + 1u;
        }
        if (run > HLL_REGISTERS - filled)
            return ERR_MALFORMED;
        memset(ret_reg + filled, value, run);
        filled += run;
    }
    return filled == HLL_REGISTERS ? 0 : ERR_MALFORMED;
}

int hll_from_redis(struct hll *ret_hll, struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    uint8_t reg[HLL_REGISTERS];
    int rv;

    if (bytes.length < HEAD_BYTES || memcmp(at, "HYLL", 4) != 0 || at[4] > SPARSE)
        return ERR_MALFORMED;
    if (at[4] == DENSE)
        rv = read_dense(at + HEAD_BYTES, bytes.length - HEAD_BYTES, reg);
    else
        rv = read_sparse(at + HEAD_BYTES, bytes.length - HEAD_BYTES, reg);
    if (rv != 0)
        return rv;
    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        atomic_store_explicit(&ret_hll->reg[i], reg[i], memory_order_relaxed);
    return 0;
}
