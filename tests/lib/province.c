#include "lib/province.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char demo[] = "[site demo]\ntimezone = UTC\n";

static void need(int rv, const char *what)
{
    if (rv == 0)
        return;
    fprintf(stderr, "province: %s: code %d\n", what, rv);
    abort();
}

static void tick(struct province *p)
{
    /* No worker runs, so every grace is over. */
    struct graces graces = {.begun = 0, .over = UINT64_MAX - 1};
    struct registry_report report = {0};

    for (int i = 0; i < 2; i++) /* what began in one tick is finished in the next */
        need(registry_keep(p->registry, &graces, p->now, &report), "keep");
}

static void start(struct province *p)
{
    const struct arena_layout layout = {.version = 1,
                                        .head_bytes = sizeof(struct count_head),
                                        .ranges = 8,
                                        .range_bytes = SITE_RANGE_BYTES};
    struct arena_report arena;
    struct registry_report report;

    need(arena_open(&p->arena, p->dir.dir, &layout, 0, &arena), arena.sentence);
    p->incarnation = arena.incarnation;
    need(registry_open(&p->registry, p->arena, layout.ranges, p->config, p->now, &report),
         "registry_open");
}

static void stop(struct province *p)
{
    registry_close(p->registry);
    arena_close(p->arena);
}

void province_open(struct province *p, const char *sites, struct instant now)
{
    struct config_error error;

    need(hash_start(), "hash_start");
    *p = (struct province){.now = now, .sites = sites == NULL ? demo : sites};
    p->dir = scratch_new();
    need(config_parse(&p->config, slice_of(p->sites), "test", &error), error.text);
    start(p);
}

void province_reboot(struct province *p)
{
    stop(p);
    unlink(scratch_path(&p->dir, "arena"));
    start(p);
}

void province_restart(struct province *p)
{
    stop(p);
    start(p);
}

void province_close(struct province *p)
{
    stop(p);
    config_free(p->config);
    scratch_free(&p->dir);
}

struct site *province_site(const struct province *p, const char *key)
{
    return registry_by_key(p->registry, slice_of(key));
}

void province_until(struct province *p, int64_t unix_s)
{
    while (p->now.ms < unix_s * 1000) {
        int64_t left = unix_s * 1000 - p->now.ms;
        int64_t step = left > 4 * 3600 * 1000 ? 900 * 1000 : SLOT_MS;
        p->now.ms += step < left ? step : left;
        tick(p);
    }
}

void province_view(struct province *p, const char *key, uint32_t visitor)
{
    struct site *site = province_site(p, key);
    struct site_lane lane = {.terms = NULL};
    struct visit visit = {
        .kind = VISIT_VIEW, .slot = instant_slot(p->now), .user_agent = SLICE("test")};
    char text[32];

    snprintf(text, sizeof text, "10.%u.%u.%u", visitor >> 16 & 255, visitor >> 8 & 255,
             visitor & 255);
    need(address_parse(&visit.unit, slice_of(text)), "address");
    site_lane_open(site, &lane, visit.slot);
    site_visit(site, &lane, &visit);
    site_lane_flush(site, &lane, instant_seconds(p->now));
    tick(p);
}

struct store *province_store(const struct province *p)
{
    char where[300], sentence[512];
    struct store *store;

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(&p->dir, "luot.db"));
    need(store_open(&store, where, "node", p->incarnation, sentence), sentence);
    return store;
}

uint64_t province_number(const struct province *p, const char *key, enum site_span span,
                         enum metric metric)
{
    return site_metric(province_site(p, key), span, metric, p->now);
}
