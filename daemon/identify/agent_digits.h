/* Floor 2 (identify). Agents differ mostly in digits: of versions, builds and models. An agent
 * with each digit made a 0 is its skeleton, and what most patterns say of it is what they say
 * of the agent: those that tell no digit from another. Its first bytes are kept with it as they
 * are, since in nearly every agent they are "Mozilla/5.0 ", which many patterns want.
 *
 * Why that is exact: PCRE2, without UTF, tests one byte after the other, each by membership in
 * a set; a pattern of whose sets each has all ten digits or none, and which compares nothing
 * with what it has captured, takes the same way over both texts, step by step, to captures at
 * the same places. */
#ifndef LUOT_IDENTIFY_AGENT_DIGITS_H
#define LUOT_IDENTIFY_AGENT_DIGITS_H

#include <stdbool.h>

#include "base/slice.h"

enum { AGENT_DIGITS_KEPT = 12 /* bytes from the beginning */ };

/* `to` has room for as many bytes as `text` has, and may be where it is. */
void agent_digits_hide(char *to, struct slice text);

/* Is it certain that the pattern tells no digit from another, but in those first bytes, where
 * it begins with `^` and plain ones? In PCRE2's syntax; whatever is
 * not understood here (inline flags, verbs, references, escapes by number) is not. */
bool agent_digits_are_one_to(struct slice pattern);

/* The pattern with each digit in it any digit: it matches the skeleton of whatever the pattern
 * matches, and more. 0: there is no room, or the pattern has what looks about, is possessive,
 * or is not understood; else the bytes of it. */
size_t agent_digits_loosen(struct slice pattern, char *to, size_t room);

#endif
