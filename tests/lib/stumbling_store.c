#include "lib/stumbling_store.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static struct stumbling_store *of(struct store *s)
{
    return (struct stumbling_store *)s;
}

static int step(struct stumbling_store *s, struct slice site)
{
    s->steps++;
    if (s->broken != NULL && slice_equal(site, slice_of(s->broken)))
        return ERR_CORRUPT;
    return s->fail_at != 0 &&
                   (s->steps == s->fail_at || (s->stays && s->steps > s->fail_at))
               ? ERR_IO
               : 0;
}

struct rows { /* of a dump or a load under way */
    struct stumbling_store *s;
    dump_row_fn *row;
    dump_next_fn *next;
    void *context;
};

static int pass_row(void *context, const struct dump_row *row)
{
    struct rows *r = context;
    int rv = step(r->s, SLICE(""));

    return rv != 0 ? rv : r->row(r->context, row);
}

static int pass_next(void *context, const struct dump_row **ret_row)
{
    struct rows *r = context;
    int rv = step(r->s, SLICE(""));

    return rv != 0 ? rv : r->next(r->context, ret_row);
}

static int dump(struct store *store, struct slice site, struct dump_place from,
                enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state)
{
    struct stumbling_store *s = of(store);
    struct rows r = {.s = s, .row = row, .context = context};
    int rv = step(s, site);

    return rv != 0
               ? rv
               : s->inner->ops->dump(s->inner, site, from, last, pass_row, &r, ret_state);
}

static int load(struct store *store, dump_next_fn *next, void *context, uint32_t uid,
                int64_t at_s, const char *note)
{
    struct stumbling_store *s = of(store);
    struct rows r = {.s = s, .next = next, .context = context};

    return s->inner->ops->load(s->inner, pass_next, &r, uid, at_s, note);
}

static int sites(struct store *store,
                 int (*site)(void *, struct slice key, struct slice host), void *context)
{
    struct stumbling_store *s = of(store);
    int rv = step(s, SLICE(""));

    return rv != 0 ? rv : s->inner->ops->sites(s->inner, site, context);
}

static int look(struct store *store, struct slice site, struct store_look *ret_look)
{
    struct stumbling_store *s = of(store);
    struct history_row total;
    int rv = step(s, site);

    if (rv == 0)
        rv = s->inner->ops->look(s->inner, site, ret_look);
    if (rv == 0)
        rv = s->inner->ops->total(s->inner, site, HISTORY_LIVE_OTHER, INT64_MIN, &total);
    if (rv != 0)
        return rv;
    ret_look->live = total.views * 1000003 + total.visits;
    ret_look->copied = -1;
    for (unsigned i = 0; i < s->marks; i++)
        if (slice_equal(slice_of(s->mark[i]), site))
            ret_look->copied = s->said[i];
    return 0;
}

static int mark(struct store *store, struct slice site, int64_t said)
{
    struct stumbling_store *s = of(store);
    int rv = step(s, site);
    unsigned i = 0;

    while (i < s->marks && !slice_equal(slice_of(s->mark[i]), site))
        i++;
    if (rv == 0 && i == STUMBLING_MARKS)
        rv = ERR_FULL;
    if (rv != 0)
        return rv;
    snprintf(s->mark[i], 64, "%.*s", (int)site.length, site.at);
    s->said[i] = said;
    s->marks += i == s->marks;
    return 0;
}

static void close_store(struct store *store)
{
    struct stumbling_store *s = of(store);

    s->inner->ops->close(s->inner);
}

static const struct store_ops ops = {.dump = dump,
                                     .load = load,
                                     .sites = sites,
                                     .look = look,
                                     .mark = mark,
                                     .close = close_store};

void stumbling_store_init(struct stumbling_store *s, struct store *inner)
{
    *s = (struct stumbling_store){.store = {.ops = &ops}, .inner = inner};
}
