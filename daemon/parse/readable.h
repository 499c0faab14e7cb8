/* Floor 1 (parse). What strangers send as names of pages, campaigns and events, as text
 * that people can read and that is safe to show: valid UTF-8, no control characters, none
 * that turn the direction of what is around them. Such bytes stand there as %XX, in upper
 * case. Pure, no heap. */
#ifndef LUOT_PARSE_READABLE_H
#define LUOT_PARSE_READABLE_H

#include "base/slice.h"

/* Percent-escapes are decoded into `memory`, of `room` bytes, but for those of `kept` (ASCII
 * characters), of '%' and of control characters; these are there as %XX whether they came
 * escaped or not (but for `kept`, which stays as it came). A '%' that begins no escape is
 * %25. *ret_whole false: there was no room for the rest. */
struct slice readable_decode(struct slice text, const char *kept, char *memory,
                             size_t room, bool *ret_whole);
/* Appends to *ret at `memory` what is no readable UTF-8 as %XX, the rest as it is; stops
 * before the character for which there is no room. Returns the new length. */
size_t readable_append(char *memory, size_t length, size_t room, struct slice text);
/* At most `limit` bytes: a longer text ends in U+2026 ("...") after its last whole
 * character or escape. `text` lies in memory that may be written. */
struct slice readable_cut(char *text, size_t length, size_t limit);
/* Is it readable as it is? Escapes are not looked at. */
bool readable_is(struct slice text);

#endif
