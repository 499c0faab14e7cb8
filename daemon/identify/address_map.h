/* Floor 2 (identify). An address to a small number, for every address there is: what a
 * list of networks or a country database says, flattened once, so that asking costs a
 * beacon one or two cache lines and never depends on how long the list is.
 *
 * IPv4: the first 16 bits choose a slot. It holds the number, where the whole /16 has
 * one; else a block of the places inside the /16 where another number begins, in
 * ascending order, searched by halves. IPv6: 16 bits choose a slot, then 8 more at a
 * time as long as more than a few numbers begin inside. A /64 that is not one number's
 * (rare: databases end at /48 or /64) is looked up in a table of whole addresses.
 *
 * Memory: 512 KiB, 4 bytes a boundary of IPv4 and 6 of IPv6. */
#ifndef LUOT_IDENTIFY_ADDRESS_MAP_H
#define LUOT_IDENTIFY_ADDRESS_MAP_H

#include "base/address.h"

enum {
    ADDRESS_MAP_VALUE_MAX = 0xFFFE,
    ADDRESS_MAP_BOUNDARIES = 1 << 23 /* of each family: 32 and 80 MiB */
};

struct address_map; /* immutable: any thread */

/* 0: nothing was said of it. */
uint16_t address_map_find(const struct address_map *m, const struct address *a);
uint16_t address_map_find_v4(const struct address_map *m, uint32_t v4); /* host order */
/* Asks for the memory that finding it will look at. */
void address_map_expect(const struct address_map *m, const struct address *a);
size_t address_map_bytes(const struct address_map *m);
void address_map_free(struct address_map *m); /* NULL is a no-op */

/* --- As an image: bytes that can be used where they are --- */

/* Another number whenever maps are laid out in another way. */
uint32_t address_map_form(void);
size_t address_map_image_bytes(const struct address_map *m);
void address_map_lay_out(const struct address_map *m, char *ret_image);
/* The image is the caller's, and can be written here, as its pointers are; it begins at a
 * multiple of 64. The map is good as long as it is, and not to be freed. ERR_CORRUPT. What
 * its slots say is believed: it has a checksum. */
int address_map_use(struct address_map **ret_map, char *image, size_t length);

/* --- Making one --- */

struct v4_boundary {
    uint32_t first;
    uint16_t value;
};

struct v6_boundary {
    uint64_t high, low;
    uint16_t value;
};

/* All zero is a valid start. Remembers its first error. */
struct address_map_draft {
    struct v4_boundary *v4; /* ascending, neighbours differ */
    struct v6_boundary *v6;
    size_t v4_count, v4_room, v6_count, v6_room;
    int error; /* ERR_NOMEM, ERR_FULL */
};

/* From this address on, to the end of the family, it is `value`; told in ascending order,
 * the same address again replaces. Before the first one it is 0. */
void address_map_from_v4(struct address_map_draft *d, uint32_t first, uint16_t value);
void address_map_from_v6(struct address_map_draft *d, const uint8_t first[16],
                         uint16_t value);
/* The same address as two numbers. */
void address_map_from_v6_words(struct address_map_draft *d, uint64_t high, uint64_t low,
                               uint16_t value);
/* Frees what the draft has, whatever it returns: 0, or the error. */
int address_map_make(struct address_map **ret_map, struct address_map_draft *d);
void address_map_draft_release(struct address_map_draft *d);

#endif
