/* A file is a header and its data with times of 4 bytes, for readers of version 1, then
 * the same with times of 8, then the footer between two line ends. The data of a block,
 * in this order:
 *
 *      times                   8 (4) bytes each
 *      an index of a type      1 each, as many as times
 *      types                   6 each: offset, and 2 bytes more
 *      names                   so many letters
 *      leap seconds            12 (8) each
 *      2 kinds of flags        1 each */
#include "base/tzif.h"

#include "base/error.h"

enum {
    HEADER = 44,
    TYPE = 6,
    TIME = 8,
    OFFSET_MIN = -25 * 3600 + 1,
    OFFSET_MAX = 26 * 3600 - 1
};

struct block {
    uint64_t flags;   /* of both kinds */
    uint64_t leaps;   /* leap seconds  */
    uint64_t times;   /* transitions   */
    uint64_t types;   /* local times   */
    uint64_t letters; /* of names      */
    const char *data;
};

static uint64_t big_endian(const char *at, size_t length)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

/* Takes one header and its data off the front of *rest. */
static int take_block(struct slice *rest, size_t time_bytes, struct block *ret_block)
{
    if (rest->length < HEADER || !slice_starts(*rest, SLICE("TZif")) || rest->at[4] < '2')
        return ERR_MALFORMED;
    struct block b = {
        .flags = big_endian(rest->at + 20, 4) + big_endian(rest->at + 24, 4),
        .leaps = big_endian(rest->at + 28, 4),
        .times = big_endian(rest->at + 32, 4),
        .types = big_endian(rest->at + 36, 4),
        .letters = big_endian(rest->at + 40, 4),
        .data = rest->at + HEADER,
    };
    uint64_t length = b.times * (time_bytes + 1) + b.types * TYPE + b.letters +
                      b.leaps * (time_bytes + 4) + b.flags;
    if (length > rest->length - HEADER)
        return ERR_MALFORMED;
    *rest = (struct slice){b.data + length, rest->length - HEADER - (size_t)length};
    *ret_block = b;
    return 0;
}

static int take_footer(struct slice rest, struct slice *ret_footer)
{
    if (rest.length < 2 || rest.at[0] != '\n')
        return ERR_MALFORMED;
    rest = (struct slice){rest.at + 1, rest.length - 1};
    size_t end = slice_find(rest, '\n');
    if (end == rest.length)
        return ERR_MALFORMED;
    *ret_footer = (struct slice){rest.at, end};
    return 0;
}

static int32_t offset_of_type(const struct tzif *t, unsigned type)
{
    return (int32_t)(uint32_t)big_endian(t->types + (size_t)type * TYPE, 4);
}

static unsigned type_of(const struct tzif *t, size_t i)
{
    return (uint8_t)t->times[t->count * TIME + i];
}

static int check(const struct tzif *t, uint64_t types)
{
    for (unsigned type = 0; type < types; type++)
        if (offset_of_type(t, type) < OFFSET_MIN || offset_of_type(t, type) > OFFSET_MAX)
            return ERR_MALFORMED;
    for (size_t i = 0; i < t->count; i++)
        if (type_of(t, i) >= types || (i > 0 && tzif_time(t, i) <= tzif_time(t, i - 1)))
            return ERR_MALFORMED;
    return 0;
}

int tzif_parse(struct tzif *ret_tzif, struct slice file)
{
    struct block old, b;
    struct slice rest = file;
    struct tzif t = {.count = 0};
    if (take_block(&rest, 4, &old) != 0 || take_block(&rest, TIME, &b) != 0 ||
        b.types == 0 || b.types > 256 || b.leaps != 0 ||
        take_footer(rest, &t.footer) != 0)
        return ERR_MALFORMED;
    t.count = (size_t)b.times;
    t.times = b.data;
    t.types = b.data + t.count * (TIME + 1);
    t.before = offset_of_type(&t, 0);
    if (check(&t, b.types) != 0)
        return ERR_MALFORMED;
    *ret_tzif = t;
    return 0;
}

int64_t tzif_time(const struct tzif *t, size_t i)
{
    return (int64_t)big_endian(t->times + i * TIME, TIME);
}

int32_t tzif_offset(const struct tzif *t, size_t i)
{
    return offset_of_type(t, type_of(t, i));
}
