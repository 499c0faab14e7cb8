/* What a configuration makes of the sites: terms, the archive, new ones, and the view
 * that look-ups go through. The view is built aside and swapped whole. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/registry_inner.h"

/* --- A view --- */

static int names_init(struct names *names, size_t count)
{
    for (names->mask = 63; names->mask < 2 * count; names->mask = names->mask * 2 + 1)
        ;
    names->row = calloc(names->mask + 1, sizeof *names->row);
    return names->row == NULL ? ERR_NOMEM : 0;
}

void registry_view_free(struct view *v)
{
    if (v == NULL)
        return;
    if (v->owns_names)
        free(v->names);
    free(v->key.row);
    free(v->host.row);
    free(v->closed.row);
    free(v->text);
    free(v);
}

static struct view *view_new(const struct config *config, struct site_names *names,
                             size_t limit)
{
    struct view *v = calloc(1, sizeof *v);
    size_t bytes = 1, facts = names == NULL ? 0 : names->count;

    if (v == NULL)
        return NULL;
    v->config = config;
    v->names = names;
    for (size_t i = 0; i < config->site_count; i++)
        bytes += strlen(config->sites[i].hosts) + 1;
    v->text = malloc(bytes);
    /* Two hosts of a list have a comma between them. */
    if (v->text == NULL || names_init(&v->key, limit + facts) != 0 ||
        names_init(&v->host, limit + (bytes + 1) / 2 + facts) != 0 ||
        names_init(&v->closed, facts) != 0) {
        registry_view_free(v);
        return NULL;
    }
    return v;
}

static void enter_host(const struct registry *r, struct view *v, struct slice host,
                       const struct site *s)
{
    char lower[CONFIG_TEXT_MAX];
    struct slice name = {lower, host.length};

    for (size_t i = 0; i < host.length; i++)
        lower[i] =
            (char)(host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] + 32 : host.at[i]);
    if (host.length == 0 || registry_lookup(r, &v->host, name) != NULL)
        return; /* the first site that names it has it */
    name.at = memcpy(v->text + v->text_length, lower, host.length);
    v->text_length += host.length;
    registry_enter(r, &v->host, name, s);
}

static void enter_configured_hosts(const struct registry *r, struct view *v,
                                   const struct site *s, const struct site_config *c)
{
    struct slice rest = slice_of(c->hosts);

    while (rest.length > 0)
        enter_host(r, v, slice_trim(slice_cut(&rest, ',')), s);
}

static void enter_keys(const struct registry *r, struct view *v)
{
    for (size_t i = 0; i < r->limit; i++)
        if (registry_state(r, i) == SITE_LIVE)
            registry_enter(r, &v->key, slice_of(r->site[i].block->key), &r->site[i]);
}

static void enter_hosts(const struct registry *r, struct view *v)
{
    for (size_t i = 0; i < v->config->site_count; i++) {
        const struct site_config *c = &v->config->sites[i];
        const struct site *s =
            registry_lookup(r, &v->key, site_names_key(v->names, slice_of(c->key)));

        if (s != NULL)
            enter_configured_hosts(r, v, s, c);
    }
    for (size_t i = 0; i < r->limit; i++) { /* after the configured ones, which win */
        const struct site_block *b = r->site[i].block;

        if (registry_state(r, i) == SITE_LIVE && b->host[0] != '\0')
            registry_enter(r, &v->host, slice_of(b->host), &r->site[i]);
    }
    registry_enter_names(r, v);
}

static uint32_t autos_of(const struct registry *r, const struct view *v)
{
    uint32_t n = 0;

    for (size_t i = 0; i < r->limit; i++)
        n += registry_state(r, i) == SITE_LIVE &&
             site_names_section(v->names, v->config, slice_of(r->site[i].block->key)) ==
                 NULL;
    return n;
}

/* Sites may have opened since the view was filled; from the swap on they are added to
 * this one. */
static struct view *swap(struct registry *r, struct view *v)
{
    struct view *old;

    registry_lock(r);
    enter_keys(r, v);
    enter_hosts(r, v);
    atomic_store_explicit(&r->auto_count, autos_of(r, v), memory_order_relaxed);
    old = atomic_exchange_explicit(&r->view, v, memory_order_seq_cst);
    registry_unlock(r);
    v->owns_names = true;
    if (old != NULL && old->names == v->names)
        old->owns_names = false;
    return old;
}

/* --- Sites --- */

/* Old terms stay for a minute: of many reloads only those that changed something. */
static void use_terms(struct registry *r, struct site *s, struct site_terms *terms,
                      const struct graces *g)
{
    const struct site_terms *old = atomic_load_explicit(&s->terms, memory_order_relaxed);

    if (old != NULL && site_terms_equal(old, terms))
        site_terms_free(terms);
    else
        registry_set_terms(r, s, terms, g);
}

static bool opened_itself(const struct site_block *b, const struct config *config)
{
    return b->host[0] != '\0' && config->settings.auto_sites[0] != '\0' &&
           hosts_match(config->settings.auto_sites, slice_of(b->host));
}

/* A site that is there already: new terms, or the archive, where it keeps its own. A
 * section of its own brings back what a person archived; nothing, what was merged. */
static int settle(struct registry *r, struct site *s, const struct view *v,
                  const struct graces *g, struct registry_report *report)
{
    struct site_block *b = s->block;
    struct slice key = slice_of(b->key);
    uint32_t was = atomic_load_explicit(&b->state, memory_order_relaxed);
    const struct site_config *c = site_names_section(v->names, v->config, key);
    bool stays = site_names_merger(v->names, key) == NULL &&
                 (c != NULL || (opened_itself(b, v->config) &&
                                !site_names_is_archived(v->names, key)));
    struct site_terms *terms;
    int rv = registry_introduce(r, v->names, s);

    if (rv != 0)
        return rv;
    if (stays) {
        terms = c != NULL ? site_terms_new_near(c, &r->near) : registry_auto_terms(r);
        if (terms == NULL)
            return ERR_NOMEM;
        use_terms(r, s, terms, g);
    }
    report->archived += !stays && was == SITE_LIVE;
    atomic_store_explicit(&b->state, stays ? SITE_LIVE : SITE_ARCHIVED,
                          memory_order_release);
    return 0;
}

static int settle_all(struct registry *r, const struct view *v, const struct graces *g,
                      struct registry_report *report)
{
    int rv = 0;

    for (size_t i = 0; i < r->limit && rv == 0; i++) {
        uint32_t state = registry_state(r, i);

        if (state == SITE_LIVE || state == SITE_ARCHIVED)
            rv = settle(r, &r->site[i], v, g, report);
    }
    return rv;
}

static int make_site(struct registry *r, const struct view *v, struct slice key,
                     const struct graces *g, struct instant now, struct site **ret_site)
{
    const struct site_config *c = site_names_section(v->names, v->config, key);
    struct site_terms *terms;
    int rv = registry_take(r, g, now, ret_site);

    if (rv != 0)
        return rv;
    terms = site_terms_new_near(c, &r->near);
    if (terms == NULL)
        return ERR_NOMEM; /* the blank stays one, and is found again */
    registry_set_terms(r, *ret_site, terms, g);
    site_name(*ret_site, key, (struct slice){NULL, 0});
    return registry_introduce(r, v->names, *ret_site);
}

/* Those of the view's configuration that are not there. What finds no room is reported;
 * what finds no memory is tried again. */
static int make_all(struct registry *r, struct view *v, const struct graces *g,
                    struct instant now, struct registry_report *report)
{
    int failed = 0;

    r->is_short = false;
    for (size_t i = 0; i < v->config->site_count; i++) {
        const struct site_config *c = &v->config->sites[i];
        struct slice key = site_names_first_key(v->names, slice_of(c->key));
        struct site *s;
        int rv;

        if (registry_lookup(r, &v->key, key) != NULL ||
            site_names_merger(v->names, key) != NULL)
            continue;
        rv = make_site(r, v, key, g, now, &s);
        if (rv != 0) {
            if (report->full[0] == '\0')
                memcpy(report->full, c->key, sizeof report->full);
            r->is_short = r->is_short || rv != ERR_FULL;
            failed = rv != ERR_FULL && failed == 0 ? rv : failed;
            continue;
        }
        report->created++;
        registry_lock(r); /* it may be the view that all look at */
        registry_enter(r, &v->key, slice_of(s->block->key), s);
        registry_unlock(r);
    }
    return failed;
}

int registry_make_missing(struct registry *r, const struct graces *g, struct instant now,
                          struct registry_report *report)
{
    struct view *v = registry_view(r);
    char full[sizeof report->full];
    int rv;

    memcpy(full, report->full, sizeof full);
    rv = make_all(r, v, g, now, report);
    if (report->created > 0) {
        registry_lock(r);
        enter_hosts(r, v);
        registry_unlock(r);
    }
    memcpy(report->full, full, sizeof full); /* said already */
    return rv;
}

int registry_apply(struct registry *r, const struct config *config,
                   struct site_names *names, const struct graces *g, struct instant now,
                   struct registry_report *report)
{
    struct view *v = view_new(config, names, r->limit), *old;
    int rv, failed;

    if (v == NULL)
        return ERR_NOMEM;
    registry_forget_zone(r);
    rv = settle_all(r, v, g, report);
    if (rv != 0) {
        registry_view_free(v);
        return rv;
    }
    enter_keys(r, v);
    failed = make_all(r, v, g, now, report);
    enter_hosts(r, v);
    old = swap(r, v);
    if (old != NULL) {
        old->ticket = registry_old_view_ticket(g);
        old->next = r->old_views;
        r->old_views = old;
    }
    return failed;
}

void registry_reload(struct registry *r, const struct config *config)
{
    atomic_store_explicit(&r->pending, config, memory_order_release);
}

void registry_use_names(struct registry *r, struct site_names *names)
{
    free(atomic_exchange_explicit(&r->pending_names, names, memory_order_acq_rel));
}

const struct site_names *registry_names(const struct registry *r)
{
    return registry_view(r)->names;
}

const struct config *registry_config(const struct registry *r)
{
    return registry_view(r)->config;
}
