#include "identify/address_map.h"

#include <stdlib.h>

#include "base/prefetch.h"
#include "identify/address_map_inner.h"

static uint64_t big_endian(const uint8_t *at)
{
    uint64_t n;

    memcpy(&n, at, sizeof n);
    return __builtin_bswap64(n);
}

/* The last word of the block that is not over the key. base[0] never is: it stands for
 * the block's own beginning. No branch depends on what is found, so none is
 * mispredicted. */
static uint16_t find_in_block(const uint32_t *base, uint32_t low)
{
    uint32_t key = low << 16 | 0xFFFF;
    size_t n = base[0] >> 16;

    while (n > 0) {
        size_t half = n - n / 2;
        base = base[half] <= key ? base + half : base;
        n -= half;
    }
    return (uint16_t)*base;
}

uint16_t address_map_find_v4(const struct address_map *m, uint32_t v4)
{
    uint32_t slot = m->v4_slot[v4 >> 16];

    if (slot_kind(slot) == SLOT_VALUE)
        return (uint16_t)slot;
    return find_in_block(m->v4_block + slot_rest(slot), v4 & 0xFFFF);
}

static uint16_t find_in_v6_block(const struct address_map *m, size_t at, uint64_t high)
{
    const uint32_t *first = m->v6_first + at;
    uint32_t bits = (uint32_t)(high >> 16);
    size_t n = first[0], base = 0;

    while (n > 0) {
        size_t half = n - n / 2;
        base = first[base + half] <= bits ? base + half : base;
        n -= half;
    }
    return m->v6_value[at + base];
}

static uint16_t find_in_wide_block(const struct address_map *m, size_t at, uint64_t high)
{
    const uint32_t *first = m->v6_first + at;
    size_t n = first[0], base = 0;

    while (n > 0) {
        size_t half = n - n / 2;
        const uint32_t *word = first + 2 * (base + half);
        base = ((uint64_t)word[0] << 32 | word[1]) <= high ? base + half : base;
        n -= half;
    }
    return m->v6_value[at + base];
}

/* What a slot that is no node says. */
static uint16_t find_in_slot(const struct address_map *m, uint32_t slot, uint64_t high)
{
    if (slot_kind(slot) == SLOT_VALUE)
        return (uint16_t)slot;
    return slot_kind(slot) == SLOT_BLOCK ? find_in_v6_block(m, slot_rest(slot), high)
                                         : find_in_wide_block(m, slot_rest(slot), high);
}

/* The last that is not over the address: there is one, since its /64 has its own
 * beginning in the table. */
static uint16_t find_fine(const struct address_map *m, uint64_t high, uint64_t low)
{
    size_t base = 0, n = m->fine_count;

    while (n > 1) {
        size_t half = n / 2;
        const struct v6_boundary *b = &m->fine[base + half];
        if (b->high < high || (b->high == high && b->low <= low))
            base += half;
        n -= half;
    }
    return m->fine[base].value;
}

static uint16_t find_v6(const struct address_map *m, uint64_t high, uint64_t low)
{
    uint32_t slot = m->v6_slot[high >> 48];
    uint16_t value;

    for (unsigned shift = 40; slot_kind(slot) == SLOT_NODE; shift -= 8)
        slot = m->v6_node[slot_rest(slot) + (high >> shift & (NODE_SLOTS - 1))];
    value = find_in_slot(m, slot, high);
    return value == VALUE_FINE ? find_fine(m, high, low) : value;
}

uint16_t address_map_find(const struct address_map *m, const struct address *a)
{
    uint64_t high = big_endian(a->bytes), low = big_endian(a->bytes + 8);

    if (high == 0 && low >> 32 == 0xFFFF) /* ::ffff:0:0/96 */
        return address_map_find_v4(m, (uint32_t)low);
    return find_v6(m, high, low);
}

/* Of IPv4, which is most, its block: how many it has is looked at first.
 * The slot is read at once: nothing waits for it but these. */
void address_map_expect(const struct address_map *m, const struct address *a)
{
    uint64_t high = big_endian(a->bytes), low = big_endian(a->bytes + 8);
    uint32_t slot;

    if (high != 0) {
        prefetch_to_read(&m->v6_slot[high >> 48]);
        return;
    }
    slot = m->v4_slot[(uint32_t)low >> 16];
    if (slot_kind(slot) == SLOT_BLOCK)
        prefetch_to_read(&m->v4_block[slot_rest(slot)]);
}

size_t address_map_bytes(const struct address_map *m)
{
    return m->bytes;
}

void address_map_free(struct address_map *m)
{
    if (m == NULL || m->is_image)
        return;
    free(m->v4_block);
    free(m->v6_node);
    free(m->v6_first);
    free(m->v6_value);
    free(m->fine);
    free(m);
}
