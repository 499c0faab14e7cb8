/* Floor 0 (base). UTF-8 as it must be: shortest forms, no surrogates, up to U+10FFFF. */
#ifndef LUOT_BASE_UTF8_H
#define LUOT_BASE_UTF8_H

#include "base/slice.h"

/* What stands at s.at[0], of a slice that is not empty, by Unicode's table 3-7: its length
 * in bytes, and whether it is a character. What is none is as long as the part that could
 * have begun one ("maximal subpart"), 1 to 3. */
size_t utf8_take(struct slice s, bool *ret_valid);
/* All of it? */
bool utf8_is_valid(struct slice s);

#endif
