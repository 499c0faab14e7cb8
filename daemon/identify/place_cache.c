#include "identify/place_cache.h"

#include <assert.h>
#include <stdlib.h>

static_assert((PLACE_PAGES & (PLACE_PAGES - 1)) == 0, "a power of two");
static_assert((PLACE_REFERRERS & (PLACE_REFERRERS - 1)) == 0, "a power of two");
static_assert(sizeof(struct place_page) == 128, "what most need is in its first half");

/* Of what a hash is; any different odd numbers, far from each other. */
#define OF_PAGE_HOST UINT64_C(1)
#define OF_HOST      UINT64_C(3)
#define OF_REFERER                                                                       \
    UINT64_C(0xD1B54A32D192ED03) /* a page that the header names, not `p` */
#define OF_LIST UINT64_C(0x9E3779B97F4A7C15)

struct place_cache *place_cache_new(const struct hash_text_key *secret)
{
    struct place_cache *c = calloc(1, sizeof *c);

    if (c != NULL)
        c->secret = secret;
    return c;
}

void place_cache_free(struct place_cache *c)
{
    free(c);
}

void place_cache_forget(struct place_cache *c)
{
    /* Only what was used: the rest takes no memory, and would by this. */
    for (size_t i = 0; i < PLACE_PAGES; i++)
        if (c->page[i].tag != 0)
            c->page[i] = (struct place_page){0};
    for (size_t i = 0; i < PLACE_REFERRERS; i++)
        if (c->referrer[i].tag != 0)
            c->referrer[i] = (struct place_referrer){.tag = 0};
}

/* Each text has two places; where it is, or else is to be: the empty one, or the first. */
static inline size_t place_of(uint64_t tag, size_t rows)
{
    return (tag >> 1) % rows;
}

/* Most views over UDP have none. */
static uint64_t hash_of_host(const struct place_cache *c, struct slice host, uint64_t of)
{
    return host.length == 0 ? 0 : hash_text(c->secret, host, of);
}

uint64_t place_cache_salt(const struct place_cache *c, const struct visit_scene *scene)
{
    return scene->terms + hash_of_host(c, scene->page_host, OF_PAGE_HOST);
}

/* Hashes of different texts differ by any number with a chance of 2^-64: so do their sums
 * with any two salts (base/hash_text.h). */
static uint64_t tag_of(uint64_t hash, uint64_t salt)
{
    return (hash + 2 * salt) | 1;
}

/* False: it is a longer one, of which a hash does not know all. */
static bool hash_of(const struct place_cache *c, struct slice text,
                    const struct spelt *of, uint64_t *ret_hash)
{
    if (of->is_hashed)
        *ret_hash = of->hash;
    else if (text.length <= HASH_TEXT_BYTES)
        *ret_hash = hash_text(c->secret, text, 0);
    else
        return false;
    return true;
}

/* --- Pages --- */

/* NULL: none can be known of it. */
static struct place_page *page_row(const struct visit_scene *scene, uint64_t *ret_tag)
{
    static const struct spelt not_hashed;
    const struct beacon *beacon = scene->beacon;
    bool own = beacon->page.length > 0;
    struct place_page *page = scene->cache->page;
    uint64_t hash;
    size_t at;

    if (!hash_of(scene->cache, own ? beacon->page : scene->referer,
                 own ? &beacon->of_page : &not_hashed, &hash))
        return NULL;
    *ret_tag = tag_of(hash, scene->salt + (own ? 0 : OF_REFERER));
    at = place_of(*ret_tag, PLACE_PAGES);
    if (page[at].tag == *ret_tag || page[at].tag == 0)
        return &page[at];
    return page[at ^ 1].tag == *ret_tag || page[at ^ 1].tag == 0 ? &page[at ^ 1]
                                                                 : &page[at];
}

bool place_cache_page(struct visit_scene *scene)
{
    uint64_t tag;
    const struct place_page *row = page_row(scene, &tag);

    if (row == NULL || row->tag != tag)
        return false;
    scene->name = (struct slice){row->text, row->name_length};
    scene->page.host = (struct slice){row->text + row->name_length, row->host_length};
    scene->name_hash = row->name_hash;
    return true;
}

void place_cache_keep_page(const struct visit_scene *scene)
{
    struct slice name = scene->name, host = scene->page.host;
    struct place_page *row;
    uint64_t tag;

    if (name.length == 0 || name.length > PLACE_PAGE_MAX ||
        host.length > PLACE_PAGE_MAX - name.length)
        return;
    row = page_row(scene, &tag);
    if (row == NULL)
        return;
    *row = (struct place_page){.tag = tag,
                               .name_hash = scene->name_hash,
                               .name_length = (uint8_t)name.length,
                               .host_length = (uint8_t)host.length};
    memcpy(row->text, name.at, name.length);
    if (host.length > 0)
        memcpy(row->text + name.length, host.at, host.length);
}

/* --- Referrers --- */

/* NULL: none can be known of it. */
static struct place_referrer *referrer_row(const struct visit_scene *scene,
                                           uint64_t list_id, uint64_t *ret_tag)
{
    struct place_cache *c = scene->cache;
    struct place_referrer *row = c->referrer;
    uint64_t salt =
        scene->salt + list_id * OF_LIST + hash_of_host(c, scene->page.host, OF_HOST);
    uint64_t hash;
    size_t at;

    if (!hash_of(c, scene->beacon->referrer, &scene->beacon->of_referrer, &hash))
        return NULL;
    *ret_tag = tag_of(hash, salt);
    at = place_of(*ret_tag, PLACE_REFERRERS);
    if (row[at].tag == *ret_tag || row[at].tag == 0)
        return &row[at];
    return row[at ^ 1].tag == *ret_tag || row[at ^ 1].tag == 0 ? &row[at ^ 1] : &row[at];
}

static void fill(struct visit *visit, const struct place_referrer *row)
{
    visit->entry = row->class != REFERRER_INTERNAL;
    visit_set(visit, DIM_REFERRER_CLASSES,
              referrer_class_word((enum referrer_class)row->class), row->class_hash);
    visit_set(visit, DIM_REFERRERS, (struct slice){row->host, row->host_length},
              row->host_hash);
}

bool place_cache_referrer(const struct visit_scene *scene, uint64_t list_id,
                          struct visit *visit)
{
    uint64_t tag;
    const struct place_referrer *row = referrer_row(scene, list_id, &tag);

    if (row == NULL || row->tag != tag)
        return false;
    fill(visit, row);
    return true;
}

void place_cache_keep_referrer(const struct visit_scene *scene, uint64_t list_id,
                               enum referrer_class class, struct slice host)
{
    struct place_referrer *row, r = {.class = (uint8_t) class};
    const struct hash_text_key *secret = scene->cache->secret;

    if (host.length > PLACE_HOST_MAX)
        return;
    row = referrer_row(scene, list_id, &r.tag);
    if (row == NULL)
        return;
    if (host.length > 0)
        memcpy(r.host, host.at, host.length);
    r.host_length = (uint8_t)host.length;
    r.host_hash = hash_text(secret, host, 0);
    r.class_hash = hash_text(secret, referrer_class_word(class), 0);
    *row = r;
}
