#include "identify/agent_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

enum { SETS = 2048, WAYS = 4 };

static_assert(sizeof(struct agent_entry) == 128, "two cache lines");

struct agent_cache {
    uint64_t tag[SETS][WAYS]; /* 0: nothing there */
    struct agent_entry entry[SETS][WAYS];
    unsigned turn; /* whose place is taken next */
};

int agent_cache_new(struct agent_cache **ret_cache)
{
    /* Zero pages: what nobody asks for takes no memory. */
    struct agent_cache *cache = calloc(1, sizeof *cache);

    *ret_cache = cache;
    return cache == NULL ? ERR_NOMEM : 0;
}

void agent_cache_free(struct agent_cache *cache)
{
    free(cache);
}

static uint64_t tag_of(uint64_t hash)
{
    return hash == 0 ? 1 : hash;
}

struct agent_entry *agent_cache_find(struct agent_cache *cache, uint64_t hash)
{
    size_t set = hash % SETS;

    for (unsigned way = 0; way < WAYS; way++)
        if (cache->tag[set][way] == tag_of(hash))
            return &cache->entry[set][way];
    return NULL;
}

struct agent_entry *agent_cache_put(struct agent_cache *cache, uint64_t hash)
{
    size_t set = hash % SETS;
    unsigned way = 0;

    while (way < WAYS && cache->tag[set][way] != 0)
        way++;
    if (way == WAYS)
        way = cache->turn++ % WAYS;
    cache->tag[set][way] = tag_of(hash);
    return &cache->entry[set][way];
}
