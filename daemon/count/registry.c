#include "count/registry.h"

#include <stdlib.h>

#include "base/error.h"

/* A view is two open tables, at most half full: key -> site and host -> site. It is
 * immutable but for sites that open by themselves, which are added (never moved, never
 * removed) under `opening`. Tables are keyed: hosts come from strangers. */
enum { BLANKS = 4, HOST_MAX = 255, OPEN_TICKS = 3 };

struct named {
    _Atomic uint32_t site; /* index + 1, stored after the name; 0: empty      */
    uint32_t length;
    const char *name; /* in the configuration, or in the site's block    */
};

struct view {
    const struct config *config;
    struct view *next; /* garbage: */
    uint64_t ticket;   /* freed after this grace                          */
    size_t mask;
    struct named *key, *host; /* mask + 1 each                                */
};

struct old_terms {
    struct old_terms *next;
    struct site_terms *terms;
    uint64_t ticket;
};

struct registry {
    struct hash_key hash;
    struct arena *arena;
    struct count_head *head;
    size_t limit;
    struct site *site; /* `limit` of them                */
    _Atomic(struct view *) view;
    _Atomic(const struct config *) pending; /* reload's, for the keeper       */
    struct view *garbage;                   /* keeper only                    */
    struct old_terms *old_terms;            /* keeper only                    */
    _Atomic uint32_t opening;               /* spin: one thread opens a site  */
    _Atomic uint32_t auto_count;
};

/* --- Names --- */

static uint32_t state_of(const struct registry *r, size_t i)
{
    if (!atomic_load_explicit(&r->head->made[i], memory_order_acquire))
        return SITE_FREE;
    return atomic_load_explicit(&r->site[i].block->state, memory_order_acquire);
}

static struct named *probe(const struct registry *r, struct named *table, size_t mask,
                           struct slice name, bool *ret_found)
{
    size_t at = hash_keyed(&r->hash, name.at, name.length) & mask;

    for (size_t i = 0; i <= mask; i++, at = (at + 1) & mask) {
        struct named *n = &table[at];
        *ret_found = false;
        if (atomic_load_explicit(&n->site, memory_order_acquire) == 0)
            return n;
        *ret_found = true;
        if (slice_equal((struct slice){n->name, n->length}, name))
            return n;
    }
    *ret_found = false;
    return NULL;
}

static struct site *lookup(const struct registry *r, struct named *table, size_t mask,
                           struct slice name)
{
    bool found;
    struct named *n = probe(r, table, mask, name, &found);

    return found ? &r->site[atomic_load_explicit(&n->site, memory_order_relaxed) - 1]
                 : NULL;
}

static void enter(struct registry *r, struct named *table, size_t mask, struct slice name,
                  const struct site *site)
{
    bool found;
    struct named *n = probe(r, table, mask, name, &found);

    if (n == NULL || found)
        return; /* the first site that names a host has it */
    n->name = name.at;
    n->length = (uint32_t)name.length;
    atomic_store_explicit(&n->site, site->index + 1, memory_order_release);
}

struct site *registry_by_key(const struct registry *r, struct slice key)
{
    const struct view *v = atomic_load_explicit(&r->view, memory_order_acquire);

    return lookup(r, v->key, v->mask, key);
}

static struct slice lower_host(struct slice host, char memory[HOST_MAX + 2])
{
    if (host.length > 0 && host.at[host.length - 1] == '.')
        host.length--;
    if (host.length > HOST_MAX)
        host.length = 0;
    for (size_t i = 0; i < host.length; i++)
        memory[i + 1] =
            (char)(host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] + 32 : host.at[i]);
    return (struct slice){memory + 1, host.length};
}

struct site *registry_by_host(const struct registry *r, struct slice host)
{
    const struct view *v = atomic_load_explicit(&r->view, memory_order_acquire);
    char memory[HOST_MAX + 2];
    struct slice name = lower_host(host, memory);
    struct site *site;

    if (name.length == 0)
        return NULL;
    site = lookup(r, v->host, v->mask, name);
    for (size_t i = 0; i < name.length && site == NULL; i++) {
        char before;
        if (name.at[i] != '.')
            continue;
        before = memory[i]; /* "*.suffix" is written over the byte before the dot */
        memory[i] = '*';
        site =
            lookup(r, v->host, v->mask, (struct slice){memory + i, name.length - i + 1});
        memory[i] = before;
    }
    return site;
}

/* --- Making sites --- */

static void set_terms(struct registry *r, struct site *s, struct site_terms *terms,
                      uint64_t ticket)
{
    struct site_terms *old =
        atomic_exchange_explicit(&s->terms, terms, memory_order_acq_rel);
    struct old_terms *g;

    if (old == NULL)
        return;
    g = malloc(sizeof *g);
    if (g == NULL)
        return; /* a reload's worth of memory is lost, not freed under a worker's eyes */
    *g = (struct old_terms){r->old_terms, old, ticket};
    r->old_terms = g;
}

static struct site_terms *terms_of_auto(void)
{
    struct site_config config;

    site_config_default(&config, SLICE("auto"));
    config.title[0] = '\0'; /* its title is its host */
    config.public_site = true;
    return site_terms_new(&config);
}

/* A range nobody uses becomes a blank site: backed, with a key, without a name. */
static int make_blank(struct registry *r, struct graces *g, struct instant now,
                      struct site **ret_site)
{
    for (size_t i = 0; i < r->limit; i++) {
        struct site *s = &r->site[i];
        struct site_terms *terms;
        int rv;

        if (state_of(r, i) != SITE_FREE)
            continue;
        terms = terms_of_auto();
        if (terms == NULL)
            return ERR_NOMEM;
        rv = site_make(s, r->arena, now);
        if (rv == 0) {
            set_terms(r, s, terms, g->begun + 1);
            rv = site_keep(s, r->arena, g, now);
        } else {
            site_terms_free(terms);
        }
        if (rv != 0)
            return rv;
        atomic_store_explicit(&r->head->made[i], 1, memory_order_release);
        *ret_site = s;
        return 0;
    }
    return ERR_FULL;
}

static struct site *take_blank(struct registry *r)
{
    for (size_t i = 0; i < r->limit; i++) {
        uint32_t blank = SITE_BLANK;
        if (state_of(r, i) == SITE_BLANK &&
            atomic_compare_exchange_strong_explicit(&r->site[i].block->state, &blank,
                                                    SITE_OPENING, memory_order_acq_rel,
                                                    memory_order_relaxed))
            return &r->site[i];
    }
    return NULL;
}

static struct site *site_of_key(const struct registry *r, struct slice key)
{
    for (size_t i = 0; i < r->limit; i++) {
        uint32_t state = state_of(r, i);
        if ((state == SITE_LIVE || state == SITE_ARCHIVED) &&
            slice_equal(slice_of(r->site[i].block->key), key))
            return &r->site[i];
    }
    return NULL;
}

/* --- Sites that open by themselves --- */

/* so-y-te.example.gov.vn -> so-y-te-example-gov-vn; what does not fit is told apart by a
 * hash. */
static struct slice key_of_host(const struct registry *r, struct slice host,
                                char memory[SITE_KEY_MAX + 1])
{
    size_t length = host.length < SITE_KEY_MAX ? host.length : SITE_KEY_MAX;
    uint64_t hash;

    for (size_t i = 0; i < length; i++) {
        char c = host.at[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0);
        memory[i] = plain ? c : i == 0 ? 'x' : '-';
    }
    if (host.length <= SITE_KEY_MAX &&
        registry_by_key(r, (struct slice){memory, length}) == NULL)
        return (struct slice){memory, length};
    hash = hash_fast(host.at, host.length);
    length = length < SITE_KEY_MAX - 9 ? length : SITE_KEY_MAX - 9;
    memory[length++] = '-';
    for (int i = 0; i < 8; i++, hash >>= 4)
        memory[length++] = "0123456789abcdef"[hash & 15];
    return (struct slice){memory, length};
}

static struct site *open_here(struct registry *r, struct view *v, struct slice host,
                              int *ret_why)
{
    char memory[SITE_KEY_MAX + 1];
    struct site *s;

    if (atomic_load_explicit(&r->auto_count, memory_order_relaxed) >=
        v->config->settings.auto_sites_max) {
        *ret_why = ERR_EXISTS;
        return NULL;
    }
    s = take_blank(r);
    if (s == NULL) {
        *ret_why = ERR_FULL;
        return NULL;
    }
    site_name(s, key_of_host(r, host, memory), host);
    enter(r, v->key, v->mask, slice_of(s->block->key), s);
    enter(r, v->host, v->mask, slice_of(s->block->host), s);
    atomic_fetch_add_explicit(&r->auto_count, 1, memory_order_relaxed);
    *ret_why = 0;
    return s;
}

struct site *registry_open_host(struct registry *r, struct slice host, int *ret_why)
{
    struct view *v = atomic_load_explicit(&r->view, memory_order_acquire);
    char memory[HOST_MAX + 2];
    struct slice name = lower_host(host, memory);
    uint32_t closed = 0;
    struct site *s;

    *ret_why = ERR_NOT_FOUND;
    if (name.length == 0 || v->config->settings.auto_sites[0] == '\0' ||
        !hosts_match(v->config->settings.auto_sites, name))
        return NULL;
    while (!atomic_compare_exchange_weak_explicit(
        &r->opening, &closed, 1, memory_order_acquire, memory_order_relaxed))
        closed = 0; /* another worker opens a site: a microsecond */
    *ret_why = 0;
    s = registry_by_host(r, name);
    if (s == NULL)
        s = open_here(r, v, name, ret_why);
    atomic_store_explicit(&r->opening, 0, memory_order_release);
    return s;
}

/* --- Views --- */

static void view_free(struct view *v)
{
    if (v == NULL)
        return;
    free(v->key);
    free(v->host);
    free(v);
}

static size_t hosts_of(const char *list)
{
    size_t n = 1;

    for (; *list != '\0'; list++)
        n += *list == ',' || *list == ' ';
    return n;
}

static struct view *view_new(const struct config *config, size_t limit)
{
    struct view *v = calloc(1, sizeof *v);
    size_t want = limit * 2;

    if (v == NULL)
        return NULL;
    for (size_t i = 0; i < config->site_count; i++)
        want += 2 * hosts_of(config->sites[i].hosts);
    for (v->mask = 63; v->mask < want; v->mask = v->mask * 2 + 1)
        ;
    v->config = config;
    v->key = calloc(v->mask + 1, sizeof *v->key);
    v->host = calloc(v->mask + 1, sizeof *v->host);
    if (v->key == NULL || v->host == NULL) {
        view_free(v);
        return NULL;
    }
    return v;
}

static void enter_hosts(struct registry *r, struct view *v, const struct site *s,
                        const char *list)
{
    struct slice rest = slice_of(list);

    while (rest.length > 0) {
        struct slice host = slice_trim(slice_cut(&rest, ','));
        if (host.length > 0)
            enter(r, v->host, v->mask, host,
                  s); /* the configuration has them in lower case */
    }
}

static void fill_view(struct registry *r, struct view *v)
{
    uint32_t autos = 0;

    for (size_t i = 0; i < r->limit; i++) {
        const struct site *s = &r->site[i];
        const struct site_config *c;
        if (state_of(r, i) != SITE_LIVE)
            continue;
        c = config_site(v->config, slice_of(s->block->key));
        enter(r, v->key, v->mask, slice_of(s->block->key), s);
        if (c != NULL)
            enter_hosts(r, v, s, c->hosts);
        else
            autos++;
    }
    for (size_t i = 0; i < r->limit; i++) /* after the configured ones, which win */
        if (state_of(r, i) == SITE_LIVE && r->site[i].block->host[0] != '\0')
            enter(r, v->host, v->mask, slice_of(r->site[i].block->host), &r->site[i]);
    atomic_store_explicit(&r->auto_count, autos, memory_order_relaxed);
}

/* A site that is there already: new terms, or the archive. */
static int settle(struct registry *r, struct site *s, const struct config *config,
                  uint64_t ticket, struct registry_report *report)
{
    const struct site_config *c = config_site(config, slice_of(s->block->key));
    bool stays = c != NULL ||
                 (s->block->host[0] != '\0' && config->settings.auto_sites[0] != '\0' &&
                  hosts_match(config->settings.auto_sites, slice_of(s->block->host)));
    struct site_terms *terms = c != NULL ? site_terms_new(c) : terms_of_auto();

    if (terms == NULL)
        return ERR_NOMEM;
    set_terms(r, s, terms, ticket);
    report->archived += !stays;
    atomic_store_explicit(&s->block->state, stays ? SITE_LIVE : SITE_ARCHIVED,
                          memory_order_release);
    return 0;
}

static int make_configured(struct registry *r, const struct site_config *c,
                           struct graces *g, struct instant now,
                           struct registry_report *report)
{
    struct site *s = NULL;
    struct site_terms *terms;
    int rv;

    if (site_of_key(r, slice_of(c->key)) != NULL)
        return 0;
    s = take_blank(r);
    rv = s != NULL ? 0 : make_blank(r, g, now, &s);
    if (rv == ERR_FULL && report->full[0] == '\0')
        memcpy(report->full, c->key, sizeof report->full);
    if (rv != 0)
        return rv == ERR_FULL ? 0 : rv;
    terms = site_terms_new(c);
    if (terms == NULL)
        return ERR_NOMEM;
    set_terms(r, s, terms, g->begun + 1);
    site_name(s, slice_of(c->key), (struct slice){NULL, 0});
    report->created++;
    return 0;
}

static int apply(struct registry *r, const struct config *config, struct graces *g,
                 struct instant now, struct registry_report *report)
{
    struct view *v = view_new(config, r->limit), *old;
    int rv = v == NULL ? ERR_NOMEM : 0;

    for (size_t i = 0; i < r->limit && rv == 0; i++) {
        uint32_t state = state_of(r, i);
        if (state == SITE_LIVE || state == SITE_ARCHIVED)
            rv = settle(r, &r->site[i], config, g->begun + 1, report);
    }
    for (size_t i = 0; i < config->site_count && rv == 0; i++)
        rv = make_configured(r, &config->sites[i], g, now, report);
    if (rv != 0) {
        view_free(v);
        return rv;
    }
    fill_view(r, v);
    old = atomic_exchange_explicit(&r->view, v, memory_order_acq_rel);
    if (old != NULL) {
        old->ticket = g->begun + 1;
        old->next = r->garbage;
        r->garbage = old;
    }
    return 0;
}

void registry_reload(struct registry *r, const struct config *config)
{
    atomic_store_explicit(&r->pending, config, memory_order_release);
}

const struct config *registry_config(const struct registry *r)
{
    return atomic_load_explicit(&r->view, memory_order_acquire)->config;
}

/* --- Start, stop, keep --- */

static int adopt(struct registry *r, const struct config *config, struct instant now,
                 struct registry_report *report)
{
    for (size_t i = 0; i < r->limit; i++) {
        struct site *s = &r->site[i];
        uint32_t state = state_of(r, i);
        const struct site_config *c;

        if (state == SITE_FREE)
            continue;
        if (state == SITE_OPENING) { /* killed while it was being named: nobody was
                                        counted in it */
            atomic_store_explicit(&s->block->state, SITE_BLANK, memory_order_relaxed);
            state = SITE_BLANK;
        }
        c = state == SITE_BLANK ? NULL : config_site(config, slice_of(s->block->key));
        atomic_store_explicit(&s->terms, c != NULL ? site_terms_new(c) : terms_of_auto(),
                              memory_order_relaxed);
        if (atomic_load_explicit(&s->terms, memory_order_relaxed) == NULL)
            return ERR_NOMEM;
        site_adopt(s, r->arena, now);
        report->adopted += state != SITE_BLANK;
    }
    return 0;
}

int registry_open(struct registry **ret_registry, struct arena *a, size_t ranges,
                  const struct config *config, struct instant now,
                  struct registry_report *ret_report)
{
    struct registry *r = calloc(1, sizeof *r);
    struct graces none = {.begun = 0};
    int rv;

    *ret_report = (struct registry_report){0};
    if (r == NULL)
        return ERR_NOMEM;
    r->arena = a;
    r->head = arena_head(a);
    r->limit = ranges < SITES_LIMIT ? ranges : SITES_LIMIT;
    r->site = calloc(r->limit, sizeof *r->site);
    hash_key_random(&r->hash);
    turns_reset(&r->head->turns);
    for (size_t i = 0; r->site != NULL && i < r->limit; i++)
        site_attach(&r->site[i], a, (unsigned)i);
    rv = r->site == NULL ? ERR_NOMEM : adopt(r, config, now, ret_report);
    if (rv == 0)
        rv = apply(r, config, &none, now, ret_report);
    /* No worker runs yet, so each grace is over as it begins: keys are made and quarters
     * closed before the first beacon. What is left waiting has a ticket that the keeper's
     * own graces soon reach. */
    for (int i = 0; i < OPEN_TICKS && rv == 0; i++) {
        rv = registry_keep(r, &none, now, ret_report);
        if (rv == ERR_NOSPACE)
            rv = 0; /* the keeper will say so: what there is goes on counting */
        none.over = ++none.begun;
    }
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
    view_free(atomic_load_explicit(&r->view, memory_order_relaxed));
    for (struct view *v = r->garbage, *next; v != NULL; v = next) {
        next = v->next;
        view_free(v);
    }
    for (struct old_terms *o = r->old_terms, *next; o != NULL; o = next) {
        next = o->next;
        site_terms_free(o->terms);
        free(o);
    }
    for (size_t i = 0; r->site != NULL && i < r->limit; i++)
        site_terms_free(atomic_load_explicit(&r->site[i].terms, memory_order_relaxed));
    free(r->site);
    free(r);
}

size_t registry_limit(const struct registry *r)
{
    return r->limit;
}

struct site *registry_at(const struct registry *r, size_t index)
{
    return state_of(r, index) == SITE_LIVE ? &r->site[index] : NULL;
}

struct site *registry_site(const struct registry *r, size_t index)
{
    return &r->site[index];
}

size_t registry_count(const struct registry *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->limit; i++)
        n += state_of(r, i) == SITE_LIVE;
    return n;
}

static void free_old(struct registry *r, const struct graces *g)
{
    for (struct view **at = &r->garbage, *v; (v = *at) != NULL;) {
        if (v->ticket > g->over) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        view_free(v);
    }
    for (struct old_terms **at = &r->old_terms, *o; (o = *at) != NULL;) {
        if (o->ticket > g->over) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        site_terms_free(o->terms);
        free(o);
    }
}

static int keep_blanks(struct registry *r, struct graces *g, struct instant now)
{
    struct site *s;
    unsigned blanks = 0;
    int rv = 0;

    if (registry_config(r)->settings.auto_sites[0] == '\0')
        return 0;
    for (size_t i = 0; i < r->limit; i++)
        blanks += state_of(r, i) == SITE_BLANK;
    for (; blanks < BLANKS && rv == 0; blanks++)
        rv = make_blank(r, g, now, &s);
    return rv == ERR_FULL ? 0 : rv;
}

int registry_keep(struct registry *r, struct graces *g, struct instant now,
                  struct registry_report *ret_report)
{
    const struct config *config =
        atomic_exchange_explicit(&r->pending, NULL, memory_order_acq_rel);
    int rv = 0, failed = 0;

    if (config != NULL)
        failed = apply(r, config, g, now, ret_report);
    free_old(r, g);
    for (size_t i = 0; i < r->limit; i++)
        if (state_of(r, i) != SITE_FREE &&
            (rv = site_keep(&r->site[i], r->arena, g, now)) != 0)
            failed = rv;
    rv = keep_blanks(r, g, now);
    return failed != 0 ? failed : rv;
}

void registry_set_back(struct registry *r, struct instant now, bool finish)
{
    for (size_t i = 0; i < r->limit; i++) {
        if (state_of(r, i) == SITE_FREE)
            continue;
        if (finish)
            hits_set_back_finish(&r->site[i].block->hits, instant_slot(now));
        else
            hits_set_back_begin(&r->site[i].block->hits, instant_slot(now));
    }
}
