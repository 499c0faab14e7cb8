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

#endif
