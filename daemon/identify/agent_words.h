/* Floor 2 (identify). What agents' texts look like, whatever they say. */
#ifndef LUOT_IDENTIFY_AGENT_WORDS_H
#define LUOT_IDENTIFY_AGENT_WORDS_H

#include "base/slice.h"

enum {
    AGENT_LETTERS_MIN = 3,
    AGENT_LENGTH_MAX = 2048 /* bytes; no browser's is longer */
};

/* No program that people use sends this: hardly a letter, or control bytes. */
bool agent_words_absurd(struct slice text);
/* Makes a text that came out of an agent fit to be shown: percent-escapes become what they
 * stand for, and then valid UTF-8 without control bytes, what is neither becomes '?'. In
 * place; returns its new length, never larger. */
size_t agent_words_clean(char *text, size_t length);

#endif
