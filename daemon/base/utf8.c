#include "base/utf8.h"

static size_t utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Shortest forms only, no surrogates, nothing over U+10FFFF. */
static bool utf8_is_valid(const unsigned char *at, size_t length)
{
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
        return false;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return true;
}

bool utf8_is_clean(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.length;) {
        size_t length = utf8_length(at[i]);
        if (length == 0 || length > text.length - i || at[i] < 0x20 || at[i] == 0x7F)
            return false;
        if (length > 1 && !utf8_is_valid(at + i, length))
            return false;
        i += length;
    }
    return true;
}
