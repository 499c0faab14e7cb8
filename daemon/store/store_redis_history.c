/* Questions about what was counted: rows, from memory or just read, added up. */
#include "base/error.h"
#include "store/store_redis.h"

enum { STEP_MAX = 64 /* numbers that are read at once, at most, from the first on */ };

/* --- Answers --- */

struct sum { /* of the rows of one number */
    struct history_row row;
    bool any, imported; /* imported rows are one part: their marks were joined */
    unsigned with_visitors;
};

static void add_to(struct sum *sum, const struct redis_row *row)
{
    sum->row.views += row->views;
    sum->row.visits += row->visits;
    sum->row.visitors += row->visitors;
    sum->row.exact = sum->row.exact && row->exact;
    if (row->part == HISTORY_ADJUSTED || row->visitors == 0)
        return;
    sum->with_visitors += row->part != HISTORY_IMPORTED || !sum->imported;
    sum->imported = sum->imported || row->part == HISTORY_IMPORTED;
    sum->row.deduplicated = sum->with_visitors <= 1;
}

static int give_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                     unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                     void *context, int *ret_said)
{
    const struct redis_rows *rows;
    struct sum sum = {.any = false};
    int said = 0, rv = redis_take_rows(s, site, kind, parts, from, until, &rows);

    for (size_t i = 0; rv == 0 && said == 0 && i < rows->count; i++) {
        const struct redis_row *r = &rows->row[i];

        if ((r->part & parts) == 0 || r->number < from || r->number >= until)
            continue;
        if (sum.any && sum.row.number != r->number) {
            said = row(context, &sum.row);
            sum.any = false;
        }
        if (!sum.any)
            sum = (struct sum){
                .row = {.number = r->number, .exact = true, .deduplicated = true},
                .any = true};
        add_to(&sum, r);
    }
    if (rv == 0 && said == 0 && sum.any)
        said = row(context, &sum.row);
    *ret_said = said;
    return rv;
}

/* From the beginning of time: who asks so mostly wants the first one only. */
static int give_steps(struct redis_store *s, struct slice site, unsigned parts,
                      int64_t until, history_row_fn *row, void *context, int *ret_said)
{
    int64_t from = INT64_MIN, then;
    bool any = true;
    int rv = 0;

    *ret_said = 0;
    for (size_t n = 1; rv == 0 && *ret_said == 0 && any && from < until;
         n = n < STEP_MAX ? 4 * n : STEP_MAX) {
        rv = redis_step_rows(s, site, CHANGE_DAY, parts, from, until, n, &then, &any);
        if (rv == 0 && any)
            rv =
                give_rows(s, site, CHANGE_DAY, parts, from, then, row, context, ret_said);
        from = then;
    }
    return rv;
}

int redis_history(struct store *store, struct slice site, enum change_kind kind,
                  unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                  void *context)
{
    struct redis_store *s = redis_store_of(store);
    int said = 0, rv;

    parts = redis_ahead_parts(s, site, parts);
    if (from >= until || parts == 0)
        return 0;
    if (from == INT64_MIN && kind == CHANGE_DAY && (parts & HISTORY_ADJUSTED) == 0)
        rv = give_steps(s, site, parts, until, row, context, &said);
    else
        rv = give_rows(s, site, kind, parts, from, until, row, context, &said);
    return rv != 0 ? rv : said;
}

int redis_imported_hours(struct store *store, struct slice site, int64_t from,
                         int64_t until, history_row_fn *row, void *context)
{
    return redis_history(store, site, CHANGE_HOUR, HISTORY_IMPORTED, from, until, row,
                         context);
}

/* --- Totals --- */

struct totalling {
    struct redis_store *s;
    unsigned parts;
    struct history_row *sum;
    size_t adjusted[3]; /* how many of a metric's adjustments its seed has in it */
};

static int total_run(void *context, struct slice field, struct slice value)
{
    struct totalling *t = context;
    bool own = slice_equal(field, slice_of(t->s->run));
    int64_t n[2] = {0};

    if ((t->parts & (own ? HISTORY_LIVE_OWN : HISTORY_LIVE_OTHER)) == 0)
        return 0;
    redis_numbers(value, n, 2);
    t->sum->views += (uint64_t)n[0];
    t->sum->visits += (uint64_t)n[1];
    return 0;
}

static int total_adjustment(void *context, size_t index,
                            const struct redis_adjustment *adjusted)
{
    struct totalling *t = context;
    const uint64_t by = (uint64_t)adjusted->by;

    if (index < t->adjusted[adjusted->metric])
        return 0;
    if (adjusted->metric == 0)
        t->sum->views += by;
    else if (adjusted->metric == 1)
        t->sum->visits += by;
    else
        t->sum->visitors += by;
    return 0;
}

/* Rows of the parts; visitors of several rows may be the same people. */
static int add_rows(struct redis_store *s, struct slice site, enum change_kind kind,
                    unsigned parts, int64_t from, bool hits, bool visitors,
                    struct history_row *sum)
{
    const struct redis_rows *rows;
    int rv;

    if (redis_ahead_parts(s, site, parts) == 0)
        return 0;
    rv = redis_take_rows(s, site, kind, parts, from, INT64_MAX, &rows);

    for (size_t i = 0; rv == 0 && i < rows->count; i++) {
        const struct redis_row *r = &rows->row[i];

        if ((r->part & parts) == 0 || r->number < from)
            continue;
        sum->views += hits ? r->views : 0;
        sum->visits += hits ? r->visits : 0;
        if (!visitors)
            continue;
        sum->visitors += r->visitors;
        sum->exact = sum->exact && r->exact;
        sum->number += r->visitors != 0;
    }
    return rv;
}

static int total_live(struct totalling *t, struct slice site)
{
    char key[KEY_MAX];
    int64_t give_up_ms;
    int rv = redis_ready(t->s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(t->s, redis_key(key, site, "total"), total_run, t,
                             give_up_ms);
    if (rv == 0)
        rv = add_rows(t->s, site, CHANGE_MONTH,
                      t->parts & (HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN), INT64_MIN,
                      false, true, t->sum);
    return rv;
}

static int total_imported(struct totalling *t, struct slice site, int64_t since_day)
{
    int rv = add_rows(t->s, site, CHANGE_DAY, HISTORY_IMPORTED, since_day, true,
                      since_day != INT64_MIN, t->sum);

    if (rv == 0 && since_day == INT64_MIN)
        rv = add_rows(t->s, site, CHANGE_MONTH, HISTORY_IMPORTED, INT64_MIN, false, true,
                      t->sum);
    return rv;
}

static int total_adjusted(struct totalling *t, struct slice site)
{
    int64_t give_up_ms;
    int rv = redis_ready(t->s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_seed_adjusted(t->s, site, t->adjusted, give_up_ms);
    if (rv == 0)
        rv = redis_read_adjustments(t->s, site, total_adjustment, t, give_up_ms);
    return rv;
}

int redis_total(struct store *store, struct slice site, unsigned parts, int64_t since_day,
                struct history_row *ret_row)
{
    struct history_row sum = {.exact = true, .deduplicated = true};
    struct totalling t = {.s = redis_store_of(store), .parts = parts, .sum = &sum};
    int rv = 0;

    if (parts & (HISTORY_LIVE_OTHER | HISTORY_LIVE_OWN))
        rv = total_live(&t, site);
    if (rv == 0 && parts & HISTORY_IMPORTED)
        rv = total_imported(&t, site, since_day);
    if (rv == 0 && parts & HISTORY_ADJUSTED)
        rv = total_adjusted(&t, site);
    if (rv != 0)
        return rv;
    sum.deduplicated = sum.number <= 1;
    sum.number = 0;
    *ret_row = sum;
    return 0;
}
