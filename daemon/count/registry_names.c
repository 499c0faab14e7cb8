/* What people said of sites, brought to them: what each is called, what has become part of
 * it, and the further names in a view.
 *
 * Any thread may be reading a site's name or its list at any time, so what was told is kept
 * as long as the registry is open, and the same text once: a name costs its letters each
 * time that a person gives a new one. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "count/registry_inner.h"

struct kept_text { /* a name, or a list of mergers, behind it */
    struct kept_text *next;
    size_t bytes;
    max_align_t at[];
};

static const void *keep(struct registry *r, const void *bytes, size_t n)
{
    struct kept_text *t;

    for (t = r->texts; t != NULL; t = t->next)
        if (t->bytes == n && memcmp(t->at, bytes, n) == 0)
            return t->at;
    t = malloc(sizeof *t + n);
    if (t == NULL)
        return NULL;
    t->next = r->texts;
    t->bytes = n;
    memcpy(t->at, bytes, n);
    r->texts = t;
    return t->at;
}

void registry_free_texts(struct registry *r)
{
    for (struct kept_text *t = r->texts, *next; t != NULL; t = next) {
        next = t->next;
        free(t);
    }
    r->texts = NULL;
}

/* --- A site --- */

static int tell_name(struct registry *r, const struct site_names *names, struct site *s)
{
    struct slice shown = site_names_shown(names, slice_of(s->block->key));
    char text[SITE_KEY_MAX + 1];
    const char *kept = s->block->key;

    if (shown.at != s->block->key) {
        memcpy(text, shown.at, shown.length);
        text[shown.length] = '\0';
        kept = keep(r, text, shown.length + 1);
    }
    if (kept == NULL)
        return ERR_NOMEM;
    /* Release: who reads it reads its letters. */
    atomic_store_explicit(&s->shown, kept, memory_order_release);
    return 0;
}

static unsigned list_mergers(const struct site_names *names, struct slice into,
                             struct site_merged *list)
{
    unsigned n = 0;

    for (size_t i = 0; names != NULL && i < names->count; i++) {
        const struct name_fact *f = &names->fact[i];

        if (f->kind != NAME_MERGED || slice_equal(slice_of(f->subject), into) ||
            !slice_equal(site_names_key(names, slice_of(f->subject)), into))
            continue;
        if (list != NULL) {
            memcpy(list->of[n].key, f->subject, sizeof f->subject);
            list->of[n].at_ms = f->at_ms;
        }
        n++;
    }
    return n;
}

static int tell_mergers(struct registry *r, const struct site_names *names,
                        struct site *s)
{
    struct slice key = slice_of(s->block->key);
    unsigned n = list_mergers(names, key, NULL);
    const struct site_merged *kept = NULL;
    struct site_merged *list;
    size_t bytes = sizeof *list + n * sizeof list->of[0];

    if (n > 0) {
        list = calloc(1, bytes);
        if (list == NULL)
            return ERR_NOMEM;
        list->count = list_mergers(names, key, list);
        kept = keep(r, list, bytes);
        free(list);
        if (kept == NULL)
            return ERR_NOMEM;
    }
    atomic_store_explicit(&s->merged, kept, memory_order_release);
    return 0;
}

int registry_introduce(struct registry *r, const struct site_names *names, struct site *s)
{
    int rv = tell_name(r, names, s);

    return rv != 0 ? rv : tell_mergers(r, names, s);
}

/* --- A view --- */

static void enter_keys(const struct registry *r, struct view *v)
{
    for (size_t i = 0; v->names != NULL && i < v->names->count; i++) {
        const struct name_fact *f = &v->names->fact[i];
        struct slice name = slice_of(f->subject);
        const struct site *s;

        if (f->kind == NAME_ARCHIVED)
            continue;
        s = registry_lookup(r, &v->key, site_names_key(v->names, name));
        if (s != NULL)
            registry_enter(r, &v->key, name, s);
    }
}

/* A merged site's pages are now the other's; an archived one's are nobody's. */
static void enter_hosts(const struct registry *r, struct view *v)
{
    for (size_t i = 0; v->names != NULL && i < v->names->count; i++) {
        const struct name_fact *f = &v->names->fact[i];
        struct slice host = slice_of(f->host);
        const struct site *s;

        if (host.length == 0 || f->kind == NAME_OF)
            continue;
        if (f->kind == NAME_ARCHIVED) {
            if (site_names_is_archived(v->names, slice_of(f->subject)))
                registry_enter(r, &v->closed, host, &r->site[0]);
            continue;
        }
        s = registry_lookup(r, &v->key, site_names_key(v->names, slice_of(f->subject)));
        if (s != NULL)
            registry_enter(r, &v->host, host, s);
    }
}

void registry_enter_names(const struct registry *r, struct view *v)
{
    enter_keys(r, v);
    enter_hosts(r, v);
}
