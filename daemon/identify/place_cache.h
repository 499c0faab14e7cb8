/* Floor 2 (identify). What a worker found out about pages and referrers as beacons write
 * them: most views are of a page, and from a place, that it has just met. Found by a hash of
 * the text, of the hosts that count as the site's own and of the settings that said so, so
 * that a row is good as long as they are; nothing is compared (base/hash_text.h), and texts
 * of more than HASH_TEXT_BYTES are worked out each time.
 *
 * Of a page its name is kept, with its host, and of a referrer the host: nobody needs the
 * text itself, which is not even decoded then (parse/spelling.h). One worker's, 640 KiB as
 * they come. */
#ifndef LUOT_IDENTIFY_PLACE_CACHE_H
#define LUOT_IDENTIFY_PLACE_CACHE_H

#include "base/hash_text.h"
#include "identify/visit.h"
#include "identify/visit_scene.h"

enum {
    PLACE_PAGES = 4096,
    PLACE_REFERRERS = 2048,
    PLACE_PAGE_MAX = 110, /* bytes of name and host: most of either are far shorter */
    PLACE_HOST_MAX = 43
};

struct place_page {
    uint64_t tag;       /* 0: nothing                           */
    uint64_t name_hash; /* for visit->hash                      */
    uint8_t name_length, host_length;
    char text[PLACE_PAGE_MAX]; /* the name, then the page's host */
};

struct place_referrer {
    uint64_t tag, host_hash, class_hash;
    uint8_t class;
    uint8_t host_length; /* 0: of this class there are no hosts */
    char host[PLACE_HOST_MAX + 3];
};

struct place_cache {
    const struct hash_text_key *secret; /* the worker's */
    struct place_page page[PLACE_PAGES];
    struct place_referrer referrer[PLACE_REFERRERS];
};

/* NULL: no memory. The secret outlives it. */
struct place_cache *place_cache_new(const struct hash_text_key *secret);
void place_cache_free(struct place_cache *c); /* NULL is a no-op */
/* Nothing is remembered any more; what was is zero. */
void place_cache_forget(struct place_cache *c);

/* What of these depends on the scene, but for the page: once a view. */
uint64_t place_cache_salt(const struct place_cache *c, const struct visit_scene *scene);

/* The page: false, it is not known. Fills scene->page.host and scene->name, which lie in the
 * cache, and are good until the next view. */
bool place_cache_page(struct visit_scene *scene);
/* Remembers scene->name and its hash: all that becomes of the page. */
void place_cache_keep_page(const struct visit_scene *scene);

/* The referrer of a view whose page is known: false, it is not. The key's text lies in the
 * cache, and is good until the next view. */
bool place_cache_referrer(const struct visit_scene *scene, uint64_t list_id,
                          struct visit *visit);
void place_cache_keep_referrer(const struct visit_scene *scene, uint64_t list_id,
                               enum referrer_class class, struct slice host);

#endif
