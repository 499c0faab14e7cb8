#include "lib/fake_store.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static struct fake_row *find(const struct fake_store *f, enum change_kind kind,
                             struct slice site, int64_t number)
{
    for (size_t i = f->rows; i-- > 0;) /* the youngest are asked for most */
        if (f->row[i].number == number && f->row[i].kind == kind &&
            slice_equal(slice_of(f->row[i].site), site))
            return &f->row[i];
    return NULL;
}

static struct fake_row *add(struct fake_store *f, const struct change *c)
{
    struct fake_row *row;

    if (f->rows == f->room) {
        f->room = f->room * 2 + 64;
        f->row = realloc(f->row, f->room * sizeof *f->row);
        if (f->row == NULL)
            abort();
    }
    row = &f->row[f->rows++];
    *row = (struct fake_row){.kind = c->kind, .number = c->number, .exact = true};
    if (c->site.length > 0)
        memcpy(row->site, c->site.at, c->site.length);
    return row;
}

static bool raise(uint64_t *kept, uint64_t given, bool *fell)
{
    bool rose = given > *kept;

    *fell = *fell || given < *kept;
    if (rose)
        *kept = given;
    return rose;
}

static void take(struct fake_store *f, const struct change *c)
{
    int64_t number = c->kind == CHANGE_SITE || c->kind == CHANGE_ALIVE ? 0 : c->number;
    struct fake_row *row = find(f, c->kind, c->site, number);
    bool is_new = row == NULL, fell = false;

    if (row == NULL) {
        struct change named = *c;

        named.number = number;
        row = add(f, &named);
    }
    is_new |= raise(&row->views, c->kind == CHANGE_ALIVE ? (uint64_t)c->number : c->views,
                    &fell);
    is_new |= raise(&row->visits, c->visits, &fell);
    is_new |= raise(&row->visitors, c->visitors, &fell);
    is_new |= row->exact && !c->exact;
    row->exact = row->exact && c->exact;
    row->blob_length = c->blob.length;
    row->given++;
    f->repeats += !is_new;
    f->falls += fell;
    f->changes++;
}

static int save(struct store *store, const struct change *changes, size_t n,
                struct deadline d)
{
    struct fake_store *f = (struct fake_store *)store;
    int64_t left_ms = d.at_ms - deadline_in(0).at_ms;

    f->calls++;
    if (f->during != NULL)
        f->during(f->context);
    if (f->stuck) {
        poll(NULL, 0, left_ms > 0 ? (int)left_ms : 0);
        return ERR_TIMEOUT;
    }
    if (f->error != 0 || f->calls == f->fail_at)
        return f->error != 0 ? f->error : ERR_IO;
    for (size_t i = 0; i < n; i++)
        take(f, &changes[i]);
    f->saves++;
    return 0;
}

/* What is live and our own: all that is here. */
static int history(struct store *store, struct slice site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context)
{
    struct fake_store *f = (struct fake_store *)store;
    int rv = 0;

    if (f->during != NULL)
        f->during(f->context);
    if (f->error != 0)
        return f->error;
    for (;;) {
        const struct fake_row *next = NULL;
        struct history_row found;

        for (size_t i = 0; i < f->rows; i++)
            if (f->row[i].kind == kind && slice_equal(slice_of(f->row[i].site), site) &&
                f->row[i].number >= from && f->row[i].number < until &&
                (next == NULL || f->row[i].number < next->number))
                next = &f->row[i];
        if (next == NULL || rv != 0 || (parts & HISTORY_LIVE_OWN) == 0)
            return rv;
        found = (struct history_row){.number = next->number,
                                     .views = next->views,
                                     .visits = next->visits,
                                     .visitors = next->visitors,
                                     .exact = next->exact,
                                     .deduplicated = true};
        rv = row(context, &found);
        from = next->number + 1;
    }
}

static int last_alive(struct store *store, int64_t *ret_s)
{
    const struct fake_row *row =
        fake_store_row((struct fake_store *)store, CHANGE_ALIVE, NULL, 0);

    if (row == NULL)
        return ERR_NOT_FOUND;
    *ret_s = (int64_t)row->views;
    return 0;
}

static void close_store(struct store *store)
{
    ((struct fake_store *)store)->closed++;
}

static const struct store_ops ops = {
    .save = save, .history = history, .last_alive = last_alive, .close = close_store};

void fake_store_init(struct fake_store *f)
{
    *f = (struct fake_store){.store = {.ops = &ops}};
}

void fake_store_release(struct fake_store *f)
{
    free(f->row);
}

const struct fake_row *fake_store_row(const struct fake_store *f, enum change_kind kind,
                                      const char *site, int64_t number)
{
    return find(f, kind, site != NULL ? slice_of(site) : (struct slice){NULL, 0}, number);
}

size_t fake_store_count(const struct fake_store *f, enum change_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < f->rows; i++)
        n += f->row[i].kind == kind;
    return n;
}

int64_t fake_store_first(const struct fake_store *f, enum change_kind kind)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < f->rows; i++)
        if (f->row[i].kind == kind && f->row[i].number < first)
            first = f->row[i].number;
    return first;
}
