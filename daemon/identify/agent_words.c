#include "identify/agent_words.h"

#include <ctype.h>

bool agent_words_absurd(struct slice text)
{
    unsigned letters = 0;

    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x20 && c != '\t')
            return true;
        letters += letters < AGENT_LETTERS_MIN && (isalpha(c) || c >= 0x80);
    }
    return letters < AGENT_LETTERS_MIN;
}

/* Bytes of the character at `at`, or 0: it is none. */
static size_t character(const unsigned char *at, size_t length)
{
    size_t n = at[0] < 0x80                    ? 1
               : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
               : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
               : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                               : 0;

    if (n == 0 || n > length || at[0] < 0x20 || at[0] == 0x7f)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return n;
}

size_t agent_words_clean(char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t n = character((const unsigned char *)text + i, length - i);

        if (n == 0)
            text[i] = '?';
        i += n == 0 ? 1 : n;
    }
    return length;
}
