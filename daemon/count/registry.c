#include "count/registry.h"

#include <stdlib.h>

/* A view: two open tables, key -> site and host -> site, at most half full. An entry is a site's index + 1; what it is
 * called is read from the site (its key) or from `name` (a host). Keyed by a random key, since hosts come from strangers. */
enum { BLANKS = 4, HOSTS_A_SITE = 8 };

struct entry {
    _Atomic uint32_t site; /* index + 1; 0: empty. Stored after `name`. */
    char name[256];        /* lower case; "*.example.vn" for a suffix   */
};

struct view {
    const struct config *config;
    size_t mask;
    uint64_t ticket;       /* of the grace after which it may be freed  */
    struct view *next;     /* the garbage list                          */
    struct entry entry[];  /* hosts                                     */
};

struct registry {
    struct hash_key hash;
    size_t limit;
    struct site *site;               /* limit of them                          */
    _Atomic uint32_t *by_key;        /* open table of index + 1                */
    size_t key_mask;
    _Atomic(struct view *) view;
    _Atomic(struct view *) pending;  /* reload's, for the keeper to take up    */
    struct view *garbage;            /* keeper only                            */
    struct garbage_terms *old_terms; /* keeper only                            */
    _Atomic uint32_t opening;        /* spin: one worker opens a site          */
    _Atomic uint32_t auto_count;
    bool back_failed;
};

struct garbage_terms {
    struct garbage_terms *next;
    struct site_terms *terms;
    uint64_t ticket;
};
