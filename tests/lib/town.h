/* Some sites as a daemon has them, without its threads: an arena, a registry, one
 * pipeline, and time that a test moves. One thread. */
#ifndef LUOT_TESTS_TOWN_H
#define LUOT_TESTS_TOWN_H

#include "lib/scratch.h"
#include "pipeline.h"

enum { TOWN_SITES = 12 };

/* 2026-11-25 (a Wednesday) 10:00:30 in Ho Chi Minh City. */
enum { TOWN_NOON = 1795575630 };

struct town {
    struct scratch dir;
    struct arena *arena;
    struct config *config;
    struct registry *registry;
    _Atomic int64_t ms; /* the clock's file, as it were */
    struct clock clock;
    struct metrics_row *row;
    struct trust trust; /* UDP and proxies: loopback */
    _Atomic(const struct trust *) trusted;
    struct pipeline pipeline;
};

void town_init(struct town *t, const char *config, int64_t now_s);
void town_release(struct town *t);
struct site *town_site(const struct town *t, const char *key);
struct instant town_now(const struct town *t);
/* The keeper's ticks of one moment: all graces are over. */
void town_keep(struct town *t);
/* Time goes on: in steps of a quarter, the keeper ticking at each. */
void town_wait(struct town *t, int64_t seconds);
/* A turn with one view by a visitor, 1 to 65,535. */
void town_view(struct town *t, const char *key, unsigned visitor);

#endif
