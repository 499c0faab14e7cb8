#include "identify/agent_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"

enum { WAYS = 4, LINE = 64 };

static_assert(sizeof(struct agent_entry) == AGENT_CACHE_ENTRY, "three cache lines");

struct set_tags {
    uint64_t way[WAYS]; /* 0: nothing there */
};

/* From the next cache line on: the tags of all sets, then their entries. */
struct agent_cache {
    size_t sets;
    struct set_tags *tag;
    char *entry;
    unsigned turn; /* whose place is taken next */
};

int agent_cache_new(struct agent_cache **ret_cache, size_t sets)
{
    /* Zero pages: what nobody asks for takes no memory. */
    size_t tags = sets * sizeof(struct set_tags),
           bytes =
               sizeof(struct agent_cache) + LINE + tags + sets * WAYS * AGENT_CACHE_ENTRY;
    struct agent_cache *cache = calloc(1, bytes);
    char *lines;

    if (cache == NULL)
        return ERR_NOMEM;
    lines = (char *)(cache + 1);
    lines += LINE - (uintptr_t)lines % LINE;
    cache->sets = sets;
    cache->tag = (struct set_tags *)(void *)lines;
    cache->entry = lines + tags;
    *ret_cache = cache;
    return 0;
}

static uint64_t tag_of(uint64_t hash)
{
    return hash == 0 ? 1 : hash;
}

static char *entry_at(const struct agent_cache *cache, size_t set, unsigned way)
{
    return cache->entry + (set * WAYS + way) * AGENT_CACHE_ENTRY;
}

void *agent_cache_find(struct agent_cache *cache, uint64_t hash)
{
    size_t set = hash & (cache->sets - 1);

    for (unsigned way = 0; way < WAYS; way++)
        if (cache->tag[set].way[way] == tag_of(hash))
            return entry_at(cache, set, way);
    return NULL;
}

void agent_cache_expect(struct agent_cache *cache, uint64_t hash)
{
    const void *entry = agent_cache_find(cache, hash);

    if (entry != NULL)
        prefetch_to_read(entry);
}

void *agent_cache_put(struct agent_cache *cache, uint64_t hash)
{
    size_t set = hash & (cache->sets - 1);
    unsigned way = 0;

    while (way < WAYS && cache->tag[set].way[way] != 0)
        way++;
    if (way == WAYS)
        way = cache->turn++ % WAYS;
    cache->tag[set].way[way] = tag_of(hash);
    return entry_at(cache, set, way);
}

/* Only what was used: the rest takes no memory, and would by this. */
void agent_cache_forget(struct agent_cache *cache)
{
    for (size_t set = 0; set < cache->sets; set++)
        for (unsigned way = 0; way < WAYS; way++) {
            if (cache->tag[set].way[way] == 0)
                continue;
            cache->tag[set].way[way] = 0;
            memset(entry_at(cache, set, way), 0, AGENT_CACHE_ENTRY);
        }
}

/* The key of its hashes may live on: it is the worker's. */
void agent_cache_free(struct agent_cache *cache)
{
    if (cache == NULL)
        return;
    agent_cache_forget(cache);
    free(cache);
}
