#include "parse/readable.h"

#include "base/utf8.h"

static const char HEX[] = "0123456789ABCDEF";
static const char MARK[] = "\xE2\x80\xA6"; /* U+2026 */
enum { MARK_BYTES = sizeof MARK - 1, ESCAPE_BYTES = 3 };

static int hex_digit(char c)
{
    unsigned digit = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

    return digit <= 9 ? (int)digit : letter <= 5 ? (int)letter + 10 : -1;
}

/* The byte that an escape at s.at[0] stands for, or -1. */
static int escaped_byte(struct slice s)
{
    int high, low;

    if (s.length < ESCAPE_BYTES || s.at[0] != '%')
        return -1;
    high = hex_digit(s.at[1]);
    low = hex_digit(s.at[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static void write_escape(char *to, unsigned char byte)
{
    to[0] = '%';
    to[1] = HEX[byte >> 4];
    to[2] = HEX[byte & 15];
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

struct slice readable_decode(struct slice text, const char *kept, char *memory,
                             size_t room, bool *ret_whole)
{
    size_t length = 0;

    *ret_whole = true;
    while (text.length > 0) {
        int byte = escaped_byte(text);
        bool came_escaped = byte >= 0;
        unsigned char c = came_escaped ? (unsigned char)byte : (unsigned char)text.at[0];
        size_t takes = came_escaped ? ESCAPE_BYTES : 1;
        bool escape =
            is_control(c) || c == '%' || (came_escaped && c < 0x80 && strchr(kept, c));
        size_t needs = escape ? ESCAPE_BYTES : 1;

        if (needs > room - length) {
            *ret_whole = false;
            break;
        }
        if (escape)
            write_escape(memory + length, c);
        else
            memory[length] = (char)c;
        length += needs;
        text = (struct slice){text.at + takes, text.length - takes};
    }
    return (struct slice){memory, length};
}

/* Of valid characters: those that nobody sees and that change how the text around them
 * reads. C1 controls, the marks, embeddings and isolates of direction, line and paragraph
 * separators, the byte order mark. U+200B to U+200D are Khmer's and Indic scripts' own. */
static bool misleads(const unsigned char *c, size_t length)
{
    if (length == 2)
        return (c[0] == 0xC2 && c[1] < 0xA0) || (c[0] == 0xD8 && c[1] == 0x9C);
    if (length != 3)
        return false;
    if (c[0] == 0xE2 && c[1] == 0x80)
        return c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xA8 && c[2] <= 0xAE);
    if (c[0] == 0xE2 && c[1] == 0x81)
        return c[2] >= 0xA6 && c[2] <= 0xA9;
    return c[0] == 0xEF && c[1] == 0xBB && c[2] == 0xBF;
}

/* The length of the character at s.at[0]; *ret_good: it can stand as it is. */
static size_t take(struct slice s, bool *ret_good)
{
    size_t length = utf8_take(s, ret_good);
    const unsigned char *c = (const unsigned char *)s.at;

    if (*ret_good)
        *ret_good = length == 1 ? !is_control(c[0]) : !misleads(c, length);
    return length;
}

/* How many printable ASCII characters stand at the beginning; at most `limit`. */
static size_t plain_length(struct slice s, size_t limit)
{
    size_t i = 0, end = s.length < limit ? s.length : limit;

    while (i < end && (unsigned char)(s.at[i] - 0x20) < 0x5f)
        i++;
    return i;
}

static size_t append_plain(char *memory, size_t length, size_t room, struct slice *text)
{
    size_t plain = plain_length(*text, room - length);

    if (plain > 0)
        memmove(memory + length, text->at, plain);
    *text = (struct slice){text->at + plain, text->length - plain};
    return length + plain;
}

static size_t append_character(char *memory, size_t length, struct slice text, bool good)
{
    if (good) {
        memmove(memory + length, text.at, text.length);
        return length + text.length;
    }
    for (size_t i = 0; i < text.length; i++, length += ESCAPE_BYTES)
        write_escape(memory + length, (unsigned char)text.at[i]);
    return length;
}

size_t readable_append(char *memory, size_t length, size_t room, struct slice text)
{
    while (text.length > 0) {
        size_t takes;
        bool good;

        length = append_plain(memory, length, room, &text);
        if (text.length == 0 || length == room)
            break;
        takes = take(text, &good);
        if ((good ? takes : ESCAPE_BYTES * takes) > room - length)
            break;
        length = append_character(memory, length, (struct slice){text.at, takes}, good);
        text = (struct slice){text.at + takes, text.length - takes};
    }
    return length;
}

struct slice readable_cut(char *text, size_t length, size_t limit)
{
    size_t at = 0, next = 0;

    if (length <= limit)
        return (struct slice){text, length};
    while (next <= limit - MARK_BYTES) {
        struct slice rest = {text + next, length - next};
        bool valid;

        at = next;
        next += escaped_byte(rest) >= 0 ? ESCAPE_BYTES : utf8_take(rest, &valid);
    }
    memcpy(text + at, MARK, MARK_BYTES);
    return (struct slice){text, at + MARK_BYTES};
}

bool readable_is(struct slice text)
{
    bool good = true;

    while (text.length > 0 && good) {
        size_t plain = plain_length(text, text.length);
        size_t takes = plain > 0 ? plain : take(text, &good);

        text = (struct slice){text.at + takes, text.length - takes};
    }
    return good;
}
