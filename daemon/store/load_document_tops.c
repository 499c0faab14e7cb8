/* A `top` line of a document. */
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "base/utf8.h"
#include "store/load_document.h"

static const uint64_t number_max = (uint64_t)1 << 53;

static int wrong(const char **ret_wrong, const char *what)
{
    *ret_wrong = what;
    return ERR_MALFORMED;
}

/* --- Room --- */

static int make_room(struct load_document *d, struct load_top_room *room)
{
    if (d->tops == room->tops) {
        size_t more = 2 * room->tops + 256;
        struct load_top *top = realloc(d->top, more * sizeof *top);

        if (top == NULL)
            return ERR_NOMEM;
        d->top = top;
        room->tops = more;
    }
    if (d->key_bytes + LUOT_TOP_KEY_MAX > room->key_bytes) {
        size_t more = 2 * room->key_bytes + 16 * LUOT_TOP_KEY_MAX;
        char *keys = realloc(d->keys, more);

        if (keys == NULL)
            return ERR_NOMEM;
        d->keys = keys;
        room->key_bytes = more;
    }
    return 0;
}

/* --- Reading --- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of "%41 B", at most LUOT_TOP_KEY_MAX of them. */
static int read_key(struct slice text, char *key, size_t *ret_length)
{
    size_t n = 0;

    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];

        if (byte == '%') {
            int high = i + 2 < text.length ? digit_of(text.at[i + 1]) : -1;
            int low = i + 2 < text.length ? digit_of(text.at[i + 2]) : -1;

            if (high < 0 || low < 0)
                return ERR_MALFORMED;
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (n == LUOT_TOP_KEY_MAX || byte == '\0')
            return ERR_MALFORMED;
        key[n++] = byte;
    }
    *ret_length = n;
    return utf8_is_valid((struct slice){key, n}) ? 0 : ERR_MALFORMED;
}

static int number(struct slice *rest, uint64_t *ret_number)
{
    int rv = slice_number(slice_cut(rest, ' '), ret_number);

    return rv != 0 || *ret_number >= number_max ? ERR_MALFORMED : 0;
}

/* Robots' page views are records, but no views. */
static uint64_t views_there(const struct load_document *d, enum dimension of)
{
    return of == DIM_BOTS ? d->source.parsed : d->source.views;
}

int load_top_read(struct load_document *d, struct load_top_room *room, struct slice text,
                  const char **ret_wrong)
{
    struct load_top top = {.day = 0};
    struct slice rest = text;
    int rv = make_room(d, room);

    if (rv != 0)
        return rv;
    if (date_parse(slice_cut(&rest, ' '), &top.day) != 0 ||
        dimension_parse(&top.of, slice_cut(&rest, ' ')) != 0 ||
        number(&rest, &top.views) != 0 || number(&rest, &top.visitors) != 0 ||
        number(&rest, &top.lacks) != 0)
        return wrong(ret_wrong, "not a row of tops");
    if (top.views > views_there(d, top.of) || top.visitors > top.views)
        return wrong(ret_wrong, "a row of tops has more views than there are");
    if (d->tops > 0 && top.day < d->top[d->tops - 1].day)
        return wrong(ret_wrong, "days of tops must ascend");
    top.key_at = d->key_bytes;
    if (read_key(rest, d->keys + d->key_bytes, &top.key_length) != 0)
        return wrong(ret_wrong, "not the key of a row of tops");
    d->key_bytes += top.key_length;
    d->top[d->tops++] = top;
    return 0;
}
