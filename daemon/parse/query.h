/* Floor 1 (parse). Query strings: `a=1&b=%C4%91`. Pure. */
#ifndef LUOT_PARSE_QUERY_H
#define LUOT_PARSE_QUERY_H

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
/* The same, faster where more than the value can be read: it ends at `end` or before a '&',
 * and the bytes up to `end` are there. `memory` is for as many bytes as from value.at to
 * `end`; what is behind *ret in it is anything. */
int query_decode_within(struct slice *ret, struct slice value, const char *end,
                        char *memory);

#endif
