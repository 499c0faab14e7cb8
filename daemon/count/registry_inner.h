/* Floor 2 (count), private to registry*.c.
 *
 * A view is two open tables, at most half full: key -> site and host -> site. Nothing is
 * ever moved or taken out of one; sites that open by themselves are added, under
 * `opening`. Tables are keyed: hosts come from strangers. */
#ifndef LUOT_COUNT_REGISTRY_INNER_H
#define LUOT_COUNT_REGISTRY_INNER_H

#include "base/hash_text.h"
#include "count/registry.h"

enum { BLANKS = 64, HOST_MAX = 255 }; /* a blank is some 50 KiB of tmpfs */

struct named {
    _Atomic uint32_t site; /* index + 1, stored after the name; 0: empty */
    uint32_t length;
    const char *name; /* in the view's text, or in the site's block */
};

struct names {
    size_t mask;
    struct named *row; /* mask + 1 */
};

struct view {
    const struct config *config;
    struct site_names *names; /* NULL: none. Freed with the last view that has it */
    bool owns_names;
    struct names key, host;
    struct names closed; /* hosts whose site is archived: they open no other one */
    char *text;          /* the configured hosts in lower case */
    size_t text_length;  /* so far                             */
    struct view *next;   /* of those that wait to be freed     */
    uint64_t ticket;     /* freed when this grace is over      */
};

struct registry {
    struct hash_text_key hash;
    struct arena *arena;
    struct key_ring *ring; /* NULL: none */
    struct count_head *head;
    size_t limit;      /* ranges that we look at: all that were ever made */
    size_t room;       /* ranges that a new site may take: sites_max      */
    struct site *site; /* `limit` of them                                 */
    _Atomic(struct view *) view;
    _Atomic(const struct config *) pending;     /* reload's, for the keeper        */
    _Atomic(struct site_names *) pending_names; /* the same, ours                  */
    _Atomic uint32_t opening;                   /* spin: a name is being added     */
    _Atomic uint32_t auto_count;                /* sites that opened by themselves */
    _Atomic uint32_t blank[BLANKS];             /* index + 1 of a blank to take    */
    /* The keeper's own. */
    struct view *old_views;
    struct site_terms *old_terms;
    struct kept_text *texts; /* registry_names: for ever */
    uint64_t terms_version, ticks;
    struct zone *near; /* read last in what is under way: sites share it; tzdata may be
                          another one the next time */
    bool is_full;      /* no range is left                                      */
    bool is_short;     /* a configured site found no memory: tried at each tick */
};

uint32_t registry_state(const struct registry *r, size_t i);
static inline struct view *registry_view(const struct registry *r)
{
    /* seq_cst, as all that a turn reads and a grace waits for (count/turn). */
    return atomic_load_explicit(&r->view, memory_order_seq_cst);
}

struct site *registry_lookup(const struct registry *r, const struct names *names,
                             struct slice name);
/* The first site that takes a name has it. */
void registry_enter(const struct registry *r, struct names *names, struct slice name,
                    const struct site *site);
/* For adding to a view that others read. Microseconds. */
void registry_lock(struct registry *r);
void registry_unlock(struct registry *r);

/* Making sites (registry_make.c). */
/* Before anything else is done with a range's site: one of which nobody ever hears is zero
 * pages, and takes no memory. */
void registry_attach(struct registry *r, size_t i);
struct site_terms *registry_auto_terms(struct registry *r);
void registry_forget_zone(struct registry *r);
void registry_set_terms(struct registry *r, struct site *s, struct site_terms *terms,
                        const struct graces *g);
/* A site that nobody uses: one that was made ahead, else a new one. Keeper. ERR_FULL,
 * ERR_NOSPACE, ERR_NOMEM. */
int registry_take(struct registry *r, const struct graces *g, struct instant now,
                  struct site **ret_site);
/* Makes a few ahead, while sites open by themselves. Keeper. */
int registry_keep_blanks(struct registry *r, const struct graces *g, struct instant now);

/* What people said (registry_names.c). Keeper, or before any other thread. */
/* Tells a site what it is called and what is merged into it. ERR_NOMEM: it goes on under
 * the name that it had. */
int registry_introduce(struct registry *r, const struct site_names *names,
                       struct site *s);
/* Enters all further names of the sites of a view, and what became of their hosts; after
 * their keys and hosts, and under the lock when others read that view. */
void registry_enter_names(const struct registry *r, struct view *v);
void registry_free_texts(struct registry *r);

/* Views (registry_view.c). Keeper. */
int registry_apply(struct registry *r, const struct config *config,
                   struct site_names *names, const struct graces *g, struct instant now,
                   struct registry_report *report);
/* Configured sites that found no memory before. */
int registry_make_missing(struct registry *r, const struct graces *g, struct instant now,
                          struct registry_report *report);
void registry_view_free(struct view *v); /* NULL is a no-op */
void registry_free_old(struct registry *r, uint64_t over);

/* Threads that are never in a turn (those that answer from a store, say) may still look
 * at terms a while after a worker cannot: a minute, as graces are one a tick. A view is
 * looked at for as long as a look-up takes: ten seconds. */
static inline uint64_t registry_old_ticket(const struct graces *g)
{
    return g->begun + 1 + 600;
}

static inline uint64_t registry_old_view_ticket(const struct graces *g)
{
    return g->begun + 1 + 100;
}

#endif
