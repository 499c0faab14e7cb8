/* Floor 2 (identify), for geo*.c only. */
#ifndef LUOT_IDENTIFY_GEO_INNER_H
#define LUOT_IDENTIFY_GEO_INNER_H

#include <maxminddb.h>

#include "identify/address_map.h"
#include "identify/geo.h"

struct places; /* geo_places.h */

struct geo {
    struct geo_info info;
    struct address_map *map; /* to a place, or GEO_ALIAS + how many bits stand before */
    struct places *places;
    void *mapping; /* that the map is in; NULL: it has memory of its own */
    size_t mapped;
};

/* Some IPv6 networks (6to4, Teredo, ::/96) are doors to the tree of IPv4: an address in
 * one has an IPv4 address behind so many bits, which is looked up in its stead. */
enum { GEO_ALIAS = GEO_PLACES_MAX + 1, GEO_ALIAS_BITS_MAX = 96 };

/* --- geo_copy.c: the bytes of a file as memory that nobody else can change --- */

struct geo_copy {
    int fd; /* a sealed memfd */
    struct slice bytes;
};

/* An errno value; EINVAL: no regular file, EFBIG: over GEO_FILE_MAX, ESTALE: it changed
 * while it was read. */
int geo_copy_file(struct geo_copy *ret_copy, const char *path);
int geo_copy_bytes(struct geo_copy *ret_copy, struct slice bytes);
void geo_copy_release(struct geo_copy *c);

/* --- geo_metadata.c --- */

/* May libmaxminddb open these bytes? ERR_FOREIGN: they are no database; ERR_CORRUPT. */
int geo_metadata_check(struct slice bytes);

/* --- geo.c --- */

/* geo_open without the credit of the file beside. */
int geo_make(struct geo **ret_geo, const char *path, char ret_sentence[GEO_SENTENCE]);
/* The first line of PATH.credit, when there is one. */
void geo_read_credit(struct geo *g, const char *path);

/* --- geo_tree.c --- */

/* All networks of an open database into places and a map. ERR_CORRUPT, ERR_FULL,
 * ERR_NOMEM. */
int geo_tree_read(struct geo *g, const MMDB_s *db);

#endif
