#include "luot_line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Once a byte did not fit, no later one is written: `overflow` is looked at at the
 * end. */
struct writer {
    char *line;
    size_t length;
    bool overflow;
};

static void put(struct writer *w, char c)
{
    if (w->length == LUOT_BEACON_MAX)
        w->overflow = true;
    else
        w->line[w->length++] = c;
}

static bool is_letter_or_digit(unsigned char c)
{
    unsigned letter = (c | 0x20u) - 'a', digit = c - (unsigned)'0';
    return letter < 26 || digit < 10;
}

/* RFC 3986's unreserved characters, and of those that it allows in a query the ones that
 * no reader of queries treats specially. */
static bool stays_as_it_is(unsigned char c)
{
    switch (c) {
    case '-':
    case '.':
    case '_':
    case '~':
    case '/':
    case ':':
    case '?':
    case '@':
    case '!':
    case '(':
    case ')':
    case '*':
    case ',':
        return true;
    default:
        return is_letter_or_digit(c);
    }
}

static void put_encoded(struct writer *w, unsigned char c)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    if (stays_as_it_is(c)) {
        put(w, (char)c);
    } else if (c == ' ') {
        put(w, '+');
    } else {
        put(w, '%');
        put(w, DIGITS[c >> 4]);
        put(w, DIGITS[c & 15]);
    }
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* At most `most` bytes of the text, before they are encoded. */
static void put_pair(struct writer *w, char key, const char *text, size_t most)
{
    if (!is_given(text))
        return;
    if (w->length > 0)
        put(w, '&');
    put(w, key);
    put(w, '=');
    for (size_t i = 0; i < most && text[i] != '\0' && !w->overflow; i++)
        put_encoded(w, (unsigned char)text[i]);
}

static void put_width(struct writer *w, unsigned px)
{
    char digits[6];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    for (unsigned rest = px; rest > 0; rest /= 10)
        digits[--at] = (char)('0' + rest % 10);
    put_pair(w, 'w', &digits[at], SIZE_MAX);
}

static bool is_address(const char *text)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool luot_line_is_site_key(const char *key)
{
    size_t length = strnlen(key, LUOT_SITE_KEY_MAX + 1);
    if (length == 0 || length > LUOT_SITE_KEY_MAX || key[0] == '-' || key[0] == '_')
        return false;
    return strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

static int check(const struct luot_hit *hit, const char *site)
{
    bool clash = hit->ping != 0 && is_given(hit->event);
    if (!luot_line_is_site_key(site) || clash || hit->screen_width > UINT16_MAX)
        return EINVAL;
    if (is_given(hit->address) && !is_address(hit->address))
        return EINVAL;
    if (is_given(hit->event) && strnlen(hit->event, LUOT_EVENT_MAX + 1) > LUOT_EVENT_MAX)
        return EMSGSIZE;
    return 0;
}

int luot_line_write(char ret_line[LUOT_BEACON_MAX], size_t *ret_length,
                    const struct luot_hit *hit, const char *site)
{
    struct writer w = {.line = ret_line};
    const char *key = is_given(hit->site) ? hit->site : site;
    int rv = check(hit, key);
    if (rv != 0)
        return rv;
    put_pair(&w, 's', key, SIZE_MAX);
    if (hit->ping != 0)
        put_pair(&w, 'k', "ping", SIZE_MAX);
    put_pair(&w, 'e', hit->event, SIZE_MAX);
    put_pair(&w, 'i', hit->address, SIZE_MAX);
    put_width(&w, hit->screen_width);
    put_pair(&w, 'l', hit->language, SIZE_MAX);
    put_pair(&w, 'p', hit->page, SIZE_MAX);
    put_pair(&w, 'r', hit->referrer, SIZE_MAX);
    put_pair(&w, 't', hit->title, SIZE_MAX);
    put_pair(&w, 'u', hit->user_agent, LUOT_USER_AGENT_MAX);
    if (w.overflow)
        return EMSGSIZE;
    *ret_length = w.length;
    return 0;
}
