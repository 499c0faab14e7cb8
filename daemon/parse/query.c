#include "parse/query.h"

#include "base/error.h"
#include "parse/take.h"

bool query_next(struct slice *rest, struct slice *ret_key, struct slice *ret_value)
{
    struct slice pair;
    do {
        if (slice_is_empty(*rest))
            return false;
        pair = slice_cut(rest, '&');
    } while (slice_is_empty(pair));
    *ret_key = slice_cut(&pair, '=');
    *ret_value = pair;
    return true;
}

bool query_find(struct slice query, struct slice key, struct slice *ret_value)
{
    struct slice found, value;
    while (query_next(&query, &found, &value)) {
        if (slice_equal(found, key)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* Where decoding has to begin: the first '%' or '+', or the length. */
static size_t first_escape(struct slice value)
{
    if (slice_is_empty(value))
        return 0;
    size_t percent = slice_find(value, '%');
    return slice_find((struct slice){value.at, percent}, '+');
}

int query_decode(struct slice *ret, struct slice value, char *memory)
{
    size_t plain = first_escape(value);
    if (plain == value.length) {
        *ret = value;
        return 0;
    }
    memmove(memory, value.at, plain);
    char *to = memory + plain;
    const char *end = value.at + value.length;
    for (const char *from = value.at + plain; from < end; from++) {
        char c = *from;
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (end - from < 3)
                return ERR_MALFORMED;
            unsigned high = hex_digit(from[1]), low = hex_digit(from[2]);
            if (high > 15 || low > 15 || (high | low) == 0)
                return ERR_MALFORMED;
            c = (char)(high << 4 | low);
            from += 2;
        }
        *to++ = c;
    }
    *ret = (struct slice){memory, (size_t)(to - memory)};
    return 0;
}
