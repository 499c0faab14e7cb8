#include "store/replicate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"

enum { PAGE_BYTES = 256 << 10, PAGE_BYTES_MAX = 64 << 20, OPEN_DAYS = 2, LATE_DAYS = 62 };

struct replicate {
    struct replicate_options options;
    char node[64], run[17]; /* ours, or "" */
    uint64_t loaded;

    /* The page. */
    struct dump_row *row;
    char *text; /* what rows point into */
    size_t rows, rows_room, used, room, read;

    /* Of the dump under way. */
    bool others;                   /* but not of our own run           */
    struct dump_place next;        /* of the row that did not fit      */
    size_t site_at;                /* the last row of a site, if there is one */
    size_t begun_rows, begun_used; /* the page before this site */
    size_t mark_rows, mark_used;   /* the page before the site's imports began */
    bool marked;
};

/* --- The page --- */

static int make_page(struct replicate *r, size_t bytes)
{
    r->rows_room = bytes / 2 / sizeof *r->row + 1;
    r->room = bytes / 2 < DUMP_LINE_MAX ? DUMP_LINE_MAX : bytes / 2;
    r->row = malloc(r->rows_room * sizeof *r->row);
    r->text = malloc(r->room);
    r->rows = r->used = 0;
    return r->row == NULL || r->text == NULL ? ERR_NOMEM : 0;
}

static void free_page(struct replicate *r)
{
    free(r->row);
    free(r->text);
    r->row = NULL;
    r->text = NULL;
}

static size_t page_bytes(const struct replicate *r)
{
    return r->options.page_bytes != 0 ? r->options.page_bytes : PAGE_BYTES;
}

/* An empty one, twice as large. */
static int grow_page(struct replicate *r)
{
    size_t bytes = r->room * 4;

    if (bytes > PAGE_BYTES_MAX)
        return ERR_FULL;
    free_page(r);
    return make_page(r, bytes);
}

static bool is_own(const struct replicate *r, const struct dump_row *row)
{
    int at = dump_node_field(row->kind);

    return at >= 0 && slice_equal(row->value[at].text, slice_of(r->node)) &&
           slice_equal(row->value[at + 1].text, slice_of(r->run));
}

/* Do the last rows belong to the same site? Then it need not be said again. */
static bool is_begun(const struct replicate *r, const struct dump_row *row)
{
    return r->site_at < r->rows && r->row[r->site_at].kind == DUMP_SITE &&
           slice_equal(r->row[r->site_at].value[0].text, row->value[0].text);
}

static size_t text_of(const struct dump_row *row)
{
    size_t n = 0;

    for (unsigned i = 0; i < dump_field_count(row->kind); i++)
        n += row->value[i].text.length;
    return n;
}

static int put_row(void *context, const struct dump_row *row)
{
    struct replicate *r = context;
    struct dump_row *kept;

    if (row->kind == DUMP_SITE && is_begun(r, row))
        return 0;
    if (r->others && is_own(r, row))
        return 0;
    if (row->kind >= DUMP_SOURCE && !r->marked) {
        r->marked = true;
        r->mark_rows = r->rows;
        r->mark_used = r->used;
    }
    if (r->rows == r->rows_room || r->room - r->used < text_of(row)) {
        r->next = (struct dump_place){row->kind, row->value[0].number};
        if (r->marked) { /* imports are whole in one page */
            r->next = (struct dump_place){DUMP_SOURCE, INT64_MIN};
            r->rows = r->mark_rows;
            r->used = r->mark_used;
        }
        return ERR_FULL;
    }
    if (row->kind == DUMP_SITE)
        r->site_at = r->rows;
    kept = &r->row[r->rows++];
    *kept = *row;
    for (unsigned i = 0; i < dump_field_count(row->kind); i++) {
        struct slice *text = &kept->value[i].text;
        if (text->length > 0)
            memcpy(r->text + r->used, text->at, text->length);
        text->at = r->text + r->used;
        r->used += text->length;
    }
    return 0;
}

static int next_row(void *context, const struct dump_row **ret_row)
{
    struct replicate *r = context;

    if (r->read == r->rows)
        return ERR_NOT_FOUND;
    *ret_row = &r->row[r->read++];
    return 0;
}

int replicate_flush(struct replicate *r)
{
    struct store *to = r->options.to;
    int rv;

    if (r->rows == 0)
        return 0;
    r->read = 0;
    rv = to->ops->load(to, next_row, r, 0, 0, NULL);
    if (rv == 0)
        r->loaded += r->rows;
    r->rows = r->used = r->begun_rows = r->begun_used = 0;
    return rv;
}

/* --- Copies --- */

/* Does a dump from `next` on bring less than the one from `from` on? Kinds whose first
 * value is no number that goes up come whole. */
static bool goes_on(struct dump_place from, struct dump_place next)
{
    const bool ordered = next.kind == DUMP_DAY || next.kind == DUMP_QUARTER ||
                         next.kind == DUMP_WEEK || next.kind == DUMP_MONTH ||
                         next.kind == DUMP_ENGAGED || next.kind == DUMP_SKETCH;

    return next.kind > from.kind || (ordered && next.number > from.number);
}

/* The rows of a site from a place to a kind, in as many pages as they take. */
static int copy(struct replicate *r, struct slice site, struct dump_place from,
                enum dump_kind last)
{
    struct store *store = r->options.from;
    int64_t state;
    int rv;

    while (true) {
        const bool began_empty = r->rows == 0;
        r->marked = false;
        rv = store->ops->dump(store, site, from, last, put_row, r, &state);
        if (rv != ERR_FULL)
            break;
        if (goes_on(from, r->next)) {
            from = r->next;
            rv = replicate_flush(r);
        } else if (began_empty) {
            rv = grow_page(r);
        } else { /* what waited took its place */
            rv = replicate_flush(r);
        }
        if (rv != 0)
            break;
    }
    if (rv == ERR_NOT_FOUND)
        rv = 0;
    if (rv != 0) { /* other sites' rows are as good as before */
        r->rows = r->begun_rows;
        r->used = r->begun_used;
    }
    return rv;
}

static int copy_since(struct replicate *r, struct slice site, struct instant now,
                      int days)
{
    const int64_t s = instant_seconds(now), day = s / 86400;
    const struct dump_place from[] = {
        {DUMP_TOTAL, INT64_MIN},
        {DUMP_DAY, day - days},
        {DUMP_QUARTER, s / 900 - (days == OPEN_DAYS ? 16 : days * 96)},
        {DUMP_WEEK, day / 7 - days / 7 - 2},
        {DUMP_MONTH, month_of_day(day) - days / 28 - 1},
        {DUMP_ENGAGED, day - days},
    };
    int rv = 0;

    for (size_t i = 0; i < sizeof from / sizeof from[0] && rv == 0; i++)
        rv = copy(r, site, from[i], from[i].kind);
    return rv;
}

int replicate_site(struct replicate *r, struct slice site, enum replicate_what what,
                   struct instant now)
{
    int rv = 0;

    r->begun_rows = r->rows;
    r->begun_used = r->used;
    r->others = what == REPLICATE_OPEN;
    if (what == REPLICATE_OPEN || what == REPLICATE_LATELY)
        return copy_since(r, site, now, what == REPLICATE_OPEN ? OPEN_DAYS : LATE_DAYS);
    rv = replicate_flush(r); /* it may take all of a page */
    if (rv != 0)
        return rv;
    return copy(
        r, site,
        (struct dump_place){what == REPLICATE_ALL ? DUMP_NONE : DUMP_ADJUST, INT64_MIN},
        DUMP_KINDS);
}

int replicate_gaps(struct replicate *r)
{
    int rv = replicate_flush(r);

    r->others = false;
    return rv != 0 ? rv : copy(r, SLICE(""), (struct dump_place){DUMP_NONE, 0}, DUMP_GAP);
}

int replicate_names(struct replicate *r)
{
    int rv = replicate_flush(r);

    r->others = false;
    return rv != 0 ? rv
                   : copy(r, SLICE(""), (struct dump_place){DUMP_NAME, 0}, DUMP_NAME);
}

uint64_t replicate_rows(const struct replicate *r)
{
    return r->loaded;
}

int replicate_new(struct replicate **ret_r, const struct replicate_options *options)
{
    struct replicate *r;

    if (options->from->ops->dump == NULL || options->to->ops->load == NULL)
        return ERR_VERSION;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->options = *options;
    if (options->node != NULL)
        snprintf(r->node, sizeof r->node, "%s", options->node);
    snprintf(r->run, sizeof r->run, "%016llx", (unsigned long long)options->incarnation);
    if (make_page(r, page_bytes(r)) != 0) {
        replicate_free(r);
        return ERR_NOMEM;
    }
    *ret_r = r;
    return 0;
}

void replicate_free(struct replicate *r)
{
    if (r == NULL)
        return;
    free_page(r);
    free(r);
}
