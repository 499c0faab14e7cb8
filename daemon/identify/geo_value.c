#include "identify/geo_value.h"

enum type { /* of the format's specification, 2.0 */
            EXTENDED = 0,
            POINTER = 1,
            TEXT = 2,
            DOUBLE = 3,
            BYTES = 4,
            UINT16 = 5,
            UINT32 = 6,
            MAP = 7,
            INT32 = 8,
            UINT64 = 9,
            UINT128 = 10,
            ARRAY = 11,
            BOOLEAN = 14,
            FLOAT = 15
};

struct value {
    enum type type;
    uint64_t size;   /* bytes; of a map its pairs, of an array its values */
    uint64_t target; /* of a pointer */
};

struct reading {
    struct slice section;
    uint64_t *budget;
};

static bool take_number(const struct reading *r, uint64_t *at, unsigned bytes,
                        uint64_t *ret_number)
{
    uint64_t n = 0;

    if (r->section.length - *at < bytes)
        return false;
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)r->section.at[*at + i];
    *at += bytes;
    *ret_number = n;
    return true;
}

/* The five bits behind the type are the size, or say how many bytes have it. */
static bool take_size(const struct reading *r, uint64_t *at, unsigned bits,
                      uint64_t *ret_size)
{
    static const uint64_t least[] = {29, 285, 65821};
    uint64_t more;

    if (bits < 29) {
        *ret_size = bits;
        return true;
    }
    if (!take_number(r, at, bits - 28, &more))
        return false;
    *ret_size = least[bits - 29] + more;
    return true;
}

static bool take_pointer(const struct reading *r, uint64_t *at, unsigned bits,
                         uint64_t *ret_target)
{
    static const uint64_t least[] = {0, 2048, 526336, 0};
    unsigned bytes = (bits >> 3) + 1;
    uint64_t low;

    if (!take_number(r, at, bytes, &low))
        return false;
    *ret_target = bytes == 4 ? low : ((uint64_t)(bits & 7) << 8 * bytes | low);
    *ret_target += least[bytes - 1];
    return *ret_target < r->section.length;
}

/* What stands before a value's own bytes; *at moves to them. */
static bool take_head(const struct reading *r, uint64_t *at, struct value *ret_value)
{
    uint64_t control, extended;
    struct value v = {.type = EXTENDED};

    if (*at > r->section.length || *r->budget == 0 || !take_number(r, at, 1, &control))
        return false;
    --*r->budget;
    v.type = (enum type)(control >> 5);
    if (v.type == POINTER) {
        *ret_value = v;
        return take_pointer(r, at, control & 31, &ret_value->target);
    }
    if (v.type == EXTENDED) {
        if (!take_number(r, at, 1, &extended) || extended > FLOAT - MAP)
            return false;
        v.type = (enum type)(MAP + extended);
        if (v.type <= MAP)
            return false;
    }
    if (!take_size(r, at, control & 31, &v.size))
        return false;
    *ret_value = v;
    return true;
}

static bool size_is_right(const struct value *v)
{
    static const uint8_t most[] = {
        [UINT16] = 2, [UINT32] = 4, [INT32] = 4, [UINT64] = 8, [UINT128] = 16};

    switch (v->type) {
    case TEXT:
    case BYTES:
        return true;
    case DOUBLE:
        return v->size == 8;
    case FLOAT:
        return v->size == 4;
    case UINT16:
    case UINT32:
    case INT32:
    case UINT64:
    case UINT128:
        return v->size <= most[v->type];
    default:
        return false; /* a container of caches, an end marker: not in a file's data */
    }
}

static bool walk(const struct reading *r, uint64_t *at, unsigned depth);

/* Text, or a pointer to text: a key of a map is. */
static bool walk_text(const struct reading *r, uint64_t *at)
{
    struct value v;
    uint64_t there, *from = at;

    if (!take_head(r, at, &v))
        return false;
    if (v.type == POINTER) {
        there = v.target;
        from = &there;
        if (!take_head(r, from, &v))
            return false;
    }
    if (v.type != TEXT || v.size > r->section.length - *from)
        return false;
    *from += v.size;
    return true;
}

static bool walk_several(const struct reading *r, uint64_t *at, const struct value *v,
                         unsigned depth)
{
    if (v->size > r->section.length - *at) /* each takes a byte, and more */
        return false;
    for (uint64_t i = 0; i < v->size; i++)
        if ((v->type == MAP && !walk_text(r, at)) || !walk(r, at, depth + 1))
            return false;
    return true;
}

/* A pointer's target is no pointer, so that this ends. */
static bool walk_target(const struct reading *r, uint64_t target, unsigned depth)
{
    uint64_t look = target;
    struct value v;

    return take_head(r, &look, &v) && v.type != POINTER && walk(r, &target, depth + 1);
}

static bool walk(const struct reading *r, uint64_t *at, unsigned depth)
{
    struct value v;

    if (depth > GEO_VALUE_DEPTH || !take_head(r, at, &v))
        return false;
    if (v.type == POINTER)
        return walk_target(r, v.target, depth);
    if (v.type == MAP || v.type == ARRAY)
        return walk_several(r, at, &v, depth);
    if (v.type == BOOLEAN)
        return v.size <= 1;
    if (!size_is_right(&v) || v.size > r->section.length - *at)
        return false;
    *at += v.size;
    return true;
}

bool geo_map_is_sound(struct slice section, uint64_t offset, uint64_t *budget)
{
    struct reading r = {section, budget};
    uint64_t at = offset, look = offset;
    struct value v;

    return offset < section.length && take_head(&r, &look, &v) && v.type == MAP &&
           walk(&r, &at, 0);
}

bool geo_texts_are_sound(struct slice section, uint64_t offset, uint64_t *budget)
{
    struct reading r = {section, budget};
    uint64_t at = offset;
    struct value v;

    if (offset >= section.length || !take_head(&r, &at, &v) ||
        (v.type != MAP && v.type != ARRAY) || v.size > section.length)
        return false;
    for (uint64_t n = v.type == MAP ? 2 * v.size : v.size; n > 0; n--)
        if (!walk_text(&r, &at))
            return false;
    return true;
}
