#include "identify/referrer_cache.h"

#include <assert.h>

#include "base/hash.h"

static_assert(sizeof(struct referrer_cached) == 64, "a verdict is a cache line");
static_assert((REFERRER_CACHE_ROWS & (REFERRER_CACHE_ROWS - 1)) == 0, "a power of two");

struct referrer_verdict referrer_cache_find(struct referrer_cache *cache,
                                            const struct referrer_list *list,
                                            const char *host, size_t length,
                                            struct slice path, bool app)
{
    struct referrer_cached *row;
    struct referrer_verdict v;

    if (cache->list_id != referrer_list_id(list)) {
        memset(cache, 0, sizeof *cache);
        cache->list_id = referrer_list_id(list);
    }
    if (length == 0 || length > REFERRER_CACHED_MAX || app)
        return referrer_list_find(list, host, path, app);
    row = &cache->row[hash_fast(host, length) & (REFERRER_CACHE_ROWS - 1)];
    if (row->length == length && memcmp(row->host, host, length) == 0 &&
        (!row->by_path || path.length <= 1))
        return (struct referrer_verdict){.class = row->class, .denied = row->denied};
    v = referrer_list_find(list, host, path, app);
    if (v.by_path && path.length > 1)
        return v;
    *row = (struct referrer_cached){
        .length = (uint8_t)length,
        .class = (uint8_t)v.class,
        .denied = v.denied,
        .by_path = v.by_path,
    };
    memcpy(row->host, host, length);
    return v;
}
