/* Floor 2 (identify). What a worker remembers of the agents it has told: 8,192 of them,
 * found by a keyed 64-bit hash, four to a set. One worker's; its memory is taken at once,
 * and used only as agents come. */
#ifndef LUOT_IDENTIFY_AGENT_CACHE_H
#define LUOT_IDENTIFY_AGENT_CACHE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum { AGENT_BROWSER_MAX = 74, AGENT_SYSTEM_MAX = 48 };

/* What an agent came to. Three cache lines, of which a view that is counted needs the
 * first. */
struct agent_entry {
    alignas(
        64) uint64_t hash[3]; /* of browser, system, device (visit.h); 0: nobody asked */
    uint16_t device;          /* row of the device, from 1; 0: unknown */
    bool robot;               /* `name` is the robot's                 */
    uint8_t name_length, system_length;
    char name[AGENT_BROWSER_MAX];  /* "Chrome 126" */
    char system[AGENT_SYSTEM_MAX]; /* "Windows 10" */
};

struct agent_cache;

int agent_cache_new(struct agent_cache **ret_cache); /* ERR_NOMEM */
void agent_cache_free(struct agent_cache *cache); /* what was is zero; NULL is a no-op */
/* NULL: not there. */
struct agent_entry *agent_cache_find(struct agent_cache *cache, uint64_t hash);
/* Asks for the memory of both. */
void agent_cache_expect(struct agent_cache *cache, uint64_t hash);
/* A place for it, which another agent may have had; the caller fills it. */
struct agent_entry *agent_cache_put(struct agent_cache *cache, uint64_t hash);
/* Nothing is remembered any more; what was is zero. */
void agent_cache_forget(struct agent_cache *cache);

#endif
