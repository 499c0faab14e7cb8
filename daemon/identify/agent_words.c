#include "identify/agent_words.h"

#include <ctype.h>

/* What a byte is: 0, nothing; LETTER; CONTROL. */
enum { LETTER = 1, CONTROL };

static unsigned kind_of(unsigned char c)
{
    return c < 0x20 ? (c != '\t') * CONTROL : c >= 0x80 || isalpha(c) ? LETTER : 0;
}

/* Eight bytes at once: is any below 0x20? A borrow can only be started by such a byte. */
static bool word_has_control(const char *at)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return ((word - ones * 0x20) & ~word & ones * 0x80) != 0;
}

/* A tab is the only control byte that is none of these. */
static bool has_control(struct slice text)
{
    size_t i = 0;

    for (; i + 8 <= text.length; i += 8)
        if (word_has_control(text.at + i))
            for (size_t k = i; k < i + 8; k++)
                if (kind_of((unsigned char)text.at[k]) == CONTROL)
                    return true;
    for (; i < text.length; i++)
        if (kind_of((unsigned char)text.at[i]) == CONTROL)
            return true;
    return false;
}

bool agent_words_absurd(struct slice text)
{
    unsigned letters = 0;

    for (size_t i = 0; i < text.length && letters < AGENT_LETTERS_MIN; i++)
        letters += kind_of((unsigned char)text.at[i]) == LETTER;
    return letters < AGENT_LETTERS_MIN || has_control(text);
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

static int digit_of(char c)
{
    return c >= '0' && c <= '9'         ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10
                                        : -1;
}

/* Apple's libraries write an app's name as in a URL: "Opera%20Mini". */
static size_t unescape(char *text, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && i + 2 < length && digit_of(text[i + 1]) >= 0 &&
            digit_of(text[i + 2]) >= 0) {
            text[n++] = (char)(digit_of(text[i + 1]) << 4 | digit_of(text[i + 2]));
            i += 2;
        } else {
            text[n++] = text[i];
        }
    }
    return n;
}

/* Eight bytes at once: is each printable ASCII, and none a '%'? */
static bool word_is_clean(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t percent = word ^ ones * '%';

    return ((word | (word - ones * 0x20) | (word + ones) | (percent - ones)) &
            ones * 0x80) == 0;
}

/* As nearly every name is: nothing of it needs a look. What is no word of eight bytes is filled
 * up with blanks. */
static bool is_clean(const char *text, size_t length)
{
    uint64_t word;

    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        if (!word_is_clean(word))
            return false;
    }
    word = UINT64_MAX / 255 * ' ';
    for (size_t i = 0; i < length; i++)
        word = word << 8 | (unsigned char)text[i];
    return word_is_clean(word);
}

size_t agent_words_clean(char *text, size_t length)
{
    if (is_clean(text, length))
        return length;
    length = unescape(text, length);
    for (size_t i = 0; i < length;) {
        size_t n = character((const unsigned char *)text + i, length - i);

        if (n == 0)
            text[i] = '?';
        i += n == 0 ? 1 : n;
    }
    return length;
}
