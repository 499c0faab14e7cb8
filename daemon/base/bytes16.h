/* Floor 0 (base). Sixteen bytes at once, for loops that would else look at each byte. The
 * compiler's vectors: SSE2, which every x86-64 has, NEON, or plain registers; only bytes16_bits
 * is not in every machine's instructions, and has a form for the others.
 *
 * A test of sixteen bytes gives sixteen bytes, 0xFF where it holds and 0 elsewhere: they
 * are combined with & and |, and counted or searched as bits. */
#ifndef LUOT_BASE_BYTES16_H
#define LUOT_BASE_BYTES16_H

#include <stdint.h>
#include <string.h>

#if defined __SSE2__ && !defined BYTES16_PORTABLE
#define BYTES16_SSE2
#include <emmintrin.h>
#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* All sixteen must be readable; no alignment is asked. */
static inline bytes16 bytes16_load(const char *at)
{
    bytes16 b;

    memcpy(&b, at, sizeof b);
    return b;
}

static inline void bytes16_store(char *at, bytes16 b)
{
    memcpy(at, &b, sizeof b);
}

static inline bytes16 bytes16_all(char c)
{
    uint8_t u = (uint8_t)c;

    return (bytes16){u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u};
}

static inline bytes16 bytes16_is(bytes16 b, char c)
{
    return (bytes16)(b == bytes16_all(c));
}

/* low .. high */
static inline bytes16 bytes16_between(bytes16 b, char low, char high)
{
    typedef int8_t signed16 __attribute__((vector_size(16)));
    /* moved to the top of the signed numbers, so that one comparison is enough */
    bytes16 moved = b + bytes16_all((char)(INT8_MAX - high));

    return (bytes16)((signed16)moved >
                     (signed16)bytes16_all((char)(INT8_MAX - 1 - (high - low))));
}

static inline bytes16 bytes16_below(bytes16 b, char limit)
{
    return (bytes16)(b < bytes16_all(limit));
}

/* 0 .. 0x1F and 0x7F .. 0xFF: of these the top bit is set, which is all that bytes16_bits looks
 * at. */
static inline bytes16 bytes16_outside_print(bytes16 b)
{
    bytes16 moved = b - bytes16_all(' ');

#ifdef BYTES16_SSE2
    return (bytes16)_mm_adds_epu8((__m128i)moved, (__m128i)bytes16_all(0x80 - 0x5F));
#else
    return moved | (b + bytes16_all(1));
#endif
}

/* The lesser of each two. */
static inline bytes16 bytes16_least(bytes16 a, bytes16 b)
{
#ifdef BYTES16_SSE2
    return (bytes16)_mm_min_epu8((__m128i)a, (__m128i)b);
#else
    bytes16 first = (bytes16)(a < b);

    return (a & first) | (b & ~first);
#endif
}

/* Bit i is the top bit of byte i. */
static inline unsigned bytes16_bits(bytes16 b)
{
#ifdef BYTES16_SSE2
    return (unsigned)_mm_movemask_epi8((__m128i)b);
#else
    unsigned bits = 0;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t half;
        memcpy(&half, (const char *)&b + 8 * (size_t)i, sizeof half);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        half = __builtin_bswap64(half);
#endif
        /* The multiplication brings the eight top bits together in the topmost byte. */
        half = (half >> 7 & UINT64_MAX / 255) * 0x0102040810204080u;
        bits |= (unsigned)(half >> 56) << 8 * i;
    }
    return bits;
#endif
}

/* The place of the lowest and the highest bit of `bits`, which is not 0. */
static inline unsigned lowest_bit(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static inline unsigned highest_bit(uint64_t bits)
{
    return 63 ^ (unsigned)__builtin_clzll(
                    bits); /* which is what there is an instruction for */
}

#endif
