#include "keep/replicator_sites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

/* Where a key is, or would be. */
static size_t *slot_of(const struct site_states *s, struct slice key)
{
    size_t i = hash_fast(key.at, key.length) & (s->slots - 1);

    while (s->slot[i] != 0 && !slice_equal(slice_of(s->at[s->slot[i] - 1]->key), key))
        i = (i + 1) & (s->slots - 1);
    return &s->slot[i];
}

static int make_room(struct site_states *s)
{
    size_t room = s->room * 2 + 64, slots = 128;
    struct site_state **at;
    size_t *slot;

    if (s->count < s->room)
        return 0;
    while (slots < room * 2)
        slots *= 2;
    slot = calloc(slots, sizeof *slot);
    at = slot == NULL ? NULL : realloc(s->at, room * sizeof *at);
    if (at == NULL) {
        free(slot);
        return ERR_NOMEM;
    }
    free(s->slot);
    s->at = at;
    s->room = room;
    s->slot = slot;
    s->slots = slots;
    for (size_t i = 0; i < s->count; i++)
        *slot_of(s, slice_of(s->at[i]->key)) = i + 1;
    return 0;
}

struct finding {
    struct site_states *states;
    bool young;
    int rv;
};

static int hear_site(void *context, struct slice key, struct slice host)
{
    struct finding *f = context;
    struct site_states *s = f->states;
    struct site_state *site;
    size_t *slot;

    (void)host;
    if (f->rv != 0 || key.length >= sizeof site->key || s->count >= s->limit)
        return 0;
    f->rv = make_room(s);
    if (f->rv != 0)
        return 0;
    slot = slot_of(s, key);
    if (*slot != 0)
        return 0;
    site = calloc(1, sizeof *site);
    if (site == NULL) {
        f->rv = ERR_NOMEM;
        return 0;
    }
    snprintf(site->key, sizeof site->key, "%.*s", (int)key.length, key.at);
    site->young = f->young;
    s->at[s->count++] = site;
    *slot = s->count;
    return 0;
}

int site_states_find(struct site_states *s, struct store *store, bool young)
{
    struct finding f = {s, young, 0};
    int rv = store->ops->sites(store, hear_site, &f);

    return rv != 0 ? rv : f.rv;
}

void site_states_release(struct site_states *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->at[i]);
    free(s->at);
    free(s->slot);
    *s = (struct site_states){.count = 0};
}
