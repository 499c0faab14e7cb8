/* The rows of a number lie in a few hashes, one field a run (node and incarnation) or a
 * source; they are read and sorted here. What was read is kept for a moment, because
 * whoever asks for one week or month asks for the ones before it next. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store_redis.h"
#include "store/store_redis_ahead.h"

enum {
    KEPT_MS = 300,
    AHEAD = 64,           /* numbers before the one asked for that are read with it */
    AT_ONCE = 128,        /* hashes asked for in one pipeline                        */
    ROWS_MAX = 1 << 20,   /* of one question                                         */
    NUMBERS_MAX = 1 << 18 /* days that anybody can have counted                      */
};

/* --- Rows in memory --- */

static int add_row(struct redis_rows *rows, const struct redis_row *row)
{
    if (rows->count == rows->room) {
        size_t room = rows->room * 2 + 256;
        struct redis_row *more =
            room > ROWS_MAX ? NULL : realloc(rows->row, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        rows->row = more;
        rows->room = room;
    }
    rows->row[rows->count++] = *row;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct redis_row *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return (x->who > y->who) - (x->who < y->who);
}

/* In order, each once: while a hash grows, a field may be read twice. */
static void settle(struct redis_rows *rows)
{
    size_t n = 0;

    if (rows->count == 0)
        return;
    qsort(rows->row, rows->count, sizeof *rows->row, by_number);
    for (size_t i = 1; i < rows->count; i++) {
        struct redis_row *last = &rows->row[n], *row = &rows->row[i];
        if (by_number(last, row) != 0 || row->part == HISTORY_ADJUSTED)
            rows->row[++n] = *row;
        else
            *last = *row; /* the later one */
    }
    rows->count = n + 1;
}

/* --- Reading them --- */

struct reading {
    struct redis_store *s;
    struct slice site;
    enum change_kind kind;
    unsigned parts;
    int64_t from, until, give_up_ms;
    struct redis_rows *rows;
    int64_t *number; /* whose hashes are read */
    size_t numbers, room;
};

static int add_number(void *context, int64_t number)
{
    struct reading *r = context;

    if (r->numbers == r->room) {
        size_t room = r->room * 2 + 128;
        int64_t *more =
            room > NUMBERS_MAX ? NULL : realloc(r->number, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        r->number = more;
        r->room = room;
    }
    r->number[r->numbers++] = number;
    return 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* How many of a kind lie in one hash. */
static int64_t per_hash(enum change_kind kind)
{
    return kind == CHANGE_QUARTER ? 96 : kind == CHANGE_HOUR ? 24 : 1;
}

/* "10:45 node:run" and "10 source" say more than the hash: the quarter, the hour. */
static int64_t number_of_field(enum change_kind kind, int64_t number, struct slice *field)
{
    struct slice rest = *field, clock, hour;
    uint64_t h = 0, m = 0;

    if (kind != CHANGE_QUARTER && kind != CHANGE_HOUR)
        return number;
    clock = slice_cut(&rest, ' ');
    hour = slice_cut(&clock, ':');
    if (slice_number(hour, &h) != 0 || h > 23 ||
        (clock.at != NULL && (slice_number(clock, &m) != 0 || m > 59)))
        return INT64_MIN;
    *field = rest;
    return kind == CHANGE_QUARTER ? number * 96 + (int64_t)(h * 4 + m / 15)
                                  : number * 24 + (int64_t)h;
}

/* What stands in a row depends on its kind; conf/redis.md. */
static void read_row(enum change_kind kind, unsigned part, struct slice value,
                     struct redis_row *row)
{
    int64_t n[4] = {0};

    redis_numbers(value, n, 4);
    row->exact = true;
    if (part != HISTORY_IMPORTED && (kind == CHANGE_WEEK || kind == CHANGE_MONTH)) {
        row->visitors = (uint64_t)n[0];
        row->exact = n[1] == 0;
        return;
    }
    row->views = (uint64_t)n[0];
    row->visits = (uint64_t)n[1];
    row->visitors = (uint64_t)n[2];
    if (part != HISTORY_IMPORTED && kind == CHANGE_DAY)
        row->exact = n[3] == 0;
    if (part == HISTORY_IMPORTED && (kind == CHANGE_WEEK || kind == CHANGE_MONTH))
        row->views = 0;
}

static int hear_row(void *context, const struct redis_scan *scan, struct slice field,
                    struct slice value)
{
    struct reading *r = context;
    struct redis_row row = {.part = scan->part};

    row.number = number_of_field(r->kind, scan->number, &field);
    if (row.number < r->from || row.number >= r->until)
        return 0;
    if (row.part == HISTORY_LIVE_OTHER && slice_equal(field, slice_of(r->s->run)))
        row.part = HISTORY_LIVE_OWN;
    row.who = hash_fast(field.at, field.length);
    read_row(r->kind, scan->part, value, &row);
    return add_row(r->rows, &row);
}

/* So few numbers that their hashes may all be asked for, whether there are any or not. */
static bool is_short(enum change_kind kind, int64_t from, int64_t until)
{
    int64_t first = floor_div(from, per_hash(kind));

    return first > -1000000 && until < 100000000 * per_hash(kind) &&
           floor_div(until - 1, per_hash(kind)) - first < AT_ONCE;
}

static struct slice index_key(char memory[KEY_MAX], struct slice site,
                              enum change_kind kind, bool imported)
{
    char name[32];

    snprintf(name, sizeof name, "%s%s", imported ? "imported:" : "", redis_kinds(kind));
    return redis_key(memory, site, name);
}

/* Which hashes there are: all of a short span, else (or when it is at hand) those that the
 * index names. */
static int find_numbers(struct reading *r, bool imported)
{
    int64_t from = floor_div(r->from, per_hash(r->kind)), until;
    char memory[KEY_MAX];
    struct slice key = index_key(memory, r->site, r->kind, imported);
    struct ahead_texts texts;
    int rv = 0;

    until = r->until == INT64_MAX ? INT64_MAX
                                  : floor_div(r->until - 1, per_hash(r->kind)) + 1;
    r->numbers = 0;
    if (!is_short(r->kind, r->from, r->until) ||
        redis_ahead_range(r->s->ahead, key, from, until, SIZE_MAX, &texts))
        return redis_read_scores(r->s, key, from, until, add_number, r, r->give_up_ms);
    for (int64_t n = from; n < until && rv == 0; n++)
        rv = add_number(r, n);
    return rv;
}

static int read_part(struct reading *r, bool imported)
{
    struct redis_scan scan[AT_ONCE];
    char name[32], label[16];
    int rv = find_numbers(r, imported);

    snprintf(name, sizeof name, "%s%s", imported ? "imported:" : "", redis_kind(r->kind));
    for (size_t i = 0; i < r->numbers && rv == 0;) {
        size_t n = 0;
        for (; n < AT_ONCE && i < r->numbers; n++, i++) {
            scan[n] = (struct redis_scan){.number = r->number[i],
                                          .part = imported ? HISTORY_IMPORTED
                                                           : HISTORY_LIVE_OTHER};
            redis_label(r->kind, r->number[i], label);
            redis_key_of(scan[n].key, r->site, name, label);
        }
        rv = redis_read_hashes(r->s, scan, n, hear_row, r, r->give_up_ms);
    }
    return rv;
}

static int hear_adjustment(void *context, size_t index,
                           const struct redis_adjustment *adjusted)
{
    struct reading *r = context;
    struct redis_row row = {
        .number = adjusted->day, .part = HISTORY_ADJUSTED, .who = index, .exact = true};
    const uint64_t by = (uint64_t)adjusted->by;

    if (row.number < r->from || row.number >= r->until)
        return 0;
    row.views = adjusted->metric == 0 ? by : 0;
    row.visits = adjusted->metric == 1 ? by : 0;
    row.visitors = adjusted->metric == 2 ? by : 0;
    return add_row(r->rows, &row);
}

static int read_rows(struct reading *r)
{
    const bool live = (r->parts & (HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN)) != 0,
               imported = (r->parts & HISTORY_IMPORTED) != 0,
               adjusted = (r->parts & HISTORY_ADJUSTED) != 0;
    int rv = !live || r->kind == CHANGE_HOUR ? 0 : read_part(r, false);

    if (rv == 0 && imported && r->kind != CHANGE_QUARTER && r->kind != CHANGE_ENGAGED)
        rv = read_part(r, true);
    if (rv == 0 && adjusted && r->kind == CHANGE_DAY)
        rv = redis_read_adjustments(r->s, r->site, hear_adjustment, r, r->give_up_ms);
    free(r->number);
    r->number = NULL;
    r->numbers = r->room = 0;
    if (rv == 0)
        settle(r->rows);
    return rv;
}

/* --- Kept for a moment --- */

void redis_forget(struct redis_store *s)
{
    for (int i = 0; i < KEPT_KINDS; i++)
        s->kept[i].read_ms = 0;
    if (s->ahead != NULL)
        redis_ahead_clear(s->ahead);
}

void redis_release_kept(struct redis_store *s)
{
    for (int i = 0; i < KEPT_KINDS; i++)
        free(s->kept[i].rows.row);
}

static bool has(const struct redis_kept *k, struct slice site, unsigned parts,
                int64_t from, int64_t until, int64_t now)
{
    return k->read_ms != 0 && now - k->read_ms < KEPT_MS && (parts & ~k->parts) == 0 &&
           k->from <= from && until <= k->until && slice_equal(slice_of(k->site), site);
}

int redis_take_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                    unsigned parts, int64_t from, int64_t until,
                    const struct redis_rows **ret_rows)
{
    struct redis_kept *k = &s->kept[kind == CHANGE_HOUR ? 0 : kind % KEPT_KINDS];
    int64_t give_up_ms, now = deadline_in(0).at_ms;
    struct reading r;
    int rv;

    *ret_rows = &k->rows;
    if (site.length >= sizeof k->site)
        return ERR_TOO_LONG;
    if (has(k, site, parts, from, until, now))
        return 0;
    /* Who asks for one part of a short span asks for the others next: one journey. */
    if (s->ahead == NULL && is_short(kind, from, until))
        parts = HISTORY_ALL;
    if ((kind == CHANGE_WEEK || kind == CHANGE_MONTH) && until > from &&
        from == until - 1)
        from -= AHEAD - 1;
    k->read_ms = 0;
    k->rows.count = 0;
    rv = redis_ready(s, (struct deadline){0}, &give_up_ms);
    if (rv != 0)
        return rv;
    r = (struct reading){.s = s,
                         .site = site,
                         .kind = kind,
                         .parts = parts,
                         .from = from,
                         .until = until,
                         .give_up_ms = give_up_ms,
                         .rows = &k->rows};
    rv = read_rows(&r);
    if (rv != 0)
        return rv;
    memcpy(k->site, site.at, site.length);
    k->site[site.length] = '\0';
    k->from = from;
    k->until = until;
    k->parts = parts;
    k->read_ms = now;
    return 0;
}

/* --- A few numbers after the other --- */

struct stepping {
    int64_t last;
    size_t count;
};

static int step(void *context, int64_t number)
{
    struct stepping *x = context;

    x->last = number;
    x->count++;
    return 0;
}

int redis_step_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                    unsigned parts, int64_t from, int64_t until, size_t count,
                    int64_t *ret_until, bool *ret_any)
{
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    *ret_until = until;
    *ret_any = false;
    for (int imported = 0; imported < 2 && rv == 0; imported++) {
        struct stepping x = {.count = 0};
        char key[KEY_MAX];

        if ((parts &
             (imported ? HISTORY_IMPORTED : HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN)) == 0)
            continue;
        rv = redis_read_first_scores(s, index_key(key, site, kind, imported != 0), from,
                                     until, count, step, &x, give_up_ms);
        *ret_any = *ret_any || x.count > 0;
        if (x.count == count && x.last + 1 < *ret_until)
            *ret_until = x.last + 1;
    }
    return rv;
}
