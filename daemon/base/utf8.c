#include "base/utf8.h"

size_t utf8_take(struct slice s, bool *ret_valid)
{
    const uint8_t *at = (const uint8_t *)s.at;
    uint8_t low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t length;
    *ret_valid = true;
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xC2 && at[0] <= 0xDF) {
        length = 2;
    } else if (at[0] >= 0xE0 && at[0] <= 0xEF) {
        length = 3;
        low = at[0] == 0xE0 ? 0xA0 : low;
        high = at[0] == 0xED ? 0x9F : high; /* no surrogates */
    } else if (at[0] >= 0xF0 && at[0] <= 0xF4) {
        length = 4;
        low = at[0] == 0xF0 ? 0x90 : low;
        high = at[0] == 0xF4 ? 0x8F : high; /* up to U+10FFFF */
    } else {
        *ret_valid = false;
        return 1;
    }
    for (size_t i = 1; i < length; i++) {
        if (i == s.length || at[i] < low || at[i] > high) {
            *ret_valid = false;
            return i;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

bool utf8_is_valid(struct slice s)
{
    bool valid = true;

    while (s.length > 0 && valid) {
        size_t length = (unsigned char)s.at[0] < 0x80 ? 1 : utf8_take(s, &valid);

        s = (struct slice){s.at + length, s.length - length};
    }
    return valid;
}
