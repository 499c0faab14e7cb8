/* Floor 2 (identify). What a visit's page and referrer are found out from, for visit_page.h
 * and visit_referrer.h: the beacon, what the way in says of the page, and the site. */
#ifndef LUOT_IDENTIFY_VISIT_SCENE_H
#define LUOT_IDENTIFY_VISIT_SCENE_H

#include "base/config.h"
#include "identify/dimension.h"
#include "identify/referrer_list.h"
#include "parse/beacon.h"
#include "parse/page.h"

enum { VISIT_REFERRER_BYTES = 264 /* REFERRER_HOST_MAX, and a word of zeros */ };

/* Of a beacon, where they are decoded when somebody needs them. */
enum { SCENE_PAGE, SCENE_REFERRER, SCENE_TEXTS };

struct place_cache;

struct visit_scene {
    const struct beacon *beacon;
    const struct site_config *config; /* of the site                               */
    struct slice own_host;  /* the host that opened it, if it opened by itself  */
    struct slice page_host; /* Origin's or Referer's, as it was found right     */
    struct slice referer;   /* the header: the page of a beacon that names none */
    struct slice accept_language;
    char (
        *memory)[HASH_TEXT_BYTES]; /* SCENE_TEXTS, for what of the beacon is not decoded;
                                        NULL: all of it is */
    bool as_written;           /* rule pv1: paths and hosts as they stand in the log */
    bool without_viewer;       /* languages and screens are visit_viewer's */
    struct page_parts page;    /* visit_scene_page()                                 */
    struct place_cache *cache; /* what the worker remembers; NULL: nothing        */
    uint64_t terms;            /* of config and own_host: a number of their own   */
    uint64_t salt;             /* place_cache_salt()                              */
    struct slice name;         /* the page's, where it is remembered              */
    uint64_t name_hash;        /* of it; 0: not known                             */
};

/* Where keys lie that are not in the beacon as they are: one a worker, good until the next
 * visit. */
struct visit_text {
    char decoded[SCENE_TEXTS][HASH_TEXT_BYTES];
    char page[PAGE_MEMORY];
    char referrer[VISIT_REFERRER_BYTES];
    char campaign[LUOT_TOP_KEY_MAX + 1];
    char event[LUOT_TOP_KEY_MAX + 1];
    char language[8];
};

/* Finds the page: `p`, else what Referer says. Once all the rest is there. */
void visit_scene_page(struct visit_scene *scene);
/* The beacon's referrer, decoded. */
struct slice visit_scene_referrer(const struct visit_scene *scene);
/* Is it the site's own, or that of the page? Any case. */
bool visit_scene_is_own(const struct visit_scene *scene, struct slice host);

#endif
