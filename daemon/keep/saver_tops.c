/* A dimension's rows are compared by their hash, pages by what was saved of each cell; both
 * are noted in the room, and become the shadow's when the save went well. */
#include "keep/saver_tops.h"

#include <stdlib.h>

#include "base/error.h"
#include "keep/saver_collect.h"

enum {
    ROWS = 4096, /* of one save */
    TEXT = 768 << 10,
    NOTES = 8192,
    LIST_ROWS = DIMENSIONS * TOPK_LIST_MAX
};

struct note { /* of one change; applied when it is saved */
    struct shadow_tops *shadow;
    uint64_t *hash; /* NULL: of a page */
    uint64_t value;
    uint32_t *page;
    uint64_t *overflow;
};

struct tops_room {
    struct top_row row[ROWS];
    char text[TEXT];
    struct note note[NOTES];
    struct topk_row list[LIST_ROWS];
    size_t rows, bytes, notes;
};

struct tops_room *tops_room_new(void)
{
    return calloc(1, sizeof(struct tops_room));
}

void tops_room_free(struct tops_room *r)
{
    free(r);
}

void tops_room_empty(struct tops_room *r, bool saved)
{
    for (size_t i = 0; i < r->notes && saved; i++) {
        const struct note *n = &r->note[i];

        if (n->hash != NULL)
            *n->hash = n->value;
        else if (n->page != NULL)
            *n->page = (uint32_t)n->value;
        else
            *n->overflow = n->value;
    }
    r->rows = r->bytes = r->notes = 0;
}

void shadow_tops_release(struct shadow_tops *s)
{
    free(s->page);
    *s = (struct shadow_tops){.page = NULL};
}

struct saving {
    struct collection *into;
    struct tops_room *room;
    struct shadow_tops *shadow;
    const struct site *site;
    struct slice key;
    int failed;
};

/* Room for one change of so many rows and bytes: what is there is saved when it is
 * needed. */
static int make_room(struct saving *s, size_t rows, size_t bytes)
{
    const struct tops_room *r = s->room;

    if (r->rows + rows <= ROWS && r->bytes + bytes <= TEXT && r->notes < NOTES &&
        s->into->changes < ROUND_CHANGES)
        return 0;
    return collection_save(s->into);
}

static struct slice keep_text(struct tops_room *r, const char *at, size_t length)
{
    struct slice kept = {r->text + r->bytes, length};

    memcpy(r->text + r->bytes, at, length);
    r->bytes += length;
    return kept;
}

/* --- Tops --- */

/* What a key may have had that the saved rows do not say: of one that is not in the table,
 * and of one that is not among the first. */
static uint64_t lacks_of(const struct topk_list *list)
{
    uint64_t last = list->rows > list->count && list->count > 0
                        ? list->row[list->count - 1].views
                        : 0;

    return last > list->error ? last : list->error;
}

/* The rows of one dimension, and what has none. */
static struct slice take_rows(struct tops_room *r, const struct topk_table *t,
                              const struct topk_list *list)
{
    struct top_row *first = &r->row[r->rows];
    uint64_t other = list->total;
    size_t length;

    for (unsigned i = 0; i < list->count; i++) {
        char key[NAME_MAX_BYTES];

        if (!topk_key(t, &list->row[i], key, &length))
            continue; /* it went a moment ago: it is in the rest */
        r->row[r->rows++] = (struct top_row){.key = keep_text(r, key, length),
                                             .views = list->row[i].views,
                                             .visitors = list->row[i].visitors};
        other -= list->row[i].views;
    }
    if (other > 0 || list->error > 0)
        r->row[r->rows++] = (struct top_row){
            .key = keep_text(r, "", 0), .views = other, .lacks = lacks_of(list)};
    return (struct slice){(const char *)first,
                          (size_t)(&r->row[r->rows] - first) * sizeof *first};
}

static uint64_t hash_of(struct slice rows)
{
    const struct top_row *row = (const struct top_row *)(const void *)rows.at;
    uint64_t hash = 1;

    for (size_t i = 0; i < rows.length / sizeof *row; i++) {
        const uint64_t words[] = {hash, row[i].views, row[i].visitors, row[i].lacks,
                                  hash_fast(row[i].key.at, row[i].key.length)};

        hash = hash_fast(words, sizeof words);
    }
    return hash != 0 ? hash : 1;
}

static int save_dimension(struct saving *s, const struct topk_table *t,
                          const struct topk_list *list, enum dimension d, int64_t day)
{
    struct change c = {.kind = CHANGE_TOPS, .site = s->key, .number = day, .visits = d};
    uint64_t *saved = &s->shadow->hash[(uint64_t)day % TOPS_DAYS][d], hash;
    size_t rows, bytes;
    int rv = make_room(s, list->count + 1, list->count * (size_t)NAME_MAX_BYTES);

    if (rv != 0)
        return rv;
    rows = s->room->rows;
    bytes = s->room->bytes;
    c.blob = take_rows(s->room, t, list);
    hash = hash_of(c.blob);
    if (hash == *saved || c.blob.length == 0) {
        s->room->rows = rows;
        s->room->bytes = bytes;
        return 0;
    }
    s->room->note[s->room->notes++] = (struct note){.hash = saved, .value = hash};
    return collection_add(s->into, &c);
}

static int save_day(struct saving *s, int64_t day)
{
    const struct topk_table *t = site_tops_hold(s->site, day);
    struct topk_list list[DIMENSIONS];
    unsigned i = (unsigned)((uint64_t)day % TOPS_DAYS);
    int rv = 0;

    if (t == NULL)
        return 0;
    if (s->shadow->day[i] != day + 1) {
        memset(s->shadow->hash[i], 0, sizeof s->shadow->hash[i]);
        s->shadow->day[i] = day + 1;
    }
    for (int d = 0; d < DIMENSIONS; d++)
        list[d] = (struct topk_list){.row = &s->room->list[d * TOPK_LIST_MAX],
                                     .limit = TOPK_LIST_MAX};
    topk_read(t, list);
    for (int d = 0; d < DIMENSIONS && rv == 0; d++)
        if (list[d].total > 0)
            rv = save_dimension(s, t, &list[d], (enum dimension)d, day);
    site_tops_let_go(s->site, day);
    return rv;
}

/* --- Pages --- */

static int know_pages(struct shadow_tops *shadow, uint32_t cells)
{
    uint32_t *page;

    if (cells <= shadow->pages)
        return 0;
    page = realloc(shadow->page, cells * sizeof *page);
    if (page == NULL)
        return ERR_NOMEM;
    memset(page + shadow->pages, 0, (cells - shadow->pages) * sizeof *page);
    shadow->page = page;
    shadow->pages = cells;
    return 0;
}

static void save_page(void *context, struct name_cell *cell)
{
    struct saving *s = context;
    const struct pages_table *t = &s->site->tops.pages;
    uint64_t views = atomic_load_explicit(&cell->views, memory_order_relaxed);
    uint32_t number = pages_cell_number(t, cell);
    struct change c = {.kind = CHANGE_PAGE, .site = s->key, .views = views};
    char key[NAME_MAX_BYTES];

    /* Cells that came since we looked: the next time. */
    if (s->failed != 0 || number >= s->shadow->pages ||
        s->shadow->page[number] == (uint32_t)views)
        return;
    s->failed = make_room(s, 0, NAME_MAX_BYTES);
    if (s->failed != 0)
        return;
    c.blob = keep_text(s->room, key, names_text(&t->names, cell, key));
    s->room->note[s->room->notes++] =
        (struct note){.page = &s->shadow->page[number], .value = views};
    s->failed = collection_add(s->into, &c);
}

static int save_overflow(struct saving *s, uint64_t views)
{
    const struct change c = {.kind = CHANGE_PAGE,
                             .site = s->key,
                             .views = views,
                             .blob = keep_text(s->room, "", 0)};

    if (views == s->shadow->overflow)
        return 0;
    s->room->note[s->room->notes++] =
        (struct note){.overflow = &s->shadow->overflow, .value = views};
    return collection_add(s->into, &c);
}

static int save_pages(struct saving *s)
{
    const struct pages_table *t = site_pages(s->site);
    int rv;

    if (t == NULL || pages_count(t) == 0)
        return 0;
    rv = know_pages(s->shadow, pages_cells(t));
    if (rv == 0)
        names_each(&t->names, save_page, s);
    if (rv == 0)
        rv = s->failed;
    if (rv == 0)
        rv = make_room(s, 0, 0);
    return rv != 0 ? rv : save_overflow(s, pages_overflow(t));
}

int saver_tops(struct collection *c, struct shadow_tops *shadow, const struct site *site)
{
    int64_t day[TOPS_DAYS];
    unsigned days = site_tops_days(site, day);
    int rv = 0;

    struct saving s = {.into = c,
                       .room = c->tops,
                       .shadow = shadow,
                       .site = site,
                       .key = slice_of(site->block->key)};

    for (unsigned i = 0; i < days && rv == 0; i++)
        rv = save_day(&s, day[i]);
    return rv != 0 ? rv : save_pages(&s);
}
