#include "lib/town.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"

enum { STEP_S = 900 };

void town_init(struct town *t, const char *config, int64_t now_s)
{
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = 1,
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = TOWN_SITES,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report arena_report;
    struct registry_report report;
    struct config_error error;
    struct count_head *head;

    cr_assert_eq(hash_start(), 0);
    memset(t, 0, sizeof *t);
    t->dir = scratch_new();
    t->ms = now_s * 1000;
    t->clock.file_ms = &t->ms;
    cr_assert_eq(config_parse(&t->config, slice_of(config), "test", &error), 0, "%s",
                 error.text);
    cr_assert_eq(arena_open(&t->arena, t->dir.dir, &layout, 0, &arena_report), 0, "%s",
                 arena_report.sentence);
    cr_assert_eq(registry_open(&t->registry, t->arena, TOWN_SITES, t->config, town_now(t),
                               &report),
                 0);
    t->row = aligned_alloc(64, sizeof *t->row);
    cr_assert_not_null(t->row);
    memset((void *)t->row, 0, sizeof *t->row);
    cr_assert_eq(networks_parse(&t->trust.udp, SLICE("loopback")), 0);
    t->trust.proxies = t->trust.udp;
    atomic_store(&t->trusted, &t->trust);
    head = arena_head(t->arena);
    cr_assert_eq(pipeline_init(&t->pipeline, t->registry, t->row, &head->turns.line[0],
                               &t->trusted),
                 0);
    town_keep(t);
}

void town_release(struct town *t)
{
    pipeline_release(&t->pipeline);
    registry_close(t->registry);
    arena_close(t->arena);
    config_free(t->config);
    free(t->row);
    scratch_free(&t->dir);
}

struct site *town_site(const struct town *t, const char *key)
{
    struct site *site = registry_by_key(t->registry, slice_of(key));

    cr_assert_not_null(site, "%s", key);
    return site;
}

struct instant town_now(const struct town *t)
{
    return clock_now(&t->clock);
}

void town_keep(struct town *t)
{
    struct graces over = {.over = UINT64_MAX - 1};
    struct registry_report report = {0};

    for (int i = 0; i < 2; i++)
        cr_assert_eq(registry_keep(t->registry, &over, town_now(t), &report), 0);
}

void town_wait(struct town *t, int64_t seconds)
{
    for (int64_t step; seconds > 0; seconds -= step) {
        step = seconds < STEP_S ? seconds : STEP_S;
        t->ms += step * 1000;
        town_keep(t);
    }
}

void town_view(struct town *t, const char *key, unsigned visitor)
{
    struct sender sender = {.trusted = false, .user_agent = SLICE("test")};
    char line[96], address[32];

    snprintf(address, sizeof address, "10.1.%u.%u", visitor >> 8 & 255, visitor & 255);
    cr_assert_eq(address_parse(&sender.address, slice_of(address)), 0);
    snprintf(line, sizeof line, "s=%s&p=/", key);
    pipeline_begin(&t->pipeline, town_now(t));
    cr_assert_eq(pipeline_line(&t->pipeline, slice_of(line), &sender, NULL),
                 OUTCOME_VIEW);
    (void)pipeline_end(&t->pipeline);
}
