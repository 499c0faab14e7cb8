#include "count/top_sum.h"

#include <stdlib.h>

#include "base/error.h"
#include "count/site.h"

void top_sum_init(struct top_sum *s)
{
    *s = (struct top_sum){.row = NULL};
}

void top_sum_release(struct top_sum *s)
{
    free(s->row);
    free(s->slot);
    free(s->text);
    *s = (struct top_sum){.row = NULL};
}

struct slice top_sum_key(const struct top_sum *s, const struct top_sum_row *row)
{
    return (struct slice){s->text + row->key_at, row->key_length};
}

/* --- Memory --- */

static uint32_t *slot_of(const struct top_sum *s, uint64_t hash, struct slice key)
{
    for (size_t i = hash & (s->slots - 1);; i = (i + 1) & (s->slots - 1)) {
        const struct top_sum_row *row;

        if (s->slot[i] == 0)
            return &s->slot[i];
        row = &s->row[s->slot[i] - 1];
        if (row->hash == hash && slice_equal(top_sum_key(s, row), key))
            return &s->slot[i];
    }
}

static int make_slots(struct top_sum *s, size_t slots)
{
    uint32_t *slot = calloc(slots, sizeof *slot);

    if (slot == NULL)
        return ERR_NOMEM;
    free(s->slot);
    s->slot = slot;
    s->slots = slots;
    for (size_t i = 0; i < s->rows; i++)
        *slot_of(s, s->row[i].hash, top_sum_key(s, &s->row[i])) = (uint32_t)i + 1;
    return 0;
}

static int make_room(struct top_sum *s, size_t bytes)
{
    if (s->rows == s->room) {
        size_t room = s->room == 0 ? 128 : 2 * s->room;
        struct top_sum_row *row = realloc(s->row, room * sizeof *row);

        if (row == NULL)
            return ERR_NOMEM;
        s->row = row;
        s->room = room;
    }
    if (s->bytes + bytes > s->text_room) {
        size_t room = 2 * s->text_room + bytes + 4096;
        char *text = realloc(s->text, room);

        if (text == NULL)
            return ERR_NOMEM;
        s->text = text;
        s->text_room = room;
    }
    return 2 * (s->rows + 1) > s->slots
               ? make_slots(s, s->slots == 0 ? 256 : 2 * s->slots)
               : 0;
}

/* --- Adding --- */

/* NULL: no memory, or no room for another. */
static struct top_sum_row *row_of(struct top_sum *s, struct slice key)
{
    uint64_t hash = hash_fast(key.at, key.length);
    uint32_t *slot;

    if (s->failed == 0)
        s->failed = make_room(s, key.length);
    if (s->failed != 0)
        return NULL;
    slot = slot_of(s, hash, key);
    if (*slot == 0 && s->rows == TOP_SUM_ROWS)
        return NULL;
    if (*slot == 0) {
        if (key.length > 0)
            memcpy(s->text + s->bytes, key.at, key.length);
        s->row[s->rows++] = (struct top_sum_row){.key_at = (uint32_t)s->bytes,
                                                 .key_length = (uint32_t)key.length,
                                                 .hash = hash};
        s->bytes += key.length;
        *slot = (uint32_t)s->rows;
    }
    return &s->row[*slot - 1];
}

void top_sum_add(struct top_sum *s, struct slice key, uint64_t views, uint64_t visitors)
{
    struct top_sum_row *row = row_of(s, key);

    if (row == NULL) {
        s->other += views;
        return;
    }
    row->views += views;
    row->visitors += visitors;
}

void top_sum_set(struct top_sum *s, struct slice key, uint64_t views)
{
    struct top_sum_row *row = row_of(s, key);

    if (row != NULL)
        row->views = views;
}

void top_sum_rest(struct top_sum *s, uint64_t other, uint64_t error)
{
    s->other += other;
    s->error += error;
}

bool top_sum_live(struct top_sum *s, const struct site *site, enum dimension d,
                  int64_t day)
{
    const struct topk_table *t = site_tops_hold(site, day);
    struct topk_list list[DIMENSIONS] = {{.row = NULL}};
    struct topk_row *row;
    char key[NAME_MAX_BYTES];
    uint64_t sum = 0;
    size_t length;

    if (t == NULL)
        return false;
    row = malloc(topk_capacity(d) * sizeof *row);
    list[d].row = row;
    list[d].limit = row == NULL ? 0 : topk_capacity(d);
    if (row == NULL)
        s->failed = ERR_NOMEM;
    topk_read(t, list);
    for (unsigned i = 0; i < list[d].count; i++) {
        if (!topk_key(t, &row[i], key, &length))
            continue; /* it went a moment ago: in `other` */
        top_sum_add(s, (struct slice){key, length}, row[i].views, row[i].visitors);
        sum += row[i].views;
    }
    site_tops_let_go(site, day);
    top_sum_rest(s, list[d].total - sum, list[d].error);
    free(row);
    return true;
}

/* --- The end --- */

static int compare(const void *a, const void *b, void *context)
{
    const struct top_sum_row *x = a, *y = b;
    struct slice p = top_sum_key(context, x), q = top_sum_key(context, y);
    size_t n = p.length < q.length ? p.length : q.length;
    int rv;

    if (x->views != y->views)
        return x->views < y->views ? 1 : -1;
    rv = n == 0 ? 0 : memcmp(p.at, q.at, n);
    return rv != 0 ? rv : (p.length > q.length) - (p.length < q.length);
}

void top_sum_finish(struct top_sum *s, size_t limit)
{
    if (s->rows > 1)
        qsort_r(s->row, s->rows, sizeof *s->row, compare, s);
    for (; s->rows > limit; s->rows--)
        s->other += s->row[s->rows - 1].views;
}

size_t top_sum_fold(struct top_sum *s, uint64_t min, bool by_visitors)
{
    size_t kept = 0, all = s->rows;

    for (size_t i = 0; i < all; i++) {
        if ((by_visitors ? s->row[i].visitors : s->row[i].views) < min)
            s->other += s->row[i].views;
        else
            s->row[kept++] = s->row[i];
    }
    s->rows = kept;
    return all - kept;
}
