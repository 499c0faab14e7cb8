#include "parse/query.h"

#include "base/error.h"
#include "parse/take.h"

bool query_next(struct slice *rest, struct slice *ret_key, struct slice *ret_value)
{
    struct slice pair;
    do {
        if (slice_is_empty(*rest))
            return false;
        pair = slice_cut(rest, '&');
    } while (slice_is_empty(pair));
    *ret_key = slice_cut(&pair, '=');
    *ret_value = pair;
    return true;
}

bool query_find(struct slice query, struct slice key, struct slice *ret_value)
{
    struct slice found, value;
    while (query_next(&query, &found, &value)) {
        if (slice_equal(found, key)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* --- Decoding --- */

/* An escape reaches two bytes behind its block. */
enum { BLOCK = 16, BLOCK_REACH = BLOCK + 2 };

/* A hexadecimal digit's value, and a mark that the others, 0, do not have. */
enum { DIGIT = 0x100 };
static const uint16_t DIGIT_OF[256] = {
    ['0'] = DIGIT,      ['1'] = DIGIT + 1,  ['2'] = DIGIT + 2,  ['3'] = DIGIT + 3,
    ['4'] = DIGIT + 4,  ['5'] = DIGIT + 5,  ['6'] = DIGIT + 6,  ['7'] = DIGIT + 7,
    ['8'] = DIGIT + 8,  ['9'] = DIGIT + 9,  ['a'] = DIGIT + 10, ['b'] = DIGIT + 11,
    ['c'] = DIGIT + 12, ['d'] = DIGIT + 13, ['e'] = DIGIT + 14, ['f'] = DIGIT + 15,
    ['A'] = DIGIT + 10, ['B'] = DIGIT + 11, ['C'] = DIGIT + 12, ['D'] = DIGIT + 13,
    ['E'] = DIGIT + 14, ['F'] = DIGIT + 15};

/* The byte that the two digits at `digits` say, less one; what is no digit, and 00, are
 * more than 0xFE. */
static inline unsigned escaped_less_one(const char *digits)
{
    unsigned high = DIGIT_OF[(unsigned char)digits[0]];
    unsigned low = DIGIT_OF[(unsigned char)digits[1]];

    return (high << 4) + low - ((DIGIT << 4) + DIGIT + 1);
}

static inline bytes16 with_spaces(bytes16 b)
{
    return b ^ (bytes16_is(b, '+') & bytes16_all('+' ^ ' '));
}

/* Decodes the escape at *from and those that follow it, if they begin before `last`; false:
 * one is bad. */
static inline bool take_escapes(const char **from, const char *last, char **to)
{
    do {
        unsigned less_one = escaped_less_one(*from + 1);

        if (less_one > 0xFE)
            return false;
        *(*to)++ = (char)(less_one + 1);
        *from += 3;
    } while (*from < last && **from == '%');
    return true;
}

/* A block is copied whole, with what stands behind its first escape, and from there anew
 * when that is decoded, as long as blocks begin before `last`. It may reach behind the value,
 * no escape does: what follows a value is no digit. *to is never further on than *from, so
 * that there is memory. */
static inline bool decode_blocks(const char **from, const char *stop, const char *last,
                                 char **to)
{
    while (*from < last) {
        bytes16 b = bytes16_load(*from);
        unsigned bits = bytes16_bits(bytes16_is(b, '%'));
        size_t plain = lowest_bit(bits | 1U << BLOCK);

        bytes16_store(*to, with_spaces(b));
        *from += plain;
        *to += plain;
        if (bits != 0 && *from < stop && !take_escapes(from, last, to))
            return false;
    }
    if (*from > stop) {
        *to -= *from - stop;
        *from = stop;
    }
    return true;
}

static bool decode_bytes(const char *from, const char *stop, char **to)
{
    while (from < stop) {
        if (*from != '%')
            *(*to)++ = *from == '+' ? ' ' : *from, from++;
        else if (stop - from < 3 || !take_escapes(&from, from + 1, to))
            return false;
    }
    return true;
}

int query_decode_escapes(struct slice *ret, struct slice value, const char *end,
                         char *memory)
{
    const char *from = value.at, *stop = from + value.length, *last = from;
    char *to = memory;

    if (end - from >= BLOCK_REACH)
        last = end - BLOCK_REACH < stop ? end - BLOCK_REACH + 1 : stop;
    if (!decode_blocks(&from, stop, last, &to) || !decode_bytes(from, stop, &to))
        return ERR_MALFORMED;
    *ret = (struct slice){memory, (size_t)(to - memory)};
    return 0;
}

int query_decode(struct slice *ret, struct slice value, char *memory)
{
    const char *end;

    if (!slice_is_empty(value)) { /* which may have no address, and then no end */
        end = value.at + value.length;
        if (query_has_escape(value, value.at, end))
            return query_decode_escapes(ret, value, end, memory);
    }
    *ret = value;
    return 0;
}
