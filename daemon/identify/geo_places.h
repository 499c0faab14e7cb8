/* Floor 2 (identify), for geo*.c only. The countries and regions of a database, each
 * once, by a number from 1 on. */
#ifndef LUOT_IDENTIFY_GEO_PLACES_H
#define LUOT_IDENTIFY_GEO_PLACES_H

#include "identify/geo.h"

struct places;

struct places *places_new(void); /* NULL: out of memory */
void places_free(struct places *p);
/* The number of a place, which is made when it is new; `country` has two bytes, `region`
 * may be empty. ERR_NOMEM, or ERR_FULL after GEO_PLACES_MAX. */
int places_put(struct places *p, const char country[2], struct slice region,
               uint16_t *ret_number);
/* Of 0 and what there is not: empty. Any thread, once nothing is put any more. */
struct geo_place places_at(const struct places *p, uint16_t number);
/* How many different countries, and places that have a region. */
void places_count(const struct places *p, unsigned *ret_countries, unsigned *ret_regions);
size_t places_bytes(const struct places *p);

/* As bytes, for geo_kept.c: of each a length and its text. */
size_t places_written_bytes(const struct places *p);
void places_write(const struct places *p, char *ret_bytes);
/* NULL: out of memory, or they are none. */
struct places *places_read(struct slice bytes);

#endif
