/* A whole luot without threads, sockets and clocks: an arena in a directory of its own, a
 * registry, one worker's pipeline, and a keeper that ticks when it is told. Time is what
 * the test says it is. Whatever cannot be set up aborts. */
#ifndef LUOT_TESTS_LIB_WORLD_H
#define LUOT_TESTS_LIB_WORLD_H

#include "count/registry.h"
#include "lib/scratch.h"
#include "pipeline.h"

enum { WORLD_CONFIGS = 16 };

struct world {
    struct scratch dir;
    size_t ranges; /* sites_max */
    struct arena *arena;
    struct config *config[WORLD_CONFIGS]; /* the last is the current one */
    unsigned configs;
    struct key_ring *ring; /* NULL: none; the test's */
    struct site_names
        *names; /* what people said; NULL: nothing. The test's, for restarts */
    struct registry *registry;
    struct registry_report report; /* of the last start or tick */
    struct graces graces;
    struct metrics_row row;
    struct trust trusted;
    _Atomic(const struct trust *) trust;
    struct pipeline pipeline;
    struct instant now;
    bool may_be_damaged;  /* else a start that finds damage in the arena aborts */
    unsigned damage;      /* that the last start found                          */
    bool is_killed_early; /* before a start says it                            */
};

/* `config` is the text of luotd.conf. */
void world_open(struct world *w, size_t ranges, const char *config, struct instant now);
/* The same with keys that nodes share, at each start. */
void world_open_sharing(struct world *w, size_t ranges, const char *config,
                        struct key_ring *ring, struct instant now);
void world_close(struct world *w);
/* Drops all that a process has, as kill -9 does, and starts again on what the arena
 * has. */
void world_restart(struct world *w, struct instant now);
/* Its two halves: in between nobody holds the arena. */
void world_stop(struct world *w);
void world_start(struct world *w, struct instant now);
/* The same under another configuration, and another sites_max. */
void world_restart_as(struct world *w, size_t ranges, const char *config,
                      struct instant now);
/* The keeper takes it up at its next tick. */
void world_reload(struct world *w, const char *config);

/* From now on the file system has no room, or has it again. */
void world_full(bool full);
/* The clock is set back, and the keeper sees it. */
void world_set_back(struct world *w, struct instant now);
int world_tick(struct world *w); /* returns registry_keep's */
void world_ticks(struct world *w, unsigned n);
/* A turn of one line over UDP from a trusted sender. */
enum outcome world_line(struct world *w, const char *line);
/* The same as visitor number `visitor` of a site. */
enum outcome world_view(struct world *w, const char *site, unsigned visitor);
enum outcome world_ping(struct world *w, const char *site, unsigned visitor);
enum outcome world_event(struct world *w, const char *site, unsigned visitor);
struct site *world_site(const struct world *w, const char *key);
uint64_t world_metric(const struct world *w, const char *site, enum site_span span,
                      enum metric metric);
uint64_t world_online(const struct world *w, const char *site);

/* "2024-03-31 23:59:00" in UTC. */
struct instant world_time(const char *text);
static inline struct instant instant_after(struct instant t, int64_t seconds)
{
    return (struct instant){t.ms + seconds * 1000};
}

#endif
