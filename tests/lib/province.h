/* Sites that count, without workers, a keeper or a clock: an arena in a scratch
 * directory, and time as the test says. */
#ifndef LUOT_TESTS_PROVINCE_H
#define LUOT_TESTS_PROVINCE_H

#include "count/registry.h"
#include "lib/scratch.h"
#include "store/store.h"

struct province {
    struct scratch dir;
    struct arena *arena;
    struct config *config;
    struct registry *registry;
    struct instant now;
    uint64_t incarnation;
    const char *sites; /* the configuration's text */
};

/* `sites`: the text of a configuration; NULL: one site "demo" in UTC. */
void province_open(struct province *p, const char *sites, struct instant now);
/* As after a reboot: another arena, another incarnation. */
void province_reboot(struct province *p);
/* As after kill -9: the same arena. */
void province_restart(struct province *p);
void province_close(struct province *p);

struct site *province_site(const struct province *p, const char *key);
/* Time passes, the keeper ticks: each 12 s slot when it is little, else each quarter. */
void province_until(struct province *p, int64_t unix_s);
/* A view of visitor n (1 ... 2^24) now. */
void province_view(struct province *p, const char *key, uint32_t visitor);
/* A database of its own connection: sqlite:DIR/luot.db. */
struct store *province_store(const struct province *p);
uint64_t province_number(const struct province *p, const char *key, enum site_span span,
                         enum metric metric);

#endif
