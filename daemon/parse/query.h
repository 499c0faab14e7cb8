/* Floor 1 (parse). Query strings: `a=1&b=%C4%91`. Pure. */
#ifndef LUOT_PARSE_QUERY_H
#define LUOT_PARSE_QUERY_H

#include "base/bytes16.h"
#include "base/slice.h"

/* The next pair of *rest, undecoded; false at the end. "a" is {a, ""}; empty pairs are
 * skipped. */
bool query_next(struct slice *rest, struct slice *ret_key, struct slice *ret_value);
/* The first value of a key, undecoded; false when it is not there. */
bool query_find(struct slice query, struct slice key, struct slice *ret_value);
/* Percent- and plus-decoding. Without an escape *ret is the value itself; else it is
 * decoded into memory (value.length bytes are enough). ERR_MALFORMED for a bad or cut
 * escape and for %00. */
int query_decode(struct slice *ret, struct slice value, char *memory);

/* The same for who can have more than the value read, from `begin` up to `end`: the value
 * ends there or before a '&'. First whether there is an escape at all; if so, to where it is
 * decoded: `memory` is for as many bytes as from value.at to `end`, or for 15 more than the
 * value has; what is behind *ret in it is anything. */
static inline bool query_has_escape(struct slice value, const char *begin,
                                    const char *end)
{
    const char *at = value.at, *stop = at + value.length;

    for (; at < stop && end - begin >= 16; at += 16) {
        const char *block = end - at >= 16 ? at : end - 16;
        bytes16 b = bytes16_load(block);
        unsigned bits = bytes16_bits(bytes16_is(b, '%') | bytes16_is(b, '+'));

        bits >>= at - block;
        if (bits != 0)
            return at + lowest_bit(bits) < stop;
    }
    for (; at < stop; at++)
        if (*at == '%' || *at == '+')
            return true;
    return false;
}
int query_decode_escapes(struct slice *ret, struct slice value, const char *end,
                         char *memory);

#endif
