/* The algebra: a visitor's views, cut where idle_slots pass without one and where a clock
 * hour ends, are runs. The runs of two sets of views joined are the runs of both sets
 * together, whatever the order, so pieces of a log give what the whole gives. */
#include "store/marks.h"

#include <stdlib.h>

#include "base/error.h"

enum {
    MARK_QUARTER = 75, /* zones are offset by quarter-hours, so no period cuts one */
    REMEMBERED = 8192,
    NUMBERS_MAX = 1 << 23
};

void marks_release(struct marks *m)
{
    free(m->mark);
    *m = (struct marks){NULL, 0};
}

/* --- Which periods a slot lies in --- */

struct quarter {
    int64_t q; /* + 1; 0: none */
    int64_t number[PERIOD_KINDS];
};

struct almanac {
    const struct calendar *calendar;
    struct quarter *remembered; /* NULL: no memory, then each is computed anew */
    struct quarter last;
};

static void almanac_init(struct almanac *a, const struct calendar *c)
{
    *a = (struct almanac){.calendar = c};
    a->remembered = calloc(REMEMBERED, sizeof *a->remembered);
}

static const int64_t *numbers_at(struct almanac *a, int64_t slot)
{
    int64_t q = slot / MARK_QUARTER - (slot % MARK_QUARTER < 0);
    struct quarter *r =
        a->remembered == NULL ? &a->last : &a->remembered[(uint64_t)q % REMEMBERED];

    if (r->q != q + 1) {
        for (int kind = 0; kind < PERIOD_KINDS; kind++)
            r->number[kind] =
                period_at(a->calendar, (enum period_kind)kind, q * MARK_QUARTER).number;
        r->q = q + 1;
    }
    return r->number;
}

static bool in_one_hour(struct almanac *a, int64_t x, int64_t y)
{
    int64_t hour, day;

    if (x / MARK_QUARTER == y / MARK_QUARTER)
        return true;
    hour = numbers_at(a, x)[PERIOD_HOUR];
    day = numbers_at(a, x)[PERIOD_DAY];
    return numbers_at(a, y)[PERIOD_HOUR] == hour && numbers_at(a, y)[PERIOD_DAY] == day;
}

/* --- Settle, join --- */

static int by_fp_and_time(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;

    if (a->fp != b->fp)
        return a->fp < b->fp ? -1 : 1;
    if (a->first_slot != b->first_slot)
        return a->first_slot < b->first_slot ? -1 : 1;
    return (a->last_slot > b->last_slot) - (a->last_slot < b->last_slot);
}

/* Of marks in order. */
static void merge_runs(struct marks *m, const struct calendar *c, int64_t idle_slots)
{
    struct almanac almanac;
    size_t n = 0;

    almanac_init(&almanac, c);
    for (size_t i = 0; i < m->count; i++) {
        struct mark *last = n == 0 ? NULL : &m->mark[n - 1];
        const struct mark *next = &m->mark[i];

        if (last != NULL && last->fp == next->fp &&
            next->first_slot - last->last_slot < idle_slots &&
            in_one_hour(&almanac, last->first_slot, next->first_slot)) {
            if (next->last_slot > last->last_slot)
                last->last_slot = next->last_slot;
        } else {
            m->mark[n++] = *next;
        }
    }
    m->count = n;
    free(almanac.remembered);
}

void marks_settle(struct marks *m, const struct calendar *c, int64_t idle_slots)
{
    if (m->count > 0)
        qsort(m->mark, m->count, sizeof *m->mark, by_fp_and_time);
    merge_runs(m, c, idle_slots);
}

int marks_join(struct marks *ret_union, const struct marks *a, const struct marks *b,
               const struct calendar *c, int64_t idle_slots)
{
    struct marks both = {.count = a->count + b->count};
    size_t i = 0, j = 0;

    both.mark = malloc((both.count + 1) * sizeof *both.mark);
    if (both.mark == NULL)
        return ERR_NOMEM;
    for (size_t n = 0; n < both.count; n++) {
        bool from_a = j == b->count ||
                      (i < a->count && by_fp_and_time(&a->mark[i], &b->mark[j]) <= 0);
        both.mark[n] = from_a ? a->mark[i++] : b->mark[j++];
    }
    merge_runs(&both, c, idle_slots);
    *ret_union = both;
    return 0;
}

/* --- Count --- */

struct sums { /* of one kind of period, [number - first] */
    int64_t first;
    size_t count;
    struct marks_row *row;
};

static int sums_init(struct sums sums[PERIOD_KINDS], const struct marks *m,
                     struct almanac *a)
{
    int64_t from = m->mark[0].first_slot, until = from;

    for (size_t i = 0; i < m->count; i++) {
        if (m->mark[i].first_slot < from)
            from = m->mark[i].first_slot;
        if (m->mark[i].first_slot > until)
            until = m->mark[i].first_slot;
    }
    for (int kind = 0; kind < PERIOD_KINDS; kind++) {
        int64_t first = numbers_at(a, from)[kind], last = numbers_at(a, until)[kind];

        if (last < first || last - first >= NUMBERS_MAX)
            return ERR_RANGE;
        sums[kind].first = first;
        sums[kind].count = (size_t)(last - first + 1);
        sums[kind].row = calloc(sums[kind].count, sizeof *sums[kind].row);
        if (sums[kind].row == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

/* A mark lies in one hour, so in one period of each kind. */
static void add_mark(struct sums sums[PERIOD_KINDS], struct almanac *a,
                     const struct mark *before, const struct mark *mark,
                     int64_t idle_slots)
{
    int64_t now[PERIOD_KINDS];
    const int64_t *then;
    bool visit;

    memcpy(now, numbers_at(a, mark->first_slot), sizeof now);
    then = before == NULL ? NULL : numbers_at(a, before->last_slot);
    visit = before == NULL || mark->first_slot - before->last_slot >= idle_slots ||
            then[PERIOD_DAY] != now[PERIOD_DAY];
    for (int kind = 0; kind < PERIOD_KINDS; kind++) {
        struct marks_row *row = &sums[kind].row[now[kind] - sums[kind].first];
        row->visits += visit;
        row->visitors += then == NULL || then[kind] != now[kind];
    }
}

static int rows_of(const struct sums sums[PERIOD_KINDS], struct marks_row **ret_rows,
                   size_t *ret_count)
{
    struct marks_row *rows;
    size_t n = 0;

    for (int kind = 0; kind < PERIOD_KINDS; kind++)
        for (size_t i = 0; i < sums[kind].count; i++)
            n += sums[kind].row[i].visitors > 0;
    rows = malloc((n + 1) * sizeof *rows);
    if (rows == NULL)
        return ERR_NOMEM;
    *ret_count = n;
    n = 0;
    for (int kind = 0; kind < PERIOD_KINDS; kind++) {
        for (size_t i = 0; i < sums[kind].count; i++) {
            if (sums[kind].row[i].visitors == 0)
                continue;
            rows[n] = sums[kind].row[i];
            rows[n].kind = (enum period_kind)kind;
            rows[n++].number = sums[kind].first + (int64_t)i;
        }
    }
    *ret_rows = rows;
    return 0;
}

int marks_count(const struct marks *m, const struct calendar *c, int64_t idle_slots,
                struct marks_row **ret_rows, size_t *ret_count)
{
    struct sums sums[PERIOD_KINDS] = {{.count = 0}};
    struct almanac almanac;
    int rv;

    almanac_init(&almanac, c);
    rv = m->count == 0 ? 0 : sums_init(sums, m, &almanac);
    for (size_t i = 0; i < m->count && rv == 0; i++) {
        const struct mark *mark = &m->mark[i];
        add_mark(sums, &almanac, i > 0 && mark[-1].fp == mark->fp ? mark - 1 : NULL, mark,
                 idle_slots);
    }
    if (rv == 0)
        rv = rows_of(sums, ret_rows, ret_count);
    for (int kind = 0; kind < PERIOD_KINDS; kind++)
        free(sums[kind].row);
    free(almanac.remembered);
    return rv;
}
