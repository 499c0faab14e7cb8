#include "identify/place_cache.h"

#include <assert.h>
#include <stdlib.h>

static_assert((PLACE_PAGES & (PLACE_PAGES - 1)) == 0, "a power of two");
static_assert((PLACE_REFERRERS & (PLACE_REFERRERS - 1)) == 0, "a power of two");
static_assert((int)HASH_TEXT_BYTES <= UINT16_MAX, "a place in a text fits");

/* Of what a hash is; any different odd numbers. */
#define OF_PAGE_HOST UINT64_C(1)
#define OF_HOST      UINT64_C(3)
#define OF_REFERER   UINT64_C(5) /* a page that the header names, not `p` */
#define OF_LIST      UINT64_C(0x9E3779B97F4A7C15)

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

/* --- Pages --- */

static uint64_t tag_of(const struct place_cache *c, struct slice text, uint64_t salt)
{
    return hash_text(c->secret, text, salt) | 1;
}

/* Of a longer one a hash does not know all. */
static bool is_short(struct slice text)
{
    return text.length <= HASH_TEXT_BYTES;
}

static struct place_page *page_row(const struct visit_scene *scene, struct slice text,
                                   uint64_t *ret_tag)
{
    uint64_t of = scene->beacon->page.length > 0 ? 0 : OF_REFERER;

    uint64_t tag = tag_of(scene->cache, text, scene->salt + of);
    struct place_page *page = scene->cache->page;
    size_t at = place_of(tag, PLACE_PAGES);

    *ret_tag = tag;
    if (page[at].tag == tag || page[at].tag == 0)
        return &page[at];
    return page[at ^ 1].tag == tag || page[at ^ 1].tag == 0 ? &page[at ^ 1] : &page[at];
}

bool place_cache_page(struct visit_scene *scene, struct slice text)
{
    uint64_t tag;
    const struct place_page *row = page_row(scene, text, &tag);

    if (row->tag != tag || !is_short(text))
        return false;
    scene->page.host = (struct slice){text.at + row->host_at, row->host_length};
    scene->name = (struct slice){text.at + row->name_at, row->name_length};
    scene->name_hash = row->name_hash;
    return true;
}

/* Where a part lies in a short text; false: it does not. */
static bool part_at(struct slice text, struct slice part, uint16_t *ret_at,
                    uint16_t *ret_length)
{
    uintptr_t at = (uintptr_t)part.at - (uintptr_t)text.at;

    *ret_at = *ret_length = 0;
    if (part.length == 0)
        return true;
    if (at > text.length || part.length > text.length - at)
        return false;
    *ret_at = (uint16_t)at;
    *ret_length = (uint16_t)part.length;
    return true;
}

void place_cache_keep_page(struct visit_scene *scene, struct slice text,
                           struct slice name)
{
    struct place_page *row, r;

    scene->name_hash = hash_text(scene->cache->secret, name, 0);
    if (scene->page.query.length > 0 || name.length == 0 || !is_short(text) ||
        !part_at(text, scene->page.host, &r.host_at, &r.host_length) ||
        !part_at(text, name, &r.name_at, &r.name_length))
        return;
    row = page_row(scene, text, &r.tag);
    r.name_hash = scene->name_hash;
    *row = r;
}

/* --- Referrers --- */

static struct place_referrer *referrer_row(const struct visit_scene *scene,
                                           uint64_t list_id, uint64_t *ret_tag)
{
    struct place_cache *c = scene->cache;
    uint64_t salt =
        scene->salt + list_id * OF_LIST + hash_of_host(c, scene->page.host, OF_HOST);

    uint64_t tag = tag_of(c, scene->beacon->referrer, salt);
    struct place_referrer *row = c->referrer;
    size_t at = place_of(tag, PLACE_REFERRERS);

    *ret_tag = tag;
    if (row[at].tag == tag || row[at].tag == 0)
        return &row[at];
    return row[at ^ 1].tag == tag || row[at ^ 1].tag == 0 ? &row[at ^ 1] : &row[at];
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

    if (row->tag != tag || !is_short(scene->beacon->referrer))
        return false;
    fill(visit, row);
    return true;
}

void place_cache_keep_referrer(const struct visit_scene *scene, uint64_t list_id,
                               enum referrer_class class, struct slice host)
{
    struct place_referrer *row, r = {.class = (uint8_t) class};
    const struct hash_text_key *secret = scene->cache->secret;

    if (host.length > PLACE_HOST_MAX || !is_short(scene->beacon->referrer))
        return;
    row = referrer_row(scene, list_id, &r.tag);
    if (host.length > 0)
        memcpy(r.host, host.at, host.length);
    r.host_length = (uint8_t)host.length;
    r.host_hash = hash_text(secret, host, 0);
    r.class_hash = hash_text(secret, referrer_class_word(class), 0);
    *row = r;
}
