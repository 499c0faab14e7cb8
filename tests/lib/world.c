#include "lib/world.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena_calls.h"
#include "base/date.h"
#include "base/hash.h"

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "world: %s\n", what);
    abort();
}

/* --- Start and end --- */

static bool is_full; /* arena_calls has no context */

static int fallocate_if_room(int fd, int mode, off_t offset, off_t length)
{
    if (is_full && (mode & FALLOC_FL_PUNCH_HOLE) == 0) {
        errno = ENOSPC;
        return -1;
    }
    return fallocate(fd, mode, offset, length);
}

void world_full(bool full)
{
    is_full = full;
}

static void add_config(struct world *w, const char *text)
{
    struct config_error error;

    must(w->configs < WORLD_CONFIGS, "too many configurations");
    if (config_parse(&w->config[w->configs], slice_of(text), "test", &error) != 0)
        must(false, error.text);
    w->trusted.udp = w->config[w->configs]->settings.udp_trusted;
    w->trusted.limits = (struct guard_rules){
        rate_limit_of(&w->config[w->configs]->settings.rate_limit),
        rate_limit_of(&w->config[w->configs]->settings.new_visitors_per_address)};
    w->configs++;
}

/* Nobody but us writes into the arena: what a start takes for damage is a false alarm. */
static void look_for_damage(struct world *w)
{
    w->damage = w->report.head_damaged;
    for (size_t i = 0; i < registry_limit(w->registry); i++)
        w->damage += registry_site(w->registry, i)->damage.mended +
                     registry_site(w->registry, i)->damage.lost;
    for (size_t i = 0; i < registry_limit(w->registry) && !w->is_killed_early; i++)
        if (registry_site(w->registry, i)->block != NULL)
            site_damage_told(registry_site(w->registry, i));
    if (!w->is_killed_early)
        count_head_told(arena_head(w->arena));
    must(w->may_be_damaged || w->damage == 0, "a start takes its own arena for damaged");
}

static void start(struct world *w)
{
    struct arena_report report;
    struct arena_layout layout = {.version = 4,
                                  .oldest = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = w->ranges,
                                  .range_bytes = SITE_RANGE_BYTES};
    static const struct arena_calls calls = {.fallocate = fallocate_if_room,
                                             .boot_id_file =
                                                 "/proc/sys/kernel/random/boot_id"};
    struct count_head *head;
    bool full = is_full;

    is_full = false; /* the head is there already, or is not what we test */
    if (arena_open_with(&w->arena, w->dir.dir, &layout, 0, &calls, &report) != 0)
        must(false, report.sentence);
    is_full = full;
    w->graces = (struct graces){.begun = 0};
    must(registry_open_sharing(&w->registry, w->arena, w->ranges,
                               w->config[w->configs - 1], w->now, w->ring,
                               site_names_union(w->names, NULL), &w->report) == 0,
         "registry_open");
    look_for_damage(w);
    head = arena_head(w->arena);
    atomic_store(&w->trust, &w->trusted);
    must(pipeline_init(&w->pipeline, w->registry, &w->row, &head->turns.line[0],
                       &w->trust) == 0,
         "pipeline_init");
}

void world_stop(struct world *w)
{
    pipeline_release(&w->pipeline);
    registry_close(w->registry);
    arena_close(w->arena);
}

void world_open(struct world *w, size_t ranges, const char *config, struct instant now)
{
    world_open_sharing(w, ranges, config, NULL, now);
}

void world_open_sharing(struct world *w, size_t ranges, const char *config,
                        struct key_ring *ring, struct instant now)
{
    /* Some tests start it thousands of times: memory that is given back to the kernel and
     * fetched again each time is two thirds of what a start costs. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    memset((void *)w, 0, sizeof *w);
    must(hash_start() == 0, "hash_start");
    w->dir = scratch_new();
    w->ring = ring;
    w->ranges = ranges;
    w->now = now;
    add_config(w, config);
    start(w);
}

void world_close(struct world *w)
{
    world_stop(w);
    for (unsigned i = 0; i < w->configs; i++)
        config_free(w->config[i]);
    scratch_free(&w->dir);
}

void world_start(struct world *w, struct instant now)
{
    w->now = now;
    start(w);
}

void world_restart(struct world *w, struct instant now)
{
    world_stop(w);
    world_start(w, now);
}

void world_restart_as(struct world *w, size_t ranges, const char *config,
                      struct instant now)
{
    world_stop(w);
    add_config(w, config);
    w->ranges = ranges;
    w->now = now;
    start(w);
}

void world_reload(struct world *w, const char *config)
{
    add_config(w, config);
    registry_reload(w->registry, w->config[w->configs - 1]);
}

/* --- What happens --- */

int world_tick(struct world *w)
{
    struct count_head *head = arena_head(w->arena);
    int rv;

    w->report = (struct registry_report){0};
    graces_tick_begin(&w->graces, &head->turns);
    rv = registry_keep(w->registry, &w->graces, w->now, &w->report);
    graces_tick_end(&w->graces, &head->turns, 1);
    return rv;
}

void world_ticks(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        (void)world_tick(w);
}

void world_set_back(struct world *w, struct instant now)
{
    struct count_head *head = arena_head(w->arena);

    w->now = now;
    registry_set_back(w->registry, now, false);
    for (int i = 0; i < 2; i++) { /* a grace */
        graces_tick_begin(&w->graces, &head->turns);
        graces_tick_end(&w->graces, &head->turns, 1);
    }
    registry_set_back(w->registry, now, true);
}

enum outcome world_line(struct world *w, const char *line)
{
    struct sender sender = {.trusted = true, .nobody = true};
    enum outcome outcome;

    (void)address_parse(&sender.address, SLICE("127.0.0.1"));
    pipeline_begin(&w->pipeline, w->now);
    outcome = pipeline_line(&w->pipeline, slice_of(line), &sender, NULL);
    (void)pipeline_end(&w->pipeline);
    return outcome;
}

static enum outcome visitor_line(struct world *w, const char *site, unsigned visitor,
                                 const char *more)
{
    char line[256];

    (void)snprintf(line, sizeof line, "s=%s&p=/&i=10.%u.%u.%u&u=agent%s", site,
                   visitor >> 16 & 255, visitor >> 8 & 255, visitor & 255, more);
    return world_line(w, line);
}

enum outcome world_view(struct world *w, const char *site, unsigned visitor)
{
    return visitor_line(w, site, visitor, "");
}

enum outcome world_ping(struct world *w, const char *site, unsigned visitor)
{
    return visitor_line(w, site, visitor, "&k=ping");
}

enum outcome world_event(struct world *w, const char *site, unsigned visitor)
{
    return visitor_line(w, site, visitor, "&e=download");
}

/* --- What is seen --- */

struct site *world_site(const struct world *w, const char *key)
{
    return registry_by_key(w->registry, slice_of(key));
}

uint64_t world_metric(const struct world *w, const char *site, enum site_span span,
                      enum metric metric)
{
    return site_metric(world_site(w, site), span, metric, w->now);
}

uint64_t world_online(const struct world *w, const char *site)
{
    return site_online(world_site(w, site), w->now).visitors;
}

struct instant world_time(const char *text)
{
    unsigned hour, minute, second;
    int64_t day;

    must(date_parse((struct slice){text, 10}, &day) == 0, "no such date");
    must(sscanf(text + 10, " %u:%u:%u", &hour, &minute, &second) == 3, "no such time");
    return (struct instant){(day * 86400 + hour * 3600 + minute * 60 + second) * 1000};
}
