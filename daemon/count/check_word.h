/* Floor 2 (count). A number of the arena that checks itself: check:16 | value:48, in one
 * aligned 64-bit store, so that kill -9 tears nothing. The check is a CRC of the value
 * and of what the number belongs to (a day, a week, a quarter): any change inside 16
 * neighbouring bits is seen, others but for one in 65,536.
 *
 * It is computed by who writes, the keeper, and looked at by an adoption; readers take
 * the value and pay one mask. A check of 0 is none: the word was never written, or
 * version 1 of the arena wrote it. */
#ifndef LUOT_COUNT_CHECK_WORD_H
#define LUOT_COUNT_CHECK_WORD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CHECK_WORD_BITS = 48,
    CHECK_WORD_ZEROS_7 = 0x99af /* the CRC, from 0xffff on, of seven words of 0 */
};

#define CHECK_WORD_MAX ((UINT64_C(1) << CHECK_WORD_BITS) - 1)

extern const uint16_t check_word_zeros[4][16];
/* What a value that is not 0 adds to a CRC. */
uint16_t check_word_step(uint64_t value);

/* The CRC of what it was the CRC of, and eight bytes more. */
static inline uint16_t check_word_crc(uint16_t crc, uint64_t value)
{
    uint16_t next = check_word_zeros[0][crc & 15] ^ check_word_zeros[1][crc >> 4 & 15] ^
                    check_word_zeros[2][crc >> 8 & 15] ^ check_word_zeros[3][crc >> 12];

    return value == 0 ? next : next ^ check_word_step(value);
}

static inline uint64_t check_word(int64_t of, uint64_t value)
{
    uint64_t kept = value < CHECK_WORD_MAX ? value : CHECK_WORD_MAX;
    uint16_t crc = check_word_crc(check_word_crc(0xffff, (uint64_t)of), kept);

    return (uint64_t)(crc != 0 ? crc : 1) << CHECK_WORD_BITS | kept;
}

static inline uint64_t check_word_value(uint64_t word)
{
    return word & CHECK_WORD_MAX;
}

/* True as well when it has no check. */
static inline bool check_word_holds(int64_t of, uint64_t word)
{
    return word >> CHECK_WORD_BITS == 0 || word == check_word(of, check_word_value(word));
}

#endif
