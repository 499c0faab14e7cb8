/* Floor 1 (parse). Reading from the front: each takes its part off *rest and says whether
 * it was there. What was taken before something was missing stays taken. Pure. */
#ifndef LUOT_PARSE_TAKE_H
#define LUOT_PARSE_TAKE_H

#include "base/slice.h"

static inline bool take_byte(struct slice *rest, char c)
{
    if (rest->length == 0 || rest->at[0] != c)
        return false;
    rest->at++;
    rest->length--;
    return true;
}

/* The first `length` bytes; there must be as many. */
static inline struct slice take(struct slice *rest, size_t length)
{
    struct slice taken = {rest->at, length};

    rest->at += length;
    rest->length -= length;
    return taken;
}

/* One or more bytes that are no space, and the space behind them. */
static inline bool take_word(struct slice *rest, struct slice *ret_word)
{
    size_t length = slice_find(*rest, ' ');

    if (length == 0)
        return false;
    *ret_word = take(rest, length);
    return take_byte(rest, ' ');
}

static inline size_t leading_digits(struct slice s)
{
    size_t i = 0;

    while (i < s.length && (unsigned)s.at[i] - '0' < 10)
        i++;
    return i;
}

/* Exactly `count` digits, at most 9. */
static inline bool take_digits(struct slice *rest, size_t count, unsigned *ret_number)
{
    unsigned number = 0;

    if (leading_digits(*rest) < count)
        return false;
    for (size_t i = 0; i < count; i++)
        number = 10 * number + (unsigned)(rest->at[i] - '0');
    take(rest, count);
    *ret_number = number;
    return true;
}

/* 0..15, or more than 15 for what is not a hexadecimal digit. */
static inline unsigned hex_digit(char c)
{
    unsigned digit = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

    return digit <= 9 ? digit : letter <= 5 ? letter + 10 : 16;
}

/* English, three letters, the first upper case; 1..12. */
static inline bool take_month(struct slice *rest, unsigned *ret_month)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (unsigned i = 0; i < 12 && rest->length >= 3; i++) {
        if (memcmp(MONTHS + 3 * (size_t)i, rest->at, 3) == 0) {
            take(rest, 3);
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

#endif
