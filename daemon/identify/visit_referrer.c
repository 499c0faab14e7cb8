#include "identify/visit_referrer.h"

#include "identify/place_cache.h"
#include "parse/readable.h"
#include "parse/url.h"

/* Eight bytes at once: A to Z become small, all others stay. *high collects the eighth
 * bits. */
static uint64_t lower(uint64_t word, uint64_t *high)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t seven = word & ones * 0x7f;
    uint64_t from_a = seven + ones * (0x80 - 'A'), over_z = seven + ones * (0x7f - 'Z');

    *high |= word & ones * 0x80;
    return word | ((from_a ^ over_z) & ~word & ones * 0x80) >> 2;
}

/* In lower case, with a NUL; empty: what stands there is no host. */
static struct slice take_host(char memory[VISIT_REFERRER_BYTES], struct slice host)
{
    uint64_t high = 0, word;

    if (host.length == 0 || host.length > REFERRER_HOST_MAX)
        return (struct slice){NULL, 0};
    memcpy(memory, host.at, host.length);
    memset(memory + host.length, 0, sizeof word); /* the NUL, and what is read with it */
    for (size_t i = 0; i < host.length; i += sizeof word) {
        memcpy(&word, memory + i, sizeof word);
        word = lower(word, &high);
        memcpy(memory + i, &word, sizeof word);
    }
    host.at = memory;
    if (high != 0 && !readable_is(host))
        host.length = 0;
    return host;
}

static bool is_app(struct slice scheme)
{
    return slice_equal(scheme, SLICE("android-app")) ||
           slice_equal(scheme, SLICE("ios-app"));
}

static struct slice without_www(struct slice host)
{
    if (!slice_starts(host, SLICE("www.")) || host.length == 4)
        return host;
    return (struct slice){host.at + 4, host.length - 4};
}

static void fill(struct visit *visit, enum referrer_class class, struct slice host)
{
    visit->entry = class != REFERRER_INTERNAL;
    visit_put(visit, DIM_REFERRER_CLASSES, referrer_class_word(class));
    visit_set(visit, DIM_REFERRERS, host, 0);
}

/* The verdict, and its host in lower case. */
static struct referrer_verdict judge(const struct visit_scene *scene,
                                     const struct referrer_list *list,
                                     struct referrer_cache *cache,
                                     char memory[VISIT_REFERRER_BYTES],
                                     struct slice *ret_host)
{
    struct url url;

    url_parse(&url, visit_scene_referrer(scene));
    *ret_host = take_host(memory, url.host);
    if (ret_host->length == 0)
        return (struct referrer_verdict){.class = REFERRER_DIRECT};
    if (slice_equal_nocase(*ret_host, scene->page.host) ||
        visit_scene_is_own(scene, *ret_host))
        return (struct referrer_verdict){.class = REFERRER_INTERNAL};
    if (list == NULL)
        return (struct referrer_verdict){.class = REFERRER_OTHER};
    return referrer_cache_find(cache, list, ret_host->at, ret_host->length, url.path,
                               is_app(url.scheme));
}

bool visit_referrer(struct visit *visit, const struct visit_scene *scene,
                    struct visit_text *text, const struct referrer_list *list,
                    struct referrer_cache *cache)
{
    uint64_t list_id = list == NULL ? 0 : referrer_list_id(list);
    struct referrer_verdict v;
    struct slice host;

    if (visit->kind != VISIT_VIEW)
        return true;
    if (scene->beacon->referrer.length == 0) {
        fill(visit, REFERRER_DIRECT, (struct slice){NULL, 0});
        return true;
    }
    if (scene->cache != NULL && place_cache_referrer(scene, list_id, visit))
        return true;
    v = judge(scene, list, cache, text->referrer, &host);
    if (v.denied)
        return false;
    if (v.class == REFERRER_DIRECT || v.class == REFERRER_INTERNAL)
        host = (struct slice){NULL, 0};
    else if (!scene->as_written)
        host = without_www(host);
    fill(visit, v.class, host);
    if (scene->cache != NULL)
        place_cache_keep_referrer(scene, list_id, v.class, host);
    return true;
}
