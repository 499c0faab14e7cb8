/* All that a worker of luotd's counts with, in one process and without sockets: a site in an
 * arena of its own, the built-in lists, a country database, and limits that are asked for
 * each line and reached by nobody. */
#ifndef LUOT_BENCH_RIG_H
#define LUOT_BENCH_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "count/registry.h"
#include "pipeline.h"

enum { RIG_SITES = 8 };

struct rig {
    char dir[64];
    struct config *config;
    struct arena *arena;
    struct registry *registry;
    struct graces graces;
    struct trust trust;
    _Atomic(const struct trust *) trusted;
    struct referrer_list *own_referrers;
    _Atomic(const struct referrer_list *) referrers;
    struct agents *own_agents;
    _Atomic(const struct agents *) agents;
    struct atlas own_atlas;
    _Atomic(const struct atlas *) atlas;
    struct guard *guard;
    struct instant now;
};

static inline int rig_open_lists(struct rig *r, const char *countries, unsigned lanes)
{
    static const struct slice built_in[2];
    char sentence[GEO_SENTENCE], refused[REFERRER_LIST_SENTENCE_MAX];
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;
    int rv = referrer_list_open(&r->own_referrers, "", "", refused);

    if (rv == 0)
        rv = agents_new(&r->own_agents, built_in, lanes, &wrong, trouble);
    if (rv == 0 && (rv = geo_open(&r->own_atlas.geo, countries, sentence)) != 0)
        fprintf(stderr, "%s\nmake build/gen/lists/country.mmdb first\n", sentence);
    return rv;
}

static inline int rig_open_arena(struct rig *r, const char *conf)
{
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = RIG_SITES,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report opened;
    struct registry_report report;
    struct config_error error;

    strcpy(r->dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/luot-bench-XXXXXX"
                                                 : "/tmp/luot-bench-XXXXXX");
    if (mkdtemp(r->dir) == NULL ||
        config_parse(&r->config, slice_of(conf), "bench", &error) != 0 ||
        networks_parse(&r->trust.udp, slice_of("loopback")) != 0 ||
        arena_open(&r->arena, r->dir, &layout, 0, &opened) != 0)
        return ERR_IO;
    return registry_open(&r->registry, r->arena, RIG_SITES, r->config, r->now, &report);
}

/* `lanes`: of how many workers. rig_close either way. */
static inline int rig_open(struct rig *r, const char *conf, const char *countries,
                           unsigned lanes)
{
    struct timespec wall;
    int rv = hash_start() != 0 ? ERR_IO : rig_open_lists(r, countries, lanes);

    clock_gettime(CLOCK_REALTIME, &wall);
    r->now = (struct instant){(int64_t)wall.tv_sec * 1000};
    if (rv == 0)
        rv = rig_open_arena(r, conf);
    r->guard = guard_new();
    if (rv == 0 && r->guard == NULL)
        rv = ERR_NOMEM;
    r->trust.limits = (struct guard_rules){{10, 1000000}, {10, 1000000}};
    atomic_store(&r->trusted, &r->trust);
    atomic_store(&r->referrers, r->own_referrers);
    atomic_store(&r->agents, r->own_agents);
    atomic_store(&r->atlas, &r->own_atlas);
    return rv;
}

static inline void rig_close(struct rig *r)
{
    char file[96];

    guard_free(r->guard);
    registry_close(r->registry);
    arena_close(r->arena);
    config_free(r->config);
    referrer_list_free(r->own_referrers);
    agents_free(r->own_agents);
    geo_free(r->own_atlas.geo);
    snprintf(file, sizeof file, "%s/arena", r->dir);
    unlink(file);
    rmdir(r->dir);
}

/* What luotd's keeper does ten times a second. */
static inline int rig_keep(struct rig *r, unsigned workers)
{
    struct count_head *head = arena_head(r->arena);
    struct registry_report report;
    int rv;

    agents_quicken(r->own_agents);
    graces_tick_begin(&r->graces, &head->turns);
    rv = registry_keep(r->registry, &r->graces, r->now, &report);
    graces_tick_end(&r->graces, &head->turns, workers);
    return rv;
}

#endif
