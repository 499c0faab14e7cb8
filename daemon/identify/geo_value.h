/* Floor 2 (identify), for geo*.c only. Is a value of a MaxMind DB file whole?
 *
 * libmaxminddb 1.7.1 skips nested maps by recursion without a limit, and reads the same
 * bytes again for each pointer to them: a small file that was made to can end the
 * stack, or take years. So each value is walked here first: pointers are followed, all
 * of it lies in its section, nothing is nested deeper than any database nests, and the
 * walks of a whole file together are bounded. Only then does the library read it. */
#ifndef LUOT_IDENTIFY_GEO_VALUE_H
#define LUOT_IDENTIFY_GEO_VALUE_H

#include "base/slice.h"

enum { GEO_VALUE_DEPTH = 32 };

/* A map that begins at `offset`. *budget falls by one a value, and must not reach 0. */
bool geo_map_is_sound(struct slice section, uint64_t offset, uint64_t *budget);
/* Is what begins at `offset` a map of text to text, or an array of text? */
bool geo_texts_are_sound(struct slice section, uint64_t offset, uint64_t *budget);

#endif
