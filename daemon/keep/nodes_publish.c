/* Saying what changed: sheets of sites, as many as fit in one pipeline at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "keep/nodes_inner.h"

enum { ROWS_MAX = 64, ROUND_MS = 500, QUIET_S = 8 * 86400 };

struct batch {
    struct sheet_row row[ROWS_MAX];
    struct told *told[ROWS_MAX];
    uint64_t hash[ROWS_MAX];
    size_t count;
    struct buffer out;
};

/* A site that was renamed, or a range that is another site's now, begins anew. */
struct told *nodes_told(struct nodes *n, const struct site *s)
{
    struct told *t = n->told[s->index];

    if (t == NULL)
        t = n->told[s->index] = calloc(1, sizeof *t);
    if (t == NULL || strcmp(t->key, s->block->key) == 0)
        return t;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        nodes_drop(n, &t->run[i]);
    *t = (struct told){.dirty = t->key[0] != '\0'};
    snprintf(t->key, sizeof t->key, "%s", s->block->key);
    return t;
}

/* But for the slot it is as of: a quiet site's sheet stays the same. */
static uint64_t hash_of(struct slice sheet)
{
    unsigned spaces = 0;
    size_t at = 0;

    while (at < sheet.length && spaces < 3)
        spaces += sheet.at[at++] == ' ';
    return hash_fast(sheet.at + at, sheet.length - at);
}

static int send(struct nodes *n, struct batch *b)
{
    struct store *store = n->options.store;
    int rv;

    if (b->count == 0)
        return 0;
    rv = store->ops->sheets_put(store, b->row, b->count, n->deadline);
    for (size_t i = 0; i < b->count; i++) {
        b->told[i]->told_ms = 0; /* what was not confirmed is said again */
        if (rv != 0)
            continue;
        b->told[i]->hash = b->hash[i];
        b->told[i]->told_ms = n->now_ms;
        n->published++;
    }
    b->count = 0;
    b->out.length = 0;
    return rv;
}

static bool is_due(const struct nodes *n, const struct site *s, const struct told *t)
{
    int64_t last = atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed);

    if (t->told_ms == 0 || n->now_ms - t->told_ms >= AGAIN_MS)
        return true;
    if (t->slot != instant_slot(n->now))
        return instant_seconds(n->now) - last < QUIET_S;
    return t->changes != site_own_changes(s, n->now);
}

static int add(struct nodes *n, struct batch *b, const struct site *s, struct told *t)
{
    struct buffer out;
    uint64_t hash;
    int rv = b->count == ROWS_MAX || b->out.length + SHEET_MAX > PUBLISH_BYTES
                 ? send(n, b)
                 : 0;

    if (rv != 0)
        return rv;
    t->slot = instant_slot(n->now);
    t->changes = site_own_changes(s, n->now);
    buffer_init(&out, b->out.at + b->out.length, SHEET_MAX);
    if (site_sheet(s, n->now, n->work, &out) != 0)
        return 0; /* cannot be: it is made to fit */
    hash = hash_of(buffer_written(&out));
    if (hash == t->hash && t->told_ms != 0 && n->now_ms - t->told_ms < AGAIN_MS)
        return 0;
    b->row[b->count] = (struct sheet_row){.site = slice_of(s->block->key),
                                          .bytes = buffer_written(&out)};
    b->told[b->count] = t;
    b->hash[b->count++] = hash;
    b->out.length += out.length;
    return 0;
}

void nodes_say_again(struct nodes *n)
{
    for (size_t i = 0; i < n->limit; i++)
        if (n->told[i] != NULL)
            n->told[i]->told_ms = 0;
}

static void note_any(void *context, struct slice site, int64_t at)
{
    (void)site, (void)at;
    *(bool *)context = true;
}

/* Somebody emptied the server, and the connection stayed: nobody who comes now can know
 * what was said there. */
static int notice_loss(struct nodes *n)
{
    struct store *store = n->options.store;
    bool any = n->published == 0 || n->own_run[0] == '\0';
    int rv = any ? 0
                 : store->ops->sheets_since(store, n->own_run, 0, 1, note_any, &any,
                                            n->deadline);

    if (rv == 0 && !any)
        nodes_say_again(n);
    return rv;
}

/* A round that takes long goes on where it stopped. */
int nodes_publish(struct nodes *n)
{
    struct batch b = {.count = 0};
    int64_t until_ms = deadline_in(ROUND_MS).at_ms;
    int rv = notice_loss(n);

    buffer_init(&b.out, n->out, PUBLISH_BYTES);
    for (size_t i = 0; i < n->limit && rv == 0; i++) {
        size_t index = (n->publish_at + i) % n->limit;
        const struct site *s = registry_at(n->options.registry, index);
        struct told *t = s == NULL ? NULL : nodes_told(n, s);

        if (t == NULL || !is_due(n, s, t))
            continue;
        rv = add(n, &b, s, t);
        if (deadline_in(0).at_ms > until_ms) {
            n->publish_at = index + 1;
            break;
        }
    }
    return rv != 0 ? rv : send(n, &b);
}
