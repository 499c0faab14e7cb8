/* A registry's life: taking over what the arena has, the keeper's ticks, the end. */
#include <stdlib.h>

#include "base/error.h"
#include "count/registry_inner.h"
#include "count/top_sum.h"

enum { OPEN_TICKS = 3 };

/* A sites_max that was lowered hides nothing: what there is stays where it is. */
static size_t ranges_in_use(const struct count_head *head, size_t ranges)
{
    size_t n = ranges < SITES_LIMIT ? ranges : SITES_LIMIT;

    for (size_t i = n; i < SITES_LIMIT; i++)
        if (atomic_load_explicit(&head->made[i], memory_order_relaxed))
            n = i + 1;
    return n;
}

static int adopt(struct registry *r, const struct config *config, struct instant now,
                 struct registry_report *report)
{
    struct graces none = {.begun = 0};

    for (size_t i = 0; i < r->limit; i++) {
        struct site *s = &r->site[i];
        uint32_t state = registry_state(r, i);
        const struct site_config *c;
        struct site_terms *terms;

        if (state == SITE_FREE)
            continue;
        if (state == SITE_OPENING) { /* killed while it was named: it counted nobody */
            atomic_store_explicit(&s->block->state, SITE_BLANK, memory_order_relaxed);
            state = SITE_BLANK;
        }
        c = state == SITE_BLANK ? NULL : config_site(config, slice_of(s->block->key));
        terms = c != NULL ? site_terms_new(c) : registry_auto_terms();
        if (terms == NULL)
            return ERR_NOMEM;
        registry_set_terms(r, s, terms, &none);
        site_adopt(s, r->arena, now);
        report->adopted += state != SITE_BLANK;
    }
    return 0;
}

/* No worker runs yet, so each grace is over as it begins: keys are made and quarters
 * closed before the first beacon. What is left waiting has a ticket that the keeper's own
 * graces soon reach. */
static int first_ticks(struct registry *r, struct instant now,
                       struct registry_report *report)
{
    struct graces none = {.begun = 0};
    int rv = 0;

    for (int i = 0; i < OPEN_TICKS && rv == 0; i++) {
        rv = registry_keep(r, &none, now, report);
        if (rv == ERR_NOSPACE)
            rv = 0; /* the keeper will say so: what there is goes on counting */
        none.over = ++none.begun;
    }
    return rv;
}

static struct registry *registry_new(struct arena *a, size_t ranges,
                                     struct key_ring *ring)
{
    struct registry *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->arena = a;
    r->ring = ring;
    r->head = arena_head(a);
    r->limit = ranges_in_use(r->head, ranges);
    r->room = ranges < r->limit ? ranges : r->limit;
    hash_key_random(&r->hash);
    r->site = calloc(r->limit, sizeof *r->site);
    if (r->site == NULL) {
        free(r);
        return NULL;
    }
    for (size_t i = 0; i < r->limit; i++) {
        site_attach(&r->site[i], a, (unsigned)i);
        r->site[i].ring = ring;
    }
    return r;
}

int registry_open(struct registry **ret_registry, struct arena *a, size_t ranges,
                  const struct config *config, struct instant now,
                  struct registry_report *ret_report)
{
    return registry_open_sharing(ret_registry, a, ranges, config, now, NULL, ret_report);
}

int registry_open_sharing(struct registry **ret_registry, struct arena *a, size_t ranges,
                          const struct config *config, struct instant now,
                          struct key_ring *ring, struct registry_report *ret_report)
{
    struct registry *r = registry_new(a, ranges, ring);
    struct graces none = {.begun = 0};
    int rv;

    *ret_report = (struct registry_report){0};
    if (r == NULL)
        return ERR_NOMEM;
    turns_reset(&r->head->turns);
    rv = adopt(r, config, now, ret_report);
    if (rv == 0)
        rv = registry_apply(r, config, &none, now, ret_report);
    if (rv == ERR_NOSPACE && registry_count(r) > 0)
        rv = 0; /* what there is goes on counting; who found no room is in the report */
    if (rv == 0)
        rv = first_ticks(r, now, ret_report);
    if (rv != 0) {
        registry_close(r);
        return rv;
    }
    *ret_registry = r;
    return 0;
}

void registry_close(struct registry *r)
{
    if (r == NULL)
        return;
    registry_free_old(r, UINT64_MAX);
    registry_view_free(registry_view(r));
    for (size_t i = 0; i < r->limit; i++)
        site_terms_free(atomic_load_explicit(&r->site[i].terms, memory_order_relaxed));
    for (size_t i = 0; i < r->limit; i++)
        site_tops_install(&r->site[i], NULL);
    free(r->site);
    free(r);
}

/* --- The keeper's tick --- */

/* A configuration that there was no memory for is tried again, unless another came. */
static int take_up(struct registry *r, const struct config *config,
                   const struct graces *g, struct instant now,
                   struct registry_report *report)
{
    const struct config *none = NULL;
    int rv = registry_apply(r, config, g, now, report);

    if (registry_config(r) != config)
        atomic_compare_exchange_strong_explicit(
            &r->pending, &none, config, memory_order_release, memory_order_relaxed);
    return rv;
}

int registry_keep(struct registry *r, struct graces *g, struct instant now,
                  struct registry_report *ret_report)
{
    const struct config *config =
        atomic_exchange_explicit(&r->pending, NULL, memory_order_acq_rel);
    int failed = 0, rv;

    if (config != NULL)
        failed = take_up(r, config, g, now, ret_report);
    else if (r->is_short)
        failed = registry_make_missing(r, g, now, ret_report);
    registry_free_old(r, g->over);
    for (size_t i = 0; i < r->limit; i++) {
        if (registry_state(r, i) == SITE_FREE)
            continue;
        rv = site_keep(&r->site[i], r->arena, g, now);
        if (failed == 0)
            failed = rv;
    }
    rv = registry_keep_blanks(r, g, now);
    if (r->ring != NULL)
        key_ring_sweep(r->ring, instant_slot(now));
    /* After all: until here a killed tick is one that never was. */
    atomic_store_explicit(&r->head->kept_slot, instant_slot(now), memory_order_relaxed);
    return failed != 0 ? failed : rv;
}

void registry_set_back(struct registry *r, struct instant now, bool finish)
{
    for (size_t i = 0; i < r->limit; i++)
        if (registry_state(r, i) != SITE_FREE)
            site_set_back(&r->site[i], now, finish);
}
