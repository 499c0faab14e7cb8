/* Floor 2 (identify). What a worker remembers of the agents it has told, by a keyed 64-bit
 * hash, four to a set: what 8,192 of them came to, or what 1,024 skeletons have
 * (agent_skeleton.h). One worker's; its memory is taken at once, and used only as agents
 * come. */
#ifndef LUOT_IDENTIFY_AGENT_CACHE_H
#define LUOT_IDENTIFY_AGENT_CACHE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
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

enum { AGENT_CACHE_ENTRY = 192 /* bytes of all of them, three cache lines */ };

struct agent_cache;

/* Of `sets` sets, a power of two. ERR_NOMEM. */
int agent_cache_new(struct agent_cache **ret_cache, size_t sets);
void agent_cache_free(struct agent_cache *cache); /* what was is zero; NULL is a no-op */
/* An entry of the caller's type. NULL: not there. */
void *agent_cache_find(struct agent_cache *cache, uint64_t hash);
/* Asks for the memory of both. */
void agent_cache_expect(struct agent_cache *cache, uint64_t hash);
/* A place for it, which another may have had; the caller fills it. */
void *agent_cache_put(struct agent_cache *cache, uint64_t hash);
/* Nothing is remembered any more; what was is zero. */
void agent_cache_forget(struct agent_cache *cache);

#endif
