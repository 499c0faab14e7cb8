/* Floor 2 (identify), for address_map*.c only. */
#ifndef LUOT_IDENTIFY_ADDRESS_MAP_INNER_H
#define LUOT_IDENTIFY_ADDRESS_MAP_INNER_H

#include "identify/address_map.h"

enum {
    SLOTS = 1 << 16,
    NODE_SLOTS = 1 << 8,
    VALUE_FINE = ADDRESS_MAP_VALUE_MAX + 1, /* of a /64: ask `fine` */
    KIND_SHIFT = 30
};

/* A slot: 2 bits of what it is, 30 of the number or of where to go on. */
enum slot_kind { SLOT_VALUE, SLOT_BLOCK, SLOT_NODE, SLOT_WIDE_BLOCK };

static inline uint32_t slot_make(enum slot_kind kind, size_t rest)
{
    return (uint32_t)kind << KIND_SHIFT | (uint32_t)rest;
}

static inline enum slot_kind slot_kind(uint32_t slot)
{
    return (enum slot_kind)(slot >> KIND_SHIFT);
}

static inline uint32_t slot_rest(uint32_t slot)
{
    return slot & ((1U << KIND_SHIFT) - 1);
}

/* A block of IPv4 is words of 32 bits: first `count << 16 | number at its start`, then
 * for each boundary `low 16 bits of its address << 16 | number`. Of IPv6, first[0] is
 * the count and value[0] the number at its start, then 32 bits and a number each: all
 * numbers of a block begin at a /48, and the 16 bits before are the slot's. A wide block,
 * where one does not, has the 64 bits in two words, and as much room again for numbers. */
struct address_map {
    uint32_t *v4_block; /* pointers first: as an image they are one page that we change */
    uint32_t *v6_node;  /* NODE_SLOTS each */
    uint32_t *v6_first;
    uint16_t *v6_value;
    struct v6_boundary *fine; /* begins anew with each /64 it is asked for */
    size_t v4_words, node_words, v6_words, fine_count;
    size_t bytes;
    bool is_image; /* the lists stand behind it, and are not its own */
    uint32_t v4_slot[SLOTS];
    uint32_t v6_slot[SLOTS];
};

#endif
