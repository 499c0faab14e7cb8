/* Ranges become sites. A blank is a range that is backed, has a key, and no name yet: a
 * few are made ahead, so that a worker that opens a site never waits for memory. */
#include <stdlib.h>

#include "base/error.h"
#include "count/registry_inner.h"
#include "count/site_quarters.h"

struct site_terms *registry_auto_terms(struct registry *r)
{
    struct site_config config;

    site_config_default(&config, SLICE("auto"));
    config.title[0] = '\0'; /* its title is its host */
    config.public_site = true;
    return site_terms_new_near(&config, &r->near);
}

void registry_attach(struct registry *r, size_t i)
{
    struct site *s = &r->site[i];

    if (s->block != NULL)
        return;
    site_attach(s, r->arena, (unsigned)i);
    s->ring = r->ring;
}

int registry_back_quarter(struct registry *r, struct site *s, int64_t q)
{
    return q < 0 ? 0 : site_quarters_back_one(s, r->arena, q);
}

void registry_forget_zone(struct registry *r)
{
    zone_free(r->near);
    r->near = NULL;
}

void registry_set_terms(struct registry *r, struct site *s, struct site_terms *terms,
                        const struct graces *g)
{
    struct site_terms *old;

    terms->version = ++r->terms_version;
    /* seq_cst: a turn reads it, and a grace waits for that (count/turn). */
    old = atomic_exchange_explicit(&s->terms, terms, memory_order_seq_cst);
    if (old == NULL)
        return;
    old->ticket = registry_old_ticket(g);
    old->next = r->old_terms;
    r->old_terms = old;
}

void registry_free_old(struct registry *r, uint64_t over)
{
    for (struct view **at = &r->old_views, *v; (v = *at) != NULL;) {
        if (v->ticket > over) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        registry_view_free(v);
    }
    for (struct site_terms **at = &r->old_terms, *t; (t = *at) != NULL;) {
        if (t->ticket > over) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        site_terms_free(t);
    }
}

static int make_blank(struct registry *r, const struct graces *g, size_t i,
                      struct instant now)
{
    struct site *s = &r->site[i];
    struct site_terms *terms;
    int rv;

    registry_attach(r, i);
    rv = site_make(s, r->arena, now);
    if (rv != 0)
        return rv;
    if (atomic_load_explicit(&s->terms, memory_order_relaxed) == NULL) {
        terms = registry_auto_terms(r);
        if (terms == NULL)
            return ERR_NOMEM;
        registry_set_terms(r, s, terms, g);
    }
    rv = site_keep(s, r->arena, g, now); /* makes its key */
    if (rv != 0)
        return rv;
    atomic_store_explicit(&r->head->made[i], COUNT_HEAD_MADE, memory_order_release);
    return 0;
}

static bool is_ahead(const struct registry *r, size_t i)
{
    for (unsigned b = 0; b < BLANKS; b++)
        if (atomic_load_explicit(&r->blank[b], memory_order_relaxed) == i + 1)
            return true;
    return false;
}

/* A blank of the process before us, else a new one. */
static int find_blank(struct registry *r, const struct graces *g, struct instant now,
                      size_t *ret_index)
{
    int rv;

    for (size_t i = 0; i < r->limit && !r->is_full; i++) {
        uint32_t state = registry_state(r, i);

        if (state != SITE_FREE && (state != SITE_BLANK || is_ahead(r, i)))
            continue;
        if (state == SITE_FREE && i >= r->room)
            break;
        rv = state == SITE_FREE ? make_blank(r, g, i, now) : 0;
        if (rv != 0)
            return rv;
        *ret_index = i;
        return 0;
    }
    r->is_full = true;
    return ERR_FULL;
}

static bool take_from(struct registry *r, unsigned b, struct site **ret_site)
{
    uint32_t blank = atomic_exchange_explicit(&r->blank[b], 0, memory_order_acq_rel);

    if (blank == 0)
        return false;
    *ret_site = &r->site[blank - 1];
    return true;
}

int registry_take(struct registry *r, const struct graces *g, struct instant now,
                  struct site **ret_site)
{
    size_t i;
    int rv = find_blank(r, g, now, &i);

    if (rv == 0) {
        *ret_site = &r->site[i];
        return 0;
    }
    for (unsigned b = 0; b < BLANKS; b++)
        if (take_from(r, b, ret_site))
            return 0;
    return rv;
}

int registry_keep_blanks(struct registry *r, const struct graces *g, struct instant now)
{
    const struct settings *settings = &registry_view(r)->config->settings;
    uint32_t open = atomic_load_explicit(&r->auto_count, memory_order_relaxed);
    int rv = 0;

    if (settings->auto_sites[0] == '\0')
        return 0;
    for (unsigned b = 0; b < BLANKS && open + b < settings->auto_sites_max && rv == 0;
         b++) {
        size_t i;

        if (atomic_load_explicit(&r->blank[b], memory_order_relaxed) != 0)
            continue;
        rv = find_blank(r, g, now, &i);
        if (rv == 0)
            atomic_store_explicit(&r->blank[b], (uint32_t)i + 1, memory_order_release);
    }
    return rv == ERR_FULL ? 0 : rv;
}
