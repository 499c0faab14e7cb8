/* A draft's boundaries as a map. Happy path: the boundaries are there in ascending order
 * -> IPv4 by its slots -> IPv6: coarse (by /64), then slots, nodes and blocks. It fails
 * when there is no memory, or more than ADDRESS_MAP_BOUNDARIES of a family. */
#include <stdlib.h>

#include "base/error.h"
#include "identify/address_map_inner.h"

enum { BLOCK_MOST = 128 /* boundaries in a block of IPv6, before it is cut by 8 bits */ };

/* Room for one more, or for `more`; NULL: there is none. */
static void *grown(void *at, size_t *room, size_t count, size_t more, size_t size)
{
    size_t wanted = *room == 0 ? 256 : *room;

    if (count + more <= *room)
        return at;
    while (wanted < count + more)
        wanted *= 2;
    at = realloc(at, wanted * size);
    if (at != NULL)
        *room = wanted;
    return at;
}

/* --- The draft --- */

void address_map_from_v4(struct address_map_draft *d, uint32_t first, uint16_t value)
{
    struct v4_boundary *v4;

    if (d->error != 0)
        return;
    if (d->v4_count > 0 && d->v4[d->v4_count - 1].first == first)
        d->v4_count--;
    if ((d->v4_count == 0 ? 0 : d->v4[d->v4_count - 1].value) == value)
        return;
    if (d->v4_count == ADDRESS_MAP_BOUNDARIES) {
        d->error = ERR_FULL;
        return;
    }
    v4 = grown(d->v4, &d->v4_room, d->v4_count, 1, sizeof *v4);
    if (v4 == NULL) {
        d->error = ERR_NOMEM;
        return;
    }
    d->v4 = v4;
    v4[d->v4_count++] = (struct v4_boundary){first, value};
}

static uint64_t big_endian(const uint8_t *at)
{
    uint64_t n;

    memcpy(&n, at, sizeof n);
    return __builtin_bswap64(n);
}

/* The boundary is put where the draft has room; 0, or its error. */
static int put_v6(struct v6_boundary **list, size_t *count, size_t *room,
                  struct v6_boundary next)
{
    struct v6_boundary *v6;

    if (*count > 0 && (*list)[*count - 1].high == next.high &&
        (*list)[*count - 1].low == next.low)
        --*count;
    if ((*count == 0 ? 0 : (*list)[*count - 1].value) == next.value)
        return 0;
    if (*count == ADDRESS_MAP_BOUNDARIES)
        return ERR_FULL;
    v6 = grown(*list, room, *count, 1, sizeof *v6);
    if (v6 == NULL)
        return ERR_NOMEM;
    *list = v6;
    v6[(*count)++] = next;
    return 0;
}

void address_map_from_v6_words(struct address_map_draft *d, uint64_t high, uint64_t low,
                               uint16_t value)
{
    struct v6_boundary next = {high, low, value};

    if (d->error == 0)
        d->error = put_v6(&d->v6, &d->v6_count, &d->v6_room, next);
}

void address_map_from_v6(struct address_map_draft *d, const uint8_t first[16],
                         uint16_t value)
{
    address_map_from_v6_words(d, big_endian(first), big_endian(first + 8), value);
}

void address_map_draft_release(struct address_map_draft *d)
{
    free(d->v4);
    free(d->v6);
    *d = (struct address_map_draft){.v4 = NULL};
}

/* --- IPv4 --- */

static int make_v4(struct address_map *m, const struct address_map_draft *d)
{
    size_t words = 0, room = d->v4_count + SLOTS, i = 0;
    uint16_t value = 0;

    m->v4_block =
        malloc(room * sizeof *m->v4_block); /* a word a slot at most, and each */
    if (m->v4_block == NULL)
        return ERR_NOMEM;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        size_t begin = words;
        if (i < d->v4_count && d->v4[i].first == slot << 16)
            value = d->v4[i++].value;
        m->v4_slot[slot] = slot_make(SLOT_VALUE, value);
        m->v4_block[words] = value;
        for (; i < d->v4_count && d->v4[i].first >> 16 == slot; i++) {
            value = d->v4[i].value;
            m->v4_block[++words] = (d->v4[i].first & 0xFFFF) << 16 | value;
        }
        if (words == begin)
            continue;
        m->v4_block[begin] |= (uint32_t)(words - begin) << 16;
        m->v4_slot[slot] = slot_make(SLOT_BLOCK, begin);
        words++;
    }
    m->v4_words = words;
    m->bytes += words * sizeof *m->v4_block;
    return 0;
}

/* --- IPv6 --- */

struct coarse { /* by the first 64 bits */
    uint64_t high;
    uint16_t value; /* VALUE_FINE: this /64 has several */
};

struct making {
    struct address_map *map;
    struct coarse *coarse;
    size_t coarse_count;
    size_t blocks, block_room, nodes, node_room, fine_room;
};

static int put_fine(struct making *k, struct v6_boundary next)
{
    struct address_map *m = k->map;
    struct v6_boundary *fine =
        grown(m->fine, &k->fine_room, m->fine_count, 1, sizeof *fine);

    if (fine == NULL)
        return ERR_NOMEM;
    m->fine = fine;
    fine[m->fine_count++] = next;
    return 0;
}

/* The boundaries [i, j) are of one /64, at whose beginning it is `value`. Behind it
 * goes on what the last of them says. */
static int coarsen_one(struct making *k, const struct v6_boundary *v6, size_t i, size_t j,
                       uint16_t value)
{
    uint64_t high = v6[i].high;
    int rv;

    if (v6[j - 1].low == 0) { /* one, and at its beginning */
        k->coarse[k->coarse_count++] = (struct coarse){high, v6[i].value};
        return 0;
    }
    k->coarse[k->coarse_count++] = (struct coarse){high, VALUE_FINE};
    rv = v6[i].low == 0 ? 0 : put_fine(k, (struct v6_boundary){high, 0, value});
    for (; i < j && rv == 0; i++)
        rv = put_fine(k, v6[i]);
    return rv;
}

static int coarsen(struct making *k, const struct v6_boundary *v6, size_t count)
{
    uint16_t value = 0;
    int rv = 0;

    k->coarse = malloc((2 * count + 1) * sizeof *k->coarse);
    if (k->coarse == NULL)
        return ERR_NOMEM;
    for (size_t i = 0, j; i < count && rv == 0; i = j) {
        for (j = i; j < count && v6[j].high == v6[i].high;)
            j++;
        rv = coarsen_one(k, v6, i, j, value);
        value = v6[j - 1].value;
        if (v6[j - 1].low != 0 && v6[i].high != UINT64_MAX &&
            (j == count || v6[j].high != v6[i].high + 1))
            k->coarse[k->coarse_count++] = (struct coarse){v6[i].high + 1, value};
    }
    return rv;
}

/* Does each of the boundaries [i, j) begin at a /48? */
static bool are_short(const struct making *k, size_t i, size_t j)
{
    for (; i < j; i++)
        if ((k->coarse[i].high & 0xFFFF) != 0)
            return false;
    return true;
}

/* Room in both lists; where a block of so many words begins is k->blocks. */
static int make_room(struct making *k, size_t words)
{
    struct address_map *m = k->map;
    size_t room = k->block_room, same = k->block_room;
    uint32_t *first = grown(m->v6_first, &room, k->blocks, words, sizeof *first);
    uint16_t *values;

    if (first == NULL)
        return ERR_NOMEM;
    m->v6_first = first;
    values = grown(m->v6_value, &same, k->blocks, words, sizeof *values);
    if (values == NULL)
        return ERR_NOMEM;
    m->v6_value = values;
    k->block_room = room;
    return 0;
}

static int make_block(struct making *k, size_t i, size_t j, uint16_t value,
                      uint32_t *ret_slot)
{
    bool wide = !are_short(k, i, j);
    size_t n = j - i, words = (n + 1) * (wide ? 2 : 1);
    int rv = make_room(k, words);
    uint32_t *first;
    uint16_t *values;

    if (rv != 0)
        return rv;
    first = k->map->v6_first + k->blocks;
    values = k->map->v6_value + k->blocks;
    memset(values, 0, words * sizeof *values);
    first[0] = (uint32_t)n;
    values[0] = value;
    for (size_t at = 1; at <= n; at++) {
        const struct coarse *c = &k->coarse[i + at - 1];

        values[at] = c->value;
        if (wide) {
            first[2 * at] = (uint32_t)(c->high >> 32);
            first[2 * at + 1] = (uint32_t)c->high;
        } else {
            first[at] = (uint32_t)(c->high >> 16);
        }
    }
    if (wide)
        first[1] = 0;
    *ret_slot = slot_make(wide ? SLOT_WIDE_BLOCK : SLOT_BLOCK, k->blocks);
    k->blocks += words;
    return 0;
}

/* `count` slots of `bits` bits each below the prefix that ends at `begin`; the boundaries
 * [*i, ...) of them are taken. Recurses six times at most: 16, 24, ... 64 bits. */
static int make_slots(struct making *k, size_t node, uint64_t begin, unsigned bits,
                      size_t *i, uint16_t *value)
{
    unsigned count = bits == 16 ? SLOTS : NODE_SLOTS;
    uint64_t span = (uint64_t)1 << (64 - bits);

    for (unsigned s = 0; s < count; s++) {
        uint64_t first = begin + s * span, last = first + (span - 1);
        uint32_t slot;
        size_t j;
        int rv = 0;
        if (*i < k->coarse_count && k->coarse[*i].high == first)
            *value = k->coarse[(*i)++].value;
        for (j = *i; j < k->coarse_count && k->coarse[j].high <= last;)
            j++;
        slot = slot_make(SLOT_VALUE, *value);
        if (j - *i > BLOCK_MOST) {
            size_t below = k->nodes;
            uint32_t *nodes = grown(k->map->v6_node, &k->node_room, k->nodes, NODE_SLOTS,
                                    sizeof *nodes);
            if (nodes == NULL)
                return ERR_NOMEM;
            k->map->v6_node = nodes;
            k->nodes += NODE_SLOTS;
            slot = slot_make(SLOT_NODE, below);
            rv = make_slots(k, below, first, bits + 8, i, value);
        } else if (j > *i) {
            rv = make_block(k, *i, j, *value, &slot);
            *value = k->coarse[j - 1].value;
            *i = j;
        }
        if (rv != 0)
            return rv;
        (bits == 16 ? k->map->v6_slot : k->map->v6_node + node)[s] = slot;
    }
    return 0;
}

static int make_v6(struct address_map *m, const struct address_map_draft *d)
{
    struct making k = {.map = m};
    uint16_t value = 0;
    size_t i = 0;
    int rv = coarsen(&k, d->v6, d->v6_count);

    if (rv == 0)
        rv = make_slots(&k, 0, 0, 16, &i, &value);
    free(k.coarse);
    m->node_words = k.nodes;
    m->v6_words = k.blocks;
    m->bytes += k.nodes * sizeof *m->v6_node + m->fine_count * sizeof *m->fine +
                k.blocks * (sizeof *m->v6_first + sizeof *m->v6_value);
    return rv;
}

int address_map_make(struct address_map **ret_map, struct address_map_draft *d)
{
    struct address_map *m = d->error == 0 ? calloc(1, sizeof *m) : NULL;
    int rv = d->error != 0 ? d->error : m == NULL ? ERR_NOMEM : 0;

    if (rv == 0)
        rv = make_v4(m, d);
    if (rv == 0)
        rv = make_v6(m, d);
    address_map_draft_release(d);
    if (rv != 0) {
        address_map_free(m);
        return rv;
    }
    m->bytes += sizeof *m;
    *ret_map = m;
    return 0;
}
