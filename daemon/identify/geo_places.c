#include "identify/geo_places.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum { TEXT_MAX = 3 + GEO_REGION_MAX, TABLE = 1 << 17 /* at most half full */ };

struct place {
    uint8_t length;      /* 2: a country without a region */
    char text[TEXT_MAX]; /* "VN", "VN-HN"                 */
};

struct places {
    struct place *place; /* [0] is none */
    uint32_t count, room;
    uint16_t table[TABLE]; /* by the hash of the text */
};

static_assert(GEO_PLACES_MAX < TABLE / 2 && TEXT_MAX <= UINT8_MAX,
              "every place has a slot, and its length a byte");

struct places *places_new(void)
{
    struct places *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->room = 512;
    p->count = 1;
    p->place = calloc(p->room, sizeof *p->place);
    if (p->place != NULL)
        return p;
    free(p);
    return NULL;
}

void places_free(struct places *p)
{
    if (p == NULL)
        return;
    free(p->place);
    free(p);
}

static struct slice text_of(const struct place *place)
{
    return (struct slice){place->text, place->length};
}

static int add(struct places *p, const struct place *new)
{
    if (p->count > GEO_PLACES_MAX)
        return ERR_FULL;
    if (p->count == p->room) {
        struct place *more = realloc(p->place, 2 * (size_t)p->room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        p->place = more;
        p->room *= 2;
    }
    p->place[p->count++] = *new;
    return 0;
}

int places_put(struct places *p, const char country[2], struct slice region,
               uint16_t *ret_number)
{
    struct place new = {.length = 2, .text = {country[0], country[1], '-'}};
    uint16_t *slot;
    size_t at;
    int rv;

    if (region.length > GEO_REGION_MAX)
        region.length = 0; /* no name of a region */
    if (region.length > 0) {
        memcpy(new.text + 3, region.at, region.length);
        new.length = (uint8_t)(3 + region.length);
    }
    at = hash_fast(new.text, new.length) % TABLE;
    for (; p->table[at] != 0; at = (at + 1) % TABLE)
        if (slice_equal(text_of(&p->place[p->table[at]]), text_of(&new)))
            break;
    slot = &p->table[at];
    if (*slot == 0) {
        rv = add(p, &new);
        if (rv != 0)
            return rv;
        *slot = (uint16_t)(p->count - 1);
    }
    *ret_number = *slot;
    return 0;
}

struct geo_place places_at(const struct places *p, uint16_t number)
{
    const struct place *place = &p->place[number < p->count ? number : 0];
    struct geo_place found = {{place->text, place->length < 2 ? 0 : 2}, {NULL, 0}};

    if (place->length > 2)
        found.region = text_of(place);
    return found;
}

void places_count(const struct places *p, unsigned *ret_countries, unsigned *ret_regions)
{
    bool seen[26 * 26] = {false};

    *ret_countries = *ret_regions = 0;
    for (uint32_t i = 1; i < p->count; i++) {
        const char *c = p->place[i].text;
        bool *it = &seen[(c[0] - 'A') * 26 + (c[1] - 'A')];
        *ret_countries += !*it;
        *it = true;
        *ret_regions += p->place[i].length > 2;
    }
}

size_t places_bytes(const struct places *p)
{
    return sizeof *p + p->room * sizeof *p->place;
}

/* --- Kept --- */

size_t places_written_bytes(const struct places *p)
{
    size_t bytes = 0;

    for (uint32_t i = 1; i < p->count; i++)
        bytes += 1 + (size_t)p->place[i].length;
    return bytes;
}

void places_write(const struct places *p, char *ret_bytes)
{
    for (uint32_t i = 1; i < p->count; i++) {
        *ret_bytes++ = (char)p->place[i].length;
        ret_bytes = mempcpy(ret_bytes, p->place[i].text, p->place[i].length);
    }
}

struct places *places_read(struct slice bytes)
{
    struct places *p = places_new();

    while (p != NULL && bytes.length > 0) {
        struct place new = {.length = (uint8_t)bytes.at[0]};

        if (new.length < 2 || new.length > TEXT_MAX || new.length >= bytes.length) {
            places_free(p);
            return NULL;
        }
        memcpy(new.text, bytes.at + 1, new.length);
        bytes.at += 1 + (size_t) new.length;
        bytes.length -= 1 + (size_t) new.length;
        if (add(p, &new) != 0) {
            places_free(p);
            return NULL;
        }
    }
    return p;
}
