/* Floor 2 (identify). A country database (MaxMind DB format) as a flat table.
 *
 * Loading reads the whole file into memory of ours, so that whoever truncates or replaces
 * it later cannot end us, walks every record and node within bounds, keeps which country
 * and region each address is in, and forgets the file. A look-up touches neither file nor
 * libmaxminddb: a few nanoseconds, and for every address what MMDB_lookup_sockaddr says.
 *
 * The country is `country.iso_code`, else `country_code`, else a `country` of two
 * letters. The region is the first of `subdivisions` (its ISO code, else its English
 * name), else `state1` or `region`; it is written behind its country: "VN-HN". */
#ifndef LUOT_IDENTIFY_GEO_H
#define LUOT_IDENTIFY_GEO_H

#include "base/address.h"

enum {
    GEO_FILE_MAX = 512 << 20, /* bytes                      */
    GEO_PLACES_MAX = 0xFEFF,  /* countries and regions      */
    GEO_REGION_MAX = 120,     /* bytes of a region's own name */
    GEO_SENTENCE = 1024,
    GEO_PATH_MAX = 512
};

struct geo; /* immutable: any thread */

struct geo_place {
    struct slice country; /* "VN"; empty: the database does not know        */
    struct slice region;  /* "VN-HN"; empty: nor does the country have some */
};

struct geo_info {
    char type[64];    /* "DBIP-Country-Lite"                                */
    char credit[256]; /* whom its licence wants named; "": nobody is said  */
    int64_t built_s;  /* unix seconds                                       */
    unsigned countries, regions;
    size_t bytes; /* of memory                                             */
};

/* Any thread; takes 60 ms for a database of countries, a second or two for one of
 * cities, and three times the file's bytes meanwhile. ERR_NOT_FOUND, ERR_DENIED,
 * ERR_IO, ERR_TOO_LONG, ERR_NOMEM, ERR_FOREIGN (not a country database) or ERR_CORRUPT,
 * each with what is wrong and what to do in ret_sentence. The credit is the first line
 * of PATH.credit, else the database's own description. */
int geo_open(struct geo **ret_geo, const char *path, char ret_sentence[GEO_SENTENCE]);
/* The same, but what was made of the same file before and left at `kept` is mapped from there,
 * in a millisecond; else it is made and left there for the next time, where there is room.
 * `kept` is a path in a directory of ours, on a tmpfs or its like: it is read as memory. */
int geo_open_kept(struct geo **ret_geo, const char *path, const char *kept,
                  char ret_sentence[GEO_SENTENCE]);
/* The same from memory, which is copied; `name` stands for the file in sentences. */
int geo_from_memory(struct geo **ret_geo, struct slice bytes, const char *name,
                    char ret_sentence[GEO_SENTENCE]);
void geo_free(struct geo *g); /* NULL is a no-op */

/* The database that was installed with this program: of PREFIX/bin/luotd,
 * PREFIX/share/luot/country.mmdb.
 * ERR_NOT_FOUND. */
int geo_installed(char ret_path[GEO_PATH_MAX]);

/* The slices live as long as the database. */
struct geo_place geo_find(const struct geo *g, const struct address *a);
/* Asks for the memory that geo_find will look at. */
void geo_expect(const struct geo *g, const struct address *a);
const struct geo_info *geo_info(const struct geo *g);

#endif
