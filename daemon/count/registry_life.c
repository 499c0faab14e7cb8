/* A registry's life: taking over what the arena has, the keeper's ticks, the end. */
#include <stdlib.h>

#include "base/error.h"
#include "count/registry_inner.h"
#include "count/site_quarters.h"
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

static int adopt(struct registry *r, const struct config *config,
                 const struct site_names *names, struct instant now,
                 struct registry_report *report)
{
    struct graces none = {.begun = 0};

    for (size_t i = 0; i < r->limit; i++) {
        struct site *s = &r->site[i];
        const struct site_config *c;
        struct site_terms *terms;
        uint32_t state;

        if (atomic_load_explicit(&r->head->made[i], memory_order_relaxed) == 0)
            continue;
        registry_attach(r, i);
        site_check_name(s);
        state = registry_state(r, i);
        if (state == SITE_FREE)
            continue;
        site_quarters_find(s, r->arena);
        c = state == SITE_BLANK
                ? NULL
                : site_names_section(names, config, slice_of(s->block->key));
        terms = c != NULL ? site_terms_new_near(c, &r->near) : registry_auto_terms(r);
        if (terms == NULL)
            return ERR_NOMEM;
        registry_set_terms(r, s, terms, &none);
        site_adopt(s, r->arena, now);
        report->adopted += state != SITE_BLANK;
    }
    return 0;
}

/* The ticks after the first one, a site's all at once: its memory is near then. */
static int more_ticks(struct registry *r, struct instant now)
{
    int failed = 0;

    for (size_t i = 0; i < r->limit; i++)
        for (uint64_t tick = 1; tick < OPEN_TICKS; tick++) {
            struct graces none = {.begun = tick, .over = tick};
            int rv = registry_state(r, i) == SITE_FREE
                         ? 0
                         : site_keep(&r->site[i], r->arena, &none, now);

            if (failed == 0)
                failed = rv;
        }
    return failed;
}

/* No worker runs yet, so each grace is over as it begins: keys are made and quarters
 * closed before the first beacon. What is left waiting has a ticket that the keeper's own
 * graces soon reach. */
static int first_ticks(struct registry *r, struct instant now,
                       struct registry_report *report)
{
    struct graces none = {.begun = 0};
    int rv = registry_keep(r, &none, now, report);

    if (rv == 0 || rv == ERR_NOSPACE)
        rv = more_ticks(r, now);
    return rv == ERR_NOSPACE ? 0 : rv; /* the keeper will say so: what there is goes on */
}

static struct registry *registry_new(struct arena *a, size_t ranges,
                                     struct key_ring *ring,
                                     struct registry_report *report)
{
    struct registry *r = calloc(1, sizeof *r);

    *report = (struct registry_report){0};
    if (r == NULL)
        return NULL;
    r->arena = a;
    r->ring = ring;
    r->head = arena_head(a);
    report->head_damaged = count_head_check(r->head, a);
    r->limit = ranges_in_use(r->head, ranges);
    r->room = ranges < r->limit ? ranges : r->limit;
    hash_text_key_random(&r->hash);
    r->site = calloc(r->limit, sizeof *r->site);
    if (r->site == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

int registry_open(struct registry **ret_registry, struct arena *a, size_t ranges,
                  const struct config *config, struct instant now,
                  struct registry_report *ret_report)
{
    return registry_open_sharing(ret_registry, a, ranges, config, now, NULL, NULL,
                                 ret_report);
}

int registry_open_sharing(struct registry **ret_registry, struct arena *a, size_t ranges,
                          const struct config *config, struct instant now,
                          struct key_ring *ring, struct site_names *names,
                          struct registry_report *ret_report)
{
    struct registry *r = registry_new(a, ranges, ring, ret_report);
    struct graces none = {.begun = 0};
    int rv;

    if (r == NULL) {
        free(names);
        return ERR_NOMEM;
    }
    turns_reset(&r->head->turns);
    rv = adopt(r, config, names, now, ret_report);
    if (rv == 0)
        rv = registry_apply(r, config, names, &none, now, ret_report);
    if (registry_view(r) == NULL)
        free(names);
    if (rv == ERR_NOSPACE && registry_count(r) > 0)
        rv = 0; /* what there is goes on counting; who found no room is in the report */
    if (rv == 0)
        rv = first_ticks(r, now, ret_report);
    if (rv != 0) {
        registry_close(r);
        return rv;
    }
    registry_free_old(r, UINT64_MAX); /* terms of blanks, which no thread has seen */
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
    for (size_t i = 0; i < r->limit; i++) {
        site_tops_install(&r->site[i], NULL);
        free(atomic_load_explicit(&r->site[i].saved, memory_order_relaxed));
    }
    free(atomic_load_explicit(&r->pending_names, memory_order_relaxed));
    registry_free_texts(r);
    registry_forget_zone(r);
    free(r->site);
    free(r);
}

/* --- The keeper's tick --- */

/* A configuration, or names, that there was no memory for are tried again, unless others
 * came. */
static int take_up(struct registry *r, const struct config *config,
                   struct site_names *names, const struct graces *g, struct instant now,
                   struct registry_report *report)
{
    const struct view *before = registry_view(r);
    const struct config *no_config = NULL;
    struct site_names *no_names = NULL;
    int rv = registry_apply(r, config != NULL ? config : before->config,
                            names != NULL ? names : before->names, g, now, report);

    if (registry_view(r) != before)
        return rv;
    if (config != NULL)
        atomic_compare_exchange_strong_explicit(
            &r->pending, &no_config, config, memory_order_release, memory_order_relaxed);
    if (names != NULL && !atomic_compare_exchange_strong_explicit(
                             &r->pending_names, &no_names, names, memory_order_acq_rel,
                             memory_order_relaxed))
        free(names);
    return rv;
}

/* A site that opened by itself may have had a name in a life before. */
static void introduce_new(struct registry *r, struct site *s)
{
    struct view *v = registry_view(r);

    if (atomic_load_explicit(&s->shown, memory_order_relaxed) != NULL ||
        registry_introduce(r, v->names, s) != 0 || v->names == NULL)
        return;
    registry_lock(r);
    registry_enter_names(r, v);
    registry_unlock(r);
}

int registry_keep(struct registry *r, struct graces *g, struct instant now,
                  struct registry_report *ret_report)
{
    const struct config *config =
        atomic_exchange_explicit(&r->pending, NULL, memory_order_acq_rel);
    struct site_names *names =
        atomic_exchange_explicit(&r->pending_names, NULL, memory_order_acq_rel);
    int failed = 0, rv;

    if (config != NULL || names != NULL)
        failed = take_up(r, config, names, g, now, ret_report);
    else if (r->is_short)
        failed = registry_make_missing(r, g, now, ret_report);
    registry_free_old(r, g->over);
    r->ticks++;
    for (size_t i = 0; i < r->limit; i++) {
        if (registry_state(r, i) == SITE_FREE)
            continue;
        if (registry_state(r, i) == SITE_LIVE)
            introduce_new(r, &r->site[i]);
        if (!site_is_due(&r->site[i], now, r->ticks))
            continue;
        rv = site_keep(&r->site[i], r->arena, g, now);
        if (failed == 0)
            failed = rv;
    }
    rv = registry_keep_blanks(r, g, now);
    registry_forget_zone(r);
    if (r->ring != NULL)
        key_ring_sweep(r->ring, instant_slot(now));
    /* After all: until here a killed tick is one that never was. */
    count_head_keep(r->head, instant_slot(now));
    return failed != 0 ? failed : rv;
}

int registry_set_back(struct registry *r, struct instant now, bool finish)
{
    int failed = 0, rv;

    for (size_t i = 0; i < r->limit; i++) {
        if (registry_state(r, i) == SITE_FREE)
            continue;
        rv = site_set_back(&r->site[i], r->arena, now, finish);
        if (failed == 0)
            failed = rv;
    }
    return failed;
}

struct days_ahead registry_days_ahead(const struct registry *r, struct instant now)
{
    struct days_ahead sum = {0};

    for (size_t i = 0; i < r->limit; i++)
        if (registry_state(r, i) != SITE_FREE)
            site_aside_ahead(&r->site[i], now, &sum);
    return sum;
}
