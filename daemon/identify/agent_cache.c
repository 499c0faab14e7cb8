#include "identify/agent_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/prefetch.h"

enum { SETS = 2048, WAYS = 4, LINE = 64 };

static_assert(sizeof(struct agent_entry) == 192, "three cache lines");

struct agent_cache {
    uint64_t tag[SETS][WAYS]; /* 0: nothing there */
    struct agent_entry entry[SETS][WAYS];
    unsigned turn; /* whose place is taken next */
    void *memory;  /* what calloc gave          */
};

int agent_cache_new(struct agent_cache **ret_cache)
{
    /* Zero pages: what nobody asks for takes no memory. */
    char *memory = calloc(1, sizeof(struct agent_cache) + LINE);
    struct agent_cache *cache;

    if (memory == NULL)
        return ERR_NOMEM;
    cache = (struct agent_cache *)(void *)(memory + LINE - (uintptr_t)memory % LINE);
    cache->memory = memory;
    *ret_cache = cache;
    return 0;
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

void agent_cache_expect(struct agent_cache *cache, uint64_t hash)
{
    const struct agent_entry *entry = agent_cache_find(cache, hash);

    if (entry != NULL)
        prefetch_to_read(entry);
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

/* Only what was used: the rest takes no memory, and would by this. */
void agent_cache_forget(struct agent_cache *cache)
{
    for (size_t set = 0; set < SETS; set++)
        for (unsigned way = 0; way < WAYS; way++) {
            if (cache->tag[set][way] == 0)
                continue;
            cache->tag[set][way] = 0;
            cache->entry[set][way] = (struct agent_entry){0};
        }
}

/* The key of its hashes may live on: it is the worker's. */
void agent_cache_free(struct agent_cache *cache)
{
    if (cache == NULL)
        return;
    agent_cache_forget(cache);
    free(cache->memory);
}
