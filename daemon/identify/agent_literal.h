/* Floor 2 (identify). What must be in a text for a pattern to match it: plain words that
 * one pass over the text can look for, all patterns together.
 *
 * For each alternative of a pattern, at its top level, the longest run of plain
 * characters is taken; one of the runs is in every text that the pattern matches. Runs
 * of what nearly every browser says ("Mozilla", "Safari") are taken only where there is
 * nothing better. Patterns are in PCRE2's syntax; what is not understood here (inline
 * flags, verbs) gives no literals, and never a wrong one. */
#ifndef LUOT_IDENTIFY_AGENT_LITERAL_H
#define LUOT_IDENTIFY_AGENT_LITERAL_H

#include "base/slice.h"

enum { AGENT_LITERAL_MAX = 32, AGENT_LITERALS_MAX = 160 };

struct agent_literal {
    char text[AGENT_LITERAL_MAX]; /* 2 bytes at least; a longer run is cut */
    uint8_t length;
    bool certain; /* where it is, the pattern matches */
};

struct agent_literals {
    size_t count; /* 0: none is known; look with the pattern itself */
    struct agent_literal at[AGENT_LITERALS_MAX];
};

void agent_literals_of(struct slice pattern, bool caseless,
                       struct agent_literals *ret_literals);

#endif
