/* Who is where: looking sites up, opening those that open by themselves, walking. */
#include "count/registry.h"

#include "base/error.h"
#include "count/registry_inner.h"

uint32_t registry_state(const struct registry *r, size_t i)
{
    if (atomic_load_explicit(&r->head->made[i], memory_order_acquire) != COUNT_HEAD_MADE)
        return SITE_FREE;
    return atomic_load_explicit(&r->site[i].block->state, memory_order_acquire);
}

/* --- Names --- */

/* The row of a name, or the empty one where it would stand; NULL: neither. */
static struct named *probe(const struct registry *r, const struct names *names,
                           struct slice name, bool *ret_found)
{
    size_t at = hash_text(&r->hash, name, 0) & names->mask;

    for (size_t i = 0; i <= names->mask; i++, at = (at + 1) & names->mask) {
        struct named *n = &names->row[at];

        *ret_found = atomic_load_explicit(&n->site, memory_order_acquire) != 0;
        if (!*ret_found || slice_equal((struct slice){n->name, n->length}, name))
            return n;
    }
    *ret_found = false;
    return NULL;
}

struct site *registry_lookup(const struct registry *r, const struct names *names,
                             struct slice name)
{
    bool found;
    struct named *n = probe(r, names, name, &found);

    return found ? &r->site[atomic_load_explicit(&n->site, memory_order_relaxed) - 1]
                 : NULL;
}

void registry_enter(const struct registry *r, struct names *names, struct slice name,
                    const struct site *site)
{
    bool found;
    struct named *n = probe(r, names, name, &found);

    if (n == NULL || found)
        return;
    n->name = name.at;
    n->length = (uint32_t)name.length;
    /* Release: who sees the site reads its whole name. */
    atomic_store_explicit(&n->site, site->index + 1, memory_order_release);
}

void registry_lock(struct registry *r)
{
    uint32_t open = 0;

    while (!atomic_compare_exchange_weak_explicit(
        &r->opening, &open, 1, memory_order_acquire, memory_order_relaxed))
        open = 0;
}

void registry_unlock(struct registry *r)
{
    atomic_store_explicit(&r->opening, 0, memory_order_release);
}

struct site *registry_by_key(const struct registry *r, struct slice key)
{
    return registry_lookup(r, &registry_view(r)->key, key);
}

/* Lower case, without a final dot; memory[0] is left free. */
static struct slice lower_host(struct slice host, char memory[HOST_MAX + 1])
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

static struct site *by_host(const struct registry *r, const struct view *v,
                            struct slice name, char memory[HOST_MAX + 1])
{
    struct site *site = registry_lookup(r, &v->host, name);

    for (size_t i = 0; i < name.length && site == NULL; i++) {
        char before;

        if (name.at[i] != '.')
            continue;
        before = memory[i]; /* "*.suffix" is written over the byte before the dot */
        memory[i] = '*';
        site =
            registry_lookup(r, &v->host, (struct slice){memory + i, name.length - i + 1});
        memory[i] = before;
    }
    return site;
}

struct site *registry_by_host(const struct registry *r, struct slice host)
{
    char memory[HOST_MAX + 1];
    struct slice name = lower_host(host, memory);

    return name.length == 0 ? NULL : by_host(r, registry_view(r), name, memory);
}

/* --- Sites that open by themselves --- */

/* A name, and nothing else: "*.gov.vn" would be the site of all hosts there are. */
static bool opens_itself(const struct view *v, struct slice host)
{
    const char *hosts = v->config->settings.auto_sites;

    return hosts[0] != '\0' && hosts_match(hosts, host) && host_is_valid(host);
}

static bool key_is_free(const struct registry *r, struct slice key)
{
    if (site_names_is_taken(registry_names(r), key, SLICE("")))
        return false;
    return registry_kept(r, key) == NULL;
}

static void write_hash(char at[9], uint64_t hash)
{
    *at++ = '-';
    for (int i = 0; i < 8; i++, hash >>= 4)
        *at++ = "0123456789abcdef"[hash & 15];
}

/* so-y-te.example.gov.vn -> so-y-te-example-gov-vn; what does not fit, or is taken, is
 * told apart by a hash. */
static struct slice key_of_host(const struct registry *r, struct slice host,
                                char memory[SITE_KEY_MAX + 1])
{
    size_t length = host.length < SITE_KEY_MAX ? host.length : SITE_KEY_MAX;
    uint64_t hash;

    for (size_t i = 0; i < length; i++) {
        char c = host.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        memory[i] = plain ? c : i == 0 ? 'x' : '-';
    }
    if (host.length <= SITE_KEY_MAX && key_is_free(r, (struct slice){memory, length}))
        return (struct slice){memory, length};
    length = length < SITE_KEY_MAX - 9 ? length : SITE_KEY_MAX - 9;
    hash = hash_fast(host.at, host.length);
    do /* strangers can look for hosts of the same hash */
        write_hash(memory + length, hash++);
    while (!key_is_free(r, (struct slice){memory, length + 9}));
    return (struct slice){memory, length + 9};
}

static struct site *take_blank(struct registry *r)
{
    for (unsigned i = 0; i < BLANKS; i++) {
        uint32_t blank = atomic_exchange_explicit(&r->blank[i], 0, memory_order_acq_rel);
        uint32_t state = SITE_BLANK;

        if (blank != 0 && atomic_compare_exchange_strong_explicit(
                              &r->site[blank - 1].block->state, &state, SITE_OPENING,
                              memory_order_acq_rel, memory_order_relaxed))
            return &r->site[blank - 1];
    }
    return NULL;
}

static void enter_new(struct registry *r, struct view *v, struct site *s,
                      struct slice key, struct slice host)
{
    site_name(s, key, host);
    registry_enter(r, &v->key, slice_of(s->block->key), s);
    registry_enter(r, &v->host, slice_of(s->block->host), s);
    atomic_fetch_add_explicit(&r->auto_count, 1, memory_order_relaxed);
}

/* Under the lock. */
static struct site *open_here(struct registry *r, struct view *v, struct slice host,
                              int *ret_why)
{
    char memory[SITE_KEY_MAX + 1];
    struct site *s = NULL;

    *ret_why = ERR_NOT_FOUND;
    if (!opens_itself(v, host) || registry_lookup(r, &v->closed, host) != NULL)
        return NULL;
    *ret_why = ERR_EXISTS;
    if (atomic_load_explicit(&r->auto_count, memory_order_relaxed) <
        v->config->settings.auto_sites_max) {
        *ret_why = ERR_FULL;
        s = take_blank(r);
    }
    if (s == NULL)
        return NULL;
    *ret_why = 0;
    enter_new(r, v, s, key_of_host(r, host, memory), host);
    return s;
}

struct site *registry_open_host(struct registry *r, struct slice host, int *ret_why)
{
    char memory[HOST_MAX + 1];
    struct slice name = lower_host(host, memory);
    struct site *s;
    struct view *v;

    *ret_why = ERR_NOT_FOUND;
    if (name.length == 0 || !opens_itself(registry_view(r), name))
        return NULL;
    registry_lock(r);
    v = registry_view(r); /* now, so that what we add is not added to an old one */
    *ret_why = 0;
    s = by_host(r, v, name, memory);
    if (s == NULL)
        s = open_here(r, v, name, ret_why);
    registry_unlock(r);
    return s;
}

int registry_reopen(struct registry *r, struct slice key, struct slice host,
                    struct instant now)
{
    struct view *v = registry_view(r);
    struct graces none = {.begun = 0};
    char memory[HOST_MAX + 1];
    struct slice name = lower_host(host, memory);
    struct site *s;
    int rv;

    if (name.length == 0 || !site_key_is_valid(key) || !opens_itself(v, name))
        return ERR_NOT_FOUND;
    if (site_names_merger(v->names, key) != NULL || site_names_is_archived(v->names, key))
        return ERR_NOT_FOUND;
    if (!key_is_free(r, key) || registry_lookup(r, &v->host, name) != NULL)
        return ERR_EXISTS;
    if (atomic_load_explicit(&r->auto_count, memory_order_relaxed) >=
        v->config->settings.auto_sites_max)
        return ERR_FULL;
    rv = registry_take(r, &none, now, &s);
    if (rv != 0)
        return rv;
    enter_new(r, v, s, key, name);
    rv = registry_introduce(r, v->names, s);
    registry_enter_names(r, v);
    return rv;
}

/* --- Walking --- */

size_t registry_limit(const struct registry *r)
{
    return r->limit;
}

struct site *registry_at(const struct registry *r, size_t index)
{
    return registry_state(r, index) == SITE_LIVE ? &r->site[index] : NULL;
}

struct site *registry_kept_at(const struct registry *r, size_t index)
{
    uint32_t state = registry_state(r, index);

    return state == SITE_LIVE || state == SITE_ARCHIVED ? &r->site[index] : NULL;
}

struct site *registry_kept(const struct registry *r, struct slice key)
{
    for (size_t i = 0; i < r->limit; i++) {
        struct site *s = registry_kept_at(r, i);
        if (s != NULL && slice_equal(slice_of(s->block->key), key))
            return s;
    }
    return NULL;
}

struct site *registry_site(const struct registry *r, size_t index)
{
    return &r->site[index];
}

size_t registry_count(const struct registry *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->limit; i++)
        n += registry_state(r, i) == SITE_LIVE;
    return n;
}

size_t registry_used(const struct registry *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->limit; i++)
        n += registry_kept_at(r, i) != NULL;
    return n;
}
